/** Writing DER (X.690), for the few structures that are put together here rather than read. */
import { concat, fromHex } from '../wire/bytes.ts';
import { Tag } from './der.ts';

/** One element: its contents are joined, and its length is written in the shortest form. */
export function encodeElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concat(...contents);
  const length = content.length.toString(16);
  const octets = fromHex(length.length % 2 === 0 ? length : `0${length}`);
  const header = content.length < 0x80 ? octets : [0x80 | octets.length, ...octets];
  return concat(Uint8Array.of(tag, ...header), content);
}

/** An OBJECT IDENTIFIER, from the dotted form of one of our own; its arcs are below 2^31. */
export function encodeOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  // Two arcs share the first component (X.690 section 8.19.4); every component has seven bits in each octet.
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let more = arc >>> 7; more > 0; more >>>= 7) groups.unshift((more & 0x7f) | 0x80);
    return groups;
  });
  return encodeElement(Tag.OBJECT_IDENTIFIER, Uint8Array.from(octets));
}
