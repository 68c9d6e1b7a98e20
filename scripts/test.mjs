// Runs node:test files: `node scripts/test.mjs packages` runs every `dist/test/**/*.test.js` below that folder;
// folders and files inside `dist/test` may be given too. Exits with 1 when a test failed or none was found.
// With HANDFAST_TALLY=FILE the line `name passed failed skipped` is appended to FILE, so that suites can be added up.
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve, sep } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** One file's limit in milliseconds, start of the process included. */
const FILE_TIMEOUT = 120_000;

const COMPILED_TEST = `${sep}dist${sep}test${sep}`;

function testFiles(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .flatMap((entry) => {
      const inner = resolve(path, entry.name);
      if (entry.isDirectory()) return testFiles(inner);
      return inner.includes(COMPILED_TEST) && inner.endsWith('.test.js') ? [inner] : [];
    })
    .sort();
}

function give(message, code) {
  console.error(message);
  process.exit(code);
}

const paths = process.argv.slice(2);
if (paths.length === 0) give('usage: node scripts/test.mjs FOLDER-OR-FILE...', 2);

let files;
try {
  files = [...new Set(paths.flatMap((path) => testFiles(resolve(path))))];
} catch (error) {
  give(`cannot read the tests: ${error.message} (run npm run build first?)`, 1);
}
if (files.length === 0)
  give(`no dist/test/**/*.test.js below ${paths.join(', ')} (run npm run build first?)`, 1);

const tally = { passed: 0, failed: 0, skipped: 0 };
const emptyFiles = [];

// node:test reports a file itself as a test where the file ran none or ended badly.
const isFile = (event) => event.nesting === 0 && files.includes(resolve(event.name));

const stream = run({ files, concurrency: availableParallelism(), timeout: FILE_TIMEOUT });
stream.on('test:pass', (event) => {
  if (isFile(event)) emptyFiles.push(event.name);
  else if (event.skip !== undefined && event.skip !== false) tally.skipped++;
  else if (event.details.type !== 'suite') tally.passed++;
});
stream.on('test:fail', (event) => {
  // A suite fails for its tests, which are counted already, or for a hook of its own.
  if (event.details.error?.failureType !== 'subtestsFailed') tally.failed++;
});
const report = stream.compose(new spec());
report.pipe(process.stdout);
await finished(report);

for (const name of emptyFiles) console.log(`no test in ${relative('.', resolve(name))}`);
const { passed, skipped } = tally;
const failed = tally.failed + emptyFiles.length;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (process.env.HANDFAST_TALLY) {
  appendFileSync(process.env.HANDFAST_TALLY, `${paths.join(',')} ${passed} ${failed} ${skipped}\n`);
}
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
