/** Orders of preference, and the rule of choice that tests hold a server to. */
import assert from 'node:assert/strict';
import type { Preference } from '../../src/handshake/config.ts';
import type { ChoiceEvent } from '../../src/trace/events.ts';

export const PREFERENCES: readonly Preference[] = ['server', 'client'];

/** Every non-empty part of `values`, in their order. */
export function parts<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [];
  const [first, ...rest] = values as [T, ...T[]];
  const others = parts(rest);
  return [[first], ...others.map((part) => [first, ...part]), ...others];
}

/** Every order of every non-empty part of `values`. */
export function arrangements<T>(values: readonly T[]): T[][] {
  return values.flatMap((value) => [
    [value],
    ...arrangements(values.filter((candidate) => candidate !== value)).map((rest) => [value, ...rest]),
  ]);
}

/** The rule, stated apart from the code: the first of whose order it is that the other has too. */
export function expectedChoice<T>(
  preference: Preference,
  server: readonly T[],
  client: readonly T[],
): T | undefined {
  const [leading, other] = preference === 'server' ? [server, client] : [client, server];
  return leading.find((value) => other.includes(value));
}

export function choice(choices: readonly ChoiceEvent[], what: ChoiceEvent['what']): ChoiceEvent {
  const found = choices.filter((event) => event.what === what);
  assert.equal(found.length, 1, `${found.length} choices of ${what}`);
  return found[0] as ChoiceEvent;
}
