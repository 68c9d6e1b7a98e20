/** CBC records that are wrong: in how many ways, nobody is told, neither in words nor in work (RFC 5246 section 6.2.3.2). */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { type CryptoProvider, HASH_LENGTH, type HashName } from '../../src/crypto/provider.ts';
import { protection12 } from '../../src/record/protection12.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { record } from './support.ts';
import {
  authentic,
  type CbcCipher,
  type CbcOddities,
  cbcRecord,
  ENCRYPT_THEN_MAC,
  encryptBlocks,
  framed12,
  freshKeys,
  keyPair12,
  MAC_THEN_ENCRYPT,
  macLengthOf,
  opened12,
} from './support12.ts';

/** How a first record is refused. */
function refusal(cipher: CbcCipher, keys: ReturnType<typeof freshKeys>, bytes: Uint8Array): TlsError {
  try {
    opened12(keyPair12(cipher, keys).open, bytes);
  } catch (error) {
    assert(error instanceof TlsError, String(error));
    return error;
  }
  return assert.fail('the record was taken');
}

function flip(at: number): (right: Uint8Array) => Uint8Array {
  return (right) => right.map((byte, i) => (i === (at < 0 ? right.length + at : at) ? byte ^ 0x40 : byte));
}

/** Whether a record is decrypted before it is refused. */
function isDecrypted(
  { cipher, encryptThenMac }: CbcCipher,
  keys: ReturnType<typeof freshKeys>,
  bytes: Uint8Array,
): boolean {
  let calls = 0;
  const provider: CryptoProvider = {
    ...nodeProvider,
    cbc: (name, key) => {
      const cbc = nodeProvider.cbc(name, key);
      return {
        encrypt: cbc.encrypt.bind(cbc),
        decrypt: (iv, blocks) => {
          calls++;
          return cbc.decrypt(iv, blocks);
        },
      };
    },
  };
  const open = protection12(provider, cipher, keys, encryptThenMac);
  assert.throws(() => open.open(framed12(bytes)), { code: 'ERR_BAD_RECORD_MAC' });
  return calls > 0;
}

/** A record whose decrypted blocks are these, with no regard to what they mean. */
function ofBlocks({ cipher }: CbcCipher, key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const iv = new Uint8Array(randomBytes(16));
  return record(23, concat(iv, encryptBlocks(cipher.cbc, key, iv, blocks)));
}

/** The first block of the ciphertext in place of the last, as POODLE does it. */
function withLastBlock(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed.copyWithin(bytes.length - 16, 5 + 16, 5 + 32);
  return changed;
}

for (const cipher of MAC_THEN_ENCRYPT) {
  test(`${cipher.name}: whatever is wrong, the refusal is the same`, () => {
    const keys = freshKeys(cipher.cipher);
    const macLength = macLengthOf(cipher);
    const content = new Uint8Array(400);
    // Padding as long as can be, so that all of it can be wrong.
    const longest = 255 - ((content.length + macLength + 256) % 16);
    const odd = (oddities: CbcOddities): Uint8Array => cbcRecord(cipher, keys, content, oddities);
    const wrong: Readonly<Record<string, Uint8Array>> = {
      'first padding byte': odd({ paddingLength: longest, padding: flip(0) }),
      'last padding byte': odd({ paddingLength: longest, padding: flip(-2) }),
      'padding length': odd({ paddingLength: longest, padding: flip(-1) }),
      'padding length one too small': odd({
        paddingLength: longest,
        padding: (right) => right.with(-1, longest - 1),
      }),
      'no padding, and a length byte that says otherwise': cbcRecord(
        cipher,
        keys,
        new Uint8Array(63 - (macLength % 16)),
        { padding: (right) => right.fill(1) },
      ),
      'the last block replaced, where all of it is padding': withLastBlock(
        cbcRecord(cipher, keys, new Uint8Array(64 - (macLength % 16)), { paddingLength: 15 }),
      ),
      'MAC, first byte': odd({ mac: flip(0) }),
      'MAC, last byte': odd({ mac: flip(-1) }),
      'MAC and padding': odd({ mac: flip(3), paddingLength: longest, padding: flip(5) }),
      'MAC of another sequence number': cbcRecord(cipher, keys, content, { sequence: 1 }),
      'MAC of another type': concat(Uint8Array.of(22), odd({}).subarray(1)),
      'no content and a wrong MAC': cbcRecord(cipher, keys, new Uint8Array(0), { mac: flip(0) }),
      'no content and wrong padding': cbcRecord(cipher, keys, new Uint8Array(0), { padding: flip(-1) }),
      'padding longer than the record': ofBlocks(cipher, keys.key, new Uint8Array(96).fill(255)),
      'padding that leaves no room for the MAC': ofBlocks(cipher, keys.key, new Uint8Array(64).fill(63)),
      'padding of no length, and no MAC': ofBlocks(cipher, keys.key, new Uint8Array(64)),
      'as short as can be': ofBlocks(cipher, keys.key, new Uint8Array(Math.ceil((macLength + 1) / 16) * 16)),
      'a block shorter': ofBlocks(
        cipher,
        keys.key,
        new Uint8Array(Math.ceil((macLength + 1) / 16) * 16 - 16),
      ),
      'an iv and one block': ofBlocks(cipher, keys.key, new Uint8Array(16)),
      'an iv alone': record(23, new Uint8Array(16)),
      'less than an iv': record(23, new Uint8Array(7)),
      nothing: record(23, new Uint8Array(0)),
      'no multiple of a block': record(23, odd({}).subarray(5, -1)),
      'one byte more than blocks': record(23, concat(odd({}).subarray(5), Uint8Array.of(0))),
      'another iv': odd({}).map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
      'random blocks': record(23, new Uint8Array(randomBytes(480))),
    };
    const expected = refusal(cipher, keys, record(23, new Uint8Array(0)));
    assert.deepEqual([expected.code, expected.alert], ['ERR_BAD_RECORD_MAC', 'bad_record_mac']);
    for (const [what, bytes] of Object.entries(wrong)) {
      const { code, alert, message, context, cause } = refusal(cipher, keys, bytes);
      assert.deepEqual(
        { code, alert, message, context, cause },
        {
          code: expected.code,
          alert: expected.alert,
          message: expected.message,
          context: { sequence: 0 },
          cause: undefined,
        },
        what,
      );
    }
    // The other side of the same coin: without its oddity, it is taken.
    const { open } = keyPair12(cipher, keys);
    assert.deepEqual(opened12(open, odd({ paddingLength: longest })).content, content);
  });

  test(`${cipher.name}: what is too short for blocks, MAC and padding is not decrypted`, () => {
    const keys = freshKeys(cipher.cipher);
    const shortest = 16 + Math.ceil((macLengthOf(cipher) + 1) / 16) * 16;
    for (let length = 0; length < shortest + 64; length++) {
      const bytes = record(23, new Uint8Array(randomBytes(length)));
      const isPossible = length >= shortest && length % 16 === 0;
      assert.equal(isDecrypted(cipher, keys, bytes), isPossible, `${length} bytes`);
    }
  });

  test(`${cipher.name}: content of no bytes is taken`, () => {
    const keys = freshKeys(cipher.cipher);
    const { open } = keyPair12(cipher, keys);
    assert.equal(opened12(open, cbcRecord(cipher, keys, new Uint8Array(0))).content.length, 0);
  });

  test(`${cipher.name}: the work follows from the length on the wire alone`, { timeout: 60_000 }, () => {
    const keys = freshKeys(cipher.cipher);
    const macLength = macLengthOf(cipher);
    for (const total of [64, 128, 304, 320, 336, 512, 1024]) {
      const work = new Set<string>();
      const count = (bytes: Uint8Array): void => {
        const counting = countingProvider();
        const open = protection12(counting.provider, cipher.cipher, keys, false);
        try {
          open.open(framed12(bytes));
        } catch (error) {
          assert(error instanceof TlsError && error.code === 'ERR_BAD_RECORD_MAC');
        }
        work.add(counting.work());
      };
      for (let claimed = 0; claimed < 256; claimed++) {
        const blocks = new Uint8Array(total);
        count(ofBlocks(cipher, keys.key, blocks.fill(claimed)));
        count(ofBlocks(cipher, keys.key, blocks.fill(1).with(-1, claimed)));
        if (claimed + 1 + macLength > total) continue;
        const content = new Uint8Array(total - claimed - 1 - macLength);
        count(cbcRecord(cipher, keys, content, { paddingLength: claimed }));
        count(cbcRecord(cipher, keys, content, { paddingLength: claimed, mac: flip(0) }));
      }
      assert.equal(work.size, 1, `${total}: ${[...work].join(', ')}`);
    }
  });
}

const BLOCK: Readonly<Record<HashName, readonly [block: number, lengthField: number]>> = {
  'SHA-1': [64, 8],
  'SHA-256': [64, 8],
  'SHA-384': [128, 16],
  'SHA-512': [128, 16],
};

/** Counts compressions of hash functions, and calls. */
function countingProvider(): { provider: CryptoProvider; work: () => string } {
  let compressions = 0;
  let calls = 0;
  const provider: CryptoProvider = {
    ...nodeProvider,
    hmac: (name, key, ...data) => {
      const [block, lengthField] = BLOCK[name];
      const inner = block + data.reduce((sum, { length }) => sum + length, 0);
      const outer = block + HASH_LENGTH[name];
      for (const length of [inner, outer]) compressions += Math.ceil((length + 1 + lengthField) / block);
      calls++;
      return nodeProvider.hmac(name, key, ...data);
    },
    hash: (name) => {
      const [block] = BLOCK[name];
      const hash = nodeProvider.hash(name);
      calls++;
      return {
        ...hash,
        update: (data) => {
          assert(data.length > 0 && data.length % block === 0);
          compressions += data.length / block;
          hash.update(data);
        },
      };
    },
  };
  return { provider, work: () => `${compressions} compressions in ${calls} calls` };
}

for (const cipher of ENCRYPT_THEN_MAC) {
  test(`${cipher.name}: what has no right MAC is not decrypted, and nothing else is told`, () => {
    const keys = freshKeys(cipher.cipher);
    const macLength = macLengthOf(cipher);
    const content = new Uint8Array(400);
    const odd = (oddities: CbcOddities): Uint8Array => cbcRecord(cipher, keys, content, oddities);
    const sealed = odd({});
    const unauthentic: readonly Uint8Array[] = [
      odd({ mac: flip(0) }),
      odd({ mac: flip(-1) }),
      odd({ sequence: 1 }),
      odd({ type: 22 }).map((byte, i) => (i === 0 ? 23 : byte)),
      sealed.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
      sealed.map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
      record(23, sealed.subarray(5, -1)),
      record(23, sealed.subarray(5, -16)),
      record(23, sealed.subarray(5 + 16)),
      record(23, new Uint8Array(macLength + 16)),
      record(23, new Uint8Array(macLength)),
      record(23, new Uint8Array(macLength - 1)),
      record(23, new Uint8Array(0)),
    ];
    const expected = refusal(cipher, keys, record(23, new Uint8Array(0)));
    const assertSame = (bytes: Uint8Array): void => {
      const { code, alert, message, context } = refusal(cipher, keys, bytes);
      assert.deepEqual(
        { code, alert, message, context },
        {
          code: 'ERR_BAD_RECORD_MAC',
          alert: 'bad_record_mac',
          message: expected.message,
          context: { sequence: 0 },
        },
      );
    };
    for (const bytes of unauthentic) {
      assertSame(bytes);
      assert.equal(isDecrypted(cipher, keys, bytes), false);
    }
    // The peer itself made these: they are authentic, and still no records.
    const malformed = [
      odd({ padding: flip(0) }),
      odd({ padding: flip(-1) }),
      odd({ padding: (right) => right.fill(255) }),
      cbcRecord(cipher, keys, new Uint8Array(0), { padding: (right) => right.fill(16) }),
    ];
    for (const length of [0, 16, 17, 31, 33]) {
      const bytes = authentic(cipher, keys, new Uint8Array(length));
      assertSame(bytes);
      assert.equal(isDecrypted(cipher, keys, bytes), false);
    }
    for (const bytes of malformed) {
      assertSame(bytes);
      assert.equal(isDecrypted(cipher, keys, bytes), true);
    }
  });
}

test('a record of one order is none of the other', () => {
  for (const [i, before] of MAC_THEN_ENCRYPT.entries()) {
    const after = ENCRYPT_THEN_MAC[i] as CbcCipher;
    const keys = freshKeys(before.cipher);
    assert.equal(
      refusal(before, keys, cbcRecord(after, keys, new Uint8Array(100))).code,
      'ERR_BAD_RECORD_MAC',
    );
    assert.equal(
      refusal(after, keys, cbcRecord(before, keys, new Uint8Array(100))).code,
      'ERR_BAD_RECORD_MAC',
    );
  }
});
