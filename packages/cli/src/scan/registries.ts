/** Groups and signature schemes that a server may still accept, by the IANA registries of TLS; handfast speaks some. */
import { groupName, signatureSchemeName } from 'handfast/wire';

type Names = readonly (readonly [first: number, names: string])[];

/** Curves of 160 to 193 bits: less than 112 bits of security (NIST SP 800-57 part 1, table 2). Numbers go up from the first. */
const WEAK_GROUPS: Names = [
  [1, 'sect163k1 sect163r1 sect163r2 sect193r1 sect193r2'],
  [15, 'secp160k1 secp160r1 secp160r2 secp192k1 secp192r1'],
];

const OTHER_GROUPS: Names = [
  [6, 'sect233k1 sect233r1 sect239k1 sect283k1 sect283r1 sect409k1 sect409r1 sect571k1 sect571r1'],
  [20, 'secp224k1 secp224r1 secp256k1'],
  [26, 'brainpoolP256r1 brainpoolP384r1 brainpoolP512r1'],
  [31, 'brainpoolP256r1tls13 brainpoolP384r1tls13 brainpoolP512r1tls13'],
  [34, 'GC256A GC256B GC256C GC256D GC512A GC512B GC512C curveSM2'],
  [0x0200, 'MLKEM512'],
  [0x11ee, 'curveSM2MLKEM768'],
  [0x6399, 'X25519Kyber768Draft00 SecP256r1Kyber768Draft00'],
];

const SCHEMES: readonly (readonly [number, string])[] = [
  [0x0101, 'rsa_pkcs1_md5'],
  [0x0202, 'dsa_sha1'],
  [0x0301, 'rsa_pkcs1_sha224'],
  [0x0302, 'dsa_sha224'],
  [0x0303, 'ecdsa_sha224'],
  [0x0402, 'dsa_sha256'],
  [0x0502, 'dsa_sha384'],
  [0x0602, 'dsa_sha512'],
  [0x0708, 'sm2sig_sm3'],
  [0x081a, 'ecdsa_brainpoolP256r1tls13_sha256'],
  [0x081b, 'ecdsa_brainpoolP384r1tls13_sha384'],
  [0x081c, 'ecdsa_brainpoolP512r1tls13_sha512'],
  [0x0904, 'mldsa44'],
  [0x0905, 'mldsa65'],
  [0x0906, 'mldsa87'],
];

const groupNames = new Map(
  [...WEAK_GROUPS, ...OTHER_GROUPS].flatMap(([first, names]) =>
    names.split(' ').map((name, i) => [first + i, name] as const),
  ),
);
const weakNames = new Set(WEAK_GROUPS.flatMap(([, names]) => names.split(' ')));
const schemeNames = new Map(SCHEMES);

/** The name of a group, also of one that handfast does not speak. */
export const nameOfGroup = (group: number): string => groupNames.get(group) ?? groupName(group);

/** The name of a signature scheme, also of one that handfast does not verify. */
export const nameOfScheme = (scheme: number): string =>
  schemeNames.get(scheme) ?? signatureSchemeName(scheme);

/** Whether a group of this name gives less than 112 bits of security. */
export const isWeakGroup = (name: string): boolean => weakNames.has(name);

/** Whether a group of this name resists a quantum computer. */
export const isPostQuantum = (name: string): boolean => /KEM|Kyber/.test(name);

/** From `first`, `count` numbers. */
function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** x25519, P-256, P-384, P-521, x448: what servers use. */
const COMMON = [29, 23, 24, 25, 30];

/** What a TLS 1.3 hello can ask for (RFC 9846 section 4.3.7 and the registry), common ones first. */
export const GROUPS_13: readonly number[] = [
  ...[0x11ec, 0x11eb, 0x11ed, ...COMMON],
  ...range(0x0100, 5),
  ...range(0x0200, 3),
  ...[0x11ee, 0x6399, 0x639a],
  ...range(31, 11),
];

/**
 * The curves of TLS 1.2 and older (RFC 8422, RFC 4492, RFC 7027). The finite fields of RFC 7919 are not among them: a
 * server that sees one refuses to use a field of its own making (section 4), which is what there is to find.
 */
export const CURVES_12: readonly number[] = [...COMMON, 22, ...range(26, 3), ...range(1, 21), 41];

/** The schemes of signature_algorithms in TLS 1.2, common ones first. */
export const SCHEMES_12: readonly number[] = [
  ...[0x0403, 0x0503, 0x0603, 0x0807, 0x0808],
  ...[0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601],
  ...[0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0502, 0x0602, 0x0302, 0x0202, 0x0101, 0x0708],
];

/** The schemes of TLS 1.3 (RFC 9846 section 4.3.3 and the registry), and those that certificates may be signed with. */
export const SCHEMES_13: readonly number[] = [
  ...SCHEMES_12.filter((scheme) => ![0x0303, 0x0301, 0x0101].includes(scheme) && (scheme & 0xff) !== 2),
  ...[0x081a, 0x081b, 0x081c, 0x0904, 0x0905, 0x0906],
];
