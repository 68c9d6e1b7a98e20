/** Premaster secrets of RSA key transport in their padding: right ones, and wrong ones of every kind. */
import { concat } from '../../src/wire/bytes.ts';
import { sampleSource } from '../wire/support.ts';

export const PREMASTER_LENGTH = 48;
const VERSION = 0x0303;

const { below } = sampleSource(1);
const nonZero = (length: number): Uint8Array => Uint8Array.from({ length }, () => 1 + below(255));

export function premaster(version = VERSION, length = PREMASTER_LENGTH): Uint8Array {
  return concat(Uint8Array.of(version >> 8, version & 0xff), nonZero(length - 2));
}

/** A block as it should be, of a modulus of `length` bytes, around any message. */
export function padded(length: number, message = premaster()): Uint8Array {
  return concat(Uint8Array.of(0, 2), nonZero(length - message.length - 3), Uint8Array.of(0), message);
}

export function withByte(block: Uint8Array, at: number, value: number): Uint8Array {
  const changed = block.slice();
  changed[at] = value;
  return changed;
}

/** Everything that can be wrong with a block. */
export function wrongBlocks(length: number): readonly (readonly [what: string, block: Uint8Array])[] {
  const right = padded(length);
  const separator = length - PREMASTER_LENGTH - 1;
  const classes: [string, Uint8Array][] = [];
  for (const value of [1, 2, 0x80, 0xff]) {
    classes.push([`first byte ${value}`, withByte(right, 0, value)]);
  }
  for (const value of [0, 1, 3, 0x82, 0xff]) {
    classes.push([`block type ${value}`, withByte(right, 1, value)]);
  }
  for (let at = 2; at < separator; at++) classes.push([`zero at ${at}`, withByte(right, at, 0)]);
  classes.push(['no separator', withByte(right, separator, 7)]);
  classes.push(['no zero at all', nonZero(length)]);
  for (const off of [-2, -1, 1, 2, 8]) {
    if (separator + off < 10) continue;
    classes.push([`separator ${off} off`, padded(length, premaster(VERSION, PREMASTER_LENGTH - off))]);
  }
  for (const short of [0, 1, 2, 46, 47].map((size) => premaster(VERSION, 48).slice(0, size))) {
    classes.push([`a premaster secret of ${short.length} bytes`, padded(length, short)]);
  }
  for (const version of [0x0300, 0x0301, 0x0302, 0x0304, 0x0203, 0x0403, 0x8303, 0x0383, 0x0000, 0xffff]) {
    classes.push([`version ${version.toString(16)}`, padded(length, premaster(version))]);
  }
  classes.push(['zeros', new Uint8Array(length)]);
  classes.push(['ones', new Uint8Array(length).fill(0xff)]);
  return classes;
}
