/** The authorities that `node:tls` trusts in this process. */
import process from 'node:process';
import * as tls from 'node:tls';
import { ConfigError } from '../wire/errors.ts';
import { findInList, findSystemCertificates, isPrivileged } from './system-store.ts';
import { type Findings, findInFile, joinFindings } from './trust-files.ts';

/** Where they are now. */
export interface DefaultSource {
  /** Stays the same until a caller of `tls.setDefaultCACertificates()` changes them. */
  readonly identity: unknown;
  readonly find: () => Findings;
}

export function defaultSource(): DefaultSource {
  // Node hands these to OpenSSL, and does not list them.
  if (usesOpensslStore()) {
    return { identity: 'OpenSSL', find: () => joinFindings([findSystemCertificates(), findExtra()]) };
  }
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => readonly string[] };
  if (getCACertificates === undefined) {
    const find = () => joinFindings([findInList(tls.rootCertificates, "Node's bundled store"), findExtra()]);
    return { identity: tls.rootCertificates, find };
  }
  const list = getCACertificates('default');
  return { identity: list, find: () => findInList(list, "Node's default store") };
}

function usesOpensslStore(): boolean {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return options.includes('--use-openssl-ca');
}

function findExtra(): Findings {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  if (!file || isPrivileged()) return joinFindings([]);
  try {
    return findInFile('NODE_EXTRA_CA_CERTS', file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.emitWarning(`It is ignored: ${error.message}`);
    return joinFindings([]);
  }
}
