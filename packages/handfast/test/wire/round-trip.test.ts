/** decode(encode(x)) = x, for everything that the wire room declares. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Codec, decode, encode } from '../../src/wire/codec.ts';
import { type ExtensionContext, extensionBlock } from '../../src/wire/extensions/block.ts';
import { EXTENSIONS } from '../../src/wire/extensions/index.ts';
import { MESSAGES, sampleSource, seeds } from './support.ts';

function assertRoundTrip(codec: Codec<unknown>, name: string, numRuns: number): void {
  fc.assert(
    fc.property(seeds, (seed) => {
      const value = codec.sample(sampleSource(seed));
      const bytes = encode(codec, value);
      const decoded = decode(codec, name, bytes);
      assert.deepEqual(decoded, value);
      assert.deepEqual(encode(codec, decoded), bytes);
    }),
    { numRuns },
  );
}

for (const [name, codec] of MESSAGES) {
  test(name, () => assertRoundTrip(codec, name, 400));
}

for (const [name, { in: contexts }] of Object.entries(EXTENSIONS)) {
  for (const [context, codec] of Object.entries(contexts)) {
    test(`the data of ${name} in ${context}`, () => assertRoundTrip(codec as Codec<unknown>, name, 100));
  }
}

test('every message that has extensions takes part, with every extension that it may have', () => {
  const contexts = new Set<string>(Object.values(EXTENSIONS).flatMap(({ in: where }) => Object.keys(where)));
  for (const context of contexts) {
    const expected = Object.entries(EXTENSIONS)
      .filter(([, { in: where }]) => context in where)
      .map(([name]) => name);
    const codec = extensionBlock(context as ExtensionContext);
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      for (const name of Object.keys(
        decode(codec, context, encode(codec, codec.sample(sampleSource(seed)))),
      )) {
        seen.add(name);
      }
    }
    assert.deepEqual([...seen].sort(), [...expected, 'order', 'unknown'].sort());
  }
});

test('extensions without an order are written as they stand in the object; pre_shared_key comes last', () => {
  const codec = extensionBlock('ClientHello');
  const preSharedKey = {
    identities: [{ identity: Uint8Array.of(1), obfuscatedTicketAge: 2 }],
    binders: [new Uint8Array(32)],
  };
  const value = {
    preSharedKey,
    cookie: Uint8Array.of(7),
    unknown: [{ type: 0xff77, data: Uint8Array.of(0) }],
    postHandshakeAuth: true as const,
  };
  const decoded = decode(codec, 'ClientHello', encode(codec, value));
  assert.deepEqual(decoded.order, [44, 49, 0xff77, 41]);
  const first = encode(codec, { ...value, order: [41, 0xff77] });
  assert.deepEqual(decode(codec, 'ClientHello', first).order, [0xff77, 44, 49, 41]);
});

test('an order that names what is not there is followed for the rest', () => {
  const codec = extensionBlock('ClientHello');
  const bytes = encode(codec, { cookie: Uint8Array.of(7), postHandshakeAuth: true, order: [51, 49, 13, 44] });
  assert.deepEqual(decode(codec, 'ClientHello', bytes).order, [49, 44]);
});
