/** From the key material of TLS 1.2 to what protects its records (RFC 5246 section 6.3). */
import {
  AEAD_KEY_LENGTH,
  type AeadName,
  CBC_KEY_LENGTH,
  type CbcName,
  type CryptoProvider,
  HASH_LENGTH,
  type HashName,
} from '../crypto/provider.ts';
import { AeadProtection12, fixedIvLength } from './aead12.ts';
import { CbcProtection12 } from './cbc12.ts';
import { KEY_LIMITS, type RecordProtection } from './protection.ts';

/** How a cipher suite of TLS 1.2 protects records. */
export type RecordCipher12 =
  | { readonly kind: 'aead'; readonly aead: AeadName }
  | { readonly kind: 'cbc'; readonly cbc: CbcName; readonly mac: HashName };

/** One direction's part of the key block; what a cipher does not need is empty. */
export interface KeyMaterial12 {
  readonly macKey: Uint8Array;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** Bytes of each part of {@link KeyMaterial12}. */
export function keySizes12(cipher: RecordCipher12): Readonly<Record<keyof KeyMaterial12, number>> {
  return cipher.kind === 'aead'
    ? { macKey: 0, key: AEAD_KEY_LENGTH[cipher.aead], iv: fixedIvLength(cipher.aead) }
    : { macKey: HASH_LENGTH[cipher.mac], key: CBC_KEY_LENGTH[cipher.cbc], iv: 0 };
}

/**
 * What protects one direction.
 * @param encryptThenMac whether the extension of RFC 7366 was agreed on; AEADs have no use for it.
 * @throws {RangeError} when the key material does not fit {@link keySizes12}.
 */
export function protection12(
  provider: CryptoProvider,
  cipher: RecordCipher12,
  keys: KeyMaterial12,
  encryptThenMac: boolean,
): RecordProtection {
  for (const [part, length] of Object.entries(keySizes12(cipher))) {
    const found = keys[part as keyof KeyMaterial12].length;
    if (found !== length) throw new RangeError(`expected a ${part} of ${length} bytes, found ${found}`);
  }
  const { macKey, key, iv } = keys;
  if (cipher.kind === 'aead') {
    const { aead: aeadName } = cipher;
    const aead = provider.aead(aeadName, key);
    return new AeadProtection12({ aead, aeadName, iv, maxRecords: KEY_LIMITS[aeadName].maxRecords });
  }
  const cbc = provider.cbc(cipher.cbc, key);
  return new CbcProtection12({ provider, cbc, macHash: cipher.mac, macKey, encryptThenMac });
}
