/** The parts of sessions that no message of TLS has: read strictly, written strictly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flag, milliseconds, optional, text } from '../../src/session/codecs.ts';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { type Codec, decode, encode, uint16 } from '../../src/wire/codec.ts';
import { sampleSource, seeds } from '../wire/support.ts';

const LIMIT = { timeout: 10_000 };

const CODECS = [optional(uint16), optional(text(1, 300)), flag, milliseconds, text(0, 40)] as const;

function read<T>(codec: Codec<T>, hex: string): T {
  return decode(codec, 'Test', fromHex(hex));
}

test('samples come back from their bytes', LIMIT, () => {
  for (const codec of CODECS as readonly Codec<unknown>[]) {
    fc.assert(
      fc.property(seeds, (seed) => {
        const value = codec.sample(sampleSource(seed));
        assert.deepEqual(decode(codec, 'Test', encode(codec, value)), value);
      }),
    );
  }
});

test('0 and 1 are flags, and nothing else', LIMIT, () => {
  assert.equal(read(flag, '00'), false);
  assert.equal(read(flag, '01'), true);
  for (const byte of ['02', '80', 'ff']) assert.throws(() => read(flag, byte), /expected 0 or 1/);
  assert.throws(() => read(optional(uint16), '02 0001'), /expected 0 or 1/);
});

test('what is absent takes one byte, and what is there must be whole', LIMIT, () => {
  assert.equal(toHex(encode(optional(uint16), undefined)), '00');
  assert.equal(toHex(encode(optional(uint16), 0)), '010000');
  assert.equal(read(optional(uint16), '00'), undefined);
  assert.throws(() => read(optional(uint16), '01 00'), /expected 2 bytes, found 1/);
  assert.throws(() => read(optional(uint16), '00 0001'), /2 bytes left over/);
});

test('times are whole milliseconds of six bytes', LIMIT, () => {
  const times: readonly [number, string][] = [
    [0, '000000000000'],
    [1, '000000000001'],
    [0xffffffff, '0000ffffffff'],
    [0x100000000, '000100000000'],
    [1_795_000_000_000, '01a1ee565e00'],
    [253_402_300_799_999, 'e677d21fdbff'],
    [2 ** 48 - 1, 'ffffffffffff'],
  ];
  for (const [time, hex] of times) {
    assert.equal(toHex(encode(milliseconds, time)), hex);
    assert.equal(read(milliseconds, hex), time);
  }
  const { NaN: none, POSITIVE_INFINITY: forever } = Number;
  for (const time of [-1, 0.5, 2 ** 48, none, forever, -forever]) {
    assert.throws(() => encode(milliseconds, time), RangeError, String(time));
  }
});

test('texts are printable ASCII within their bounds', LIMIT, () => {
  const codec = text(1, 3);
  assert.equal(read(codec, '03 207e41'), ' ~A');
  for (const hex of ['00', '04 41414141', '01 1f', '01 7f', '01 80', '02 41']) {
    assert.throws(() => read(codec, hex), { name: 'TlsError' }, hex);
  }
  for (const value of ['', 'four', '\u007f', '\n', '\u00e9', '\u{1f512}']) {
    assert.throws(() => encode(codec, value), RangeError, JSON.stringify(value));
  }
});
