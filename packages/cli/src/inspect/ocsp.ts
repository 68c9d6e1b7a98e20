/** OCSP responses, and the requests that they answer (RFC 6960). */
import {
  type BasicOcspResponse,
  type OcspCertificateId,
  type OcspResponderId,
  type OcspSingleResponse,
  parseOcspResponse,
} from 'handfast/x509';
import { isoTime } from '../times.ts';
import { describeCertificate } from './certificates.ts';
import {
  type Description,
  extensionData,
  extensionRows,
  isSignedWith,
  type Part,
  type Row,
} from './description.ts';
import { readOcspRequest } from './ocsp-request.ts';
import { hex, signatureText } from './values.ts';

function responderText(id: OcspResponderId): string {
  return 'name' in id ? String(id.name) : `the key whose SHA-1 is ${hex(id.keyHash)}`;
}

/** Which certificate is meant: its serial number, and hashes of its issuer's name and key. */
type CertificateId = Omit<OcspCertificateId, 'hash'> & { readonly hash: string | undefined };

function idRows({ hash = 'unknown hash', ...id }: CertificateId): Row[] {
  return [
    ['serial', hex(id.serialNumber)],
    ['issuer name', `${hex(id.issuerNameHash)} (${hash})`],
    ['issuer key', `${hex(id.issuerKeyHash)} (${hash})`],
  ];
}

function idData({ hash, serialNumber, issuerNameHash, issuerKeyHash }: CertificateId): object {
  return {
    serialNumber: hex(serialNumber),
    hash: hash ?? null,
    issuerNameHash: hex(issuerNameHash),
    issuerKeyHash: hex(issuerKeyHash),
  };
}

function statusText({ status, revocationTime, reason }: OcspSingleResponse): string {
  if (status === 'unknown') return 'unknown: the responder does not know the certificate';
  if (revocationTime === undefined) return status;
  return `REVOKED at ${isoTime(revocationTime)}${reason === undefined ? '' : `, ${reason}`}`;
}

function singleRows(single: OcspSingleResponse): Row[] {
  const { certificateId, thisUpdate, nextUpdate } = single;
  return [
    ['status', statusText(single)],
    ...idRows(certificateId),
    ['this update', isoTime(thisUpdate)],
    ['next update', nextUpdate === undefined ? '(not said)' : isoTime(nextUpdate)],
    ...extensionRows(single),
  ];
}

function singleData(single: OcspSingleResponse): object {
  const { certificateId, status, revocationTime, reason, thisUpdate, nextUpdate } = single;
  return {
    ...idData(certificateId),
    status,
    ...(revocationTime === undefined
      ? {}
      : { revocationDate: isoTime(revocationTime), reason: reason ?? null }),
    thisUpdate: isoTime(thisUpdate),
    nextUpdate: nextUpdate === undefined ? null : isoTime(nextUpdate),
    extensions: extensionData(single),
  };
}

/** Which of the certificates that came along has the key that signed; what it is worth is not asked here. */
async function signerOf(basic: BasicOcspResponse): Promise<number | undefined> {
  for (const [index, { publicKeyInfo }] of basic.certificates.entries()) {
    if ((await isSignedWith(basic, publicKeyInfo)) === true) return index;
  }
  return undefined;
}

function signerText(signer: number | undefined, count: number): string {
  if (signer !== undefined) return `made with the key of certificate ${signer + 1} of ${count} below`;
  return count === 0
    ? 'whose key made it is not said: no certificate came along'
    : 'made with the key of none of the certificates below';
}

const titled = (what: string, index: number, count: number): string =>
  count === 1 ? what : `${what} ${index + 1} of ${count}`;

/** @throws {TlsError} when it is malformed. */
export async function describeOcspResponse(der: Uint8Array): Promise<Description> {
  const kind = 'OCSP response';
  const response = parseOcspResponse(der);
  const { status } = response;
  if (status !== 'successful') {
    return { kind, rows: [['status', `${status}: the responder gave no answer`]], data: { status } };
  }
  const { basic } = response;
  const { responderId, producedAt, responses, nonce, certificates } = basic;
  const signature = signatureText(basic.signatureAlgorithm, basic.signatureIdentifier);
  const signer = await signerOf(basic);
  const extended = { ...basic, ...(nonce && { ocspNonce: nonce }) };
  const described = await Promise.all(certificates.map((one) => describeCertificate(one.der)));
  const parts: Part[] = [
    ...responses.map((single, i) => ({
      title: titled('answer', i, responses.length),
      description: { kind: 'answer', rows: singleRows(single), data: {} },
    })),
    ...described.map((description, i) => ({
      title: `certificate ${i + 1} of ${described.length}`,
      description,
    })),
  ];
  return {
    kind,
    rows: [
      ['status', status],
      ['responder', responderText(responderId)],
      ['made at', isoTime(producedAt)],
      ['signed with', signature],
      ['signature', signerText(signer, certificates.length)],
      ...extensionRows(extended),
    ],
    data: {
      status,
      responder: 'name' in responderId ? String(responderId.name) : null,
      responderKeyHash: 'name' in responderId ? null : hex(responderId.keyHash),
      producedAt: isoTime(producedAt),
      signatureAlgorithm: signature,
      signedBy: signer ?? null,
      nonce: nonce === undefined ? null : hex(nonce),
      extensions: extensionData(extended),
      responses: responses.map(singleData),
      certificates: described.map(({ data }) => data),
    },
    parts,
  };
}

/** @throws {Malformed} when it is. */
export function describeOcspRequest(der: Uint8Array): Description {
  const { certificateIds, hasRequestorName, isSigned, ...extended } = readOcspRequest(der);
  const { ocspNonce } = extended;
  return {
    kind: 'OCSP request',
    rows: [
      [
        'asks about',
        `${certificateIds.length} ${certificateIds.length === 1 ? 'certificate' : 'certificates'}`,
      ],
      ['requestor', hasRequestorName ? 'names itself' : 'does not name itself'],
      ['signed', isSigned ? 'yes' : 'no'],
      ...extensionRows(extended),
    ],
    data: {
      requests: certificateIds.map(idData),
      hasRequestorName,
      signed: isSigned,
      nonce: ocspNonce === undefined ? null : hex(ocspNonce),
      extensions: extensionData(extended),
    },
    parts: certificateIds.map((id, i) => ({
      title: titled('certificate', i, certificateIds.length),
      description: { kind: 'certificate', rows: idRows(id), data: {} },
    })),
  };
}
