/** The citations of the RFCs' rules are current, and the script that checks them catches what is not. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The project's root, seen from `packages/handfast/dist/test/house`. */
const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

const TEXT = `--- abstract
Hats.
--- middle
# One

A client MUST send hats to the server. Servers MUST NOT send hats to the client.
A client which receives hats MUST close its doors and windows at once.
--- back
`;
const CLIENT = '1 | client | A client MUST send hats to the server';
const SERVER = '1 | server | Servers MUST NOT send hats to the client';
const DOORS = '1 | client | A client which receives hats MUST close its doors and windows at once';
const cited = (words: string, section = '1') => `// RFC ${'9846'} section ${section} "${words}"\n`;
const BOTH = cited('client MUST send hats') + cited('MUST NOT send hats to the client');

/** Runs the script on a tree with these files: writes what is generated, then checks. */
function check(files: Readonly<Record<string, string>>): { status: number | null; lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'rules-'));
  try {
    const all = {
      'specs/rfc9846.md': TEXT,
      'test/rules/rfc9846.txt': [CLIENT, SERVER, DOORS].join('\n'),
      'test/rules/rfc5246.txt': '',
      'test/rules/uncovered.txt': `RFC ${'9846'} section 1 "${DOORS.split(' | ')[2]}"\n`,
      'packages/a.ts': BOTH,
      'docs/a.md': '',
      ...files,
    };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const run = (...options: string[]) =>
      spawnSync(process.execPath, [join(ROOT, 'scripts/check-rules.mjs'), root, ...options], {
        encoding: 'utf8',
        timeout: 20_000,
        env: { ...process.env, HANDFAST_SPECS: join(root, 'specs'), HANDFAST_TALLY: '' },
      });
    if (!('docs/rfc-coverage.md' in files)) {
      // Written by itself, so that the baseline is checked as it was given.
      const baseline = all['test/rules/uncovered.txt'];
      run('--write');
      writeFileSync(join(root, 'test/rules/uncovered.txt'), baseline);
    }
    const { status, stdout } = run();
    return { status, lines: stdout.trim().split('\n') };
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('a tree whose rules are cited, or listed as not cited, passes', () => {
  const { status, lines } = check({});
  assert.equal(status, 0, lines.join('\n'));
  assert.ok(lines.includes(`RFC ${'9846'}: 2 cited, 1 not cited, 0 bind no endpoint here`), lines.join('\n'));
  assert.equal(lines.at(-1), '3 passed, 0 failed');
});

const CAUGHT: Readonly<Record<string, readonly [files: Readonly<Record<string, string>>, line: RegExp]>> = {
  'a citation of no rule': [
    { 'packages/b.ts': cited('client MUST send gloves') },
    /^packages\/b\.ts:1: .*no rule of that section says so$/,
  ],
  'a citation with the section of another': [
    { 'packages/b.ts': cited('client MUST send hats', '2') },
    /no rule of that section/,
  ],
  'a rule that nothing cites any more': [
    { 'packages/a.ts': cited('client MUST send hats') },
    /^neither cited nor in .*Servers MUST NOT send hats/,
  ],
  'a rule that is cited and still listed as not cited': [
    { 'packages/b.ts': cited('receives hats MUST close its doors') },
    /covered now, take it off/,
  ],
  'a rule of the text that the list lacks': [
    { 'test/rules/rfc9846.txt': [CLIENT, SERVER].join('\n'), 'test/rules/uncovered.txt': '' },
    /not in the list: .*close its doors/,
  ],
  'a rule in the list that the text lacks': [
    { 'test/rules/rfc9846.txt': [CLIENT, SERVER, DOORS, DOORS.replace('doors', 'gates')].join('\n') },
    /not in its text: .*close its gates/,
  ],
  'a page that is not current': [{ 'docs/rfc-coverage.md': '' }, /rfc-coverage\.md is not current/],
  'no citation at all': [{ 'packages/a.ts': '' }, /^neither cited/],
};
for (const [what, [files, line]] of Object.entries(CAUGHT)) {
  test(`${what} is caught`, () => {
    const { status, lines } = check(files);
    assert.equal(status, 1, lines.join('\n'));
    assert.ok(
      lines.some((found) => line.test(found)),
      lines.join('\n'),
    );
  });
}

test('a citation may go on in the next line of its comment, and may stand in a string', () => {
  const wrapped = cited('receives hats MUST close its doors').replace('MUST close', 'MUST\n  // close');
  for (const text of [
    wrapped,
    cited('receives hats MUST close its doors').replace('// ', "'").replace('\n', "'"),
  ])
    assert.match(check({ 'packages/b.ts': text }).lines.join('\n'), /covered now/);
});
