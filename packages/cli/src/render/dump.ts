/** A handshake message as annotated bytes: offset, hexadecimal, and what the bytes say, field by field. */
import type { Field } from 'handfast';
import { printable, wrap } from './layout.ts';
import type { Style } from './style.ts';

/** Bytes in a row with a meaning beside it, and in a row of a long field that stands alone. */
const NARROW = 8;
const WIDE = 16;

/** Fields without parts that are longer than this, in bytes, stand alone across the page. */
const LONG_FIELD = 40;

/** Digits of an offset, at least. */
const OFFSET_DIGITS = 4;

/** A field of a structure; the bytes of a hidden one are not shown. */
export interface DumpField extends Field {
  readonly fields?: readonly DumpField[];
  readonly hidden?: true;
}

function hexColumn(bytes: Uint8Array, perRow: number): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return hex.padEnd(3 * perRow - 1);
}

function asciiColumn(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(
    '',
  );
}

function rows(bytes: Uint8Array, perRow: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / perRow) }, (_, i) =>
    bytes.subarray(i * perRow, (i + 1) * perRow),
  );
}

/** The big-endian number that stands in up to four bytes. */
function number(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

class Dump {
  readonly lines: string[] = [];
  readonly #style: Style;
  readonly #bytes: Uint8Array;
  readonly #offsetDigits: number;

  constructor(style: Style, bytes: Uint8Array) {
    this.#style = style;
    this.#bytes = bytes;
    this.#offsetDigits = Math.max(OFFSET_DIGITS, bytes.length.toString(16).length);
  }

  /** Columns of `  0123  ` in front of the bytes. */
  get #offsetWidth(): number {
    return this.#offsetDigits + 4;
  }

  #offset(offset: number): string {
    return `  ${this.#style.paint('quiet', offset.toString(16).padStart(this.#offsetDigits, '0'))}  `;
  }

  /** Bytes `start` to `end` with `meaning` beside them; either may be longer than the other. */
  #row(start: number, end: number, depth: number, meaning: string): void {
    const indent = '  '.repeat(depth);
    const room = this.#style.width - this.#offsetWidth - (3 * NARROW + 1) - indent.length;
    const texts = wrap(meaning, room);
    const parts = rows(this.#bytes.subarray(start, end), NARROW);
    for (let i = 0; i < Math.max(texts.length, parts.length, 1); i++) {
      const part = parts[i];
      const left = part === undefined ? ' '.repeat(this.#offsetWidth) : this.#offset(start + i * NARROW);
      const text = texts[i] === undefined ? '' : indent + texts[i];
      this.lines.push(`${left}${hexColumn(part ?? new Uint8Array(0), NARROW)}  ${text}`.trimEnd());
    }
  }

  /** What stands at an offset, without its bytes. */
  #hidden(start: number, depth: number, meaning: string): void {
    const from = this.lines.length;
    this.#row(start, start, depth, meaning);
    this.lines[from] = this.#offset(start) + (this.lines[from] ?? '').slice(this.#offsetWidth);
  }

  /** A long field across the page, with its characters. */
  #block(start: number, end: number): void {
    rows(this.#bytes.subarray(start, end), WIDE).forEach((part, i) => {
      const characters = this.#style.paint('quiet', asciiColumn(part));
      this.lines.push(`${this.#offset(start + i * WIDE)}${hexColumn(part, WIDE)}  ${characters}`);
    });
  }

  #field({ name, start, end, text, fields = [], hidden }: DumpField, depth: number): void {
    const { paint } = this.#style;
    const label = paint('name', printable(name));
    const sized = `${label}  ${paint('quiet', `${end - start} bytes`)}`;
    const [first] = fields;
    if (hidden === true) {
      this.#hidden(start, depth, `${label}  ${paint('quiet', printable(text ?? ''))}`);
    } else if (first !== undefined) {
      this.#row(start, first.start, depth, sized);
      this.#fields(fields, first.start, end, depth + 1);
    } else if (end - start > LONG_FIELD) {
      this.#row(start, start, depth, sized);
      this.#block(start, end);
    } else {
      this.#row(start, end, depth, `${label}  ${this.#value(end, text)}`.trimEnd());
    }
  }

  /** The value beside its bytes: hexadecimal digits would say nothing new, but characters do. */
  #value(end: number, text = ''): string {
    if (!/^(?:[0-9a-f]{2}){2,}$/.test(text)) return printable(text);
    const value = this.#bytes.subarray(end - text.length / 2, end);
    const isHex = Buffer.from(value).toString('hex') === text;
    const isText = value.every((byte) => byte >= 0x20 && byte < 0x7f);
    return isHex && !isText ? '' : isHex ? JSON.stringify(asciiColumn(value)) : printable(text);
  }

  /** Fields and what stands between them, so that every byte is shown exactly once. */
  #fields(fields: readonly DumpField[], start: number, end: number, depth: number): void {
    let at = start;
    for (const field of fields) {
      this.#between(at, field.start, depth);
      this.#field(field, depth);
      at = field.end;
    }
    this.#between(at, end, depth);
  }

  /** Lengths, mostly: bytes that belong to no field. */
  #between(start: number, end: number, depth: number): void {
    if (start < end) this.#row(start, end, depth, this.#style.paint('quiet', `${end - start} bytes`));
  }

  structure(fields: readonly DumpField[]): void {
    this.#fields(fields, 0, this.#bytes.length, 0);
  }

  message(fields: readonly Field[]): void {
    const { length } = this.#bytes;
    const bodyStart = Math.min(HANDSHAKE_HEADER_LENGTH, length);
    const header = `message type ${number(this.#bytes.subarray(0, 1))}, length ${number(this.#bytes.subarray(1, bodyStart))}`;
    this.#row(0, bodyStart, 0, this.#style.paint('quiet', header));
    if (fields.length === 0) this.#block(bodyStart, length);
    else this.#fields(fields, bodyStart, length, 0);
  }
}

/** Type and length in front of a handshake message (RFC 9846 section 4). */
const HANDSHAKE_HEADER_LENGTH = 4;

/**
 * A handshake message, every byte of it exactly once, with the meaning beside it.
 * @param bytes the message with its header.
 * @param fields the decoded fields, with offsets counted from the start of the header.
 */
export function dumpMessage(style: Style, bytes: Uint8Array, fields: readonly Field[]): string[] {
  const dump = new Dump(style, bytes);
  dump.message(fields);
  return dump.lines;
}

/**
 * A structure, every byte of it exactly once but those of hidden fields, with the meaning beside it.
 * @param fields with offsets counted from the first of the bytes.
 */
export function dumpStructure(style: Style, bytes: Uint8Array, fields: readonly DumpField[]): string[] {
  const dump = new Dump(style, bytes);
  dump.structure(fields);
  return dump.lines;
}

/** Bytes as lines of hexadecimal. */
export function hexLines(bytes: Uint8Array, perRow: number): string[] {
  return rows(bytes, perRow).map((part) => hexColumn(part, perRow));
}
