/**
 * The premaster secret of RSA key transport, taken out of its padding without telling anybody whether it was right
 * (RFC 5246 section 7.4.7.1): Bleichenbacher's attack needs no more than one bit of answer for each ciphertext.
 */
import { PREMASTER_LENGTH } from '../dhe12.ts';

/** `0x00 0x02 PS 0x00 M` with at least 8 bytes of PS (RFC 8017 section 7.2.2). */
const MIN_BLOCK_LENGTH = PREMASTER_LENGTH + 11;

/**
 * The premaster secret in a decrypted block, or `substitute` where anything is wrong: the padding, the length, or the
 * version, which must be the one that the client offered. No branch, index or length depends on the block's bytes.
 * A wrong secret shows itself later, as for any other reason: the peer's Finished does not decrypt.
 * @param block the result of the raw private-key operation, as long as the modulus.
 * @param version `ClientHello.client_version`.
 * @param substitute 48 random bytes, drawn before the block was known.
 */
export function premasterFrom(block: Uint8Array, version: number, substitute: Uint8Array): Uint8Array {
  if (block.length < MIN_BLOCK_LENGTH) return substitute; // the modulus is too short: that is public
  const separator = block.length - PREMASTER_LENGTH - 1;
  const at = (i: number): number => block[i] as number;
  // Every difference from what must be there leaves a bit in `wrong`.
  let wrong = at(0) | (at(1) ^ 2) | at(separator);
  for (let i = 2; i < separator; i++) wrong |= isZero(at(i));
  // RFC 5246 section 7.4.7.1 "server implementations MUST check the version number", "it MUST continue the
  // handshake with a randomly generated"
  wrong |= at(separator + 1) ^ (version >> 8);
  wrong |= at(separator + 2) ^ (version & 0xff);
  const keep = isZero(wrong) * 0xff;
  const premaster = new Uint8Array(PREMASTER_LENGTH);
  for (let i = 0; i < PREMASTER_LENGTH; i++) {
    premaster[i] = (at(separator + 1 + i) & keep) | ((substitute[i] as number) & ~keep);
  }
  return premaster;
}

/** 1 for 0 and 0 for 1 to 255, by arithmetic. */
function isZero(byte: number): number {
  return ((byte - 1) >>> 31) & 1;
}
