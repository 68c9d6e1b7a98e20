/** X.509 certificates and path validation, usable without any TLS. */
export {
  type Certificate,
  fingerprint,
  isSelfIssued,
  parseCertificate,
  serialNumberText,
} from './certificate.ts';
export type { Purpose, StrengthPolicy } from './checks.ts';
export { DEFAULT_STRENGTH } from './checks.ts';
export type { GeneralName } from './general-name.ts';
export { carriesName, type HostName, parseHostName, presentedNames } from './host-name.ts';
export { formatIpAddress, parseIpAddress } from './ip-address.ts';
export type { DistinguishedName } from './name.ts';
export { type TrustAnchor, type Verification, type VerifyOptions, verify, verifyPath } from './path.ts';
export { type PemBlock, readCertificates, readPem, writePem } from './pem.ts';
export { DEFAULT_PROFILE, type ProfileRule, RFC5280_PROFILE, WEB_PKI_PROFILE } from './profiles.ts';
export {
  type Accepted,
  type Check,
  type JudgedCertificate,
  type Refused,
  type Rule,
  refused,
  type Verdict,
  verdictError,
} from './verdict.ts';
