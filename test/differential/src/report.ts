/** What came out, as tables and as complaints. */
import { type Case, type Class, compare, contradiction, ownAnswer } from './compare.ts';
import type { JudgeName } from './judges/judge.ts';

const NAMES: Readonly<Record<JudgeName, string>> = {
  openssl: 'openssl verify -x509_strict',
  gnutls: 'certtool --verify',
  go: "Go's crypto/x509",
  node: 'X509Certificate',
};

interface Counts {
  bothAccept: number;
  bothRefuse: number;
  explained: number;
  unexplained: number;
  notAsked: number;
}

const COLUMNS = [30, 12, 13, 13, 11, 13, 11] as const;

function row(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, i) => (i === 0 ? String(cell).padEnd(COLUMNS[0]) : String(cell).padStart(COLUMNS[i] ?? 0)))
    .join('');
}

export interface Summary {
  readonly lines: readonly string[];
  /** Classes that no chain fell into. */
  readonly unused: readonly Class[];
}

/** How often each judge agrees, and what it disagrees about. */
export function summary(
  cases: readonly Case[],
  judges: readonly JudgeName[],
  classes: readonly Class[],
  versions: ReadonlyMap<JudgeName, string | undefined>,
): Summary {
  const accepted = cases.filter(({ own }) => own.plain.ok).length;
  const seen = new Map<Class, number>();
  const lines = [
    `${cases.length} chains; handfast accepts ${accepted} and refuses ${cases.length - accepted}`,
    '',
    row(['', 'version', 'both accept', 'both refuse', 'explained', 'unexplained', 'not asked']),
  ];
  for (const judge of judges) {
    const counts: Counts = { bothAccept: 0, bothRefuse: 0, explained: 0, unexplained: 0, notAsked: 0 };
    for (const judged of cases) {
      const outcome = compare(judged, judge, classes);
      if (outcome?.kind === 'agree') counts[ownAnswer(judged.own, judge).ok ? 'bothAccept' : 'bothRefuse']++;
      else if (outcome?.kind === 'not asked') counts.notAsked++;
      else if (outcome?.kind === 'unexplained') counts.unexplained++;
      else if (outcome?.kind === 'explained') {
        counts.explained++;
        for (const known of outcome.classes) seen.set(known, (seen.get(known) ?? 0) + 1);
      }
    }
    const { bothAccept, bothRefuse, explained, unexplained, notAsked } = counts;
    lines.push(
      row([
        NAMES[judge],
        versions.get(judge) ?? '',
        bothAccept,
        bothRefuse,
        explained,
        unexplained,
        notAsked,
      ]),
    );
  }
  for (const judge of judges) {
    for (const side of ['stricter', 'laxer'] as const) {
      const found = classes.filter(
        (known) => known.judge === judge && known.side === side && seen.has(known),
      );
      if (found.length === 0) continue;
      lines.push('', `${NAMES[judge]} is ${side} about`);
      for (const known of found)
        lines.push(`${String(seen.get(known)).padStart(6)}  ${known.what} (${known.why})`);
    }
  }
  return { lines, unused: classes.filter((known) => !seen.has(known)) };
}

/** What is wrong with what was said about one chain; empty when nothing is. */
export function complaints(judged: Case, classes: readonly Class[]): string[] {
  const { specimen, own, answers } = judged;
  const found = [contradiction(judged)].filter((text) => text !== undefined);
  for (const [name, answer] of Object.entries(answers)) {
    const judge = name as JudgeName;
    const outcome = compare(judged, judge, classes);
    if (outcome?.kind !== 'unexplained') continue;
    const { ok, says } = ownAnswer(own, judge);
    found.push(
      ok
        ? `handfast accepts it; ${NAMES[judge]} refuses it: ${answer.says}`
        : `handfast refuses it (${says}); ${NAMES[judge]} accepts it`,
    );
  }
  if (found.length === 0) return [];
  const facts = specimen.facts.map(({ what, place }) => `${what} (${place})`);
  return [facts.join(', ') || 'nothing was done to it', ...found, own.sentence];
}
