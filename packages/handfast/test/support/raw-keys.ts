/** Key-exchange keys of node:crypto from bare numbers, as test vectors give them. */
import { createECDH, createPrivateKey, type ECDH, type KeyObject } from 'node:crypto';
import { concat, fromHex } from '../../src/wire/bytes.ts';

/** PrivateKeyInfo up to the scalar (RFC 8410 section 7). */
const PKCS8_PREFIX = {
  x25519: fromHex('302e020100300506032b656e04220420'),
  x448: fromHex('3046020100300506032b656f043a0438'),
};

/** A private key of X25519 or X448. */
export function montgomeryKey(curve: keyof typeof PKCS8_PREFIX, scalar: Uint8Array): KeyObject {
  const der = Buffer.from(concat(PKCS8_PREFIX[curve], scalar));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** A key pair on a NIST curve, by OpenSSL's name for it. */
export function ecdhKey(curve: string, scalar: Uint8Array): ECDH {
  const ecdh = createECDH(curve);
  ecdh.setPrivateKey(scalar);
  return ecdh;
}
