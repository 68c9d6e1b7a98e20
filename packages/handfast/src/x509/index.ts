/** X.509 certificates and path validation, usable without any TLS. */
export type { AlgorithmIdentifier, SubjectPublicKeyInfo } from './algorithms.ts';
export type { AnchorConstraints, TrustAnchor } from './anchors.ts';
export type { BudgetLimits } from './budget.ts';
export {
  type Certificate,
  fingerprint,
  isSelfIssued,
  parseCertificate,
  serialNumberText,
} from './certificate.ts';
export type { PolicyOptions } from './certificate-policies.ts';
export { type CertificationRequest, parseCertificationRequest } from './certification-request.ts';
export { parseCertsOnly } from './certs-only.ts';
export { DEFAULT_STRENGTH, type Purpose, type StrengthPolicy } from './checks.ts';
export { DerError, DerReader, type DerReason, type DerTime, describeTag, Tag } from './der.ts';
export type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Extension,
  KeyUsage,
  KnownExtensions,
  NameConstraints,
} from './extensions.ts';
export { describeGeneralName, type GeneralName } from './general-name.ts';
export { carriesName, type HostName, parseHostName, presentedNames } from './host-name.ts';
export { formatIpAddress, parseIpAddress } from './ip-address.ts';
export { MAX_PATH_LENGTH, MAX_TIMESTAMPS } from './limits.ts';
export type { DistinguishedName, NameAttribute, RelativeName } from './name.ts';
export type { NameSubtrees } from './name-constraints.ts';
export { attributeName, describeOid, isObjectIdentifier, PurposeOid } from './oids.ts';
export { type OpensslErrorCode, opensslErrorCode } from './openssl-codes.ts';
export { type Verification, type VerifyOptions, verify, verifyPath } from './path.ts';
export { type PemBlock, readCertificates, readPem, writePem } from './pem.ts';
export type { PolicyConstraints, PolicyMapping } from './policy-extensions.ts';
export { DEFAULT_PROFILE, type ProfileRule, RFC5280_PROFILE, WEB_PKI_PROFILE } from './profiles.ts';
export {
  type CertificateRevocationList,
  parseCertificateRevocationList,
  type RevokedCertificate,
} from './revocation/crl.ts';
export type {
  DistributionPoint,
  DistributionPointName,
  IssuingDistributionPoint,
  RevocationReason,
} from './revocation/distribution-points.ts';
export {
  type BasicOcspResponse,
  type OcspCertificateId,
  type OcspResponderId,
  type OcspResponse,
  type OcspResponseStatus,
  type OcspSingleResponse,
  parseOcspResponse,
} from './revocation/ocsp.ts';
export { encodeOcspRequest, type OcspRequestOptions } from './revocation/ocsp-request.ts';
export type { RevocationOptions } from './revocation/revocations.ts';
export type { SignedStructure } from './signed.ts';
export { parseLogList } from './transparency/log-list.ts';
export type { TransparencyLog } from './transparency/logs.ts';
export {
  embeddedTimestamps,
  ocspTimestamps,
  parseSignedCertificateTimestamp,
  parseSignedCertificateTimestampList,
  type SignedCertificateTimestamp,
} from './transparency/timestamps.ts';
export type { TransparencyOptions } from './transparency/transparency.ts';
export {
  type Accepted,
  type Check,
  type JudgedCertificate,
  type RefusalDetails,
  type Refused,
  type Rule,
  refused,
  type TriedPath,
  type Verdict,
  verdictError,
} from './verdict.ts';
