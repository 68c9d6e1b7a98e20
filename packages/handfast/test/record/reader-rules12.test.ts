/** What a reader takes and what it refuses in TLS 1.2 (RFC 5246 sections 6.2.1, 7.1 and 7.2), in both roles and however bytes and answers come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import {
  MAX_CIPHERTEXT_LENGTH_12,
  MAX_EMPTY_RECORDS,
  MAX_PLAINTEXT_LENGTH,
  MAX_WARNING_ALERTS,
} from '../../src/policy/limits.ts';
import { type Incoming, RecordReader } from '../../src/record/reader.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError, type TlsErrorCode } from '../../src/wire/errors.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { handshakeMessage, keyPair, record, sealRecord } from './support.ts';
import { freshKeys, keyPair12, lateAeads, SOME_CIPHER } from './support12.ts';

const { handshake, alert, application_data, change_cipher_spec } = ContentType;
const CCS = record(change_cipher_spec, Uint8Array.of(1));
const HELLO = record(handshake, handshakeMessage(HandshakeType.client_hello, 40));
const ALERT = record(alert, Uint8Array.of(2, 40));
const WARNING = record(alert, Uint8Array.of(1, 112));

/** Bytes as they stand, a record to protect, or something that the handshake does with the reader. */
type Step =
  | Uint8Array
  | { readonly protect: readonly [type: number, content: Uint8Array] }
  | 'negotiate'
  | 'expect'
  | 'complete';

type Role = 'client' | 'server';

interface Setting {
  readonly provider: CryptoProvider;
  /** Bytes that arrive at a time. */
  readonly chunk: number;
}

interface Outcome {
  readonly incoming: readonly Incoming[];
  readonly code: TlsErrorCode | undefined;
}

/** Plays a scene to a reader; answers what came out, and how it ended. */
async function play(role: Role, steps: readonly Step[], { provider, chunk }: Setting): Promise<Outcome> {
  const reader = new RecordReader({ role });
  const { seal, open } = keyPair12(SOME_CIPHER, freshKeys(SOME_CIPHER.cipher), provider);
  const incoming: Incoming[] = [];
  const receive = async (bytes: Uint8Array): Promise<void> => {
    for (let offset = 0; offset < bytes.length; offset += chunk) {
      reader.push(bytes.slice(offset, offset + chunk));
      for (;;) {
        const next = await reader.next();
        if (next === undefined) break;
        incoming.push(next);
      }
    }
  };
  try {
    for (const step of steps) {
      if (step instanceof Uint8Array) await receive(step);
      else if (step === 'negotiate') reader.useTls12();
      else if (step === 'expect') reader.expectChangeCipherSpec(open);
      else if (step === 'complete') reader.changeKeys('application', open);
      else await receive(sealRecord(seal, ...step.protect));
    }
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return { incoming, code: error.code };
  }
  return { incoming, code: undefined };
}

const SETTINGS: readonly Setting[] = [
  { provider: nodeProvider, chunk: 100_000 },
  { provider: nodeProvider, chunk: 1 },
  { provider: lateAeads(() => 1), chunk: 100_000 },
];

/** The same outcome in both roles, whatever the chunks and whenever the provider answers. */
async function playAll(steps: readonly Step[]): Promise<Outcome> {
  const [first, ...others] = await Promise.all(
    (['client', 'server'] as const).flatMap((role) =>
      SETTINGS.map((setting) => play(role, [HELLO, ...steps], setting)),
    ),
  );
  for (const other of others) assert.deepEqual(other, first);
  return first as Outcome;
}

function times<T>(count: number, step: T): T[] {
  return Array.from({ length: count }, () => step);
}

const half = handshakeMessage(HandshakeType.certificate, 100).subarray(0, 50);
const rest = handshakeMessage(HandshakeType.certificate, 100).subarray(50);
const finishedMessage = handshakeMessage(HandshakeType.finished, 12);
const finished: Step = { protect: [handshake, finishedMessage] };
const data: Step = { protect: [application_data, Uint8Array.of(1)] };
const emptyData: Step = { protect: [application_data, new Uint8Array(0)] };
const toKeys: readonly Step[] = ['negotiate', 'expect', CCS];
const toData: readonly Step[] = [...toKeys, finished, 'complete'];

const REFUSED: readonly (readonly [what: string, steps: readonly Step[], code: TlsErrorCode])[] = [
  // ChangeCipherSpec
  ['ChangeCipherSpec before the version was known', [CCS, 'negotiate'], 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC'],
  ['ChangeCipherSpec before there are keys', ['negotiate', CCS], 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC'],
  [
    'ChangeCipherSpec inside a message',
    ['negotiate', record(handshake, half), CCS],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'a message begun before ChangeCipherSpec',
    ['negotiate', record(handshake, half), 'expect'],
    'ERR_EXCESS_HANDSHAKE_DATA',
  ],
  [
    'ChangeCipherSpec with another byte',
    ['negotiate', 'expect', record(20, Uint8Array.of(2))],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'ChangeCipherSpec of two bytes',
    ['negotiate', 'expect', record(20, Uint8Array.of(1, 1))],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'ChangeCipherSpec without content',
    ['negotiate', 'expect', record(20, new Uint8Array(0))],
    'ERR_EMPTY_FRAGMENT',
  ],
  ['a second ChangeCipherSpec', [...toKeys, CCS], 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC'],
  [
    'a second ChangeCipherSpec, protected',
    [...toKeys, { protect: [20, Uint8Array.of(1)] }],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  ['ChangeCipherSpec after Finished', [...toKeys, finished, CCS], 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC'],
  ['ChangeCipherSpec after the handshake', [...toData, CCS], 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC'],
  [
    'ChangeCipherSpec after the handshake, protected',
    [...toData, { protect: [20, Uint8Array.of(1)] }],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'Finished without ChangeCipherSpec',
    ['negotiate', 'expect', record(handshake, finishedMessage)],
    'ERR_UNEXPECTED_MESSAGE',
  ],
  [
    'protected Finished without ChangeCipherSpec',
    ['negotiate', 'expect', finished],
    'ERR_UNEXPECTED_MESSAGE',
  ],
  ['data in place of ChangeCipherSpec', ['negotiate', 'expect', data], 'ERR_UNEXPECTED_APPLICATION_DATA'],
  // Application data before its time
  [
    'data in plaintext',
    ['negotiate', record(application_data, Uint8Array.of(1))],
    'ERR_UNEXPECTED_APPLICATION_DATA',
  ],
  [
    'empty data in plaintext',
    ['negotiate', record(application_data, new Uint8Array(0))],
    'ERR_UNEXPECTED_APPLICATION_DATA',
  ],
  ['data before Finished', [...toKeys, data], 'ERR_UNEXPECTED_APPLICATION_DATA'],
  ['empty data before Finished', [...toKeys, emptyData], 'ERR_UNEXPECTED_APPLICATION_DATA'],
  [
    'data after Finished was read and before it was checked',
    [...toKeys, finished, data],
    'ERR_UNEXPECTED_APPLICATION_DATA',
  ],
  // What is not protected when it must be
  ['Finished in plaintext', [...toKeys, record(handshake, finishedMessage)], 'ERR_BAD_RECORD_MAC'],
  ['an alert in plaintext after ChangeCipherSpec', [...toKeys, ALERT], 'ERR_BAD_RECORD_MAC'],
  ['an alert in plaintext after the handshake', [...toData, ALERT], 'ERR_BAD_RECORD_MAC'],
  [
    'data in plaintext after the handshake',
    [...toData, record(application_data, new Uint8Array(40))],
    'ERR_BAD_RECORD_MAC',
  ],
  [
    'nothing at all after the handshake',
    [...toData, record(application_data, new Uint8Array(0))],
    'ERR_BAD_RECORD_MAC',
  ],
  // Versions
  ['plaintext of TLS 1.0', ['negotiate', record(handshake, half, 0x0301)], 'ERR_RECORD_VERSION'],
  ['plaintext of TLS 1.3', ['negotiate', record(handshake, half, 0x0304)], 'ERR_RECORD_VERSION'],
  ['an alert of TLS 1.1', ['negotiate', record(alert, Uint8Array.of(2, 40), 0x0302)], 'ERR_RECORD_VERSION'],
  [
    'ChangeCipherSpec of TLS 1.0',
    ['negotiate', 'expect', record(20, Uint8Array.of(1), 0x0301)],
    'ERR_RECORD_VERSION',
  ],
  [
    'a protected record of TLS 1.1',
    [...toData, record(application_data, new Uint8Array(40), 0x0302)],
    'ERR_RECORD_VERSION',
  ],
  // Alerts
  ['an alert of one byte', ['negotiate', record(alert, Uint8Array.of(2))], 'ERR_DECODE'],
  ['two alerts in one record', ['negotiate', record(alert, Uint8Array.of(1, 90, 2, 40))], 'ERR_DECODE'],
  ['an empty protected alert', [...toKeys, { protect: [alert, new Uint8Array(0)] }], 'ERR_EMPTY_FRAGMENT'],
  ['an alert of level 0', ['negotiate', record(alert, Uint8Array.of(0, 40))], 'ERR_ILLEGAL_PARAMETER'],
  [
    'a protected alert of level 3',
    [...toData, { protect: [alert, Uint8Array.of(3, 0)] }],
    'ERR_ILLEGAL_PARAMETER',
  ],
  [
    'too many warnings',
    ['negotiate', ...times(MAX_WARNING_ALERTS + 1, WARNING)],
    'ERR_TOO_MANY_WARNING_ALERTS',
  ],
  [
    'too many protected warnings',
    [...toData, ...times(MAX_WARNING_ALERTS + 1, { protect: [alert, Uint8Array.of(1, 100)] } as Step)],
    'ERR_TOO_MANY_WARNING_ALERTS',
  ],
  [
    'a closure alert inside a message',
    ['negotiate', record(handshake, half), record(alert, Uint8Array.of(1, 0))],
    'ERR_INTERLEAVED_HANDSHAKE',
  ],
  // Handshake
  [
    'an empty protected handshake record',
    [...toKeys, { protect: [handshake, new Uint8Array(0)] }],
    'ERR_EMPTY_FRAGMENT',
  ],
  ['an empty handshake record', ['negotiate', record(handshake, new Uint8Array(0))], 'ERR_EMPTY_FRAGMENT'],
  ['data inside a message', [...toData, { protect: [handshake, half] }, data], 'ERR_INTERLEAVED_HANDSHAKE'],
  [
    'more than Finished in its record',
    [...toKeys, { protect: [handshake, concat(finishedMessage, Uint8Array.of(0))] }, 'complete'],
    'ERR_EXCESS_HANDSHAKE_DATA',
  ],
  // Lengths
  [
    'too many empty records',
    [...toData, ...times(MAX_EMPTY_RECORDS + 1, emptyData)],
    'ERR_TOO_MANY_EMPTY_RECORDS',
  ],
  [
    'plaintext above 2^14 bytes',
    ['negotiate', record(handshake, new Uint8Array(0), 0x0303, MAX_PLAINTEXT_LENGTH + 1)],
    'ERR_RECORD_OVERFLOW',
  ],
  [
    'a protected record above 2^14 + 2048 bytes',
    [...toKeys, record(handshake, new Uint8Array(0), 0x0303, MAX_CIPHERTEXT_LENGTH_12 + 1)],
    'ERR_RECORD_OVERFLOW',
  ],
  [
    'a protected record above 2^14 + 2048 bytes after the handshake',
    [...toData, record(application_data, new Uint8Array(0), 0x0303, MAX_CIPHERTEXT_LENGTH_12 + 1)],
    'ERR_RECORD_OVERFLOW',
  ],
  [
    'a protected record of more than 2^14 bytes of content',
    [...toData, { protect: [application_data, new Uint8Array(MAX_PLAINTEXT_LENGTH + 1)] }],
    'ERR_RECORD_OVERFLOW',
  ],
];
for (const [what, steps, code] of REFUSED) {
  test(`${what} is ${code}`, { timeout: 20_000 }, async () => {
    assert.equal((await playAll(steps)).code, code);
  });
}

function kinds(incoming: readonly Incoming[]): string[] {
  return incoming.map((item) => {
    if (item.type === 'handshake') return `${item.epoch} handshake ${item.message.type}`;
    if (item.type === 'alert') return `${item.epoch} alert ${item.level} ${item.description}`;
    return `${item.epoch} data ${item.data.length}`;
  });
}

const TAKEN: readonly (readonly [what: string, steps: readonly Step[], expected: readonly string[]])[] = [
  [
    'a whole handshake, and data',
    [
      'negotiate',
      record(handshake, handshakeMessage(11, 100)),
      'expect',
      CCS,
      finished,
      'complete',
      data,
      { protect: [alert, Uint8Array.of(1, 0)] },
    ],
    ['plaintext handshake 11', 'handshake handshake 20', 'application data 1', 'application alert 1 0'],
  ],
  [
    'alerts before ChangeCipherSpec, and around Finished',
    [
      'negotiate',
      WARNING,
      'expect',
      WARNING,
      CCS,
      { protect: [alert, Uint8Array.of(1, 90)] },
      finished,
      { protect: [alert, Uint8Array.of(2, 40)] },
    ],
    [
      'plaintext alert 1 112',
      'plaintext alert 1 112',
      'handshake alert 1 90',
      'handshake handshake 20',
      'handshake alert 2 40',
    ],
  ],
  [
    'an error alert inside a message',
    ['negotiate', record(handshake, half), ALERT],
    ['plaintext alert 2 40'],
  ],
  [
    'two messages in one record, one message over two records',
    ['negotiate', record(handshake, concat(handshakeMessage(2, 9), half)), record(handshake, rest)],
    ['plaintext handshake 2', 'plaintext handshake 11'],
  ],
  [
    'a Finished over two records',
    [
      ...toKeys,
      { protect: [handshake, finishedMessage.subarray(0, 1)] },
      { protect: [handshake, finishedMessage.subarray(1)] },
      'complete',
    ],
    ['handshake handshake 20'],
  ],
  [
    'messages after the handshake',
    [...toData, { protect: [handshake, handshakeMessage(HandshakeType.hello_request, 0)] }, data],
    ['handshake handshake 20', 'application handshake 0', 'application data 1'],
  ],
  [
    'empty records up to the limit, twice',
    [...toData, ...times(MAX_EMPTY_RECORDS, emptyData), data, ...times(MAX_EMPTY_RECORDS, emptyData)],
    ['handshake handshake 20', 'application data 1'],
  ],
  [
    'a record full of content',
    [...toData, { protect: [application_data, new Uint8Array(MAX_PLAINTEXT_LENGTH)] }],
    ['handshake handshake 20', `application data ${MAX_PLAINTEXT_LENGTH}`],
  ],
];
for (const [what, steps, expected] of TAKEN) {
  test(`${what}: taken`, { timeout: 20_000 }, async () => {
    const { incoming, code } = await playAll(steps);
    assert.equal(code, undefined);
    assert.deepEqual(kinds(incoming), ['plaintext handshake 1', ...expected]);
  });
}

test('a client waits for the ServerHello, and the ChangeCipherSpec of TLS 1.3 is none of TLS 1.2', () => {
  const reader = new RecordReader({ role: 'client' });
  reader.push(CCS);
  assert.equal(reader.next(), undefined);
  assert.throws(() => reader.useTls12(), {
    code: 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
    alert: 'unexpected_message',
  });
});

test('no key is in force without a ChangeCipherSpec, whatever the handshake asks for', () => {
  const reader = new RecordReader({ role: 'server' });
  const { open } = keyPair12();
  assert.throws(() => reader.expectChangeCipherSpec(open), { code: 'ERR_INTERNAL' }, 'not TLS 1.2 yet');
  reader.useTls12();
  assert.throws(() => reader.changeKeys('handshake', open), { code: 'ERR_INTERNAL' });
  assert.throws(() => reader.changeKeys('application', open), { code: 'ERR_INTERNAL' });
  reader.expectChangeCipherSpec(open);
  assert.throws(() => reader.changeKeys('application', open), { code: 'ERR_INTERNAL' });
  reader.push(CCS);
  assert.equal(reader.next(), undefined);
  assert.equal(reader.epoch, 'handshake');
  assert.throws(() => reader.changeKeys('application', keyPair12().open), { code: 'ERR_INTERNAL' });
  assert.throws(() => reader.expectChangeCipherSpec(keyPair12().open), { code: 'ERR_INTERNAL' });
  reader.changeKeys('application', open);
  assert.equal(reader.epoch, 'application');
});

test('what was skipped as early data before is read as what it is', () => {
  const reader = new RecordReader({ role: 'server' });
  reader.push(HELLO);
  assert.notEqual(reader.next(), undefined);
  reader.skipEarlyData();
  reader.useTls12();
  reader.push(record(application_data, new Uint8Array(40)));
  assert.throws(() => reader.next(), { code: 'ERR_UNEXPECTED_APPLICATION_DATA' });
});

test('the sequence numbers of a key go on when the handshake is complete', () => {
  const { seal, open } = keyPair12();
  const reader = new RecordReader({ role: 'client' });
  reader.useTls12();
  reader.expectChangeCipherSpec(open);
  reader.push(concat(CCS, sealRecord(seal, handshake, finishedMessage)));
  assert.notEqual(reader.next(), undefined);
  reader.changeKeys('application', open);
  reader.push(sealRecord(seal, application_data, Uint8Array.of(1)));
  assert.notEqual(reader.next(), undefined);
  assert.deepEqual([seal.sequence, open.sequence], [2, 2]);
});

test('a record of TLS 1.3 is none of TLS 1.2', () => {
  const { seal } = keyPair();
  const { open } = keyPair12();
  const reader = new RecordReader({ role: 'client' });
  reader.useTls12();
  reader.expectChangeCipherSpec(open);
  reader.push(concat(CCS, sealRecord(seal, handshake, finishedMessage)));
  assert.throws(() => reader.next(), { code: 'ERR_BAD_RECORD_MAC' });
});

test('a listener sees every record, with its type outside', () => {
  const { seal, open } = keyPair12();
  const seen: string[] = [];
  const reader = new RecordReader({
    role: 'server',
    onRecord: ({ epoch, sequence, outerType, innerType, contentLength, padding, bytes }) =>
      seen.push(
        `${epoch} ${sequence}: ${outerType}/${innerType} ${contentLength}+${padding} in ${bytes.length}`,
      ),
  });
  const readAll = (): void => {
    while (reader.next() !== undefined);
  };
  reader.push(HELLO);
  readAll();
  reader.useTls12();
  reader.expectChangeCipherSpec(open);
  reader.push(concat(CCS, sealRecord(seal, handshake, finishedMessage)));
  readAll();
  reader.changeKeys('application', open);
  reader.push(sealRecord(seal, application_data, Uint8Array.of(1, 2, 3)));
  reader.push(sealRecord(seal, alert, Uint8Array.of(1, 0)));
  readAll();
  assert.deepEqual(seen, [
    'plaintext 0: 22/22 44+0 in 49',
    'plaintext 1: 20/20 1+0 in 6',
    'handshake 0: 22/22 16+0 in 45',
    'application 1: 23/23 3+0 in 32',
    'application 2: 21/21 2+0 in 31',
  ]);
});

test('a reader that was closed takes no version and no key', () => {
  const reader = new RecordReader({ role: 'client' });
  reader.useTls12();
  reader.expectChangeCipherSpec(keyPair12().open);
  reader.close();
  assert.throws(() => reader.useTls12(), { code: 'ERR_CLOSED' });
  assert.throws(() => reader.expectChangeCipherSpec(keyPair12().open), { code: 'ERR_CLOSED' });
});
