/** What a log signs (RFC 6962 section 3.2): a certificate as it is, or as it was before it carried its timestamps. */
import { concat } from '../../wire/bytes.ts';
import { encode, fixed, opaque, struct, uint8, uint16 } from '../../wire/codec.ts';
import type { Certificate } from '../certificate.ts';
import { DerReader, Tag } from '../der.ts';
import { encodeElement } from '../der-writer.ts';
import { ExtensionOid } from '../oids.ts';
import { type SignedCertificateTimestamp, VERSION_1 } from './timestamps.ts';

/** `SignatureType.certificate_timestamp`. */
const CERTIFICATE_TIMESTAMP = 0;

const head = struct({ version: uint8, signatureType: uint8, timestamp: fixed(8) });
/** LogEntryType, and the entry of each. */
const X509_ENTRY = 0;
const PRECERT_ENTRY = 1;
const x509Entry = struct({ entryType: uint16, certificate: opaque(1, 0xffffff) });
const precertEntry = struct({
  entryType: uint16,
  issuerKeyHash: fixed(32),
  tbsCertificate: opaque(1, 0xffffff),
});
const ctExtensions = opaque(0, 0xffff);

/** The entry of a certificate as it is, which timestamps beside it are about. */
export function certificateEntry({ der }: Certificate): Uint8Array {
  return encode(x509Entry, { entryType: X509_ENTRY, certificate: der });
}

/**
 * The entry of a certificate without its timestamps, which those inside it are about.
 * @param issuerKeyHash SHA-256 of the issuer's SubjectPublicKeyInfo.
 */
export function precertificateEntry({ tbs }: Certificate, issuerKeyHash: Uint8Array): Uint8Array {
  return encode(precertEntry, {
    entryType: PRECERT_ENTRY,
    issuerKeyHash,
    tbsCertificate: withoutTimestamps(tbs),
  });
}

/** The input of a timestamp's signature. */
export function signedBytes(
  { timestampBytes, extensions }: SignedCertificateTimestamp,
  entry: Uint8Array,
): Uint8Array {
  const start = {
    version: VERSION_1,
    signatureType: CERTIFICATE_TIMESTAMP,
    timestamp: timestampBytes,
  };
  return concat(encode(head, start), entry, encode(ctExtensions, extensions));
}

/** A TBSCertificate without the extension that holds its timestamps; every other byte but lengths is the same. */
function withoutTimestamps(tbs: Uint8Array): Uint8Array {
  const what = 'tbsCertificate';
  const fields = new DerReader(tbs).sequence(what);
  const kept: Uint8Array[] = [];
  while (!fields.done) {
    const field = fields.readAny(what);
    kept.push(field.tag === EXTENSIONS ? otherExtensions(field) : field.encoding());
  }
  return encodeElement(Tag.SEQUENCE, ...kept);
}

const EXTENSIONS = 0xa3;

function otherExtensions(field: DerReader): Uint8Array {
  const what = 'extensions';
  const list = field.sequence(what);
  const kept: Uint8Array[] = [];
  while (!list.done) {
    const extension = list.sequence(what);
    const encoding = extension.encoding();
    if (extension.oid(what) !== ExtensionOid.signedCertificateTimestampList) kept.push(encoding);
  }
  // An empty list of extensions does not exist (RFC 5280 section 4.1).
  return kept.length === 0
    ? new Uint8Array(0)
    : encodeElement(EXTENSIONS, encodeElement(Tag.SEQUENCE, ...kept));
}
