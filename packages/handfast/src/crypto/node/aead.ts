/** The authenticated ciphers of TLS 1.3 on node:crypto. */
import {
  type CipherGCMTypes,
  type CipherKey,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  getCiphers,
} from 'node:crypto';
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type Aead,
  type AeadName,
} from '../provider.ts';
import { plain } from './buffers.ts';

/**
 * Our names as OpenSSL spells them. The type of node:crypto's AEAD overloads is borrowed: for
 * ChaCha20-Poly1305 `setAAD` takes the same options as for GCM.
 */
const OPENSSL_CIPHER: Readonly<Partial<Record<AeadName, CipherGCMTypes>>> = {
  'AES-128-GCM': 'aes-128-gcm',
  'AES-256-GCM': 'aes-256-gcm',
  'CHACHA20-POLY1305': 'chacha20-poly1305' as CipherGCMTypes,
};

const OPTIONS = { authTagLength: AEAD_TAG_LENGTH };

function offered(): ReadonlySet<AeadName> {
  const known = new Set(getCiphers());
  const names = Object.keys(OPENSSL_CIPHER) as AeadName[];
  return new Set(names.filter((name) => known.has(OPENSSL_CIPHER[name] as string)));
}

/** The ciphers that this runtime has: a FIPS build, or one on BoringSSL, may lack ChaCha20-Poly1305. */
export const aeads: ReadonlySet<AeadName> = offered();

/** GCM takes nonces of any length, so a wrong one must be caught here. */
function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== AEAD_NONCE_LENGTH) {
    throw new RangeError(`expected a nonce of ${AEAD_NONCE_LENGTH} bytes, found ${nonce.length}`);
  }
}

class NodeAead implements Aead {
  readonly #cipher: CipherGCMTypes;
  readonly #key: CipherKey;

  constructor(cipher: CipherGCMTypes, key: CipherKey) {
    this.#cipher = cipher;
    this.#key = key;
  }

  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array): Uint8Array {
    checkNonce(nonce);
    const cipher = createCipheriv(this.#cipher, this.#key, nonce, OPTIONS);
    cipher.setAAD(additionalData);
    const sealed = new Uint8Array(plaintext.length + AEAD_TAG_LENGTH);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  }

  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
    checkNonce(nonce);
    const length = ciphertext.length - AEAD_TAG_LENGTH;
    if (length < 0) return undefined;
    const decipher = createDecipheriv(this.#cipher, this.#key, nonce, OPTIONS);
    decipher.setAAD(additionalData);
    decipher.setAuthTag(ciphertext.subarray(length));
    const plaintext = decipher.update(ciphertext.subarray(0, length));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return plain(plaintext);
  }
}

/**
 * One key of an authenticated cipher; see `CryptoProvider.aead`.
 * @throws {RangeError} when the key's length does not fit, or the runtime lacks the cipher.
 */
export function aead(name: AeadName, key: Uint8Array): Aead {
  const cipher = OPENSSL_CIPHER[name];
  if (cipher === undefined || !aeads.has(name)) {
    throw new RangeError(`${name} is not offered by this runtime; see provider.aeads`);
  }
  if (key.length !== AEAD_KEY_LENGTH[name]) {
    throw new RangeError(`expected a ${name} key of ${AEAD_KEY_LENGTH[name]} bytes, found ${key.length}`);
  }
  return new NodeAead(cipher, createSecretKey(key));
}
