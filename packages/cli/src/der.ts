/** Writing the little DER that certificates need beyond what their generator knows. */

/** One element, of less than 16 MiB. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const octets = [length >> 16, (length >> 8) & 0xff, length & 0xff];
  while (octets.length > 1 && octets[0] === 0) octets.shift();
  const header = length < 0x80 ? octets : [0x80 | octets.length, ...octets];
  return Buffer.concat([Uint8Array.of(tag, ...header), content]);
}

/** An INTEGER that is not negative. */
export function derInteger(number: number): Buffer {
  const digits = number.toString(16);
  const octets = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  const isNegative = (octets[0] as number) >= 0x80;
  return der(0x02, ...(isNegative ? [Uint8Array.of(0)] : []), octets);
}
