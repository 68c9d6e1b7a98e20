/** Honest sides of TLS 1.3. */
import fc from 'fast-check';
import { NamedGroup } from '../../src/wire/registry.ts';
import { identityOf } from '../support/identities.ts';
import type { PairOptions } from '../support/pair.ts';
import { endpoint, inSteps, testHonest } from './honest.ts';

const options: fc.Arbitrary<PairOptions> = fc
  .record({
    client: endpoint,
    server: endpoint,
    isAsking: fc.boolean(),
    groups: fc.subarray([NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1], { minLength: 1 }),
    step: fc.integer({ min: 1, max: 5000 }),
  })
  .map(({ client, server, isAsking, groups, step }) => ({
    client: { ...client, identities: [identityOf('client')] },
    server: { ...server, groups, clientAuthentication: isAsking ? 'require' : 'none' },
    cut: inSteps(step),
  }));

testHonest(options);
