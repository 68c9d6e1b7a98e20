/** How results look. */
import { type CaseResult, nameSpaceOf } from './support.ts';

/** How many ended how. */
export type Tally = Readonly<Record<CaseResult['status'], number>>;

export function count(results: readonly CaseResult[]): Tally {
  const of = (wanted: CaseResult['status']) => results.filter(({ status }) => status === wanted).length;
  return { passed: of('passed'), explained: of('explained'), failed: of('failed') };
}

const COLUMNS = ['passed', 'explained', 'failed'] as const;

/** A line for each name space. */
export function table(results: readonly CaseResult[]): string[] {
  const spaces = [...new Set(results.map(({ limbo }) => nameSpaceOf(limbo)))].sort();
  const rows = spaces.map((space): readonly string[] => {
    const tally = count(results.filter(({ limbo }) => nameSpaceOf(limbo) === space));
    return [space, ...COLUMNS.map((column) => `${tally[column]}`)];
  });
  const width = Math.max(...['name space', ...spaces].map(({ length }) => length));
  return [['name space', ...COLUMNS], ...rows].map(([space = '', ...numbers]) =>
    [space.padEnd(width), ...numbers.map((number) => number.padStart(9))].join('  '),
  );
}

/** Everything that did not end as expected: what was expected, what came, our sentence, and why. */
export function differences(results: readonly CaseResult[]): string[] {
  return results.flatMap(({ limbo, status, judgement, why }) =>
    status === 'passed'
      ? []
      : [
          `${status}: ${limbo.id}: expected ${limbo.expected}, found ${judgement.outcome}`,
          `  said: ${judgement.sentence}`,
          `  why: ${why}`,
        ],
  );
}
