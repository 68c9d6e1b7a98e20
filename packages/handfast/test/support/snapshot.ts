/**
 * Sentences that are written down in `test/snapshots`, one line for each case: whoever changes one sees it in the diff. They
 * are written anew, for the tests that are run, with `HANDFAST_SNAPSHOTS=write`.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const SHOWN = 20;

/** Compares lines with those of a snapshot, or writes the snapshot. */
export function matchesSnapshot(name: string, lines: readonly string[]): void {
  assert.ok(lines.length > 0, `the snapshot ${name} would be empty`);
  for (const line of lines) assert.doesNotMatch(line, /[\r\n]/, 'a case takes one line');
  const path = fileURLToPath(new URL(`../../../test/snapshots/${name}.txt`, import.meta.url));
  if (process.env['HANDFAST_SNAPSHOTS'] === 'write') {
    assert.notEqual(process.env['CI'], 'true', 'snapshots are compared in CI, never written');
    writeFileSync(path, `${lines.join('\n')}\n`);
    return;
  }
  const written = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  const [now, then] = [new Set(lines), new Set(written)];
  const changes = [
    ...written.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...lines.filter((line) => !then.has(line)).map((line) => `+ ${line}`),
  ];
  if (changes.length > 0) {
    const more = changes.length > SHOWN ? `\n... and ${changes.length - SHOWN} more` : '';
    assert.fail(
      `test/snapshots/${name}.txt differs; if that is right, run the test with HANDFAST_SNAPSHOTS=write:\n` +
        changes.slice(0, SHOWN).join('\n') +
        more,
    );
  }
  assert.deepEqual(lines, written, `test/snapshots/${name}.txt: the same lines in another order`);
}
