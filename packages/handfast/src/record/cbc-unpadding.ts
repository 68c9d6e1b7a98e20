/**
 * Padding and MAC of a decrypted CBC record, taken apart without telling an attacker where they meet (RFC 5246
 * section 6.2.3.2; AlFardan and Paterson, "Lucky Thirteen").
 *
 * Nothing here branches on a secret, uses one as an index, or stops early: choices are masks of all ones (-1) or all
 * zeros, and loops run over lengths that stand on the wire. That is the shape of the code. JavaScript promises
 * nothing about the machine instructions that an engine makes of it, so this narrows the channel as far as the
 * language allows; encrypt-then-MAC (RFC 7366) and AEADs do not have it.
 */

/** Padding bytes and their length byte, at most. */
const MAX_PADDING = 256;

/** All ones where `a < b`; both between 0 and 2^30. */
function isBelow(a: number, b: number): number {
  return (a - b) >> 31;
}

/** All ones where `value` is 0; it must not be negative. */
function isZero(value: number): number {
  return (value - 1) >> 31;
}

/** Where the parts of a decrypted record end, all of it secret. */
export interface Unpadded {
  /** All ones where the padding is right, else all zeros. */
  readonly isGood: number;
  /** Bytes of content; where the padding is wrong, as if there were none. */
  readonly contentLength: number;
  /** Bytes of padding, without their length byte; 0 where it is wrong. */
  readonly paddingLength: number;
}

/**
 * Finds the content's length.
 * @param plaintext content, MAC, padding and the padding's length byte; at least `macLength + 1` bytes.
 * @param macLength bytes of the MAC, 0 where it is not inside.
 */
export function unpad(plaintext: Uint8Array, macLength: number): Unpadded {
  const last = plaintext.length - 1;
  const claimed = plaintext[last] as number;
  const checked = Math.min(MAX_PADDING, plaintext.length);
  let difference = 0;
  for (let i = 0; i < checked; i++) {
    const isPadding = ~isBelow(claimed, i);
    difference |= isPadding & (claimed ^ (plaintext[last - i] as number));
  }
  const isGood = isZero(difference) & ~isBelow(last - macLength, claimed);
  const paddingLength = claimed & isGood;
  return { isGood, paddingLength, contentLength: last - macLength - paddingLength };
}

/**
 * Copies the MAC out of a decrypted record: every byte where it could lie is read, in order, whatever its place.
 * @param start the MAC's secret place, as {@link unpad} found it.
 */
export function extractMac(plaintext: Uint8Array, start: number, macLength: number): Uint8Array {
  // The bytes land in a ring of the MAC's length, turned by an amount that depends on `start`.
  let ring = new Uint8Array(macLength);
  let turn = 0;
  const first = Math.max(0, plaintext.length - MAX_PADDING - macLength);
  for (let i = first, place = 0; i < plaintext.length; i++) {
    const isMac = ~isBelow(i, start) & isBelow(i, start + macLength);
    ring[place] = (ring[place] as number) | ((plaintext[i] as number) & isMac);
    turn |= place & isZero(i ^ start);
    place = place + 1 === macLength ? 0 : place + 1;
  }
  // It is turned back by 1, 2, 4... places, each time really or only seemingly.
  for (let step = 1; step < macLength; step <<= 1) {
    const isTurned = -(turn & 1);
    turn >>= 1;
    const turned = new Uint8Array(macLength);
    for (let i = 0; i < macLength; i++) {
      const other = ring[(i + step) % macLength] as number;
      turned[i] = ((ring[i] as number) & ~isTurned) | (other & isTurned);
    }
    ring = turned;
  }
  return ring;
}

/** All ones where both arrays, of the same length, hold the same bytes. */
export function areEqual(a: Uint8Array, b: Uint8Array): number {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return isZero(difference);
}
