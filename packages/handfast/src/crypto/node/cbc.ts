/** AES in CBC mode on node:crypto: whole blocks, without padding. */
import { type CipherKey, createCipheriv, createDecipheriv, createSecretKey, getCiphers } from 'node:crypto';
import { CBC_BLOCK_LENGTH, CBC_KEY_LENGTH, type Cbc, type CbcName } from '../provider.ts';
import { plain } from './buffers.ts';

/** Our names as OpenSSL spells them. */
const OPENSSL_CIPHER: Readonly<Record<CbcName, string>> = {
  'AES-128-CBC': 'aes-128-cbc',
  'AES-256-CBC': 'aes-256-cbc',
};

function offered(): ReadonlySet<CbcName> {
  const known = new Set(getCiphers());
  const names = Object.keys(OPENSSL_CIPHER) as CbcName[];
  return new Set(names.filter((name) => known.has(OPENSSL_CIPHER[name])));
}

/** The block ciphers that this runtime has. */
export const cbcs: ReadonlySet<CbcName> = offered();

function checkBlocks(iv: Uint8Array, text: Uint8Array): void {
  if (iv.length !== CBC_BLOCK_LENGTH) {
    throw new RangeError(`expected an iv of ${CBC_BLOCK_LENGTH} bytes, found ${iv.length}`);
  }
  if (text.length % CBC_BLOCK_LENGTH !== 0) {
    throw new RangeError(`expected whole blocks of ${CBC_BLOCK_LENGTH} bytes, found ${text.length} bytes`);
  }
}

class NodeCbc implements Cbc {
  readonly #cipher: string;
  readonly #key: CipherKey;

  constructor(cipher: string, key: CipherKey) {
    this.#cipher = cipher;
    this.#key = key;
  }

  encrypt(iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
    checkBlocks(iv, plaintext);
    return plain(createCipheriv(this.#cipher, this.#key, iv).setAutoPadding(false).update(plaintext));
  }

  decrypt(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    checkBlocks(iv, ciphertext);
    return plain(createDecipheriv(this.#cipher, this.#key, iv).setAutoPadding(false).update(ciphertext));
  }
}

/**
 * One key of a block cipher in CBC mode; see `CryptoProvider.cbc`.
 * @throws {RangeError} when the key's length does not fit, or the runtime lacks the cipher.
 */
export function cbc(name: CbcName, key: Uint8Array): Cbc {
  if (!cbcs.has(name)) throw new RangeError(`${name} is not offered by this runtime; see provider.cbcs`);
  if (key.length !== CBC_KEY_LENGTH[name]) {
    throw new RangeError(`expected a ${name} key of ${CBC_KEY_LENGTH[name]} bytes, found ${key.length}`);
  }
  return new NodeCbc(OPENSSL_CIPHER[name], createSecretKey(key));
}
