/** What each signature scheme of TLS means (RFC 9846 section 4.3.3), and which keys can use it. */
import { SignatureScheme, type TlsVersion } from '../wire/registry.ts';
import {
  type EcCurve,
  HASH_LENGTH,
  type HashName,
  type PublicKey,
  type SignatureAlgorithm,
} from './provider.ts';

/** One signature scheme. */
export interface SignatureSchemeInfo {
  readonly algorithm: Exclude<SignatureAlgorithm, { kind: 'ml-dsa' }>;
  /** The kind of key that the scheme is for; TLS 1.3 keeps `rsa` and `rsa-pss` keys apart. */
  readonly keyKind: Exclude<PublicKey['kind'], 'ml-dsa'>;
  /** The only curve that TLS 1.3 allows with an ECDSA scheme. */
  readonly curve?: EcCurve;
  /** Whether CertificateVerify of TLS 1.3 may use it; the others are for certificates and for TLS 1.2. */
  readonly inCertificateVerify: boolean;
}

/** Why no key or certificate of ML-DSA can be used in a handshake, and what can. */
export const NO_ML_DSA_SCHEMES =
  'a handshake cannot be signed with an ML-DSA key: the signature schemes for it (draft-ietf-tls-mldsa) are no standard yet; ' +
  'take an ECDSA, Ed25519, Ed448 or RSA key, whose certificate an ML-DSA authority may well sign';

function pss(keyKind: 'rsa' | 'rsa-pss', hash: HashName): SignatureSchemeInfo {
  const algorithm = { kind: 'rsa-pss', hash, mgfHash: hash, saltLength: HASH_LENGTH[hash] } as const;
  return { algorithm, keyKind, inCertificateVerify: true };
}

function pkcs1(hash: HashName): SignatureSchemeInfo {
  return { algorithm: { kind: 'rsa-pkcs1', hash }, keyKind: 'rsa', inCertificateVerify: false };
}

function ecdsa(curve: EcCurve, hash: HashName): SignatureSchemeInfo {
  return { algorithm: { kind: 'ecdsa', hash }, keyKind: 'ec', curve, inCertificateVerify: true };
}

function eddsa(kind: 'ed25519' | 'ed448'): SignatureSchemeInfo {
  return { algorithm: { kind }, keyKind: kind, inCertificateVerify: true };
}

/** Every scheme that handfast signs or verifies with, best first for each kind of key. The SHA-1 schemes are not among them. */
export const SIGNATURE_SCHEMES: ReadonlyMap<SignatureScheme, SignatureSchemeInfo> = new Map([
  [SignatureScheme.ed25519, eddsa('ed25519')],
  [SignatureScheme.ed448, eddsa('ed448')],
  [SignatureScheme.ecdsa_secp256r1_sha256, ecdsa('P-256', 'SHA-256')],
  [SignatureScheme.ecdsa_secp384r1_sha384, ecdsa('P-384', 'SHA-384')],
  [SignatureScheme.ecdsa_secp521r1_sha512, ecdsa('P-521', 'SHA-512')],
  [SignatureScheme.rsa_pss_pss_sha256, pss('rsa-pss', 'SHA-256')],
  [SignatureScheme.rsa_pss_pss_sha384, pss('rsa-pss', 'SHA-384')],
  [SignatureScheme.rsa_pss_pss_sha512, pss('rsa-pss', 'SHA-512')],
  [SignatureScheme.rsa_pss_rsae_sha256, pss('rsa', 'SHA-256')],
  [SignatureScheme.rsa_pss_rsae_sha384, pss('rsa', 'SHA-384')],
  [SignatureScheme.rsa_pss_rsae_sha512, pss('rsa', 'SHA-512')],
  [SignatureScheme.rsa_pkcs1_sha256, pkcs1('SHA-256')],
  [SignatureScheme.rsa_pkcs1_sha384, pkcs1('SHA-384')],
  [SignatureScheme.rsa_pkcs1_sha512, pkcs1('SHA-512')],
]);

/** The algorithm of a scheme that CertificateVerify of TLS 1.3 may use; `undefined` for every other number. */
export function certificateVerifyAlgorithm(scheme: SignatureScheme): SignatureAlgorithm | undefined {
  const info = SIGNATURE_SCHEMES.get(scheme);
  return info?.inCertificateVerify ? info.algorithm : undefined;
}

/** Names of signatures that handfast neither makes nor verifies, to be recognised where a peer still takes them. */
const SHA1_SCHEMES: readonly (readonly [
  SignatureScheme,
  Pick<SignatureSchemeInfo, 'algorithm' | 'keyKind' | 'curve'>,
])[] = [
  [SignatureScheme.rsa_pkcs1_sha1, pkcs1('SHA-1')],
  [SignatureScheme.ecdsa_sha1, { algorithm: { kind: 'ecdsa', hash: 'SHA-1' }, keyKind: 'ec' }],
];

/** Whether certificates can be signed with a scheme, as far as handfast knows them. */
export function isCertificateScheme(scheme: SignatureScheme): boolean {
  return SIGNATURE_SCHEMES.has(scheme) || SHA1_SCHEMES.some(([known]) => known === scheme);
}

/** The schemes that a certificate's signature goes by: by its algorithm, and by the issuer's key where it is known. */
export function schemesOfSignature(algorithm: SignatureAlgorithm, issuer?: PublicKey): SignatureScheme[] {
  return [...SIGNATURE_SCHEMES, ...SHA1_SCHEMES].flatMap(([scheme, info]) => {
    const isMadeBy =
      issuer === undefined ||
      (info.keyKind === issuer.kind &&
        (issuer.kind !== 'ec' || info.curve === undefined || info.curve === issuer.curve));
    return isMadeBy && isSameAlgorithm(info.algorithm, algorithm) ? [scheme] : [];
  });
}

function isSameAlgorithm(a: SignatureAlgorithm, b: SignatureAlgorithm): boolean {
  const other: Readonly<Record<string, unknown>> = b;
  return Object.entries(a).every(([name, value]) => other[name] === value);
}

/** Whether the parameters of an id-RSASSA-PSS key permit an algorithm (RFC 4055 section 3.3). Always so for other keys. */
export function permittedByKey(
  key: PublicKey,
  { hash, mgfHash, saltLength }: Extract<SignatureAlgorithm, { kind: 'rsa-pss' }>,
): boolean {
  if (key.kind !== 'rsa-pss' || key.restriction === undefined) return true;
  const { restriction } = key;
  return (
    restriction.hash === hash && restriction.mgfHash === mgfHash && saltLength >= restriction.minSaltLength
  );
}

/** Length in bits of a big-endian number without leading zeros, such as an RSA modulus. */
export function bitLength(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : 8 * bytes.length - Math.clz32(bytes[0] ?? 0) + 24;
}

/**
 * Whether a key can be used with a scheme as TLS 1.3 defines it: the kind of key, the curve, the parameters of a
 * PSS key, and a modulus with room for hash and salt (RFC 8017 section 9.1.1).
 */
export function schemeFitsKey(scheme: SignatureScheme, key: PublicKey): boolean {
  const info = SIGNATURE_SCHEMES.get(scheme);
  if (info === undefined || info.keyKind !== key.kind) return false;
  if (key.kind === 'ec') return key.curve === info.curve;
  if ((key.kind !== 'rsa' && key.kind !== 'rsa-pss') || info.algorithm.kind !== 'rsa-pss') return true;
  const { hash, saltLength } = info.algorithm;
  const encodedLength = Math.ceil((bitLength(key.modulus) - 1) / 8);
  return permittedByKey(key, info.algorithm) && encodedLength >= HASH_LENGTH[hash] + saltLength + 2;
}

/**
 * Whether a key can be used with a scheme as a version of TLS understands it. TLS 1.2 has RSA PKCS #1 signatures, and its
 * ECDSA schemes name a hash function only: any curve goes with any of them (RFC 8422 section 5.10).
 */
export function schemeFitsVersion(version: TlsVersion, scheme: SignatureScheme, key: PublicKey): boolean {
  if (version === 'TLSv1.3')
    return certificateVerifyAlgorithm(scheme) !== undefined && schemeFitsKey(scheme, key);
  const isEcdsa = SIGNATURE_SCHEMES.get(scheme)?.algorithm.kind === 'ecdsa';
  return isEcdsa ? key.kind === 'ec' : schemeFitsKey(scheme, key);
}

/** The schemes that a key can be used with, best first; those that only TLS 1.2 lets it use come last. */
export function schemesForKey(key: PublicKey): readonly SignatureScheme[] {
  const schemes = [...SIGNATURE_SCHEMES.keys()];
  const natural = schemes.filter((scheme) => schemeFitsKey(scheme, key));
  const others = schemes.filter((scheme) => schemeFitsVersion('TLSv1.2', scheme, key));
  return [...new Set([...natural, ...others])];
}
