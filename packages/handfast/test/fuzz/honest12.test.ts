/** Honest sides of TLS 1.2, with every key exchange and every kind of cipher. */
import fc from 'fast-check';
import { FLOWS_12, mutual, withMore } from '../support/flows12.ts';
import type { PairOptions } from '../support/pair.ts';
import { endpoint, inSteps, testHonest } from './honest.ts';

const options: fc.Arbitrary<PairOptions> = fc
  .record({
    flow: fc.constantFrom(...Object.values(FLOWS_12)),
    client: endpoint,
    server: endpoint,
    isAsking: fc.boolean(),
    step: fc.integer({ min: 1, max: 5000 }),
  })
  .map(({ flow, client, server, isAsking, step }) => ({
    ...withMore(isAsking ? mutual(flow) : flow, { client, server }),
    cut: inSteps(step),
  }));

testHonest('any conversation', options);
