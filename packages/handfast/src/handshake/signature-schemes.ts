/** What each TLS signature scheme means in terms of keys and algorithms (RFC 9846 section 4.2.3). */
import {
  type EcCurve,
  HASH_LENGTH,
  type HashName,
  type PublicKey,
  type SignatureAlgorithm,
} from '../crypto/provider.ts';
import { SignatureScheme } from '../wire/registry.ts';

interface SchemeInfo {
  readonly algorithm: SignatureAlgorithm;
  /** Whether a key of this kind may be used with the scheme. */
  readonly fits: (key: PublicKey) => boolean;
}

function pss(kind: 'rsa' | 'rsa-pss', hash: HashName): SchemeInfo {
  const saltLength = HASH_LENGTH[hash];
  return {
    algorithm: { kind: 'rsa-pss', hash, mgfHash: hash, saltLength },
    fits: (key) => {
      if (key.kind !== kind) return false;
      const restriction = key.kind === 'rsa-pss' ? key.restriction : undefined;
      // RFC 4055 section 1.2: the parameters of the key bind every signature made with it.
      return (
        restriction === undefined ||
        (restriction.hash === hash && restriction.mgfHash === hash && restriction.minSaltLength <= saltLength)
      );
    },
  };
}

function ecdsa(curve: EcCurve, hash: HashName): SchemeInfo {
  return { algorithm: { kind: 'ecdsa', hash }, fits: (key) => key.kind === 'ec' && key.curve === curve };
}

function eddsa(kind: 'ed25519' | 'ed448'): SchemeInfo {
  return { algorithm: { kind }, fits: (key) => key.kind === kind };
}

/** The schemes that CertificateVerify may use in TLS 1.3; RSA PKCS#1 and SHA-1 are not among them. */
const SCHEMES: ReadonlyMap<SignatureScheme, SchemeInfo> = new Map([
  [SignatureScheme.ecdsa_secp256r1_sha256, ecdsa('P-256', 'SHA-256')],
  [SignatureScheme.ecdsa_secp384r1_sha384, ecdsa('P-384', 'SHA-384')],
  [SignatureScheme.ecdsa_secp521r1_sha512, ecdsa('P-521', 'SHA-512')],
  [SignatureScheme.ed25519, eddsa('ed25519')],
  [SignatureScheme.ed448, eddsa('ed448')],
  [SignatureScheme.rsa_pss_rsae_sha256, pss('rsa', 'SHA-256')],
  [SignatureScheme.rsa_pss_rsae_sha384, pss('rsa', 'SHA-384')],
  [SignatureScheme.rsa_pss_rsae_sha512, pss('rsa', 'SHA-512')],
  [SignatureScheme.rsa_pss_pss_sha256, pss('rsa-pss', 'SHA-256')],
  [SignatureScheme.rsa_pss_pss_sha384, pss('rsa-pss', 'SHA-384')],
  [SignatureScheme.rsa_pss_pss_sha512, pss('rsa-pss', 'SHA-512')],
]);

/** The algorithm of a scheme that TLS 1.3 allows in CertificateVerify, or `undefined`. */
export function schemeAlgorithm(scheme: SignatureScheme): SignatureAlgorithm | undefined {
  return SCHEMES.get(scheme)?.algorithm;
}

/** Whether a key may sign under a scheme. A curve is part of the scheme in TLS 1.3. */
export function schemeFitsKey(scheme: SignatureScheme, key: PublicKey): boolean {
  return SCHEMES.get(scheme)?.fits(key) ?? false;
}
