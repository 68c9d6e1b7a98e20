/** What every provider must make of signatures. */
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import {
  type CryptoProvider,
  HASH_LENGTH,
  type HashName,
  type PublicKey,
  type SignatureAlgorithm,
} from '../../src/crypto/provider.ts';
import { ascii, concat, EMPTY } from '../../src/wire/bytes.ts';
import { ML_DSA_SETS, makeMlDsaKey } from '../support/ml-dsa.ts';
import { CURVES, flipped, HASHES, OPENSSL_HASHES, publicKeyOf } from './conformance-support.ts';

interface SignatureCase {
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  readonly key: PublicKey;
  readonly signature: Uint8Array;
}

const MESSAGE = ascii('what is signed');

/** A signature of every algorithm of the contract. */
function signatureCases({ mlDsa = new Set() }: CryptoProvider): readonly SignatureCase[] {
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
  for (const parameterSet of mlDsa) {
    const { publicKey: key, sign: signMlDsa } = makeMlDsaKey(parameterSet);
    const algorithm = { kind: 'ml-dsa', parameterSet } as const;
    cases.push({ name: parameterSet, algorithm, key, signature: signMlDsa(MESSAGE) });
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
  ...ML_DSA_SETS.flatMap((parameterSet): PublicKey[] =>
    [0, 1, 1311, 1313, 1953, 2591, 4032].map((length) => ({
      kind: 'ml-dsa',
      parameterSet,
      key: new Uint8Array(length),
    })),
  ),
];

export function testSignatures(provider: CryptoProvider): void {
  const cases = signatureCases(provider);
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
