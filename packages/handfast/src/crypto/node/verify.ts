/** Signature verification on node:crypto. */
import { constants, type KeyObject, verify as nodeVerify } from 'node:crypto';
import type { PublicKey, SignatureAlgorithm } from '../provider.ts';
import { permittedByKey } from '../signature-schemes.ts';
import { OPENSSL_HASH } from './hash.ts';
import { verifyMlDsa } from './ml-dsa.ts';
import { pssKeyObject } from './pss-key.ts';
import { keyObject } from './public-key.ts';

type PssAlgorithm = Extract<SignatureAlgorithm, { kind: 'rsa-pss' }>;
type RsaKey = Extract<PublicKey, { kind: 'rsa' | 'rsa-pss' }>;

function pssKey(key: RsaKey, algorithm: PssAlgorithm): KeyObject {
  return algorithm.mgfHash === algorithm.hash
    ? keyObject(key)
    : pssKeyObject(key.modulus, key.exponent, algorithm);
}

/** Throws for a malformed key, and only then. */
function check(
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (algorithm.kind) {
    case 'rsa-pkcs1': {
      if (key.kind !== 'rsa' || signature.length !== key.modulus.length) return false;
      const padding = constants.RSA_PKCS1_PADDING;
      return nodeVerify(OPENSSL_HASH[algorithm.hash], message, { key: keyObject(key), padding }, signature);
    }
    case 'rsa-pss': {
      if ((key.kind !== 'rsa' && key.kind !== 'rsa-pss') || !permittedByKey(key, algorithm)) return false;
      // RFC 8017 section 8.1.2: as long as the modulus. OpenSSL takes a PSS signature without its leading zeros.
      if (signature.length !== key.modulus.length) return false;
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const { hash, saltLength } = algorithm;
      const options = { key: pssKey(key, algorithm), padding, saltLength };
      return nodeVerify(OPENSSL_HASH[hash], message, options, signature);
    }
    case 'ecdsa':
      return (
        key.kind === 'ec' && nodeVerify(OPENSSL_HASH[algorithm.hash], message, keyObject(key), signature)
      );
    case 'ed25519':
    case 'ed448':
      return key.kind === algorithm.kind && nodeVerify(null, message, keyObject(key), signature);
    case 'ml-dsa':
      return (
        key.kind === 'ml-dsa' &&
        key.parameterSet === algorithm.parameterSet &&
        verifyMlDsa(key, message, signature)
      );
  }
}

/** Whether the signature is good; see `CryptoProvider.verify`. */
export function verify(
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return check(algorithm, key, message, signature);
  } catch {
    return false;
  }
}
