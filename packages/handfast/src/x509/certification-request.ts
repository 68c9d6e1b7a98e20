/** Certification requests (PKCS #10, RFC 2986): what is sent to an authority to have a certificate issued. */
import type { SignatureAlgorithm } from '../crypto/provider.ts';
import { TlsError } from '../wire/errors.ts';
import {
  type AlgorithmIdentifier,
  readAlgorithm,
  readPublicKeyInfo,
  type SubjectPublicKeyInfo,
  signatureAlgorithm,
} from './algorithms.ts';
import { DerError, DerReader, Tag } from './der.ts';
import { type Extension, type KnownExtensions, readExtensions } from './extensions.ts';
import { type DistinguishedName, readName } from './name.ts';

/** pkcs-9-at-extensionRequest (RFC 2985 section 5.4.2). */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** A certification request. All byte arrays are views of {@link CertificationRequest.der}; none may be changed. */
export interface CertificationRequest extends KnownExtensions {
  /** The whole request as DER: a copy that nobody else holds. */
  readonly der: Uint8Array;
  /** The CertificationRequestInfo as DER: what the signature covers. */
  readonly tbs: Uint8Array;
  readonly subject: DistinguishedName;
  readonly publicKeyInfo: SubjectPublicKeyInfo;
  /** The types of all attributes, dotted, in wire order. */
  readonly attributes: readonly string[];
  /** The extensions that are asked for, by object identifier; empty when there are none. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signatureIdentifier: AlgorithmIdentifier;
  /** The algorithm of the signature; `undefined` when it is not supported. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** Made with the key that the request is for; whoever relies on the request checks it. */
  readonly signature: Uint8Array;
}

/**
 * Reads one certification request. The bytes are copied.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE` when they are not exactly one well-formed request; its context has the
 * `reason` and the `offset` of the byte at fault.
 */
export function parseCertificationRequest(der: Uint8Array): CertificationRequest {
  try {
    return readRequest(der.slice());
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const { reason, offset } = error;
    throw new TlsError(
      'ERR_BAD_CERTIFICATE',
      `the certification request is malformed at byte ${offset}: ${error.message}`,
      { reason, offset },
      { cause: error },
    );
  }
}

function readRequest(der: Uint8Array): CertificationRequest {
  const what = 'CertificationRequest';
  const input = new DerReader(der);
  const outer = input.sequence(what);
  input.finish(what);
  const info = outer.sequence('certificationRequestInfo');
  const tbs = info.encoding();
  const signatureIdentifier = readAlgorithm(outer, 'signatureAlgorithm');
  const signature = outer.wholeBytes('signature');
  outer.finish(what);

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
    tbs,
    subject,
    publicKeyInfo,
    attributes: types,
    extensions: all,
    signatureIdentifier,
    signatureAlgorithm: signatureAlgorithm(signatureIdentifier),
    signature,
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
