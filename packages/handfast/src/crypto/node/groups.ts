/** The key-exchange groups that this runtime has. */
import { getCurves, randomFillSync } from 'node:crypto';
import type { NamedGroup } from '../../wire/registry.ts';
import { HYBRIDS, hybrid } from '../hybrid.ts';
import { mlKemExchange } from '../ml-kem.ts';
import type { KeyExchange } from '../provider.ts';
import { ffdheExchanges } from './finite-field.ts';
import { nativeMlKem } from './ml-kem.ts';
import { nobleMlKem } from './ml-kem-noble.ts';
import { montgomery } from './montgomery.ts';
import { NIST_CURVES, nist } from './nist.ts';

function curves(): readonly KeyExchange[] {
  const known = new Set(getCurves());
  const nistExchanges = Object.values(NIST_CURVES)
    .filter((curve) => known.has(curve.openssl))
    .map(nist);
  return [...montgomery('x25519'), ...nistExchanges, ...montgomery('x448')];
}

function offered(): ReadonlyMap<NamedGroup, KeyExchange> {
  const classical = [...curves(), ...ffdheExchanges()];
  const noble = nobleMlKem((length) => randomFillSync(new Uint8Array(length)));
  const kems = [...noble].map(([group, fallback]) =>
    mlKemExchange(group, nativeMlKem.get(group) ?? fallback),
  );
  const halves = new Map([...classical, ...kems].map((exchange) => [exchange.group, exchange]));
  const hybrids = [...HYBRIDS].flatMap(([group, definition]) => {
    const curve = halves.get(definition.classical);
    const kem = halves.get(definition.kem);
    return curve === undefined || kem === undefined ? [] : [hybrid(group, curve, kem, definition.order)];
  });
  return new Map([...classical, ...hybrids, ...kems].map((exchange) => [exchange.group, exchange]));
}

/** By number, in the order X25519, P-256, P-384, P-521, X448, finite fields by size, hybrids, ML-KEM alone. */
export const groups: ReadonlyMap<NamedGroup, KeyExchange> = offered();
