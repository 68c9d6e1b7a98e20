/** Between Node's Buffers and the Uint8Arrays of the contract, without a copy. */

/**
 * A Buffer as the Uint8Array that it is. What leaves this folder is never a Buffer, because
 * `Buffer.prototype.slice` shares memory where `Uint8Array.prototype.slice` copies it.
 */
export function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Bytes as a Buffer, for those functions of Node that take nothing else. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes as a member of a JSON Web Key (RFC 7515 section 2: base64url without padding). */
export function toBase64url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url');
}

/** The bytes of a member of a JSON Web Key; none where it is absent. */
export function fromBase64url(text: string | undefined): Uint8Array {
  return plain(Buffer.from(text ?? '', 'base64url'));
}
