import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ascii,
  concat,
  constantTimeEqual,
  equalBytes,
  fromHex,
  latin1,
  printable,
  toHex,
} from '../../src/wire/bytes.ts';

test('concat joins in order, into a new array', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (parts) => {
      assert.deepEqual(
        [...concat(...parts)],
        parts.flatMap((part) => [...part]),
      );
    }),
  );
  const part = Uint8Array.of(1);
  const joined = concat(part);
  part[0] = 2;
  assert.deepEqual(joined, Uint8Array.of(1));
});

test('both comparisons agree with equality', () => {
  const nearly = fc.tuple(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), fc.boolean());
  fc.assert(
    fc.property(nearly, ([a, other, isSame]) => {
      const b = isSame ? a.slice() : other;
      const expected = toHex(a) === toHex(b);
      assert.equal(equalBytes(a, b), expected);
      assert.equal(constantTimeEqual(a, b), expected);
    }),
  );
  for (let bit = 0; bit < 256; bit++) {
    const a = new Uint8Array(32);
    const b = a.slice();
    b[bit >> 3] = 1 << (bit & 7);
    assert(!constantTimeEqual(a, b));
    assert(!equalBytes(a, b));
  }
});

test('hexadecimal both ways; anything else is refused', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromHex(toHex(bytes)), bytes)));
  assert.deepEqual(fromHex(' 0A\n0b '), Uint8Array.of(10, 11));
  for (const text of ['0', '0g', '0x00', 'ää']) assert.throws(() => fromHex(text), RangeError);
});

test('text both ways; ASCII holds nothing else', () => {
  assert.equal(latin1(ascii('GET /\r\n')), 'GET /\r\n');
  assert.equal(latin1(Uint8Array.of(0xe4)), 'ä');
  for (const text of ['ä', '\u{1f511}', '\x80']) assert.throws(() => ascii(text), RangeError);
});

test('printable text steers no terminal and no log', () => {
  assert.equal(printable(ascii('http/1.1')), 'http/1.1');
  assert.equal(
    printable(Uint8Array.of(0x1b, 0x5b, 0x41, 0x0a, 0x7f, 0xff, 0x5c)),
    '\\x1b[A\\x0a\\x7f\\xff\\',
  );
});
