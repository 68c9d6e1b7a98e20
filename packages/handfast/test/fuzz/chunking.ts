/** However the stream of bytes is cut, down to single bytes, the events, the trace and the answers are the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { singleBytes } from '../support/pair.ts';
import { type FlowName, observe, recordedStream } from '../support/recorded.ts';

export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, i) => bytes.slice(cuts[i], end));
}

/** One conversation for each flow, as either side sees it. */
export function testChunking(flows: readonly FlowName[]): void {
  for (const flow of flows) {
    for (const role of ['client', 'server'] as const) {
      const stream = recordedStream(flow, role);
      const whole = observe(flow, role, [stream], { trace: true });
      const same = (pieces: readonly Uint8Array[]): void => {
        const { events, trace, outgoing } = observe(flow, role, pieces, { trace: true });
        assert.deepEqual(events, whole.events);
        assert.deepEqual(trace, whole.trace);
        assert.equal(outgoing, whole.outgoing);
      };

      test(`${flow}, as the ${role} sees it: the whole conversation, in one piece`, () => {
        assert.equal(whole.error, undefined, whole.error?.message);
        assert.match(whole.events[0] ?? '', /^(early|established)/);
        assert.equal(whole.events.at(-1), 'end');
        const data = whole.events.filter((event) => event.startsWith('data'));
        assert.equal(data.join('').replaceAll('data ', '').length, 2 * (5 + 1000 + 7));
        assert.ok(whole.trace.length > 20);
      });

      test(`${flow}, as the ${role} sees it: in single bytes`, () => same(singleBytes(stream)));

      test(`${flow}, as the ${role} sees it: in two pieces, cut anywhere`, () => {
        for (let at = 0; at <= stream.length; at += 53) same(cutAt(stream, [at]));
      });

      test(`${flow}, as the ${role} sees it: in any pieces, some of them empty`, () => {
        const places = fc.array(fc.nat(stream.length), { maxLength: 60 });
        fc.assert(
          fc.property(places, (cuts) => same(cutAt(stream, cuts))),
          { numRuns: 40 },
        );
      });
    }
  }
}
