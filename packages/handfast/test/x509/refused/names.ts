/** Names that are none. */
import { DerReader, type DerReason } from '../../../src/x509/der.ts';
import { type GeneralNameUse, readGeneralName } from '../../../src/x509/general-name.ts';
import { readName } from '../../../src/x509/name.ts';
import * as der from '../../support/der.ts';
import { encodeName } from '../../support/pki.ts';
import type { Refusal } from './refusal.ts';

const single = (type: string, value: Uint8Array): Uint8Array =>
  der.sequence(der.set(der.sequence(der.oid(type), value)));
const CN = '2.5.4.3';

const DIRECTORY_NAMES: readonly (readonly [what: string, bytes: Uint8Array, reason: DerReason])[] = [
  ['an empty step', der.sequence(der.set()), 'empty-list'],
  ['a step that is no set', der.sequence(der.sequence()), 'unexpected-tag'],
  ['an attribute without a value', der.sequence(der.set(der.sequence(der.oid(CN)))), 'truncated'],
  [
    'an attribute with two values',
    der.sequence(der.set(der.sequence(der.oid(CN), der.nullValue(), der.nullValue()))),
    'trailing-data',
  ],
  ['a text in segments', single(CN, der.tlv(0x2c, der.utf8String('a'), der.utf8String('b'))), 'tag-form'],
  [
    'UTF-8 that is overlong',
    single(CN, der.tlv(der.Tag.utf8String, Uint8Array.of(0xc0, 0xaf))),
    'string-encoding',
  ],
  [
    'a surrogate',
    single(CN, der.tlv(der.Tag.utf8String, Uint8Array.of(0xed, 0xa0, 0x80))),
    'string-encoding',
  ],
  [
    'beyond U+10FFFF',
    single(CN, der.tlv(der.Tag.utf8String, Uint8Array.of(0xf4, 0x90, 0x80, 0x80))),
    'string-encoding',
  ],
  ['cut UTF-8', single(CN, der.tlv(der.Tag.utf8String, Uint8Array.of(0xe2, 0x82))), 'string-encoding'],
  [
    'a continuation byte first',
    single(CN, der.tlv(der.Tag.utf8String, Uint8Array.of(0x80))),
    'string-encoding',
  ],
  ['half a BMP character', single(CN, der.tlv(der.Tag.bmpString, Uint8Array.of(0))), 'string-encoding'],
  ['a surrogate in BMP', single(CN, der.tlv(der.Tag.bmpString, Uint8Array.of(0xd8, 0))), 'string-encoding'],
  [
    'a large universal character',
    single(CN, der.tlv(der.Tag.universalString, Uint8Array.of(1, 0, 0, 0))),
    'string-encoding',
  ],
  ['an eighth bit in IA5', single(CN, der.tlv(der.Tag.ia5String, Uint8Array.of(0xe9))), 'string-encoding'],
];

const GENERAL_NAMES: readonly (readonly [
  what: string,
  bytes: Uint8Array,
  use: GeneralNameUse,
  reason: DerReason,
])[] = [
  ['of kind [9]', der.contextPrimitive(9, new Uint8Array(1)), 'name', 'general-name'],
  ['of a constructed dNSName', der.context(2), 'name', 'general-name'],
  ['of no kind', new Uint8Array(0), 'name', 'general-name'],
  ['with an address of 5 octets', der.contextPrimitive(7, new Uint8Array(5)), 'name', 'general-name'],
  ['with an address of 8 octets', der.contextPrimitive(7, new Uint8Array(8)), 'name', 'general-name'],
  ['with a range of 4 octets', der.contextPrimitive(7, new Uint8Array(4)), 'constraint', 'general-name'],
  [
    'with a mask of two rows',
    der.contextPrimitive(7, Uint8Array.of(10, 0, 0, 0, 255, 0, 255, 0)),
    'constraint',
    'general-name',
  ],
  [
    'with a mask that begins late',
    der.contextPrimitive(7, Uint8Array.of(10, 0, 0, 0, 255, 127, 0, 0)),
    'constraint',
    'general-name',
  ],
  ['with a dNSName beyond ASCII', der.contextPrimitive(2, Uint8Array.of(0xff)), 'name', 'string-encoding'],
  ['with an empty directoryName', der.context(4), 'name', 'truncated'],
  ['with two directory names', der.context(4, encodeName('x'), encodeName('y')), 'name', 'trailing-data'],
  ['with an otherName without value', der.context(0, der.oid('1.2')), 'name', 'truncated'],
];

export const NAMES: readonly Refusal[] = [
  ...DIRECTORY_NAMES.map(([what, bytes, reason]) => ({
    what: `a directory name with ${what}`,
    reason,
    parse: () => readName(new DerReader(bytes), 'name'),
  })),
  ...GENERAL_NAMES.map(([what, bytes, use, reason]) => ({
    what: `a general name ${what}`,
    reason,
    parse: () => readGeneralName(new DerReader(bytes), 'name', use),
  })),
];
