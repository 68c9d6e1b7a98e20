/** The certificate that `serve` makes when it is given none. */
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Authority, type KeyKind, validFor } from '../authority.ts';
import { unwritable } from '../files.ts';

export interface DevelopmentCertificate {
  /** One for each kind of key that was asked for. */
  readonly identities: readonly { readonly cert: string; readonly key: KeyObject }[];
  /** The names and addresses that it is for. */
  readonly hosts: readonly string[];
  readonly notAfter: Date;
  /** Where the authority's certificate (never a key) was written. */
  readonly caPath: string;
  /** Removes the file again, unless its place was given by the caller; called when the process exits, too. */
  forget(): void;
}

const VALID_DAYS = 30;
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'];
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Writes a certificate where it was asked for, or into a new temporary folder; answers the path. */
function writeCertificate(certificate: string, wanted: string | undefined): string {
  try {
    const path = wanted ?? join(mkdtempSync(join(tmpdir(), 'handfast-')), 'ca.pem');
    writeFileSync(path, `${certificate}\n`);
    return path;
  } catch (error) {
    throw unwritable('--ca-out', wanted ?? tmpdir(), error);
  }
}

export interface DevelopmentRequest {
  /** The address that the server listens on; it is added to the names. */
  readonly host: string;
  /** Where to write the authority's certificate; without it, a new temporary folder. */
  readonly caOut?: string;
  /** The kinds of keys to make certificates for. */
  readonly kinds: readonly KeyKind[];
}

/**
 * Makes a certificate authority and certificates for this machine.
 * @throws {Failure} when the authority's certificate cannot be written.
 */
export async function developmentCertificate({
  host,
  caOut,
  kinds,
}: DevelopmentRequest): Promise<DevelopmentCertificate> {
  const validity = validFor(VALID_DAYS);
  const plainHost = isIP(host) === 6 ? host.replace(/%.*$/, '') : host;
  const hosts = [...new Set([...LOCAL_HOSTS, ...(ANY_ADDRESS.has(host) ? [] : [plainHost])])];
  const authority = await Authority.root('handfast development CA', 'ECDSA P-256', validity);
  const template = { name: 'handfast development server', hosts, usage: 'server', validity } as const;
  const leaves = await Promise.all(kinds.map((kind) => authority.leaf({ ...template, kind })));
  const caPath = writeCertificate(authority.certificate, caOut);
  const forget = (): void => {
    if (caOut === undefined) rmSync(dirname(caPath), { recursive: true, force: true });
  };
  process.once('exit', forget);
  return {
    identities: leaves.map(({ chain, key }) => ({ cert: chain, key })),
    hosts,
    notAfter: validity.notAfter,
    caPath,
    forget,
  };
}
