/** Decryption by a password. What comes out of it is right only if its reader finds it so: CBC proves nothing. */
import { createDecipheriv } from 'node:crypto';
import type { Cipher, Encryption, KeyDerivation } from './algorithms.ts';
import { Pkcs12Use, pbkdf2Key, pkcs12Key, scryptKey, TooMuchWork, type Work } from './kdf.ts';

/** Why something cannot be decrypted here with any password; `undefined` when it can. */
export function cannotDecrypt({ cipher, derivation }: Encryption): string | undefined {
  if (cipher === undefined || derivation === undefined) return 'handfast does not know this encryption';
  return cipher.openssl === undefined
    ? `${cipher.name} is not in the OpenSSL of Node, since it is broken`
    : undefined;
}

/** The key for a cipher, and the IV where the derivation makes that too. */
function keyAndIv(
  work: Work,
  derivation: KeyDerivation,
  { keyLength, ivLength }: Cipher,
  password: string | undefined,
): { readonly key: Buffer; readonly iv?: Buffer } {
  switch (derivation.kind) {
    case 'pbkdf2':
      return { key: pbkdf2Key(work, derivation, password, keyLength) };
    case 'scrypt':
      return { key: scryptKey(work, derivation, password, keyLength) };
    case 'pkcs12':
      return {
        key: pkcs12Key(work, derivation, password, Pkcs12Use.key, keyLength),
        iv: pkcs12Key(work, derivation, password, Pkcs12Use.iv, ivLength),
      };
  }
}

/**
 * Decrypts with a password; `undefined` is none at all.
 * @returns the plaintext if its padding is one, which a wrong password gives with a chance of 1 in 256.
 * @throws {TooMuchWork} when the file asks for too much.
 */
export function decrypt(
  work: Work,
  encryption: Encryption,
  ciphertext: Uint8Array,
  password: string | undefined,
): Buffer | undefined {
  const { cipher, derivation } = encryption;
  if (cipher?.openssl === undefined || derivation === undefined) return undefined;
  try {
    const { key, iv = encryption.iv ?? null } = keyAndIv(work, derivation, cipher, password);
    const decipher = createDecipheriv(cipher.openssl, key, iv);
    key.fill(0);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (error) {
    // Node refuses wrong padding, and parameters of scrypt that no number of bytes makes right.
    if (error instanceof TooMuchWork) throw error;
    return undefined;
  }
}
