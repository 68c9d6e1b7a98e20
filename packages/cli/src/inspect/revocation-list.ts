/** Revocation lists. */
import { type CertificateRevocationList, parseCertificateRevocationList } from 'handfast/x509';
import { isoTime } from '../times.ts';
import { type Description, extensionData, extensionRows, type Row } from './description.ts';
import { hex, plain, signatureText } from './values.ts';

/** Entries that are shown to people; JSON has them all. */
const MAX_ENTRIES = 50;

function revokedText({
  revocationDate,
  reason,
}: CertificateRevocationList['revokedCertificates'][number]): string {
  return `${isoTime(revocationDate)}${reason === undefined ? '' : `, ${reason}`}`;
}

/** @throws {TlsError} when it is malformed. */
export function describeRevocationList(der: Uint8Array): Description {
  const list = parseCertificateRevocationList(der);
  const { issuer, thisUpdate, nextUpdate, revokedCertificates } = list;
  const signature = signatureText(list.signatureAlgorithm, list.signatureIdentifier);
  const from = isoTime(thisUpdate.time);
  const until = nextUpdate === undefined ? undefined : isoTime(nextUpdate.time);
  const more = revokedCertificates.length - MAX_ENTRIES;
  return {
    kind: 'revocation list',
    rows: [
      ['issuer', String(issuer)],
      ['made at', from],
      ['next update', until ?? '(not said)'],
      ['signed with', signature],
      ...extensionRows(list),
      ['revoked', `${revokedCertificates.length}`],
      ...revokedCertificates
        .slice(0, MAX_ENTRIES)
        .map((entry): Row => ['', `${hex(entry.serialNumber)}  ${revokedText(entry)}`]),
      ...(more > 0 ? ([['', `and ${more} more (--json has all)`]] satisfies Row[]) : []),
    ],
    data: {
      issuer: String(issuer),
      thisUpdate: from,
      nextUpdate: until ?? null,
      signatureAlgorithm: signature,
      extensions: extensionData(list),
      revokedCertificates: revokedCertificates.map((entry) => ({
        serialNumber: hex(entry.serialNumber),
        revocationDate: isoTime(entry.revocationDate),
        reason: entry.reason ?? null,
        ...(entry.invalidityDate === undefined ? {} : { invalidityDate: isoTime(entry.invalidityDate) }),
        ...(entry.certificateIssuer === undefined
          ? {}
          : { certificateIssuer: plain(entry.certificateIssuer) }),
      })),
    },
  };
}
