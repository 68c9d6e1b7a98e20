/** Which cipher suites a server accepts in a version, which it prefers, and what key exchange comes with them. */
import type { ScanContext } from './context.ts';
import { type Ask, accepted, type Choice, choiceOf, exhaust, merge, orderOf } from './enumerate.ts';
import type { Accepted, SuiteFacts } from './facts.ts';
import type { Flight } from './flight.ts';
import type { Version } from './hello.ts';
import { nameOfGroup } from './registries.ts';
import { suiteName } from './suites.ts';
import { portions } from './versions.ts';

function factsOf(number: number, flight: Flight | undefined): SuiteFacts {
  const { group = flight?.keyExchange?.group, keyExchange } = flight ?? {};
  return {
    number,
    name: suiteName(number),
    ...(group === undefined ? {} : { group: nameOfGroup(group) }),
    ...(keyExchange?.bits === undefined ? {} : { bits: keyExchange.bits }),
  };
}

/** Asks until the server refuses. */
export async function askSuites(context: ScanContext, version: Version): Promise<Accepted<SuiteFacts>> {
  context.stage(`${version} cipher suites`);
  const ask: Ask = async (suites) =>
    choiceOf(await context.ask({ version, suites }), (flight) =>
      flight.version === version ? flight.suite : undefined,
    );
  const flights = new Map<number, Flight>();
  const lists: number[][] = [];
  let complete = true;
  const candidates = portions(version);
  for (const portion of candidates) {
    const found = await exhaust(portion, ask);
    for (const { value, flight } of found.chosen) if (flight !== undefined) flights.set(value, flight);
    lists.push(found.chosen.map(({ value }: Choice & { kind: 'chosen' }) => value));
    complete &&= found.complete;
  }
  const found = lists.flat();
  const order = await orderOf(candidates.flat(), await bestFirst(lists, ask), ask);
  const sorted = order === 'client' ? found : await merge(lists, ask);
  return accepted(
    sorted.map((number) => factsOf(number, flights.get(number))),
    order,
    complete,
  );
}

/** What was found, with the server's choice among all of it in front. */
async function bestFirst(lists: readonly (readonly number[])[], ask: Ask): Promise<number[]> {
  const all = lists.flat();
  if (lists.filter(({ length }) => length > 0).length < 2) return all;
  const best = await ask(all);
  return best.kind === 'chosen' ? [best.value, ...all.filter((value) => value !== best.value)] : all;
}
