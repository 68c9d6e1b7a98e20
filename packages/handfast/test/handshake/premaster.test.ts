/**
 * The premaster secret in its padding, against a reference that may branch as it likes, and what the constant-time
 * code reads: the same bytes in the same order, whatever they hold.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { premasterFrom } from '../../src/handshake/server/premaster.ts';
import { equalBytes, toHex } from '../../src/wire/bytes.ts';
import { PREMASTER_LENGTH, padded, premaster, withByte, wrongBlocks } from '../support/premasters.ts';
import { sampleSource } from '../wire/support.ts';

const VERSION = 0x0303;
const SUBSTITUTE = new Uint8Array(PREMASTER_LENGTH).fill(0x5a);

/** RSAES-PKCS1-v1_5 decoding step by step (RFC 8017 section 7.2.2), and the checks of RFC 5246 section 7.4.7.1. */
function reference(block: Uint8Array, version: number, substitute: Uint8Array): Uint8Array {
  if (block[0] !== 0 || block[1] !== 2) return substitute;
  const separator = block.indexOf(0, 2);
  if (separator < 0) return substitute;
  if (separator - 2 < 8) return substitute;
  const message = block.slice(separator + 1);
  if (message.length !== PREMASTER_LENGTH) return substitute;
  if (message[0] !== version >> 8 || message[1] !== (version & 0xff)) return substitute;
  return message;
}

/** Lengths in bytes of moduli: of 2048, 2049, 2057, 3072 and 4096 bits, and the shortest that can hold a premaster secret. */
const LENGTHS = [256, 257, 258, 384, 512, PREMASTER_LENGTH + 11];

for (const length of LENGTHS) {
  test(`a modulus of ${length} bytes: the right block gives its secret, every wrong one the substitute`, () => {
    const right = padded(length);
    assert.equal(toHex(premasterFrom(right, VERSION, SUBSTITUTE)), toHex(right.slice(-PREMASTER_LENGTH)));
    for (const [what, block] of wrongBlocks(length)) {
      assert.equal(block.length, length, what);
      assert.equal(reference(block, VERSION, SUBSTITUTE), SUBSTITUTE, what);
      assert.equal(toHex(premasterFrom(block, VERSION, SUBSTITUTE)), toHex(SUBSTITUTE), what);
    }
  });

  test(`a modulus of ${length} bytes: zeros in the secret are no separators`, () => {
    for (let at = 2; at < PREMASTER_LENGTH; at++) {
      const right = padded(length, withByte(premaster(), at, 0));
      assert.equal(
        toHex(premasterFrom(right, VERSION, SUBSTITUTE)),
        toHex(reference(right, VERSION, SUBSTITUTE)),
      );
      assert.equal(toHex(premasterFrom(right, VERSION, SUBSTITUTE)), toHex(right.slice(-PREMASTER_LENGTH)));
    }
  });

  test(`a modulus of ${length} bytes: what is read does not depend on what is there`, () => {
    const reads = (block: Uint8Array): string => {
      const seen: string[] = [];
      const watched = new Proxy(block, {
        get(target, name) {
          seen.push(String(name));
          return Reflect.get(target, name, target);
        },
      });
      premasterFrom(watched, VERSION, SUBSTITUTE);
      return seen.join(' ');
    };
    const expected = reads(padded(length));
    assert.ok(expected.split(' ').length > length);
    for (const [what, block] of wrongBlocks(length)) assert.equal(reads(block), expected, what);
  });
}

test('the version is the one that the client offered, whichever that was', () => {
  for (const version of [0x0303, 0x0304, 0x0302, 0x0399, 0x7f12]) {
    for (const other of [version, version ^ 1, version ^ 0x100, version ^ 0x8000, version ^ 0x80, 0]) {
      const block = padded(256, premaster(other));
      const expected = other === version ? block.slice(-PREMASTER_LENGTH) : SUBSTITUTE;
      assert.equal(toHex(premasterFrom(block, version, SUBSTITUTE)), toHex(expected));
    }
  }
});

test('a block that is too short for any premaster secret gives the substitute', () => {
  for (let length = 0; length < PREMASTER_LENGTH + 11; length++) {
    for (const fill of [0, 2, 0xff]) {
      const block = new Uint8Array(length).fill(fill);
      assert.equal(toHex(premasterFrom(block, VERSION, SUBSTITUTE)), toHex(SUBSTITUTE));
    }
    if (length > PREMASTER_LENGTH + 3) {
      // Right in all but that its padding has fewer than eight bytes.
      const block = padded(length);
      assert.equal(toHex(premasterFrom(block, VERSION, SUBSTITUTE)), toHex(SUBSTITUTE), String(length));
    }
  }
});

test('the answer is as the reference has it, for blocks that are right but for a few bytes', () => {
  const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 2, 3), fc.nat(255)));
  const substitute = fc.uint8Array({ minLength: PREMASTER_LENGTH, maxLength: PREMASTER_LENGTH });
  let kept = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...LENGTHS),
      fc.array(change, { maxLength: 3 }),
      fc.nat(),
      substitute,
      (length, changes, seed, random) => {
        const source = sampleSource(seed);
        const block = padded(length).map((byte, i) => (i > 2 ? byte ^ (source.below(2) << 3) || 9 : byte));
        block[length - PREMASTER_LENGTH - 1] = 0;
        block.set([3, 3], length - PREMASTER_LENGTH);
        for (const [at, value] of changes) block[at % length] = value;
        const expected = reference(block, VERSION, random);
        if (!equalBytes(expected, random)) kept++;
        assert.equal(toHex(premasterFrom(block, VERSION, random)), toHex(expected));
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(kept > 200, `only ${kept} blocks were right`);
});

test('the answer is as the reference has it, for any bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 59, maxLength: 300 }),
    fc
      .array(fc.constantFrom(0, 1, 2, 3, 255), { minLength: 59, maxLength: 300 })
      .map((b) => Uint8Array.from(b)),
  );
  fc.assert(
    fc.property(bytes, (block) => {
      const expected = reference(block, VERSION, SUBSTITUTE);
      assert.equal(toHex(premasterFrom(block, VERSION, SUBSTITUTE)), toHex(expected));
    }),
    { numRuns: 2000 },
  );
});

test('the arguments are left as they are', () => {
  const [block, substitute] = [padded(256), SUBSTITUTE.slice()];
  const before = block.slice();
  premasterFrom(block, VERSION, substitute).fill(0);
  assert.deepEqual(block, before);
  assert.deepEqual(substitute, SUBSTITUTE);
});
