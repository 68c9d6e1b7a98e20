/**
 * BER as DER: PKCS #12 may be written with indefinite lengths and with strings in pieces (RFC 7292), and NSS and
 * Bouncy Castle do so. Only the form of lengths and of OCTET STRINGs changes; what the values say is for the readers.
 */
import { DerError, Tag } from 'handfast/x509';
import { der } from '../der.ts';
import { MAX_STORE_DEPTH, MAX_STORE_ELEMENTS } from '../limits.ts';

const CONSTRUCTED = 0x20;
const OCTET_STRING_IN_PIECES = Tag.OCTET_STRING | CONSTRUCTED;

interface Header {
  readonly tag: number;
  /** Where the content begins. */
  readonly start: number;
  /** Where it ends; `undefined` where only its end-of-contents tells. */
  readonly end: number | undefined;
}

class Transcoder {
  readonly #input: Uint8Array;
  #position = 0;
  #elements = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  /** The one element that the input is. */
  whole(): Buffer {
    const element = this.#element(this.#input.length, 0);
    if (this.#position < this.#input.length) {
      const more = this.#input.length - this.#position;
      throw new DerError('trailing-data', this.#position, `${more} bytes follow where it should end`);
    }
    return element;
  }

  #octet(end: number): number {
    if (this.#position >= end) throw new DerError('truncated', end, 'an element is cut off');
    return this.#input[this.#position++] as number;
  }

  #header(limit: number): Header {
    const at = this.#position;
    const tag = this.#octet(limit);
    if ((tag & 0x1f) === 0x1f) throw new DerError('high-tag-number', at, 'tag numbers above 30 do not occur');
    let length = this.#octet(limit);
    if (length === 0x80) {
      if ((tag & CONSTRUCTED) !== 0) return { tag, start: this.#position, end: undefined };
      throw new DerError('indefinite-length', at, 'a primitive element has no indefinite length');
    }
    if (length > 0x80) {
      const octets = length & 0x7f;
      if (octets > 4) throw new DerError('length-too-large', at, `a length of ${octets} octets is too large`);
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + this.#octet(limit);
    }
    const start = this.#position;
    if (length > limit - start) {
      const message = `${length} bytes are claimed, but only ${limit - start} follow`;
      throw new DerError('truncated', at, message);
    }
    return { tag, start, end: start + length };
  }

  #element(limit: number, depth: number): Buffer {
    const at = this.#position;
    if (depth > MAX_STORE_DEPTH) {
      throw new DerError('too-many', at, `elements inside of more than ${MAX_STORE_DEPTH} others`);
    }
    if (++this.#elements > MAX_STORE_ELEMENTS) {
      throw new DerError('too-many', at, `more than ${MAX_STORE_ELEMENTS} elements`);
    }
    const { tag, start, end } = this.#header(limit);
    if ((tag & CONSTRUCTED) === 0) {
      this.#position = end as number;
      return der(tag, this.#input.subarray(start, end));
    }
    const inside: Buffer[] = [];
    while (!this.#isAtEnd(end, limit)) inside.push(this.#element(end ?? limit, depth + 1));
    if (tag !== OCTET_STRING_IN_PIECES) return der(tag, ...inside);
    return der(Tag.OCTET_STRING, ...inside.map((piece) => contentOfPiece(piece, at)));
  }

  #isAtEnd(end: number | undefined, limit: number): boolean {
    if (end !== undefined) return this.#position === end;
    if (this.#position + 2 > limit) {
      throw new DerError('truncated', limit, 'the end of an indefinite length is missing');
    }
    if (this.#input[this.#position] !== 0 || this.#input[this.#position + 1] !== 0) return false;
    this.#position += 2;
    return true;
  }
}

/** The content of a piece of an OCTET STRING, which is one itself. */
function contentOfPiece(piece: Buffer, at: number): Buffer {
  if (piece[0] !== Tag.OCTET_STRING) {
    throw new DerError('unexpected-tag', at, 'an OCTET STRING has pieces that are none');
  }
  const octets = piece[1] as number;
  return piece.subarray(octets < 0x80 ? 2 : 2 + (octets & 0x7f));
}

/**
 * One element of BER, as DER where it can be told without knowing what it is.
 * @throws {DerError} when it is no BER, or beyond the limits; the offset is one of the input.
 */
export function toDer(ber: Uint8Array): Buffer {
  return new Transcoder(ber).whole();
}
