/**
 * Random bytes, and recorded conversations with random changes: nothing is thrown, no error is our own fault, and
 * what a connection tells before it refuses is the truth.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Role } from '../../src/trace/events.ts';
import { concat, equalBytes } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { type FlowName, type Observation, observe, recordedStream } from '../support/recorded.ts';

const ROLES: readonly Role[] = ['client', 'server'];

/** A connection that was fed with anything may have failed, but by the peer's fault and with a clear error. */
export function assertSound({ error, events, connection }: Omit<Observation, 'trace'>): void {
  if (error !== undefined) {
    assert.ok(error instanceof TlsError);
    assert.notEqual(error.code, 'ERR_INTERNAL', error.stack);
    assert.ok(error.message.length > 10);
    assert.equal(events.filter((event) => event.startsWith('error')).length, 1);
    assert.match(events.at(-1) ?? '', /^error/);
  }
  connection.receiveEnd();
  assert.ok(connection.error !== undefined || connection.hasEnded);
}

/** No handler was told anything but an error. */
function assertNothingBelieved(observation: Observation): void {
  assertSound(observation);
  assert.deepEqual(
    observation.events.filter((event) => !event.startsWith('error')),
    [],
  );
}

const bytes = fc.uint8Array({ maxLength: 600 });

/** A record with a plausible header. */
const someRecord = fc
  .tuple(
    fc.constantFrom(...Object.values(ContentType), 0, 24, 255),
    fc.constantFrom(0x0301, 0x0303, 0x0304, 0x0200),
    fc.oneof(
      bytes,
      fc
        .tuple(fc.constantFrom(...Object.values(HandshakeType), 99), bytes, fc.integer({ min: -2, max: 2 }))
        .map(([type, body, off]) => {
          const length = Math.max(0, body.length + (off === 2 ? 0xfffff : off === -2 ? 0 : off));
          return concat(Uint8Array.of(type, length >> 16, (length >> 8) & 0xff, length & 0xff), body);
        }),
    ),
    fc.boolean(),
  )
  .map(([type, version, fragment, isHonest]) => {
    const length = isHonest ? fragment.length : fragment.length ^ 0x4001;
    return concat(Uint8Array.of(type, version >> 8, version & 0xff, length >> 8, length & 0xff), fragment);
  });

/** A change to a stream of bytes; `at` and `length` are taken modulo what there is. */
type Change = { readonly kind: 'flip' | 'set' | 'drop' | 'repeat' | 'insert' | 'zero' } & {
  readonly at: number;
  readonly length: number;
  readonly value: number;
};
export const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('flip', 'flip', 'set', 'drop', 'repeat', 'insert', 'zero'),
  at: fc.nat(100_000),
  length: fc.integer({ min: 1, max: 60 }),
  value: fc.nat(255),
});

export function apply(stream: Uint8Array, { kind, at, length, value }: Change): Uint8Array {
  const start = at % stream.length;
  const [before, part, after] = [
    stream.slice(0, start),
    stream.slice(start, start + length),
    stream.slice(start + length),
  ];
  switch (kind) {
    case 'flip':
      return stream.map((byte, i) => (i === start ? byte ^ (1 << (value & 7)) : byte));
    case 'set':
      return stream.map((byte, i) => (i === start ? value : byte));
    case 'drop':
      return concat(before, after);
    case 'repeat':
      return concat(before, part, part, after);
    case 'insert':
      return concat(before, new Uint8Array(length).fill(value), stream.slice(start));
    case 'zero':
      return concat(
        before,
        part.map(() => 0),
        after,
      );
  }
}

/** Whether `events` tell nothing but what `truth` tells, in its order. */
export function assertPrefix(events: readonly string[], truth: readonly string[]): void {
  const told = events.filter((event) => !event.startsWith('error'));
  assert.deepEqual(told, truth.slice(0, told.length));
}

/** Random bytes and records, in either role, for the first of the flows; and changes to the conversations of each. */
export function testMutation(flows: readonly [FlowName, ...FlowName[]]): void {
  const [anyFlow] = flows;
  for (const role of ROLES) {
    test(`random bytes for a ${role}`, () => {
      fc.assert(
        fc.property(fc.array(bytes, { maxLength: 10 }), (pieces) => {
          assertNothingBelieved(observe(anyFlow, role, pieces, { trace: true }));
        }),
        { numRuns: 200 },
      );
    });

    test(`random records for a ${role}`, () => {
      fc.assert(
        fc.property(fc.array(someRecord, { minLength: 1, maxLength: 10 }), (records) => {
          assertNothingBelieved(observe(anyFlow, role, records, { trace: true }));
        }),
        { numRuns: 300 },
      );
    });
  }

  for (const flow of flows) {
    for (const role of ROLES) {
      const stream = recordedStream(flow, role);
      const truth = observe(flow, role, [stream]).events;

      test(`${flow}: changes on the way to a ${role}`, () => {
        fc.assert(
          fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
            const changed = changes.reduce(apply, stream);
            const observation = observe(flow, role, [changed], { trace: true });
            assertSound(observation);
            assertPrefix(observation.events, truth);
          }),
          { numRuns: 150 },
        );
      });

      test(`${flow}: single bits changed on the way to a ${role}`, () => {
        let unnoticed = 0;
        for (let at = 0; at < stream.length; at += at < 5 ? 1 : 7) {
          const changed = apply(stream, { kind: 'flip', at, length: 1, value: at });
          const observation = observe(flow, role, [changed]);
          assertPrefix(observation.events, truth);
          if (observation.error === undefined && observation.events.length === truth.length) unnoticed++;
          assertSound(observation);
        }
        // What nothing protects: versions of plaintext records (one byte of two is checked), and no more.
        assert.ok(unnoticed <= 6, `${unnoticed} changes went unnoticed`);
      });

      test(`${flow}: the stream to a ${role} cut off anywhere`, () => {
        for (let length = 0; length < stream.length; length += 37) {
          const observation = observe(flow, role, [stream.slice(0, length)]);
          assert.equal(observation.error, undefined);
          assertPrefix(observation.events, truth);
          observation.connection.receiveEnd();
          const isWhole = observation.events.at(-1) === 'end';
          assert.equal(observation.connection.error?.code, isWhole ? undefined : 'ERR_TRUNCATED');
        }
      });
    }
  }

  test('the conversations of different flows are different', () => {
    const [first, ...others] = flows.map((flow) => recordedStream(flow, 'client'));
    assert.ok(first);
    for (const stream of others) assert.ok(!equalBytes(first, stream));
  });
}
