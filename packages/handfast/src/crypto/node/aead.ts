/** The authenticated ciphers of TLS on node:crypto. */
import {
  type CipherGCMTypes,
  type CipherKey,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  getCiphers,
} from 'node:crypto';
import { constantTimeEqual } from '../../wire/bytes.ts';
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type Aead,
  type AeadName,
} from '../provider.ts';
import { plain } from './buffers.ts';

/**
 * Our names as OpenSSL spells them. The type of node:crypto's overloads for GCM is borrowed: with the others
 * `setAAD` takes the same options.
 */
const OPENSSL_CIPHER: Readonly<Record<AeadName, CipherGCMTypes>> = {
  'AES-128-GCM': 'aes-128-gcm',
  'AES-256-GCM': 'aes-256-gcm',
  'CHACHA20-POLY1305': 'chacha20-poly1305' as CipherGCMTypes,
  'AES-128-CCM': 'aes-128-ccm' as CipherGCMTypes,
  'AES-256-CCM': 'aes-256-ccm' as CipherGCMTypes,
  'AES-128-CCM-8': 'aes-128-ccm' as CipherGCMTypes,
  'AES-256-CCM-8': 'aes-256-ccm' as CipherGCMTypes,
};

function offered(): ReadonlySet<AeadName> {
  const known = new Set(getCiphers());
  const names = Object.keys(OPENSSL_CIPHER) as AeadName[];
  return new Set(names.filter((name) => known.has(OPENSSL_CIPHER[name])));
}

/** The ciphers that this runtime has: a FIPS build, or one on BoringSSL, may lack ChaCha20-Poly1305. */
export const aeads: ReadonlySet<AeadName> = offered();

/** GCM and CCM take nonces of several lengths, so a wrong one must be caught here. */
function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== AEAD_NONCE_LENGTH) {
    throw new RangeError(`expected a nonce of ${AEAD_NONCE_LENGTH} bytes, found ${nonce.length}`);
  }
}

/** An empty view of memory that is not empty. */
const NOTHING = new Uint8Array(1).subarray(0, 0);

/**
 * The bytes at an address that is not null, which the memory of an empty array may have: to OpenSSL's CCM that is
 * another request, after which no tag is made, or checked.
 */
function addressed(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NOTHING : bytes;
}

class NodeAead implements Aead {
  readonly #cipher: CipherGCMTypes;
  readonly #key: CipherKey;
  readonly #options: { readonly authTagLength: number };

  constructor(cipher: CipherGCMTypes, key: CipherKey, tagLength: number) {
    this.#cipher = cipher;
    this.#key = key;
    this.#options = { authTagLength: tagLength };
  }

  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array): Uint8Array {
    checkNonce(nonce);
    const cipher = createCipheriv(this.#cipher, this.#key, nonce, this.#options);
    // CCM must know the length before it starts; the others do not mind.
    cipher.setAAD(addressed(additionalData), { plaintextLength: plaintext.length });
    const sealed = new Uint8Array(plaintext.length + this.#options.authTagLength);
    sealed.set(cipher.update(addressed(plaintext)));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  }

  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
    checkNonce(nonce);
    const length = ciphertext.length - this.#options.authTagLength;
    if (length < 0) return undefined;
    if (length === 0) {
      // The same for all ciphers, since with CCM it is not certain that OpenSSL looks at the tag (see `addressed`).
      return constantTimeEqual(this.seal(nonce, additionalData, NOTHING), ciphertext)
        ? new Uint8Array(0)
        : undefined;
    }
    const decipher = createDecipheriv(this.#cipher, this.#key, nonce, this.#options);
    decipher.setAuthTag(ciphertext.subarray(length));
    decipher.setAAD(addressed(additionalData), { plaintextLength: length });
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
  if (!aeads.has(name)) throw new RangeError(`${name} is not offered by this runtime; see provider.aeads`);
  if (key.length !== AEAD_KEY_LENGTH[name]) {
    throw new RangeError(`expected a ${name} key of ${AEAD_KEY_LENGTH[name]} bytes, found ${key.length}`);
  }
  return new NodeAead(OPENSSL_CIPHER[name], createSecretKey(key), AEAD_TAG_LENGTH[name]);
}
