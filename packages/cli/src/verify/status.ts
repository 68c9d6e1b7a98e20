/** What the files of a command line say about the status of certificates. */
import { ConfigError, TlsError } from 'handfast';
import { type CertificateRevocationList, parseCertificateRevocationList, readPem } from 'handfast/x509';
import { readInput, unusable } from '../files.ts';

const SEQUENCE = 0x30;
const CRL_LABELS: ReadonlySet<string> = new Set(['X509 CRL', 'CRL']);

/** The structures of a PEM file with certain labels, or the one that a DER file is. */
function structures(path: string, content: Buffer): readonly Uint8Array[] {
  if (content[0] === SEQUENCE) return [content];
  const blocks = readPem(content.toString('latin1'), 'crl').filter(({ label }) => CRL_LABELS.has(label));
  if (blocks.length > 0) return blocks.map(({ der }) => der);
  throw unusable(
    '--crl',
    path,
    'expected a revocation list (-----BEGIN X509 CRL-----), found only other PEM blocks',
  );
}

/**
 * Reads revocation lists, PEM or DER.
 * @throws {Failure} when a file cannot be read or holds none.
 */
export function readRevocationLists(paths: readonly string[]): CertificateRevocationList[] {
  return paths.flatMap((path) => {
    const content = readInput('--crl', path);
    try {
      return structures(path, content).map(parseCertificateRevocationList);
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof TlsError)) throw error;
      throw unusable('--crl', path, error.message.replace(/^crl: /, ''), error);
    }
  });
}
