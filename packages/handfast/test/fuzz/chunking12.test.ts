/** TLS 1.2, cut anywhere, with providers that answer at once and later. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { singleBytes } from '../support/pair.ts';
import { observe, observeLate, RECORDED_12, recordedStream } from '../support/recorded.ts';
import { sampleSource } from '../wire/support.ts';
import { cutAt, testChunking } from './chunking.ts';

testChunking(RECORDED_12);

for (const flow of RECORDED_12) {
  for (const role of ['client', 'server'] as const) {
    const stream = recordedStream(flow, role);
    const whole = observe(flow, role, [stream]);

    test(`${flow}, as the ${role} sees it: with late answers, in any pieces`, async () => {
      // What is ready travels while a key far away signs, so flights are cut into records in another way.
      const { outgoing: expected } = await observeLate(flow, role, [stream], 1);
      const same = async (pieces: readonly Uint8Array[], seed: number): Promise<void> => {
        const { events, outgoing } = await observeLate(flow, role, pieces, seed);
        assert.deepEqual(events, whole.events);
        assert.equal(outgoing, expected);
      };
      await same([stream], 2);
      await same(singleBytes(stream), 3);
      for (let seed = 4; seed < 30; seed++) {
        const { below } = sampleSource(seed);
        const places = Array.from({ length: below(20) }, () => below(stream.length));
        await same(cutAt(stream, places), seed);
      }
    });
  }
}
