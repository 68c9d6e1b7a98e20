/** OCSP responses (RFC 6960 section 4.2), read strictly into plain data. */

import type { HashName } from '../../crypto/provider.ts';
import { copy } from '../../wire/bytes.ts';
import { hashAlgorithm, readAlgorithm } from '../algorithms.ts';
import { type Certificate, readCertificate } from '../certificate.ts';
import { DerError, type DerReader, Tag } from '../der.ts';
import { type Extension, walkExtensions } from '../extensions.ts';
import { MAX_OCSP_CERTIFICATES, MAX_OCSP_RESPONSE_LENGTH, MAX_OCSP_SINGLE_RESPONSES } from '../limits.ts';
import { type DistinguishedName, readName } from '../name.ts';
import { describeOid, ExtensionOid, OcspResponseOid } from '../oids.ts';
import { parsed, readFrame, type SignedStructure, signedBy, wholeSequence } from '../signed.ts';
import { unknownExtension } from './crl.ts';
import { type RevocationReason, readReason } from './distribution-points.ts';

/** What became of a request, by number (RFC 6960 section 4.2.1). */
const STATUSES = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
] as const;
/** What became of a request, by its name in RFC 6960 section 4.2.1. */
export type OcspResponseStatus = NonNullable<(typeof STATUSES)[number]>;

/** Which certificate is meant (RFC 6960 section 4.1.1). */
export interface OcspCertificateId {
  /** `undefined` when the hash is not supported. */
  readonly hash: HashName | undefined;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Content octets of the INTEGER, in two's complement. */
  readonly serialNumber: Uint8Array;
}

/** What is said about one certificate. Times are milliseconds since 1970. */
export interface OcspSingleResponse {
  readonly certificateId: OcspCertificateId;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** For `revoked`. */
  readonly revocationTime?: number;
  readonly reason?: RevocationReason;
  readonly thisUpdate: number;
  readonly nextUpdate?: number;
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** Who answered: a name, or the SHA-1 hash of a key. */
export type OcspResponderId = { readonly name: DistinguishedName } | { readonly keyHash: Uint8Array };

/** A BasicOCSPResponse, the signed part of an answer. */
export interface BasicOcspResponse extends SignedStructure {
  readonly responderId: OcspResponderId;
  /** Milliseconds since 1970. */
  readonly producedAt: number;
  readonly responses: readonly OcspSingleResponse[];
  readonly nonce?: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
  /** As the responder sent them. */
  readonly certificates: readonly Certificate[];
}

/** An OCSP response. All byte arrays are views of {@link OcspResponse.der}; none may be changed. */
export type OcspResponse =
  | {
      /** The whole response as DER: a copy that nobody else holds. */
      readonly der: Uint8Array;
      readonly status: 'successful';
      readonly basic: BasicOcspResponse;
    }
  | { readonly der: Uint8Array; readonly status: Exclude<OcspResponseStatus, 'successful'> };

/**
 * Reads one OCSP response. The bytes are copied, so that the caller's buffer may be used again.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE_STATUS` when they are not exactly one well-formed response of the basic type, or when
 * it holds a critical extension that is not understood; its context has the `reason` ({@link DerError}) and the `offset` of
 * the byte at fault.
 */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  return parsed('the OCSP response', 'ERR_BAD_CERTIFICATE_STATUS', () => {
    if (der.length > MAX_OCSP_RESPONSE_LENGTH) {
      throw new DerError(
        'too-many',
        0,
        `it has ${der.length} bytes; at most ${MAX_OCSP_RESPONSE_LENGTH} are read`,
      );
    }
    return readOcspResponse(copy(der));
  });
}

function readOcspResponse(der: Uint8Array): OcspResponse {
  const what = 'OCSPResponse';
  const outer = wholeSequence(der, what);
  const start = outer.position;
  const number = outer.enumerated('responseStatus');
  const status = STATUSES[number];
  if (status === undefined) {
    throw new DerError('extension-value', start, `responseStatus: ${number} is no status`);
  }
  if (status !== 'successful') {
    outer.finish(what);
    return { der, status };
  }
  const wrapped = outer.read(0xa0, 'responseBytes');
  outer.finish(what);
  const bytes = wrapped.sequence('responseBytes');
  wrapped.finish('responseBytes');
  const type = bytes.oid('responseType');
  if (type !== OcspResponseOid.basic) {
    throw new DerError(
      'extension-value',
      bytes.start,
      `responseType: expected basic, found ${describeOid(type)}`,
    );
  }
  const content = bytes.read(Tag.OCTET_STRING, 'response');
  bytes.finish('responseBytes');
  const basic = readBasic(content);
  content.finish('response');
  return { der, status, basic };
}

function readBasic(reader: DerReader): BasicOcspResponse {
  const what = 'BasicOCSPResponse';
  const outer = reader.sequence(what);
  const frame = readFrame(outer, 'tbsResponseData');
  const wrapped = outer.optional(0xa0, 'certs');
  const certificates = wrapped === undefined ? [] : readCertificates(wrapped);
  outer.finish(what);
  return { ...readResponseData(frame.part), ...signedBy(frame, frame.algorithm), certificates };
}

function readCertificates(wrapped: DerReader): readonly Certificate[] {
  const what = 'certs';
  const list = wrapped.sequence(what);
  wrapped.finish(what);
  const certificates: Certificate[] = [];
  while (!list.done) {
    if (certificates.length === MAX_OCSP_CERTIFICATES) {
      throw new DerError('too-many', list.position, `${what}: more than ${MAX_OCSP_CERTIFICATES}`);
    }
    const element = list.sequence(what);
    try {
      certificates.push(readCertificate(element.encoding()));
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      throw new DerError(error.reason, element.start + error.offset, `${what}: ${error.message}`);
    }
  }
  return certificates;
}

type ResponseData = Pick<
  BasicOcspResponse,
  'responderId' | 'producedAt' | 'responses' | 'nonce' | 'extensions'
>;

function readResponseData(data: DerReader): ResponseData {
  if (data.peek() === 0xa0) {
    const start = data.position;
    const wrapped = data.readAny('version');
    const version = wrapped.smallInteger('version');
    wrapped.finish('version');
    if (version !== 0) throw new DerError('version', start, `version: expected v1, found v${version + 1}`);
    throw new DerError('default-encoded', start, 'version: v1 is written although it is the default');
  }
  const responderId = readResponderId(data);
  const producedAt = data.generalizedTime('producedAt');
  const list = data.sequence('responses');
  // RFC 6960 section 4.2.2.3: the response MUST include a SingleResponse for each certificate in the request.
  if (list.done) throw new DerError('empty-list', list.start, 'responses: expected at least one');
  const responses: OcspSingleResponse[] = [];
  while (!list.done) {
    if (responses.length === MAX_OCSP_SINGLE_RESPONSES) {
      throw new DerError('too-many', list.position, `responses: more than ${MAX_OCSP_SINGLE_RESPONSES}`);
    }
    responses.push(readSingle(list.sequence('singleResponse')));
  }
  let nonce: Uint8Array | undefined;
  const extensions = readExtensionsOf(data, 'responseExtensions', (oid, content) => {
    if (oid !== ExtensionOid.ocspNonce) return false;
    // RFC 9654 section 2.1: an OCTET STRING of its own.
    nonce = content.octetString('nonce');
    return true;
  });
  data.finish('tbsResponseData');
  return { responderId, producedAt, responses, ...(nonce && { nonce }), extensions };
}

function readResponderId(data: DerReader): OcspResponderId {
  const what = 'responderID';
  const byName = data.optional(0xa1, what);
  const wrapped = byName ?? data.read(0xa2, what);
  const id = byName === undefined ? { keyHash: readKeyHash(wrapped) } : { name: readName(wrapped, what) };
  wrapped.finish(what);
  return id;
}

/** KeyHash: always SHA-1 (RFC 6960 section 4.2.1). */
function readKeyHash(reader: DerReader): Uint8Array {
  const start = reader.position;
  const hash = reader.octetString('responderID');
  if (hash.length !== 20) {
    throw new DerError('extension-value', start, `responderID: expected 20 bytes, found ${hash.length}`);
  }
  return hash;
}

function readExtensionsOf(
  data: DerReader,
  what: string,
  read: (oid: string, content: DerReader) => boolean,
): ReadonlyMap<string, Extension> {
  const wrapped = data.optional(0xa1, what);
  if (wrapped === undefined) return new Map();
  const all = walkExtensions(
    wrapped,
    (oid, critical, content) => read(oid, content) || unknownExtension(oid, critical, content),
  );
  wrapped.finish(what);
  return all;
}

function readSingle(element: DerReader): OcspSingleResponse {
  const what = 'singleResponse';
  const certificateId = readCertificateId(element.sequence('certID'));
  const status = readStatus(element);
  const thisUpdate = element.generalizedTime('thisUpdate');
  const next = element.optional(0xa0, 'nextUpdate');
  const nextUpdate = next?.generalizedTime('nextUpdate');
  next?.finish('nextUpdate');
  const extensions = readExtensionsOf(element, 'singleExtensions', () => false);
  element.finish(what);
  return {
    certificateId,
    ...status,
    thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
    extensions,
  };
}

function readCertificateId(element: DerReader): OcspCertificateId {
  const what = 'certID';
  const hash = hashAlgorithm(readAlgorithm(element, what));
  const issuerNameHash = element.octetString(what);
  const issuerKeyHash = element.octetString(what);
  const serialNumber = element.integer(what);
  element.finish(what);
  return { hash, issuerNameHash, issuerKeyHash, serialNumber };
}

function readStatus(element: DerReader): Pick<OcspSingleResponse, 'status' | 'revocationTime' | 'reason'> {
  const what = 'certStatus';
  const revoked = element.optional(0xa1, what);
  if (revoked !== undefined) {
    const revocationTime = revoked.generalizedTime(what);
    const wrapped = revoked.optional(0xa0, what);
    const reason = wrapped && readReason(wrapped, what);
    wrapped?.finish(what);
    revoked.finish(what);
    return { status: 'revoked', revocationTime, ...(reason && { reason }) };
  }
  const isGood = element.peek() === 0x80;
  const none = element.read(isGood ? 0x80 : 0x82, what);
  if (!none.done) throw new DerError('null-not-empty', none.position, `${what}: a NULL has no content`);
  return { status: isGood ? 'good' : 'unknown' };
}
