/**
 * What every crypto provider must do, whatever it is made of: one suite, run for each provider. Known answers come
 * from the standards named beside them; Wycheproof goes deeper.
 */
import assert from 'node:assert/strict';
import { constants, createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type AeadName,
  type Awaitable,
  CBC_BLOCK_LENGTH,
  CBC_KEY_LENGTH,
  type CbcName,
  type CryptoProvider,
  type EcCurve,
  HASH_LENGTH,
  type HashName,
  type KeyExchange,
  type PublicKey,
  type SignatureAlgorithm,
} from '../../src/crypto/provider.ts';
import { ascii, concat, EMPTY, fromHex, toHex } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { groupName, NamedGroup } from '../../src/wire/registry.ts';
import { readPublicKeyInfo } from '../../src/x509/algorithms.ts';
import { DerReader } from '../../src/x509/der.ts';

const HASHES = Object.keys(HASH_LENGTH) as HashName[];
const OPENSSL_HASHES: Readonly<Record<HashName, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
const CURVES: readonly EcCurve[] = ['P-256', 'P-384', 'P-521'];
const ABC = ascii('abc');

/** An array that nobody else writes to: not a Buffer, whose `slice` shares memory. */
function assertPlain(bytes: Uint8Array): void {
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function testHashes(provider: CryptoProvider): void {
  const digest = (name: HashName, ...parts: readonly Uint8Array[]): string => {
    const hash = provider.hash(name);
    for (const part of parts) hash.update(part);
    const bytes = hash.digest();
    assertPlain(bytes);
    return toHex(bytes);
  };

  for (const name of HASHES) {
    test(`${name} of the examples of FIPS 180-4, in one piece and in many`, () => {
      const reference = createHash(OPENSSL_HASHES[name]);
      assert.equal(digest(name, ABC), reference.copy().update(ABC).digest('hex'));
      assert.equal(digest(name), reference.copy().digest('hex'));
      const long = new Uint8Array(1000).map((_, i) => i);
      const pieces = [long.subarray(0, 1), EMPTY, long.subarray(1, 129), long.subarray(129)];
      assert.equal(digest(name, ...pieces), reference.copy().update(long).digest('hex'));
    });

    test(`a clone of ${name} goes its own way`, () => {
      const hash = provider.hash(name);
      hash.update(ascii('a'));
      const clone = hash.clone();
      hash.update(ascii('bc'));
      clone.update(ascii('xy'));
      assert.equal(toHex(clone.clone().digest()), digest(name, ascii('axy')));
      assert.equal(toHex(hash.digest()), digest(name, ABC));
      assert.equal(toHex(clone.digest()), digest(name, ascii('axy')));
    });

    test(`HMAC-${name} of one part and of several, with keys of any length`, () => {
      for (const length of [0, 1, 20, 64, 65, 128, 129, 200]) {
        const key = new Uint8Array(length).fill(0xaa);
        const expected = createHmac(OPENSSL_HASHES[name], key).update(ABC).digest('hex');
        assert.equal(toHex(provider.hmac(name, key, ABC)), expected);
        assert.equal(toHex(provider.hmac(name, key, ascii('a'), EMPTY, ascii('bc'))), expected);
      }
      assertPlain(provider.hmac(name, ABC, ABC));
      assert.equal(provider.hmac(name, ABC).length, HASH_LENGTH[name]);
    });
  }

  test('SHA-256 of "abc" (FIPS 180-4) and HMAC-SHA-256 of RFC 4231 test case 2', () => {
    assert.equal(digest('SHA-256', ABC), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    const mac = provider.hmac('SHA-256', ascii('Jefe'), ascii('what do ya want for nothing?'));
    assert.equal(toHex(mac), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });
}

/** An empty plaintext and no additional data under zeros: test cases 1 and 13 of the GCM specification. */
const EMPTY_TAGS: Readonly<Partial<Record<AeadName, string>>> = {
  'AES-128-GCM': '58e2fccefa7e3061367f1d57a4e7455a',
  'AES-256-GCM': '530f8afbc74536b9a963b4f1c4cb738b',
};

function testAead(provider: CryptoProvider, name: AeadName): void {
  const key = provider.random(AEAD_KEY_LENGTH[name]);
  const nonce = provider.random(AEAD_NONCE_LENGTH);
  const aad = provider.random(5);

  test(`${name} opens what it sealed, and leaves its inputs alone`, async () => {
    const aead = provider.aead(name, key);
    for (const length of [0, 1, 15, 16, 17, 1000, 16_384 + 256]) {
      const plaintext = provider.random(length);
      const before = toHex(plaintext);
      const sealed = await aead.seal(nonce, aad, plaintext);
      assertPlain(sealed);
      assert.equal(sealed.length, length + AEAD_TAG_LENGTH[name]);
      const sealedBefore = toHex(sealed);
      const opened = await aead.open(nonce, aad, sealed);
      assert.ok(opened);
      assertPlain(opened);
      assert.equal(toHex(opened), before);
      assert.equal(toHex(plaintext), before);
      assert.equal(toHex(sealed), sealedBefore);
    }
    const zeroKey = provider.aead(name, new Uint8Array(AEAD_KEY_LENGTH[name]));
    const tag = toHex(await zeroKey.seal(new Uint8Array(AEAD_NONCE_LENGTH), EMPTY, EMPTY));
    assert.equal(tag, EMPTY_TAGS[name] ?? tag);
  });

  test(`${name} refuses whatever was changed`, async () => {
    const aead = provider.aead(name, key);
    const sealed = await aead.seal(nonce, aad, provider.random(40));
    for (const at of [0, 39, 40, sealed.length - 1]) {
      assert.equal(await aead.open(nonce, aad, flipped(sealed, at)), undefined);
    }
    assert.equal(await aead.open(flipped(nonce, 11), aad, sealed), undefined);
    assert.equal(await aead.open(nonce, flipped(aad, 0), sealed), undefined);
    assert.equal(await aead.open(nonce, EMPTY, sealed), undefined);
    // Empty arrays with memory of their own and without: native code may be given another address for each.
    const nothing = [EMPTY, new Uint8Array(new ArrayBuffer(0)), Uint8Array.of(1).subarray(1)];
    for (const plaintext of nothing) {
      for (const noAad of nothing) {
        const tag = await aead.seal(nonce, noAad, plaintext);
        assert.equal(tag.length, AEAD_TAG_LENGTH[name]);
        assert.deepEqual(await aead.open(nonce, noAad, tag), new Uint8Array(0));
        assert.equal(await aead.open(nonce, noAad, flipped(tag, 0)), undefined);
        assert.equal(await aead.open(nonce, aad, tag), undefined);
      }
    }
    for (const length of [0, 1, 7, 8, 15, 16, sealed.length - 1]) {
      assert.equal(await aead.open(nonce, aad, sealed.subarray(0, length)), undefined, `${length} bytes`);
    }
    assert.equal(await aead.open(nonce, aad, concat(sealed, EMPTY, Uint8Array.of(0))), undefined);
    assert.equal(await provider.aead(name, flipped(key, 0)).open(nonce, aad, sealed), undefined);
  });

  test(`${name} insists on the lengths of its key and nonce`, async () => {
    for (const wrong of [0, key.length - 1, key.length + 1]) {
      assert.throws(() => provider.aead(name, new Uint8Array(wrong)), RangeError);
    }
    const aead = provider.aead(name, key);
    for (const wrong of [0, 8, 11, 13, 16]) {
      await assert.rejects(async () => aead.seal(new Uint8Array(wrong), aad, ABC), RangeError);
      await assert.rejects(async () => aead.open(new Uint8Array(wrong), aad, new Uint8Array(32)), RangeError);
    }
  });
}

/** The first block of plaintext of NIST SP 800-38A appendix F.2, under its keys and iv. */
const CBC_VECTORS: Readonly<Record<CbcName, { readonly key: string; readonly ciphertext: string }>> = {
  'AES-128-CBC': {
    key: '2b7e151628aed2a6abf7158809cf4f3c',
    ciphertext: '7649abac8119b246cee98e9b12e9197d',
  },
  'AES-256-CBC': {
    key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    ciphertext: 'f58c4c04d6e5f1ba779eabfb5f7bfbd6',
  },
};

function testCbc(provider: CryptoProvider, name: CbcName): void {
  test(`${name} of NIST SP 800-38A appendix F.2`, () => {
    const { key, ciphertext } = CBC_VECTORS[name];
    const iv = Uint8Array.from({ length: CBC_BLOCK_LENGTH }, (_, i) => i);
    const plaintext = '6bc1bee22e409f96e93d7e117393172a';
    const cbc = provider.cbc(name, fromHex(key));
    assert.equal(toHex(cbc.encrypt(iv, fromHex(plaintext))), ciphertext);
    assert.equal(toHex(cbc.decrypt(iv, fromHex(ciphertext))), plaintext);
  });

  test(`${name} decrypts what it encrypted, block by block, and leaves its inputs alone`, () => {
    const cbc = provider.cbc(name, provider.random(CBC_KEY_LENGTH[name]));
    const iv = provider.random(CBC_BLOCK_LENGTH);
    for (const blocks of [0, 1, 2, 3, 1024, 1025]) {
      const plaintext = provider.random(blocks * CBC_BLOCK_LENGTH);
      const before = toHex(plaintext);
      const ciphertext = cbc.encrypt(iv, plaintext);
      assertPlain(ciphertext);
      assert.equal(ciphertext.length, plaintext.length);
      const ciphertextBefore = toHex(ciphertext);
      const decrypted = cbc.decrypt(iv, ciphertext);
      assertPlain(decrypted);
      assert.equal(toHex(decrypted), before);
      assert.equal(toHex(plaintext), before);
      assert.equal(toHex(ciphertext), ciphertextBefore);
    }
  });

  test(`${name} neither adds padding nor asks for it`, () => {
    const cbc = provider.cbc(name, provider.random(CBC_KEY_LENGTH[name]));
    const iv = new Uint8Array(CBC_BLOCK_LENGTH);
    // A last byte of 0 or 17 is no padding of PKCS #7.
    for (const last of [0, 1, 16, 17, 255]) {
      const plaintext = new Uint8Array(2 * CBC_BLOCK_LENGTH).fill(last);
      assert.equal(toHex(cbc.decrypt(iv, cbc.encrypt(iv, plaintext))), toHex(plaintext));
    }
  });

  test(`${name} insists on the lengths of its key, its iv and its blocks`, () => {
    for (const wrong of [0, CBC_KEY_LENGTH[name] - 1, CBC_KEY_LENGTH[name] + 1, 24]) {
      assert.throws(() => provider.cbc(name, new Uint8Array(wrong)), RangeError);
    }
    const cbc = provider.cbc(name, new Uint8Array(CBC_KEY_LENGTH[name]));
    const block = new Uint8Array(CBC_BLOCK_LENGTH);
    for (const wrong of [0, 8, 15, 17]) {
      assert.throws(() => cbc.encrypt(new Uint8Array(wrong), block), RangeError);
      assert.throws(() => cbc.decrypt(new Uint8Array(wrong), block), RangeError);
    }
    for (const wrong of [1, 15, 17, 31]) {
      assert.throws(() => cbc.encrypt(block, new Uint8Array(wrong)), RangeError);
      assert.throws(() => cbc.decrypt(block, new Uint8Array(wrong)), RangeError);
    }
  });
}

/** Lengths of the shared secrets: the curve's field. */
const SECRET_LENGTHS: ReadonlyMap<NamedGroup, number> = new Map([
  [NamedGroup.x25519, 32],
  [NamedGroup.x448, 56],
  [NamedGroup.secp256r1, 32],
  [NamedGroup.secp384r1, 48],
  [NamedGroup.secp521r1, 66],
]);

/** Shares that must be refused, made from a good one. */
function badShares(group: NamedGroup, good: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const bad = new Map([
    ['empty', EMPTY],
    ['one byte short', good.subarray(1)],
    ['one byte long', concat(good, Uint8Array.of(0))],
    ['zeros', new Uint8Array(good.length)],
  ]);
  if (group === NamedGroup.x25519 || group === NamedGroup.x448) {
    // Points of small order (RFC 7748 section 7): 1, p - 1, p and p + 1.
    const x448 = group === NamedGroup.x448;
    const prime = new Uint8Array(good.length).fill(0xff);
    prime[x448 ? 28 : 31] = x448 ? 0xfe : 0x7f;
    if (!x448) prime[0] = 0xed;
    bad.set(
      '1',
      good.map((_, i) => (i === 0 ? 1 : 0)),
    );
    bad.set('p', prime);
    bad.set(
      'p - 1',
      prime.map((byte, i) => (i === 0 ? byte - 1 : byte)),
    );
    if (!x448)
      bad.set(
        'p + 1',
        prime.map((byte, i) => (i === 0 ? byte + 1 : byte)),
      );
  } else {
    const size = (good.length - 1) / 2;
    const odd = ((good.at(-1) ?? 0) & 1) === 1;
    bad.set('compressed', concat(Uint8Array.of(odd ? 3 : 2), good.subarray(1, 1 + size)));
    bad.set('hybrid form', concat(Uint8Array.of(odd ? 7 : 6), good.subarray(1)));
    bad.set('point at infinity', Uint8Array.of(0));
    bad.set('off the curve', flipped(good, good.length - 1));
    bad.set('zero coordinates', concat(Uint8Array.of(4), new Uint8Array(2 * size)));
    bad.set('coordinates above the prime', concat(Uint8Array.of(4), new Uint8Array(2 * size).fill(0xff)));
  }
  return bad;
}

async function assertBadShare(what: string, action: () => Awaitable<unknown>): Promise<void> {
  await assert.rejects(
    async () => action(),
    (error) =>
      error instanceof TlsError && error.code === 'ERR_BAD_KEY_SHARE' && error.alert === 'illegal_parameter',
    what,
  );
}

function testGroup(exchange: KeyExchange): void {
  const name = groupName(exchange.group);

  test(`${name}: both sides come to the same fresh secret`, async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const offer = await exchange.start();
      const response = await exchange.respond(offer.share);
      const secret = await offer.finish(response.share);
      assert.equal(toHex(secret), toHex(response.secret));
      assert.equal(secret.length, SECRET_LENGTHS.get(exchange.group));
      for (const bytes of [offer.share, response.share, secret]) {
        assertPlain(bytes);
        seen.add(toHex(bytes));
      }
    }
    assert.equal(seen.size, 12);
  });

  test(`${name}: refuses malformed shares in both roles`, async () => {
    const offer = await exchange.start();
    for (const [what, share] of badShares(exchange.group, (await exchange.start()).share)) {
      await assertBadShare(`${what}, finish`, () => offer.finish(share));
      await assertBadShare(`${what}, respond`, () => exchange.respond(share));
    }
  });
}

interface SignatureCase {
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  readonly key: PublicKey;
  readonly signature: Uint8Array;
}

const MESSAGE = ascii('what is signed');

function publicKeyOf(key: KeyObject): PublicKey {
  const spki = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  const { key: publicKey } = readPublicKeyInfo(new DerReader(spki));
  assert.ok(publicKey);
  return publicKey;
}

/** A signature of every algorithm of the contract. */
function signatureCases(): readonly SignatureCase[] {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaPublic = publicKeyOf(rsa.publicKey);
  const pssKey = { ...rsaPublic, kind: 'rsa-pss' } as PublicKey;
  const cases: SignatureCase[] = [];
  for (const hash of HASHES) {
    const pkcs1 = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PADDING };
    cases.push({
      name: `rsa-pkcs1 ${hash}`,
      algorithm: { kind: 'rsa-pkcs1', hash },
      key: rsaPublic,
      signature: new Uint8Array(sign(OPENSSL_HASHES[hash], MESSAGE, pkcs1)),
    });
    for (const saltLength of [0, HASH_LENGTH[hash]]) {
      const pss = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
      const signature = new Uint8Array(sign(OPENSSL_HASHES[hash], MESSAGE, pss));
      const algorithm = { kind: 'rsa-pss', hash, mgfHash: hash, saltLength } as const;
      cases.push({ name: `rsa-pss ${hash}, salt ${saltLength}`, algorithm, key: rsaPublic, signature });
      cases.push({ name: `rsa-pss key, ${hash}, salt ${saltLength}`, algorithm, key: pssKey, signature });
    }
  }
  for (const curve of CURVES) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
    const key = publicKeyOf(publicKey);
    for (const hash of HASHES) {
      const signature = new Uint8Array(sign(OPENSSL_HASHES[hash], MESSAGE, privateKey));
      cases.push({
        name: `${curve} ${hash}`,
        algorithm: { kind: 'ecdsa', hash },
        key,
        signature,
      });
    }
  }
  for (const [kind, pair] of [
    ['ed25519', generateKeyPairSync('ed25519')],
    ['ed448', generateKeyPairSync('ed448')],
  ] as const) {
    const signature = new Uint8Array(sign(null, MESSAGE, pair.privateKey));
    cases.push({ name: kind, algorithm: { kind }, key: publicKeyOf(pair.publicKey), signature });
  }
  return cases;
}

/** Keys that are no keys. */
const MALFORMED_KEYS: readonly PublicKey[] = [
  { kind: 'rsa', modulus: EMPTY, exponent: Uint8Array.of(3) },
  { kind: 'rsa', modulus: Uint8Array.of(0), exponent: EMPTY },
  { kind: 'rsa', modulus: new Uint8Array(256).fill(0xff), exponent: EMPTY },
  { kind: 'rsa', modulus: new Uint8Array(256).fill(0xfe), exponent: Uint8Array.of(1, 0, 1) },
  { kind: 'rsa-pss', modulus: EMPTY, exponent: EMPTY },
  ...CURVES.flatMap((curve): PublicKey[] => {
    const length = { 'P-256': 65, 'P-384': 97, 'P-521': 133 }[curve];
    return [
      { kind: 'ec', curve, point: EMPTY },
      { kind: 'ec', curve, point: Uint8Array.of(0) },
      { kind: 'ec', curve, point: new Uint8Array(length) },
      { kind: 'ec', curve, point: new Uint8Array(length).fill(4) },
      { kind: 'ec', curve, point: new Uint8Array((length + 1) / 2).fill(2) },
    ];
  }),
  { kind: 'ed25519', key: EMPTY },
  { kind: 'ed25519', key: new Uint8Array(31) },
  { kind: 'ed448', key: new Uint8Array(58) },
];

function testSignatures(provider: CryptoProvider): void {
  const cases = signatureCases();
  const isGood = async (
    algorithm: SignatureAlgorithm,
    key: PublicKey,
    message: Uint8Array,
    signature: Uint8Array,
  ) => provider.verify(algorithm, key, message, signature);

  for (const { name, algorithm, key, signature } of cases) {
    test(`verify, ${name}: takes the signature and nothing near it`, async () => {
      assert.equal(await isGood(algorithm, key, MESSAGE, signature), true);
      assert.equal(await isGood(algorithm, { ...key }, MESSAGE, signature), true);
      assert.equal(await isGood(algorithm, key, flipped(MESSAGE, 0), signature), false);
      assert.equal(await isGood(algorithm, key, EMPTY, signature), false);
      for (const at of [0, 1, signature.length >> 1, signature.length - 1]) {
        assert.equal(await isGood(algorithm, key, MESSAGE, flipped(signature, at)), false, `byte ${at}`);
      }
      for (const wrong of [
        EMPTY,
        signature.subarray(1),
        signature.subarray(0, -1),
        concat(signature, Uint8Array.of(0)),
      ]) {
        assert.equal(await isGood(algorithm, key, MESSAGE, wrong), false, `${wrong.length} bytes`);
      }
    });
  }

  test('verify takes a signature under its own algorithm only', async () => {
    for (const one of cases) {
      for (const other of cases) {
        const expected = JSON.stringify(one.algorithm) === JSON.stringify(other.algorithm);
        const verdict = await isGood(other.algorithm, one.key, MESSAGE, one.signature);
        assert.equal(verdict, expected, `${one.name} taken as ${other.name}`);
      }
    }
  });

  test('verify takes a signature under its own key only', async () => {
    for (const one of cases) {
      for (const other of cases) {
        // All RSA keys here have the same numbers, and PSS is for both kinds of them.
        const expected =
          other.key === one.key || (one.algorithm.kind === 'rsa-pss' && other.key.kind.startsWith('rsa'));
        const verdict = await isGood(one.algorithm, other.key, MESSAGE, one.signature);
        assert.equal(verdict, expected, `${one.name} under the key of ${other.name}`);
      }
    }
  });

  test('verify answers false for keys that are no keys', async () => {
    for (const key of MALFORMED_KEYS) {
      for (const { algorithm, signature } of cases) {
        assert.equal(
          await isGood(algorithm, key, MESSAGE, signature),
          false,
          `${key.kind} with ${algorithm.kind}`,
        );
      }
    }
  });

  test('verify wants an RSA signature with its leading zeros', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const key = publicKeyOf(publicKey);
    for (const [padding, algorithm] of [
      [constants.RSA_PKCS1_PADDING, { kind: 'rsa-pkcs1', hash: 'SHA-256' }],
      [
        constants.RSA_PKCS1_PSS_PADDING,
        { kind: 'rsa-pss', hash: 'SHA-256', mgfHash: 'SHA-256', saltLength: 32 },
      ],
    ] as const) {
      // One signature of 256 starts with a zero byte.
      let message: Uint8Array = EMPTY;
      let signature = Uint8Array.of(1);
      for (let i = 0; i < 10_000 && signature[0] !== 0; i++) {
        message = Uint8Array.of(i >> 8, i & 0xff);
        signature = new Uint8Array(sign('sha256', message, { key: privateKey, padding, saltLength: 32 }));
      }
      assert.equal(signature[0], 0);
      assert.equal(await isGood(algorithm, key, message, signature), true);
      assert.equal(await isGood(algorithm, key, message, signature.subarray(1)), false, algorithm.kind);
      assert.equal(await isGood(algorithm, key, message, concat(Uint8Array.of(0), signature)), false);
    }
  });

  test('verify obeys the restriction of an RSA-PSS key, and tells the hash of the mask from that of the message', async () => {
    const good = cases.find(({ name }) => name === 'rsa-pss key, SHA-256, salt 32');
    assert.ok(good?.key.kind === 'rsa-pss' && good.algorithm.kind === 'rsa-pss');
    const { key, algorithm, signature } = good;
    const verdict = (hash: HashName, mgfHash: HashName, minSaltLength: number) =>
      isGood(algorithm, { ...key, restriction: { hash, mgfHash, minSaltLength } }, MESSAGE, signature);
    assert.equal(await verdict('SHA-256', 'SHA-256', 32), true);
    assert.equal(await verdict('SHA-256', 'SHA-256', 20), true);
    assert.equal(await verdict('SHA-256', 'SHA-256', 33), false);
    assert.equal(await verdict('SHA-384', 'SHA-256', 32), false);
    assert.equal(await verdict('SHA-256', 'SHA-384', 32), false);
    assert.equal(await isGood({ ...algorithm, mgfHash: 'SHA-384' }, key, MESSAGE, signature), false);
    assert.equal(await isGood({ ...algorithm, saltLength: 31 }, key, MESSAGE, signature), false);
  });
}

/** The whole suite for one provider. */
export function testProvider(provider: CryptoProvider): void {
  describe(`crypto provider ${provider.name}`, { timeout: 60_000 }, () => {
    testHashes(provider);
    test('offers AES-128-GCM, which TLS 1.3 requires, and X25519 and P-256', () => {
      assert.ok(provider.aeads.has('AES-128-GCM'));
      for (const group of [NamedGroup.x25519, NamedGroup.secp256r1]) assert.ok(provider.groups.has(group));
      for (const [group, exchange] of provider.groups) assert.equal(exchange.group, group);
    });
    for (const name of provider.aeads) testAead(provider, name);
    for (const name of provider.cbcs) testCbc(provider, name);
    for (const exchange of provider.groups.values()) testGroup(exchange);
    testSignatures(provider);
    test('random bytes come in the length asked for, and differ', () => {
      for (const length of [0, 1, 12, 32, 4096]) {
        const bytes = provider.random(length);
        assertPlain(bytes);
        assert.equal(bytes.length, length);
      }
      const drawn = new Set(Array.from({ length: 1000 }, () => toHex(provider.random(16))));
      assert.equal(drawn.size, 1000);
    });
  });
}
