/**
 * Servers that hold all the keys and cheat in which messages they send, and under which keys: they are right in
 * everything else, up to a Finished that fits what was said.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendCertificate, sendCertificateVerify } from '../../src/handshake/authentication13.ts';
import type { ServerConfig } from '../../src/handshake/config.ts';
import { sendFinished } from '../../src/handshake/finished13.ts';
import { deriveApplicationSecrets, type TrafficSecrets } from '../../src/handshake/secrets13.ts';
import { sendServerCertificate } from '../../src/handshake/server/certificate13.ts';
import { type ClientOffer, sendEncryptedExtensions } from '../../src/handshake/server/hello13.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import {
  BAD_FINISHED,
  BAD_KEY_SHARE,
  BAD_MAC,
  CHANGE_CIPHER_SPEC,
  DECODE,
  EARLY_DATA,
  EXCESS,
  FRAGMENT,
  ILLEGAL,
  INTERLEAVED,
  KEY_UPDATE,
  type Refusal,
  shortMessage,
  UNEXPECTED,
} from '../support/cheats.ts';
import { identityOf } from '../support/identities.ts';
import { connectedPair, type PairOptions, text } from '../support/pair.ts';
import { cheatingServer, exchangeHellos, type Puppet, receiveClientHello } from '../support/puppet.ts';

const { alert, application_data, change_cipher_spec, handshake } = ContentType;

const SCHEME = SignatureScheme.ecdsa_secp256r1_sha256;
const own = { identity: identityOf('server'), signatureScheme: SCHEME, isVerifiable: true };
const NO_STAPLES = { ocspResponse: false, signedCertificateTimestamps: false };

type Server = Puppet<ServerConfig>;
interface ServerState {
  readonly server: Server;
  readonly offer: ClientOffer;
  readonly handshake: TrafficSecrets;
  /** Sends Finished over whatever was said so far. */
  finish(): void;
}

/** A server that does what `cheat` does after its ServerHello. */
function server(cheat: (state: ServerState) => void, options: PairOptions = {}): Server {
  const puppet = cheatingServer(options);
  const { offer, handshake: secrets } = exchangeHellos(puppet);
  const finish = (): void => {
    sendFinished(puppet.h, secrets.server);
    const { application } = deriveApplicationSecrets(puppet.h, secrets.secret);
    puppet.h.useTrafficSecret('sent', 'application', application.server);
  };
  cheat({ server: puppet, offer, handshake: secrets, finish });
  puppet.exchange();
  return puppet;
}

/** What a server sends between ServerHello and Finished, when it is honest. */
function prove({ server: puppet, offer }: ServerState): void {
  sendEncryptedExtensions(puppet.h, offer, undefined, false);
  puppet.run(sendServerCertificate(puppet.h, offer, own));
}

const SERVER_CHEATS: Readonly<Record<string, readonly [(state: ServerState) => void, Refusal]>> = {
  'no Certificate and no CertificateVerify, but a right Finished': [
    ({ server: { h }, offer, finish }) => {
      sendEncryptedExtensions(h, offer, undefined, false);
      finish();
    },
    UNEXPECTED,
  ],
  'no CertificateVerify, but a right Finished': [
    ({ server: { h }, offer, finish }) => {
      sendEncryptedExtensions(h, offer, undefined, false);
      sendCertificate(h, own.identity, NO_STAPLES);
      finish();
    },
    UNEXPECTED,
  ],
  'CertificateVerify before Certificate': [
    ({ server: puppet, offer, finish }) => {
      sendEncryptedExtensions(puppet.h, offer, undefined, false);
      puppet.run(sendCertificateVerify(puppet.h, own.identity, own.signatureScheme));
      sendCertificate(puppet.h, own.identity, NO_STAPLES);
      finish();
    },
    UNEXPECTED,
  ],
  'no EncryptedExtensions': [
    ({ server: puppet, offer, finish }) => {
      puppet.run(sendServerCertificate(puppet.h, offer, own));
      finish();
    },
    UNEXPECTED,
  ],
  'Finished at once': [({ finish }) => finish(), UNEXPECTED],
  "a Finished made with the client's secret": [
    (state) => {
      prove(state);
      sendFinished(state.server.h, state.handshake.client);
    },
    BAD_FINISHED,
  ],
  'KeyUpdate before Finished': [
    (state) => {
      prove(state);
      state.server.record(handshake, KEY_UPDATE);
      state.finish();
    },
    UNEXPECTED,
  ],
  'NewSessionTicket before Finished': [
    (state) => {
      prove(state);
      state.server.record(handshake, shortMessage(HandshakeType.new_session_ticket, ...new Uint8Array(14)));
    },
    UNEXPECTED,
  ],
  'application data before Finished': [
    (state) => {
      prove(state);
      state.server.record(application_data, text('too early'));
      state.finish();
    },
    EARLY_DATA,
  ],
  'application data in place of EncryptedExtensions': [
    ({ server: puppet }) => puppet.record(application_data, text('too early')),
    EARLY_DATA,
  ],
  'application data under application keys, before Finished': [
    (state) => {
      prove(state);
      const { h } = state.server;
      h.useTrafficSecret('sent', 'application', state.handshake.server, 1);
      state.server.record(application_data, text('too early'));
    },
    BAD_MAC,
  ],
  'EncryptedExtensions in plaintext': [
    ({ server: puppet }) =>
      puppet.plaintext(handshake, shortMessage(HandshakeType.encrypted_extensions, 0, 0)),
    BAD_MAC,
  ],
  'an alert in plaintext, after ServerHello': [
    ({ server: puppet }) => puppet.plaintext(alert, Uint8Array.of(2, 40)),
    BAD_MAC,
  ],
  'a message interrupted by application data': [
    ({ server: puppet }) => {
      puppet.record(handshake, FRAGMENT);
      puppet.record(application_data, text('x'));
    },
    INTERLEAVED,
  ],
  'a message interrupted by an alert': [
    ({ server: puppet }) => {
      puppet.record(handshake, FRAGMENT);
      puppet.record(alert, Uint8Array.of(1, 90));
    },
    INTERLEAVED,
  ],
  'a message interrupted by ChangeCipherSpec': [
    ({ server: puppet }) => {
      puppet.record(handshake, FRAGMENT);
      puppet.plaintext(change_cipher_spec, Uint8Array.of(1));
    },
    INTERLEAVED,
  ],
  'a protected ChangeCipherSpec': [
    ({ server: puppet }) => puppet.record(change_cipher_spec, Uint8Array.of(1)),
    CHANGE_CIPHER_SPEC,
  ],
  'a ChangeCipherSpec of 2': [
    ({ server: puppet }) => puppet.plaintext(change_cipher_spec, Uint8Array.of(2)),
    CHANGE_CIPHER_SPEC,
  ],
};

for (const [what, [cheat, refusal]] of Object.entries(SERVER_CHEATS)) {
  test(`a server: ${what}`, () => {
    server(cheat).assertRefused(...refusal);
    server(cheat, { server: { clientAuthentication: 'require' } }).assertRefused(...refusal);
  });
}

test('a server: messages across a change of keys', () => {
  const afterHello = cheatingServer();
  const hello = afterHello.hold(() => {
    // The keys change inside, so what follows would be protected: the fragment is added by hand.
    exchangeHellos(afterHello);
    afterHello.takeBack();
  });
  afterHello.plaintext(handshake, concat(hello, FRAGMENT));
  afterHello.assertRefused(...EXCESS);

  const afterFinished = server((state) => {
    prove(state);
    const finished = state.server.hold(() => sendFinished(state.server.h, state.handshake.server));
    state.server.record(handshake, concat(finished, FRAGMENT));
  });
  afterFinished.assertRefused(...EXCESS);
});

test('a server: its whole protected flight in plaintext, after ServerHello', () => {
  const puppet = server((state) => {
    const flight = state.server.hold(() => {
      prove(state);
      state.finish();
    });
    state.server.plaintext(handshake, flight);
  });
  // The victim speaks with handshake keys, which is all that the puppet can read.
  assert.equal(puppet.victim.error?.code, 'ERR_BAD_RECORD_MAC');
  assert.deepEqual(puppet.events, ['error']);
});

test('a server: a second HelloRetryRequest', () => {
  const puppet = cheatingServer({ server: { groups: [NamedGroup.secp256r1] } });
  const retry = puppet.hold(() => {
    const part = receiveClientHello(puppet.h);
    part.next();
    part.next(puppet.nextMessage());
  });
  puppet.plaintext(handshake, retry);
  puppet.exchange();
  assert.equal(puppet.victim.error, undefined);
  puppet.plaintext(handshake, retry);
  puppet.assertRefused(...UNEXPECTED);
});

/** The message of a ServerHello with a change to its bytes. */
function rawServerHello(change: (hello: Uint8Array) => Uint8Array): Puppet<ServerConfig> {
  const puppet = cheatingServer({ client: { middleboxCompatibility: false } });
  const hello = puppet.hold(() => exchangeHellos(puppet));
  puppet.takeBack();
  const changed = change(hello);
  changed.set([(changed.length - 4) >> 8, (changed.length - 4) & 0xff], 2);
  puppet.plaintext(handshake, changed);
  return puppet;
}

/** Without a session id: header 4, version 2, random 32, session id 1, suite 2, compression 1, extensions 2. */
const EXTENSIONS_AT = 42;

function addExtension(hello: Uint8Array, ...extension: readonly number[]): Uint8Array {
  const changed = concat(hello, Uint8Array.from(extension));
  const length = changed.length - EXTENSIONS_AT - 2;
  changed.set([length >> 8, length & 0xff], EXTENSIONS_AT);
  return changed;
}

test('a server: a ServerHello that no declaration would write', () => {
  rawServerHello((hello) => addExtension(hello, 0, 43, 0, 2, 3, 4)).assertRefused(
    'ERR_DUPLICATE_EXTENSION',
    'decode_error',
  );
  rawServerHello((hello) => concat(hello, Uint8Array.of(0))).assertRefused(...DECODE);
  rawServerHello((hello) => hello.slice(0, -1)).assertRefused(...DECODE);
  rawServerHello((hello) => hello.slice(0, 20)).assertRefused(...DECODE);
  rawServerHello((hello) => hello.slice(0, 4)).assertRefused(...DECODE);
  rawServerHello((hello) => addExtension(hello, 0xff, 0xf0, 0, 1)).assertRefused(...DECODE);
});

test('a server: the recorded flight of another connection', () => {
  for (const middleboxCompatibility of [true, false]) {
    const recorded = connectedPair({ client: { middleboxCompatibility } });
    const puppet = cheatingServer({ client: { middleboxCompatibility } });
    puppet.raw(concat(...recorded.sent.server));
    puppet.exchange();
    const { error } = puppet.victim;
    // The session id gives it away at once; without one, the keys do, since the shares differ.
    assert.equal(error?.code, middleboxCompatibility ? 'ERR_ILLEGAL_PARAMETER' : 'ERR_BAD_RECORD_MAC');
    assert.deepEqual(puppet.events, ['error']);
  }
});

test("a server: the client's own messages, sent back", () => {
  const puppet = cheatingServer();
  const { message } = puppet.nextMessage();
  puppet.plaintext(handshake, message);
  puppet.assertRefused(...UNEXPECTED);
});

test('a server: anything but a ServerHello first', () => {
  for (const [type, content, refusal] of [
    [application_data, text('hello'), EARLY_DATA],
    [handshake, shortMessage(HandshakeType.encrypted_extensions, 0, 0), UNEXPECTED],
    [handshake, shortMessage(HandshakeType.hello_request), UNEXPECTED],
    [handshake, KEY_UPDATE, UNEXPECTED],
  ] as const) {
    const puppet = cheatingServer();
    puppet.plaintext(type, content);
    puppet.assertRefused(...refusal);
  }
});

test('a server: everything that may not come after the handshake', () => {
  const cases: readonly (readonly [string, (puppet: Server) => void, Refusal])[] = [
    [
      'CertificateRequest',
      (p) => p.record(handshake, shortMessage(HandshakeType.certificate_request, 0, 0, 0)),
      UNEXPECTED,
    ],
    ['a second Finished', (p) => p.record(handshake, shortMessage(HandshakeType.finished, 1)), UNEXPECTED],
    ['ServerHello', (p) => p.record(handshake, shortMessage(HandshakeType.server_hello, 1)), UNEXPECTED],
    ['HelloRequest', (p) => p.record(handshake, shortMessage(HandshakeType.hello_request)), UNEXPECTED],
    ['EndOfEarlyData', (p) => p.record(handshake, shortMessage(HandshakeType.end_of_early_data)), UNEXPECTED],
    ['an unknown message', (p) => p.record(handshake, shortMessage(99)), UNEXPECTED],
    ['KeyUpdate and more', (p) => p.record(handshake, concat(KEY_UPDATE, FRAGMENT)), EXCESS],
    ['two KeyUpdates in one record', (p) => p.record(handshake, concat(KEY_UPDATE, KEY_UPDATE)), EXCESS],
    ['KeyUpdate of 2', (p) => p.record(handshake, shortMessage(HandshakeType.key_update, 2)), ILLEGAL],
    ['an empty KeyUpdate', (p) => p.record(handshake, shortMessage(HandshakeType.key_update)), DECODE],
    ['a long KeyUpdate', (p) => p.record(handshake, shortMessage(HandshakeType.key_update, 0, 0)), DECODE],
    [
      'a malformed ticket',
      (p) => p.record(handshake, shortMessage(HandshakeType.new_session_ticket, 0)),
      DECODE,
    ],
    ['ChangeCipherSpec', (p) => p.plaintext(change_cipher_spec, Uint8Array.of(1)), CHANGE_CIPHER_SPEC],
    ['data in plaintext', (p) => p.plaintext(application_data, text('hello')), BAD_MAC],
    ['an alert in plaintext', (p) => p.plaintext(alert, Uint8Array.of(1, 0)), BAD_MAC],
    [
      'the old keys after KeyUpdate',
      (p) => {
        p.record(handshake, KEY_UPDATE);
        p.record(application_data, text('x'));
      },
      BAD_MAC,
    ],
  ];
  for (const [what, cheat, refusal] of cases) {
    const puppet = cheatingServer().complete();
    cheat(puppet);
    assert.deepEqual(puppet.events, ['established'], what);
    puppet.assertRefused(...refusal, 'established');
  }
});

test('a server: a bad share in place of a good one, whichever group', () => {
  for (const group of [NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1, NamedGroup.secp521r1]) {
    for (const length of [1, 32, 33, 65, 97, 133, 1000]) {
      const puppet = cheatingServer({
        client: { groups: [group] },
        server: {
          customize: {
            ServerHello: (m) => ({
              ...m,
              extensions: { ...m.extensions, keyShare: { group, keyExchange: new Uint8Array(length) } },
            }),
          },
        },
      });
      exchangeHellos(puppet);
      puppet.assertRefused(...BAD_KEY_SHARE);
    }
  }
});
