/** Whom a command line trusts: `--ca` with files and folders, and `--system-ca`. */
import { statSync } from 'node:fs';
import { ConfigError } from 'handfast';
import { TrustStore } from 'handfast/node';
import { unusable } from './files.ts';
import type { TrustCommandOptions } from './options.ts';
import { ExitCode, Failure } from './outcome.ts';
import { printable } from './render/layout.ts';

/**
 * Whom to trust. Without any option: whom Node trusts.
 * @throws {Failure} when a file or a folder cannot be used, or the system's store cannot be read.
 */
export function readTrust({ ca, systemCa }: TrustCommandOptions): TrustStore {
  const named = ca && readAuthorities('--ca', ca);
  if (systemCa === undefined) return named ?? TrustStore.default();
  const system = told('--system-ca', () => TrustStore.system());
  return named === undefined ? system : system.with(named);
}

/** For reports: where those whom a command line trusts come from; `null` for the public authorities. */
export function trustSources({ ca, systemCa }: TrustCommandOptions): readonly string[] | null {
  return ca === undefined && systemCa === undefined
    ? null
    : [...(systemCa ? ["this system's store"] : []), ...(ca ?? [])];
}

/**
 * The authorities in files and folders. What is not used in them is said on stderr.
 * @param option as on the command line.
 * @throws {Failure} when one of them cannot be used, or has no authority.
 */
export function readAuthorities(option: string, paths: readonly string[]): TrustStore {
  const [first, ...others] = paths.map((path) => readPath(option, path));
  return (first ?? TrustStore.of([])).with(...others);
}

function readPath(option: string, path: string): TrustStore {
  if (path === '') throw unusable(option, path, 'give a file or a folder');
  const store = told(option, () => (isFolder(path) ? TrustStore.folder(path) : TrustStore.files(path)));
  const [skipped] = store.skipped;
  if (store.size === 0) {
    throw unusable(
      option,
      path,
      skipped === undefined
        ? 'it is empty'
        : `nothing in it can be used; ${skipped.where}: ${skipped.reason}`,
    );
  }
  if (skipped !== undefined) tellSkipped(option, path, store);
  return store;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The library's words for an option of its own, with the option of the command line in their place. */
function told<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, reason = error.message] = /^[^:]+: (.*)$/s.exec(error.message) ?? [];
    throw new Failure(
      ExitCode.usage,
      `${option}: ${reason}`.replace(/^(--[\w-]+): (.* cannot be used: )/s, '$1 $2'),
      {
        cause: error,
      },
    );
  }
}

const MAX_TOLD = 5;

function tellSkipped(option: string, path: string, { skipped }: TrustStore): void {
  const shown = skipped
    .slice(0, MAX_TOLD)
    .map(({ where, reason }) => `  ${printable(`${where}: ${reason}`)}\n`);
  const more = skipped.length > MAX_TOLD ? `  and ${skipped.length - MAX_TOLD} more\n` : '';
  process.stderr.write(`handfast: not used of ${option} ${printable(path)}:\n${shown.join('')}${more}`);
}
