import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { DerError, DerReader, type DerReason, describeTag, Tag } from '../../src/x509/der.ts';
import * as der from '../support/der.ts';

type Read = (reader: DerReader) => unknown;

/** Refused inputs: each has its own reason, and points at the byte. */
const REFUSED: readonly (readonly [
  what: string,
  hex: string,
  read: Read,
  reason: DerReason,
  offset: number,
])[] = [
  ['nothing', '', (r) => r.sequence('x'), 'truncated', 0],
  ['only an identifier', '30', (r) => r.sequence('x'), 'truncated', 1],
  ['a cut length', '3082 01', (r) => r.sequence('x'), 'truncated', 3],
  ['cut contents', '3003 0500', (r) => r.sequence('x'), 'truncated', 4],
  ['a length far beyond the end', '3084 7fffffff 00', (r) => r.sequence('x'), 'truncated', 7],
  ['another type', '0400', (r) => r.sequence('x'), 'unexpected-tag', 0],
  ['another type later', '0500 0400', (r) => [r.null('x'), r.null('x')], 'unexpected-tag', 2],
  ['an indefinite length', '3080 0000', (r) => r.sequence('x'), 'indefinite-length', 1],
  [
    'a length with a leading zero',
    `308200ff${'00'.repeat(255)}`,
    (r) => r.sequence('x'),
    'length-not-minimal',
    1,
  ],
  ['a long length for 127', `30817f${'00'.repeat(127)}`, (r) => r.sequence('x'), 'length-not-minimal', 1],
  ['a length of zero in two octets', '308100', (r) => r.sequence('x'), 'length-not-minimal', 1],
  ['a length of five octets', '3085 0000000001 00', (r) => r.sequence('x'), 'length-too-large', 1],
  ['the reserved length octet', '30ff 00', (r) => r.sequence('x'), 'length-too-large', 1],
  ['a high tag number', '1f81 00 00', (r) => r.readAny('x'), 'high-tag-number', 0],
  ['trailing bytes', '0500 00', (r) => [r.null('x'), r.finish('x')], 'trailing-data', 2],
  ['a BOOLEAN of 1', '010101', (r) => r.boolean('x'), 'boolean-value', 0],
  ['a BOOLEAN of two bytes', '0102ffff', (r) => r.boolean('x'), 'boolean-value', 0],
  ['an empty BOOLEAN', '0100', (r) => r.boolean('x'), 'boolean-value', 0],
  ['an empty INTEGER', '0200', (r) => r.integer('x'), 'integer-empty', 0],
  ['a padded INTEGER', '0202007f', (r) => r.integer('x'), 'integer-not-minimal', 2],
  ['a padded negative INTEGER', '0202ff80', (r) => r.integer('x'), 'integer-not-minimal', 2],
  ['a negative number', '0201ff', (r) => r.unsignedInteger('x'), 'integer-negative', 2],
  ['a negative small number', '020180', (r) => r.smallInteger('x'), 'integer-negative', 2],
  ['a large small number', '02050080000000', (r) => r.smallInteger('x'), 'integer-too-large', 2],
  ['an empty BIT STRING', '0300', (r) => r.bitString('x'), 'bit-string-empty', 0],
  ['eight unused bits', '030208 00', (r) => r.bitString('x'), 'bit-string-unused-bits', 2],
  ['unused bits of nothing', '030101', (r) => r.bitString('x'), 'bit-string-unused-bits', 2],
  ['unused bits that are set', '030201 ff', (r) => r.bitString('x'), 'bit-string-padding', 3],
  ['unused bits in whole bytes', '030204 f0', (r) => r.wholeBytes('x'), 'bit-string-unused-bits', 2],
  ['a NULL with content', '050100', (r) => r.null('x'), 'null-not-empty', 2],
  ['an empty OBJECT IDENTIFIER', '0600', (r) => r.oid('x'), 'oid-empty', 2],
  ['a cut OBJECT IDENTIFIER', '06022a80', (r) => r.oid('x'), 'oid-truncated', 3],
  ['a padded component', '06032a8001', (r) => r.oid('x'), 'oid-not-minimal', 3],
  ['a padded first component', '0602802a', (r) => r.oid('x'), 'oid-not-minimal', 2],
  ['a very long OBJECT IDENTIFIER', `0641${'01'.repeat(65)}`, (r) => r.oid('x'), 'oid-too-long', 2],
];

for (const [what, hex, read, reason, offset] of REFUSED) {
  test(`${what} is refused: ${reason}`, () => {
    assert.throws(
      () => read(new DerReader(fromHex(hex))),
      (error) => {
        assert.ok(error instanceof DerError, String(error));
        assert.deepEqual([error.reason, error.offset], [reason, offset]);
        assert.match(error.message, /^x: /);
        return true;
      },
    );
  });
}

test('offsets count from the start of the input, however deep the fault lies', () => {
  const bytes = der.sequence(der.integer(1), der.sequence(der.boolean(true), Uint8Array.of(1, 1, 5)));
  const inner = (() => {
    const outer = new DerReader(bytes).sequence('outer');
    outer.integer('number');
    return outer.sequence('inner');
  })();
  inner.boolean('first');
  assert.throws(
    () => inner.boolean('second'),
    (error) => error instanceof DerError && error.offset === 10,
  );
});

test('an element cannot reach beyond the one around it', () => {
  // The inner OCTET STRING claims two bytes; only one lies inside the SEQUENCE, though more follow it.
  const outer = new DerReader(fromHex('3003 0402aa bbcc')).sequence('outer');
  assert.throws(
    () => outer.octetString('inner'),
    (error) => error instanceof DerError && error.reason === 'truncated',
  );
});

test('values are read, and elements know their spans', () => {
  const long = new Uint8Array(300).fill(7);
  const input = der.sequence(
    der.boolean(true),
    der.integer(-128),
    der.integer(2 ** 31 - 1),
    der.bitString(Uint8Array.of(0xf0), 4),
    der.octetString(long),
    der.nullValue(),
    der.context(1, der.integer(5)),
  );
  const reader = new DerReader(input).sequence('x');
  assert.equal(reader.boolean('x'), true);
  assert.equal(toHex(reader.integer('x')), '80');
  assert.equal(reader.smallInteger('x'), 2 ** 31 - 1);
  assert.deepEqual(reader.bitString('x'), { bytes: Uint8Array.of(0xf0), unusedBits: 4 });
  assert.deepEqual(reader.octetString('x'), long);
  reader.null('x');
  assert.equal(reader.optional(0xa0, 'x'), undefined);
  const tagged = reader.optional(0xa1, 'x');
  assert.ok(tagged);
  assert.deepEqual(tagged.encoding(), der.context(1, der.integer(5)));
  assert.equal(tagged.smallInteger('x'), 5);
  tagged.finish('x');
  reader.finish('x');
  assert.equal(reader.done, true);
  assert.equal(reader.peek(), -1);
});

test('nothing is copied', () => {
  const input = der.octetString(Uint8Array.of(1, 2, 3));
  assert.equal(new DerReader(input).octetString('x').buffer, input.buffer);
});

test('object identifiers are read into dotted form', () => {
  for (const [hex, dotted] of [
    ['0603550403', '2.5.4.3'],
    ['06092a864886f70d01010b', '1.2.840.113549.1.1.11'],
    ['060100', '0.0'],
    ['060127', '0.39'],
    ['060128', '1.0'],
    ['06014f', '1.39'],
    ['060150', '2.0'],
    ['06028837', '2.999'],
    ['060a2a8fffffffffffffff7f', '1.2.1152921504606846975'],
    ['0608ffffffffffffff7f', '2.72057594037927855'],
  ] as const) {
    assert.equal(new DerReader(fromHex(hex)).oid('x'), dotted, hex);
  }
});

const readTime: Read = (reader) => {
  const { time, form } = reader.time('x');
  return `${new Date(time).toISOString()} ${form}`;
};

test('times are read in the two forms of RFC 5280', () => {
  for (const [tag, text, expected] of [
    [Tag.UTCTime, '260228235959Z', '2026-02-28T23:59:59.000Z UTCTime'],
    [Tag.UTCTime, '491231235959Z', '2049-12-31T23:59:59.000Z UTCTime'],
    [Tag.UTCTime, '500101000000Z', '1950-01-01T00:00:00.000Z UTCTime'],
    [Tag.UTCTime, '000229000000Z', '2000-02-29T00:00:00.000Z UTCTime'],
    [Tag.GeneralizedTime, '20500101000000Z', '2050-01-01T00:00:00.000Z GeneralizedTime'],
    [Tag.GeneralizedTime, '99991231235959Z', '9999-12-31T23:59:59.000Z GeneralizedTime'],
    [Tag.GeneralizedTime, '00010101000000Z', '0001-01-01T00:00:00.000Z GeneralizedTime'],
  ] as const) {
    assert.equal(readTime(new DerReader(der.tlv(tag, Buffer.from(text)))), expected);
  }
});

const WRONG_TIMES: readonly (readonly [tag: number, text: string, reason: DerReason])[] = [
  [Tag.UTCTime, '2602282359Z', 'time-form'],
  [Tag.UTCTime, '260228235959', 'time-form'],
  [Tag.UTCTime, '260228235959z', 'time-form'],
  [Tag.UTCTime, '260228235959+0100', 'time-form'],
  [Tag.UTCTime, '20260228235959Z', 'time-form'],
  [Tag.UTCTime, '26022823595 Z', 'time-form'],
  [Tag.UTCTime, '', 'time-form'],
  [Tag.GeneralizedTime, '20500101000000.5Z', 'time-form'],
  [Tag.GeneralizedTime, '20500101000000', 'time-form'],
  [Tag.GeneralizedTime, '500101000000Z', 'time-form'],
  [Tag.UTCTime, '261301000000Z', 'time-value'],
  [Tag.UTCTime, '260001000000Z', 'time-value'],
  [Tag.UTCTime, '260229000000Z', 'time-value'],
  [Tag.UTCTime, '260100000000Z', 'time-value'],
  [Tag.UTCTime, '260101240000Z', 'time-value'],
  [Tag.UTCTime, '260101006000Z', 'time-value'],
  [Tag.UTCTime, '260101000060Z', 'time-value'],
  [Tag.GeneralizedTime, '21000229000000Z', 'time-value'],
  [Tag.PrintableString, '260228235959Z', 'unexpected-tag'],
];

for (const [tag, text, reason] of WRONG_TIMES) {
  test(`the time ${JSON.stringify(text)} as ${describeTag(tag)} is refused: ${reason}`, () => {
    assert.throws(
      () => readTime(new DerReader(der.tlv(tag, Buffer.from(text)))),
      (error) => error instanceof DerError && error.reason === reason,
    );
  });
}

test('tags have names for messages', () => {
  assert.deepEqual([0x30, 0x03, 0xa0, 0x82, 0x65].map(describeTag), [
    'SEQUENCE',
    'BIT STRING',
    '[0]',
    '[2]',
    'tag 0x65',
  ]);
});
