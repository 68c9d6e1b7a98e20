/** What TLS 1.2 derives (RFC 5246 sections 6.3, 7.4.9 and 8.1; RFC 7627 section 4). */
import type { Prf12 } from './prf12.ts';

/** Bytes of the master secret (RFC 5246 section 8.1). */
export const MASTER_SECRET_LENGTH = 48;
const VERIFY_DATA_LENGTH = 12;

/** The master secret of a premaster secret (RFC 5246 section 8.1): 48 bytes. It is not bound to the handshake. */
export function masterSecret(
  prf: Prf12,
  premaster: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): Uint8Array {
  return prf.prf(premaster, 'master secret', MASTER_SECRET_LENGTH, clientRandom, serverRandom);
}

/**
 * The master secret that is bound to its handshake (RFC 7627 section 4): 48 bytes.
 * @param sessionHash the transcript hash up to and with ClientKeyExchange.
 */
export function extendedMasterSecret(prf: Prf12, premaster: Uint8Array, sessionHash: Uint8Array): Uint8Array {
  return prf.prf(premaster, 'extended master secret', MASTER_SECRET_LENGTH, sessionHash);
}

/** Lengths in bytes of what one side takes from the key block. */
export interface KeyBlockSizes {
  /** The key of the HMAC; 0 with an AEAD. */
  readonly macKey: number;
  readonly key: number;
  /** The part of the nonce that no record carries; 0 with CBC, whose initial vectors stand in the records. */
  readonly iv: number;
}

/** One sender's part of the key block. */
export interface WriteKeys {
  readonly macKey: Uint8Array;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** The key block, cut into its parts (RFC 5246 section 6.3). */
export function keyBlock(
  prf: Prf12,
  masterSecret: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  sizes: KeyBlockSizes,
): { readonly client: WriteKeys; readonly server: WriteKeys } {
  const length = 2 * (sizes.macKey + sizes.key + sizes.iv);
  // Here the server's random comes first.
  const block = prf.prf(masterSecret, 'key expansion', length, serverRandom, clientRandom);
  let offset = 0;
  const take = (size: number): Uint8Array => {
    offset += size;
    return block.slice(offset - size, offset);
  };
  const macKeys = [take(sizes.macKey), take(sizes.macKey)] as const;
  const keys = [take(sizes.key), take(sizes.key)] as const;
  const ivs = [take(sizes.iv), take(sizes.iv)] as const;
  return {
    client: { macKey: macKeys[0], key: keys[0], iv: ivs[0] },
    server: { macKey: macKeys[1], key: keys[1], iv: ivs[1] },
  };
}

/**
 * `verify_data` of a Finished message (RFC 5246 section 7.4.9): 12 bytes.
 * @param sender whose Finished it is.
 * @param transcriptHash of all messages before it: the second Finished of a handshake covers the first.
 */
export function finishedVerifyData12(
  prf: Prf12,
  masterSecret: Uint8Array,
  sender: 'client' | 'server',
  transcriptHash: Uint8Array,
): Uint8Array {
  return prf.prf(masterSecret, `${sender} finished`, VERIFY_DATA_LENGTH, transcriptHash);
}
