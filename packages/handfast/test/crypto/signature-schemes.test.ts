/** Which keys may be used with which scheme: the binding that TLS 1.3 adds to bare algorithms. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PublicKey } from '../../src/crypto/provider.ts';
import {
  bitLength,
  certificateVerifyAlgorithm,
  SIGNATURE_SCHEMES,
  schemeFitsKey,
  schemeFitsVersion,
  schemesForKey,
} from '../../src/crypto/signature-schemes.ts';
import { SignatureScheme, signatureSchemeName } from '../../src/wire/registry.ts';

const exponent = Uint8Array.of(1, 0, 1);
const modulus = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0xff);
const rsa: PublicKey = { kind: 'rsa', modulus: modulus(256), exponent };

const names = (key: PublicKey): string[] => schemesForKey(key).map(signatureSchemeName);

describe('signature schemes', () => {
  test('plain and PSS keys are kept apart, and so are the curves', () => {
    assert.deepEqual(names({ kind: 'rsa-pss', modulus: modulus(256), exponent }), [
      'rsa_pss_pss_sha256',
      'rsa_pss_pss_sha384',
      'rsa_pss_pss_sha512',
    ]);
    assert.equal(names(rsa)[0], 'rsa_pss_rsae_sha256');
    assert.ok(!names(rsa).some((name) => name.includes('pss_pss')));
    const ecdsa = ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'];
    for (const [curve, name] of [
      ['P-256', 'ecdsa_secp256r1_sha256'],
      ['P-384', 'ecdsa_secp384r1_sha384'],
      ['P-521', 'ecdsa_secp521r1_sha512'],
    ] as const) {
      // TLS 1.2 lets any curve go with any hash; what TLS 1.3 allows comes first.
      const key: PublicKey = { kind: 'ec', curve, point: new Uint8Array(1) };
      assert.equal(names(key)[0], name);
      assert.deepEqual(new Set(names(key)), new Set(ecdsa));
      for (const scheme of schemesForKey(key)) {
        assert.ok(schemeFitsVersion('TLSv1.2', scheme, key));
        assert.equal(schemeFitsVersion('TLSv1.3', scheme, key), signatureSchemeName(scheme) === name);
      }
    }
    assert.deepEqual(names({ kind: 'ed25519', key: new Uint8Array(32) }), ['ed25519']);
    assert.deepEqual(names({ kind: 'ed448', key: new Uint8Array(57) }), ['ed448']);
  });

  test('a PSS key with parameters is bound to them', () => {
    const restricted = (minSaltLength: number): PublicKey => ({
      kind: 'rsa-pss',
      modulus: modulus(256),
      exponent,
      restriction: { hash: 'SHA-256', mgfHash: 'SHA-256', minSaltLength },
    });
    assert.deepEqual(names(restricted(20)), ['rsa_pss_pss_sha256']);
    assert.deepEqual(names(restricted(32)), ['rsa_pss_pss_sha256']);
    assert.deepEqual(names(restricted(33)), []);
  });

  test('a modulus must have room for hash and salt', () => {
    assert.equal(bitLength(modulus(128)), 1024);
    assert.equal(bitLength(Uint8Array.of(1, 0)), 9);
    assert.equal(bitLength(new Uint8Array(0)), 0);
    // The encoding is one bit shorter than the modulus: 8 * 64 + 8 * 64 + 9 bits of it need 1034.
    const scheme = SignatureScheme.rsa_pss_rsae_sha512;
    const fits = (top: number): boolean =>
      schemeFitsKey(scheme, { kind: 'rsa', modulus: Uint8Array.of(top, ...modulus(129)), exponent });
    assert.ok(fits(0b11));
    assert.ok(!fits(0b1));
  });

  test('RSA PKCS #1 is for certificates, SHA-1 for nothing, and unknown schemes fit no key', () => {
    for (const [scheme, { algorithm, inCertificateVerify }] of SIGNATURE_SCHEMES) {
      assert.equal(inCertificateVerify, algorithm.kind !== 'rsa-pkcs1', signatureSchemeName(scheme));
      assert.equal(certificateVerifyAlgorithm(scheme), inCertificateVerify ? algorithm : undefined);
    }
    for (const scheme of [SignatureScheme.rsa_pkcs1_sha1, SignatureScheme.ecdsa_sha1, 0x0a0a, 0xffff]) {
      assert.ok(!schemeFitsKey(scheme, rsa));
      assert.equal(certificateVerifyAlgorithm(scheme), undefined);
    }
  });
});
