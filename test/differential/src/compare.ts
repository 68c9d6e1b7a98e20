/** Where judges disagree with handfast, and which class of disagreements explains it. */
import type { Specimen } from './generate.ts';
import type { OwnAnswers } from './judges/handfast.ts';
import type { Answer, JudgeName } from './judges/judge.ts';
import type { Fact } from './twist.ts';

/** What is known to be judged differently, and why. */
export interface Class {
  readonly judge: JudgeName;
  /** How the judge is beside handfast. */
  readonly side: 'laxer' | 'stricter';
  /** What was done to the chain: fits {@link Fact.what}. */
  readonly about: RegExp;
  /** What a stricter judge says, or by which rule or reason handfast refuses what a laxer one accepts. */
  readonly says: RegExp;
  /** What the disagreement is, for people. */
  readonly what: string;
  /** Why handfast is right, with its source. */
  readonly why: string;
}

/** A chain, and what all thought of it. */
export interface Case {
  readonly specimen: Specimen;
  readonly own: OwnAnswers;
  readonly answers: Readonly<Partial<Record<JudgeName, Answer>>>;
}

/** By which of its questions handfast is compared with a judge: only one of them is as strict as RFC 5280's profile. */
export function ownAnswer(own: OwnAnswers, judge: JudgeName): Answer {
  return judge === 'openssl' ? own.strict : own.plain;
}

/** Whether a fact is a reason to refuse, in that question; mutations may be. */
function isBad({ expect }: Fact, judge: JudgeName): boolean {
  return expect === 'profile' ? judge === 'openssl' : expect !== 'accepted';
}

/** Kinds of keys that a judge does not know, so that it can say nothing about what they signed. */
const LACKS: Readonly<Partial<Record<JudgeName, RegExp>>> = { go: /^key: (?:ed448|rsaPss)$/ };

export type Comparison =
  | { readonly kind: 'agree' }
  /** The judge lacks what the chain needs. */
  | { readonly kind: 'not asked' }
  | { readonly kind: 'explained'; readonly classes: readonly Class[] }
  | { readonly kind: 'unexplained'; readonly side: Class['side'] };

export function compare(
  { specimen: { facts }, own, answers }: Case,
  judge: JudgeName,
  classes: readonly Class[],
): Comparison | undefined {
  const answer = answers[judge];
  if (answer === undefined) return undefined;
  if (facts.some(({ what, place }) => place !== 'leaf' && LACKS[judge]?.test(what)))
    return { kind: 'not asked' };
  const ours = ownAnswer(own, judge);
  if (ours.ok === answer.ok) return { kind: 'agree' };
  const side = ours.ok ? 'stricter' : 'laxer';
  const said = ours.ok ? answer.says : ours.says;
  const fits = ({ says }: Class): boolean => says.test(said);
  const about = ({ what }: Fact): readonly Class[] =>
    classes.filter((known) => known.judge === judge && known.side === side && known.about.test(what));
  if (side === 'stricter') {
    const found = facts.flatMap(about).find(fits);
    return found === undefined ? { kind: 'unexplained', side } : { kind: 'explained', classes: [found] };
  }
  // Whoever accepts must be lax about every fault of the chain; which of them handfast tells is left to it.
  const found = facts
    .filter((fact) => isBad(fact, judge))
    .map((fact) => about(fact).find(fits) ?? about(fact)[0]);
  const known = found.filter((one) => one !== undefined);
  return known.length === found.length && known.some(fits)
    ? { kind: 'explained', classes: known }
    : { kind: 'unexplained', side };
}

/** What is wrong with handfast's own answer, by what is known of the chain. */
export function contradiction({ specimen: { facts }, own }: Case): string | undefined {
  const refusals = facts.flatMap(({ expect }) => (typeof expect === 'object' ? [expect] : []));
  const isProfile = facts.some(({ expect }) => expect === 'profile');
  // What a mutation does is not always known.
  if (facts.some(({ expect }) => expect === undefined)) return undefined;
  if (refusals.length > 0) {
    if (own.plain.ok) return 'handfast accepts it';
    const rules: readonly string[] = refusals.flat();
    const anyRule = refusals.some((list) => list.length === 0);
    return anyRule || rules.includes(own.plain.says)
      ? undefined
      : `handfast refuses it for another reason (${own.plain.says})`;
  }
  if (!own.plain.ok) return `handfast refuses it (${own.plain.says})`;
  if (own.strict.ok === isProfile)
    return isProfile ? 'the profile accepts it' : `the profile refuses it (${own.strict.says})`;
  return undefined;
}
