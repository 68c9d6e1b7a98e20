/** X.509 certificates (RFC 5280 section 4.1), read strictly into plain data. */
import type { CryptoProvider } from '../crypto/provider.ts';
import { copy, toHex } from '../wire/bytes.ts';
import { readPublicKeyInfo, type SubjectPublicKeyInfo } from './algorithms.ts';
import { DerError, type DerReader, type DerTime } from './der.ts';
import { type Extension, type KnownExtensions, readExtensions } from './extensions.ts';
import { type DistinguishedName, readName } from './name.ts';
import {
  parsed,
  readFrame,
  readSameAlgorithm,
  type SignedStructure,
  signedBy,
  wholeSequence,
} from './signed.ts';

/** A certificate. All byte arrays are views of {@link Certificate.der}; none may be changed. */
export interface Certificate extends KnownExtensions, SignedStructure {
  /** The whole certificate as DER: a copy that nobody else holds. */
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Content octets of the INTEGER, in two's complement. */
  readonly serialNumber: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly notBefore: DerTime;
  readonly notAfter: DerTime;
  readonly subject: DistinguishedName;
  readonly publicKeyInfo: SubjectPublicKeyInfo;
  /** All extensions by object identifier, in the order of the certificate. */
  readonly extensions: ReadonlyMap<string, Extension>;
}

/**
 * Reads one certificate. The bytes are copied, so that the caller's buffer may be used again.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE` when they are not exactly one well-formed certificate; its context has
 * the `reason` ({@link DerError}) and the `offset` of the byte at fault.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  return parsed('the certificate', 'ERR_BAD_CERTIFICATE', () => readCertificate(copy(der)));
}

/**
 * Reads one certificate without copying it.
 * @throws {DerError} when it is not exactly one well-formed certificate.
 */
export function readCertificate(der: Uint8Array): Certificate {
  const outer = wholeSequence(der, 'Certificate');
  const frame = readFrame(outer, 'tbsCertificate');
  outer.finish('Certificate');

  const tbs = frame.part;
  const version = readVersion(tbs);
  const serialNumber = tbs.integer('serialNumber');
  const algorithm = readSameAlgorithm(frame);
  const issuer = readName(tbs, 'issuer');
  const validity = tbs.sequence('validity');
  const notBefore = validity.time('notBefore');
  const notAfter = validity.time('notAfter');
  validity.finish('validity');
  const subject = readName(tbs, 'subject');
  const publicKeyInfo = readPublicKeyInfo(tbs);
  readUniqueIdentifier(tbs, 'issuerUniqueID', 0x81, version);
  readUniqueIdentifier(tbs, 'subjectUniqueID', 0x82, version);
  const { all, known } = readVersion3Part(tbs, version);
  tbs.finish('tbsCertificate');

  return {
    der,
    ...signedBy(frame, algorithm),
    version,
    serialNumber,
    issuer,
    notBefore,
    notAfter,
    subject,
    publicKeyInfo,
    extensions: all,
    ...known,
  };
}

function readVersion(tbs: DerReader): 1 | 2 | 3 {
  const wrapped = tbs.optional(0xa0, 'version');
  if (wrapped === undefined) return 1;
  const number = wrapped.smallInteger('version');
  wrapped.finish('version');
  if (number === 0) {
    throw new DerError('default-encoded', wrapped.start, 'version: v1 is written although it is the default');
  }
  if (number > 2) {
    throw new DerError('version', wrapped.start, `version: expected v1, v2 or v3, found v${number + 1}`);
  }
  return number === 1 ? 2 : 3;
}

/** Unique identifiers (RFC 5280 section 4.1.2.8) are read over: nothing uses them. */
function readUniqueIdentifier(tbs: DerReader, what: string, tag: number, version: number): void {
  if (tbs.peek() !== tag) return;
  if (version === 1)
    throw new DerError('version', tbs.position, `${what}: does not exist in v1 certificates`);
  tbs.bitString(what, tag);
}

const NO_EXTENSIONS: ReturnType<typeof readExtensions> = { all: new Map(), known: {} };

function readVersion3Part(tbs: DerReader, version: number): ReturnType<typeof readExtensions> {
  const wrapped = tbs.optional(0xa3, 'extensions');
  if (wrapped === undefined) return NO_EXTENSIONS;
  if (version !== 3) {
    throw new DerError(
      'version',
      wrapped.start,
      `extensions: exist in v3 certificates only, this is v${version}`,
    );
  }
  const extensions = readExtensions(wrapped);
  wrapped.finish('extensions');
  return extensions;
}

/** True when subject and issuer are the same name (RFC 5280 section 3.2), whoever made the signature. */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.subject.equals(certificate.issuer);
}

/** The serial number as hexadecimal digits, with a minus sign when it is negative. */
export function serialNumberText(certificate: Certificate): string {
  const { serialNumber } = certificate;
  if ((serialNumber[0] as number) < 0x80) return toHex(serialNumber);
  const magnitude = -BigInt.asIntN(8 * serialNumber.length, BigInt(`0x${toHex(serialNumber)}`));
  return `-${magnitude.toString(16).padStart(2, '0')}`;
}

const fingerprints = new WeakMap<Certificate, string>();

/** SHA-256 of the whole certificate as hexadecimal digits. */
export function fingerprint(certificate: Certificate, provider: Pick<CryptoProvider, 'hash'>): string {
  let text = fingerprints.get(certificate);
  if (text === undefined) {
    const hash = provider.hash('SHA-256');
    hash.update(certificate.der);
    text = toHex(hash.digest());
    fingerprints.set(certificate, text);
  }
  return text;
}
