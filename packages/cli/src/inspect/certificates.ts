/** Certificates, and requests for them. */
import {
  isSelfIssued,
  parseCertificate,
  parseCertificationRequest,
  parseCertsOnly,
  serialNumberText,
} from 'handfast/x509';
import { isoTime } from '../times.ts';
import {
  type Description,
  extensionData,
  extensionRows,
  isSignedWith,
  keyRows,
  type Row,
} from './description.ts';
import { publicKeyFacts, sha256, signatureText } from './values.ts';

/** @throws {TlsError} when it is malformed. */
export async function describeCertificate(der: Uint8Array): Promise<Description> {
  const certificate = parseCertificate(der);
  const { version, subject, issuer, notBefore, notAfter, publicKeyInfo } = certificate;
  const key = publicKeyFacts(publicKeyInfo);
  const signature = signatureText(certificate.signatureAlgorithm, certificate.signatureIdentifier);
  const selfSigned = isSelfIssued(certificate) && (await isSignedWith(certificate, publicKeyInfo)) === true;
  const serialNumber = serialNumberText(certificate);
  const from = isoTime(notBefore.time);
  const until = isoTime(notAfter.time);
  const fingerprint = sha256(certificate.der);
  return {
    kind: 'certificate',
    rows: [
      ['subject', String(subject) || '(none)'],
      ['issuer', `${String(issuer) || '(none)'}${selfSigned ? ' (self-signed)' : ''}`],
      ['serial', serialNumber],
      ['valid from', from],
      ['valid until', until],
      ...keyRows(key),
      ['signed with', signature],
      ['sha256', fingerprint],
      ['version', String(version)],
      ...extensionRows(certificate),
    ],
    data: {
      version,
      subject: String(subject),
      issuer: String(issuer),
      selfSigned,
      serialNumber,
      notBefore: from,
      notAfter: until,
      publicKey: key,
      signatureAlgorithm: signature,
      sha256: fingerprint,
      extensions: extensionData(certificate),
    },
  };
}

/** The attribute that holds the extensions, which are told in full. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** Attributes of requests that have names (RFC 2985). */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.7': 'challengePassword',
};

/** @throws {TlsError} when it is malformed. */
export async function describeRequest(der: Uint8Array): Promise<Description> {
  const request = parseCertificationRequest(der);
  const { subject, publicKeyInfo, attributes } = request;
  const key = publicKeyFacts(publicKeyInfo);
  const signature = signatureText(request.signatureAlgorithm, request.signatureIdentifier);
  const signed = await isSignedWith(request, publicKeyInfo);
  const others = attributes.flatMap((type) => (type === EXTENSION_REQUEST ? [] : [ATTRIBUTES[type] ?? type]));
  const words = { true: 'good: made with its own key', false: 'BAD: not made with its own key' };
  return {
    kind: 'certificate request',
    rows: [
      ['subject', String(subject) || '(none)'],
      ...keyRows(key),
      ['signed with', signature],
      ['signature', signed === undefined ? 'cannot be checked: not supported' : words[`${signed}`]],
      ...(others.length === 0 ? [] : ([['attributes', others.join(', ')]] satisfies Row[])),
      ...extensionRows(request),
    ],
    data: {
      subject: String(subject),
      publicKey: key,
      signatureAlgorithm: signature,
      signatureValid: signed ?? null,
      attributes,
      extensions: extensionData(request),
    },
  };
}

/**
 * The certificates of a PKCS #7 message, which is how authorities publish several at once; what else is in it is not told.
 * @throws {TlsError} when it is malformed, or of another type than signed data.
 */
export async function describeMessage(der: Uint8Array): Promise<Description> {
  const certificates = parseCertsOnly(der);
  const described = await Promise.all(certificates.map((one) => describeCertificate(one.der)));
  const { length } = described;
  return {
    kind: 'PKCS #7 message',
    rows: [['holds', length === 1 ? '1 certificate' : `${length} certificates`]],
    data: { certificates: described.map(({ data }) => data) },
    parts: described.map((description, i) => ({
      title: `certificate ${i + 1} of ${length}`,
      description,
    })),
  };
}
