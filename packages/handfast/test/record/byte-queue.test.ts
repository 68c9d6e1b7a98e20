import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { ByteQueue } from '../../src/record/byte-queue.ts';
import { concat } from '../../src/wire/bytes.ts';

test('bytes come out as they went in, however both sides cut them', () => {
  const step = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ push: bytes })),
    fc.nat(6000).map((length) => ({ push: new Uint8Array(length).map((_, i) => i * 7) })),
    fc.nat(3000).map((count) => ({ take: count })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ByteQueue();
      let expected: Uint8Array = new Uint8Array(0);
      for (const action of steps) {
        if ('push' in action) {
          queue.push(action.push);
          expected = concat(expected, action.push);
        } else {
          const count = Math.min(action.take, expected.length);
          if (count > 0) assert.equal(queue.at(count - 1), expected[count - 1]);
          assert.deepEqual(queue.take(count), expected.slice(0, count));
          expected = expected.slice(count);
        }
        assert.equal(queue.length, expected.length);
      }
    }),
  );
});

test('what was taken stays as it is while more arrives', () => {
  const queue = new ByteQueue();
  queue.push(Uint8Array.of(1, 2, 3));
  const taken = queue.take(2);
  queue.push(Uint8Array.of(4, 5));
  assert.deepEqual(taken, Uint8Array.of(1, 2));
  assert.deepEqual(queue.take(3), Uint8Array.of(3, 4, 5));
});

test('asks beyond the end are refused', () => {
  const queue = new ByteQueue();
  queue.push(Uint8Array.of(1));
  assert.throws(() => queue.at(1), RangeError);
  assert.throws(() => queue.take(2), RangeError);
  assert.equal(queue.take(0).length, 0);
});

test('two million single bytes cost time in proportion', { timeout: 20_000 }, () => {
  const queue = new ByteQueue();
  const byte = Uint8Array.of(7);
  for (let i = 0; i < 2_000_000; i++) queue.push(byte);
  for (let i = 0; i < 2_000; i++) assert.equal(queue.take(1000).length, 1000);
  assert.equal(queue.length, 0);
});

test('a queue that is never quite empty does not grow with what has passed through it', {
  timeout: 20_000,
}, () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const queue = new ByteQueue();
  const chunk = new Uint8Array(600);
  queue.push(new Uint8Array(1));
  const pass = (count: number): number => {
    for (let i = 0; i < count; i++) {
      queue.push(chunk);
      queue.take(chunk.length);
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = pass(10_000);
  const growth = pass(1_000_000) - before;
  assert.equal(queue.length, 1);
  assert.ok(growth < 2_000_000, `${growth} bytes for a million chunks`);
});
