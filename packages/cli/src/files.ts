/** Files that a command line names. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { ExitCode, Failure } from './outcome.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

/** No certificate or key file is larger than this; 16 MiB is a hundred times the list of all public authorities. */
const MAX_FILE_SIZE = 16 * 1024 * 1024;

/**
 * Reads a file of certificates or keys.
 * @param option as on the command line, such as `--ca`.
 * @throws {Failure} when it cannot be read.
 */
export function readInput(option: string, path: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_SIZE) {
      throw new Error(`it has ${size} bytes, which no certificate or key has`);
    }
    return readFileSync(path);
  } catch (error) {
    throw unusable(option, path, reasonOf(error), error);
  }
}

/** The failure for a file that cannot be used. */
export function unusable(option: string, path: string, reason: string, cause?: unknown): Failure {
  return new Failure(ExitCode.usage, `${option} ${path} cannot be used: ${reason}`, { cause });
}

/**
 * The absolute path of a folder, symbolic links followed.
 * @throws {Failure} when it is none.
 */
export function readFolder(option: string, path: string): string {
  let folder: string;
  try {
    folder = realpathSync(path);
    if (statSync(folder).isDirectory()) return folder;
  } catch (error) {
    throw unusable(
      option,
      path,
      error instanceof Error && reasonOf(error) === REASONS['ENOENT']
        ? 'there is no such folder'
        : reasonOf(error),
      error,
    );
  }
  throw unusable(option, path, 'it is a file, not a folder');
}
