/** Distribution points: which revocation list is about which certificates (RFC 5280 sections 4.2.1.13 and 5.2.5). */
import { toHex } from '../../wire/bytes.ts';
import { DerError, type DerReader } from '../der.ts';
import { type GeneralName, readGeneralNames } from '../general-name.ts';
import { type DistinguishedName, type RelativeName, readRelativeName } from '../name.ts';

/** Why a certificate was revoked (RFC 5280 section 5.3.1), by number. */
const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;
/** A reason by its name in RFC 5280 section 5.3.1. */
export type RevocationReason = NonNullable<(typeof REASONS)[number]>;

/** The bits of ReasonFlags (RFC 5280 section 4.2.1.13). */
const REASON_FLAGS = [
  undefined,
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
] as const satisfies readonly (RevocationReason | undefined)[];

/** The name of a distribution point, in one of its two forms. */
export type DistributionPointName =
  | { readonly kind: 'fullName'; readonly names: readonly GeneralName[] }
  /** A step below the name of the CRL's issuer. */
  | {
      readonly kind: 'nameRelativeToCRLIssuer';
      readonly step: RelativeName;
      /** The step's attributes as DER. */
      readonly contents: Uint8Array;
    };

/** Where, by whom and for which reasons a certificate may be revoked (RFC 5280 section 4.2.1.13). */
export interface DistributionPoint {
  readonly distributionPoint?: DistributionPointName;
  /** Absent: all reasons. */
  readonly reasons?: readonly RevocationReason[];
  /** Absent: the certificate's own issuer. */
  readonly cRLIssuer?: readonly GeneralName[];
}

/** What a revocation list is about (RFC 5280 section 5.2.5). */
export interface IssuingDistributionPoint {
  /** The whole value as DER. */
  readonly der: Uint8Array;
  readonly distributionPoint?: DistributionPointName;
  readonly onlyContainsUserCerts: boolean;
  readonly onlyContainsCACerts: boolean;
  readonly onlyContainsAttributeCerts: boolean;
  /** Absent: all reasons. */
  readonly onlySomeReasons?: readonly RevocationReason[];
  readonly indirectCRL: boolean;
}

/** Reads a CRLReason. */
export function readReason(reader: DerReader, what: string): RevocationReason {
  const start = reader.position;
  const number = reader.enumerated(what);
  const reason = REASONS[number];
  if (reason === undefined) {
    throw new DerError('extension-value', start, `${what}: ${number} is no reason for a revocation`);
  }
  return reason;
}

function readReasonFlags(reader: DerReader, tag: number, what: string): RevocationReason[] {
  const start = reader.position;
  const { bytes } = reader.bitString(what, tag);
  if (bytes.every((byte) => byte === 0)) {
    throw new DerError('extension-value', start, `${what}: a set of reasons without a reason`);
  }
  return REASON_FLAGS.flatMap((reason, bit) =>
    reason !== undefined && (((bytes[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0 ? [reason] : [],
  );
}

/** DistributionPointName inside its tag [0], which is explicit since it is a CHOICE. */
function readPointName(wrapped: DerReader | undefined, what: string): DistributionPointName | undefined {
  if (wrapped === undefined) return undefined;
  const full = wrapped.optional(0xa0, what);
  if (full !== undefined) {
    wrapped.finish(what);
    return { kind: 'fullName', names: readGeneralNames(full, what) };
  }
  const relative = wrapped.read(0xa1, what);
  wrapped.finish(what);
  const contents = relative.rest();
  return { kind: 'nameRelativeToCRLIssuer', step: readRelativeName(relative, what), contents };
}

/** Reads CRLDistributionPoints, the value of cRLDistributionPoints and of freshestCRL. */
export function readDistributionPoints(reader: DerReader, what: string): DistributionPoint[] {
  const list = reader.sequence(what);
  if (list.done) throw new DerError('empty-list', list.start, `${what}: expected at least one point`);
  const points: DistributionPoint[] = [];
  while (!list.done) {
    const element = list.sequence(what);
    const distributionPoint = readPointName(element.optional(0xa0, what), what);
    const reasons = element.peek() === 0x81 ? readReasonFlags(element, 0x81, what) : undefined;
    const issuerList = element.optional(0xa2, what);
    const cRLIssuer = issuerList && readGeneralNames(issuerList, what);
    element.finish(what);
    // RFC 5280 section 4.2.1.13: it MUST NOT consist of only the reasons.
    if (distributionPoint === undefined && cRLIssuer === undefined) {
      throw new DerError(
        'extension-value',
        element.start,
        `${what}: a point with neither a name nor an issuer`,
      );
    }
    points.push({
      ...(distributionPoint && { distributionPoint }),
      ...(reasons && { reasons }),
      ...(cRLIssuer && { cRLIssuer }),
    });
  }
  return points;
}

/** Reads the value of issuingDistributionPoint. */
export function readIssuingDistributionPoint(reader: DerReader): IssuingDistributionPoint {
  const what = 'issuingDistributionPoint';
  const element = reader.sequence(what);
  // RFC 5280 section 5.2.5: it MUST NOT be empty.
  if (element.done) throw new DerError('empty-list', element.start, `${what}: it says nothing`);
  const flag = (tag: number): boolean => {
    if (element.peek() !== tag) return false;
    const offset = element.position;
    if (element.boolean(what, tag)) return true;
    throw new DerError('default-encoded', offset, `${what}: a flag is written although it is FALSE`);
  };
  const distributionPoint = readPointName(element.optional(0xa0, what), what);
  const onlyContainsUserCerts = flag(0x81);
  const onlyContainsCACerts = flag(0x82);
  const onlySomeReasons = element.peek() === 0x83 ? readReasonFlags(element, 0x83, what) : undefined;
  const indirectCRL = flag(0x84);
  const onlyContainsAttributeCerts = flag(0x85);
  element.finish(what);
  if (Number(onlyContainsUserCerts) + Number(onlyContainsCACerts) + Number(onlyContainsAttributeCerts) > 1) {
    throw new DerError(
      'extension-value',
      element.start,
      `${what}: it is for certificates of several kinds only, so for none`,
    );
  }
  return {
    der: element.encoding(),
    ...(distributionPoint && { distributionPoint }),
    onlyContainsUserCerts,
    onlyContainsCACerts,
    onlyContainsAttributeCerts,
    ...(onlySomeReasons && { onlySomeReasons }),
    indirectCRL,
  };
}

/** All reasons that a list can be limited to: all but unspecified (RFC 5280 section 6.3.2 (a)). */
export const ALL_REASONS: number = reasonsMask(undefined);

/** A set of reasons as bits; absent means all of them. */
export function reasonsMask(reasons: readonly RevocationReason[] | undefined): number {
  return REASON_FLAGS.reduce(
    (mask, reason, bit) =>
      reason !== undefined && (reasons?.includes(reason) ?? true) ? mask | (1 << bit) : mask,
    0,
  );
}

/** The names of a distribution point in full. */
export function fullNames(
  name: DistributionPointName,
  cRLIssuer: DistinguishedName | undefined,
): readonly GeneralName[] {
  if (name.kind === 'fullName') return name.names;
  if (cRLIssuer === undefined) return [];
  return [{ kind: 'directoryName', name: cRLIssuer.extended(name.step, name.contents) }];
}

/** The distinguished names among names. */
export function directoryNames(names: readonly GeneralName[]): readonly DistinguishedName[] {
  return names.flatMap((name) => (name.kind === 'directoryName' ? [name.name] : []));
}

/** True when one of these names is one of those. */
export function shareName(
  some: readonly GeneralName[],
  others: readonly GeneralName[],
  spend: () => void,
): boolean {
  return some.some((one) =>
    others.some((other) => {
      spend();
      return isSameName(one, other);
    }),
  );
}

function isSameName(one: GeneralName, other: GeneralName): boolean {
  if (one.kind === 'directoryName') return other.kind === 'directoryName' && one.name.equals(other.name);
  return one.kind === other.kind && comparable(one) === comparable(other);
}

/** A text that is the same for equal names of one kind (RFC 5280 sections 7.2 to 7.5). */
function comparable(name: Exclude<GeneralName, { kind: 'directoryName' }>): string {
  switch (name.kind) {
    case 'dNSName':
      return name.value.toLowerCase();
    case 'rfc822Name':
      return name.value.replace(/@.*$/, (host) => host.toLowerCase());
    case 'uniformResourceIdentifier':
      return name.value.replace(/^[^:/?#]+:(?:\/\/[^/?#]*)?/, (start) => start.toLowerCase());
    case 'registeredID':
      return name.oid;
    case 'iPAddress':
      return toHex(name.octets);
    case 'otherName':
      return `${name.type}:${toHex(name.value)}`;
    default:
      return toHex(name.value);
  }
}
