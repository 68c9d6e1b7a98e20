/** Signed certificate timestamps (RFC 6962 sections 3.2 and 3.3), read strictly into plain data. */
import type { SignatureAlgorithm } from '../../crypto/provider.ts';
import { decode, fixed, opaque, struct, uint8 } from '../../wire/codec.ts';
import { TlsError } from '../../wire/errors.ts';
import { signedCertificateTimestampList } from '../../wire/extensions/signed-certificate-timestamp.ts';
import type { Certificate } from '../certificate.ts';
import { DerError, DerReader } from '../der.ts';
import type { Extension } from '../extensions.ts';
import { ExtensionOid } from '../oids.ts';

/** A log's promise to publish a certificate. All byte arrays are views of what was read; none may be changed. */
export interface SignedCertificateTimestamp {
  readonly version: 'v1';
  /** SHA-256 of the log's SubjectPublicKeyInfo. */
  readonly logId: Uint8Array;
  /** Milliseconds since 1970; above 2^53 it is rounded. */
  readonly timestamp: number;
  /** The same as it was signed: an unsigned integer of 8 bytes. */
  readonly timestampBytes: Uint8Array;
  /** CtExtensions: version 1 defines none, and they are covered by the signature. */
  readonly extensions: Uint8Array;
  /** `undefined` when it is none of those that logs may use (RFC 6962 section 2.1.4). */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
}

/** `Version.v1` (RFC 6962 section 3.2). */
export const VERSION_1 = 0;

const signedCertificateTimestamp = struct({
  version: uint8,
  logId: fixed(32),
  timestamp: fixed(8),
  extensions: opaque(0, 0xffff),
  hashAlgorithm: uint8,
  signatureAlgorithm: uint8,
  signature: opaque(0, 0xffff),
});

/** Numbers of HashAlgorithm and SignatureAlgorithm (RFC 5246 section 7.4.1.4.1). */
const SHA256 = 4;
const RSA = 1;
const ECDSA = 3;

function readAlgorithm(hash: number, signature: number): SignatureAlgorithm | undefined {
  if (hash !== SHA256) return undefined;
  if (signature === ECDSA) return { kind: 'ecdsa', hash: 'SHA-256' };
  return signature === RSA ? { kind: 'rsa-pkcs1', hash: 'SHA-256' } : undefined;
}

/**
 * Reads one SerializedSCT.
 * @throws {TlsError} `ERR_DECODE` when the bytes are not exactly one, or are of another version than 1.
 */
export function parseSignedCertificateTimestamp(bytes: Uint8Array): SignedCertificateTimestamp {
  const what = 'SignedCertificateTimestamp';
  const [version] = bytes;
  if (version !== undefined && version !== VERSION_1) {
    throw new TlsError('ERR_DECODE', `${what}: expected version 1, found version ${version + 1}`, {
      message: what,
      offset: 0,
    });
  }
  const value = decode(signedCertificateTimestamp, what, bytes);
  return {
    version: 'v1',
    logId: value.logId,
    timestamp: value.timestamp.reduce((time, byte) => time * 256 + byte, 0),
    timestampBytes: value.timestamp,
    extensions: value.extensions,
    signatureAlgorithm: readAlgorithm(value.hashAlgorithm, value.signatureAlgorithm),
    signature: value.signature,
  };
}

/**
 * Reads a SignedCertificateTimestampList. Each element is a SerializedSCT for {@link parseSignedCertificateTimestamp}, and
 * the form in which a handshake and `TransparencyOptions` have them.
 * @throws {TlsError} `ERR_DECODE` when the bytes are not exactly one list, of one timestamp at least.
 */
export function parseSignedCertificateTimestampList(bytes: Uint8Array): readonly Uint8Array[] {
  return decode(signedCertificateTimestampList, 'SignedCertificateTimestampList', bytes);
}

/** The list in an extension, where it is an OCTET STRING of its own (RFC 6962 section 3.3). */
function listIn(
  extensions: ReadonlyMap<string, Extension>,
  oid: string,
  holder: string,
): readonly Uint8Array[] {
  const extension = extensions.get(oid);
  if (extension === undefined) return [];
  const what = `${holder}: SignedCertificateTimestampList`;
  try {
    const reader = new DerReader(extension.value);
    const list = reader.octetString(what);
    reader.finish(what);
    return parseSignedCertificateTimestampList(list);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const { reason, offset } = error;
    throw new TlsError('ERR_DECODE', error.message, { reason, offset }, { cause: error });
  }
}

/**
 * The timestamps that a certificate carries itself, each a SerializedSCT; none without the extension.
 * @throws {TlsError} `ERR_DECODE` when the extension does not hold exactly one list.
 */
export function embeddedTimestamps({ extensions }: Pick<Certificate, 'extensions'>): readonly Uint8Array[] {
  return listIn(extensions, ExtensionOid.signedCertificateTimestampList, 'the certificate');
}

/**
 * The timestamps in what an OCSP response says about one certificate, each a SerializedSCT; none without the extension.
 * @throws {TlsError} `ERR_DECODE` when the extension does not hold exactly one list.
 */
export function ocspTimestamps({
  extensions,
}: {
  readonly extensions: ReadonlyMap<string, Extension>;
}): readonly Uint8Array[] {
  return listIn(extensions, ExtensionOid.ocspSignedCertificateTimestampList, 'the OCSP response');
}
