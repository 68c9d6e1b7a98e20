/** Where a certificate says that more is to be found, and how what is there is read. */
import { equalBytes, toHex } from '../../wire/bytes.ts';
import { ConfigError } from '../../wire/errors.ts';
import { type Certificate, parseCertificate } from '../../x509/certificate.ts';
import { parseCertsOnly } from '../../x509/certs-only.ts';
import { DerError, DerReader, Tag } from '../../x509/der.ts';
import { MAX_OCSP_RESPONSE_LENGTH } from '../../x509/limits.ts';
import { AccessMethodOid, ExtensionOid } from '../../x509/oids.ts';
import { readPem } from '../../x509/pem.ts';
import { type CertificateRevocationList, parseCertificateRevocationList } from '../../x509/revocation/crl.ts';
import { type DistributionPoint, readDistributionPoints } from '../../x509/revocation/distribution-points.ts';
import { type OcspResponse, parseOcspResponse } from '../../x509/revocation/ocsp.ts';
import { MAX_FETCHED_CERTIFICATE_BYTES } from '../limits.ts';
import { type Evidence, ISSUER, type Question } from './exchanges.ts';
import { ContactFailure } from './http.ts';

/** URLs, as they stand in the certificate, under an access method of authorityInfoAccess (RFC 5280 section 4.2.2.1). */
function accessUrls({ authorityInfoAccess = [] }: Certificate, method: string): readonly string[] {
  return authorityInfoAccess.flatMap(({ method: found, location }) =>
    found === method && location.kind === 'uniformResourceIdentifier' ? [location.value] : [],
  );
}

export const issuerUrls = (certificate: Certificate): readonly string[] =>
  accessUrls(certificate, AccessMethodOid.caIssuers);

export const ocspUrls = (certificate: Certificate): readonly string[] =>
  accessUrls(certificate, AccessMethodOid.ocsp);

/** The URLs of each point: those of one point are equals, and different points may have different lists. */
export function pointUrls(points: readonly DistributionPoint[] = []): readonly (readonly string[])[] {
  return points.map(({ distributionPoint }) =>
    distributionPoint?.kind === 'fullName'
      ? distributionPoint.names.flatMap((name) =>
          name.kind === 'uniformResourceIdentifier' ? [name.value] : [],
        )
      : [],
  );
}

/** Where a certificate says that deltas are (RFC 5280 section 4.2.1.15); what is malformed says nothing. */
export function deltaPoints({ extensions }: Certificate): readonly DistributionPoint[] {
  const value = extensions.get(ExtensionOid.freshestCRL)?.value;
  if (value === undefined) return [];
  try {
    return readDistributionPoints(new DerReader(value), 'freshestCRL');
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return [];
  }
}

type Get<T extends Evidence> = Pick<Question<T>, 'url' | 'method' | 'headers' | 'maxBytes' | 'isUnique'>;

function get<T extends Evidence>(url: URL, accept: string, maxBytes: number): Get<T> {
  return { url: url.href, method: 'GET', headers: headers(accept), maxBytes, isUnique: false };
}

const headers = (accept: string): Readonly<Record<string, string>> => ({
  Accept: accept,
  'Accept-Encoding': 'identity',
  'User-Agent': 'handfast',
});

/** The issuers of a certificate: one in DER or PEM, or several in a certs-only message. */
export function issuersAt(url: URL): Question<readonly Certificate[]> {
  return {
    ...get(url, 'application/pkix-cert, application/pkcs7-mime', MAX_FETCHED_CERTIFICATE_BYTES),
    kind: ISSUER,
    read: readIssuers,
    holdsUntil: (certificates) => Math.min(...certificates.map(({ notAfter }) => notAfter.time)),
  };
}

function readIssuers(body: Uint8Array): readonly Certificate[] {
  const certificates = body[0] === Tag.SEQUENCE ? readDer(body) : readPemCertificates(body);
  if (certificates.length === 0) throw new ContactFailure('answered without a certificate');
  return certificates;
}

/** A ContentInfo begins with an object identifier, a certificate with a SEQUENCE. */
function readDer(body: Uint8Array): readonly Certificate[] {
  try {
    const isMessage = new DerReader(body).sequence('the answer').peek() === Tag.OBJECT_IDENTIFIER;
    return isMessage ? parseCertsOnly(body) : [parseCertificate(body)];
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new ContactFailure('answered with something else than a certificate');
  }
}

/** RFC 5280 wants DER; that some servers have PEM harms nobody. */
function readPemCertificates(body: Uint8Array): readonly Certificate[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  try {
    return readPem(text, 'the answer')
      .filter(({ label }) => label === 'CERTIFICATE')
      .map(({ der }) => parseCertificate(der));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ContactFailure('answered with something else than a certificate');
  }
}

/** A revocation list; what RFC 5280 section 4.2.1.13 wants at such a URL is DER. */
export function listAt(url: URL, maxBytes: number): Question<CertificateRevocationList> {
  return {
    ...get(url, 'application/pkix-crl', maxBytes),
    kind: 'list',
    read: parseCertificateRevocationList,
    holdsUntil: ({ nextUpdate }) => nextUpdate?.time,
  };
}

/** Characters of a URL up to which RFC 5019 section 5 has clients use GET, so that answers can come from caches. */
const MAX_GET_LENGTH = 255;

/** What an OCSP responder says about a certificate. */
export function ocspResponseAt(
  base: URL,
  { serialNumber }: Certificate,
  request: Uint8Array,
  nonce: Uint8Array | undefined,
): Question<OcspResponse> {
  const base64 = Buffer.from(request.buffer, request.byteOffset, request.length).toString('base64');
  const url = new URL(base);
  if (base.search === '') url.pathname = `${base.pathname.replace(/\/$/, '')}/${encodeURIComponent(base64)}`;
  const isShort = base.search === '' && nonce === undefined && url.href.length <= MAX_GET_LENGTH;
  const common = {
    ...get<OcspResponse>(isShort ? url : base, 'application/ocsp-response', MAX_OCSP_RESPONSE_LENGTH),
    // The certificate is part of the kind: a redirect may lead questions about several to one URL.
    kind: `ocsp ${toHex(request)}`,
    isUnique: nonce !== undefined,
    read: (body: Uint8Array) => readOcspResponse(body, serialNumber, nonce),
    holdsUntil: soonestUpdate,
  };
  if (isShort) return common;
  const contentType = { 'Content-Type': 'application/ocsp-request' };
  return { ...common, method: 'POST', body: request, headers: { ...common.headers, ...contentType } };
}

function readOcspResponse(body: Uint8Array, serialNumber: Uint8Array, nonce?: Uint8Array): OcspResponse {
  const response = parseOcspResponse(body);
  if (response.status !== 'successful') {
    throw new ContactFailure(`gave no answer but ${response.status}`);
  }
  const { responses, nonce: repeated } = response.basic;
  if (!responses.some(({ certificateId }) => equalBytes(certificateId.serialNumber, serialNumber))) {
    throw new ContactFailure('answered about another certificate');
  }
  if (nonce !== undefined && (repeated === undefined || !equalBytes(repeated, nonce))) {
    const what = repeated === undefined ? 'without the nonce' : 'with another nonce than that';
    throw new ContactFailure(`answered ${what} of the request: the answer may be an old one`);
  }
  return response;
}

function soonestUpdate(response: OcspResponse): number | undefined {
  if (response.status !== 'successful') return undefined;
  const times = response.basic.responses.flatMap(({ nextUpdate }) => nextUpdate ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}
