/**
 * What the matrix combines. The lists are written down here, and what a suite means is read from its name: the matrix
 * is to find the library's tables wrong where they are, so it does not look into them.
 */
import type { CipherSuite, NamedGroup, SignatureScheme } from 'handfast';
import type { KeyKind } from '../pki.ts';

export const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
export type Version = (typeof VERSIONS)[number];

export type SuiteName = keyof typeof CipherSuite;
export type GroupName = keyof typeof NamedGroup;
export type SchemeName = keyof typeof SignatureScheme;

/** How the premaster secret of TLS 1.2 comes about; TLS 1.3 has its groups apart from its suites. */
export type KeyExchange = 'ECDHE' | 'DHE' | 'RSA';

export interface Suite {
  readonly name: SuiteName;
  readonly version: Version;
  /** TLS 1.2 only, as `authentication` is. */
  readonly keyExchange?: KeyExchange;
  /** The kind of certificate; a suite of TLS 1.3 goes with any. */
  readonly authentication?: 'ECDSA' | 'RSA';
  /** Such as `AES_128_CBC`. */
  readonly cipher: string;
  /** The last part of the name: the hash of the key schedule, and of the MAC in CBC suites. */
  readonly hash: string;
}

const SUITE_NAME = /^TLS_(?:(ECDHE|DHE|RSA)(?:_(ECDSA|RSA))?_WITH_)?(\w+?)(?:_(SHA|SHA256|SHA384))?$/;

function suite(name: SuiteName): Suite {
  const [, keyExchange, authentication = 'RSA', cipher = '', hash = 'SHA256'] = SUITE_NAME.exec(name) ?? [];
  return keyExchange === undefined
    ? { name, version: 'TLSv1.3', cipher, hash }
    : ({ name, version: 'TLSv1.2', keyExchange, authentication, cipher, hash } as Suite);
}

export const SUITES: readonly Suite[] = (
  [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_CCM_SHA256',
    'TLS_AES_128_CCM_8_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_128_CCM',
    'TLS_ECDHE_ECDSA_WITH_AES_256_CCM',
    'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
    'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8',
    'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
    'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
    'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
    'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
    'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
    'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    'TLS_DHE_RSA_WITH_AES_128_CCM',
    'TLS_DHE_RSA_WITH_AES_256_CCM',
    'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
    'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
    'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256',
    'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
    'TLS_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_RSA_WITH_AES_128_CCM',
    'TLS_RSA_WITH_AES_256_CCM',
    'TLS_RSA_WITH_AES_128_CBC_SHA',
    'TLS_RSA_WITH_AES_256_CBC_SHA',
    'TLS_RSA_WITH_AES_128_CBC_SHA256',
    'TLS_RSA_WITH_AES_256_CBC_SHA256',
  ] as const
).map(suite);

export const isCbc = ({ cipher }: Suite): boolean => cipher.endsWith('CBC');

/** A group, and the key exchanges in which it can stand. */
export interface Group {
  readonly name: GroupName;
  /** For the head of a column. */
  readonly short: string;
  readonly kind: 'ecdhe' | 'ffdhe' | 'kem' | 'hybrid';
  /** So slow that it stands in few cells. */
  readonly isSlow?: true;
}

export const GROUPS: readonly Group[] = [
  { name: 'x25519', short: 'x25519', kind: 'ecdhe' },
  { name: 'secp256r1', short: 'p256', kind: 'ecdhe' },
  { name: 'secp384r1', short: 'p384', kind: 'ecdhe' },
  { name: 'secp521r1', short: 'p521', kind: 'ecdhe' },
  { name: 'x448', short: 'x448', kind: 'ecdhe' },
  { name: 'ffdhe2048', short: 'ff2k', kind: 'ffdhe' },
  { name: 'ffdhe3072', short: 'ff3k', kind: 'ffdhe' },
  { name: 'ffdhe4096', short: 'ff4k', kind: 'ffdhe', isSlow: true },
  { name: 'ffdhe6144', short: 'ff6k', kind: 'ffdhe', isSlow: true },
  { name: 'ffdhe8192', short: 'ff8k', kind: 'ffdhe', isSlow: true },
  { name: 'X25519MLKEM768', short: 'x+768', kind: 'hybrid' },
  { name: 'SecP256r1MLKEM768', short: 'p+768', kind: 'hybrid' },
  { name: 'SecP384r1MLKEM1024', short: 'p+1k', kind: 'hybrid' },
  { name: 'MLKEM768', short: 'k768', kind: 'kem' },
  { name: 'MLKEM1024', short: 'k1024', kind: 'kem' },
];

/** The groups that a suite can be used with; `undefined` stands for RSA key transport, which has none. */
export function groupsOf({ keyExchange }: Suite): readonly (Group | undefined)[] {
  if (keyExchange === undefined) return GROUPS;
  if (keyExchange === 'RSA') return [undefined];
  const kind = keyExchange === 'ECDHE' ? 'ecdhe' : 'ffdhe';
  return GROUPS.filter((group) => group.kind === kind);
}

/** A signature scheme, and the kind of key that the matrix signs with. */
export interface Scheme {
  readonly name: SchemeName;
  readonly key: KeyKind;
  readonly versions: readonly Version[];
}

const EC_SCHEMES: readonly Scheme[] = [
  { name: 'ecdsa_secp256r1_sha256', key: 'p256', versions: VERSIONS },
  { name: 'ecdsa_secp384r1_sha384', key: 'p384', versions: VERSIONS },
  { name: 'ecdsa_secp521r1_sha512', key: 'p521', versions: VERSIONS },
  { name: 'ed25519', key: 'ed25519', versions: VERSIONS },
  { name: 'ed448', key: 'ed448', versions: VERSIONS },
];

export const SCHEMES: readonly Scheme[] = [
  ...EC_SCHEMES,
  { name: 'rsa_pss_rsae_sha256', key: 'rsa2048', versions: VERSIONS },
  { name: 'rsa_pss_rsae_sha384', key: 'rsa2048', versions: VERSIONS },
  { name: 'rsa_pss_rsae_sha512', key: 'rsa2048', versions: VERSIONS },
  { name: 'rsa_pss_pss_sha256', key: 'rsa-pss', versions: VERSIONS },
  { name: 'rsa_pss_pss_sha384', key: 'rsa-pss', versions: VERSIONS },
  { name: 'rsa_pss_pss_sha512', key: 'rsa-pss', versions: VERSIONS },
  { name: 'rsa_pkcs1_sha256', key: 'rsa2048', versions: ['TLSv1.2'] },
  { name: 'rsa_pkcs1_sha384', key: 'rsa2048', versions: ['TLSv1.2'] },
  { name: 'rsa_pkcs1_sha512', key: 'rsa2048', versions: ['TLSv1.2'] },
];

/** The schemes that a server can sign with; `undefined` stands for RSA key transport, which signs nothing. */
export function schemesOf({ version, keyExchange, authentication }: Suite): readonly (Scheme | undefined)[] {
  if (keyExchange === 'RSA') return [undefined];
  const forVersion = SCHEMES.filter(({ versions }) => versions.includes(version));
  if (authentication === undefined) return forVersion;
  return forVersion.filter((scheme) => EC_SCHEMES.includes(scheme) === (authentication === 'ECDSA'));
}

/** The schemes that a client can sign with. */
export function clientSchemesOf({ version }: Suite): readonly Scheme[] {
  return SCHEMES.filter(({ versions }) => versions.includes(version));
}
