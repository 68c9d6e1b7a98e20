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
  const files = [
    'packages/handfast/src',
    'packages/handfast/test',
    'packages/cli/src',
    'packages/fleet-redis/src',
    'scripts',
  ].flatMap(sources);
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

/** Limits of the protocol that no peer drives: of what this side seals, and the end of exact numbers. */
const OWN_LIMITS: readonly string[] = [
  'MAX_AES_GCM_RECORDS',
  'AES_GCM_KEY_UPDATE_RECORDS',
  'MAX_AES_CCM_RECORDS',
  'AES_CCM_KEY_UPDATE_RECORDS',
  'MAX_AES_CBC_RECORDS',
  'MAX_SEQUENCE_NUMBER',
];
/** Limits of the other rooms whose tests docs/limits.md must name: what a peer can make a verdict or a socket do. */
const DRIVEN_ELSEWHERE: readonly string[] = [
  'MAX_SIGNATURE_CHECKS',
  'MAX_CANDIDATE_ISSUERS',
  'MAX_NAME_COMPARISONS',
  'MAX_POLICY_STEPS',
  'MAX_PATH_LENGTH',
  'MAX_PATH_CERTIFICATES',
  'MAX_INTERMEDIATES',
  'DEFAULT_HANDSHAKE_TIMEOUT',
  'MAX_HANDSHAKE_BYTES',
];

test('docs/limits.md names a test for every limit that a peer drives, and the test is there', () => {
  const [, page = ''] = read('docs/limits.md').split('## What a peer drives, and its test');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\S+) \| (.+) \|$/gm)];
  const named = new Set<string>();
  for (const [, limit = '', file = '', name = ''] of rows) {
    const text = read(`packages/handfast/test/${file}`).replaceAll("\\'", "'");
    const uses = text.replace(/^import [^;]*;/gm, '');
    assert.ok(new RegExp(`\\b${limit}\\b`).test(uses), `${file} does not use ${limit}`);
    assert.ok(text.includes(name), `${file} has no test '${name}'`);
    named.add(limit);
  }
  const driven = Object.keys(protocolLimits).filter((limit) => !OWN_LIMITS.includes(limit));
  for (const limit of [...driven, ...DRIVEN_ELSEWHERE]) {
    assert.ok(named.has(limit), `docs/limits.md names no test of ${limit}`);
  }
});
