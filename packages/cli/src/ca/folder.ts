/** An authority in a folder: its certificate, its key, its index, and what stands above it. */
import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Certificate, readCertificates } from 'handfast/x509';
import { Authority } from '../authority.ts';
import { certificatesIn } from '../credentials.ts';
import { readInput, unusable, unwritable } from '../files.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { Records } from './records.ts';

/** Files of an authority. An intermediate has a chain and the root's certificate beside its own. */
const FILES = {
  certificate: 'ca.pem',
  key: 'ca.key',
  chain: 'chain.pem',
  root: 'root.pem',
  index: 'index.jsonl',
  crl: 'crl.pem',
} as const;

/** A file to be written. */
export interface Output {
  readonly path: string;
  readonly content: string;
  /** Secrets can be read by their owner only. */
  readonly secret?: true;
}

function inFolder(dir: string): Readonly<Record<keyof typeof FILES, string>> {
  return Object.fromEntries(Object.entries(FILES).map(([name, file]) => [name, join(dir, file)])) as Record<
    keyof typeof FILES,
    string
  >;
}

/**
 * Makes sure that nothing stands where files are to be written.
 * @throws {Failure} when something does, unless `force` is given.
 */
export function checkFree(paths: readonly string[], force: boolean): void {
  const taken = force ? undefined : paths.find((path) => existsSync(path));
  if (taken !== undefined) {
    throw new Failure(
      ExitCode.usage,
      `${taken} exists already, and nothing is overwritten unless --force is given.`,
    );
  }
}

/** Makes a folder that only its owner can look into, and those above it; one that exists stays as it is. */
export function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable('', dir, error);
  }
}

/**
 * Writes a file whole or not at all: beside its place first, so that neither an old file's permissions nor a symbolic link
 * decides where a secret goes and who can read it.
 */
export function writeWhole({ path, content, secret }: Output): void {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    const file = openSync(temporary, 'wx', secret ? 0o600 : 0o644);
    try {
      writeFileSync(file, content);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable('', path, error);
  }
}

/** A private key as PEM. */
export function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/**
 * Writes a new authority into a folder.
 * @param above for an intermediate: the root's certificate as PEM.
 * @throws {Failure} when one is there already, unless `force` is given, or it cannot be written.
 */
export function saveAuthority(dir: string, authority: Authority, force: boolean, above?: string): void {
  const paths = inFolder(dir);
  checkFree([paths.certificate, paths.key, paths.index], force);
  makeFolder(dir);
  // What an authority did that is no more says nothing about the new one.
  for (const path of [paths.index, paths.crl, paths.chain, paths.root]) rmSync(path, { force: true });
  writeWhole({ path: paths.key, content: keyText(authority.key), secret: true });
  writeWhole({ path: paths.certificate, content: `${authority.certificate}\n` });
  writeWhole({ path: paths.index, content: '', secret: true });
  if (above === undefined) return;
  writeWhole({ path: paths.chain, content: `${authority.chain}\n` });
  writeWhole({ path: paths.root, content: above });
}

/** An authority that was opened. */
export interface Opened {
  readonly dir: string;
  readonly authority: Authority;
  readonly certificate: Certificate;
  /** Above it, without the root; empty for a root. */
  readonly chain: readonly Certificate[];
  readonly root: Certificate;
  /** The root's certificate as PEM. */
  readonly rootText: string;
  readonly records: Records;
  readonly paths: ReturnType<typeof inFolder>;
}

function readKey(path: string): KeyObject {
  const content = readInput('', path);
  try {
    return createPrivateKey(content);
  } catch (error) {
    throw unusable('', path, 'it holds no private key that can be read; is it damaged or encrypted?', error);
  }
}

function one(path: string): Certificate {
  const [certificate] = certificatesIn('', path, readInput('', path));
  return certificate as Certificate;
}

/**
 * Opens the authority in a folder.
 * @throws {Failure} when there is none, or its files cannot be used.
 */
export async function openAuthority(dir: string): Promise<Opened> {
  const paths = inFolder(dir);
  if (!existsSync(paths.certificate)) {
    throw new Failure(
      ExitCode.usage,
      `There is no authority in ${dir === '' ? "''" : dir} (${FILES.certificate} is missing): make one with handfast ca init, or name its folder with --dir.`,
    );
  }
  const text = readInput('', paths.certificate).toString('latin1');
  const certificate = one(paths.certificate);
  const key = readKey(paths.key);
  if (!new X509Certificate(text).checkPrivateKey(key)) {
    throw unusable('', paths.key, `it is not the key of ${paths.certificate}`);
  }
  const isRoot = !existsSync(paths.root);
  const chainText = isRoot ? '' : readInput('', paths.chain).toString('latin1');
  const chain = isRoot ? [] : certificatesIn('', paths.chain, Buffer.from(chainText, 'latin1'));
  const authority = await Authority.load(text, key, isRoot ? [] : [chainText.trimEnd()]);
  return {
    dir,
    authority,
    certificate,
    chain,
    root: isRoot ? certificate : one(paths.root),
    rootText: isRoot ? text : readInput('', paths.root).toString('latin1'),
    records: new Records(paths.index),
    paths,
  };
}

/** The certificate in a PEM text that was made here. */
export function parsed(pem: string): Certificate {
  return readCertificates(pem, 'certificate')[0] as Certificate;
}
