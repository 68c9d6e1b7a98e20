import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { AEAD_KEY_LENGTH, AEAD_TAG_LENGTH, type Aead } from '../../src/crypto/provider.ts';
import { MAX_AES_GCM_RECORDS, MAX_CIPHERTEXT_LENGTH, MAX_PLAINTEXT_LENGTH } from '../../src/policy/limits.ts';
import { type RawRecord, RecordFramer } from '../../src/record/framing.ts';
import { KEY_LIMITS, type OpenedRecord, type RecordProtection } from '../../src/record/protection.ts';
import { Protection13 } from '../../src/record/protection13.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { AEAD_NAMES, keyPair, record, sealRecord, syncAead } from './support.ts';

function framed(bytes: Uint8Array): RawRecord {
  const framer = new RecordFramer();
  framer.maxFragmentLength = MAX_CIPHERTEXT_LENGTH;
  framer.push(bytes);
  return framer.next() ?? assert.fail('expected a whole record');
}

function opened(protection: RecordProtection, bytes: Uint8Array): OpenedRecord {
  return protection.open(framed(bytes)) as OpenedRecord;
}

const BAD_MAC = { code: 'ERR_BAD_RECORD_MAC', alert: 'bad_record_mac' };

for (const name of AEAD_NAMES) {
  test(`${name}: what was sealed opens, with type and padding`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(21, 22, 23),
        fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(300))),
        fc.nat(300),
        (type, content, padding) => {
          const { seal, open } = keyPair(name);
          for (let sequence = 0; sequence < 3; sequence++) {
            const bytes = sealRecord(seal, type, content, padding);
            assert.equal(bytes.length, 5 + content.length + 1 + padding + AEAD_TAG_LENGTH[name]);
            assert.deepEqual(opened(open, bytes), { type, content, padding, sequence });
          }
        },
      ),
    );
  });

  test(`${name}: every flipped bit of a record is found`, () => {
    const { seal } = keyPair(name);
    const key = randomBytes(AEAD_KEY_LENGTH[name]);
    const iv = randomBytes(12);
    const protection = () =>
      new Protection13({ aead: syncAead(name, key), aeadName: name, iv, limits: KEY_LIMITS[name] });
    const good = sealRecord(protection(), 23, Uint8Array.of(1, 2, 3, 4));
    assert.deepEqual(opened(protection(), good).content, Uint8Array.of(1, 2, 3, 4));
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      const raw: RawRecord = {
        type: 23,
        version: 0x0303,
        header: bad.subarray(0, 5),
        fragment: bad.subarray(5),
        raw: bad,
      };
      assert.throws(() => protection().open(raw), BAD_MAC, `bit ${bit}`);
    }
    assert.throws(
      () => protection().open(framed(sealRecord(seal, 23, new Uint8Array(4)))),
      BAD_MAC,
      'another key',
    );
  });

  test(`${name}: records that are cut, dropped, repeated or exchanged do not open`, () => {
    const scenes: readonly (readonly [string, (records: Uint8Array[]) => Uint8Array[]])[] = [
      ['repeated', ([a, b, c]) => [a, a, b, c] as Uint8Array[]],
      ['dropped', ([, b, c]) => [b, c] as Uint8Array[]],
      ['exchanged', ([a, b, c]) => [b, a, c] as Uint8Array[]],
      ['cut', ([a]) => [record(23, (a as Uint8Array).subarray(5, -1))]],
      ['lengthened', ([a]) => [record(23, concat((a as Uint8Array).subarray(5), Uint8Array.of(0)))]],
      ['cut to its tag', ([a]) => [record(23, (a as Uint8Array).subarray(5, 5 + AEAD_TAG_LENGTH[name]))]],
      ['cut below the tag', ([a]) => [record(23, (a as Uint8Array).subarray(5, 4 + AEAD_TAG_LENGTH[name]))]],
      ['emptied', () => [record(23, new Uint8Array(0))]],
    ];
    for (const [what, spoil] of scenes) {
      const { seal, open } = keyPair(name);
      const records = [1, 2, 3].map((byte) => sealRecord(seal, 23, Uint8Array.of(byte)));
      assert.throws(
        () => {
          for (const bytes of spoil(records)) opened(open, bytes);
        },
        BAD_MAC,
        what,
      );
    }
  });
}

test('the plaintext may fill a record, and not one byte more', () => {
  const { seal, open } = keyPair();
  assert.equal(
    opened(open, sealRecord(seal, 23, new Uint8Array(MAX_PLAINTEXT_LENGTH))).content.length,
    16384,
  );
  assert.equal(
    opened(open, sealRecord(seal, 23, new Uint8Array(5), MAX_PLAINTEXT_LENGTH - 5)).padding,
    16379,
  );
  const overflow = { code: 'ERR_RECORD_OVERFLOW', alert: 'record_overflow' };
  const longer = sealRecord(seal, 23, new Uint8Array(MAX_PLAINTEXT_LENGTH + 1));
  assert.throws(() => opened(open, longer), overflow);
  const padded = sealRecord(seal, 23, new Uint8Array(5), MAX_PLAINTEXT_LENGTH - 4);
  assert.throws(() => opened(open, padded), overflow);
});

test('a plaintext of zeros has no content type', () => {
  for (const zeros of [0, 1, 200, MAX_PLAINTEXT_LENGTH]) {
    const { seal, open } = keyPair();
    const bytes = sealRecord(seal, 0, new Uint8Array(zeros));
    assert.throws(() => opened(open, bytes), { code: 'ERR_NO_CONTENT_TYPE', alert: 'unexpected_message' });
  }
});

test('the nonce is the iv XOR the sequence number, the additional data is the header', () => {
  const seen: string[] = [];
  const aead: Aead = {
    seal: (nonce, additionalData, plaintext) => {
      seen.push(`${toHex(nonce)} ${toHex(additionalData)}`);
      return concat(plaintext, new Uint8Array(16));
    },
    open: () => undefined,
  };
  const iv = fromHex('00112233445566778899aabb');
  const protection = new Protection13({
    aead,
    aeadName: 'AES-128-GCM',
    iv,
    limits: KEY_LIMITS['AES-128-GCM'],
  });
  for (let i = 0; i < 70_000; i++) protection.seal(23, new Uint8Array(2), 0);
  assert.equal(seen[0], '00112233445566778899aabb 1703030013');
  assert.equal(seen[1], '00112233445566778899aaba 1703030013');
  assert.equal(seen[0x100], '00112233445566778899abbb 1703030013');
  assert.equal(seen[0x10203], '00112233445566778898a8b8 1703030013');
  assert.equal(new Set(seen).size, 70_000);
});

test('a key asks to be replaced, then refuses', () => {
  const limits = { updateAfter: 3, maxRecords: 5 };
  const { seal, open } = keyPair('AES-128-GCM', undefined, limits);
  const asked: boolean[] = [];
  for (let i = 0; i < 5; i++) {
    asked.push(seal.needsKeyUpdate);
    opened(open, sealRecord(seal, 23, new Uint8Array(1)));
  }
  assert.deepEqual(asked, [false, false, false, true, true]);
  assert.throws(() => seal.seal(23, new Uint8Array(1), 0), {
    code: 'ERR_KEY_LIMIT',
    alert: 'internal_error',
  });
  assert.equal(seal.sequence, 5);
});

test('the limits are those of RFC 9846 section 5.5', () => {
  assert.equal(MAX_AES_GCM_RECORDS, Math.floor(2 ** 24.5));
  for (const name of AEAD_NAMES) assert(KEY_LIMITS[name].updateAfter <= KEY_LIMITS[name].maxRecords);
});

test('an iv of another length is refused', () => {
  assert.throws(
    () =>
      new Protection13({
        aead: syncAead('AES-128-GCM', new Uint8Array(16)),
        aeadName: 'AES-128-GCM',
        iv: new Uint8Array(8),
        limits: KEY_LIMITS['AES-128-GCM'],
      }),
    RangeError,
  );
});

test('a provider that throws or rejects is an internal error, with its cause', async () => {
  const broken = new Error('no such device');
  const throwing: Aead = {
    seal: () => {
      throw broken;
    },
    open: () => {
      throw broken;
    },
  };
  const rejecting: Aead = { seal: () => Promise.reject(broken), open: () => Promise.reject(broken) };
  const internal = { code: 'ERR_INTERNAL', alert: 'internal_error', cause: broken };
  const raw = framed(record(23, new Uint8Array(32)));
  for (const aead of [throwing, rejecting]) {
    const protection = new Protection13({
      aead,
      aeadName: 'AES-128-GCM',
      iv: new Uint8Array(12),
      limits: KEY_LIMITS['AES-128-GCM'],
    });
    await assert.rejects(async () => protection.seal(23, new Uint8Array(1), 0), internal);
    await assert.rejects(async () => protection.open(raw), internal);
  }
});
