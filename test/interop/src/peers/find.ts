/** Where the peers' programs are. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder into which `install-peers.sh` puts the npm packages, and the matrix what it compiles. */
export const PEERS_FOLDER: string = resolve(process.env['HANDFAST_PEERS'] ?? '.peers');

/** The path of a program inside one of the npm packages, whether it is there or not. */
export function packaged(path: string): string {
  return join(PEERS_FOLDER, 'node_modules', path);
}

const versions = new Map<string, string | undefined>();

/** The first line in which a program tells its version that matches; `undefined` where it cannot be run. */
export function programVersion(path: string, args: readonly string[], pattern: RegExp): string | undefined {
  const key = [path, ...args].join(' ');
  if (!versions.has(key)) {
    const runnable = !path.includes('/') || existsSync(path);
    const { stdout = '' } = runnable
      ? spawnSync(path, args, { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] })
      : {};
    versions.set(key, pattern.exec(stdout ?? '')?.[1]);
  }
  return versions.get(key);
}
