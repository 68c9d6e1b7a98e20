/**
 * Certificates in a "certs-only" CMS message (RFC 5652 section 5, RFC 8551 section 3.8): how RFC 5280 section 4.2.2.1 has
 * authorities publish several at once, mostly as `.p7c`. Nothing in it is signed, and nothing here trusts it.
 */
import { copy } from '../wire/bytes.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { DerError, DerReader, describeTag, Tag } from './der.ts';
import { MAX_INTERMEDIATES } from './limits.ts';
import { CmsOid, describeOid } from './oids.ts';
import { parsed } from './signed.ts';

/**
 * Reads the certificates of a certs-only message, in its order; they are copied. A certificate that is malformed is left out: it does not make the others useless.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE` when the bytes are not one CMS message in DER of the type SignedData, or when it
 * holds more certificates than {@link MAX_INTERMEDIATES}; its context has the `reason` ({@link DerError}) and the `offset` of
 * the byte at fault.
 */
export function parseCertsOnly(der: Uint8Array): readonly Certificate[] {
  return parsed('the CMS message', 'ERR_BAD_CERTIFICATE', () => readSignedData(new DerReader(der)));
}

function readSignedData(input: DerReader): readonly Certificate[] {
  const outer = input.sequence('ContentInfo');
  input.finish('ContentInfo');
  const type = outer.oid('contentType');
  if (type !== CmsOid.signedData) {
    throw new DerError(
      'extension-value',
      outer.start,
      `contentType: expected signedData, found ${describeOid(type)}`,
    );
  }
  const wrapped = outer.read(0xa0, 'content');
  outer.finish('ContentInfo');
  const data = wrapped.sequence('SignedData');
  wrapped.finish('content');
  data.smallInteger('version');
  data.read(Tag.SET, 'digestAlgorithms');
  data.sequence('encapContentInfo');
  const certificates = data.optional(0xa0, 'certificates');
  data.optional(0xa1, 'crls');
  data.read(Tag.SET, 'signerInfos');
  data.finish('SignedData');
  return certificates === undefined ? [] : readSet(certificates);
}

/** A CertificateSet: other kinds than X.509, which have tags of their own, are passed over. */
function readSet(set: DerReader): readonly Certificate[] {
  const what = 'certificates';
  const found: Certificate[] = [];
  for (let count = 0; !set.done; count++) {
    if (count === MAX_INTERMEDIATES) {
      throw new DerError('too-many', set.position, `${what}: more than ${MAX_INTERMEDIATES}`);
    }
    const element = set.readAny(what);
    if (element.tag !== Tag.SEQUENCE) {
      if ((element.tag & 0xc0) === 0x80) continue;
      throw new DerError(
        'unexpected-tag',
        element.start,
        `${what}: expected a certificate, found ${describeTag(element.tag)}`,
      );
    }
    try {
      found.push(readCertificate(copy(element.encoding())));
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
    }
  }
  return found;
}
