/** TLS 1.2, with random changes, and providers that answer at once and later. */
import { test } from 'node:test';
import fc from 'fast-check';
import { observe, observeLate, RECORDED_12, recordedStream } from '../support/recorded.ts';
import { apply, assertPrefix, assertSound, change, testMutation } from './mutation.ts';

testMutation(RECORDED_12);

for (const flow of RECORDED_12) {
  for (const role of ['client', 'server'] as const) {
    test(`${flow}: changes on the way to a ${role} that answers late`, async () => {
      const stream = recordedStream(flow, role);
      const truth = observe(flow, role, [stream]).events;
      const changes = fc.array(change, { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(changes, fc.nat(), async (how, seed) => {
          const observation = await observeLate(flow, role, [how.reduce(apply, stream)], seed);
          assertSound(observation);
          assertPrefix(observation.events, truth);
        }),
        { numRuns: 40 },
      );
    });
  }
}
