/** Which groups and curves a server accepts for the key exchange. */
import type { ScanContext } from './context.ts';
import { type Ask, accepted, choiceOf, exhaust, orderOf } from './enumerate.ts';
import type { Accepted, ScanFacts, SuiteFacts } from './facts.ts';
import type { Flight } from './flight.ts';
import type { Version } from './hello.ts';
import { CURVES_12, GROUPS_13, nameOfGroup } from './registries.ts';

/** Groups of TLS 1.3: the server's choice stands in its hello, also where it asks for a second one. */
export async function askGroups13(
  context: ScanContext,
  suites: readonly SuiteFacts[],
): Promise<Accepted<string>> {
  context.stage('TLSv1.3 groups');
  const numbers = suites.map(({ number }) => number);
  const ask: Ask = async (groups) =>
    choiceOf(await context.ask({ version: 'TLSv1.3', suites: numbers, groups }), ({ group }) => group);
  const { chosen, complete } = await exhaust(GROUPS_13, ask);
  const found = chosen.map(({ value }) => value);
  // Where every hello brings key shares, the server may well prefer a group that saves it a round trip.
  const order = context.needsShares ? null : await orderOf(GROUPS_13, found, ask);
  return accepted(found.map(nameOfGroup), order, complete);
}

/**
 * Curves of older versions: the server's choice stands in ServerKeyExchange. A server with an ECDSA certificate may
 * refuse clients that do not know the curve of its key (RFC 8422 section 5.1), so RSA suites are asked first, and else
 * that curve stays in the list, last.
 */
export async function askCurves(
  context: ScanContext,
  version: Version,
  suites: readonly SuiteFacts[],
): Promise<ScanFacts['curves']> {
  const ephemeral = suites.filter(({ name }) => /_ECDHE_|_ECDH_anon_/.test(name));
  const withoutCurve = ephemeral.filter(({ name }) => !name.includes('_ECDSA_'));
  const offered = withoutCurve.length > 0 ? withoutCurve : ephemeral;
  if (offered.length === 0) return null;
  context.stage(`${version} curves`);
  const numbers = offered.map(({ number }) => number);
  const curve = ({ keyExchange }: Flight): number | undefined => keyExchange?.group;
  const ask: Ask = async (groups) =>
    choiceOf(await context.ask({ version, suites: numbers, groups }), (flight) =>
      flight.version === version ? curve(flight) : undefined,
    );
  const { chosen, complete } = await exhaust(CURVES_12, ask);
  const found = chosen.map(({ value }) => value);
  const others = withoutCurve.length > 0 ? [] : await askBeside(found, ask);
  const all = [...found, ...others];
  const order = await orderOf(CURVES_12, all, ask);
  return { version, ...accepted(all.map(nameOfGroup), order, complete) };
}

/** More curves of a server that insists on one that it chose already: that one stays in the list, at its end. */
async function askBeside(found: readonly number[], ask: Ask): Promise<readonly number[]> {
  for (const kept of found) {
    const rest = CURVES_12.filter((group) => !found.includes(group));
    const { chosen } = await exhaust(rest, async (groups) => ask([...groups, kept]));
    const others = chosen.map(({ value }) => value);
    if (others.length > 0) return others;
  }
  return [];
}
