/** The import rules hold, and the script that checks them catches what breaks them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The project's root, seen from `packages/handfast/dist/test/house`. */
const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

function check(root: string): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/check-imports.mjs'), root], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, lines: stdout.trim().split('\n') };
}

/** Checks a tree that holds these files and the library's package.json. */
function checkFiles(files: Readonly<Record<string, string>>): { status: number | null; lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'imports-'));
  try {
    const all = {
      'packages/handfast/package.json': '{ "exports": { ".": "./a.js", "./node": "./b.js" } }',
      ...files,
    };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    return check(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('this project keeps its import rules', () => {
  const { status, lines } = check(ROOT);
  assert.equal(status, 0, lines.join('\n'));
});

const SRC = 'packages/handfast/src';
const CAUGHT: readonly (readonly [what: string, file: string, text: string, line: RegExp])[] = [
  [
    'wire imports a room above it',
    `${SRC}/wire/a.ts`,
    "import { b } from '../record/b.ts';",
    /:1: .*wire may import nothing; not record$/,
  ],
  [
    'record imports keys',
    `${SRC}/record/a.ts`,
    "// first\nimport type { b } from '../keys/b.ts';",
    /:2: .*not keys$/,
  ],
  [
    'record imports a policy beyond the limits',
    `${SRC}/record/a.ts`,
    "import { b } from '../policy/defaults.ts';",
    /not policy$/,
  ],
  [
    'handshake imports a concrete provider',
    `${SRC}/handshake/client/a.ts`,
    "import { b } from '../../crypto/node/b.ts';",
    /not crypto\/node$/,
  ],
  [
    'handshake imports the connection',
    `${SRC}/handshake/a.ts`,
    "import { b } from '../connection.ts';",
    /not connection\.ts$/,
  ],
  ['the core imports a socket room', `${SRC}/index.ts`, "export * from './node/b.ts';", /not node$/],
  ['the web room imports node', `${SRC}/web/a.ts`, "import { b } from '../node/b.ts';", /not node$/],
  [
    'the core imports a node: module',
    `${SRC}/keys/a.ts`,
    "import { createHash } from 'node:crypto';",
    /only node and crypto\/node may import node:/,
  ],
  [
    'the core imports only the types of a node: module',
    `${SRC}/x509/a.ts`,
    "import type { KeyObject } from 'node:crypto';",
    /may import node:/,
  ],
  [
    'the contract imports a node: module',
    `${SRC}/crypto/provider.ts`,
    "import 'node:crypto';",
    /may import node:/,
  ],
  [
    'the library imports a package',
    `${SRC}/node/a.ts`,
    "import fc from 'fast-check';",
    /the library has no dependencies but/,
  ],
  [
    'the core imports a package that node:crypto stands beside',
    `${SRC}/crypto/a.ts`,
    "import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';",
    /the library has no dependencies but/,
  ],
  [
    'an import over several lines',
    `${SRC}/wire/a.ts`,
    "import {\n  type a,\n  b,\n} from '../keys/b.ts';",
    /:1: .*not keys$/,
  ],
  ['a re-export', `${SRC}/wire/a.ts`, "export { b } from '../keys/b.ts';", /not keys$/],
  [
    'a dynamic import',
    `${SRC}/wire/a.ts`,
    "const b = 1;\nconst c = await import('../keys/b.ts');",
    /:2: .*not keys$/,
  ],
  ['the type of a module', `${SRC}/wire/a.ts`, "type B = import('../keys/b.ts').B;", /not keys$/],
  [
    'a dynamic import that cannot be read',
    `${SRC}/wire/a.ts`,
    'const c = await import(name);',
    /as a literal$/,
  ],
  ['a relative import without .ts', `${SRC}/wire/a.ts`, "import { b } from './b.js';", /ends in \.ts$/],
  [
    'a relative import without an ending',
    'packages/cli/bin/a.js',
    "import '../src/main';",
    /with its ending$/,
  ],
  ['a file outside the rooms', `${SRC}/extra/a.ts`, "import { b } from '../wire/b.ts';", /in no room/],
  [
    'the library imports a test',
    `${SRC}/wire/a.ts`,
    "import { b } from '../../test/support/b.ts';",
    /nothing outside its src$/,
  ],
  [
    'another package reaches into the library',
    'packages/cli/src/a.ts',
    "import { b } from '../../handfast/src/wire/b.ts';",
    /may not reach into packages\/handfast/,
  ],
  [
    'a test of another package reaches into the library',
    'test/bench/src/a.ts',
    "import { b } from '../../../packages/handfast/src/index.ts';",
    /may not reach into packages\/handfast/,
  ],
  [
    'the library reaches into another package',
    `${SRC}/node/a.ts`,
    "import { b } from '../../../cli/src/b.ts';",
    /may not reach into packages\/cli/,
  ],
  [
    'a script reaches into a package',
    'scripts/a.mjs',
    "import '../packages/cli/src/b.ts';",
    /a script may not reach into packages\/cli/,
  ],
  [
    'a subpath that the library does not export',
    'packages/cli/src/a.ts',
    "import { b } from 'handfast/src/wire/b.ts';",
    /handfast exports \., \.\/node; not \.\/src/,
  ],
];
for (const [what, file, text, line] of CAUGHT) {
  test(`caught: ${what}`, () => {
    const { status, lines } = checkFiles({ [file]: text });
    assert.equal(status, 1);
    assert.equal(lines.length, 2, lines.join('\n'));
    assert(lines[0]?.startsWith(`${file}:`), lines[0]);
    assert.match(lines[0] ?? '', line);
  });
}

test('what is allowed passes', () => {
  const { status, lines } = checkFiles({
    [`${SRC}/wire/a.ts`]:
      "import { b } from './messages/b.ts';\n/* import { c } from '../keys/c.ts'; */\n// import('../keys/c.ts')",
    [`${SRC}/record/a.ts`]:
      "import { b } from '../policy/limits.ts';\nimport type { c } from '../crypto/provider.ts';",
    [`${SRC}/crypto/node/a.ts`]:
      "import { createHash } from 'node:crypto';\nimport type { c } from '../provider.ts';",
    [`${SRC}/node/a.ts`]: "import net from 'node:net';\nimport { b } from '../crypto/node/a.ts';",
    [`${SRC}/connection.ts`]: "import { b } from './handshake/b.ts';",
    'packages/handfast/test/wire/a.test.ts':
      "import { b } from '../../src/wire/a.ts';\nimport fc from 'fast-check';",
    'packages/cli/src/a.ts':
      "import { b } from 'handfast';\nimport 'handfast/node';\nimport { c } from './b.ts';",
    'test/interop/src/a.ts': "import { b } from '../../../packages/handfast/test/support/pki.ts';",
  });
  assert.equal(status, 0, lines.join('\n'));
  assert.deepEqual(lines, ['8 files, every import allowed']);
});

test('a tree without sources is an error, not a success', () => {
  assert.equal(checkFiles({}).status, 1);
});
