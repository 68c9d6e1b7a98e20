/** The record of ClientHellos: each is new once at most, whatever is tried. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EARLY_DATA_WINDOW } from '../../src/session/limits.ts';
import { MemoryReplayGuard, type MemoryReplayGuardOptions } from '../../src/session/replay.ts';
import { sampleSource, seeds } from '../wire/support.ts';
import { DAY, NOW } from './support.ts';

const LIMIT = { timeout: 30_000 };
const WINDOW = 2 * EARLY_DATA_WINDOW;
/** Long enough before NOW that nothing which comes now can have come before it. */
const STARTED = NOW - DAY;

function guard(options: Partial<MemoryReplayGuardOptions> = {}): MemoryReplayGuard {
  return new MemoryReplayGuard({ startedAt: STARTED, ...options });
}

/** A key of its own for each number. */
function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(28, number);
  return key;
}

test('a ClientHello is new once, whoever asks and how often', LIMIT, () => {
  const replays = guard();
  assert.equal(replays.isNew(keyOf(1), NOW + 1000, NOW), true);
  for (let i = 0; i < 10_000; i++) assert.equal(replays.isNew(keyOf(1), NOW + 1000, NOW + (i % 1001)), false);
  assert.equal(replays.isNew(keyOf(2), NOW + 1000, NOW), true);
  assert.equal(replays.size, 2);
});

test('every bit of the key counts, and its length', LIMIT, () => {
  const replays = guard();
  assert.equal(replays.isNew(keyOf(0), NOW + 1000, NOW), true);
  for (let bit = 0; bit < 256; bit++) {
    const key = keyOf(0);
    key[bit >> 3] = 1 << (bit & 7);
    assert.equal(replays.isNew(key, NOW + 1000, NOW), true);
    assert.equal(replays.isNew(key, NOW + 1000, NOW), false);
  }
  for (const length of [0, 31, 33]) {
    assert.throws(() => replays.isNew(new Uint8Array(length), NOW + 1000, NOW), /expected a key of 32 bytes/);
  }
});

test('it is new from a window before it expires to the moment when it does, and not outside', LIMIT, () => {
  const asked: readonly [number, boolean][] = [
    [NOW - WINDOW - 1, false],
    [NOW - WINDOW, true],
    [NOW - 1, true],
    [NOW, true],
    [NOW + 1, false],
  ];
  for (const [now, expected] of asked) {
    const replays = guard();
    assert.equal(replays.isNew(keyOf(1), NOW, now), expected, `${now - NOW} ms from its end`);
    assert.equal(replays.size, expected ? 1 : 0);
  }
});

test('its record stays until it expires, and is dropped after that', LIMIT, () => {
  const replays = guard();
  replays.isNew(keyOf(1), NOW + 10, NOW);
  assert.equal(replays.isNew(keyOf(1), NOW + 10, NOW + 10), false);
  replays.isNew(keyOf(2), NOW + 100, NOW + 10);
  assert.equal(replays.size, 2);
  replays.isNew(keyOf(3), NOW + 100, NOW + 11);
  assert.equal(replays.size, 2);
});

test('what may have come before the start is refused, to the millisecond', LIMIT, () => {
  for (const window of [1, 1000, WINDOW]) {
    const replays = guard({ startedAt: NOW, window });
    // Another process may have taken this one in the last millisecond before the start, or in that of the start.
    assert.equal(replays.isNew(keyOf(1), NOW + window - 1, NOW + window - 1), false);
    assert.equal(replays.isNew(keyOf(1), NOW + window, NOW + window), false);
    assert.equal(replays.isNew(keyOf(1), NOW + window + 1, NOW + window), true);
  }
});

test('a restart lets nothing pass twice: what one process took, the next refuses', LIMIT, () => {
  fc.assert(
    fc.property(fc.nat(WINDOW), fc.nat(WINDOW), fc.nat(WINDOW), (before, down, after) => {
      const taken = NOW + before;
      const expiresAt = NOW + WINDOW;
      assert.equal(guard().isNew(keyOf(1), expiresAt, taken), true);
      const next = guard({ startedAt: taken + down });
      assert.equal(next.isNew(keyOf(1), expiresAt, taken + down + after), false);
    }),
  );
});

test('when it is full of what could come again it refuses, and forgets none', LIMIT, () => {
  const replays = guard({ maxEntries: 100 });
  for (let i = 0; i < 100; i++) assert.equal(replays.isNew(keyOf(i), NOW + 1000 + i, NOW), true);
  for (let i = 100; i < 1000; i++) assert.equal(replays.isNew(keyOf(i), NOW + 9000, NOW + 1000), false);
  for (let i = 0; i < 100; i++) assert.equal(replays.isNew(keyOf(i), NOW + 1000 + i, NOW + 1000), false);
  assert.equal(replays.size, 100);
  // One has expired, and makes room for one.
  assert.equal(replays.isNew(keyOf(100), NOW + 9000, NOW + 1001), true);
  assert.equal(replays.isNew(keyOf(101), NOW + 9000, NOW + 1001), false);
  // What was refused for want of room is new once there is some.
  assert.equal(replays.isNew(keyOf(101), NOW + 9000, NOW + 1002), true);
});

test('what has expired makes room in whatever order it came', LIMIT, () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 50 }), fc.nat(60), (ends, later) => {
      const replays = guard({ maxEntries: ends.length });
      for (const [i, end] of ends.entries()) assert.ok(replays.isNew(keyOf(i), NOW + end, NOW));
      replays.isNew(keyOf(0), NOW - 1, NOW + later); // never new, but it drops what has expired
      assert.equal(replays.size, ends.filter((end) => end >= later).length);
    }),
    { numRuns: 500 },
  );
});

test('a clock that goes forward and back makes nothing new again', LIMIT, () => {
  const replays = guard();
  assert.equal(replays.isNew(keyOf(1), NOW + 1000, NOW), true);
  replays.isNew(keyOf(2), NOW + DAY, NOW + DAY); // the record of the first is gone
  assert.equal(replays.size, 1);
  assert.equal(replays.isNew(keyOf(1), NOW + 1000, NOW), false);
  // Nor is what the record could have held, but what expires later is.
  assert.equal(replays.isNew(keyOf(3), NOW + 1000, NOW), false);
  assert.equal(replays.isNew(keyOf(3), NOW + 1001, NOW), true);
});

test('a clock that was far ahead once locks nobody out for long', LIMIT, () => {
  const replays = guard();
  assert.equal(replays.isNew(keyOf(1), NOW + WINDOW, NOW), true);
  replays.isNew(keyOf(2), NOW + 1000 * DAY, NOW + 1000 * DAY);
  assert.equal(replays.isNew(keyOf(3), NOW + WINDOW, NOW + 1), false);
  assert.equal(replays.isNew(keyOf(3), NOW + WINDOW + 1, NOW + 1), true);
});

test('whatever the clock and the order, no ClientHello is new twice, and no bound is passed', LIMIT, () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, maxEntries) => {
      const random = sampleSource(seed);
      const replays = guard({ window: 100, maxEntries });
      const ends = Array.from({ length: 60 }, () => NOW + random.below(400));
      const taken = new Set<number>();
      let now = NOW;
      for (let step = 0; step < 600; step++) {
        if (random.below(20) === 0)
          now = NOW + random.below(500); // to any time
        else now += random.below(3);
        const hello = random.below(ends.length);
        const isNew = replays.isNew(keyOf(hello), ends[hello] as number, now);
        if (isNew) assert.ok(!taken.has(hello), `${hello} is new twice`);
        if (isNew) taken.add(hello);
        assert.ok(replays.size <= maxEntries);
      }
      assert.ok(taken.size > 0);
    }),
    { numRuns: 300 },
  );
});

test('with a clock that only goes forward it refuses no more than it must', LIMIT, () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, maxEntries) => {
      const random = sampleSource(seed);
      const replays = guard({ window: 100, maxEntries });
      let live: { hello: number; end: number }[] = [];
      const ends = Array.from({ length: 200 }, () => NOW + random.below(400));
      const seen = new Set<number>();
      for (let now = NOW, step = 0; step < 500; step++, now += random.below(3)) {
        const hello = random.below(ends.length);
        const end = ends[hello] as number;
        live = live.filter((record) => record.end >= now);
        const expected = now >= end - 100 && now <= end && !seen.has(hello) && live.length < maxEntries;
        assert.equal(replays.isNew(keyOf(hello), end, now), expected);
        if (expected) seen.add(hello);
        if (expected) live.push({ hello, end });
        assert.equal(replays.size, live.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('times that are no numbers are refused', LIMIT, () => {
  const replays = guard();
  const { NaN: none, POSITIVE_INFINITY: forever } = Number;
  for (const [expiresAt, now] of [
    [none, NOW],
    [NOW, none],
    [none, none],
    [forever, NOW],
    [-forever, NOW],
    [forever, forever],
  ] as const) {
    assert.equal(replays.isNew(keyOf(1), expiresAt, now), false, `${expiresAt} ${now}`);
  }
  assert.equal(replays.isNew(keyOf(1), NOW, NOW), true);
});

test('a million ClientHellos stay within the bound, and keep no process alive', { timeout: 90_000 }, () => {
  const before = process.getActiveResourcesInfo();
  const replays = guard();
  let accepted = 0;
  let most = 0;
  // Two hundred thousand at a time, twice as many as there is room for; then all that is recorded expires.
  for (let i = 0; i < 1_000_000; i++) {
    const now = NOW + Math.floor(i / 200_000) * (WINDOW + 1);
    if (replays.isNew(keyOf(i), now + ((i * 7919) % (WINDOW + 1)), now)) accepted++;
    if (replays.size > most) most = replays.size;
  }
  assert.equal(most, 100_000);
  assert.equal(accepted, 500_000);
  assert.deepEqual(process.getActiveResourcesInfo(), before);
});

test('options that cannot work are refused', LIMIT, () => {
  const wrong: readonly [Partial<MemoryReplayGuardOptions>, string][] = [
    [{ startedAt: Number.NaN }, 'startedAt'],
    [{ startedAt: undefined as never }, 'startedAt'],
    [{ window: 0 }, 'window'],
    [{ window: Number.POSITIVE_INFINITY }, 'window'],
    [{ maxEntries: 0 }, 'maxEntries'],
  ];
  for (const [options, option] of wrong) assert.throws(() => guard(options), { name: 'ConfigError', option });
});
