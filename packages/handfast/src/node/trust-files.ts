/** Certificates in files and folders, as trust stores take them: bounded, and with a reason for whatever is left out. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../wire/errors.ts';
import { readPem } from '../x509/pem.ts';
import { MAX_TRUST_FILE_LENGTH, MAX_TRUST_FOLDER_ENTRIES } from './limits.ts';
import { readTrusted } from './openssl-trust.ts';

/** What a trust store does not use, and why. */
export interface SkippedCertificate {
  /** Where it was found: a file, and its place there. */
  readonly where: string;
  readonly reason: string;
}

/** A certificate that is not parsed yet. */
export interface FoundCertificate {
  readonly der: Uint8Array;
  readonly where: string;
}

/** What was found in files. */
export interface Findings {
  readonly certificates: readonly FoundCertificate[];
  /** Certificates that must not be trusted, wherever else they are found; `skipped` has the reason. */
  readonly distrusted: readonly FoundCertificate[];
  readonly skipped: readonly SkippedCertificate[];
}

/** All of them as one. */
export function joinFindings(findings: readonly Findings[]): Findings {
  return {
    certificates: findings.flatMap(({ certificates }) => certificates),
    distrusted: findings.flatMap(({ distrusted }) => distrusted),
    skipped: findings.flatMap(({ skipped }) => skipped),
  };
}

/**
 * Reads a file, whatever its size says: a pipe has none.
 * @param flags a pipe that nobody writes to is waited for, unless these say otherwise.
 */
function readBounded(path: string, flags: number = constants.O_RDONLY, filesOnly = false): Buffer {
  const file = openSync(path, flags);
  try {
    const status = fstatSync(file);
    if (status.isDirectory()) throw new Error('it is a folder');
    if (filesOnly && !status.isFile()) throw new Error('it is no regular file');
    const chunks: Buffer[] = [];
    for (let size = 0; size <= MAX_TRUST_FILE_LENGTH; ) {
      const chunk = Buffer.allocUnsafe(64 * 1024);
      const length = readSync(file, chunk);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, length));
      size += length;
    }
    throw new Error(`it has more than ${MAX_TRUST_FILE_LENGTH} bytes, which no list of authorities has`);
  } finally {
    closeSync(file);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user may not read it',
  ENOTDIR: 'it is no folder',
  ELOOP: 'its symbolic links go in a circle',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

function unusable(option: string, path: string, cause: unknown): ConfigError {
  return new ConfigError(option, `${option}: ${path || "''"} cannot be used: ${reasonOf(cause)}`, { cause });
}

const SEQUENCE = 0x30;
const CERTIFICATE_LABELS: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE']);
/** OpenSSL's own kind of block: a certificate, and what it is good for. */
const TRUSTED_LABEL = 'TRUSTED CERTIFICATE';

/**
 * What is in the bytes of a file: PEM, or the DER of one certificate.
 * @throws {ConfigError} when they are neither, or a PEM block is damaged.
 */
function findIn(content: Buffer, path: string): Findings {
  if (content[0] === SEQUENCE) {
    return { certificates: [{ der: content, where: path }], distrusted: [], skipped: [] };
  }
  const blocks = readPem(content.toString('latin1'), path).filter(
    ({ label }) => CERTIFICATE_LABELS.has(label) || label === TRUSTED_LABEL,
  );
  return joinFindings(
    blocks.map(({ label, der }, i) => {
      const where = blocks.length === 1 ? path : `${path}, certificate ${i + 1}`;
      if (label !== TRUSTED_LABEL) return { certificates: [{ der, where }], distrusted: [], skipped: [] };
      const { certificate, limit } = readTrusted(der);
      if (limit === undefined)
        return { certificates: [{ der: certificate, where }], distrusted: [], skipped: [] };
      return {
        certificates: [],
        distrusted: limit.distrusted ? [{ der: certificate, where }] : [],
        skipped: [{ where, reason: limit.reason }],
      };
    }),
  );
}

/**
 * Certificates in a file that a caller names.
 * @param option the caller's option, for errors.
 * @throws {ConfigError} when it cannot be read, is damaged, or holds no certificate.
 */
export function findInFile(option: string, path: string): Findings {
  let found: Findings;
  try {
    found = findIn(readBounded(path), path);
  } catch (error) {
    if (error instanceof ConfigError) throw unusable(option, path, withoutOption(error));
    throw unusable(option, path, error);
  }
  if (found.certificates.length === 0 && found.skipped.length === 0) {
    throw unusable(option, path, new Error("it holds only other PEM blocks; is it the key's file?"));
  }
  return found;
}

function withoutOption({ option, message }: ConfigError): Error {
  const prefix = `${option}: `;
  return new Error(message.startsWith(prefix) ? message.slice(prefix.length) : message);
}

/**
 * Certificates in the files of a folder, which is not searched further. The names of files do not matter: what holds no
 * certificate is skipped, and a file with several names, as OpenSSL's hashed folders have them, is read once.
 * @param option the caller's option, for errors.
 * @throws {ConfigError} when the folder cannot be read, or has too many entries.
 */
export function findInFolder(option: string, path: string): Findings {
  let names: string[];
  try {
    names = readdirSync(path).sort();
  } catch (error) {
    throw unusable(option, path, error);
  }
  if (names.length > MAX_TRUST_FOLDER_ENTRIES) {
    throw unusable(
      option,
      path,
      new Error(
        `it has ${names.length} entries; ${MAX_TRUST_FOLDER_ENTRIES} are the most that a folder of authorities may have`,
      ),
    );
  }
  const seen = new Set<string>();
  return joinFindings(names.map((name) => findEntry(join(path, name), seen)));
}

/** What an entry of a folder holds; it may be anything. A pipe that nobody writes to must not make us wait. */
function findEntry(path: string, seen: Set<string>): Findings {
  try {
    const file = realpathSync(path);
    if (seen.has(file)) return joinFindings([]);
    seen.add(file);
    const content = readBounded(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0), true);
    const found =
      content[0] === SEQUENCE || content.toString('latin1').includes('-----BEGIN ')
        ? findIn(content, path)
        : undefined;
    if (found !== undefined && found.certificates.length + found.skipped.length > 0) return found;
    throw new Error('it holds no certificate');
  } catch (error) {
    const reason = error instanceof ConfigError ? withoutOption(error).message : reasonOf(error);
    return { certificates: [], distrusted: [], skipped: [{ where: path, reason }] };
  }
}
