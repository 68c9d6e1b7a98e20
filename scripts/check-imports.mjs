// Checks who imports whom: `node scripts/check-imports.mjs [ROOT]`. One line per violation (file, line, rule); exits with 1
// when there is one. The tables come first: they are the house rules, and the rest only reads them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** The rooms that a connection is composed of, each below those that use it. */
const PARTS = {
  wire: [],
  'policy/limits.ts': [],
  crypto: ['wire', 'policy/limits.ts'],
  record: ['wire', 'policy/limits.ts', 'crypto'],
  keys: ['wire', 'crypto'],
  x509: ['wire', 'policy/limits.ts', 'crypto'],
  policy: ['wire', 'policy/limits.ts', 'crypto'],
  trace: ['wire', 'record', 'x509'],
  session: ['wire', 'policy/limits.ts', 'crypto', 'keys', 'x509', 'policy'],
  handshake: ['wire', 'policy/limits.ts', 'crypto', 'record', 'keys', 'x509', 'policy', 'trace', 'session'],
};
const ALL_PARTS = Object.keys(PARTS);

/**
 * Layers of packages/handfast/src: each room and the rooms that it may import, besides itself. A room is a folder or a
 * file; the longest name that fits a path is its room.
 */
const LAYERS = {
  ...PARTS,
  'connection-options.ts': ['handshake', 'wire'],
  'connection-refusals.ts': ['trace', 'wire'],
  'connection.ts': [...ALL_PARTS, 'connection-options.ts', 'connection-refusals.ts'],
  'index.ts': [...ALL_PARTS, 'connection.ts'],
  'crypto/node': ['wire', 'crypto', 'x509'], // key files are DER
  roots: ['wire', 'policy/limits.ts', 'crypto', 'x509'],
  node: [...ALL_PARTS, 'connection.ts', 'index.ts', 'crypto/node'],
  web: [...ALL_PARTS, 'connection.ts', 'index.ts'],
};

/** Rooms that may import `node:` modules; the rest runs anywhere. */
const ON_NODE = ['node', 'crypto/node'];

/** Rooms that may import packages, and which. The rest of the library stands alone. */
const PACKAGES = {
  'crypto/node': ['@noble/post-quantum/ml-kem.js', '@noble/post-quantum/ml-dsa.js'],
  roots: ['@handfast/mozilla-roots'],
};

/** Packages that one file of ours alone may import, so that another could take their place. */
const SOLE_IMPORTERS = { '@redis/client': 'packages/fleet-redis/src/connect.ts' };

/** Folders that other packages may reach into, for tests. Elsewhere a package is used through its `exports` only. */
const SHARED = ['packages/handfast/test/support'];

const LIBRARY = 'packages/handfast/src/';

/** Where packages and their sources lie. */
const WORKSPACES = ['packages', 'test', 'apps'];
const SOURCE_FILE = /\.(ts|mts|js|mjs)$/;
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist']);

/** Static imports and exports begin a line, as the formatter leaves them; dynamic ones stand anywhere. */
const STATIC_IMPORT = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"]+)\1/gm;
const DYNAMIC_IMPORT = /\b(?:import|require)\s*\(\s*(?:(['"])([^'"]+)\1|[^\s)])/g;

/** The same text with the comments that begin a line blanked out, line for line. */
function withoutComments(text) {
  return text.replace(/^[ \t]*(?:\/\/.*$|\/\*[\s\S]*?\*\/)/gm, (comment) => comment.replace(/[^\n]/g, ' '));
}

function importsOf(text) {
  const code = withoutComments(text);
  return [...code.matchAll(STATIC_IMPORT), ...code.matchAll(DYNAMIC_IMPORT)]
    .map((match) => ({
      line: code.slice(0, match.index).split('\n').length,
      specifier: match[2],
    }))
    .sort((a, b) => a.line - b.line);
}

/** The room of a path inside the library's `src`, or undefined. */
function roomOf(path) {
  const fits = (room) => path === room || path.startsWith(`${room}/`);
  return Object.keys(LAYERS)
    .filter(fits)
    .sort((a, b) => b.length - a.length)[0];
}

/** `packages/handfast` for a file in it; undefined for what is in no workspace. */
function packageOf(path) {
  const [workspace, name] = path.split('/');
  return WORKSPACES.includes(workspace) && name !== undefined ? `${workspace}/${name}` : undefined;
}

function isInside(path, folder) {
  return path === folder || path.startsWith(`${folder}/`);
}

function checkRelative(file, target, specifier) {
  if (file.endsWith('.ts') && !/\.(ts|json)$/.test(specifier)) return 'a relative import ends in .ts';
  if (!/\.\w+$/.test(specifier)) return 'a relative import names its file with its ending';
  const own = packageOf(file);
  if (
    !isInside(target, own ?? '') &&
    packageOf(target) !== own &&
    !SHARED.some((folder) => isInside(target, folder))
  ) {
    return `${own ?? 'a script'} may not reach into ${packageOf(target) ?? target}: import the package by its name`;
  }
  if (!file.startsWith(LIBRARY)) return undefined;
  if (!target.startsWith(LIBRARY)) return 'the library imports nothing outside its src';
  const from = roomOf(file.slice(LIBRARY.length));
  const to = roomOf(target.slice(LIBRARY.length));
  if (from === undefined)
    return 'this file is in no room: add its room to the table of scripts/check-imports.mjs';
  if (to === undefined)
    return 'what it imports is in no room: add the room to the table of scripts/check-imports.mjs';
  if (from === to || LAYERS[from].includes(to)) return undefined;
  return `${from} may import ${LAYERS[from].join(', ') || 'nothing'}; not ${to}`;
}

function checkPackage(root, file, specifier) {
  if (file.startsWith(LIBRARY)) {
    const room = roomOf(file.slice(LIBRARY.length));
    if (specifier.startsWith('node:')) {
      return ON_NODE.includes(room) ? undefined : `only ${ON_NODE.join(' and ')} may import node: modules`;
    }
    return (PACKAGES[room] ?? []).includes(specifier)
      ? undefined
      : 'the library has no dependencies but those of the table in scripts/check-imports.mjs';
  }
  if (specifier === 'handfast' || specifier.startsWith('handfast/')) {
    const { exports = {} } = JSON.parse(readFileSync(join(root, 'packages/handfast/package.json'), 'utf8'));
    const entry = `.${specifier.slice('handfast'.length)}`;
    return entry in exports ? undefined : `handfast exports ${Object.keys(exports).join(', ')}; not ${entry}`;
  }
  const sole = SOLE_IMPORTERS[specifier];
  if (sole !== undefined && file !== sole) return `only ${sole} may import it`;
  return undefined;
}

function checkFile(root, file) {
  const text = readFileSync(join(root, file), 'utf8');
  return importsOf(text).flatMap(({ line, specifier }) => {
    let rule;
    if (specifier === undefined) {
      rule = file.startsWith(LIBRARY) ? 'an import names its module as a literal' : undefined;
    } else if (specifier.startsWith('.')) {
      const target = relative(root, resolve(root, dirname(file), specifier))
        .split(sep)
        .join('/');
      rule = checkRelative(file, target, specifier);
    } else rule = checkPackage(root, file, specifier);
    return rule === undefined ? [] : [`${file}:${line}: ${specifier ?? 'import(...)'}: ${rule}`];
  });
}

function sourceFiles(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return SKIPPED_FOLDERS.has(entry.name) || entry.name.startsWith('.') ? [] : sourceFiles(root, path);
    }
    return SOURCE_FILE.test(entry.name) ? [path] : [];
  });
}

/** A room may import only rooms that stand above it in the table, so that there is no circle. */
function checkTable() {
  const rooms = Object.keys(LAYERS);
  return rooms.flatMap((room, i) =>
    LAYERS[room]
      .filter((other) => !rooms.slice(0, i).includes(other))
      .map(
        (other) =>
          `scripts/check-imports.mjs: ${room} may not import ${other}, which is not above it in the table`,
      ),
  );
}

const root = resolve(process.argv[2] ?? '.');
const files = [...WORKSPACES, 'scripts'].flatMap((folder) => sourceFiles(root, folder));
if (files.length === 0) {
  console.error(`no source files below ${root}`);
  process.exit(1);
}
const violations = [...checkTable(), ...files.flatMap((file) => checkFile(root, file))];
for (const violation of violations) console.log(violation);
console.log(
  `${files.length} files, ${violations.length === 0 ? 'every import allowed' : `${violations.length} imports against the rules`}`,
);
process.exitCode = violations.length > 0 ? 1 : 0;
