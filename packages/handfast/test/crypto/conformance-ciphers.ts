/** What every provider's ciphers must do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type AeadName,
  CBC_BLOCK_LENGTH,
  CBC_KEY_LENGTH,
  type CbcName,
  type CryptoProvider,
} from '../../src/crypto/provider.ts';
import { concat, EMPTY, fromHex, toHex } from '../../src/wire/bytes.ts';
import { ABC, assertPlain, flipped } from './conformance-support.ts';

/** An empty plaintext and no additional data under zeros: test cases 1 and 13 of the GCM specification. */
const EMPTY_TAGS: Readonly<Partial<Record<AeadName, string>>> = {
  'AES-128-GCM': '58e2fccefa7e3061367f1d57a4e7455a',
  'AES-256-GCM': '530f8afbc74536b9a963b4f1c4cb738b',
};

export function testAead(provider: CryptoProvider, name: AeadName): void {
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

export function testCbc(provider: CryptoProvider, name: CbcName): void {
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
