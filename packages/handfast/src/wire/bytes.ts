/**
 * Byte-array helpers that need nothing from the platform: the bottom of the house.
 */

/** Joins byte arrays into a new one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** The same bytes in an array of their own. (`slice()` of a Node Buffer is a view of it.) */
export function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/**
 * Compares two byte arrays in time that depends on their lengths only, as far as a JavaScript engine
 * allows: no branch and no index depends on the contents.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Compares two byte arrays that are not secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/**
 * Bytes from hexadecimal digits; white space between them is ignored.
 * @throws {RangeError} when a character is no hexadecimal digit or a digit is missing.
 */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) {
    throw new RangeError('expected pairs of hexadecimal digits');
  }
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/**
 * Bytes of a text that holds ASCII characters only.
 * @throws {RangeError} when a character lies outside ASCII.
 */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) throw new RangeError(`expected ASCII text, found ${JSON.stringify(text[i])}`);
    bytes[i] = code;
  }
  return bytes;
}

/** Text of bytes, one character a byte (ISO 8859-1): never fails. For display see {@link printable}. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Text of bytes for messages and logs, which no peer shall steer: what is not printable ASCII stands as `\\xNN`. */
export function printable(bytes: Uint8Array): string {
  return latin1(bytes).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\x${HEX[character.charCodeAt(0)] as string}`,
  );
}

/** An array of length zero, to share. */
export const EMPTY: Uint8Array = new Uint8Array(0);
