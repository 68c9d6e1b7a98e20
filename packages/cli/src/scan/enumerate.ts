/** Finding out all that a server accepts: offer everything, take away what it chose, until it refuses. */
import type { Accepted, Order } from './facts.ts';
import type { Answer, Flight } from './flight.ts';

/** What a server made of a list. */
export type Choice =
  | { readonly kind: 'chosen'; readonly value: number; readonly flight?: Flight }
  | { readonly kind: 'refused' }
  /** There was no answer to judge by. */
  | { readonly kind: 'unknown' };

export type Ask = (offered: readonly number[]) => Promise<Choice>;

/** Reads an answer: what `pick` finds in a flight, or a refusal. */
export function choiceOf(answer: Answer | undefined, pick: (flight: Flight) => number | undefined): Choice {
  if (answer === undefined || answer.kind === 'unreachable' || answer.kind === 'garbled') {
    return { kind: 'unknown' };
  }
  if (answer.kind !== 'flight') return { kind: 'refused' };
  const value = pick(answer);
  return value === undefined ? { kind: 'refused' } : { kind: 'chosen', value, flight: answer };
}

export interface Found {
  /** In the order of choice. */
  readonly chosen: readonly (Choice & { readonly kind: 'chosen' })[];
  readonly complete: boolean;
}

/** Offers `candidates`, without what was chosen before, until the server refuses, or chooses what was not offered. */
export async function exhaust(candidates: readonly number[], ask: Ask): Promise<Found> {
  const rest = new Set(candidates);
  const chosen: (Choice & { readonly kind: 'chosen' })[] = [];
  while (rest.size > 0) {
    const choice = await ask([...rest]);
    if (choice.kind === 'unknown') return { chosen, complete: false };
    // Servers that do not look at the list choose the same again.
    if (choice.kind === 'refused' || !rest.delete(choice.value)) break;
    chosen.push(choice);
  }
  return { chosen, complete: true };
}

/** Whose order decides: `accepted` came from an offer in the order of `candidates`; asks once more, the other way round. */
export async function orderOf(
  candidates: readonly number[],
  accepted: readonly number[],
  ask: Ask,
): Promise<Order | null> {
  const [best, worst] = [accepted[0], accepted.at(-1)];
  if (best === undefined || best === worst) return null;
  // By position in what was offered: a server with an order of its own rarely happens to have ours.
  const asOffered = candidates.filter((value) => accepted.includes(value));
  const reversed = await ask(asOffered.toReversed());
  if (reversed.kind !== 'chosen') return null;
  if (reversed.value === best) return 'server';
  return reversed.value === asOffered.at(-1) && best === asOffered[0] ? 'client' : 'mixed';
}

/** Lists that were found apart, in one order: the server chooses between their first entries, again and again. */
export async function merge(lists: readonly (readonly number[])[], ask: Ask): Promise<number[]> {
  const open = lists.map((list) => [...list]).filter((list) => list.length > 0);
  const merged: number[] = [];
  while (open.length > 1) {
    const choice = await ask(open.map(([first]) => first as number));
    const winner = choice.kind === 'chosen' ? open.find(([first]) => first === choice.value) : undefined;
    if (winner === undefined) break;
    merged.push(winner.shift() as number);
    if (winner.length === 0) open.splice(open.indexOf(winner), 1);
  }
  return [...merged, ...open.flat()];
}

/** The result for a report. */
export function accepted<T>(values: readonly T[], order: Order | null, complete: boolean): Accepted<T> {
  return { accepted: values, order, complete };
}

/** Nothing was asked. */
export const NOTHING: Accepted<never> = { accepted: [], order: null, complete: true };
