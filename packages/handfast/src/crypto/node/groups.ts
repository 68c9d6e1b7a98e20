/** The key-exchange groups that this runtime has. */
import { getCurves } from 'node:crypto';
import type { NamedGroup } from '../../wire/registry.ts';
import type { KeyExchange } from '../provider.ts';
import { montgomery } from './montgomery.ts';
import { NIST_CURVES, nist } from './nist.ts';

function offered(): ReadonlyMap<NamedGroup, KeyExchange> {
  const known = new Set(getCurves());
  const nistExchanges = Object.values(NIST_CURVES)
    .filter((curve) => known.has(curve.openssl))
    .map(nist);
  const exchanges = [...montgomery('x25519'), ...nistExchanges, ...montgomery('x448')];
  return new Map(exchanges.map((exchange) => [exchange.group, exchange]));
}

/** By number, in the order X25519, P-256, P-384, P-521, X448. */
export const groups: ReadonlyMap<NamedGroup, KeyExchange> = offered();
