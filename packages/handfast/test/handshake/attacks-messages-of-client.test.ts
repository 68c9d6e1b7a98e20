/**
 * Clients that hold all the keys and cheat in which messages they send, and under which keys: they are right in
 * everything else, up to a Finished that fits what was said.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendCertificate, sendCertificateVerify } from '../../src/handshake/authentication13.ts';
import { receiveServerCertificate } from '../../src/handshake/client/certificate13.ts';
import { sendClientHello } from '../../src/handshake/client/client-hello.ts';
import { receiveEncryptedExtensions } from '../../src/handshake/client/hello13.ts';
import type { ClientConfig } from '../../src/handshake/config.ts';
import { receiveFinished, sendFinished } from '../../src/handshake/finished13.ts';
import {
  deriveApplicationSecrets,
  deriveHandshakeSecrets,
  type TrafficSecrets,
} from '../../src/handshake/secrets13.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import {
  BAD_FINISHED,
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
import { atOnce, cheatingClient, type Puppet, receiveServerHello, TARGET } from '../support/puppet.ts';

const { alert, application_data, change_cipher_spec, handshake } = ContentType;

const identity = identityOf('client');
const SCHEME = SignatureScheme.ecdsa_secp256r1_sha256;
const NO_STAPLES = { ocspResponse: false, signedCertificateTimestamps: false };
const REQUIRED: PairOptions = { server: { clientAuthentication: 'require' } };
const REQUESTED: PairOptions = { server: { clientAuthentication: 'request' } };

type Client = Puppet<ClientConfig>;
interface ClientState {
  readonly client: Client;
  readonly handshake: TrafficSecrets;
  readonly application: TrafficSecrets;
  /** Sends Finished over whatever was said so far. */
  finish(): void;
}

/** A client that is honest up to the server's Finished, and then does what `cheat` does. */
function client(cheat: (state: ClientState) => void, options: PairOptions = {}): Client {
  const puppet = cheatingClient(options);
  const { h } = puppet;
  const first = puppet.run(sendClientHello(h, TARGET));
  const { offer, choice } = puppet.run(receiveServerHello(h, first));
  const { exchange } = choice;
  assert.ok(exchange);
  const secrets = deriveHandshakeSecrets(h, atOnce(exchange.offer.finish(exchange.serverShare)));
  h.useTrafficSecret('received', 'handshake', secrets.server);
  h.useTrafficSecret('sent', 'handshake', secrets.client);
  puppet.run(receiveEncryptedExtensions(h, offer, choice));
  puppet.run(receiveServerCertificate(h, offer, TARGET));
  puppet.run(receiveFinished(h, secrets.server));
  const { application } = deriveApplicationSecrets(h, secrets.secret);
  h.useTrafficSecret('received', 'application', application.server);
  const finish = (): void => {
    sendFinished(h, secrets.client);
    h.useTrafficSecret('sent', 'application', application.client);
  };
  cheat({ client: puppet, handshake: secrets, application, finish });
  puppet.exchange();
  return puppet;
}

const sendProof = (puppet: Client): void => puppet.run(sendCertificateVerify(puppet.h, identity, SCHEME));

/** What a client does in its last flight, and under which options of the server it must be refused. */
const CHEATS: Readonly<Record<string, readonly [(state: ClientState) => void, Refusal, ...PairOptions[]]>> = {
  'no Certificate where one is asked for': [({ finish }) => finish(), UNEXPECTED, REQUIRED, REQUESTED],
  'an empty Certificate where one is required': [
    ({ client: { h }, finish }) => {
      sendCertificate(h, undefined, NO_STAPLES);
      finish();
    },
    ['ERR_CERTIFICATE_REQUIRED', 'certificate_required'],
    REQUIRED,
  ],
  'a Certificate without CertificateVerify': [
    ({ client: { h }, finish }) => {
      sendCertificate(h, identity, NO_STAPLES);
      finish();
    },
    UNEXPECTED,
    REQUIRED,
    REQUESTED,
  ],
  'an empty Certificate with CertificateVerify': [
    ({ client: puppet, finish }) => {
      sendCertificate(puppet.h, undefined, NO_STAPLES);
      sendProof(puppet);
      finish();
    },
    UNEXPECTED,
    REQUESTED,
  ],
  'CertificateVerify without Certificate': [
    ({ client: puppet, finish }) => {
      sendProof(puppet);
      finish();
    },
    UNEXPECTED,
    REQUIRED,
    REQUESTED,
    {},
  ],
  'a Certificate that nobody asked for': [
    ({ client: puppet, finish }) => {
      sendCertificate(puppet.h, identity, NO_STAPLES);
      sendProof(puppet);
      finish();
    },
    UNEXPECTED,
    {},
  ],
  'two Certificates, the second of somebody else': [
    ({ client: puppet, finish }) => {
      sendCertificate(puppet.h, identity, NO_STAPLES);
      sendProof(puppet);
      sendCertificate(puppet.h, identityOf('client', 'ed25519'), NO_STAPLES);
      finish();
    },
    UNEXPECTED,
    REQUIRED,
    REQUESTED,
  ],
  "a Finished made with the server's secret": [
    ({ client: { h }, handshake: { server } }) => sendFinished(h, server),
    BAD_FINISHED,
    {},
  ],
  EndOfEarlyData: [
    ({ client: puppet, finish }) => {
      puppet.record(handshake, shortMessage(HandshakeType.end_of_early_data));
      finish();
    },
    UNEXPECTED,
    {},
    REQUIRED,
  ],
  'KeyUpdate before Finished': [
    ({ client: puppet, finish }) => {
      puppet.record(handshake, KEY_UPDATE);
      finish();
    },
    UNEXPECTED,
    {},
    REQUIRED,
  ],
  'application data before Finished': [
    ({ client: puppet, finish }) => {
      puppet.record(application_data, text('too early'));
      finish();
    },
    EARLY_DATA,
    {},
    REQUIRED,
  ],
  'application data under application keys before Finished': [
    ({ client: puppet, application }) => {
      puppet.h.useTrafficSecret('sent', 'application', application.client);
      puppet.record(application_data, text('too early'));
    },
    BAD_MAC,
    {},
    REQUIRED,
  ],
  'Finished under application keys': [
    ({ client: puppet, application, handshake: { client: secret } }) => {
      puppet.h.useTrafficSecret('sent', 'application', application.client);
      sendFinished(puppet.h, secret);
    },
    BAD_MAC,
    {},
  ],
  'Finished in plaintext': [
    ({ client: puppet, finish }) => puppet.plaintext(handshake, puppet.hold(finish)),
    BAD_MAC,
    {},
  ],
  'a message begun after Finished in the same record': [
    ({ client: puppet, handshake: { client: secret } }) => {
      const finished = puppet.hold(() => sendFinished(puppet.h, secret));
      puppet.record(handshake, concat(finished, FRAGMENT));
    },
    EXCESS,
    {},
  ],
  'a KeyUpdate after Finished in the same record': [
    ({ client: puppet, handshake: { client: secret } }) => {
      const finished = puppet.hold(() => sendFinished(puppet.h, secret));
      puppet.record(handshake, concat(finished, KEY_UPDATE));
    },
    EXCESS,
    {},
  ],
  'a message interrupted by data': [
    ({ client: puppet }) => {
      puppet.record(handshake, FRAGMENT);
      puppet.record(application_data, text('x'));
    },
    INTERLEAVED,
    {},
  ],
  'a protected ChangeCipherSpec': [
    ({ client: puppet }) => puppet.record(change_cipher_spec, Uint8Array.of(1)),
    CHANGE_CIPHER_SPEC,
    {},
  ],
  'a second ClientHello': [
    ({ client: puppet }) => puppet.record(handshake, shortMessage(HandshakeType.client_hello, 1)),
    UNEXPECTED,
    {},
    REQUIRED,
  ],
};

for (const [what, [cheat, refusal, ...allOptions]] of Object.entries(CHEATS)) {
  test(`a client: ${what}`, () => {
    for (const options of allOptions) client(cheat, options).assertRefused(...refusal);
  });
}

test('a client: everything that may not come after the handshake', () => {
  const cases: readonly (readonly [string, (puppet: Client) => void, Refusal])[] = [
    ['ClientHello', (p) => p.record(handshake, shortMessage(HandshakeType.client_hello, 1)), UNEXPECTED],
    ['Certificate', (p) => sendCertificate(p.h, identity, NO_STAPLES), UNEXPECTED],
    ['a ticket', (p) => p.record(handshake, shortMessage(HandshakeType.new_session_ticket, 0)), UNEXPECTED],
    ['a second Finished', (p) => p.record(handshake, shortMessage(HandshakeType.finished, 1)), UNEXPECTED],
    ['EndOfEarlyData', (p) => p.record(handshake, shortMessage(HandshakeType.end_of_early_data)), UNEXPECTED],
    ['KeyUpdate and more', (p) => p.record(handshake, concat(KEY_UPDATE, FRAGMENT)), EXCESS],
    ['KeyUpdate of 2', (p) => p.record(handshake, shortMessage(HandshakeType.key_update, 2)), ILLEGAL],
    ['an empty KeyUpdate', (p) => p.record(handshake, shortMessage(HandshakeType.key_update)), DECODE],
    ['ChangeCipherSpec', (p) => p.plaintext(change_cipher_spec, Uint8Array.of(1)), CHANGE_CIPHER_SPEC],
    ['data in plaintext', (p) => p.plaintext(application_data, text('hello')), BAD_MAC],
    ['an alert in plaintext', (p) => p.plaintext(alert, Uint8Array.of(2, 40)), BAD_MAC],
  ];
  for (const [what, cheat, refusal] of cases) {
    const puppet = cheatingClient().complete();
    assert.deepEqual(puppet.events, ['established'], what);
    cheat(puppet);
    puppet.assertRefused(...refusal, 'established');
  }
});

/** The bytes of a ClientHello, changed. */
function rawClientHello(change: (hello: Uint8Array) => Uint8Array): Client {
  const puppet = cheatingClient({ client: { middleboxCompatibility: false } });
  const hello = puppet.hold(() => puppet.run(sendClientHello(puppet.h, TARGET)));
  const changed = change(hello);
  changed.set([(changed.length - 4) >> 8, (changed.length - 4) & 0xff], 2);
  puppet.plaintext(handshake, changed);
  return puppet;
}

test('a client: a ClientHello that no declaration would write', () => {
  const repeat = (hello: Uint8Array): Uint8Array => {
    // Without a session id: header 4, version 2, random 32, session id 1, suites 2 + n, compression 2, extensions 2.
    const at = 41 + ((hello[39] ?? 0) << 8) + (hello[40] ?? 0) + 2;
    const doubled = concat(hello, Uint8Array.of(0, 43, 0, 3, 2, 3, 4));
    const length = doubled.length - at - 2;
    doubled.set([length >> 8, length & 0xff], at);
    return doubled;
  };
  rawClientHello(repeat).assertRefused('ERR_DUPLICATE_EXTENSION', 'decode_error');
  rawClientHello((hello) => concat(hello, Uint8Array.of(0))).assertRefused(...DECODE);
  for (const length of [4, 5, 6, 38, 39, 40, 60, 100]) {
    rawClientHello((hello) => hello.slice(0, length)).assertRefused(...DECODE);
  }
});

test('a client: more than a ClientHello in its record, whatever the server answers', () => {
  for (const server of [{}, { groups: [NamedGroup.secp256r1] }]) {
    for (const more of [FRAGMENT, KEY_UPDATE]) {
      const puppet = cheatingClient({ server });
      const hello = puppet.hold(() => puppet.run(sendClientHello(puppet.h, TARGET)));
      puppet.plaintext(handshake, concat(hello, more));
      puppet.assertRefused(...EXCESS);
    }
  }
});

test('a client: anything but a ClientHello first', () => {
  for (const [type, content, refusal] of [
    [application_data, text('GET / HTTP/1.1'), EARLY_DATA],
    [change_cipher_spec, Uint8Array.of(1), CHANGE_CIPHER_SPEC],
    [handshake, shortMessage(HandshakeType.finished, ...new Uint8Array(32)), UNEXPECTED],
    [handshake, KEY_UPDATE, UNEXPECTED],
    [handshake, shortMessage(HandshakeType.server_hello, 1), UNEXPECTED],
  ] as const) {
    const puppet = cheatingClient();
    puppet.plaintext(type, content);
    puppet.assertRefused(...refusal);
  }
});

test('a client: a third ClientHello', () => {
  for (const server of [
    { groups: [NamedGroup.secp256r1] },
    { cookieSecret: new Uint8Array(32), alwaysRetry: true },
  ]) {
    const puppet = cheatingClient({ server });
    const first = puppet.run(sendClientHello(puppet.h, TARGET));
    const part = receiveServerHello(puppet.h, first);
    part.next();
    const second = puppet.hold(() => void part.next(puppet.nextMessage()));
    puppet.plaintext(handshake, concat(second, second));
    puppet.assertRefused(...EXCESS);
  }
});

test('a client: the recorded flights of another connection', () => {
  const recorded = connectedPair({ client: { identities: [identity] }, ...REQUIRED });
  const puppet = cheatingClient(REQUIRED);
  puppet.raw(concat(...recorded.sent.client));
  puppet.exchange();
  // The server draws a new share, so the recorded second flight does not decrypt.
  assert.equal(puppet.victim.error?.code, 'ERR_BAD_RECORD_MAC');
  assert.deepEqual(puppet.events, ['error']);
});
