/**
 * Profiles: rules about how certificates must be made, over and above path validation itself. A chain that breaks
 * them is not forged, but its authority does not keep to the rules. The default asks for little, since private authorities
 * often differ; a caller can ask for a stricter profile, or write another.
 */
import { equalBytes } from '../wire/bytes.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import { formatIpAddress } from './ip-address.ts';
import { escapeText } from './name.ts';
import { AttributeOid, describeOid, ExtensionOid, PurposeOid } from './oids.ts';
import type { JudgedCertificate, Rule } from './verdict.ts';

type Role = JudgedCertificate['role'];

/** One rule of a profile. */
export interface ProfileRule {
  /** Under which rule a breach is reported. Default: `profile`. */
  readonly rule?: Rule;
  /** Document and section. */
  readonly source: string;
  /** The places in a path that it speaks about. */
  readonly roles: readonly Role[];
  /** What is wrong with the certificate, as the end of a sentence that begins with its name; else `undefined`. */
  readonly breach: (certificate: Certificate) => string | undefined;
}

const EVERYWHERE: readonly Role[] = ['leaf', 'intermediate', 'anchor'];
const AUTHORITIES: readonly Role[] = ['intermediate', 'anchor'];
const ISSUED: readonly Role[] = ['leaf', 'intermediate'];

/** UTCTime ends with the year 2049. */
const FIRST_GENERALIZED_TIME = Date.UTC(2050, 0, 1);
const MAX_SERIAL_OCTETS = 20;

function isCritical({ extensions }: Certificate, oid: string): boolean | undefined {
  return extensions.get(oid)?.critical;
}

/** A rule that authorities mark an extension as critical, where they have it. */
function criticalInAuthorities(oid: string, section: string): ProfileRule {
  return {
    source: `RFC 5280 section ${section}`,
    roles: AUTHORITIES,
    breach: (certificate) =>
      isCritical(certificate, oid) === false
        ? `its extension ${describeOid(oid)} is not marked critical`
        : undefined,
  };
}

/** Chromium, Firefox and rustls refuse such leaves too; RFC 5280 alone does not. */
const LEAF_IS_NO_AUTHORITY: ProfileRule = {
  rule: 'basicConstraints',
  source: 'CA/Browser Forum BR section 7.1.2.7.8',
  roles: ['leaf'],
  breach: ({ basicConstraints }) =>
    basicConstraints?.ca === true
      ? 'it is an authority, which may not stand for a server or client itself'
      : undefined,
};

/** What is held when nothing else is asked for. */
export const DEFAULT_PROFILE: readonly ProfileRule[] = [LEAF_IS_NO_AUTHORITY];

const SHARED_RULES: readonly ProfileRule[] = [
  {
    source: 'RFC 5280 section 4.1.2.2',
    roles: ISSUED,
    breach: ({ serialNumber }) => {
      if (serialNumber.every((octet) => octet === 0)) return 'its serial number is zero';
      return serialNumber.length > MAX_SERIAL_OCTETS
        ? `its serial number has ${serialNumber.length} octets; at most ${MAX_SERIAL_OCTETS} are allowed`
        : undefined;
    },
  },
  {
    source: 'RFC 5280 section 4.1.2.5',
    roles: EVERYWHERE,
    breach: ({ notBefore, notAfter }) =>
      [notBefore, notAfter].some(
        ({ form, time }) => form === 'GeneralizedTime' && time < FIRST_GENERALIZED_TIME,
      )
        ? 'it has a GeneralizedTime before the year 2050, where UTCTime is required'
        : undefined,
  },
  {
    source: 'RFC 5280 section 4.2.1.1',
    roles: EVERYWHERE,
    breach: (certificate) =>
      certificate.authorityKeyIdentifier?.keyIdentifier === undefined && !isSelfIssued(certificate)
        ? 'it does not say which key signed it (no authorityKeyIdentifier)'
        : undefined,
  },
  {
    source: 'RFC 5280 section 4.2.1.2',
    roles: AUTHORITIES,
    breach: ({ subjectKeyIdentifier }) =>
      subjectKeyIdentifier === undefined ? 'it is an authority without a subjectKeyIdentifier' : undefined,
  },
  {
    source: 'RFC 5280 section 4.2.1.3',
    roles: AUTHORITIES,
    breach: ({ keyUsage }) => (keyUsage === undefined ? 'it is an authority without keyUsage' : undefined),
  },
  {
    source: 'RFC 5280 section 4.2.1.6',
    roles: EVERYWHERE,
    breach: (certificate) =>
      certificate.subject.empty && isCritical(certificate, ExtensionOid.subjectAltName) !== true
        ? 'it has no subject, and its alternative names are not marked critical'
        : undefined,
  },
  {
    source: 'RFC 5280 section 4.2.1.6',
    roles: EVERYWHERE,
    breach: hostSyntaxBreach,
  },
  criticalInAuthorities(ExtensionOid.basicConstraints, '4.2.1.9'),
  criticalInAuthorities(ExtensionOid.policyConstraints, '4.2.1.11'),
  criticalInAuthorities(ExtensionOid.inhibitAnyPolicy, '4.2.1.14'),
  {
    source: 'RFC 5280 section 4.2.1.9',
    roles: ['leaf'],
    breach: ({ keyUsage, basicConstraints }) =>
      keyUsage?.includes('keyCertSign') === true && basicConstraints?.ca !== true
        ? 'its key may sign certificates, although it is not an authority'
        : undefined,
  },
  {
    source: 'RFC 5280 section 4.2.1.9',
    roles: EVERYWHERE,
    breach: ({ basicConstraints, keyUsage }) =>
      basicConstraints?.pathLength !== undefined &&
      !(basicConstraints.ca && keyUsage?.includes('keyCertSign') !== false)
        ? 'it limits the number of authorities below it, although it may not issue any'
        : undefined,
  },
  {
    source: 'RFC 5280 section 4.2.1.10',
    roles: ['leaf'],
    breach: ({ nameConstraints }) =>
      nameConstraints === undefined ? undefined : 'it has name constraints, although it is not an authority',
  },
];

/** What RFC 5280 section 4 demands of authorities and their certificates. */
export const RFC5280_PROFILE: readonly ProfileRule[] = [
  ...SHARED_RULES,
  criticalInAuthorities(ExtensionOid.nameConstraints, '4.2.1.10'),
  {
    source: 'RFC 5280 section 4.2.1.10',
    roles: AUTHORITIES,
    breach: ({ nameConstraints: { permitted = [], excluded = [] } = {} }) =>
      [...permitted, ...excluded].some((name) => name.kind === 'dNSName' && name.value.startsWith('.'))
        ? 'it constrains host names with a dot in front, which only constraints of URIs and mail addresses have'
        : undefined,
  },
];

/** The CA/Browser Forum's Baseline Requirements (version 2) for public authorities, as far as a verifier can see them. */
export const WEB_PKI_PROFILE: readonly ProfileRule[] = [
  ...SHARED_RULES,
  LEAF_IS_NO_AUTHORITY,
  {
    source: 'CA/Browser Forum BR section 6.1.5',
    roles: EVERYWHERE,
    breach: ({ publicKeyInfo: { key } }) =>
      key !== undefined && 'modulus' in key && (key.modulus[0] ?? 0) < 0x80
        ? 'its RSA key has a number of bits that eight does not divide'
        : undefined,
  },
  {
    source: 'CA/Browser Forum BR section 7.1.4.3',
    roles: ['leaf'],
    breach: commonNameBreach,
  },
  {
    source: 'CA/Browser Forum BR section 7.1.2.1.2',
    roles: ['anchor'],
    breach: ({ extKeyUsage }) => (extKeyUsage === undefined ? undefined : 'it is a root with extKeyUsage'),
  },
  {
    source: 'CA/Browser Forum BR section 7.1.2.1.3',
    roles: ['anchor'],
    breach: rootKeyIdentifierBreach,
  },
  {
    source: 'CA/Browser Forum BR section 7.1.2.7.6',
    roles: ['leaf'],
    breach: (certificate) => {
      const critical = isCritical(certificate, ExtensionOid.extKeyUsage);
      if (critical === undefined) return 'it does not say what it is for (no extKeyUsage)';
      return critical ? 'its extKeyUsage is marked critical' : undefined;
    },
  },
  {
    source: 'CA/Browser Forum BR section 7.1.2.7.10',
    roles: ['leaf'],
    breach: ({ extKeyUsage }) =>
      extKeyUsage?.includes(PurposeOid.anyExtendedKeyUsage) === true
        ? 'it is for any purpose (anyExtendedKeyUsage)'
        : undefined,
  },
  {
    source: 'CA/Browser Forum BR section 7.1.2.7.12',
    roles: ['leaf'],
    breach: (certificate) =>
      !certificate.subject.empty && isCritical(certificate, ExtensionOid.subjectAltName) === true
        ? 'it has a subject, and its alternative names are marked critical all the same'
        : undefined,
  },
];

/** RFC 1034 section 3.5, and a digit in front (RFC 1123 section 2.1). */
const PREFERRED_LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

/** Host names in the preferred syntax; a wildcard, of which RFC 5280 does not speak, may be the first label. */
function hostSyntaxBreach({ subjectAltName = [] }: Certificate): string | undefined {
  const odd = subjectAltName.find(
    (name) =>
      name.kind === 'dNSName' &&
      !name.value
        .replace(/^\*\./, '')
        .split('.')
        .every((label) => PREFERRED_LABEL.test(label)),
  );
  return odd?.kind === 'dNSName'
    ? `it carries '${escapeText(odd.value)}', which is no host name of letters, digits and hyphens`
    : undefined;
}

/**
 * A server's common name repeats one of its alternative names, character for character; addresses as RFC 5952 writes them.
 * Certificates without names for servers are for others, of which the rule does not speak.
 */
function commonNameBreach({ subject, subjectAltName = [] }: Certificate): string | undefined {
  const names = subjectAltName.flatMap((name) => {
    if (name.kind === 'iPAddress') return [formatIpAddress(name.octets)];
    return name.kind === 'dNSName' ? [name.value] : [];
  });
  const commonNames = subject.steps.flat().filter(({ type }) => type === AttributeOid.CN);
  if (names.length === 0 || commonNames.length === 0) return undefined;
  if (commonNames.length > 1) return `it has ${commonNames.length} common names; one is allowed`;
  return commonNames.some(({ text }) => text !== undefined && names.includes(text))
    ? undefined
    : 'its common name is none of its alternative names';
}

/** A root that has an authorityKeyIdentifier must point at itself, by key identifier alone. */
function rootKeyIdentifierBreach({
  authorityKeyIdentifier,
  subjectKeyIdentifier,
}: Certificate): string | undefined {
  if (authorityKeyIdentifier === undefined) return undefined;
  const { keyIdentifier, issuer, serialNumber } = authorityKeyIdentifier;
  if (keyIdentifier === undefined) return 'its authorityKeyIdentifier has no keyIdentifier';
  if (issuer !== undefined || serialNumber !== undefined) {
    return 'its authorityKeyIdentifier names an issuer or a serial number';
  }
  return subjectKeyIdentifier === undefined || !equalBytes(keyIdentifier, subjectKeyIdentifier)
    ? 'it is a root whose authorityKeyIdentifier differs from its subjectKeyIdentifier'
    : undefined;
}
