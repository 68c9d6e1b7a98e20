import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { DerError, DerReader, describeTag, Tag } from '../../src/x509/der.ts';
import * as der from '../support/der.ts';

type Read = (reader: DerReader) => unknown;

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

test('tags have names for messages', () => {
  assert.deepEqual([0x30, 0x03, 0xa0, 0x82, 0x65].map(describeTag), [
    'SEQUENCE',
    'BIT STRING',
    '[0]',
    '[2]',
    'tag 0x65',
  ]);
});
