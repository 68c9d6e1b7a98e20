/** The authorities that Node trusts. */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { ConfigError } from '../wire/errors.ts';
import type { TrustAnchor } from '../x509/anchors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { loadCertificates } from './credentials.ts';

let anchors: readonly TrustAnchor[] | undefined;

/**
 * Node's root store, and the certificates in the file that the environment variable `NODE_EXTRA_CA_CERTS` names. Read
 * at the first call, and the same list from then on. A file that cannot be read is a warning, as in Node.
 */
export function rootAnchors(): readonly TrustAnchor[] {
  anchors ??= [...rootCertificates.flatMap(usable), ...extraCertificates()].map((certificate) => ({
    certificate,
  }));
  return anchors;
}

/** Node's store is not ours to correct: a root that does not parse strictly is left out. */
function usable(pem: string): Certificate[] {
  try {
    return loadCertificates('ca', pem);
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

function extraCertificates(): Certificate[] {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  if (!file) return [];
  try {
    return loadCertificates('NODE_EXTRA_CA_CERTS', readFileSync(file, 'utf8'));
  } catch (error) {
    process.emitWarning(`NODE_EXTRA_CA_CERTS is ignored: ${(error as Error).message}`);
    return [];
  }
}
