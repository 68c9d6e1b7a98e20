/**
 * TLS 1.2 clients that hold all the keys and cheat in which messages they send, in which records, and under which keys:
 * they are right in everything else, up to a Finished that fits what was said. (That every message comes in its turn is
 * in order12.)
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendClientHello } from '../../src/handshake/client/client-hello.ts';
import { recordHeader } from '../../src/record/framing.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { ContentType, HandshakeType, SignatureScheme } from '../../src/wire/registry.ts';
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
import { FLOWS_12, withMore } from '../support/flows12.ts';
import { identityOf } from '../support/identities.ts';
import { connectedPair, type PairOptions, text } from '../support/pair.ts';
import { cheatingClient, TARGET } from '../support/puppet.ts';
import { assertRefused12, ClientSteps } from '../support/puppet12.ts';

const { alert, application_data, change_cipher_spec, handshake } = ContentType;

const identity = identityOf('client');
const SCHEME = SignatureScheme.ecdsa_secp256r1_sha256;
const VERSION: Refusal = ['ERR_RECORD_VERSION', 'protocol_version'];
const RECORD_TYPE: Refusal = ['ERR_RECORD_TYPE', 'unexpected_message'];
const EMPTY_FRAGMENT: Refusal = ['ERR_EMPTY_FRAGMENT', 'unexpected_message'];

type Cheats = Readonly<Record<string, readonly [(steps: ClientSteps) => void, Refusal]>>;

/** What a client does after ServerHelloDone, and what it must be refused with. */
const CHEATS: Cheats = {
  'ChangeCipherSpec before ClientKeyExchange, and keys of nothing (CVE-2014-0224)': [
    (steps) => steps.bareChangeCipherSpec(1),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec inside ClientKeyExchange': [
    ({ puppet }) => {
      puppet.plaintext(handshake, Uint8Array.of(HandshakeType.client_key_exchange, 0, 0));
      puppet.plaintext(change_cipher_spec, Uint8Array.of(1));
    },
    CHANGE_CIPHER_SPEC,
  ],
  'two ChangeCipherSpecs': [
    (steps) => steps.keyExchange().bareChangeCipherSpec(1).bareChangeCipherSpec(1),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec of two bytes': [
    (steps) => steps.keyExchange().bareChangeCipherSpec(1, 1),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec of another byte': [
    (steps) => steps.keyExchange().bareChangeCipherSpec(2),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec of no byte': [(steps) => steps.keyExchange().bareChangeCipherSpec(), EMPTY_FRAGMENT],
  'a protected ChangeCipherSpec': [
    (steps) => {
      steps.keyExchange().changeCipherSpec();
      steps.puppet.record(change_cipher_spec, Uint8Array.of(1));
    },
    CHANGE_CIPHER_SPEC,
  ],
  'no ChangeCipherSpec, and Finished in plaintext': [
    (steps) => steps.keyExchange().sendFinished(),
    UNEXPECTED,
  ],
  'no ChangeCipherSpec, and Finished under the new keys': [
    (steps) => steps.keyExchange().useKeys().sendFinished(),
    UNEXPECTED,
  ],
  'ClientKeyExchange and Finished in one plaintext record': [
    (steps) => {
      const keyExchange = steps.puppet.hold(() => steps.keyExchange());
      steps.puppet.plaintext(handshake, concat(keyExchange, steps.heldFinished()));
    },
    EXCESS,
  ],
  'ClientKeyExchange and the beginning of something in one record': [
    (steps) => {
      const keyExchange = steps.puppet.hold(() => steps.keyExchange());
      steps.puppet.plaintext(handshake, concat(keyExchange, FRAGMENT));
    },
    EXCESS,
  ],
  'Finished in plaintext after ChangeCipherSpec': [
    (steps) => steps.keyExchange().bareChangeCipherSpec(1).sendFinished(),
    BAD_MAC,
  ],
  'an alert in plaintext after ChangeCipherSpec': [
    (steps) => {
      steps.keyExchange().changeCipherSpec();
      steps.puppet.plaintext(alert, Uint8Array.of(2, 40));
    },
    BAD_MAC,
  ],
  "Finished under the server's key": [
    (steps) => {
      const { h, secrets } = steps.keyExchange().bareChangeCipherSpec(1);
      h.records.changeKeys('sent', 'handshake', secrets.protection.server);
      steps.sendFinished();
    },
    BAD_MAC,
  ],
  'Finished twice': [
    (steps) => {
      const finished = steps.keyExchange().changeCipherSpec().heldFinished();
      steps.puppet.record(handshake, concat(finished, finished));
    },
    EXCESS,
  ],
  'Finished and the beginning of something in one record': [
    (steps) => {
      const finished = steps.keyExchange().changeCipherSpec().heldFinished();
      steps.puppet.record(handshake, concat(finished, FRAGMENT));
    },
    EXCESS,
  ],
  'a message in front of Finished': [
    (steps) => {
      steps.keyExchange().changeCipherSpec();
      steps.puppet.record(
        handshake,
        concat(shortMessage(HandshakeType.client_hello, 1), steps.heldFinished()),
      );
    },
    UNEXPECTED,
  ],
  'a Finished over more than was said': [
    (steps) => {
      steps.keyExchange().changeCipherSpec();
      steps.h.transcript.add(KEY_UPDATE);
      steps.sendFinished();
    },
    BAD_FINISHED,
  ],
  'application data in plaintext in place of ClientKeyExchange': [
    ({ puppet }) => puppet.plaintext(application_data, text('too early')),
    EARLY_DATA,
  ],
  'application data in plaintext before ChangeCipherSpec': [
    (steps) => steps.keyExchange().puppet.plaintext(application_data, text('too early')),
    EARLY_DATA,
  ],
  'application data under the new keys before ChangeCipherSpec': [
    (steps) => steps.keyExchange().useKeys().puppet.record(application_data, text('too early')),
    EARLY_DATA,
  ],
  'application data between ChangeCipherSpec and Finished': [
    (steps) => {
      steps.keyExchange().changeCipherSpec().puppet.record(application_data, text('too early'));
      steps.sendFinished();
    },
    EARLY_DATA,
  ],
  'application data behind a Finished that is wrong': [
    (steps) => {
      steps.keyExchange().changeCipherSpec();
      steps.h.send('Finished', { verifyData: new Uint8Array(12) });
      steps.puppet.record(application_data, text('too early'));
    },
    BAD_FINISHED,
  ],
  'application data inside a message': [
    (steps) => {
      steps.puppet.plaintext(handshake, Uint8Array.of(HandshakeType.client_key_exchange, 0));
      steps.puppet.plaintext(application_data, text('too early'));
    },
    INTERLEAVED,
  ],
  'a Certificate that nobody asked for': [
    (steps) => steps.certificate(identity).keyExchange().finish(),
    UNEXPECTED,
  ],
  'a CertificateVerify that nobody asked for': [
    (steps) => steps.keyExchange().certificateVerify(identity, SCHEME).finish(),
    UNEXPECTED,
  ],
  'a second ClientHello': [
    ({ puppet }) => puppet.plaintext(handshake, shortMessage(HandshakeType.client_hello, 1)),
    UNEXPECTED,
  ],
  'a second ClientHello after ClientKeyExchange': [
    (steps) => steps.keyExchange().puppet.plaintext(handshake, shortMessage(HandshakeType.client_hello, 1)),
    UNEXPECTED,
  ],
  HelloRequest: [
    ({ puppet }) => puppet.plaintext(handshake, shortMessage(HandshakeType.hello_request)),
    UNEXPECTED,
  ],
  'a record without content': [({ puppet }) => puppet.plaintext(handshake, new Uint8Array()), EMPTY_FRAGMENT],
  'a protected record without content': [
    (steps) => steps.keyExchange().changeCipherSpec().puppet.record(handshake, new Uint8Array()),
    EMPTY_FRAGMENT,
  ],
  'a record of a type that nobody knows': [({ puppet }) => puppet.plaintext(99, text('?')), RECORD_TYPE],
  heartbeat: [({ puppet }) => puppet.plaintext(24, Uint8Array.of(1, 0x40, 0)), RECORD_TYPE],
  'an alert of three bytes': [({ puppet }) => puppet.plaintext(alert, Uint8Array.of(1, 90, 0)), DECODE],
  'an alert in two records': [
    ({ puppet }) => {
      puppet.plaintext(alert, Uint8Array.of(2));
      puppet.plaintext(alert, Uint8Array.of(40));
    },
    DECODE,
  ],
  'an alert of a level that is none': [
    ({ puppet }) => puppet.plaintext(alert, Uint8Array.of(3, 90)),
    ILLEGAL,
  ],
};

/** Records of other versions than the one that was agreed on, at each place. */
function versionCheats(): Cheats {
  const cheats: Record<string, Cheats[string]> = {};
  for (const version of [0x0301, 0x0302, 0x0304, 0x0300]) {
    const name = version.toString(16);
    cheats[`ClientKeyExchange in a record of version ${name}`] = [
      (steps) => {
        const message = steps.puppet.hold(() => steps.keyExchange());
        steps.puppet.raw(concat(recordHeader(handshake, version, message.length), message));
      },
      VERSION,
    ];
    cheats[`ChangeCipherSpec in a record of version ${name}`] = [
      (steps) => {
        steps.keyExchange();
        steps.puppet.raw(concat(recordHeader(change_cipher_spec, version, 1), Uint8Array.of(1)));
      },
      VERSION,
    ];
    cheats[`Finished in a record of version ${name}`] = [
      (steps) => {
        steps.keyExchange().changeCipherSpec();
        const before = steps.puppet.takeBack();
        const record = steps.sendFinished().puppet.takeBack();
        record.set([version >> 8, version & 0xff], 1);
        steps.puppet.raw(concat(before, record));
      },
      VERSION,
    ];
  }
  return cheats;
}

const REQUIRED = { server: { clientAuthentication: 'require' } } as const;
const REQUESTED = { server: { clientAuthentication: 'request' } } as const;

/** What a client does that is asked for a certificate. */
const CERTIFICATE_CHEATS: Readonly<
  Record<string, readonly [(steps: ClientSteps) => void, Refusal, ...(typeof REQUIRED | typeof REQUESTED)[]]>
> = {
  'no Certificate at all': [(steps) => steps.keyExchange().finish(), UNEXPECTED, REQUIRED, REQUESTED],
  'an empty Certificate where one is required': [
    (steps) => steps.certificate(undefined).keyExchange().finish(),
    ['ERR_NO_CERTIFICATE', 'handshake_failure'],
    REQUIRED,
  ],
  'a Certificate without CertificateVerify': [
    (steps) => steps.certificate(identity).keyExchange().finish(),
    CHANGE_CIPHER_SPEC,
    REQUIRED,
    REQUESTED,
  ],
  'a Certificate without CertificateVerify, and Finished in plaintext': [
    (steps) => steps.certificate(identity).keyExchange().sendFinished(),
    UNEXPECTED,
    REQUIRED,
    REQUESTED,
  ],
  'an empty Certificate with CertificateVerify': [
    (steps) => steps.certificate(undefined).keyExchange().certificateVerify(identity, SCHEME).finish(),
    UNEXPECTED,
    REQUESTED,
  ],
  'CertificateVerify behind ChangeCipherSpec': [
    (steps) =>
      steps
        .certificate(identity)
        .keyExchange()
        .changeCipherSpec()
        .certificateVerify(identity, SCHEME)
        .sendFinished(),
    CHANGE_CIPHER_SPEC,
    REQUIRED,
  ],
  'two CertificateVerifys': [
    (steps) =>
      steps
        .certificate(identity)
        .keyExchange()
        .certificateVerify(identity, SCHEME)
        .certificateVerify(identity, SCHEME)
        .finish(),
    UNEXPECTED,
    REQUIRED,
  ],
  'CertificateVerify and Finished in one plaintext record': [
    (steps) => {
      steps.certificate(identity).keyExchange();
      const proof = steps.puppet.hold(() => steps.certificateVerify(identity, SCHEME));
      steps.puppet.plaintext(handshake, concat(proof, steps.heldFinished()));
    },
    EXCESS,
    REQUIRED,
  ],
};

/** What a client does that has completed the handshake. */
const AFTER: Cheats = {
  Finished: [({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.finished, 1)), UNEXPECTED],
  Certificate: [(steps) => steps.certificate(identity), UNEXPECTED],
  ClientKeyExchange: [
    ({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.client_key_exchange, 1)),
    UNEXPECTED,
  ],
  CertificateVerify: [(steps) => steps.certificateVerify(identity, SCHEME), UNEXPECTED],
  HelloRequest: [
    ({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.hello_request)),
    UNEXPECTED,
  ],
  KeyUpdate: [({ puppet }) => puppet.record(handshake, KEY_UPDATE), UNEXPECTED],
  'a ticket': [
    ({ puppet }) =>
      puppet.record(handshake, shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 0, 0, 0)),
    UNEXPECTED,
  ],
  ChangeCipherSpec: [(steps) => steps.bareChangeCipherSpec(1), CHANGE_CIPHER_SPEC],
  'ChangeCipherSpec, protected': [
    ({ puppet }) => puppet.record(change_cipher_spec, Uint8Array.of(1)),
    CHANGE_CIPHER_SPEC,
  ],
  'data in plaintext': [({ puppet }) => puppet.plaintext(application_data, text('hello')), BAD_MAC],
  'a handshake message in plaintext': [({ puppet }) => puppet.plaintext(handshake, KEY_UPDATE), BAD_MAC],
  'an alert in plaintext': [({ puppet }) => puppet.plaintext(alert, Uint8Array.of(1, 0)), BAD_MAC],
  'data inside a message': [
    ({ puppet }) => {
      puppet.record(handshake, FRAGMENT);
      puppet.record(application_data, text('x'));
    },
    INTERLEAVED,
  ],
  'a record of a type that nobody knows': [({ puppet }) => puppet.record(99, text('?')), RECORD_TYPE],
  'a record of version 0301': [
    ({ puppet }) => {
      puppet.record(application_data, text('hello'));
      const record = puppet.takeBack();
      record[2] = 1;
      puppet.raw(record);
    },
    VERSION,
  ],
};

for (const [name, flow] of Object.entries(FLOWS_12)) {
  const cheat = (
    options: PairOptions,
    act: (steps: ClientSteps) => void,
    refusal: Refusal,
    what: string,
  ): void => {
    const steps = new ClientSteps(options);
    act(steps);
    assertRefused12(steps.puppet, refusal, what);
  };

  test(`${name}: a client that takes all steps in order is served`, () => {
    const { puppet } = new ClientSteps(flow).keyExchange().finish();
    puppet.exchange();
    assert.deepEqual(puppet.events, ['established']);
    const proved = new ClientSteps(withMore(flow, REQUIRED));
    proved.certificate(identity).keyExchange().certificateVerify(identity, SCHEME).finish().puppet.exchange();
    assert.deepEqual(proved.puppet.events, ['established']);
  });

  test(`${name}: clients that cheat before Finished`, () => {
    for (const [what, [act, refusal]] of Object.entries(CHEATS)) cheat(flow, act, refusal, what);
  });

  test(`${name}: clients whose records are of another version`, () => {
    for (const [what, [act, refusal]] of Object.entries(versionCheats())) cheat(flow, act, refusal, what);
  });

  test(`${name}: clients that cheat with the certificate that they are asked for`, () => {
    for (const [what, [act, refusal, ...circumstances]] of Object.entries(CERTIFICATE_CHEATS)) {
      for (const more of circumstances) cheat(withMore(flow, more), act, refusal, what);
    }
  });

  test(`${name}: clients that cheat after the handshake`, () => {
    for (const [what, [act, refusal]] of Object.entries(AFTER)) {
      const steps = new ClientSteps(flow).keyExchange().finish();
      steps.puppet.exchange();
      act(steps);
      assertRefused12(steps.puppet, refusal, what, 'established');
    }
  });
}

const [flow] = Object.values(FLOWS_12);
assert.ok(flow);

test('a server: anything but a ClientHello first', () => {
  for (const [type, content, code] of [
    [application_data, text('GET / HTTP/1.1'), 'ERR_UNEXPECTED_APPLICATION_DATA'],
    [change_cipher_spec, Uint8Array.of(1), 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC'],
    [handshake, shortMessage(HandshakeType.finished, ...new Uint8Array(12)), 'ERR_UNEXPECTED_MESSAGE'],
    [handshake, shortMessage(HandshakeType.client_key_exchange, 1), 'ERR_UNEXPECTED_MESSAGE'],
    [handshake, shortMessage(HandshakeType.hello_request), 'ERR_UNEXPECTED_MESSAGE'],
  ] as const satisfies readonly (readonly [number, Uint8Array, TlsErrorCode])[]) {
    const puppet = cheatingClient(flow);
    puppet.plaintext(type, content);
    assertRefused12(puppet, [code, 'unexpected_message'], `${type}`);
  }
});

test('a client: more than a ClientHello in its record', () => {
  for (const more of [FRAGMENT, KEY_UPDATE, shortMessage(HandshakeType.client_key_exchange, 1)]) {
    const puppet = cheatingClient(flow);
    const hello = puppet.hold(() => puppet.run(sendClientHello(puppet.h, TARGET)));
    puppet.plaintext(handshake, concat(hello, more));
    assertRefused12(puppet, EXCESS, 'more');
  }
});

test('a client: ChangeCipherSpec right behind its ClientHello', () => {
  const puppet = cheatingClient(flow);
  puppet.run(sendClientHello(puppet.h, TARGET));
  puppet.exchange();
  puppet.plaintext(change_cipher_spec, Uint8Array.of(1));
  assertRefused12(puppet, CHANGE_CIPHER_SPEC, 'early');
});

test('a client: the recorded flights of another connection', () => {
  for (const options of Object.values(FLOWS_12)) {
    const recorded = connectedPair(options);
    const puppet = cheatingClient(options);
    puppet.raw(concat(...recorded.sent.client));
    puppet.victim.receive(puppet.takeBack());
    // The server's random and, mostly, its share are new, so the recorded Finished does not decrypt.
    assert.equal(puppet.victim.error?.code, 'ERR_BAD_RECORD_MAC');
    assert.deepEqual(puppet.events, ['error']);
  }
});
