/** The 64-bit number of a record under its key, which never travels but is part of what protects the record. */

/** Writes a sequence number as eight bytes, big-endian. */
export function putSequence(bytes: Uint8Array, offset: number, sequence: number): void {
  let rest = sequence;
  for (let i = offset + 7; i >= offset; i--) {
    bytes[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
}

/** Adds a sequence number to the end of an iv by XOR, which makes a nonce of it (RFC 9846 section 5.3, RFC 7905 section 2). */
export function xorSequence(iv: Uint8Array, sequence: number): void {
  let rest = sequence;
  for (let i = iv.length - 1; rest > 0; i--) {
    iv[i] = (iv[i] as number) ^ (rest & 0xff);
    rest = Math.floor(rest / 256);
  }
}
