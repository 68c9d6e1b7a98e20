/** X.509 certificates (RFC 5280 section 4.1), read strictly into plain data. */
import type { CryptoProvider, SignatureAlgorithm } from '../crypto/provider.ts';
import { equalBytes, toHex } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import {
  type AlgorithmIdentifier,
  readAlgorithm,
  readPublicKeyInfo,
  type SubjectPublicKeyInfo,
  signatureAlgorithm,
} from './algorithms.ts';
import { DerError, DerReader, type DerTime } from './der.ts';
import { type Extension, type KnownExtensions, readExtensions } from './extensions.ts';
import { type DistinguishedName, readName } from './name.ts';

/** A certificate. All byte arrays are views of {@link Certificate.der}; none may be changed. */
export interface Certificate extends KnownExtensions {
  /** The whole certificate as DER: a copy that nobody else holds. */
  readonly der: Uint8Array;
  /** The TBSCertificate as DER: what the signature covers. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Content octets of the INTEGER, in two's complement. */
  readonly serialNumber: Uint8Array;
  readonly signatureIdentifier: AlgorithmIdentifier;
  /** The algorithm of the signature; `undefined` when it is not supported. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly issuer: DistinguishedName;
  readonly notBefore: DerTime;
  readonly notAfter: DerTime;
  readonly subject: DistinguishedName;
  readonly publicKeyInfo: SubjectPublicKeyInfo;
  /** All extensions by object identifier, in the order of the certificate. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signature: Uint8Array;
}

/**
 * Reads one certificate. The bytes are copied, so that the caller's buffer may be used again.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE` when they are not exactly one well-formed certificate; its context has
 * the `reason` ({@link DerError}) and the `offset` of the byte at fault.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  try {
    return readCertificate(der.slice());
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const { reason, offset } = error;
    throw new TlsError(
      'ERR_BAD_CERTIFICATE',
      `the certificate is malformed at byte ${offset}: ${error.message}`,
      { reason, offset },
      { cause: error },
    );
  }
}

/**
 * Reads one certificate without copying it.
 * @throws {DerError} when it is not exactly one well-formed certificate.
 */
export function readCertificate(der: Uint8Array): Certificate {
  const input = new DerReader(der);
  const outer = input.sequence('Certificate');
  input.finish('Certificate');
  const tbsReader = outer.sequence('tbsCertificate');
  const tbs = tbsReader.encoding();
  const outerAlgorithm = readAlgorithm(outer, 'signatureAlgorithm');
  const signature = outer.wholeBytes('signature');
  outer.finish('Certificate');

  const version = readVersion(tbsReader);
  const serialNumber = tbsReader.integer('serialNumber');
  const innerAlgorithm = readAlgorithm(tbsReader, 'signature');
  // RFC 5280 section 4.1.1.2: the two fields MUST be the same, parameters included.
  if (!equalBytes(innerAlgorithm.der, outerAlgorithm.der)) {
    throw new DerError(
      'algorithm-mismatch',
      innerAlgorithm.offset,
      'signature: the algorithm inside the signed part differs from the one outside of it',
    );
  }
  const issuer = readName(tbsReader, 'issuer');
  const validity = tbsReader.sequence('validity');
  const notBefore = validity.time('notBefore');
  const notAfter = validity.time('notAfter');
  validity.finish('validity');
  const subject = readName(tbsReader, 'subject');
  const publicKeyInfo = readPublicKeyInfo(tbsReader);
  readUniqueIdentifier(tbsReader, 'issuerUniqueID', 0x81, version);
  readUniqueIdentifier(tbsReader, 'subjectUniqueID', 0x82, version);
  const { all, known } = readVersion3Part(tbsReader, version);
  tbsReader.finish('tbsCertificate');

  return {
    der,
    tbs,
    version,
    serialNumber,
    signatureIdentifier: innerAlgorithm,
    signatureAlgorithm: signatureAlgorithm(innerAlgorithm),
    issuer,
    notBefore,
    notAfter,
    subject,
    publicKeyInfo,
    extensions: all,
    signature,
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
