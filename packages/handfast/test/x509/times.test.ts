import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isoTime } from '../../src/x509/checks.ts';

test('times are shown as ISO 8601 has them, to the second, whenever they are', () => {
  const shown = (time: number): string => `${new Date(time).toISOString().slice(0, -5)}Z`;
  const edges = [
    0,
    -1,
    999,
    -62_135_596_800_000,
    Date.UTC(999, 11, 31),
    Date.UTC(1000, 0, 1),
    Date.UTC(9999, 11, 31),
  ];
  for (const time of [...edges, 8_640_000_000_000_000]) assert.equal(isoTime(time), shown(time));
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (date) =>
      assert.equal(isoTime(date.getTime()), shown(date.getTime())),
    ),
  );
  assert.throws(() => isoTime(Number.NaN), RangeError);
});
