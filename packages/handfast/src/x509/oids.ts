/** Object identifiers that certificates use, and names for the others that are worth one in a message. */

/** Extensions of certificates and revocation lists (RFC 5280 sections 4.2 and 5, RFC 7633, RFC 6962). */
export const ExtensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  cRLNumber: '2.5.29.20',
  cRLReason: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCRLIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  cRLDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  freshestCRL: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  signedCertificateTimestampList: '1.3.6.1.4.1.11129.2.4.2',
  ocspSignedCertificateTimestampList: '1.3.6.1.4.1.11129.2.4.5',
  ocspNonce: '1.3.6.1.5.5.7.48.1.2',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  precertificatePoison: '1.3.6.1.4.1.11129.2.4.3',
} as const;

/** Purposes of extKeyUsage (RFC 5280 section 4.2.1.12). */
export const PurposeOid = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
} as const;

/** The policy that stands for every policy (RFC 5280 section 4.2.1.4). */
export const PolicyOid = { anyPolicy: '2.5.29.32.0' } as const;

/** Kinds of otherName (RFC 9598 section 3). */
export const OtherNameOid = { smtpUTF8Mailbox: '1.3.6.1.5.5.7.8.9' } as const;

/** Kinds of policy qualifiers (RFC 5280 section 4.2.1.4). */
export const PolicyQualifierOid = { cps: '1.3.6.1.5.5.7.2.1', unotice: '1.3.6.1.5.5.7.2.2' } as const;

/** Attribute types of distinguished names, by the short names of RFC 4514 section 3 and of common practice. */
export const AttributeOid = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  GN: '2.5.4.42',
  initials: '2.5.4.43',
  generationQualifier: '2.5.4.44',
  dnQualifier: '2.5.4.46',
  pseudonym: '2.5.4.65',
  organizationIdentifier: '2.5.4.97',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  emailAddress: '1.2.840.113549.1.9.1',
} as const;

/** Algorithms of keys and signatures that are understood, and the hashes and curves inside them. */
export const AlgorithmOid = {
  rsaEncryption: '1.2.840.113549.1.1.1',
  mgf1: '1.2.840.113549.1.1.8',
  rsassaPss: '1.2.840.113549.1.1.10',
  sha1WithRSAEncryption: '1.2.840.113549.1.1.5',
  sha256WithRSAEncryption: '1.2.840.113549.1.1.11',
  sha384WithRSAEncryption: '1.2.840.113549.1.1.12',
  sha512WithRSAEncryption: '1.2.840.113549.1.1.13',
  ecPublicKey: '1.2.840.10045.2.1',
  ecdsaWithSHA1: '1.2.840.10045.4.1',
  ecdsaWithSHA256: '1.2.840.10045.4.3.2',
  ecdsaWithSHA384: '1.2.840.10045.4.3.3',
  ecdsaWithSHA512: '1.2.840.10045.4.3.4',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  'ML-DSA-44': '2.16.840.1.101.3.4.3.17',
  'ML-DSA-65': '2.16.840.1.101.3.4.3.18',
  'ML-DSA-87': '2.16.840.1.101.3.4.3.19',
  secp256r1: '1.2.840.10045.3.1.7',
  secp384r1: '1.3.132.0.34',
  secp521r1: '1.3.132.0.35',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

/** Types of OCSP responses (RFC 6960 section 4.2.1). */
export const OcspResponseOid = { basic: '1.3.6.1.5.5.7.48.1.1' } as const;

/** Contents of CMS messages (RFC 5652 section 5.1). */
export const CmsOid = { signedData: '1.2.840.113549.1.7.2' } as const;

/** Access methods of authorityInfoAccess (RFC 5280 section 4.2.2.1). */
export const AccessMethodOid = {
  ocsp: '1.3.6.1.5.5.7.48.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
} as const;

/** Algorithms that are refused, but worth a name when they are. */
const OTHER_ALGORITHMS: Readonly<Record<string, string>> = {
  md2WithRSAEncryption: '1.2.840.113549.1.1.2',
  md5WithRSAEncryption: '1.2.840.113549.1.1.4',
  sha224WithRSAEncryption: '1.2.840.113549.1.1.14',
  ecdsaWithSHA224: '1.2.840.10045.4.3.1',
  dsa: '1.2.840.10040.4.1',
  dsaWithSHA1: '1.2.840.10040.4.3',
  dsaWithSHA224: '2.16.840.1.101.3.4.3.1',
  dsaWithSHA256: '2.16.840.1.101.3.4.3.2',
  x25519: '1.3.101.110',
  x448: '1.3.101.111',
  secp192r1: '1.2.840.10045.3.1.1',
  secp224r1: '1.3.132.0.33',
  secp256k1: '1.3.132.0.10',
  brainpoolP256r1: '1.3.36.3.3.2.8.1.1.7',
  brainpoolP384r1: '1.3.36.3.3.2.8.1.1.11',
  brainpoolP512r1: '1.3.36.3.3.2.8.1.1.13',
};

const NAMES: ReadonlyMap<string, string> = new Map(
  [
    ExtensionOid,
    PurposeOid,
    PolicyOid,
    OtherNameOid,
    AlgorithmOid,
    AccessMethodOid,
    OTHER_ALGORITHMS,
  ].flatMap((table) => Object.entries(table).map(([name, oid]): [string, string] => [oid, name])),
);

const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(AttributeOid).map(([name, oid]) => [oid, name]),
);

/** Whether a text is an object identifier in dotted form, as certificates are read: no leading zeros, arcs within bounds. */
export function isObjectIdentifier(text: unknown): text is string {
  return typeof text === 'string' && /^(?:[01]\.[1-3]?\d|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/.test(text);
}

/** An object identifier's name, or its dotted form where it has none here. */
export function describeOid(oid: string): string {
  return NAMES.get(oid) ?? oid;
}

/** The short name of an attribute type, or its dotted form. */
export function attributeName(oid: string): string {
  return ATTRIBUTE_NAMES.get(oid) ?? oid;
}
