import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { DerError } from 'handfast/x509';
import { describeBlock } from '../src/inspect/describe.ts';
import { blocksOf } from '../src/inspect/input.ts';
import {
  MAX_MAC_KEY_LENGTH,
  MAX_PASSWORD_ROUNDS,
  MAX_SCRYPT_MEMORY,
  MAX_STORE_DEPTH,
  MAX_STORE_ELEMENTS,
  MAX_STORE_ENTRIES,
  MAX_STORE_LENGTH,
  MAX_STORE_PARTS,
} from '../src/limits.ts';
import { toDer } from '../src/pkcs12/ber.ts';
import { pbkdf2Key, pkcs12Key, scryptKey, TooMuchWork, Work } from '../src/pkcs12/kdf.ts';
import { der, testPki } from './support/library.ts';
import {
  bag,
  certificateBag,
  encrypt,
  encryptedKeyBag,
  encryptedPart,
  indefinite,
  PASSWORD,
  plainPart,
  scryptEncrypt,
  store,
} from './support/store.ts';

// What a file asks for is done within limits, however it asks. None of these takes more than moments.

const LIMIT = { timeout: 60_000 };
const ENDLESS = 0x7fffffff;
const { server } = testPki();
const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' });
const one = plainPart(certificateBag(server.der));

async function problemOf(bytes: Uint8Array, password = PASSWORD): Promise<string> {
  const [block] = blocksOf('a.p12', bytes);
  assert.ok(block);
  const { kind, problem = 'none', secret } = await describeBlock(block, password);
  assert.ok(kind === 'PKCS #12 store' || kind === 'private key', kind);
  assert.ok(secret !== undefined);
  return problem;
}

describe('the work that a store asks for', LIMIT, () => {
  test('iterations without end', async () => {
    const endless = { iterations: ENDLESS };
    const lone = encrypt(key, endless);
    const cases: readonly Uint8Array[] = [
      store([one], { kind: 'pkcs12', ...endless }),
      store([one], { kind: 'pbmac1', ...endless }),
      store([encryptedPart(encrypt(one, endless))]),
      store([plainPart(encryptedKeyBag(encrypt(key, endless)))]),
      store([plainPart(encryptedKeyBag(encrypt(key, endless)))], { kind: 'pbmac1' }),
      store([encryptedPart(encrypt(one, endless))], { kind: 'pbmac1' }),
      der.sequence(lone.algorithm, der.octetString(lone.ciphertext)),
    ];
    for (const bytes of cases) {
      assert.match(
        await problemOf(bytes),
        /its iteration counts ask for more work than is done for one file/,
      );
    }
  });

  test('many keys with many iterations each', async () => {
    const costly = encryptedKeyBag(encrypt(key, { iterations: MAX_PASSWORD_ROUNDS / 2 + 1 }));
    // The first is done, and fails; for the others nothing is left.
    const bytes = store([plainPart(...Array.from({ length: 50 }, () => costly))], { kind: 'pbmac1' });
    const [block] = blocksOf('a.p12', bytes);
    assert.ok(block);
    const { parts = [] } = await describeBlock(block, PASSWORD);
    const problems = parts.map(({ description }) => description.problem ?? '');
    assert.equal(problems.length, 50);
    assert.deepEqual(
      problems.map((problem) => /more work than is done for one file/.test(problem)),
      [false, ...Array.from({ length: 49 }, () => true)],
    );
  });

  test('scrypt with much memory', async () => {
    for (const [cost, blockSize] of [
      [2 ** 30, 8],
      [2 ** 20, 1024],
      [2, 2 ** 30],
    ] as const) {
      const bytes = store([encryptedPart(scryptEncrypt(one, cost, blockSize))]);
      assert.match(await problemOf(bytes), /its scrypt parameters ask for \d+ bytes of memory/);
    }
    // No power of two.
    assert.match(await problemOf(store([encryptedPart(scryptEncrypt(one, 1025))])), /neither the password/);
  });

  test('is counted before it is done', () => {
    const work = (): Work => new Work();
    const salt = new Uint8Array(8);
    const iterations = ENDLESS;
    const tooMuch = (derive: () => unknown): void => assert.throws(derive, TooMuchWork);
    tooMuch(() => pbkdf2Key(work(), { prf: 'sha256', salt, iterations }, '', 32));
    tooMuch(() => pkcs12Key(work(), { hash: 'sha1', salt, iterations }, '', 1, 24));
    const cost = MAX_SCRYPT_MEMORY / 128;
    tooMuch(() => scryptKey(work(), { salt, cost, blockSize: 8, parallelization: 1 }, '', 16));
    tooMuch(() => scryptKey(work(), { salt, cost: 2, blockSize: 1, parallelization: 2 ** 30 }, '', 16));
    // Two keys of a size are double the work of one.
    const half = work();
    half.spend(MAX_PASSWORD_ROUNDS - 100);
    pbkdf2Key(half, { prf: 'sha256', salt, iterations: 50 }, '', 32);
    tooMuch(() => pbkdf2Key(half, { prf: 'sha256', salt, iterations: 50 }, '', 33));
  });
});

describe('the size and shape of a store', LIMIT, () => {
  test('more than the limits is refused', async () => {
    const bags = Array.from({ length: MAX_STORE_ENTRIES + 1 }, () => bag(9, Uint8Array.of(5, 0)));
    const half = plainPart(...bags.slice(0, MAX_STORE_ENTRIES / 2 + 1));
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [store([plainPart(...bags)]), new RegExp(`more than ${MAX_STORE_ENTRIES} entries`)],
      [store([half, half]), new RegExp(`part 2: .*more than ${MAX_STORE_ENTRIES} entries`)],
      [
        store(Array.from({ length: MAX_STORE_PARTS + 1 }, () => one)),
        new RegExp(`more than ${MAX_STORE_PARTS} parts`),
      ],
      [
        Buffer.concat([store([one]), Buffer.alloc(MAX_STORE_LENGTH)]),
        new RegExp(`at most ${MAX_STORE_LENGTH} are read`),
      ],
    ];
    for (const [bytes, message] of cases) assert.match(await problemOf(bytes), message);
    const all = store([plainPart(...bags.slice(0, MAX_STORE_ENTRIES))]);
    assert.equal(await problemOf(all), 'none');
  });

  test('bags inside of bags', async () => {
    let nested: Uint8Array = der.sequence(certificateBag(server.der));
    for (let depth = 0; depth < 200; depth++) nested = der.sequence(bag(6, nested));
    const part = der.sequence(der.oid('1.2.840.113549.1.7.1'), der.context(0, der.octetString(nested)));
    assert.match(await problemOf(store([part])), /elements inside of more than 32 others/);
  });

  test('values that make no sense', async () => {
    const zero = encrypt(one, { iterations: 1 });
    const text = Buffer.from(zero.algorithm).toString('hex').replace('020101', '020100');
    const none = { ...zero, algorithm: Buffer.from(text, 'hex') };
    const shorter = { ...zero, ciphertext: zero.ciphertext.subarray(1) };
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [
        store([one], { kind: 'pbmac1', iterations: 1, keyLength: MAX_MAC_KEY_LENGTH + 1 }),
        /keyLength: expected at most 512 bytes, found 513/,
      ],
      [store([encryptedPart(none)]), /iterations: expected 1 or more, found 0/],
      [store([encryptedPart(shorter)]), /neither the password/],
      [store([encryptedPart(encrypt(one, { iv: new Uint8Array(15) }))]), /IV: expected 16 bytes, found 15/],
      [store([encryptedPart({ ...zero, ciphertext: Buffer.alloc(0) })]), /neither the password/],
      [
        der.sequence(der.integer(3), der.sequence(der.oid('1.2.840.113549.1.7.1'))),
        /malformed at byte \d+: content: expected \[0\]/,
      ],
    ];
    for (const [bytes, message] of cases) assert.match(await problemOf(bytes), message);
  });
});

describe('BER', LIMIT, () => {
  const octets = der.octetString;

  test('becomes DER', () => {
    const cases: readonly (readonly [ber: Uint8Array, der: Uint8Array])[] = [
      [indefinite(0x30, octets(Uint8Array.of(1))), der.sequence(octets(Uint8Array.of(1)))],
      [
        indefinite(
          0x24,
          octets(Uint8Array.of(1)),
          indefinite(0x24, octets(Uint8Array.of(2, 3)), octets(new Uint8Array(0))),
        ),
        octets(Uint8Array.of(1, 2, 3)),
      ],
      // A length in more octets than it needs.
      [Uint8Array.of(0x04, 0x84, 0, 0, 0, 1, 7), octets(Uint8Array.of(7))],
      [indefinite(0x24, octets(new Uint8Array(300))), octets(new Uint8Array(300))],
      [server.der, server.der],
    ];
    for (const [input, output] of cases) assert.deepEqual(toDer(input), Buffer.from(output));
  });

  test('ends somewhere', () => {
    let deep: Uint8Array = octets(new Uint8Array(1));
    for (let depth = 0; depth <= MAX_STORE_DEPTH; depth++) deep = indefinite(0x30, deep);
    const many = der.sequence(Buffer.alloc(2 * MAX_STORE_ELEMENTS, Uint8Array.of(5, 0)));
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [deep, 'too-many'],
      [many, 'too-many'],
      [new Uint8Array(0), 'truncated'],
      [Uint8Array.of(0x30), 'truncated'],
      [Uint8Array.of(0x30, 0x80), 'truncated'],
      [Uint8Array.of(0x30, 0x80, 0), 'truncated'],
      [Uint8Array.of(0x30, 0x80, 5, 0), 'truncated'],
      [Uint8Array.of(0x30, 3, 5, 0), 'truncated'],
      [Uint8Array.of(0x30, 2, 4, 1), 'truncated'],
      [Uint8Array.of(0x30, 3, 0x30, 0x80, 0, 0, 0), 'truncated'],
      [Uint8Array.of(0x04, 0x80, 0, 0), 'indefinite-length'],
      [Uint8Array.of(0x04, 0x85, 0, 0, 0, 0, 0), 'length-too-large'],
      [Uint8Array.of(0x04, 0x84, 0xff, 0xff, 0xff, 0xff), 'truncated'],
      [Uint8Array.of(0x1f, 0x01, 0), 'high-tag-number'],
      [Uint8Array.of(0x05, 0, 0), 'trailing-data'],
      [indefinite(0x24, Uint8Array.of(5, 0)), 'unexpected-tag'],
    ];
    for (const [input, reason] of cases) {
      assert.throws(
        () => toDer(input),
        (error: unknown) => error instanceof DerError && error.reason === reason,
        `${Buffer.from(input.subarray(0, 8)).toString('hex')}: ${reason}`,
      );
    }
  });
});
