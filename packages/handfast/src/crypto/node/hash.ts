/** Hash functions and HMAC on node:crypto. */
import * as nodeCrypto from 'node:crypto';
import type { Hash, HashName } from '../provider.ts';
import { plain } from './buffers.ts';

/** Our hash names as OpenSSL spells them. */
export const OPENSSL_HASH: Readonly<Record<HashName, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

function wrap(state: nodeCrypto.Hash): Hash {
  return {
    update(data) {
      state.update(data);
    },
    digest: () => plain(state.digest()),
    clone: () => wrap(state.copy()),
  };
}

/** A running hash; see `CryptoProvider.hash`. */
export function hash(name: HashName): Hash {
  return wrap(nodeCrypto.createHash(OPENSSL_HASH[name]));
}

/** HMAC of the concatenation of `data`; see `CryptoProvider.hmac`. */
export function hmac(name: HashName, key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  const mac = nodeCrypto.createHmac(OPENSSL_HASH[name], key);
  for (const part of data) mac.update(part);
  return plain(mac.digest());
}
