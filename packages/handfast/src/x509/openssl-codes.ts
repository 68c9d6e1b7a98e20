/**
 * A refusal by the name that OpenSSL has for it: X509_V_ERR_*, without the prefix, as `node:tls` reports it. Programs that know
 * those names can go on using them.
 */
import { HOST_NAME_SOURCES } from './host-name.ts';
import { INITIAL_PATH_LENGTH_SOURCE } from './issuer-checks.ts';
import { VIOLATION_SOURCES } from './name-constraints.ts';
import type { JudgedCertificate, Refused, Rule } from './verdict.ts';

/** Names that `node:tls` has, too. */
export type NamedByNode =
  | 'UNABLE_TO_GET_ISSUER_CERT'
  | 'UNABLE_TO_GET_CRL'
  | 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY'
  | 'CERT_SIGNATURE_FAILURE'
  | 'CERT_NOT_YET_VALID'
  | 'CERT_HAS_EXPIRED'
  | 'DEPTH_ZERO_SELF_SIGNED_CERT'
  | 'SELF_SIGNED_CERT_IN_CHAIN'
  | 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
  | 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  | 'CERT_CHAIN_TOO_LONG'
  | 'CERT_REVOKED'
  | 'INVALID_CA'
  | 'PATH_LENGTH_EXCEEDED'
  | 'INVALID_PURPOSE'
  | 'HOSTNAME_MISMATCH';

/** Names of OpenSSL for which `node:tls` says `UNSPECIFIED`. */
export type UnnamedByNode =
  | 'UNSPECIFIED'
  | 'UNHANDLED_CRITICAL_EXTENSION'
  | 'INVALID_NON_CA'
  | 'INVALID_POLICY_EXTENSION'
  | 'NO_EXPLICIT_POLICY'
  | 'KEYUSAGE_NO_CERTSIGN'
  | 'PERMITTED_VIOLATION'
  | 'EXCLUDED_VIOLATION'
  | 'UNSUPPORTED_NAME_SYNTAX'
  | 'APPLICATION_VERIFICATION'
  | 'IP_ADDRESS_MISMATCH'
  | 'EE_KEY_TOO_SMALL'
  | 'CA_KEY_TOO_SMALL'
  | 'CA_MD_TOO_WEAK'
  | 'NO_VALID_SCTS'
  | 'OCSP_VERIFY_NEEDED'
  | 'OCSP_VERIFY_FAILED'
  | 'UNSUPPORTED_SIGNATURE_ALGORITHM'
  | 'ISSUER_NAME_EMPTY'
  | 'SUBJECT_NAME_EMPTY';

/** A refusal by OpenSSL's name. `UNSPECIFIED` is what OpenSSL, too, says for what it has no name for. */
export type OpensslErrorCode = NamedByNode | UnnamedByNode;

/** What a refusal is about. */
interface Fault {
  readonly verdict: Refused;
  /** The certificate at fault; absent where the verdict shows none. */
  readonly certificate: JudgedCertificate | undefined;
  /** What stands above it. */
  readonly issuer: JudgedCertificate | undefined;
}

function isLeaf({ certificate }: Fault): boolean {
  return certificate === undefined || certificate.role === 'leaf';
}

function byRole(leaf: OpensslErrorCode, authority: OpensslErrorCode): (fault: Fault) => OpensslErrorCode {
  return (fault) => (isLeaf(fault) ? leaf : authority);
}

function hasOtherKey(wanted: string | undefined, offered: string | undefined): boolean {
  return wanted !== undefined && offered !== undefined && wanted !== offered;
}

function isSelfSigned({
  subject,
  issuer,
  authorityKeyIdentifier,
  subjectKeyIdentifier,
}: JudgedCertificate): boolean {
  return subject === issuer && !hasOtherKey(authorityKeyIdentifier, subjectKeyIdentifier);
}

/** Nobody is at hand who could have signed. */
function missingIssuer(fault: Fault): OpensslErrorCode {
  const { certificate } = fault;
  if (certificate === undefined) return 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
  if (certificate.amongAnchors) return 'UNABLE_TO_GET_ISSUER_CERT';
  if (isSelfSigned(certificate)) {
    return isLeaf(fault) ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN';
  }
  return isLeaf(fault) ? 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
}

/** To OpenSSL, who has another key identifier than the certificate asks for is not its issuer at all. */
function wrongSignature(fault: Fault): OpensslErrorCode {
  const { certificate, issuer } = fault;
  return hasOtherKey(certificate?.authorityKeyIdentifier, issuer?.subjectKeyIdentifier)
    ? missingIssuer(fault)
    : 'CERT_SIGNATURE_FAILURE';
}

const VIOLATIONS: Readonly<Record<string, OpensslErrorCode>> = {
  [VIOLATION_SOURCES.permitted]: 'PERMITTED_VIOLATION',
  [VIOLATION_SOURCES.excluded]: 'EXCLUDED_VIOLATION',
  [VIOLATION_SOURCES.incomparable]: 'UNSUPPORTED_NAME_SYNTAX',
};

/** Rules that OpenSSL's profile of x509_strict has no name for, or that are handfast's own, are the application's to it. */
const CODES: { readonly [R in Rule]: OpensslErrorCode | ((fault: Fault) => OpensslErrorCode) } = {
  anchors: missingIssuer,
  issuer: missingIssuer,
  signature: wrongSignature,
  signatureAlgorithm: 'UNSUPPORTED_SIGNATURE_ALGORITHM',
  weakSignature: 'CA_MD_TOO_WEAK',
  publicKey: byRole('UNSPECIFIED', 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY'),
  weakKey: byRole('EE_KEY_TOO_SMALL', 'CA_KEY_TOO_SMALL'),
  serialNumber: 'UNSPECIFIED',
  emptyName: ({ certificate }) => (certificate?.issuer === '' ? 'ISSUER_NAME_EMPTY' : 'SUBJECT_NAME_EMPTY'),
  notBefore: 'CERT_NOT_YET_VALID',
  notAfter: 'CERT_HAS_EXPIRED',
  criticalExtension: 'UNHANDLED_CRITICAL_EXTENSION',
  basicConstraints: byRole('INVALID_NON_CA', 'INVALID_CA'),
  pathLength: ({ verdict }) =>
    verdict.source === INITIAL_PATH_LENGTH_SOURCE ? 'CERT_CHAIN_TOO_LONG' : 'PATH_LENGTH_EXCEEDED',
  keyUsage: byRole('INVALID_PURPOSE', 'KEYUSAGE_NO_CERTSIGN'),
  extendedKeyUsage: 'INVALID_PURPOSE',
  nameConstraints: ({ verdict }) => VIOLATIONS[verdict.source] ?? 'UNSPECIFIED',
  certificatePolicies: 'NO_EXPLICIT_POLICY',
  policyMappings: 'INVALID_POLICY_EXTENSION',
  name: ({ verdict }) =>
    verdict.source === HOST_NAME_SOURCES.ip ? 'IP_ADDRESS_MISMATCH' : 'HOSTNAME_MISMATCH',
  revocation: 'CERT_REVOKED',
  revocationStatus: 'UNABLE_TO_GET_CRL',
  stapledResponse: 'OCSP_VERIFY_FAILED',
  mustStaple: 'OCSP_VERIFY_NEEDED',
  transparency: 'NO_VALID_SCTS',
  profile: 'APPLICATION_VERIFICATION',
  budget: 'UNSPECIFIED',
  custom: 'APPLICATION_VERIFICATION',
};

/**
 * OpenSSL's name for a refusal, from what the verdict says. Where several things are wrong, it is the name of what the verdict
 * tells first; OpenSSL tells what it found last.
 */
export function opensslErrorCode(verdict: Refused): OpensslErrorCode {
  const { path, at = 0, rule } = verdict;
  const code = CODES[rule];
  return typeof code === 'string' ? code : code({ verdict, certificate: path[at], issuer: path[at + 1] });
}
