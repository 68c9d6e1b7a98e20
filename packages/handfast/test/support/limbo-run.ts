/** A whole file of x509-limbo: which cases end as expected, and what is to be said of the others. */

import { type Judgement, judgeCase, type LimboCase } from './limbo.ts';
import { DIVERGENCES, type Divergence } from './limbo-divergences.ts';

export interface CaseResult {
  readonly limbo: LimboCase;
  /** `explained`: not as expected, and on purpose. */
  readonly status: 'passed' | 'failed' | 'explained';
  readonly judgement: Judgement;
  /** Why it did not pass. */
  readonly why?: string;
}

/** Judges one case, and compares. */
export function runCase(
  limbo: LimboCase,
  divergences: Readonly<Record<string, Divergence>> = DIVERGENCES,
): CaseResult {
  const judgement = judgeCase(limbo);
  if (judgement.outcome === limbo.expected) return { limbo, status: 'passed', judgement };
  const known = divergences[limbo.id];
  return known?.ours === judgement.outcome
    ? { limbo, status: 'explained', judgement, why: known.why }
    : { limbo, status: 'failed', judgement, why: 'nobody has explained this' };
}

/** `rfc5280` of `rfc5280::nc::permitted-dn-match`. */
export function nameSpaceOf({ id }: LimboCase): string {
  return id.includes('::') ? (id.split('::')[0] ?? '') : '(none)';
}
