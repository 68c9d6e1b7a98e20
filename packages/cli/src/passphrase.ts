/** The password of what is inspected. It never stands on the command line, where every user of the machine can read it. */
import { readFileInput, unusable } from './files.ts';
import { MAX_PASSPHRASE_LENGTH } from './limits.ts';

const OPTION = '--passphrase-file';
const VARIABLE = 'HANDFAST_PASSPHRASE';

/** The first line of a file, without its end. */
async function readPassphrase(path: string): Promise<string> {
  const content = await readFileInput(OPTION, path, MAX_PASSPHRASE_LENGTH);
  const [line = ''] = content.toString('utf8').split(/\r?\n/, 1);
  if (line.includes('\uFFFD')) throw unusable(OPTION, path, 'expected a password in UTF-8');
  return line;
}

/**
 * The password of a file, or of the environment; `undefined` where there is none.
 * @throws {Failure} when the file cannot be used.
 */
export async function passphrase(
  path: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return path === undefined ? environment[VARIABLE] : readPassphrase(path);
}
