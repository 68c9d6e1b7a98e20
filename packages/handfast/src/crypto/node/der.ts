/** Writing the little DER that node:crypto must be given where it takes a key in no other form. */
import { concat } from '../../wire/bytes.ts';
import { Tag } from '../../x509/der.ts';

/** One DER value; these are all shorter than 64 KiB. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concat(...contents);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.from(header), content);
}

/** A non-negative INTEGER from big-endian bytes without leading zeros. */
export function integer(bytes: Uint8Array): Uint8Array {
  const negative = bytes.length === 0 || (bytes[0] ?? 0) >= 0x80;
  return negative ? tlv(Tag.INTEGER, Uint8Array.of(0), bytes) : tlv(Tag.INTEGER, bytes);
}
