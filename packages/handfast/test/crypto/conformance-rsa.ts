/** What every provider must do for RSA key transport. */
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { test } from 'node:test';
import type { CryptoProvider, PublicKey } from '../../src/crypto/provider.ts';
import { EMPTY, toHex } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { assertPlain, publicKeyOf } from './conformance-support.ts';

type RsaKey = Extract<PublicKey, { kind: 'rsa' }>;

const MALFORMED: readonly (readonly [modulus: Uint8Array, exponent: Uint8Array])[] = [
  [EMPTY, Uint8Array.of(3)],
  [Uint8Array.of(0), EMPTY],
  [new Uint8Array(256).fill(0xfe), Uint8Array.of(1, 0, 1)],
  [new Uint8Array(256).fill(0xff), EMPTY],
  [new Uint8Array(256).fill(0xff), Uint8Array.of(0)],
  [new Uint8Array(256).fill(0xff), Uint8Array.of(1)],
  [new Uint8Array(256).fill(0xff), Uint8Array.of(2)],
];

export function testRsaEncryption(provider: CryptoProvider): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = publicKeyOf(publicKey) as RsaKey;

  test('RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.1): 00 02, random non-zero bytes, 00, the message', async () => {
    const seen = new Set<string>();
    for (const length of [0, 1, 48, 48, 245]) {
      const message = provider.random(length);
      const ciphertext = await provider.rsaEncrypt(key, message);
      assertPlain(ciphertext);
      assert.equal(ciphertext.length, 256);
      const padding = constants.RSA_NO_PADDING;
      const block = new Uint8Array(privateDecrypt({ key: privateKey, padding }, ciphertext));
      assert.equal(toHex(block.subarray(0, 2)), '0002');
      const end = block.indexOf(0, 2);
      assert.equal(end, 256 - length - 1);
      assert.equal(toHex(block.subarray(end + 1)), toHex(message));
      seen.add(toHex(ciphertext));
    }
    assert.equal(seen.size, 5);
  });

  test('RSA encryption refuses what does not fit, and keys that are no keys', async () => {
    const isRefused = (error: unknown) =>
      error instanceof TlsError &&
      error.code === 'ERR_BAD_CERTIFICATE' &&
      /cannot encrypt/.test(error.message);
    for (const length of [246, 256, 1000]) {
      await assert.rejects(async () => provider.rsaEncrypt(key, new Uint8Array(length)), isRefused);
    }
    for (const [modulus, exponent] of MALFORMED) {
      const bad: RsaKey = { kind: 'rsa', modulus, exponent };
      await assert.rejects(async () => provider.rsaEncrypt(bad, new Uint8Array(48)), isRefused);
    }
  });
}
