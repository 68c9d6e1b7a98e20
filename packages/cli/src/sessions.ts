/** Sessions and pre-shared keys in files. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { ConfigError, decodeClientSession, type ExternalPsk } from 'handfast';
import { readInput, unusable, unwritable } from './files.ts';

/**
 * The session that an earlier run left, to go on with; `undefined` where there is no such file yet.
 * @throws {Failure} when the file cannot be read, or holds something else.
 */
export function readSession(path: string): Buffer | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readInput('--session', path);
  try {
    decodeClientSession(bytes);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw unusable('--session', path, error.message.replace(/^session: /, ''), error);
  }
  return bytes;
}

/**
 * Leaves a session for the next run, in a file that only its owner can read: whoever has it can pretend to be this client, and
 * read what was sent early.
 * @throws {Failure} when it cannot be written.
 */
export function saveSession(path: string, session: Uint8Array): void {
  const part = `${path}.${process.pid}.part`;
  try {
    writeFileSync(part, session, { mode: 0o600 });
    renameSync(part, path);
  } catch (error) {
    throw unwritable('--session', path, error);
  }
}

const LINE = /^([^:]+):((?:[0-9a-f]{2})+)$/i;

/**
 * Pre-shared keys, a line each: the name, a colon, the key in hexadecimal digits. Empty lines and those that begin with # count
 * for nothing.
 * @throws {Failure} when the file cannot be read, a line is not of that form, or there is none.
 */
export function readPsks(option: string, path: string): readonly ExternalPsk[] {
  const lines = readInput(option, path).toString('utf8').split(/\r?\n/);
  const psks = lines.flatMap((line, index): ExternalPsk[] => {
    if (line === '' || line.startsWith('#')) return [];
    const [, name, key] = LINE.exec(line) ?? [];
    if (name === undefined || key === undefined) {
      // The line itself is not shown: it may hold a key.
      throw unusable(option, path, `line ${index + 1}: expected NAME:KEY, the key in hexadecimal digits`);
    }
    return [{ identity: Buffer.from(name), key: Buffer.from(key, 'hex') }];
  });
  if (psks.length === 0) throw unusable(option, path, 'expected lines with NAME:KEY, found none');
  return psks;
}
