/** What the documents say about files and limits is so. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as nodeLimits from '../../src/node/limits.ts';
import * as protocolLimits from '../../src/policy/limits.ts';
import * as sessionLimits from '../../src/session/limits.ts';
import * as certificateLimits from '../../src/x509/limits.ts';

/** The project's root, seen from `packages/handfast/dist/test/house`. */
const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/limits.md',
  'docs/json.md',
  'docs/sessions.md',
  'packages/handfast/README.md',
  'packages/cli/README.md',
  'packages/fleet-redis/README.md',
];

function read(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** The sources of the packages, as paths from the root. */
function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? sources(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );
}

test('documents link and name only files that exist', () => {
  const files = ['packages/handfast/src', 'packages/cli/src', 'packages/fleet-redis/src', 'scripts'].flatMap(
    sources,
  );
  for (const document of DOCUMENTS) {
    const text = read(document);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(existsSync(join(ROOT, dirname(document), target as string)), `${document}: ${target}`);
    }
    for (const [name] of text.matchAll(/(?<![*.\w])(?:[\w-]+\/)*[\w-]+\.(?:ts|mjs)\b/g)) {
      assert.ok(
        files.some((file) => file.endsWith(`/${name}`) || file === name),
        `${document} names ${name}, which is not there`,
      );
    }
  }
});

test('docs/limits.md has every limit, with its value', () => {
  // The limits of the command line are compared by its own tests.
  const [page = ''] = read('docs/limits.md').split('## Scans:');
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)];
  const told = Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)]));
  const limits = { ...protocolLimits, ...certificateLimits, ...sessionLimits, ...nodeLimits };
  for (const [name, value] of Object.entries(limits)) {
    assert.equal(told[name], value, `docs/limits.md needs a row that begins: | \`${name}\` | ${value} |`);
  }
  assert.deepEqual(Object.keys(told).sort(), Object.keys(limits).sort(), 'docs/limits.md has rows too many');
});
