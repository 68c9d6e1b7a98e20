/** DER that is none, piece by piece. */

import { fromHex } from '../../../src/wire/bytes.ts';
import { DerReader, type DerReason, describeTag, Tag } from '../../../src/x509/der.ts';
import { MAX_OID_OCTETS } from '../../../src/x509/limits.ts';
import * as der from '../../support/der.ts';
import type { Refusal } from './refusal.ts';

type Read = (reader: DerReader) => unknown;

/** Each has its own reason, and points at the byte. */
const PIECES: readonly (readonly [
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
  ['a UTF8String in segments', '2c03 0c0178', (r) => r.readAny('x'), 'tag-form', 0],
  ['an INTEGER that holds elements', '2203 020101', (r) => r.readAny('x'), 'tag-form', 0],
  ['a SEQUENCE that is no row of elements', '1000', (r) => r.readAny('x'), 'tag-form', 0],
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
  [
    'a very long OBJECT IDENTIFIER',
    `06${(MAX_OID_OCTETS + 1).toString(16)}${'01'.repeat(MAX_OID_OCTETS + 1)}`,
    (r) => r.oid('x'),
    'oid-too-long',
    2,
  ],
];

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

export const DER: readonly Refusal[] = [
  ...PIECES.map(
    ([what, hex, read, reason, offset]): Refusal => ({
      what,
      reason,
      offset,
      parse: () => read(new DerReader(fromHex(hex))),
    }),
  ),
  ...WRONG_TIMES.map(
    ([tag, text, reason]): Refusal => ({
      what: `the time ${JSON.stringify(text)} as ${describeTag(tag)}`,
      reason,
      parse: () => new DerReader(der.tlv(tag, Buffer.from(text))).time('x'),
    }),
  ),
];
