/** Verdicts with a fetcher that may talk to loopback. */
import assert from 'node:assert/strict';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { evidenceFetcher, type FetchedVerdict, type FetcherOptions } from '../../src/node/index.ts';
import { concat } from '../../src/wire/bytes.ts';
import { parseCertificate, type TrustAnchor, type VerifyOptions } from '../../src/x509/index.ts';
import type { Issued } from '../support/pki.ts';

export {
  accessInfo,
  certsOnly,
  type EvidenceServer,
  evidenceServer,
  ocspRequestOf,
} from '../support/evidence.ts';

/** A fetcher that may talk to loopback. */
export function localFetcher(options: FetcherOptions) {
  return evidenceFetcher({ allowPrivateAddresses: true, ...options });
}

/** What is thought of a chain for `localhost`, and what was contacted for it. */
export async function judgeFetching(
  options: FetcherOptions | ReturnType<typeof evidenceFetcher>,
  chain: readonly Issued[],
  anchors: readonly (Issued | TrustAnchor)[],
  rules: Partial<VerifyOptions> = {},
): Promise<FetchedVerdict> {
  const fetcher = 'verify' in options ? options : localFetcher(options);
  const [leaf, ...intermediates] = chain.map((one) => parseCertificate(one.der));
  assert.ok(leaf);
  return fetcher.verify({
    provider: nodeProvider,
    leaf,
    intermediates,
    anchors: anchors.map((anchor) =>
      'der' in anchor ? { certificate: parseCertificate(anchor.der) } : anchor,
    ),
    at: Date.now(),
    purpose: 'server',
    name: 'localhost',
    ...rules,
  } as VerifyOptions);
}

/** Contacts in short: purpose and outcome. */
export const brief = ({ contacts }: FetchedVerdict): string[] =>
  contacts.map(({ purpose, outcome, fromCache }) => `${purpose} ${outcome}${fromCache ? ' again' : ''}`);

/** So many bytes. */
export const filler = (length: number): Uint8Array => concat(Uint8Array.of(0x30), new Uint8Array(length - 1));
