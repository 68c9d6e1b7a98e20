/** Every default of the protocol, in one place. They follow RFC 9325 and today's browsers. */
import { CipherSuite, NamedGroup, SignatureScheme } from '../wire/registry.ts';

/** Cipher suites, best first: AES first, since the platforms that run JavaScript servers have it in hardware. */
export const DEFAULT_CIPHER_SUITES: readonly CipherSuite[] = [
  CipherSuite.TLS_AES_128_GCM_SHA256,
  CipherSuite.TLS_AES_256_GCM_SHA384,
  CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
];

/** Groups, best first. A client sends a key share for the first one only. */
export const DEFAULT_GROUPS: readonly NamedGroup[] = [
  NamedGroup.x25519,
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
];

/** Signature schemes accepted from a peer in CertificateVerify, best first. */
export const DEFAULT_SIGNATURE_SCHEMES: readonly SignatureScheme[] = [
  SignatureScheme.ecdsa_secp256r1_sha256,
  SignatureScheme.ed25519,
  SignatureScheme.rsa_pss_rsae_sha256,
  SignatureScheme.ecdsa_secp384r1_sha384,
  SignatureScheme.rsa_pss_rsae_sha384,
  SignatureScheme.ecdsa_secp521r1_sha512,
  SignatureScheme.rsa_pss_rsae_sha512,
  SignatureScheme.ed448,
  SignatureScheme.rsa_pss_pss_sha256,
  SignatureScheme.rsa_pss_pss_sha384,
  SignatureScheme.rsa_pss_pss_sha512,
];

/** Schemes that certificates may be signed with besides those: RSA PKCS#1 lives on in chains only (RFC 9846 section 4.3.3). */
export const CERTIFICATE_ONLY_SIGNATURE_SCHEMES: readonly SignatureScheme[] = [
  SignatureScheme.rsa_pkcs1_sha256,
  SignatureScheme.rsa_pkcs1_sha384,
  SignatureScheme.rsa_pkcs1_sha512,
];

/** How long a HelloRetryRequest cookie is honoured, in milliseconds. */
export const COOKIE_LIFETIME = 60_000;
