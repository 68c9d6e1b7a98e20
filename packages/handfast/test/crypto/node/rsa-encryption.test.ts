/** The raw private-key operation of RSA: what comes back, and that nothing else does. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider, signingKey } from '../../../src/crypto/node/index.ts';
import type { PublicKey, SigningKey } from '../../../src/crypto/provider.ts';
import { concat, EMPTY, fromHex, toHex } from '../../../src/wire/bytes.ts';
import { KEY_KINDS, makeKey } from '../../support/pki.ts';
import { assertPlain } from '../conformance-support.ts';

type RsaKey = Extract<PublicKey, { kind: 'rsa' }>;

function rsaKey(bits: number): { key: SigningKey; modulus: Uint8Array; privateKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const key = signingKey(privateKey, { minRsaBits: 1024 });
  assert.ok(key.publicKey?.kind === 'rsa');
  return { key, modulus: key.publicKey.modulus, privateKey };
}

/** Asks for the operation, which must answer with as many bytes as the modulus has. */
async function decrypt(key: SigningKey, modulus: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array> {
  assert.ok(key.rsaDecryptRaw);
  const block = await key.rsaDecryptRaw(ciphertext);
  assertPlain(block);
  assert.equal(block.length, modulus.length);
  return block;
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

test('only RSA keys that may encrypt have the raw operation', () => {
  for (const kind of KEY_KINDS) {
    const { rsaDecryptRaw } = signingKey(makeKey(kind));
    assert.equal(typeof rsaDecryptRaw, kind === 'rsa2048' ? 'function' : 'undefined', kind);
  }
});

for (const bits of [2048, 2047, 1032]) {
  test(`an RSA key of ${bits} bits: the whole block of what was encrypted, as long as the modulus`, async () => {
    const { key, modulus } = rsaKey(bits);
    const message = nodeProvider.random(48);
    const ciphertext = await nodeProvider.rsaEncrypt(key.publicKey as RsaKey, message);
    const block = await decrypt(key, modulus, ciphertext);
    assert.equal(toHex(block.subarray(0, 2)), '0002');
    assert.equal(block.indexOf(0, 2), block.length - 49);
    assert.equal(toHex(block.subarray(-48)), toHex(message));
  });

  test(`an RSA key of ${bits} bits: no ciphertext makes it throw or answer in another length`, async () => {
    const { key, modulus } = rsaKey(bits);
    const { length } = modulus;
    const number = (value: bigint) => fromHex(value.toString(16).padStart(2 * length, '0'));
    const n = toBigInt(modulus);

    // Whatever is below the modulus is decrypted, padding or none: 0 and 1 are their own powers, n - 1 too.
    for (const value of [0n, 1n, n - 1n]) {
      assert.equal(toBigInt(await decrypt(key, modulus, number(value))), value);
    }
    for (let i = 0; i < 20; i++) {
      const ciphertext = number(toBigInt(nodeProvider.random(length)) % n);
      const again = [await decrypt(key, modulus, ciphertext), await decrypt(key, modulus, ciphertext)];
      assert.deepEqual(again[0], again[1]);
    }
    const good = await nodeProvider.rsaEncrypt(key.publicKey as RsaKey, new Uint8Array(48));
    const block = toHex(await decrypt(key, modulus, good));
    const malformed = [
      EMPTY,
      Uint8Array.of(1),
      good.subarray(1),
      good.subarray(0, -1),
      concat(good, Uint8Array.of(0)),
      concat(Uint8Array.of(0), good),
      new Uint8Array(length + 1),
      new Uint8Array(0xffff).fill(0xff),
      number(n),
      new Uint8Array(length).fill(0xff),
    ];
    for (const ciphertext of malformed) {
      assert.notEqual(toHex(await decrypt(key, modulus, ciphertext)), block, `${ciphertext.length} bytes`);
    }
  });
}

test('a ciphertext without its leading zeros is another one', async () => {
  const { key, modulus } = rsaKey(1024);
  let ciphertext = Uint8Array.of(1);
  for (let i = 0; i < 20_000 && ciphertext[0] !== 0; i++) {
    ciphertext = new Uint8Array(await nodeProvider.rsaEncrypt(key.publicKey as RsaKey, new Uint8Array(48)));
  }
  assert.equal(ciphertext[0], 0);
  const block = await decrypt(key, modulus, ciphertext);
  assert.equal(block[1], 2);
  assert.equal(toHex(await decrypt(key, modulus, ciphertext.subarray(1))), '00'.repeat(128));
});
