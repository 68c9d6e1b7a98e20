/**
 * TLS 1.2 servers that hold all the keys and cheat in which messages they send, in which records, and under which keys:
 * they are right in everything else, up to a Finished that fits what was said. (That every message comes in its turn is
 * in order12.)
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_RENEGOTIATION_ATTEMPTS } from '../../src/policy/limits.ts';
import { recordHeader } from '../../src/record/framing.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
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
import { FLOWS_12, mutual, withMore } from '../support/flows12.ts';
import { connectedPair, type PairOptions, text } from '../support/pair.ts';
import { cheatingServer } from '../support/puppet.ts';
import { assertRefused12, ServerSteps } from '../support/puppet12.ts';

const { alert, application_data, change_cipher_spec, handshake } = ContentType;

const VERSION: Refusal = ['ERR_RECORD_VERSION', 'protocol_version'];
const RECORD_TYPE: Refusal = ['ERR_RECORD_TYPE', 'unexpected_message'];
const EMPTY_FRAGMENT: Refusal = ['ERR_EMPTY_FRAGMENT', 'unexpected_message'];
const RENEGOTIATIONS: Refusal = ['ERR_TOO_MANY_RENEGOTIATIONS', 'unexpected_message'];

const HELLO_REQUEST = shortMessage(HandshakeType.hello_request);
const HELLO_DONE = shortMessage(HandshakeType.server_hello_done);
const TICKET = shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 1, 0, 1, 7);
const STATUS = shortMessage(HandshakeType.certificate_status, 1, 0, 0, 1, 7);

type Cheats = Readonly<Record<string, readonly [(steps: ServerSteps) => void, Refusal]>>;

/** What a server does in its first flight, and what it must be refused with. */
const FIRST_FLIGHT: Cheats = {
  'ChangeCipherSpec before ServerHello': [
    (steps) => steps.bareChangeCipherSpec(1).flight(),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec after ServerHello (CVE-2014-0224)': [
    (steps) => steps.hello().bareChangeCipherSpec(1),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec after Certificate': [
    (steps) => steps.hello().certificate().bareChangeCipherSpec(1),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec before ServerHelloDone': [
    (steps) => steps.hello().certificate().keyExchange().bareChangeCipherSpec(1),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec inside Certificate': [
    (steps) => {
      const certificate = steps.hello().puppet.hold(() => steps.certificate());
      steps.puppet.plaintext(handshake, certificate.slice(0, 100));
      steps.bareChangeCipherSpec(1);
    },
    CHANGE_CIPHER_SPEC,
  ],
  'application data after ServerHello': [
    (steps) => steps.hello().puppet.plaintext(application_data, text('too early')),
    EARLY_DATA,
  ],
  'application data inside Certificate': [
    (steps) => {
      const certificate = steps.hello().puppet.hold(() => steps.certificate());
      steps.puppet.plaintext(handshake, certificate.slice(0, 100));
      steps.puppet.plaintext(application_data, text('too early'));
    },
    INTERLEAVED,
  ],
  'application data in place of ServerHelloDone': [
    (steps) =>
      steps.hello().certificate().keyExchange().puppet.plaintext(application_data, text('too early')),
    EARLY_DATA,
  ],
  'ServerHelloDone with a body': [
    (steps) => {
      steps.hello().certificate().keyExchange();
      steps.puppet.plaintext(handshake, shortMessage(HandshakeType.server_hello_done, 0));
    },
    DECODE,
  ],
  'more behind ServerHelloDone in its record': [
    (steps) => {
      steps.hello().certificate().keyExchange();
      steps.puppet.plaintext(handshake, concat(HELLO_DONE, HELLO_REQUEST));
    },
    EXCESS,
  ],
  'the beginning of something behind ServerHelloDone': [
    (steps) => {
      steps.hello().certificate().keyExchange();
      steps.puppet.plaintext(handshake, concat(HELLO_DONE, FRAGMENT));
    },
    EXCESS,
  ],
  'an OCSP response that was not promised': [
    (steps) => {
      steps.hello().certificate();
      steps.puppet.plaintext(handshake, STATUS);
    },
    UNEXPECTED,
  ],
  'a ticket': [(steps) => steps.hello().puppet.plaintext(handshake, TICKET), UNEXPECTED],
  'ServerHello twice': [(steps) => steps.hello().hello(), UNEXPECTED],
  'Certificate twice': [(steps) => steps.hello().certificate().certificate(), UNEXPECTED],
  'no Certificate': [(steps) => steps.hello().keyExchange().helloDone(), UNEXPECTED],
  'Finished in place of ServerHelloDone': [
    (steps) => {
      steps.hello().certificate().keyExchange();
      steps.puppet.plaintext(handshake, shortMessage(HandshakeType.finished, ...new Uint8Array(12)));
    },
    UNEXPECTED,
  ],
  'HelloRequest before ServerHello': [
    (steps) => steps.puppet.plaintext(handshake, HELLO_REQUEST),
    UNEXPECTED,
  ],
  'HelloRequest with a body': [
    (steps) => steps.hello().puppet.plaintext(handshake, shortMessage(HandshakeType.hello_request, 0)),
    DECODE,
  ],
  'HelloRequests without end': [
    (steps) => {
      steps.hello();
      for (let i = 0; i <= MAX_RENEGOTIATION_ATTEMPTS; i++) steps.puppet.plaintext(handshake, HELLO_REQUEST);
    },
    RENEGOTIATIONS,
  ],
  'a record without content': [
    (steps) => steps.hello().puppet.plaintext(handshake, new Uint8Array()),
    EMPTY_FRAGMENT,
  ],
  'a record of a type that nobody knows': [
    (steps) => steps.hello().puppet.plaintext(99, text('?')),
    RECORD_TYPE,
  ],
  heartbeat: [(steps) => steps.hello().puppet.plaintext(24, Uint8Array.of(1, 0x40, 0)), RECORD_TYPE],
  'an alert of a level that is none': [
    (steps) => steps.hello().puppet.plaintext(alert, Uint8Array.of(0, 90)),
    ILLEGAL,
  ],
};

/** What a server does that has received the client's flight, keys and Finished. */
const LAST_FLIGHT: Cheats = {
  'no ChangeCipherSpec, and Finished in plaintext': [(steps) => steps.sendFinished(), UNEXPECTED],
  'no ChangeCipherSpec, and Finished under the new keys': [
    (steps) => steps.useKeys().sendFinished(),
    UNEXPECTED,
  ],
  'two ChangeCipherSpecs': [
    (steps) => steps.bareChangeCipherSpec(1).bareChangeCipherSpec(1),
    CHANGE_CIPHER_SPEC,
  ],
  'ChangeCipherSpec of two bytes': [(steps) => steps.bareChangeCipherSpec(1, 1), CHANGE_CIPHER_SPEC],
  'ChangeCipherSpec of another byte': [(steps) => steps.bareChangeCipherSpec(0), CHANGE_CIPHER_SPEC],
  'ChangeCipherSpec of no byte': [(steps) => steps.bareChangeCipherSpec(), EMPTY_FRAGMENT],
  'a protected ChangeCipherSpec': [
    (steps) => steps.changeCipherSpec().puppet.record(change_cipher_spec, Uint8Array.of(1)),
    CHANGE_CIPHER_SPEC,
  ],
  'Finished in plaintext after ChangeCipherSpec': [
    (steps) => steps.bareChangeCipherSpec(1).sendFinished(),
    BAD_MAC,
  ],
  'an alert in plaintext after ChangeCipherSpec': [
    (steps) => steps.changeCipherSpec().puppet.plaintext(alert, Uint8Array.of(2, 40)),
    BAD_MAC,
  ],
  "Finished under the client's key": [
    (steps) => {
      const { h, secrets } = steps.bareChangeCipherSpec(1);
      h.records.changeKeys('sent', 'handshake', secrets.protection.client);
      steps.sendFinished();
    },
    BAD_MAC,
  ],
  'a ticket in front of ChangeCipherSpec, which nobody asked for': [
    (steps) => steps.puppet.plaintext(handshake, TICKET),
    UNEXPECTED,
  ],
  'HelloRequest in front of ChangeCipherSpec': [
    (steps) => steps.puppet.plaintext(handshake, HELLO_REQUEST),
    UNEXPECTED,
  ],
  'Finished twice in one record': [
    (steps) => {
      const finished = steps.changeCipherSpec().heldFinished();
      steps.puppet.record(handshake, concat(finished, finished));
    },
    EXCESS,
  ],
  'HelloRequest behind Finished in its record': [
    (steps) => {
      const finished = steps.changeCipherSpec().heldFinished();
      steps.puppet.record(handshake, concat(finished, HELLO_REQUEST));
    },
    EXCESS,
  ],
  'the beginning of something behind Finished': [
    (steps) => {
      const finished = steps.changeCipherSpec().heldFinished();
      steps.puppet.record(handshake, concat(finished, FRAGMENT));
    },
    EXCESS,
  ],
  'a Finished over more than was said': [
    (steps) => {
      steps.changeCipherSpec().h.transcript.add(HELLO_REQUEST);
      steps.sendFinished();
    },
    BAD_FINISHED,
  ],
  'application data in plaintext before ChangeCipherSpec': [
    (steps) => steps.puppet.plaintext(application_data, text('too early')),
    EARLY_DATA,
  ],
  'application data under the new keys before ChangeCipherSpec': [
    (steps) => steps.useKeys().puppet.record(application_data, text('too early')),
    EARLY_DATA,
  ],
  'application data between ChangeCipherSpec and Finished': [
    (steps) => {
      steps.changeCipherSpec().puppet.record(application_data, text('too early'));
      steps.sendFinished();
    },
    EARLY_DATA,
  ],
  'application data behind a Finished that is wrong': [
    (steps) => {
      steps.changeCipherSpec().h.send('Finished', { verifyData: new Uint8Array(12) });
      steps.puppet.record(application_data, text('too early'));
    },
    BAD_FINISHED,
  ],
  'a protected record without content': [
    (steps) => steps.changeCipherSpec().puppet.record(handshake, new Uint8Array()),
    EMPTY_FRAGMENT,
  ],
};

/** What a server does that has completed the handshake. */
const AFTER: Cheats = {
  Finished: [({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.finished, 1)), UNEXPECTED],
  ServerHello: [
    ({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.server_hello, 1)),
    UNEXPECTED,
  ],
  Certificate: [(steps) => steps.certificate(), UNEXPECTED],
  ServerHelloDone: [({ puppet }) => puppet.record(handshake, HELLO_DONE), UNEXPECTED],
  ClientHello: [
    ({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.client_hello, 1)),
    UNEXPECTED,
  ],
  KeyUpdate: [({ puppet }) => puppet.record(handshake, KEY_UPDATE), UNEXPECTED],
  'a ticket': [({ puppet }) => puppet.record(handshake, TICKET), UNEXPECTED],
  'CertificateRequest of TLS 1.3': [
    ({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.certificate_request, 0, 0, 0)),
    UNEXPECTED,
  ],
  'HelloRequest with a body': [
    ({ puppet }) => puppet.record(handshake, shortMessage(HandshakeType.hello_request, 0)),
    DECODE,
  ],
  ChangeCipherSpec: [(steps) => steps.bareChangeCipherSpec(1), CHANGE_CIPHER_SPEC],
  'ChangeCipherSpec, protected': [
    ({ puppet }) => puppet.record(change_cipher_spec, Uint8Array.of(1)),
    CHANGE_CIPHER_SPEC,
  ],
  'data in plaintext': [({ puppet }) => puppet.plaintext(application_data, text('hello')), BAD_MAC],
  'HelloRequest in plaintext': [({ puppet }) => puppet.plaintext(handshake, HELLO_REQUEST), BAD_MAC],
  'close_notify in plaintext': [({ puppet }) => puppet.plaintext(alert, Uint8Array.of(1, 0)), BAD_MAC],
  'data inside a message': [
    ({ puppet }) => {
      puppet.record(handshake, FRAGMENT);
      puppet.record(application_data, text('x'));
    },
    INTERLEAVED,
  ],
  'a record of a type that nobody knows': [({ puppet }) => puppet.record(99, text('?')), RECORD_TYPE],
  'a record of version 0304': [
    ({ puppet }) => {
      puppet.record(application_data, text('hello'));
      const record = puppet.takeBack();
      record[2] = 4;
      puppet.raw(record);
    },
    VERSION,
  ],
};

const afterClientsFlight = (options: PairOptions): ServerSteps => {
  const steps = new ServerSteps(options).flight().receiveKeys().receiveFinished();
  steps.puppet.takeBack();
  return steps;
};

for (const [name, flow] of Object.entries(FLOWS_12)) {
  test(`${name}: a server that takes all steps in order is trusted`, () => {
    for (const options of [flow, mutual(flow)]) {
      const { puppet } = new ServerSteps(options).flight().receiveKeys().receiveFinished().finish();
      puppet.exchange();
      assert.deepEqual(puppet.events, ['established']);
    }
  });

  test(`${name}: servers that cheat in their first flight`, () => {
    for (const [what, [act, refusal]] of Object.entries(FIRST_FLIGHT)) {
      const steps = new ServerSteps(flow);
      act(steps);
      assertRefused12(steps.puppet, refusal, what);
    }
  });

  test(`${name}: servers that cheat before Finished`, () => {
    for (const [what, [act, refusal]] of Object.entries(LAST_FLIGHT)) {
      const steps = afterClientsFlight(flow);
      act(steps);
      assertRefused12(steps.puppet, refusal, what);
    }
  });

  test(`${name}: servers that cheat after the handshake`, () => {
    for (const [what, [act, refusal]] of Object.entries(AFTER)) {
      const steps = afterClientsFlight(flow).finish();
      steps.puppet.exchange();
      act(steps);
      assertRefused12(steps.puppet, refusal, what, 'established');
    }
  });

  test(`${name}: servers whose records are of another version`, () => {
    for (const version of [0x0301, 0x0302, 0x0304, 0x0300]) {
      const certificate = new ServerSteps(flow);
      const message = certificate.hello().puppet.hold(() => certificate.certificate());
      certificate.puppet.raw(concat(recordHeader(handshake, version, message.length), message));
      assertRefused12(certificate.puppet, VERSION, 'Certificate');

      const change = afterClientsFlight(flow);
      change.puppet.raw(concat(recordHeader(change_cipher_spec, version, 1), Uint8Array.of(1)));
      assertRefused12(change.puppet, VERSION, 'ChangeCipherSpec');

      const finished = afterClientsFlight(flow).changeCipherSpec();
      const before = finished.puppet.takeBack();
      const record = finished.sendFinished().puppet.takeBack();
      record.set([version >> 8, version & 0xff], 1);
      finished.puppet.raw(concat(before, record));
      assertRefused12(finished.puppet, VERSION, 'Finished');
    }
  });
}

test('HelloRequests during the handshake are ignored, a few of them, and count in no transcript', () => {
  for (const flow of Object.values(FLOWS_12)) {
    const steps = new ServerSteps(mutual(flow));
    const ask = (): void => steps.puppet.plaintext(handshake, HELLO_REQUEST);
    steps.hello();
    ask();
    steps.certificate();
    ask();
    steps.keyExchange();
    ask();
    ask();
    const { puppet } = steps.helloDone().receiveKeys().receiveFinished().finish();
    puppet.exchange();
    assert.deepEqual(puppet.events, ['established']);
  }
});

test('a server that finishes before it can have seen the Finished of its client', () => {
  for (const flow of Object.values(FLOWS_12)) {
    const steps = new ServerSteps(flow).flight().receiveKeys().finish();
    assertRefused12(steps.puppet, BAD_FINISHED, 'early');
  }
});

test('an OCSP response that was promised may come, but only at its place and in its form', () => {
  const [flow] = Object.values(FLOWS_12);
  assert.ok(flow);
  const [identity] = flow.server?.identities ?? [];
  assert.ok(identity);
  const stapling = withMore(flow, {
    server: { identities: [{ ...identity, ocspResponse: Uint8Array.of(1, 2, 3) }] },
  });
  assert.deepEqual(
    connectedPair(stapling).establishedOn('client').peer?.ocspResponse,
    Uint8Array.of(1, 2, 3),
  );
  for (const [what, act, refusal] of [
    [
      'twice',
      (steps) => {
        steps.hello().certificate().puppet.plaintext(handshake, STATUS);
      },
      UNEXPECTED,
    ],
    [
      'after ServerKeyExchange',
      (steps) => {
        const certificate = steps.hello().puppet.hold(() => steps.certificate());
        const end =
          4 +
          ((certificate[1] as number) << 16) +
          ((certificate[2] as number) << 8) +
          (certificate[3] as number);
        steps.puppet.plaintext(handshake, certificate.slice(0, end));
        steps.keyExchange().puppet.plaintext(handshake, STATUS);
      },
      UNEXPECTED,
    ],
    [
      'before Certificate',
      (steps) => {
        steps.hello().puppet.plaintext(handshake, STATUS);
      },
      UNEXPECTED,
    ],
    [
      'of another type',
      (steps) => {
        const certificate = steps.hello().puppet.hold(() => steps.certificate());
        const status = certificate.length - 11;
        assert.equal(certificate[status], HandshakeType.certificate_status);
        certificate[status + 4] = 2;
        steps.puppet.plaintext(handshake, certificate);
        steps.keyExchange();
      },
      ILLEGAL,
    ],
  ] as const satisfies readonly (readonly [string, (steps: ServerSteps) => void, Refusal])[]) {
    const steps = new ServerSteps(stapling);
    act(steps);
    assertRefused12(steps.puppet, refusal, what);
  }
});

test('a server: the recorded flights of another connection', () => {
  for (const [name, options] of Object.entries(FLOWS_12)) {
    const recorded = connectedPair(options);
    const puppet = cheatingServer(options);
    puppet.raw(concat(...recorded.sent.server));
    puppet.victim.receive(puppet.takeBack());
    // What the recorded server signed holds another client's random; who signs nothing cannot decrypt either.
    const code = name.startsWith('RSA') ? 'ERR_BAD_RECORD_MAC' : 'ERR_BAD_SIGNATURE';
    assert.equal(puppet.victim.error?.code, code, name);
    assert.deepEqual(puppet.events, ['error']);
  }
});
