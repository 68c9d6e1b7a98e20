/**
 * Revocation lists and OCSP responses for tests, made on the spot under certificates of `pki.ts`: right ones by default,
 * and wrong ones in any way that a test asks for.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { parseCertificate } from '../../src/x509/certificate.ts';
import * as der from './der.ts';
import {
  defaultHash,
  type ExtensionSpec,
  encodeGeneralName,
  encodeName,
  type GeneralNameSpec,
  type Issued,
  type NameSpec,
  type SignatureHash,
  type Signer,
  signatureAlgorithm,
  signBytes,
} from './pki.ts';

const HOUR = 3_600_000;
const NOTHING = new Uint8Array(0);

/** Numbers of reasons (RFC 5280 section 5.3.1). */
export const Reason = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  superseded: 4,
  certificateHold: 6,
  removeFromCRL: 8,
} as const;

export interface RevokedSpec {
  readonly certificate: Issued;
  readonly at?: Date;
  readonly reason?: number;
  readonly invalidityDate?: Date;
  /** The issuer of this entry and of those behind it. */
  readonly certificateIssuer?: NameSpec;
  readonly extensions?: readonly ExtensionSpec[];
}

export interface PointSpec {
  readonly fullName?: readonly GeneralNameSpec[];
  /** The attributes of one step: DER of the contents of a SET. */
  readonly relativeName?: Uint8Array;
}

export interface ScopeSpec extends PointSpec {
  readonly only?: 'users' | 'authorities' | 'attributes';
  /** Bits of ReasonFlags. */
  readonly reasons?: readonly number[];
  readonly indirect?: boolean;
}

export interface ListOptions {
  readonly revoked?: readonly RevokedSpec[];
  /** Default: an hour ago. */
  readonly thisUpdate?: Date;
  /** Default: in an hour; `null` leaves it out. */
  readonly nextUpdate?: Date | null;
  /** Default: 1; `null` leaves it out. */
  readonly number?: number | null;
  /** The number of the base: makes it a delta. */
  readonly base?: number;
  readonly scope?: ScopeSpec;
  readonly extensions?: readonly ExtensionSpec[];
  readonly signWith?: KeyObject;
  readonly signer?: Signer;
  readonly signatureHash?: SignatureHash;
  /** Claims this issuer. */
  readonly issuerName?: NameSpec;
  /** The authority key identifier's keyIdentifier. */
  readonly keyIdentifier?: Uint8Array;
  /** Changes the fields of the TBSCertList (each a complete TLV) before they are signed. */
  readonly editFields?: (fields: Uint8Array[]) => Uint8Array[];
  readonly outerAlgorithm?: Uint8Array;
}

function extension({ oid, critical, value }: ExtensionSpec): Uint8Array {
  return der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

/** DistributionPointName inside its explicit tag [0]. */
function pointName({ fullName, relativeName }: PointSpec): Uint8Array[] {
  if (fullName !== undefined) return [der.context(0, der.context(0, ...fullName.map(encodeGeneralName)))];
  return relativeName === undefined ? [] : [der.context(0, der.context(1, relativeName))];
}

const reasonFlags = (number: number, reasons: readonly number[]): Uint8Array =>
  der.contextPrimitive(number, der.namedBits(reasons).subarray(2));

const TRUE = Uint8Array.of(0xff);

export function issuingDistributionPoint(scope: ScopeSpec): Uint8Array {
  const { only, reasons, indirect } = scope;
  return der.sequence(
    ...pointName(scope),
    ...(only === 'users' ? [der.contextPrimitive(1, TRUE)] : []),
    ...(only === 'authorities' ? [der.contextPrimitive(2, TRUE)] : []),
    ...(reasons === undefined ? [] : [reasonFlags(3, reasons)]),
    ...(indirect ? [der.contextPrimitive(4, TRUE)] : []),
    ...(only === 'attributes' ? [der.contextPrimitive(5, TRUE)] : []),
  );
}

/** A distribution point of a certificate. */
export interface CertificatePointSpec extends PointSpec {
  readonly reasons?: readonly number[];
  readonly crlIssuer?: NameSpec;
}

/** The extension cRLDistributionPoints for a certificate. */
export function distributionPoints(...points: readonly CertificatePointSpec[]): ExtensionSpec {
  const value = der.sequence(
    ...points.map((point) =>
      der.sequence(
        ...pointName(point),
        ...(point.reasons === undefined ? [] : [reasonFlags(1, point.reasons)]),
        ...(point.crlIssuer === undefined
          ? []
          : [der.context(2, encodeGeneralName({ directory: point.crlIssuer }))]),
      ),
    ),
  );
  return { oid: '2.5.29.31', value };
}

function revokedEntry(entry: RevokedSpec): Uint8Array {
  const {
    certificate,
    at = new Date(Date.now() - 2 * HOUR),
    reason,
    invalidityDate,
    certificateIssuer,
  } = entry;
  const extensions: ExtensionSpec[] = [];
  if (reason !== undefined)
    extensions.push({ oid: '2.5.29.21', value: der.tlv(0x0a, Uint8Array.of(reason)) });
  if (invalidityDate !== undefined) {
    extensions.push({ oid: '2.5.29.24', value: der.generalizedTime(invalidityDate) });
  }
  if (certificateIssuer !== undefined) {
    const value = der.sequence(encodeGeneralName({ directory: certificateIssuer }));
    extensions.push({ oid: '2.5.29.29', critical: true, value });
  }
  extensions.push(...(entry.extensions ?? []));
  return der.sequence(
    der.tlv(der.Tag.integer, parseCertificate(certificate.der).serialNumber),
    der.time(at),
    ...(extensions.length === 0 ? [] : [der.sequence(...extensions.map(extension))]),
  );
}

/** Makes a revocation list (DER). */
export function makeList(issuer: Issued, options: ListOptions = {}): Uint8Array {
  const { revoked = [], number = 1, base, scope, signWith = issuer.key, nextUpdate, keyIdentifier } = options;
  const hash = options.signatureHash ?? defaultHash(signWith);
  const algorithm = options.signer?.algorithm ?? signatureAlgorithm(signWith, hash);
  const extensions: ExtensionSpec[] = [
    ...(keyIdentifier === undefined
      ? []
      : [{ oid: '2.5.29.35', value: der.sequence(der.contextPrimitive(0, keyIdentifier)) }]),
    ...(number === null ? [] : [{ oid: '2.5.29.20', value: der.integer(number) }]),
    ...(base === undefined ? [] : [{ oid: '2.5.29.27', critical: true, value: der.integer(base) }]),
    ...(scope === undefined
      ? []
      : [{ oid: '2.5.29.28', critical: true, value: issuingDistributionPoint(scope) }]),
    ...(options.extensions ?? []),
  ];
  const fields = [
    der.integer(1),
    algorithm,
    options.issuerName === undefined ? issuer.subject : encodeName(options.issuerName),
    der.time(options.thisUpdate ?? new Date(Date.now() - HOUR)),
    nextUpdate === null ? NOTHING : der.time(nextUpdate ?? new Date(Date.now() + HOUR)),
    revoked.length === 0 ? NOTHING : der.sequence(...revoked.map(revokedEntry)),
    extensions.length === 0 ? NOTHING : der.context(0, der.sequence(...extensions.map(extension))),
  ];
  const tbs = der.sequence(...(options.editFields?.(fields) ?? fields));
  const signature = options.signer?.sign(tbs) ?? signBytes(signWith, hash, false, tbs);
  return der.sequence(tbs, options.outerAlgorithm ?? algorithm, der.bitString(signature));
}

const HASHES = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  md5: '1.2.840.113549.2.5',
} as const;

export interface SingleSpec {
  readonly certificate: Issued;
  readonly issuer: Issued;
  /** Default: good. */
  readonly status?: 'good' | 'unknown' | { readonly reason?: number };
  readonly hash?: keyof typeof HASHES;
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly extensions?: readonly ExtensionSpec[];
}

export interface OcspOptions {
  /** Who signs. Default: the issuer of the first certificate. */
  readonly responder?: Issued;
  /** Default: by name. */
  readonly by?: 'name' | 'key';
  readonly nonce?: Uint8Array;
  readonly extensions?: readonly ExtensionSpec[];
  /** Certificates to send along. */
  readonly certificates?: readonly Uint8Array[];
  readonly signWith?: KeyObject;
  readonly signer?: Signer;
  readonly signatureHash?: SignatureHash;
  /** Changes the fields of the ResponseData before they are signed. */
  readonly editFields?: (fields: Uint8Array[]) => Uint8Array[];
}

const keyBits = ({ der: bytes }: Issued): Uint8Array => parseCertificate(bytes).publicKeyInfo.bits;

function digest(hash: keyof typeof HASHES, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash).update(bytes).digest());
}

function single(spec: SingleSpec): Uint8Array {
  const { certificate, issuer, status = 'good', hash = 'sha1', nextUpdate, extensions = [] } = spec;
  const certId = der.sequence(
    der.sequence(der.oid(HASHES[hash]), der.nullValue()),
    der.octetString(digest(hash, issuer.subject)),
    der.octetString(digest(hash, keyBits(issuer))),
    der.tlv(der.Tag.integer, parseCertificate(certificate.der).serialNumber),
  );
  const reason =
    typeof status === 'object' && status.reason !== undefined
      ? [der.context(0, der.tlv(0x0a, Uint8Array.of(status.reason)))]
      : [];
  return der.sequence(
    certId,
    typeof status === 'object'
      ? der.context(1, der.generalizedTime(new Date(Date.now() - 2 * HOUR)), ...reason)
      : der.contextPrimitive(status === 'good' ? 0 : 2, NOTHING),
    der.generalizedTime(spec.thisUpdate ?? new Date(Date.now() - HOUR)),
    ...(nextUpdate === null
      ? []
      : [der.context(0, der.generalizedTime(nextUpdate ?? new Date(Date.now() + HOUR)))]),
    ...(extensions.length === 0 ? [] : [der.context(1, der.sequence(...extensions.map(extension)))]),
  );
}

/** Makes a successful OCSP response (DER). */
export function makeOcspResponse(singles: readonly SingleSpec[], options: OcspOptions = {}): Uint8Array {
  const responder = options.responder ?? singles[0]?.issuer;
  if (responder === undefined) throw new Error('who answers?');
  const { signWith = responder.key, by = 'name', nonce, certificates = [] } = options;
  const hash = options.signatureHash ?? defaultHash(signWith);
  const extensions: ExtensionSpec[] = [
    ...(nonce === undefined ? [] : [{ oid: '1.3.6.1.5.5.7.48.1.2', value: der.octetString(nonce) }]),
    ...(options.extensions ?? []),
  ];
  const fields = [
    by === 'name'
      ? der.context(1, responder.subject)
      : der.context(2, der.octetString(digest('sha1', keyBits(responder)))),
    der.generalizedTime(new Date(Date.now() - HOUR)),
    der.sequence(...singles.map(single)),
    extensions.length === 0 ? NOTHING : der.context(1, der.sequence(...extensions.map(extension))),
  ];
  const tbs = der.sequence(...(options.editFields?.(fields) ?? fields));
  const basic = der.sequence(
    tbs,
    options.signer?.algorithm ?? signatureAlgorithm(signWith, hash),
    der.bitString(options.signer?.sign(tbs) ?? signBytes(signWith, hash, false, tbs)),
    ...(certificates.length === 0 ? [] : [der.context(0, der.sequence(...certificates))]),
  );
  return wrapOcspResponse(basic);
}

/** An OCSPResponse around a BasicOCSPResponse, or around what claims to be one. */
export function wrapOcspResponse(basic: Uint8Array, type = '1.3.6.1.5.5.7.48.1.1', status = 0): Uint8Array {
  return der.sequence(
    der.tlv(0x0a, Uint8Array.of(status)),
    der.context(0, der.sequence(der.oid(type), der.octetString(basic))),
  );
}

/** An OCSPResponse that says only why there is no answer. */
export function ocspFailure(status: number): Uint8Array {
  return der.sequence(der.tlv(0x0a, Uint8Array.of(status)));
}
