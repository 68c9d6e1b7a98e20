/** Certificate revocation lists (RFC 5280 section 5), read strictly into plain data. */
import { copy, toHex } from '../../wire/bytes.ts';
import type { Certificate } from '../certificate.ts';
import { DerError, type DerReader, type DerTime, Tag } from '../der.ts';
import {
  type AuthorityKeyIdentifier,
  type Extension,
  readAuthorityKeyIdentifier,
  walkExtensions,
} from '../extensions.ts';
import { type GeneralName, readGeneralNames } from '../general-name.ts';
import { MAX_REVOCATION_LIST_ENTRIES, MAX_REVOCATION_LIST_LENGTH } from '../limits.ts';
import { type DistinguishedName, readName } from '../name.ts';
import { describeOid, ExtensionOid } from '../oids.ts';
import {
  parsed,
  readFrame,
  readSameAlgorithm,
  type SignedStructure,
  signedBy,
  wholeSequence,
} from '../signed.ts';
import {
  type DistributionPoint,
  directoryNames,
  type IssuingDistributionPoint,
  type RevocationReason,
  readDistributionPoints,
  readIssuingDistributionPoint,
  readReason,
} from './distribution-points.ts';

/** An entry of a revocation list. */
export interface RevokedCertificate {
  /** Content octets of the INTEGER, in two's complement. */
  readonly serialNumber: Uint8Array;
  /** Milliseconds since 1970. */
  readonly revocationDate: number;
  readonly reason?: RevocationReason;
  /** When the key may have been lost, in milliseconds since 1970. */
  readonly invalidityDate?: number;
  /**
   * Who issued the certificate, where it was not the list's issuer: the entry's own certificateIssuer, or that of the last
   * entry that has one (RFC 5280 section 5.3.3).
   */
  readonly certificateIssuer?: readonly GeneralName[];
}

/** A revocation list. All byte arrays are views of {@link CertificateRevocationList.der}; none may be changed. */
export interface CertificateRevocationList extends SignedStructure {
  /** The whole list as DER: a copy that nobody else holds. */
  readonly der: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly thisUpdate: DerTime;
  /** Always there in lists that follow RFC 5280; a list without it is never used. */
  readonly nextUpdate?: DerTime;
  readonly revokedCertificates: readonly RevokedCertificate[];
  /** All extensions by object identifier, in the order of the list. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier;
  readonly issuerAltName?: readonly GeneralName[];
  readonly cRLNumber?: bigint;
  /** Present in a delta list: the number of the list that it builds on (BaseCRLNumber). */
  readonly deltaCRLIndicator?: bigint;
  readonly issuingDistributionPoint?: IssuingDistributionPoint;
  readonly freshestCRL?: readonly DistributionPoint[];
}

type KnownExtensions = Pick<
  CertificateRevocationList,
  | 'authorityKeyIdentifier'
  | 'issuerAltName'
  | 'cRLNumber'
  | 'deltaCRLIndicator'
  | 'issuingDistributionPoint'
  | 'freshestCRL'
>;
type Changeable<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Reads one revocation list (version 2). The bytes are copied, so that the caller's buffer may be used again.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE_STATUS` when they are not exactly one well-formed list, or when it holds a critical
 * extension that is not understood; its context has the `reason` ({@link DerError}) and the `offset` of the byte at fault.
 */
export function parseCertificateRevocationList(der: Uint8Array): CertificateRevocationList {
  return parsed('the revocation list', 'ERR_BAD_CERTIFICATE_STATUS', () => {
    if (der.length > MAX_REVOCATION_LIST_LENGTH) {
      throw new DerError(
        'too-many',
        0,
        `it has ${der.length} bytes; at most ${MAX_REVOCATION_LIST_LENGTH} are read`,
      );
    }
    return readRevocationList(copy(der));
  });
}

function readRevocationList(der: Uint8Array): CertificateRevocationList {
  const outer = wholeSequence(der, 'CertificateList');
  const frame = readFrame(outer, 'tbsCertList', 'signatureValue');
  outer.finish('CertificateList');

  const tbs = frame.part;
  checkVersion(tbs);
  const algorithm = readSameAlgorithm(frame);
  const issuer = readName(tbs, 'issuer');
  const thisUpdate = tbs.time('thisUpdate');
  const next = tbs.peek();
  const nextUpdate =
    next === Tag.UTCTime || next === Tag.GeneralizedTime ? tbs.time('nextUpdate') : undefined;
  const entries = tbs.optional(Tag.SEQUENCE, 'revokedCertificates');
  const { all, known } = readListExtensions(tbs.optional(0xa0, 'crlExtensions'));
  tbs.finish('tbsCertList');
  return {
    der,
    ...signedBy(frame, algorithm),
    issuer,
    thisUpdate,
    ...(nextUpdate && { nextUpdate }),
    revokedCertificates: entries === undefined ? [] : readEntries(entries, known),
    extensions: all,
    ...known,
  };
}

/** Only version 2 has extensions, and without them nobody knows what a list is about (RFC 5280 section 5.1.2.1). */
function checkVersion(tbs: DerReader): void {
  const start = tbs.position;
  const version = tbs.peek() === Tag.INTEGER ? tbs.smallInteger('version') : 0;
  if (version !== 1) {
    throw new DerError('version', start, `version: expected v2, found v${version + 1}`);
  }
}

/** A number of a list: not negative, and of 20 octets at most (RFC 5280 section 5.2.3). */
function readNumber(reader: DerReader, what: string): bigint {
  const start = reader.position;
  const octets = reader.unsignedInteger(what);
  if (octets.length > 20) {
    throw new DerError('integer-too-large', start, `${what}: a number of ${octets.length} octets`);
  }
  return octets.length === 0 ? 0n : BigInt(`0x${toHex(octets)}`);
}

function readListExtensions(wrapped: DerReader | undefined): {
  readonly all: ReadonlyMap<string, Extension>;
  readonly known: KnownExtensions;
} {
  const known: Changeable<KnownExtensions> = {};
  if (wrapped === undefined) return { all: new Map(), known };
  const all = walkExtensions(wrapped, (oid, critical, content) => {
    switch (oid) {
      case ExtensionOid.authorityKeyIdentifier:
        known.authorityKeyIdentifier = readAuthorityKeyIdentifier(content);
        return true;
      case ExtensionOid.issuerAltName:
        known.issuerAltName = readGeneralNames(content.sequence('issuerAltName'), 'issuerAltName');
        return true;
      case ExtensionOid.cRLNumber:
        known.cRLNumber = readNumber(content, 'cRLNumber');
        return true;
      case ExtensionOid.deltaCRLIndicator:
        known.deltaCRLIndicator = readNumber(content, 'deltaCRLIndicator');
        return true;
      case ExtensionOid.issuingDistributionPoint:
        known.issuingDistributionPoint = readIssuingDistributionPoint(content);
        return true;
      case ExtensionOid.freshestCRL:
        known.freshestCRL = readDistributionPoints(content, 'freshestCRL');
        return true;
      default:
        return unknownExtension(oid, critical, content);
    }
  });
  wrapped.finish('crlExtensions');
  return { all, known };
}

/** A critical extension that is not understood makes the whole structure unusable (RFC 5280 sections 5.2 and 5.3). */
export function unknownExtension(oid: string, critical: boolean, content: DerReader): false {
  if (!critical) return false;
  throw new DerError(
    'critical-extension',
    content.start,
    `the extension ${describeOid(oid)} is critical, and handfast does not process it`,
  );
}

function readEntries(list: DerReader, known: KnownExtensions): RevokedCertificate[] {
  const what = 'revokedCertificates';
  // RFC 5280 section 5.1.2.6: without revoked certificates the list MUST be absent.
  if (list.done) throw new DerError('empty-list', list.start, `${what}: the list is there, but empty`);
  const entries: RevokedCertificate[] = [];
  let certificateIssuer: readonly GeneralName[] | undefined;
  while (!list.done) {
    if (entries.length === MAX_REVOCATION_LIST_ENTRIES) {
      throw new DerError('too-many', list.position, `${what}: more than ${entries.length} entries`);
    }
    const entry = readEntry(list.sequence(what), what, known);
    certificateIssuer = entry.certificateIssuer ?? certificateIssuer;
    entries.push(certificateIssuer === undefined ? entry : { ...entry, certificateIssuer });
  }
  return entries;
}

function readEntry(element: DerReader, what: string, list: KnownExtensions): RevokedCertificate {
  const serialNumber = element.integer(what);
  const revocationDate = element.time(what).time;
  if (element.done) return { serialNumber, revocationDate };
  const entry: Changeable<RevokedCertificate> = { serialNumber, revocationDate };
  walkExtensions(element, (oid, critical, content) => {
    switch (oid) {
      case ExtensionOid.cRLReason:
        entry.reason = readReason(content, 'cRLReason');
        // RFC 5280 section 5.3.1: removeFromCRL may only appear in delta lists.
        if (entry.reason === 'removeFromCRL' && list.deltaCRLIndicator === undefined) {
          throw new DerError('extension-value', content.start, `${what}: removeFromCRL in a complete list`);
        }
        return true;
      case ExtensionOid.invalidityDate:
        entry.invalidityDate = content.generalizedTime('invalidityDate');
        return true;
      case ExtensionOid.certificateIssuer:
        entry.certificateIssuer = readCertificateIssuer(content, list);
        return true;
      default:
        return unknownExtension(oid, critical, content);
    }
  });
  element.finish(what);
  return entry;
}

function readCertificateIssuer(content: DerReader, list: KnownExtensions): readonly GeneralName[] {
  const what = 'certificateIssuer';
  const names = readGeneralNames(content.sequence(what), what);
  if (list.issuingDistributionPoint?.indirectCRL !== true) {
    throw new DerError('extension-value', content.start, `${what}: in a list that is not indirect`);
  }
  return names;
}

/** Entries by serial number: made when a list is first asked, since a list is asked about many certificates. */
const indexes = new WeakMap<CertificateRevocationList, ReadonlyMap<string, readonly RevokedCertificate[]>>();

function indexOf(list: CertificateRevocationList): ReadonlyMap<string, readonly RevokedCertificate[]> {
  const known = indexes.get(list);
  if (known !== undefined) return known;
  const index = new Map<string, RevokedCertificate[]>();
  for (const entry of list.revokedCertificates) {
    const serial = toHex(entry.serialNumber);
    const same = index.get(serial);
    if (same === undefined) index.set(serial, [entry]);
    else same.push(entry);
  }
  indexes.set(list, index);
  return index;
}

/** The entry of a certificate: issuer and serial number match (RFC 5280 section 5.3.3). The gravest, if there are several. */
export function findEntry(
  list: CertificateRevocationList,
  { issuer, serialNumber }: Pick<Certificate, 'issuer' | 'serialNumber'>,
): RevokedCertificate | undefined {
  const entries = (indexOf(list).get(toHex(serialNumber)) ?? []).filter(({ certificateIssuer }) =>
    certificateIssuer === undefined
      ? list.issuer.equals(issuer)
      : directoryNames(certificateIssuer).some((name) => name.equals(issuer)),
  );
  return entries.find(({ reason }) => reason !== 'removeFromCRL') ?? entries[0];
}
