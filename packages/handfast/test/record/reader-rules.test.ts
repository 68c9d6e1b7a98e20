/** What a reader takes and what it refuses, epoch by epoch (RFC 9846 section 5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAX_CHANGE_CIPHER_SPECS,
  MAX_CIPHERTEXT_LENGTH,
  MAX_EMPTY_RECORDS,
  MAX_PLAINTEXT_LENGTH,
  MAX_WARNING_ALERTS,
} from '../../src/policy/limits.ts';
import { type Incoming, RecordReader } from '../../src/record/reader.ts';
import type { Epoch } from '../../src/record/types.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError, type TlsErrorCode } from '../../src/wire/errors.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { handshakeMessage, keyPair, readAll, record, sealRecord } from './support.ts';

const { handshake, alert, application_data, change_cipher_spec } = ContentType;
const CCS = record(change_cipher_spec, Uint8Array.of(1));
const HELLO = record(handshake, handshakeMessage(HandshakeType.client_hello, 40));
const ALERT = record(alert, Uint8Array.of(2, 40));

type Inner = readonly [type: number, content: Uint8Array, padding?: number];

/** A step of a scene: bytes as they stand, or a record to protect, or a change of keys on both sides. */
type Step = Uint8Array | { readonly protect: Inner } | { readonly keys: Epoch };

/** Plays a scene to a reader; answers what came out, and how it ended. */
function play(
  role: 'client' | 'server',
  steps: readonly Step[],
): { incoming: Incoming[]; code: TlsErrorCode | undefined } {
  const reader = new RecordReader({ role });
  const incoming: Incoming[] = [];
  let keys = keyPair();
  try {
    for (const step of steps) {
      if (step instanceof Uint8Array) reader.push(step);
      else if ('protect' in step) reader.push(sealRecord(keys.seal, ...step.protect));
      else {
        keys = keyPair();
        reader.changeKeys(step.keys, keys.open);
      }
      incoming.push(...readAll(reader));
    }
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return { incoming, code: error.code };
  }
  return { incoming, code: undefined };
}

function times<T>(count: number, step: T): T[] {
  return Array.from({ length: count }, () => step);
}

const toHandshake: Step = { keys: 'handshake' };
const toApplication: Step = { keys: 'application' };
const emptyData: Step = { protect: [application_data, new Uint8Array(0)] };
const data: Step = { protect: [application_data, Uint8Array.of(1)] };
const finished: Step = { protect: [handshake, handshakeMessage(HandshakeType.finished, 32)] };
const canceled: Step = { protect: [alert, Uint8Array.of(1, 90)] };
const half = handshakeMessage(HandshakeType.certificate, 100).subarray(0, 50);

const REFUSED: readonly (readonly [string, 'client' | 'server', readonly Step[], TlsErrorCode])[] = [
  // ChangeCipherSpec
  ['ChangeCipherSpec before the first ClientHello', 'server', [CCS], 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC'],
  [
    'ChangeCipherSpec with another byte',
    'client',
    [record(20, Uint8Array.of(2))],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'ChangeCipherSpec of two bytes',
    'client',
    [record(20, Uint8Array.of(1, 1))],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'ChangeCipherSpec after the handshake',
    'client',
    [toHandshake, finished, toApplication, CCS],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'ChangeCipherSpec inside protection',
    'client',
    [toHandshake, { protect: [20, Uint8Array.of(1)] }],
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  [
    'ChangeCipherSpec inside a message',
    'server',
    [HELLO, record(handshake, half), CCS],
    'ERR_INTERLEAVED_HANDSHAKE',
  ],
  [
    'too many ChangeCipherSpecs',
    'client',
    times(MAX_CHANGE_CIPHER_SPECS + 1, CCS),
    'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC',
  ],
  // Application data before its time
  [
    'plaintext application data first',
    'server',
    [record(23, Uint8Array.of(1))],
    'ERR_UNEXPECTED_APPLICATION_DATA',
  ],
  [
    'empty plaintext application data first',
    'server',
    [record(23, new Uint8Array(0))],
    'ERR_UNEXPECTED_APPLICATION_DATA',
  ],
  ['application data under handshake keys', 'client', [toHandshake, data], 'ERR_UNEXPECTED_APPLICATION_DATA'],
  [
    'empty application data under handshake keys',
    'client',
    [toHandshake, emptyData],
    'ERR_UNEXPECTED_APPLICATION_DATA',
  ],
  // What is not protected when it must be
  ['a plaintext handshake record under handshake keys', 'client', [toHandshake, HELLO], 'ERR_BAD_RECORD_MAC'],
  [
    'a plaintext handshake record under application keys',
    'server',
    [toApplication, HELLO],
    'ERR_BAD_RECORD_MAC',
  ],
  ['a plaintext alert to a client that has keys', 'client', [toHandshake, ALERT], 'ERR_BAD_RECORD_MAC'],
  [
    'a plaintext alert after a protected record',
    'server',
    [toHandshake, finished, ALERT],
    'ERR_BAD_RECORD_MAC',
  ],
  [
    'a plaintext alert after the handshake',
    'server',
    [toHandshake, toApplication, ALERT],
    'ERR_BAD_RECORD_MAC',
  ],
  [
    'a plaintext alert of another length in its place',
    'server',
    [toHandshake, record(21, Uint8Array.of(2, 40, 2, 40))],
    'ERR_BAD_RECORD_MAC',
  ],
  [
    'a protected record of another version',
    'client',
    [toHandshake, record(23, new Uint8Array(40), 0x0301)],
    'ERR_RECORD_VERSION',
  ],
  // Alerts
  ['an alert of one byte', 'client', [record(21, Uint8Array.of(2))], 'ERR_DECODE'],
  ['two alerts in one record', 'client', [record(21, Uint8Array.of(1, 90, 2, 40))], 'ERR_DECODE'],
  [
    'an empty protected alert',
    'client',
    [toHandshake, { protect: [alert, new Uint8Array(0)] }],
    'ERR_EMPTY_FRAGMENT',
  ],
  [
    'an empty protected alert with padding',
    'client',
    [toHandshake, { protect: [alert, new Uint8Array(0), 100] }],
    'ERR_EMPTY_FRAGMENT',
  ],
  [
    'too many alerts in a row',
    'client',
    [toApplication, ...times(MAX_WARNING_ALERTS + 1, canceled)],
    'ERR_TOO_MANY_WARNING_ALERTS',
  ],
  [
    'a closure alert inside a message',
    'server',
    [record(handshake, half), record(alert, Uint8Array.of(1, 0))],
    'ERR_INTERLEAVED_HANDSHAKE',
  ],
  // Handshake
  [
    'an empty protected handshake record',
    'client',
    [toHandshake, { protect: [handshake, new Uint8Array(0)] }],
    'ERR_EMPTY_FRAGMENT',
  ],
  [
    'an empty protected handshake record with padding',
    'client',
    [toHandshake, { protect: [handshake, new Uint8Array(0), 9] }],
    'ERR_EMPTY_FRAGMENT',
  ],
  [
    'application data inside a message',
    'client',
    [toApplication, { protect: [handshake, half] }, data],
    'ERR_INTERLEAVED_HANDSHAKE',
  ],
  [
    'empty application data inside a message',
    'client',
    [toApplication, { protect: [handshake, half] }, emptyData],
    'ERR_INTERLEAVED_HANDSHAKE',
  ],
  [
    'a key change inside a message',
    'client',
    [record(handshake, half), toHandshake],
    'ERR_EXCESS_HANDSHAKE_DATA',
  ],
  [
    'a key change with a byte of the next message there',
    'client',
    [record(handshake, concat(handshakeMessage(2, 50), Uint8Array.of(8))), toHandshake],
    'ERR_EXCESS_HANDSHAKE_DATA',
  ],
  // Other
  [
    'an unknown type inside protection',
    'client',
    [toHandshake, { protect: [24, Uint8Array.of(1)] }],
    'ERR_RECORD_TYPE',
  ],
  [
    'an unknown type without content inside protection',
    'client',
    [toHandshake, { protect: [24, new Uint8Array(0)] }],
    'ERR_EMPTY_FRAGMENT',
  ],
  [
    'nothing but padding',
    'client',
    [toHandshake, { protect: [0, new Uint8Array(50)] }],
    'ERR_NO_CONTENT_TYPE',
  ],
  [
    'too many empty records',
    'client',
    [toApplication, ...times(MAX_EMPTY_RECORDS + 1, emptyData)],
    'ERR_TOO_MANY_EMPTY_RECORDS',
  ],
  [
    'too many empty records with padding',
    'client',
    [toApplication, ...times(MAX_EMPTY_RECORDS + 1, { protect: [23, new Uint8Array(0), 7] } as Step)],
    'ERR_TOO_MANY_EMPTY_RECORDS',
  ],
  [
    'a plaintext record above 2^14 bytes',
    'client',
    [record(handshake, new Uint8Array(0), 0x0303, MAX_PLAINTEXT_LENGTH + 1)],
    'ERR_RECORD_OVERFLOW',
  ],
  [
    'a protected record above 2^14 + 256 bytes',
    'client',
    [toHandshake, record(23, new Uint8Array(0), 0x0303, MAX_CIPHERTEXT_LENGTH + 1)],
    'ERR_RECORD_OVERFLOW',
  ],
];
for (const [what, role, steps, code] of REFUSED) {
  test(`${role}: ${what} is ${code}`, () => {
    assert.equal(play(role, steps).code, code);
  });
}

function kinds(incoming: readonly Incoming[]): string[] {
  return incoming.map((item) => {
    if (item.type === 'handshake') return `${item.epoch} handshake ${item.message.type}`;
    if (item.type === 'alert') return `${item.epoch} alert ${item.description}`;
    return `${item.epoch} data ${item.data.length}`;
  });
}

const TAKEN: readonly (readonly [string, 'client' | 'server', readonly Step[], readonly string[]])[] = [
  ['ChangeCipherSpecs up to the limit', 'client', times(MAX_CHANGE_CIPHER_SPECS, CCS), []],
  ['ChangeCipherSpec after the ClientHello', 'server', [HELLO, CCS], ['plaintext handshake 1']],
  [
    'ChangeCipherSpec while protection is expected',
    'server',
    [HELLO, toHandshake, CCS, finished],
    ['plaintext handshake 1', 'handshake handshake 20'],
  ],
  [
    'a plaintext alert in place of the first protected record',
    'server',
    [HELLO, toHandshake, CCS, ALERT],
    ['plaintext handshake 1', 'plaintext alert 40'],
  ],
  ['a plaintext alert before there are keys', 'client', [ALERT], ['plaintext alert 40']],
  ['an error alert inside a message', 'server', [record(handshake, half), ALERT], ['plaintext alert 40']],
  [
    'empty records up to the limit, twice',
    'client',
    [toApplication, ...times(MAX_EMPTY_RECORDS, emptyData), data, ...times(MAX_EMPTY_RECORDS, emptyData)],
    ['application data 1'],
  ],
  [
    'alerts up to the limit, twice',
    'client',
    [toApplication, ...times(MAX_WARNING_ALERTS, canceled), data, ...times(MAX_WARNING_ALERTS, canceled)],
    [
      ...times(MAX_WARNING_ALERTS, 'application alert 90'),
      'application data 1',
      ...times(MAX_WARNING_ALERTS, 'application alert 90'),
    ],
  ],
  [
    'two messages in one record, one message over two records',
    'client',
    [
      record(handshake, concat(handshakeMessage(2, 9), half)),
      record(handshake, handshakeMessage(11, 100).subarray(50)),
    ],
    ['plaintext handshake 2', 'plaintext handshake 11'],
  ],
  [
    'a message that spans records inside protection, with padding',
    'client',
    [
      toHandshake,
      { protect: [handshake, half, 30] },
      { protect: [handshake, handshakeMessage(11, 100).subarray(50), 5] },
    ],
    ['handshake handshake 11'],
  ],
  [
    'messages after the handshake',
    'client',
    [toApplication, { protect: [handshake, handshakeMessage(4, 200)] }, data],
    ['application handshake 4', 'application data 1'],
  ],
];
for (const [what, role, steps, expected] of TAKEN) {
  test(`${role}: ${what}: taken`, () => {
    const { incoming, code } = play(role, steps);
    assert.equal(code, undefined);
    assert.deepEqual(kinds(incoming), expected);
  });
}

test('an alert tells whether it was protected', () => {
  const isProtected = (steps: readonly Step[]) =>
    play('server', steps).incoming.map((item) => item.type === 'alert' && item.isProtected);
  assert.deepEqual(isProtected([ALERT]), [false]);
  assert.deepEqual(isProtected([toHandshake, ALERT]), [false]);
  assert.deepEqual(isProtected([toHandshake, { protect: [alert, Uint8Array.of(2, 40)] }]), [true]);
});

test('after a key change the sequence numbers start again, and the old key is worth nothing', () => {
  const first = keyPair();
  const second = keyPair();
  const reader = new RecordReader({ role: 'client' });
  reader.changeKeys('application', first.open);
  reader.push(sealRecord(first.seal, 23, Uint8Array.of(1)));
  reader.push(sealRecord(first.seal, handshake, handshakeMessage(HandshakeType.key_update, 1)));
  assert.equal(readAll(reader).length, 2);
  reader.changeKeys('application', second.open);
  reader.push(sealRecord(second.seal, 23, Uint8Array.of(2)));
  assert.equal(readAll(reader).length, 1);
  reader.push(sealRecord(first.seal, 23, Uint8Array.of(3)));
  assert.throws(() => reader.next(), { code: 'ERR_BAD_RECORD_MAC' });
});

test('a listener sees every record, in order, with what is outside and inside', () => {
  const { seal, open } = keyPair();
  const seen: string[] = [];
  const reader = new RecordReader({
    role: 'server',
    onRecord: ({ epoch, sequence, outerType, innerType, contentLength, padding, bytes }) =>
      seen.push(
        `${epoch} ${sequence}: ${outerType}/${innerType} ${contentLength}+${padding} in ${bytes.length}`,
      ),
  });
  reader.push(HELLO);
  readAll(reader);
  reader.changeKeys('handshake', open);
  reader.push(CCS);
  reader.push(sealRecord(seal, handshake, handshakeMessage(20, 32)));
  reader.push(sealRecord(seal, alert, Uint8Array.of(1, 0), 14));
  readAll(reader);
  assert.deepEqual(seen, [
    'plaintext 0: 22/22 44+0 in 49',
    'plaintext 1: 20/20 1+0 in 6',
    'handshake 0: 23/22 36+0 in 58',
    'handshake 1: 23/21 2+14 in 38',
  ]);
});

test('pendingLength tells what was cut off', () => {
  const reader = new RecordReader({ role: 'server' });
  reader.push(HELLO.subarray(0, 20));
  assert.equal(reader.next(), undefined);
  assert.equal(reader.pendingLength, 20);
  reader.push(HELLO.subarray(20));
  readAll(reader);
  assert.equal(reader.pendingLength, 0);
});

test('a reader that was closed reads nothing more and takes no key', () => {
  const { seal, open } = keyPair();
  const reader = new RecordReader({ role: 'client' });
  reader.changeKeys('application', open);
  reader.push(sealRecord(seal, application_data, Uint8Array.of(1)));
  reader.close();
  reader.push(sealRecord(seal, application_data, Uint8Array.of(2)));
  assert.deepEqual(readAll(reader), []);
  assert.equal(reader.pendingLength, 0);
  assert.throws(() => reader.changeKeys('application', keyPair().open), { code: 'ERR_CLOSED' });
});
