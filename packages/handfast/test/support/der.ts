/** A small DER writer for tests: every function returns one complete TLV. It can write wrong DER too: see {@link tlv}. */
import { concat } from '../../src/wire/bytes.ts';

/** Identifier octets of the universal types that certificates use (X.680). */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The shortest length octets (X.690 section 10.1). */
export function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(0x80 | digits.length, ...digits);
}

/** Any TLV: `tag` is the identifier octet as it stands on the wire, the contents are joined. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concat(...contents);
  return concat(Uint8Array.of(tag), lengthOctets(content.length), content);
}

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => tlv(Tag.sequence, ...items);
export const set = (...items: readonly Uint8Array[]): Uint8Array => tlv(Tag.set, ...items);
export const octetString = (content: Uint8Array): Uint8Array => tlv(Tag.octetString, content);
export const boolean = (value: boolean): Uint8Array => tlv(Tag.boolean, Uint8Array.of(value ? 0xff : 0));
export const nullValue = (): Uint8Array => tlv(Tag.null);

/** A context-specific tag around complete TLVs: `[n] EXPLICIT`, or `[n] IMPLICIT` of a constructed type's items. */
export const context = (number: number, ...items: readonly Uint8Array[]): Uint8Array =>
  tlv(0xa0 | number, ...items);

/** A primitive context-specific value: `[n] IMPLICIT` of a string type. */
export const contextPrimitive = (number: number, content: Uint8Array): Uint8Array =>
  tlv(0x80 | number, content);

/** An INTEGER in its shortest two's-complement form. */
export function integer(value: bigint | number): Uint8Array {
  const octets: number[] = [];
  let rest = BigInt(value);
  do {
    octets.unshift(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  } while ((rest !== 0n && rest !== -1n) || (octets[0] ?? 0) >> 7 !== (rest < 0n ? 1 : 0));
  return tlv(Tag.integer, Uint8Array.from(octets));
}

/** A BIT STRING; the last `unusedBits` bits of `content` do not count. */
export function bitString(content: Uint8Array, unusedBits = 0): Uint8Array {
  return tlv(Tag.bitString, Uint8Array.of(unusedBits), content);
}

/** A BIT STRING of named bits, with trailing zero bits removed (X.690 section 11.2.2). */
export function namedBits(bits: readonly number[]): Uint8Array {
  if (bits.length === 0) return bitString(new Uint8Array(0));
  const highest = Math.max(...bits);
  const content = new Uint8Array((highest >> 3) + 1);
  for (const bit of bits) content[bit >> 3] = (content[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(content, 7 - (highest & 7));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc % 128];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) {
      digits.unshift((more % 128) | 0x80);
    }
    octets.push(...digits);
  }
  return tlv(Tag.oid, Uint8Array.from(octets));
}

const utf8 = new TextEncoder();

export const utf8String = (text: string): Uint8Array => tlv(Tag.utf8String, utf8.encode(text));
export const printableString = (text: string): Uint8Array => tlv(Tag.printableString, utf8.encode(text));
export const ia5String = (text: string): Uint8Array => tlv(Tag.ia5String, utf8.encode(text));

const digits = (date: Date): string => date.toISOString().replace(/[-:T]|\.\d+/g, '');

export const utcTime = (date: Date): Uint8Array => tlv(Tag.utcTime, utf8.encode(digits(date).slice(2)));
export const generalizedTime = (date: Date): Uint8Array =>
  tlv(Tag.generalizedTime, utf8.encode(digits(date)));

/** The form that RFC 5280 section 4.1.2.5 asks for: UTCTime through 2049, GeneralizedTime from 2050. */
export function time(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050 ? utcTime(date) : generalizedTime(date);
}
