/** Honest sides of TLS 1.3. */
import fc from 'fast-check';
import { NamedGroup } from '../../src/wire/registry.ts';
import { identityOf } from '../support/identities.ts';
import type { PairOptions } from '../support/pair.ts';
import { acquainted, later, MAX_EARLY_DATA } from '../support/sessions.ts';
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

testHonest('any conversation', options);

const known = acquainted();

/** Sides that have met before, the client with something to send early: it is told apart from all that comes later. */
const resumed: fc.Arbitrary<PairOptions> = fc
  .record({
    client: endpoint,
    server: endpoint,
    early: fc.nat(MAX_EARLY_DATA),
    isTaken: fc.boolean(),
    isRetried: fc.boolean(),
    step: fc.integer({ min: 1, max: 5000 }),
  })
  .map(({ client, server, early, isTaken, isRetried, step }) => ({
    ...later(known, { client, server: { ...server, ...(isRetried && { groups: [NamedGroup.secp256r1] }) } }),
    target: { name: 'localhost', earlyData: { data: new Uint8Array(early).fill(0xee) } },
    handlers: { server: isTaken ? { onEarlyData: () => {} } : {} },
    cut: inSteps(step),
  }));

testHonest('any conversation of sides that have met before', resumed);
