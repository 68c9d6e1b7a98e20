/** The measurements as a table. */
import type { Summary } from './statistics.ts';

/** One measured quantity of one pairing. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly pairing: string;
  readonly value: Summary;
  /** To the same quantity of the first pairing, round by round. */
  readonly ratio?: Summary;
}

function plain(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

const COLUMNS = [46, 9, 16, 9, 14] as const;

function row(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[i] ?? 0)))
    .join('')
    .trimEnd();
}

/** One block for each quantity, one line for each pairing. */
export function table(figures: readonly Figure[]): string[] {
  const lines: string[] = [];
  let block = '';
  for (const { what, unit, pairing, value, ratio } of figures) {
    if (what !== block) {
      block = what;
      const hasRatios = figures.some((figure) => figure.what === what && figure.ratio !== undefined);
      lines.push('', row([what, unit, 'quartiles', ...(hasRatios ? ['ratio', 'quartiles'] : [])]));
    }
    lines.push(
      row([
        `  ${pairing}`,
        plain(value.median),
        `${plain(value.low)} - ${plain(value.high)}`,
        ...(ratio === undefined
          ? []
          : [ratio.median.toFixed(2), `${ratio.low.toFixed(2)} - ${ratio.high.toFixed(2)}`]),
      ]),
    );
  }
  return lines;
}
