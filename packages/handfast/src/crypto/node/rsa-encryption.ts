/** RSA encryption on node:crypto, for RSA key transport of TLS 1.2 (RFC 5246 section 7.4.7.1). */
import { constants, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto';
import { TlsError } from '../../wire/errors.ts';
import type { PublicKey } from '../provider.ts';
import { bitLength } from '../signature-schemes.ts';
import { plain } from './buffers.ts';
import { keyObject } from './public-key.ts';

type RsaKey = Extract<PublicKey, { kind: 'rsa' }>;

function unusable(key: RsaKey, reason: string, options?: { cause: unknown }): TlsError {
  const bits = bitLength(key.modulus);
  const message = `the RSA key of ${bits} bits in the certificate cannot encrypt: ${reason}`;
  return new TlsError('ERR_BAD_CERTIFICATE', message, { bits }, options);
}

function isOdd(number: Uint8Array): boolean {
  return ((number.at(-1) ?? 0) & 1) === 1;
}

/** RSAES-PKCS1-v1_5; see `CryptoProvider.rsaEncrypt`. */
export function rsaEncrypt(key: RsaKey, message: Uint8Array): Uint8Array {
  const { modulus, exponent } = key;
  // RFC 8017 section 3.1. OpenSSL would not mind: with an exponent of 1 the message goes out as it is.
  if (!isOdd(modulus) || !isOdd(exponent) || (exponent.length === 1 && exponent[0] === 1)) {
    throw unusable(key, 'expected an odd modulus and an odd exponent from 3 on, found others');
  }
  try {
    return plain(publicEncrypt({ key: keyObject(key), padding: constants.RSA_PKCS1_PADDING }, message));
  } catch (cause) {
    throw unusable(key, (cause as Error).message, { cause });
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
