/** Where operating systems keep the authorities that they trust. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import * as tls from 'node:tls';
import { ConfigError } from '../wire/errors.ts';
import { readPem } from '../x509/pem.ts';
import { type Findings, findInFile, findInFolder, joinFindings } from './trust-files.ts';

/** One file with all of them; the first that is there counts. The lists are those of Go's crypto/x509. */
const FILES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch, Gentoo
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // openSUSE
  '/etc/pki/tls/cacert.pem', // OpenELEC
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // CentOS, RHEL 7 and later
  '/etc/ssl/cert.pem', // Alpine, OpenBSD
  '/usr/local/etc/ssl/cert.pem', // FreeBSD
  '/usr/local/share/certs/ca-root-nss.crt', // DragonFly BSD
  '/etc/openssl/certs/ca-certificates.crt', // NetBSD
];

/** Folders with one file for each, where there is no such file. */
const FOLDERS: readonly string[] = [
  '/etc/ssl/certs', // SUSE, FreeBSD 12.2 and later
  '/etc/pki/tls/certs', // Fedora, RHEL
  '/system/etc/security/cacerts', // Android
  '/usr/local/share/certs', // FreeBSD
  '/etc/openssl/certs', // NetBSD
];

/** What the search looks at; tests put other things there. */
export interface SystemView {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** `tls.getCACertificates('system')`, where this Node has it. */
  readonly ask?: (() => readonly string[]) | undefined;
}

function thisSystem(): SystemView {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'system') => readonly string[] };
  return {
    platform: process.platform,
    env: isPrivileged() ? {} : process.env,
    files: FILES,
    folders: FOLDERS,
    ask: getCACertificates && (() => getCACertificates('system')),
  };
}

/** Whether this process has rights that whoever started it has not: then the environment does not say whom to trust. */
export function isPrivileged(): boolean {
  return process.getuid?.() !== process.geteuid?.() || process.getgid?.() !== process.getegid?.();
}

/** Systems whose stores are no files; Node 22.15 and 23.9 learnt to ask them. */
const STORES: { readonly [P in NodeJS.Platform]?: string } = {
  darwin: 'the keychains of macOS (security find-certificate -a -p prints them)',
  win32: 'the certificate stores of Windows',
};

/**
 * The authorities of the operating system: on macOS and Windows what Node gets from the system, elsewhere files.
 * `SSL_CERT_FILE` and `SSL_CERT_DIR` (folders, with colons between them) replace the usual places, as in OpenSSL.
 * @throws {ConfigError} when there are none, or they cannot be read.
 */
export function findSystemCertificates(view: SystemView = thisSystem()): Findings {
  const named = namedInEnvironment(view);
  if (named !== undefined) return named;
  const store = STORES[view.platform];
  if (store !== undefined) return askSystem(view, store);
  const file = view.files.find((path) => existsSync(path));
  if (file !== undefined) return findInFile('system', file);
  const found = joinFindings(
    view.folders.filter((path) => existsSync(path)).map((path) => findInFolder('system', path)),
  );
  if (found.certificates.length > 0) return found;
  throw new ConfigError(
    'system',
    'system: this system has no authorities in the usual places, such as /etc/ssl/certs; install its package of them (ca-certificates), or name a file in SSL_CERT_FILE',
  );
}

function namedInEnvironment({ env, platform }: SystemView): Findings | undefined {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: folders } = env;
  if (!file && !folders) return undefined;
  const separator = platform === 'win32' ? ';' : ':';
  return joinFindings([
    ...(file ? [findInFile('SSL_CERT_FILE', file)] : []),
    ...(folders ?? '')
      .split(separator)
      .filter((path) => path !== '')
      .map((path) => findInFolder('SSL_CERT_DIR', path)),
  ]);
}

function askSystem({ ask }: SystemView, store: string): Findings {
  if (ask === undefined) {
    throw new ConfigError(
      'system',
      `system: Node ${process.version} cannot read ${store}; use Node 22.15 or newer, or export them to a file and trust that`,
    );
  }
  return findInList(ask(), "the system's store");
}

/** PEM texts as Node has them, one for each certificate. One that is damaged says nothing about the others. */
export function findInList(pems: readonly string[], where: string): Findings {
  return joinFindings(
    pems.map((pem, i) => {
      const place = `${where}, certificate ${i + 1}`;
      try {
        const certificates = readPem(pem, place).map(({ der }) => ({ der, where: place }));
        return { certificates, distrusted: [], skipped: [] };
      } catch (error) {
        const skipped = [{ where: place, reason: (error as Error).message }];
        return { certificates: [], distrusted: [], skipped };
      }
    }),
  );
}
