/**
 * What every crypto provider must do, whatever it is made of: one suite, run for each provider. Known answers come
 * from the standards named beside them; Wycheproof goes deeper.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { type CryptoProvider, HASH_LENGTH, type HashName } from '../../src/crypto/provider.ts';
import { ascii, EMPTY, toHex } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { testAead, testCbc } from './conformance-ciphers.ts';
import { testFiniteField } from './conformance-finite-field.ts';
import { testGroups } from './conformance-groups.ts';
import { testRsaEncryption } from './conformance-rsa.ts';
import { testSignatures } from './conformance-signatures.ts';
import { ABC, assertPlain, HASHES, OPENSSL_HASHES } from './conformance-support.ts';

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
    testGroups(provider);
    testFiniteField(provider);
    testRsaEncryption(provider);
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
