/** Peers of TLS 1.2 that change their messages, protected or not: no MAC and no transcript of theirs catches it. */
import { FLOWS_12, mutual } from '../support/flows12.ts';
import type { PairOptions } from '../support/pair.ts';
import { testProtected } from './protected.ts';

const FLOWS: Readonly<Record<string, PairOptions>> = Object.fromEntries(
  Object.entries(FLOWS_12).map(([name, flow], i) => [name, i % 2 === 0 ? flow : mutual(flow)]),
);

// A changed ClientKeyExchange gives other keys, and a changed Finished does not fit.
testProtected(FLOWS, ['ERR_UNEXPECTED_MESSAGE', 'ERR_DECODE', 'ERR_BAD_FINISHED']);
