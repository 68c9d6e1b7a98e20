/** Where the test vectors are, which do not lie in this repository, and what a test does without them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type TestContext, type TestOptions, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROJECT_ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

/** The vectors folder: `HANDFAST_VECTORS`, or `shared/vectors` beside the project. */
export const VECTORS_FOLDER: string =
  process.env['HANDFAST_VECTORS'] ?? join(PROJECT_ROOT, '..', 'shared', 'vectors');

/** Says that vectors, or what is needed to read them, are missing: the test is skipped, and fails in CI. */
export function skipWithoutVectors(t: TestContext, missing: string): void {
  if (process.env['CI'] === 'true')
    throw new Error(`${missing} is missing (HANDFAST_VECTORS=${VECTORS_FOLDER})`);
  console.log('skipped: vectors not found');
  t.skip(`${missing} is missing`);
}

/** A test that reads the vectors file `name`; `body` gets its path. */
export function vectorTest(
  title: string,
  name: string,
  options: TestOptions,
  body: (path: string, t: TestContext) => void | Promise<void>,
): void {
  const path = join(VECTORS_FOLDER, name);
  test(title, options, (t) => (existsSync(path) ? body(path, t) : skipWithoutVectors(t, name)));
}
