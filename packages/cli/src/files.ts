/** Files that a command line names. */
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { MAX_FILE_SIZE } from './limits.ts';
import { ExitCode, Failure } from './outcome.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
};

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ...REASONS,
  ENOENT: 'there is no such folder to write it into',
  EACCES: 'this user may not write it',
  EROFS: 'nothing can be written there',
  ENOSPC: 'the disk is full',
};

function reasonOf(error: unknown, reasons = REASONS): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? message;
}

const CHUNK_SIZE = 64 * 1024;

function tooLarge(limit: number): Error {
  return new Error(`it has more than ${limit} bytes; more are not read`);
}

/** All bytes of a file, also of one that does not know its size: a pipe, or a device that never ends. */
function readBounded(file: number, limit: number): Buffer {
  const chunks: Buffer[] = [];
  for (let size = 0; size <= limit; ) {
    const chunk = Buffer.alloc(CHUNK_SIZE);
    const length = readSync(file, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
    size += length;
  }
  throw tooLarge(limit);
}

/**
 * Reads a file.
 * @param option as on the command line, such as `--ca`; empty for an argument.
 * @param limit the most bytes that it may have; by default what certificates and keys need.
 * @throws {Failure} when it cannot be read.
 */
export function readInput(option: string, path: string, limit: number = MAX_FILE_SIZE): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return readBounded(file, limit);
  } catch (error) {
    throw unusable(option, path, reasonOf(error), error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** What stands for the standard input where a file is named. */
const STDIN = '-';

/** How messages call a file. */
export function fileLabel(path: string): string {
  return path === STDIN ? 'standard input' : path || "''";
}

/**
 * Reads a file that a command line names, or the standard input where `-` stands for it.
 * @param option as for {@link readInput}.
 * @param limit as for {@link readInput}.
 * @throws {Failure} when it cannot be read.
 */
export async function readFileInput(option: string, path: string, limit: number): Promise<Buffer> {
  if (path !== STDIN) return readInput(option, path, limit);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of process.stdin) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > limit) throw tooLarge(limit);
    }
  } catch (error) {
    throw unusable(option, path, reasonOf(error), error);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a file that a command takes as its argument, or the standard input.
 * @param limit as for {@link readInput}.
 * @throws {Failure} when it cannot be read.
 */
export function readArgument(path: string, limit: number = MAX_FILE_SIZE): Promise<Buffer> {
  return readFileInput('', path, limit);
}

/** The failure for a file that cannot be used; the option is empty for an argument. */
export function unusable(option: string, path: string, reason: string, cause?: unknown): Failure {
  const file = option === '' ? fileLabel(path) : `${option} ${path || "''"}`;
  return new Failure(ExitCode.usage, `${file} cannot be used: ${reason}`, { cause });
}

/** The failure for a file that cannot be written. */
export function unwritable(option: string, path: string, error: unknown): Failure {
  return unusable(option, path, reasonOf(error, WRITE_REASONS), error);
}

/**
 * The absolute path of a folder, symbolic links followed.
 * @throws {Failure} when it is none.
 */
export function readFolder(option: string, path: string): string {
  // Node takes an empty path for the current folder, and an unset variable of a script would publish it.
  if (path === '') throw unusable(option, path, 'give a folder, such as .');
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
