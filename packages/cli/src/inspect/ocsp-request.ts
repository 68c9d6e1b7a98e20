/** OCSP requests (RFC 6960 section 4.1), read strictly: what is asked, and not whether the question makes sense. */
import { DerReader, describeOid, type Extension, Tag } from 'handfast/x509';
import { MAX_OCSP_REQUESTS } from '../limits.ts';
import { malformed } from './malformed.ts';

/** Which certificate is asked about. */
export interface RequestedCertificate {
  /** By its name, or its object identifier. */
  readonly hash: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Content octets of the INTEGER. */
  readonly serialNumber: Uint8Array;
}

export interface OcspRequest {
  readonly certificateIds: readonly RequestedCertificate[];
  readonly hasRequestorName: boolean;
  readonly isSigned: boolean;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly ocspNonce?: Uint8Array;
}

const HASHES: Readonly<Record<string, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** @throws {Malformed} when it is. */
export function readOcspRequest(der: Uint8Array): OcspRequest {
  return malformed('the OCSP request', () => {
    const what = 'OCSPRequest';
    const input = new DerReader(der);
    const outer = input.sequence(what);
    input.finish(what);
    const request = outer.sequence('tbsRequest');
    const isSigned = outer.optional(0xa0, 'optionalSignature') !== undefined;
    outer.finish(what);
    request.optional(0xa0, 'version');
    const hasRequestorName = request.optional(0xa1, 'requestorName') !== undefined;
    const list = request.sequence('requestList');
    const certificateIds: RequestedCertificate[] = [];
    while (!list.done && certificateIds.length < MAX_OCSP_REQUESTS) {
      certificateIds.push(readRequest(list.sequence('request')));
    }
    list.finish(`requestList of more than ${MAX_OCSP_REQUESTS} requests`);
    const wrapped = request.optional(0xa2, 'requestExtensions');
    const extensions = wrapped === undefined ? new Map<string, Extension>() : readExtensions(wrapped);
    request.finish('tbsRequest');
    const nonce = [...extensions.values()].find(({ oid }) => describeOid(oid) === 'ocspNonce');
    const ocspNonce = nonce && new DerReader(nonce.value).octetString('nonce');
    return { certificateIds, hasRequestorName, isSigned, extensions, ...(ocspNonce && { ocspNonce }) };
  });
}

function readRequest(request: DerReader): RequestedCertificate {
  const what = 'certID';
  const id = request.sequence(what);
  request.optional(0xa0, 'singleRequestExtensions');
  request.finish('request');
  const oid = id.sequence('hashAlgorithm').oid('hashAlgorithm');
  const hash = HASHES[describeOid(oid)] ?? describeOid(oid);
  const issuerNameHash = id.octetString('issuerNameHash');
  const issuerKeyHash = id.octetString('issuerKeyHash');
  const serialNumber = id.integer('serialNumber');
  id.finish(what);
  return { hash, issuerNameHash, issuerKeyHash, serialNumber };
}

function readExtensions(wrapped: DerReader): ReadonlyMap<string, Extension> {
  const what = 'requestExtensions';
  const list = wrapped.sequence(what);
  wrapped.finish(what);
  const extensions = new Map<string, Extension>();
  while (!list.done) {
    const element = list.sequence(what);
    const oid = element.oid(what);
    const critical = element.peek() === Tag.BOOLEAN && element.boolean(what);
    extensions.set(oid, { oid, critical, value: element.octetString(what) });
    element.finish(what);
  }
  return extensions;
}
