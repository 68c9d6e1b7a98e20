/** Which signature schemes a TLS 1.2 server signs with: the scheme stands in ServerKeyExchange. */
import type { ScanContext } from './context.ts';
import { type Ask, accepted, choiceOf, exhaust, orderOf } from './enumerate.ts';
import type { Accepted, SuiteFacts } from './facts.ts';
import { nameOfScheme, SCHEMES_12 } from './registries.ts';

export async function askSchemes12(
  context: ScanContext,
  suites: readonly SuiteFacts[],
): Promise<Accepted<string> | null> {
  const version = 'TLSv1.2';
  const signed = suites.filter(({ name }) => /_(ECDHE|DHE)_(RSA|ECDSA|DSS)_/.test(name));
  if (signed.length === 0) return null;
  context.stage(`${version} signature schemes`);
  const numbers = signed.map(({ number }) => number);
  const ask: Ask = async (schemes) =>
    choiceOf(
      await context.ask({ version, suites: numbers, schemes }),
      ({ keyExchange }) => keyExchange?.scheme,
    );
  const { chosen, complete } = await exhaust(SCHEMES_12, ask);
  const found = chosen.map(({ value }) => value);
  return accepted(found.map(nameOfScheme), await orderOf(SCHEMES_12, found, ask), complete);
}
