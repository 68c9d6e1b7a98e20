/** RSA encryption on node:crypto, for RSA key transport of TLS 1.2 (RFC 5246 section 7.4.7.1). */
import { constants, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto';
import { TlsError } from '../../wire/errors.ts';
import type { PublicKey } from '../provider.ts';
import { bitLength } from '../signature-schemes.ts';
import { plain } from './buffers.ts';
import { keyObject } from './public-key.ts';

/** RSAES-PKCS1-v1_5; see `CryptoProvider.rsaEncrypt`. */
export function rsaEncrypt(key: Extract<PublicKey, { kind: 'rsa' }>, message: Uint8Array): Uint8Array {
  try {
    return plain(publicEncrypt({ key: keyObject(key), padding: constants.RSA_PKCS1_PADDING }, message));
  } catch (cause) {
    const bits = bitLength(key.modulus);
    throw new TlsError(
      'ERR_BAD_CERTIFICATE',
      `the RSA key of ${bits} bits cannot encrypt ${message.length} bytes: ${(cause as Error).message}`,
      { bits },
      { cause },
    );
  }
}

/** The private-key operation alone; see `SigningKey.rsaDecryptRaw`. `modulus` is the key's. */
export function rsaDecryptRaw(key: KeyObject, modulus: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  // OpenSSL takes a ciphertext without its leading zeros, which RFC 8017 section 7.2.2 does not.
  if (ciphertext.length === modulus.length) {
    try {
      return plain(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext));
    } catch {
      // Not below the modulus: public knowledge, like the length.
    }
  }
  return new Uint8Array(modulus.length);
}
