/**
 * Certificate extensions (RFC 5280 section 4.2). All are kept; those that path validation works with are read
 * into values, strictly, whether they are critical or not.
 */
import { DerError, DerReader } from './der.ts';
import { type GeneralName, readGeneralName, readGeneralNames } from './general-name.ts';
import { describeOid, ExtensionOid } from './oids.ts';
import {
  type PolicyConstraints,
  type PolicyMapping,
  readCertificatePolicies,
  readPolicyConstraints,
  readPolicyMappings,
} from './policy-extensions.ts';
import { type DistributionPoint, readDistributionPoints } from './revocation/distribution-points.ts';

/** One extension as it stands in the certificate. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** RFC 5280 section 4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean;
  /** pathLenConstraint: how many intermediates may follow, self-issued ones not counted. */
  readonly pathLength?: number;
}

/** The bits of keyUsage in their order (RFC 5280 section 4.2.1.3). */
const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
/** A bit of keyUsage by its name in RFC 5280. */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** RFC 5280 section 4.2.1.10; `minimum` is always 0 and `maximum` absent. */
export interface NameConstraints {
  readonly critical: boolean;
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** RFC 5280 section 4.2.1.1. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier?: Uint8Array;
  readonly issuer?: readonly GeneralName[];
  /** Content octets of the INTEGER. */
  readonly serialNumber?: Uint8Array;
}

/** RFC 5280 section 4.2.2.1. */
export interface AccessDescription {
  readonly method: string;
  readonly location: GeneralName;
}

/** The extensions that are read into values; absent when the certificate does not have them. */
export interface KnownExtensions {
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: readonly KeyUsage[];
  /** Purposes as dotted object identifiers. */
  readonly extKeyUsage?: readonly string[];
  readonly subjectAltName?: readonly GeneralName[];
  readonly issuerAltName?: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  readonly subjectKeyIdentifier?: Uint8Array;
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier;
  readonly authorityInfoAccess?: readonly AccessDescription[];
  /** Dotted object identifiers, each once. Qualifiers are read over, as RFC 9618 section 4.2 recommends. */
  readonly certificatePolicies?: readonly string[];
  readonly policyMappings?: readonly PolicyMapping[];
  readonly policyConstraints?: PolicyConstraints;
  /** How many more certificates may follow before anyPolicy stands for no policy (RFC 5280 section 4.2.1.14). */
  readonly inhibitAnyPolicy?: number;
  readonly cRLDistributionPoints?: readonly DistributionPoint[];
  /** Numbers of TLS extensions that a server with this certificate supports (RFC 7633); 5 is must-staple. */
  readonly tlsFeature?: readonly number[];
}

type Known = { -readonly [Name in keyof KnownExtensions]: KnownExtensions[Name] };

/** Reads the value of a known extension, which is one structure; `false` when the extension is not known. */
function readKnown(oid: string, critical: boolean, reader: DerReader, into: Known): boolean {
  switch (oid) {
    case ExtensionOid.basicConstraints:
      into.basicConstraints = readBasicConstraints(reader);
      return true;
    case ExtensionOid.keyUsage:
      into.keyUsage = readKeyUsage(reader);
      return true;
    case ExtensionOid.extKeyUsage:
      into.extKeyUsage = readExtKeyUsage(reader);
      return true;
    case ExtensionOid.subjectAltName:
      into.subjectAltName = readGeneralNames(reader.sequence('subjectAltName'), 'subjectAltName');
      return true;
    case ExtensionOid.issuerAltName:
      into.issuerAltName = readGeneralNames(reader.sequence('issuerAltName'), 'issuerAltName');
      return true;
    case ExtensionOid.nameConstraints:
      into.nameConstraints = { critical, ...readNameConstraints(reader) };
      return true;
    case ExtensionOid.subjectKeyIdentifier:
      into.subjectKeyIdentifier = reader.octetString('subjectKeyIdentifier');
      return true;
    case ExtensionOid.authorityKeyIdentifier:
      into.authorityKeyIdentifier = readAuthorityKeyIdentifier(reader);
      return true;
    case ExtensionOid.authorityInfoAccess:
      into.authorityInfoAccess = readAuthorityInfoAccess(reader);
      return true;
    case ExtensionOid.certificatePolicies:
      into.certificatePolicies = readCertificatePolicies(reader, critical);
      return true;
    case ExtensionOid.policyMappings:
      into.policyMappings = readPolicyMappings(reader);
      return true;
    case ExtensionOid.policyConstraints:
      into.policyConstraints = readPolicyConstraints(reader);
      return true;
    case ExtensionOid.inhibitAnyPolicy:
      into.inhibitAnyPolicy = reader.smallInteger('inhibitAnyPolicy');
      return true;
    case ExtensionOid.cRLDistributionPoints:
      into.cRLDistributionPoints = readDistributionPoints(reader, 'cRLDistributionPoints');
      return true;
    case ExtensionOid.tlsFeature:
      into.tlsFeature = readTlsFeature(reader);
      return true;
    default:
      return false;
  }
}

/**
 * The value of one extension; empty when it is not one of those that are read.
 * @throws {DerError} when it is not what its definition says.
 */
export function readExtensionValue(oid: string, value: Uint8Array): KnownExtensions {
  const known: Known = {};
  const reader = new DerReader(value);
  if (readKnown(oid, false, reader, known)) reader.finish(describeOid(oid));
  return known;
}

/** Reads the Extensions of a certificate; each may occur once (RFC 5280 section 4.2). */
export function readExtensions(reader: DerReader): {
  readonly all: ReadonlyMap<string, Extension>;
  readonly known: KnownExtensions;
} {
  const known: Known = {};
  const all = walkExtensions(reader, (oid, critical, content) => readKnown(oid, critical, content, known));
  return { all, known };
}

/**
 * Reads Extensions, each of which may occur once.
 * @param read reads the value of an extension that it knows; `false` for others.
 */
export function walkExtensions(
  reader: DerReader,
  read: (oid: string, critical: boolean, content: DerReader) => boolean,
): ReadonlyMap<string, Extension> {
  const what = 'extensions';
  const list = reader.sequence(what);
  if (list.done) throw new DerError('empty-list', list.start, `${what}: expected at least one extension`);
  const all = new Map<string, Extension>();
  while (!list.done) {
    const element = list.sequence(what);
    const oid = element.oid(what);
    const name = describeOid(oid);
    const critical = readCritical(element, name);
    const content = element.read(0x04, name);
    element.finish(name);
    if (all.has(oid)) {
      throw new DerError(
        'duplicate-extension',
        element.start,
        `${name}: the extension occurs more than once`,
      );
    }
    all.set(oid, { oid, critical, value: content.rest() });
    if (read(oid, critical, content)) content.finish(name);
  }
  return all;
}

function readCritical(element: DerReader, what: string): boolean {
  if (element.peek() !== 0x01) return false;
  const offset = element.position;
  if (element.boolean(what)) return true;
  // X.690 section 11.5: a value that equals its DEFAULT is not written.
  throw new DerError('default-encoded', offset, `${what}: "critical" is written although it is FALSE`);
}

function readBasicConstraints(reader: DerReader): BasicConstraints {
  const what = 'basicConstraints';
  const element = reader.sequence(what);
  // cA is DEFAULT FALSE too, but so many certificates write it that nobody refuses them for it.
  const ca = element.peek() === 0x01 ? element.boolean(what) : false;
  const pathLength = element.done ? undefined : element.smallInteger(what);
  element.finish(what);
  return pathLength === undefined ? { ca } : { ca, pathLength };
}

function readKeyUsage(reader: DerReader): KeyUsage[] {
  const what = 'keyUsage';
  const { bytes } = reader.bitString(what);
  const usages = KEY_USAGES.filter((_, bit) => (((bytes[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0);
  // Zeros behind the last bit are against X.690 section 11.2.2, but older authorities wrote all nine bits.
  // RFC 5280 section 4.2.1.3: at least one bit MUST be set; a bit beyond the known ones counts.
  if (bytes.every((byte) => byte === 0)) {
    throw new DerError('extension-value', reader.start, `${what}: no bit is set`);
  }
  return usages;
}

function readExtKeyUsage(reader: DerReader): string[] {
  const what = 'extKeyUsage';
  const element = reader.sequence(what);
  if (element.done) throw new DerError('empty-list', element.start, `${what}: expected at least one purpose`);
  const purposes: string[] = [];
  while (!element.done) purposes.push(element.oid(what));
  return purposes;
}

function readNameConstraints(reader: DerReader): { permitted: GeneralName[]; excluded: GeneralName[] } {
  const what = 'nameConstraints';
  const element = reader.sequence(what);
  // RFC 5280 section 4.2.1.10: an empty sequence is forbidden.
  if (element.done) {
    throw new DerError('empty-list', element.start, `${what}: neither permitted nor excluded names`);
  }
  const permitted = readSubtrees(element.optional(0xa0, what), what);
  const excluded = readSubtrees(element.optional(0xa1, what), what);
  element.finish(what);
  return { permitted, excluded };
}

function readSubtrees(list: DerReader | undefined, what: string): GeneralName[] {
  if (list === undefined) return [];
  if (list.done) throw new DerError('empty-list', list.start, `${what}: expected at least one subtree`);
  const bases: GeneralName[] = [];
  while (!list.done) {
    const subtree = list.sequence(what);
    bases.push(readGeneralName(subtree, what, 'constraint'));
    if (!subtree.done) {
      throw new DerError(
        'extension-value',
        subtree.position,
        `${what}: a subtree has a minimum or maximum, which RFC 5280 does not allow`,
      );
    }
  }
  return bases;
}

/** AuthorityKeyIdentifier, of certificates and of revocation lists. */
export function readAuthorityKeyIdentifier(reader: DerReader): AuthorityKeyIdentifier {
  const what = 'authorityKeyIdentifier';
  const element = reader.sequence(what);
  const keyIdentifier = element.peek() === 0x80 ? element.octetString(what, 0x80) : undefined;
  const issuerList = element.optional(0xa1, what);
  const issuer = issuerList && readGeneralNames(issuerList, what);
  const serialNumber = element.peek() === 0x82 ? element.integer(what, 0x82) : undefined;
  element.finish(what);
  return {
    ...(keyIdentifier && { keyIdentifier }),
    ...(issuer && { issuer }),
    ...(serialNumber && { serialNumber }),
  };
}

function readTlsFeature(reader: DerReader): number[] {
  const what = 'tlsFeature';
  const element = reader.sequence(what);
  if (element.done) throw new DerError('empty-list', element.start, `${what}: expected at least one feature`);
  const features: number[] = [];
  while (!element.done) features.push(element.smallInteger(what));
  return features;
}

function readAuthorityInfoAccess(reader: DerReader): AccessDescription[] {
  const what = 'authorityInfoAccess';
  const element = reader.sequence(what);
  if (element.done) throw new DerError('empty-list', element.start, `${what}: expected at least one entry`);
  const entries: AccessDescription[] = [];
  while (!element.done) {
    const entry = element.sequence(what);
    const method = entry.oid(what);
    const location = readGeneralName(entry, what);
    entry.finish(what);
    entries.push({ method, location });
  }
  return entries;
}
