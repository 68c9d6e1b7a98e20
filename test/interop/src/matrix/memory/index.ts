/** handfast with itself, in memory: its own row in the matrix. */
import { paint } from '../table.ts';
import { SECTIONS } from './cases.ts';
import { runMatch } from './run.ts';
import type { Match } from './terms.ts';

export interface MemoryResults {
  readonly passed: number;
  readonly failed: number;
}

const LABEL = 52;
const FIELD = 9;
const SHOWN_FAILURES = 5;

/** What was tried, in short. */
function describe({ client, server }: Match): string {
  return `client ${JSON.stringify(client)}\n  server ${JSON.stringify(server)}`;
}

/** What is printed of a section that failed. */
function failureText(name: string, match: Match, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `\nFAILED ${name}:\n  ${describe(match)}\n  ${text.replaceAll('\n', '\n  ')}`;
}

/** Runs all sections, and prints a line when one is done. */
export function runMemory(only: readonly string[]): MemoryResults {
  const columns = ['agreed', 'refused', 'unfit', 'failed'] as const;
  const heads = [...columns, 'seconds'].map((head) => head.padStart(FIELD)).join('');
  console.log(paint('bold', 'handfast with itself, in memory'.padEnd(LABEL) + heads));
  const failures: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const { name, matches } of SECTIONS) {
    if (only.length > 0 && !only.some((text) => name.includes(text))) continue;
    const start = performance.now();
    const counts = { agreed: 0, refused: 0, unfit: 0, failed: 0 };
    for (const match of matches()) {
      try {
        counts[runMatch(match)]++;
      } catch (error) {
        counts.failed++;
        if (counts.failed <= SHOWN_FAILURES) failures.push(failureText(name, match, error));
      }
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const fields = [...columns.map((column) => counts[column]), seconds];
    const line = `  ${name}`.padEnd(LABEL) + fields.map((value) => String(value).padStart(FIELD)).join('');
    console.log(paint(counts.failed > 0 ? 'red' : 'green', line));
    passed += counts.agreed + counts.refused + counts.unfit;
    failed += counts.failed;
  }
  for (const failure of failures) console.log(failure);
  return { passed, failed };
}
