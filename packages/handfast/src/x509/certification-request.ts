/** Certification requests (PKCS #10, RFC 2986): what is sent to an authority to have a certificate issued. */
import { copy } from '../wire/bytes.ts';
import { readPublicKeyInfo, type SubjectPublicKeyInfo } from './algorithms.ts';
import { DerError, type DerReader, Tag } from './der.ts';
import { type Extension, type KnownExtensions, readExtensions } from './extensions.ts';
import { type DistinguishedName, readName } from './name.ts';
import { parsed, readFrame, type SignedStructure, signedBy, wholeSequence } from './signed.ts';

/** pkcs-9-at-extensionRequest (RFC 2985 section 5.4.2). */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/**
 * A certification request. All byte arrays are views of {@link CertificationRequest.der}; none may be changed. The signature is
 * made with the key that the request is for; whoever relies on the request checks it.
 */
export interface CertificationRequest extends KnownExtensions, SignedStructure {
  /** The whole request as DER: a copy that nobody else holds. */
  readonly der: Uint8Array;
  readonly subject: DistinguishedName;
  readonly publicKeyInfo: SubjectPublicKeyInfo;
  /** The types of all attributes, dotted, in wire order. */
  readonly attributes: readonly string[];
  /** The extensions that are asked for, by object identifier; empty when there are none. */
  readonly extensions: ReadonlyMap<string, Extension>;
}

/**
 * Reads one certification request. The bytes are copied.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE` when they are not exactly one well-formed request; its context has the
 * `reason` and the `offset` of the byte at fault.
 */
export function parseCertificationRequest(der: Uint8Array): CertificationRequest {
  return parsed('the certification request', 'ERR_BAD_CERTIFICATE', () => readRequest(copy(der)));
}

function readRequest(der: Uint8Array): CertificationRequest {
  const what = 'CertificationRequest';
  const outer = wholeSequence(der, what);
  const frame = readFrame(outer, 'certificationRequestInfo');
  outer.finish(what);

  const info = frame.part;
  const version = info.smallInteger('version');
  if (version !== 0) {
    throw new DerError('version', info.start, `version: expected v1, found v${version + 1}`);
  }
  const subject = readName(info, 'subject');
  const publicKeyInfo = readPublicKeyInfo(info);
  const { types, all, known } = readAttributes(info.read(0xa0, 'attributes'));
  info.finish('certificationRequestInfo');
  return {
    der,
    subject,
    publicKeyInfo,
    attributes: types,
    extensions: all,
    ...signedBy(frame, frame.algorithm),
    ...known,
  };
}

interface Attributes {
  readonly types: readonly string[];
  readonly all: ReadonlyMap<string, Extension>;
  readonly known: KnownExtensions;
}

function readAttributes(list: DerReader): Attributes {
  const what = 'attributes';
  const types: string[] = [];
  let requested: Omit<Attributes, 'types'> = { all: new Map(), known: {} };
  while (!list.done) {
    const attribute = list.sequence(what);
    const type = attribute.oid(what);
    const values = attribute.read(Tag.SET, what);
    attribute.finish(what);
    if (types.includes(type)) {
      throw new DerError('extension-value', attribute.start, `${what}: ${type} occurs more than once`);
    }
    types.push(type);
    if (type !== EXTENSION_REQUEST) continue;
    requested = readExtensions(values);
    values.finish('extensionRequest');
  }
  return { types, ...requested };
}
