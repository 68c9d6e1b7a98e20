/**
 * Policies: dated profiles of what may be negotiated, as plain values. A dated policy never changes; a new year brings a
 * new one beside it.
 */
import { CipherSuite, NamedGroup, SignatureScheme, type TlsVersion } from '../wire/registry.ts';

/** What may be negotiated. Each list is in order of preference, best first. */
export interface Policy {
  /** Such as `intermediate-2026`. */
  readonly name: string;
  /** One sentence: for whom it is. */
  readonly description: string;
  readonly versions: readonly TlsVersion[];
  /** Of all versions, in one list. */
  readonly cipherSuites: readonly CipherSuite[];
  readonly groups: readonly NamedGroup[];
  /** Groups that a client sends a key share for at once. */
  readonly keyShares: readonly NamedGroup[];
  /** Schemes that a peer may sign a handshake with. */
  readonly signatureSchemes: readonly SignatureScheme[];
  /** Schemes that certificates may be signed with. */
  readonly certificateSignatureSchemes: readonly SignatureScheme[];
  /** RSA key transport, which has no forward secrecy: who steals the key later reads everything (RFC 9325 section 4.1). */
  readonly allowRsaKeyExchange: boolean;
  /** Whether TLS 1.2 peers must bind the master secret to the handshake (RFC 7627). */
  readonly requireExtendedMasterSecret: boolean;
  /** Whether TLS 1.2 peers must signal secure renegotiation (RFC 5746), although nothing is ever renegotiated. */
  readonly requireSecureRenegotiation: boolean;
}

/** AES first, since the platforms that run JavaScript servers have it in hardware. */
const TLS13_SUITES: readonly CipherSuite[] = [
  CipherSuite.TLS_AES_128_GCM_SHA256,
  CipherSuite.TLS_AES_256_GCM_SHA384,
  CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
];

const ECDHE_AEAD_SUITES: readonly CipherSuite[] = [
  CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
  CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/** RSA key transport with authenticated ciphers: what `allowRsaKeyExchange` adds to a policy that has none. */
export const RSA_KEY_EXCHANGE_SUITES: readonly CipherSuite[] = [
  CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
  CipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384,
];

const MODERN_SCHEMES: readonly SignatureScheme[] = [
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

/** TLS 1.2 signs handshakes with them; in TLS 1.3 they live on in certificates only (RFC 9846 section 4.3.3). */
const PKCS1_SCHEMES: readonly SignatureScheme[] = [
  SignatureScheme.rsa_pkcs1_sha256,
  SignatureScheme.rsa_pkcs1_sha384,
  SignatureScheme.rsa_pkcs1_sha512,
];

const ALL_SCHEMES: readonly SignatureScheme[] = [...MODERN_SCHEMES, ...PKCS1_SCHEMES];

/** An X25519 share costs nothing beside the hybrid's, whose key it uses, and saves a round trip with older servers. */
const HYBRID_KEY_SHARES: readonly NamedGroup[] = [NamedGroup.X25519MLKEM768, NamedGroup.x25519];

const CLASSICAL_GROUPS: readonly NamedGroup[] = [
  NamedGroup.x25519,
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
];

const STRICT = {
  allowRsaKeyExchange: false,
  requireExtendedMasterSecret: true,
  requireSecureRenegotiation: true,
} as const;

const modern2026: Policy = {
  name: 'modern-2026',
  description: 'TLS 1.3 alone, for peers that are kept up to date.',
  versions: ['TLSv1.3'],
  cipherSuites: TLS13_SUITES,
  groups: [NamedGroup.X25519MLKEM768, ...CLASSICAL_GROUPS],
  keyShares: HYBRID_KEY_SHARES,
  signatureSchemes: MODERN_SCHEMES,
  certificateSignatureSchemes: ALL_SCHEMES,
  ...STRICT,
};

const intermediate2026: Policy = {
  name: 'intermediate-2026',
  description:
    'TLS 1.3, and TLS 1.2 with forward secrecy and authenticated ciphers (RFC 9325): what browsers of today speak.',
  versions: ['TLSv1.3', 'TLSv1.2'],
  cipherSuites: [...TLS13_SUITES, ...ECDHE_AEAD_SUITES],
  groups: [NamedGroup.X25519MLKEM768, ...CLASSICAL_GROUPS],
  keyShares: HYBRID_KEY_SHARES,
  signatureSchemes: ALL_SCHEMES,
  certificateSignatureSchemes: ALL_SCHEMES,
  ...STRICT,
};

const legacy2026: Policy = {
  name: 'legacy-2026',
  description:
    'Everything down to the TLS 1.2 of fifteen years ago: finite fields, CBC, RSA key transport. Only where a peer needs it.',
  versions: ['TLSv1.3', 'TLSv1.2'],
  cipherSuites: [
    ...TLS13_SUITES,
    CipherSuite.TLS_AES_128_CCM_SHA256,
    ...ECDHE_AEAD_SUITES,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CCM,
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_CCM,
    CipherSuite.TLS_DHE_RSA_WITH_AES_256_CCM,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256,
    CipherSuite.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256,
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_DHE_RSA_WITH_AES_256_CBC_SHA,
    ...RSA_KEY_EXCHANGE_SUITES,
    CipherSuite.TLS_RSA_WITH_AES_128_CCM,
    CipherSuite.TLS_RSA_WITH_AES_256_CCM,
    CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA256,
    CipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA256,
    CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA,
  ],
  groups: [
    NamedGroup.X25519MLKEM768,
    ...CLASSICAL_GROUPS,
    NamedGroup.x448,
    NamedGroup.ffdhe2048,
    NamedGroup.ffdhe3072,
    NamedGroup.ffdhe4096,
  ],
  keyShares: HYBRID_KEY_SHARES,
  signatureSchemes: ALL_SCHEMES,
  certificateSignatureSchemes: ALL_SCHEMES,
  allowRsaKeyExchange: true,
  requireExtendedMasterSecret: false,
  requireSecureRenegotiation: false,
};

const CNSA_SCHEMES: readonly SignatureScheme[] = [
  SignatureScheme.ecdsa_secp384r1_sha384,
  SignatureScheme.rsa_pss_rsae_sha384,
  SignatureScheme.rsa_pss_pss_sha384,
];

const cnsa22026: Policy = {
  name: 'cnsa-2-2026',
  description:
    "TLS 1.3 with the key exchange and the ciphers of the NSA's CNSA 2.0; signatures are still those of CNSA 1.0, since ML-DSA is not offered.",
  versions: ['TLSv1.3'],
  cipherSuites: [CipherSuite.TLS_AES_256_GCM_SHA384],
  groups: [NamedGroup.MLKEM1024, NamedGroup.SecP384r1MLKEM1024],
  keyShares: [NamedGroup.MLKEM1024],
  signatureSchemes: CNSA_SCHEMES,
  certificateSignatureSchemes: [...CNSA_SCHEMES, SignatureScheme.rsa_pkcs1_sha384],
  ...STRICT,
};

/** The policies by name. */
export const POLICIES = {
  'modern-2026': modern2026,
  'intermediate-2026': intermediate2026,
  'legacy-2026': legacy2026,
  'cnsa-2-2026': cnsa22026,
} as const satisfies Readonly<Record<string, Policy>>;

/** The name of a policy. */
export type PolicyName = keyof typeof POLICIES;

/** What endpoints negotiate unless they are told otherwise. */
export const DEFAULT_POLICY: Policy = intermediate2026;
