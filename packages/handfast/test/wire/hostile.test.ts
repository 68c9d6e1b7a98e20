/** Bytes that nobody meant well: they give a TlsError or a value, and soon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../src/wire/bytes.ts';
import { type Codec, decode, decodeWithFields, encode } from '../../src/wire/codec.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { extensionBlock } from '../../src/wire/extensions/block.ts';
import {
  encodeHandshake,
  HANDSHAKE_HEADER_LENGTH,
  type MessageContext,
  messageFields,
} from '../../src/wire/messages/index.ts';
import { decodeServerHello } from '../../src/wire/messages/server-hello.ts';
import { ExtensionType } from '../../src/wire/registry.ts';
import { MESSAGES, sampleSource, seeds, TYPES } from './support.ts';

const CODES = new Set(['ERR_DECODE', 'ERR_ILLEGAL_PARAMETER', 'ERR_DUPLICATE_EXTENSION']);

/** What decodes must encode to the same bytes; what does not must say so with a TlsError. */
function examine(name: string, codec: Codec<unknown>, bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = decode(codec, name, bytes);
  } catch (error) {
    assert(error instanceof TlsError && CODES.has(error.code), String(error));
    assert(error.message.startsWith(name), error.message);
    assert.throws(() => decodeWithFields(codec, name, bytes), { message: error.message });
    return;
  }
  assert.deepEqual(decodeWithFields(codec, name, bytes).value, value);
  assert.deepEqual(encode(codec, value), bytes);
}

/** Changes, removes, inserts and repeats bytes. */
function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const random = sampleSource(seed);
  let mutated = bytes;
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(mutated.length + 1);
    const [before, after] = [mutated.subarray(0, at), mutated.subarray(at)];
    const byte = Uint8Array.of([0, 1, 0xff, random.below(256)][random.below(4)] as number);
    mutated = [
      () => concat(before, byte, after.subarray(1)),
      () => concat(before, after.subarray(1 + random.below(4))),
      () => concat(before, byte, after),
      () => concat(before, before.subarray(-8), after),
    ][random.below(4)]?.() as Uint8Array;
  }
  return mutated;
}

for (const [name, codec] of MESSAGES) {
  test(`${name}: mutated`, () => {
    fc.assert(
      fc.property(seeds, (seed) =>
        examine(name, codec, mutate(encode(codec, codec.sample(sampleSource(seed))), seed + 1)),
      ),
      { numRuns: 1500 },
    );
  });

  test(`${name}: random`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => examine(name, codec, bytes)),
      { numRuns: 300 },
    );
  });
}

const CONTEXTS: readonly MessageContext[] = [
  { version: 'TLSv1.3' },
  { version: 'TLSv1.2' },
  { version: 'TLSv1.2', keyExchange: 'ECDHE' },
  { version: 'TLSv1.2', keyExchange: 'DHE' },
  { version: 'TLSv1.2', keyExchange: 'RSA' },
];

/** Fields, or none, or a TlsError: in every context, whatever the bytes. */
function examineWhole(message: Uint8Array): void {
  for (const action of [
    ...CONTEXTS.map((context) => () => messageFields(message, context)),
    () => decodeServerHello(message.subarray(HANDSHAKE_HEADER_LENGTH)),
  ]) {
    try {
      action();
    } catch (error) {
      assert(error instanceof TlsError && CODES.has(error.code), String(error));
    }
  }
}

test('whole messages of any type, random', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => examineWhole(bytes)),
    { numRuns: 1000 },
  );
});

test('whole messages of any type, mutated, read by the rules of others', () => {
  for (const [name, type] of Object.entries(TYPES)) {
    const codec = MESSAGES.get(name) as Codec<unknown>;
    for (let seed = 0; seed < 100; seed++) {
      const message = encodeHandshake(type, codec, codec.sample(sampleSource(seed)));
      examineWhole(message);
      examineWhole(mutate(message, seed + 1));
    }
  }
});

function prefixed(size: number, bytes: Uint8Array): Uint8Array {
  const length = Array.from({ length: size }, (_, i) => (bytes.length >> (8 * (size - 1 - i))) & 0xff);
  return concat(Uint8Array.from(length), bytes);
}

function extensionOf(type: number, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type >> 8, type & 0xff), prefixed(2, data));
}

/** `count` numbers of two bytes, all different, each followed by `tail`. */
function numbered(count: number, tail: readonly number[]): Uint8Array {
  const size = 2 + tail.length;
  const bytes = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) bytes.set([(i + 0x100) >> 8, (i + 0x100) & 0xff, ...tail], i * size);
  return bytes;
}

const WORST: readonly (readonly [string, Uint8Array])[] = [
  ['as many extensions as fit', prefixed(2, numbered(16_383, [0, 0]))],
  [
    'as many key shares as fit',
    prefixed(2, extensionOf(ExtensionType.key_share, prefixed(2, numbered(13_105, [0, 1, 7])))),
  ],
  [
    'as many groups as fit',
    prefixed(2, extensionOf(ExtensionType.supported_groups, prefixed(2, numbered(32_700, [])))),
  ],
  [
    'as many protocols as fit',
    prefixed(
      2,
      extensionOf(
        ExtensionType.application_layer_protocol_negotiation,
        prefixed(2, new Uint8Array(65_000).fill(1)),
      ),
    ),
  ],
  [
    'a host name as long as fits',
    prefixed(
      2,
      extensionOf(
        ExtensionType.server_name,
        prefixed(2, concat(Uint8Array.of(0), prefixed(2, new Uint8Array(65_000).fill(0x61)))),
      ),
    ),
  ],
];
for (const [what, bytes] of WORST) {
  test(`time in proportion: ${what}`, () => {
    const codec = extensionBlock('ClientHello');
    const start = process.cpuUsage();
    for (let i = 0; i < 3; i++) {
      try {
        decodeWithFields(codec, 'Block', bytes);
      } catch (error) {
        assert(error instanceof TlsError, String(error));
      }
    }
    const milliseconds = process.cpuUsage(start).user / 1000;
    // Of this process alone, however busy the machine is: linear work takes under 50 ms, comparing every pair would take seconds.
    assert(milliseconds < 1000, `${milliseconds} ms of work`);
  });
}

test('nothing is allocated for a claimed length', () => {
  const certificate = MESSAGES.get('Certificate') as Codec<unknown>;
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) {
    assert.throws(
      () => decode(certificate, 'Certificate', Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
      TlsError,
    );
  }
  assert(process.memoryUsage().arrayBuffers - before < 1 << 20);
});
