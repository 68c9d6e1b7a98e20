/**
 * A strict reader of DER (X.690), without copies: every value knows where it stands in the input. It never
 * recurses by itself and never allocates by a claimed length; what it refuses, it refuses with a reason and the byte
 * at fault.
 */
import { latin1 } from '../wire/bytes.ts';
import { MAX_OID_OCTETS } from './limits.ts';

/** Identifier octets. A context-specific tag is `0x80 | n` when primitive and `0xa0 | n` when constructed. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  ENUMERATED: 0x0a,
  UTF8String: 0x0c,
  NumericString: 0x12,
  PrintableString: 0x13,
  TeletexString: 0x14,
  IA5String: 0x16,
  UTCTime: 0x17,
  GeneralizedTime: 0x18,
  VisibleString: 0x1a,
  UniversalString: 0x1c,
  BMPString: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

const TAG_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Tag).map(([name, tag]) => [tag, name.replace('_', ' ')]),
);

/** An identifier octet for a message: `SEQUENCE`, `[0]`, or its number. */
export function describeTag(tag: number): string {
  const name = TAG_NAMES.get(tag);
  if (name !== undefined) return name;
  if ((tag & 0xc0) === 0x80) return `[${tag & 0x1f}]`;
  return `tag 0x${tag.toString(16).padStart(2, '0')}`;
}

/** Why bytes were refused. The first group is about DER itself, the second about what a structure says with it. */
export type DerReason =
  | 'truncated'
  | 'trailing-data'
  | 'indefinite-length'
  | 'length-not-minimal'
  | 'length-too-large'
  | 'high-tag-number'
  | 'unexpected-tag'
  | 'tag-form'
  | 'boolean-value'
  | 'integer-empty'
  | 'integer-not-minimal'
  | 'integer-negative'
  | 'integer-too-large'
  | 'bit-string-empty'
  | 'bit-string-unused-bits'
  | 'bit-string-padding'
  | 'null-not-empty'
  | 'oid-empty'
  | 'oid-truncated'
  | 'oid-not-minimal'
  | 'oid-too-long'
  | 'string-encoding'
  | 'time-form'
  | 'time-value'
  | 'default-encoded'
  | 'empty-list'
  | 'duplicate-extension'
  | 'duplicate-policy'
  | 'policy-qualifier'
  | 'critical-extension'
  | 'too-many'
  | 'version'
  | 'algorithm-mismatch'
  | 'algorithm-parameters'
  | 'public-key'
  | 'extension-value'
  | 'general-name';

/** Bytes that are not the DER, or not the structure, that they should be. */
export class DerError extends Error {
  override readonly name = 'DerError';
  readonly reason: DerReason;
  /** The byte at fault, counted from the start of the input. */
  readonly offset: number;

  constructor(reason: DerReason, offset: number, message: string) {
    super(message);
    this.reason = reason;
    this.offset = offset;
  }
}

/** The content of a BIT STRING. */
export interface BitString {
  readonly bytes: Uint8Array;
  /** Bits of the last byte that do not count (0 to 7); they are zero. */
  readonly unusedBits: number;
}

/** A moment, and which of the two forms it was written in. */
export interface DerTime {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly form: 'UTCTime' | 'GeneralizedTime';
}

/**
 * Reads elements one after another from a range of the input. An element that was read is itself a reader,
 * of its contents. In all methods `what` names the field for messages.
 */
export class DerReader {
  readonly input: Uint8Array;
  /** Where the element's identifier octet stands; for the whole input, where it begins. */
  readonly start: number;
  readonly end: number;
  /** The next byte to read. */
  position: number;

  constructor(input: Uint8Array, start = 0, position = start, end: number = input.length) {
    this.input = input;
    this.start = start;
    this.position = position;
    this.end = end;
  }

  /** True when nothing is left to read. */
  get done(): boolean {
    return this.position >= this.end;
  }

  /** The identifier octet of the element read. */
  get tag(): number {
    return this.input[this.start] as number;
  }

  /** The whole encoding of the element, header included. */
  encoding(): Uint8Array {
    return this.input.subarray(this.start, this.end);
  }

  /** What is left of the contents. */
  rest(): Uint8Array {
    return this.input.subarray(this.position, this.end);
  }

  /** The next identifier octet, or -1 at the end. */
  peek(): number {
    return this.position < this.end ? (this.input[this.position] as number) : -1;
  }

  /** The next element, which must have this tag. */
  read(tag: number, what: string): DerReader {
    const found = this.peek();
    if (found !== tag) {
      const come = found < 0 ? 'the end of the enclosing structure' : describeTag(found);
      throw new DerError(
        found < 0 ? 'truncated' : 'unexpected-tag',
        this.position,
        `${what}: expected ${describeTag(tag)}, found ${come}`,
      );
    }
    return this.readAny(what);
  }

  /** The next element if it has this tag. */
  optional(tag: number, what: string): DerReader | undefined {
    return this.peek() === tag ? this.readAny(what) : undefined;
  }

  /** The next element, whatever it is. */
  readAny(what: string): DerReader {
    const { input, end } = this;
    const start = this.position;
    if (start + 2 > end) {
      throw new DerError('truncated', end, `${what}: the data ends inside the header of an element`);
    }
    if (((input[start] as number) & 0x1f) === 0x1f) {
      throw new DerError(
        'high-tag-number',
        start,
        `${what}: tag numbers above 30 do not occur in certificates`,
      );
    }
    if (isInWrongForm(input[start] as number)) {
      const type = describeTag((input[start] as number) ^ CONSTRUCTED);
      throw new DerError('tag-form', start, `${what}: DER does not write a ${type} in this form`);
    }
    let content = start + 2;
    let length = input[start + 1] as number;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) {
        throw new DerError('indefinite-length', start + 1, `${what}: DER has no indefinite length`);
      }
      if (octets > 4) {
        throw new DerError(
          'length-too-large',
          start + 1,
          `${what}: a length of ${octets} octets is too large`,
        );
      }
      content += octets;
      if (content > end) {
        throw new DerError('truncated', end, `${what}: the data ends inside a length`);
      }
      length = 0;
      for (let i = content - octets; i < content; i++) length = length * 256 + (input[i] as number);
      if (length < 0x80 || length < 256 ** (octets - 1)) {
        throw new DerError(
          'length-not-minimal',
          start + 1,
          `${what}: the length ${length} is not written in its shortest form`,
        );
      }
    }
    if (length > end - content) {
      throw new DerError(
        'truncated',
        end,
        `${what}: a length of ${length} is claimed, of which only ${end - content} is there`,
      );
    }
    this.position = content + length;
    return new DerReader(input, start, content, content + length);
  }

  /** Refuses anything that is left. */
  finish(what: string): void {
    const left = this.end - this.position;
    if (left > 0) {
      throw new DerError(
        'trailing-data',
        this.position,
        `${what}: ${left === 1 ? '1 byte follows' : `${left} bytes follow`} where it should end`,
      );
    }
  }

  /** The next element, which must be a SEQUENCE. */
  sequence(what: string): DerReader {
    return this.read(Tag.SEQUENCE, what);
  }

  /** A BOOLEAN: 00 or FF (X.690 section 11.1). */
  boolean(what: string, tag: number = Tag.BOOLEAN): boolean {
    const element = this.read(tag, what);
    const value = this.input[element.position];
    if (element.end - element.position !== 1 || (value !== 0 && value !== 0xff)) {
      throw new DerError('boolean-value', element.start, `${what}: a BOOLEAN is one byte, 00 or FF`);
    }
    return value === 0xff;
  }

  /** The content octets of an INTEGER in two's complement, in its shortest form (X.690 section 8.3). */
  integer(what: string, tag: number = Tag.INTEGER): Uint8Array {
    const element = this.read(tag, what);
    const { input, position, end } = element;
    if (position === end)
      throw new DerError('integer-empty', element.start, `${what}: an INTEGER without content`);
    if (end - position > 1) {
      const first = input[position] as number;
      const sign = (input[position + 1] as number) & 0x80;
      if ((first === 0 && sign === 0) || (first === 0xff && sign !== 0)) {
        throw new DerError(
          'integer-not-minimal',
          position,
          `${what}: the INTEGER is not written in its shortest form`,
        );
      }
    }
    return element.rest();
  }

  /** A positive INTEGER of any size: big-endian, without leading zeros. */
  unsignedInteger(what: string): Uint8Array {
    const octets = this.integer(what);
    const offset = this.position - octets.length;
    if ((octets[0] as number) >= 0x80) {
      throw new DerError('integer-negative', offset, `${what}: the INTEGER is negative`);
    }
    return octets[0] === 0 ? octets.subarray(1) : octets;
  }

  /** An INTEGER from 0 to 2^31 - 1. */
  smallInteger(what: string, tag: number = Tag.INTEGER): number {
    const octets = this.integer(what, tag);
    const offset = this.position - octets.length;
    if ((octets[0] as number) >= 0x80) {
      throw new DerError('integer-negative', offset, `${what}: the INTEGER is negative`);
    }
    if (octets.length > 4) {
      throw new DerError('integer-too-large', offset, `${what}: the INTEGER is larger than 2147483647`);
    }
    let value = 0;
    for (const octet of octets) value = value * 256 + octet;
    return value;
  }

  /** An ENUMERATED value. */
  enumerated(what: string): number {
    return this.smallInteger(what, Tag.ENUMERATED);
  }

  /** A BIT STRING whose unused bits are zero (X.690 section 11.2.1). */
  bitString(what: string, tag: number = Tag.BIT_STRING): BitString {
    const element = this.read(tag, what);
    const { input, position, end } = element;
    if (position === end) {
      throw new DerError('bit-string-empty', element.start, `${what}: a BIT STRING without its first byte`);
    }
    const unusedBits = input[position] as number;
    if (unusedBits > 7 || (unusedBits > 0 && end - position === 1)) {
      throw new DerError(
        'bit-string-unused-bits',
        position,
        `${what}: ${unusedBits} unused bits in a BIT STRING of ${end - position - 1} bytes`,
      );
    }
    if (unusedBits > 0 && ((input[end - 1] as number) & ((1 << unusedBits) - 1)) !== 0) {
      throw new DerError(
        'bit-string-padding',
        end - 1,
        `${what}: the unused bits of the BIT STRING are not zero`,
      );
    }
    return { bytes: input.subarray(position + 1, end), unusedBits };
  }

  /** A BIT STRING that holds whole bytes. */
  wholeBytes(what: string): Uint8Array {
    const { bytes, unusedBits } = this.bitString(what);
    if (unusedBits !== 0) {
      throw new DerError(
        'bit-string-unused-bits',
        this.position - bytes.length - 1,
        `${what}: expected whole bytes, found ${unusedBits} unused bits`,
      );
    }
    return bytes;
  }

  octetString(what: string, tag: number = Tag.OCTET_STRING): Uint8Array {
    return this.read(tag, what).rest();
  }

  null(what: string): void {
    const element = this.read(Tag.NULL, what);
    if (!element.done)
      throw new DerError('null-not-empty', element.position, `${what}: a NULL has no content`);
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(what: string, tag: number = Tag.OBJECT_IDENTIFIER): string {
    const element = this.read(tag, what);
    return decodeOid(element.input, element.position, element.end, what);
  }

  /** A UTCTime or GeneralizedTime, in the only forms that RFC 5280 section 4.1.2.5 allows. */
  time(what: string): DerTime {
    const tag = this.peek();
    const form = tag === Tag.UTCTime ? 'UTCTime' : 'GeneralizedTime';
    const element = this.read(tag === Tag.UTCTime ? tag : Tag.GeneralizedTime, what);
    const { input, position, end } = element;
    const yearDigits = form === 'UTCTime' ? 2 : 4;
    let regular = end - position === yearDigits + 11 && input[end - 1] === 0x5a;
    for (let i = position; regular && i < end - 1; i++) regular = isDigit(input[i] as number);
    if (!regular) {
      const shape = form === 'UTCTime' ? 'YYMMDDHHMMSSZ' : 'YYYYMMDDHHMMSSZ';
      const found = JSON.stringify(latin1(element.rest().subarray(0, 32)));
      throw new DerError('time-form', position, `${what}: expected a ${form} as ${shape}, found ${found}`);
    }
    return { time: decodeTime(element, yearDigits, what), form };
  }

  /** A GeneralizedTime, in milliseconds since 1970, where no other form is allowed. */
  generalizedTime(what: string): number {
    // Any other tag is refused by its name.
    if (this.peek() !== Tag.GeneralizedTime) this.read(Tag.GeneralizedTime, what);
    return this.time(what).time;
  }
}

const CONSTRUCTED = 0x20;
/** EXTERNAL, EMBEDDED PDV, SEQUENCE, SET and CHARACTER STRING. */
const CONSTRUCTED_TYPES = (1 << 0x08) | (1 << 0x0b) | (1 << 0x10) | (1 << 0x11) | (1 << 0x1d);

/** Of the universal types these few are constructed, and all others are not: BER's strings in segments are no DER (X.690 section 10.2). */
function isInWrongForm(tag: number): boolean {
  return tag < 0x40 && ((tag & CONSTRUCTED) !== 0) !== (((CONSTRUCTED_TYPES >> (tag & 0x1f)) & 1) !== 0);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function decodeTime(element: DerReader, yearDigits: number, what: string): number {
  const { input } = element;
  let at = element.position;
  const number = (digits: number): number => {
    let value = 0;
    for (const stop = at + digits; at < stop; at++) value = value * 10 + (input[at] as number) - 0x30;
    return value;
  };
  let year = number(yearDigits);
  // Two digits mean 1950 to 2049 (RFC 5280 section 4.1.2.5.1).
  if (yearDigits === 2) year += year < 50 ? 2000 : 1900;
  const month = number(2);
  const day = number(2);
  const hour = number(2);
  const minute = number(2);
  const second = number(2);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 59) {
    const found = latin1(element.rest());
    throw new DerError('time-value', element.position, `${what}: ${found} is not a moment that exists`);
  }
  return date.setUTCHours(hour, minute, second);
}

function decodeOid(input: Uint8Array, start: number, end: number, what: string): string {
  if (start === end) throw new DerError('oid-empty', start, `${what}: an OBJECT IDENTIFIER without content`);
  if (end - start > MAX_OID_OCTETS) {
    throw new DerError('oid-too-long', start, `${what}: an OBJECT IDENTIFIER of ${end - start} octets`);
  }
  if ((input[end - 1] as number) >= 0x80) {
    throw new DerError('oid-truncated', end - 1, `${what}: the OBJECT IDENTIFIER ends inside a component`);
  }
  let text = '';
  let at = start;
  while (at < end) {
    if (input[at] === 0x80) {
      throw new DerError(
        'oid-not-minimal',
        at,
        `${what}: a component of the OBJECT IDENTIFIER has leading zeros`,
      );
    }
    const first = at;
    let value = 0;
    let octet: number;
    do {
      octet = input[at++] as number;
      value = value * 128 + (octet & 0x7f);
    } while (octet >= 0x80);
    // Seven octets hold 49 bits, which a number represents exactly.
    const exact = at - first <= 7 ? value : bigComponent(input, first, at);
    // The first component carries two arcs (X.690 section 8.19.4).
    if (first > start) text += `.${exact}`;
    else if (value < 80) text = `${Math.floor(value / 40)}.${value % 40}`;
    else text = `2.${typeof exact === 'bigint' ? exact - 80n : exact - 80}`;
  }
  return text;
}

function bigComponent(input: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let at = start; at < end; at++) value = (value << 7n) | BigInt((input[at] as number) & 0x7f);
  return value;
}
