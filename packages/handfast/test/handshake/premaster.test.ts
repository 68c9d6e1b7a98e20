/**
 * The premaster secret in its padding, against a reference that may branch as it likes, and what the constant-time
 * code reads: the same bytes in the same order, whatever they hold.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { premasterFrom } from '../../src/handshake/server/premaster.ts';
import { concat, equalBytes, toHex } from '../../src/wire/bytes.ts';
import { sampleSource } from '../wire/support.ts';

const VERSION = 0x0303;
const PREMASTER_LENGTH = 48;
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

const { below } = sampleSource(1);
const nonZero = (length: number): Uint8Array => Uint8Array.from({ length }, () => 1 + below(255));

function premaster(version = VERSION, length = PREMASTER_LENGTH): Uint8Array {
  return concat(Uint8Array.of(version >> 8, version & 0xff), nonZero(length - 2));
}

/** A block as it should be, of a modulus of `length` bytes, around any message. */
function padded(length: number, message = premaster()): Uint8Array {
  return concat(Uint8Array.of(0, 2), nonZero(length - message.length - 3), Uint8Array.of(0), message);
}

function withByte(block: Uint8Array, at: number, value: number): Uint8Array {
  const changed = block.slice();
  changed[at] = value;
  return changed;
}

/** Everything that can be wrong with a block. */
function wrongBlocks(length: number): readonly (readonly [what: string, block: Uint8Array])[] {
  const right = padded(length);
  const separator = length - PREMASTER_LENGTH - 1;
  const classes: [string, Uint8Array][] = [];
  for (const value of [1, 2, 0x80, 0xff]) {
    classes.push([`first byte ${value}`, withByte(right, 0, value)]);
  }
  for (const value of [0, 1, 3, 0x82, 0xff]) {
    classes.push([`block type ${value}`, withByte(right, 1, value)]);
  }
  for (let at = 2; at < separator; at++) classes.push([`zero at ${at}`, withByte(right, at, 0)]);
  classes.push(['no separator', withByte(right, separator, 7)]);
  classes.push(['no zero at all', nonZero(length)]);
  for (const off of [-2, -1, 1, 2, 8]) {
    if (separator + off < 10) continue;
    classes.push([`separator ${off} off`, padded(length, premaster(VERSION, PREMASTER_LENGTH - off))]);
  }
  for (const short of [0, 1, 2, 46, 47].map((size) => premaster(VERSION, 48).slice(0, size))) {
    classes.push([`a premaster secret of ${short.length} bytes`, padded(length, short)]);
  }
  for (const version of [0x0300, 0x0301, 0x0302, 0x0304, 0x0203, 0x0403, 0x8303, 0x0383, 0x0000, 0xffff]) {
    classes.push([`version ${version.toString(16)}`, padded(length, premaster(version))]);
  }
  classes.push(['zeros', new Uint8Array(length)]);
  classes.push(['ones', new Uint8Array(length).fill(0xff)]);
  return classes;
}

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
