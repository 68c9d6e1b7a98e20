/** The results as a table: a row for each peer and role, a column for each kind of scenario. */
import { styleText } from 'node:util';
import type { Result } from './run.ts';

const LABEL = 23;

/** A column is as wide as its name, and never narrower than `7/10!` and a space. */
const width = (column: string): number => Math.max(column.length, 5) + 1;

/** Colours on a terminal only. */
function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text;
}

/** `passed/tried`, marked where something failed; `n/a` where the peer can do none of it. */
function field(column: string, results: readonly Result[]): string {
  const count = (kind: string): number => results.filter(({ outcome }) => outcome.kind === kind).length;
  const passed = count('passed');
  const failed = count('failed');
  const show = (style: 'dim' | 'red' | 'green', text: string): string =>
    paint(style, text.padStart(width(column)));
  if (results.length === 0) return show('dim', '');
  if (passed + failed === 0) return show('dim', 'n/a');
  return show(failed > 0 ? 'red' : 'green', `${passed}/${passed + failed}${failed > 0 ? '!' : ''}`);
}

/** The lines of the table, and below it what the peers cannot do. `versions` has the peers in order. */
export function matrix(versions: ReadonlyMap<string, string>, results: readonly Result[]): string[] {
  const columns = [...new Set(results.map(({ trial }) => trial.column))];
  const heads = columns.map((column) => column.padStart(width(column)));
  const lines = [paint('bold', 'peer, our role'.padEnd(LABEL) + heads.join(''))];
  for (const [peer, version] of versions) {
    for (const role of ['client', 'server']) {
      const own = results.filter(({ trial }) => trial.peer === peer && trial.role === role);
      if (own.length === 0) continue;
      const fields = columns.map((column) =>
        field(
          column,
          own.filter(({ trial }) => trial.column === column),
        ),
      );
      lines.push(`${peer} ${version} ${role}`.padEnd(LABEL) + fields.join(''));
    }
  }
  return [...lines, ...notApplicable(results)];
}

/** Grouped by peer, reason and role. */
function notApplicable(results: readonly Result[]): string[] {
  const cases = new Map<string, Map<string, Set<string>>>();
  for (const { trial, outcome } of results) {
    if (outcome.kind !== 'not applicable') continue;
    const reason = `${trial.peer}: ${outcome.reason}`;
    const roles = cases.get(reason) ?? new Map<string, Set<string>>();
    const names = roles.get(trial.role) ?? new Set<string>();
    cases.set(reason, roles.set(trial.role, names.add(`${trial.column}/${trial.name}`)));
  }
  if (cases.size === 0) return [];
  const entries = [...cases].flatMap(([reason, roles]) => {
    const lists = new Map<string, string[]>();
    for (const [role, names] of roles) {
      const list = [...names].join(', ');
      lists.set(list, [...(lists.get(list) ?? []), role]);
    }
    return [`  ${reason}`, ...[...lists].map(([list, who]) => `    ${who.join(' and ')}: ${list}`)];
  });
  return ['', 'Not applicable:', ...entries];
}
