/** What `handfast ca revoke` and `handfast ca crl` do. */
import { existsSync } from 'node:fs';
import { nodeProvider } from 'handfast/crypto/node';
import { parseCertificateRevocationList, serialNumberText, writePem } from 'handfast/x509';
import { DAY_MS } from '../authority.ts';
import { certificatesIn } from '../credentials.ts';
import { readInput } from '../files.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { isoTime } from '../times.ts';
import { checkFree, type Opened, writeWhole } from './folder.ts';
import type { Issued, Reason } from './records.ts';
import { type Revocation, revocationList } from './revocation-list.ts';

/** Serial numbers with the same digits, however they are written. */
function normal(serialNumber: string): string {
  return serialNumber
    .replace(/[:\s]/g, '')
    .replace(/^0+(?=.)/, '')
    .toLowerCase();
}

function issuedWith({ records, dir }: Opened, serialNumber: string): Issued {
  const issued = records.issued.find((each) => normal(each.serialNumber) === normal(serialNumber));
  if (issued !== undefined) return issued;
  throw new Failure(
    ExitCode.usage,
    `The authority in ${dir} has issued nothing with the serial number ${serialNumber}; handfast ca list shows what it has.`,
  );
}

/** The certificate that is meant: by its file, or by its serial number. */
function find(opened: Opened, what: string): Issued {
  if (!existsSync(what)) {
    if (/^(?:[0-9a-f]{2}:?)+$/i.test(what)) return issuedWith(opened, what);
    throw new Failure(
      ExitCode.usage,
      `${what || "''"} is neither a file nor a serial number (hexadecimal digits, as handfast ca list shows them).`,
    );
  }
  const [certificate] = certificatesIn('', what, readInput('', what));
  if (certificate === undefined || !certificate.issuer.equals(opened.certificate.subject)) {
    throw new Failure(
      ExitCode.usage,
      `${what} was issued by ${certificate?.issuer}, not by the authority in ${opened.dir}; give the folder of its own with --dir.`,
    );
  }
  return issuedWith(opened, serialNumberText(certificate));
}

/**
 * Notes a revocation.
 * @param what a file with the certificate, or its serial number.
 * @throws {Failure} when it was not issued here, or was revoked before.
 */
export function revoke(opened: Opened, what: string, reason: Reason): Issued {
  const issued = find(opened, what);
  const { serialNumber } = issued;
  const before = opened.records.revoked.get(serialNumber);
  if (before !== undefined) {
    throw new Failure(
      ExitCode.usage,
      `${issued.names[0]} (${serialNumber}) was revoked already, at ${before.time} (${before.reason}).`,
    );
  }
  opened.records.add({ event: 'revoked', serialNumber, time: isoTime(Date.now()), reason });
  return issued;
}

/** A revocation list that was written. */
export interface ListWritten {
  readonly path: string;
  readonly number: number;
  readonly entries: number;
  readonly nextUpdate: string;
}

/**
 * Makes a revocation list of all that was revoked, checks it, and writes it.
 * @param out where to; without it beside the authority, in place of the list before.
 * @throws {Failure} when it cannot be written, or something would be overwritten.
 */
export async function writeRevocationList(
  { authority, certificate, records, paths }: Opened,
  days: number,
  out: string | undefined,
  force: boolean,
): Promise<ListWritten> {
  if (out !== undefined) checkFree([out], force);
  const revoked = [...records.revoked.values()].map(
    ({ serialNumber, time, reason }): Revocation => ({ serialNumber, time: new Date(time), reason }),
  );
  const number = records.nextNumber;
  const now = Date.now();
  const { key: signingKey, kind } = authority;
  const signer = { certificate, key: signingKey, kind };
  const next = new Date(now + days * DAY_MS);
  const list = parseCertificateRevocationList(revocationList(signer, number, new Date(now), next, revoked));
  const { key } = certificate.publicKeyInfo;
  const { signatureAlgorithm, tbs, signature, revokedCertificates, nextUpdate } = list;
  const isGood =
    key !== undefined &&
    signatureAlgorithm !== undefined &&
    (await nodeProvider.verify(signatureAlgorithm, key, tbs, signature)) === true;
  if (!isGood || revokedCertificates.length !== revoked.length || nextUpdate === undefined) {
    throw new Error('the revocation list that was made does not say what it should');
  }
  records.add({ event: 'crl', number, time: isoTime(now) });
  const path = out ?? paths.crl;
  writeWhole({ path, content: writePem({ label: 'X509 CRL', der: list.der }) });
  return { path, number, entries: revoked.length, nextUpdate: isoTime(nextUpdate.time) };
}
