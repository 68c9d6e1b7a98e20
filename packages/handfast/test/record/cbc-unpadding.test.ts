/** Unpadding without branches against the plain reading of RFC 5246 section 6.2.3.2. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { areEqual, extractMac, unpad } from '../../src/record/cbc-unpadding.ts';

/** The same, as one would write it without an attacker in mind. */
function plainly(plaintext: Uint8Array, macLength: number): ReturnType<typeof unpad> {
  const claimed = plaintext.at(-1) as number;
  const room = plaintext.length - 1 - macLength;
  const isGood = claimed <= room && plaintext.subarray(-1 - claimed).every((byte) => byte === claimed);
  const paddingLength = isGood ? claimed : 0;
  return { isGood: isGood ? -1 : 0, paddingLength, contentLength: room - paddingLength };
}

const macLengths = fc.constantFrom(0, 20, 32, 48);

test('padding of every length is found, as far as there is room', () => {
  for (const macLength of [0, 20, 32, 48]) {
    for (const room of [0, 1, 15, 100, 254, 255, 256, 300, 1000]) {
      for (let claimed = 0; claimed < 256; claimed++) {
        const plaintext = new Uint8Array(room + macLength + 1).fill(
          claimed,
          Math.max(0, room + macLength - claimed),
        );
        const found = unpad(plaintext, macLength);
        assert.deepEqual(found, plainly(plaintext, macLength));
        assert.equal(found.isGood, claimed <= room ? -1 : 0);
      }
    }
  }
});

test('any change of any padding byte is found, and no change of another byte is', () => {
  fc.assert(
    fc.property(
      macLengths,
      fc.nat(400),
      fc.nat(255),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (macLength, contentLength, claimed, where, change) => {
        const plaintext = new Uint8Array(contentLength + macLength + claimed + 1);
        plaintext.fill(claimed, contentLength + macLength);
        const place = where % plaintext.length;
        plaintext[place] = (plaintext[place] as number) ^ change;
        assert.deepEqual(unpad(plaintext, macLength), plainly(plaintext, macLength));
        if (place < contentLength + macLength) assert.equal(unpad(plaintext, macLength).isGood, -1);
        else if (place < plaintext.length - 1) assert.equal(unpad(plaintext, macLength).isGood, 0);
      },
    ),
    { numRuns: 2000 },
  );
});

test('random bytes are judged as they would be plainly', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 49, maxLength: 600 }),
    fc
      .array(fc.constantFrom(0, 1, 2, 3), { minLength: 49, maxLength: 600 })
      .map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(bytes, macLengths, (plaintext, macLength) => {
      assert.deepEqual(unpad(plaintext, macLength), plainly(plaintext, macLength));
    }),
    { numRuns: 2000 },
  );
});

test('the MAC is found at every place where it can be', () => {
  for (const macLength of [20, 32, 48]) {
    for (const length of [macLength + 1, macLength + 17, 255, 256, 257, 256 + macLength, 400, 1000]) {
      const plaintext = Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
      for (let paddingLength = 0; paddingLength < 256; paddingLength++) {
        const start = length - 1 - paddingLength - macLength;
        if (start < 0) break;
        assert.deepEqual(extractMac(plaintext, start, macLength), plaintext.slice(start, start + macLength));
      }
    }
  }
});

test('equal is every byte equal', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 48 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, where, change) => {
        const other = bytes.slice();
        assert.equal(areEqual(bytes, other), -1);
        const place = where % bytes.length;
        other[place] = (other[place] as number) ^ change;
        assert.equal(areEqual(bytes, other), 0);
      },
    ),
  );
});

/** The bytes that `read` looks at, in order. */
function places(plaintext: Uint8Array, read: (watched: Uint8Array) => void): (string | symbol)[] {
  const seen: (string | symbol)[] = [];
  const watched = new Proxy(plaintext, {
    get: (target, property) => {
      seen.push(property);
      return Reflect.get(target, property, target);
    },
  });
  read(watched);
  return seen;
}

test('which bytes are read, and in which order, follows from the length alone', () => {
  for (const macLength of [20, 32, 48]) {
    for (const length of [macLength + 1, 64, 304, 320, 1000]) {
      const fillings = [
        ...Array.from({ length: 256 }, (_, byte) => new Uint8Array(length).fill(byte)),
        ...Array.from({ length: 50 }, (_, seed) => Uint8Array.from({ length }, (_, i) => (i * seed) & 0xff)),
      ];
      const traces = fillings.map((plaintext) =>
        places(plaintext, (watched) => {
          const { contentLength } = unpad(watched, macLength);
          extractMac(watched, contentLength, macLength);
        }).join(' '),
      );
      assert.equal(new Set(traces).size, 1);
    }
  }
});
