/** The combinators: what each reads, writes and refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import {
  type Codec,
  checked,
  decode,
  decodeWithFields,
  empty,
  enclosed,
  encode,
  fixed,
  opaque,
  rest,
  struct,
  uint,
  uint8,
  uint16,
  uint32,
  vector,
  Writer,
} from '../../src/wire/codec.ts';
import { TlsError } from '../../src/wire/errors.ts';

const list = vector(uint16, 2, 0xfffe);
const pair = struct({ left: uint8, right: opaque(1, 0xff) });

const ACCEPTED: readonly (readonly [string, Codec<unknown>, string, unknown])[] = [
  ['uint8', uint8 as Codec<unknown>, 'fe', 0xfe],
  ['uint16', uint16 as Codec<unknown>, 'fedc', 0xfedc],
  ['three bytes', uint(3) as Codec<unknown>, 'fedcba', 0xfedcba],
  ['uint32', uint32 as Codec<unknown>, 'fedcba98', 0xfedcba98],
  ['fixed', fixed(3) as Codec<unknown>, '010203', Uint8Array.of(1, 2, 3)],
  ['rest of nothing', rest as Codec<unknown>, '', new Uint8Array(0)],
  ['opaque, short length', opaque(0, 0xff) as Codec<unknown>, '020a0b', Uint8Array.of(10, 11)],
  ['opaque, long length', opaque(0, 0x100) as Codec<unknown>, '00020a0b', Uint8Array.of(10, 11)],
  ['opaque, length of 3', opaque(0, 0x10000) as Codec<unknown>, '0000020a0b', Uint8Array.of(10, 11)],
  ['vector', list as Codec<unknown>, '000400010002', [1, 2]],
  ['struct', pair as Codec<unknown>, '0701ff', { left: 7, right: Uint8Array.of(255) }],
  [
    'enclosed',
    enclosed(pair, 0, 0xffff) as Codec<unknown>,
    '00030701ff',
    { left: 7, right: Uint8Array.of(255) },
  ],
  ['empty', empty as Codec<unknown>, '', true],
];
for (const [what, codec, hex, value] of ACCEPTED) {
  test(`${what}: both ways`, () => {
    assert.deepEqual(decode(codec, 'Test', fromHex(hex)), value);
    assert.equal(toHex(encode(codec, value)), hex);
  });
}

const REFUSED: readonly (readonly [string, Codec<unknown>, string, RegExp])[] = [
  ['an integer cut short', uint16 as Codec<unknown>, 'fe', /^Test: expected 2 bytes, found 1 \(at byte 0\)$/],
  [
    'an integer and a byte',
    uint8 as Codec<unknown>,
    'fe00',
    /^Test: 1 byte left over at its end \(at byte 1\)$/,
  ],
  ['fixed bytes cut short', fixed(3) as Codec<unknown>, '0102', /expected 3 bytes, found 2/],
  [
    'opaque below its minimum',
    opaque(2, 9) as Codec<unknown>,
    '0101',
    /expected a length of 2 to 9 bytes, found 1/,
  ],
  [
    'opaque above its maximum',
    opaque(2, 9) as Codec<unknown>,
    '0a',
    /expected a length of 2 to 9 bytes, found 10/,
  ],
  [
    'opaque longer than what is there',
    opaque(0, 0xff) as Codec<unknown>,
    '0201',
    /expected 2 bytes, found 1/,
  ],
  [
    'a vector longer than what is there',
    list as Codec<unknown>,
    '00040001',
    /expected 4 bytes as its length says, found 2/,
  ],
  [
    'a vector of odd length',
    list as Codec<unknown>,
    '0003000102',
    /^Test\[1\]: expected 2 bytes, found 1 \(at byte 4\)$/,
  ],
  [
    'an empty vector that may not be',
    list as Codec<unknown>,
    '0000',
    /expected a length of 2 to 65534 bytes, found 0/,
  ],
  [
    'a struct cut short',
    pair as Codec<unknown>,
    '0702ff',
    /^Test\.right: expected 2 bytes, found 1 \(at byte 2\)$/,
  ],
  [
    'an element inside a vector',
    vector(pair, 0, 0xff) as Codec<unknown>,
    '0507010209ff',
    /^Test\[1\]\.right: expected/,
  ],
  ['enclosed with a byte left', enclosed(uint8, 0, 0xff) as Codec<unknown>, '020101', /1 byte left over/],
  ['something in what must be empty', empty as Codec<unknown>, '00', /1 byte left over/],
];
for (const [what, codec, hex, message] of REFUSED) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => decode(codec, 'Test', fromHex(hex)),
      (error) => {
        assert(error instanceof TlsError);
        assert.equal(error.code, 'ERR_DECODE');
        assert.equal(error.alert, 'decode_error');
        assert.match(error.message, message);
        assert.equal(typeof error.context.offset, 'number');
        return true;
      },
    );
  });
}

test('a rule on a value is illegal_parameter, and names the field', () => {
  const codec = struct({
    outer: struct({ even: checked(uint8, (n) => (n % 2 === 0 ? undefined : 'expected an even number')) }),
  });
  assert.deepEqual(decode(codec, 'Test', Uint8Array.of(4)), { outer: { even: 4 } });
  assert.throws(() => decode(codec, 'Test', Uint8Array.of(5)), {
    code: 'ERR_ILLEGAL_PARAMETER',
    alert: 'illegal_parameter',
    message: 'Test.outer.even: expected an even number (at byte 1)',
  });
});

const UNWRITABLE: readonly (readonly [string, () => unknown])[] = [
  ['an integer too large', () => encode(uint8, 256)],
  ['a negative integer', () => encode(uint16, -1)],
  ['a fraction', () => encode(uint16, 1.5)],
  ['NaN', () => encode(uint32, Number.NaN)],
  ['2^32', () => encode(uint32, 2 ** 32)],
  ['fixed bytes of another length', () => encode(fixed(2), new Uint8Array(3))],
  ['opaque below its minimum', () => encode(opaque(1, 9), new Uint8Array(0))],
  ['opaque above its maximum', () => encode(opaque(1, 9), new Uint8Array(10))],
  ['an empty vector that may not be', () => encode(list, [])],
  ['a vector above its maximum', () => encode(vector(uint8, 0, 3), [1, 2, 3, 4])],
];
for (const [what, write] of UNWRITABLE) {
  test(`not written: ${what}`, () => {
    assert.throws(write, RangeError);
  });
}

test('the writer grows, and lengths are right at every depth', () => {
  const deep = vector(vector(opaque(0, 0xffff), 0, 0xffffff), 0, 0xffffff);
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), { maxLength: 5 }),
      (value) => {
        assert.deepEqual(decode(deep, 'Test', encode(deep, value)), value);
      },
    ),
  );
});

test('what a writer gave stays as it is when more is written', () => {
  const writer = new Writer(1);
  writer.uint(2, 0x0102);
  assert.equal(toHex(writer.finish()), '0102');
  writer.bytes(new Uint8Array(500));
  assert.equal(writer.finish().length, 502);
});

test('fields tell name, range and text', () => {
  const codec = struct({ number: uint(2, (n) => `<${n}>`), parts: vector(pair, 0, 0xff), end: rest });
  const { value, fields } = decodeWithFields(codec, 'Test', fromHex('0005 04 0902aabb cc'));
  assert.equal(value.number, 5);
  assert.deepEqual(fields, [
    { name: 'number', start: 0, end: 2, text: '<5>' },
    {
      name: 'parts',
      start: 2,
      end: 7,
      text: '1 entry',
      fields: [
        {
          name: '[0]',
          start: 3,
          end: 7,
          fields: [
            { name: 'left', start: 3, end: 4, text: '9' },
            { name: 'right', start: 4, end: 7, text: 'aabb' },
          ],
        },
      ],
    },
    { name: 'end', start: 7, end: 8, text: 'cc' },
  ]);
});

test('long bytes are cut in their text, not in their value', () => {
  const [field] = decodeWithFields(struct({ data: rest }), 'Test', new Uint8Array(100)).fields;
  assert.equal(field?.text, `${'00'.repeat(40)}... (100 bytes)`);
});
