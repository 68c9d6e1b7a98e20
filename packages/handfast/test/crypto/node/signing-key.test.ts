/** Private keys: every form that is taken, every kind of input that is refused, and what the refusal says. */
import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import { nodeProvider, type SigningKeyOptions, signingKey } from '../../../src/crypto/node/index.ts';
import type { SigningKey } from '../../../src/crypto/provider.ts';
import { SIGNATURE_SCHEMES } from '../../../src/crypto/signature-schemes.ts';
import { ascii, concat, toHex } from '../../../src/wire/bytes.ts';
import { ConfigError, TlsError } from '../../../src/wire/errors.ts';
import { SignatureScheme, signatureSchemeName } from '../../../src/wire/registry.ts';
import { KEY_KINDS, type KeyKind, makeKey, testPki, toPem } from '../../support/pki.ts';

const MESSAGE = ascii('what is signed');

const SCHEMES: Readonly<Record<KeyKind, readonly string[]>> = {
  // TLS 1.3 binds the hash to the curve; what only TLS 1.2 allows comes behind.
  p256: ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
  p384: ['ecdsa_secp384r1_sha384', 'ecdsa_secp256r1_sha256', 'ecdsa_secp521r1_sha512'],
  p521: ['ecdsa_secp521r1_sha512', 'ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'],
  ed25519: ['ed25519'],
  ed448: ['ed448'],
  rsa2048: [
    'rsa_pss_rsae_sha256',
    'rsa_pss_rsae_sha384',
    'rsa_pss_rsae_sha512',
    'rsa_pkcs1_sha256',
    'rsa_pkcs1_sha384',
    'rsa_pkcs1_sha512',
  ],
  'rsa-pss': ['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'],
};

function pem(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' }).toString();
}

function der(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): Uint8Array {
  return new Uint8Array(key.export({ type, format: 'der' }));
}

/** The key signs with each of its schemes, and its public half verifies that. */
async function assertSigns(key: SigningKey): Promise<void> {
  assert.ok(key.publicKey);
  for (const scheme of key.schemes) {
    const algorithm = SIGNATURE_SCHEMES.get(scheme)?.algorithm;
    assert.ok(algorithm);
    const signature = await key.sign(scheme, MESSAGE);
    assert.equal(Object.getPrototypeOf(signature), Uint8Array.prototype);
    assert.equal(await nodeProvider.verify(algorithm, key.publicKey, MESSAGE, signature), true);
  }
}

/** Refused, with a message that matches every pattern. */
function assertRefused(input: unknown, options: SigningKeyOptions, ...patterns: readonly RegExp[]): void {
  assert.throws(
    () => signingKey(input as string, options),
    (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      assert.equal(error.option, options.option ?? 'key');
      for (const pattern of patterns) assert.match(error.message, pattern);
      return true;
    },
  );
}

describe('signing keys', { timeout: 60_000 }, () => {
  for (const kind of KEY_KINDS) {
    test(`${kind}: as KeyObject, PEM and DER, with the right schemes`, async () => {
      const key = makeKey(kind);
      const own = kind.startsWith('rsa') ? 'pkcs1' : 'sec1';
      const hasOwn = kind === 'rsa2048' || kind.startsWith('p');
      const pkcs8 = pem(key);
      const forms = [
        key,
        pkcs8,
        `\ufeffBag Attributes: none\r\n${pkcs8.replaceAll('\n', '\r\n')}\r\n`,
        ascii(pkcs8),
        der(key),
        ...(hasOwn ? [pem(key, own), der(key, own)] : []),
      ];
      const [first, ...others] = forms.map((form) => signingKey(form));
      assert.ok(first);
      assert.deepEqual(first.schemes.map(signatureSchemeName), SCHEMES[kind]);
      for (const other of others) assert.deepEqual(other.publicKey, first.publicKey);
      await assertSigns(first);
    });

    test(`${kind}: encrypted, in PEM and DER`, async () => {
      const key = makeKey(kind);
      const encryption = { cipher: 'aes-256-cbc', passphrase: 'öpen' };
      const encryptedPem = key.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
      const encryptedDer = new Uint8Array(key.export({ type: 'pkcs8', format: 'der', ...encryption }));
      for (const form of [encryptedPem, encryptedDer]) {
        const passphrase = new TextEncoder().encode('öpen');
        await assertSigns(signingKey(form, { passphrase: 'öpen' }));
        assert.deepEqual(signingKey(form, { passphrase }).publicKey, signingKey(key).publicKey);
        assertRefused(form, {}, /is encrypted/, /give its passphrase/);
        assertRefused(form, { passphrase: 'wrong' }, /passphrase is wrong/);
      }
    });
  }

  test('the older encryption of PEM, with its own headers', () => {
    const key = makeKey('rsa2048');
    const text = key
      .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })
      .toString();
    assert.match(text, /Proc-Type: 4,ENCRYPTED/);
    assert.deepEqual(signingKey(text, { passphrase: 'x' }).publicKey, signingKey(key).publicKey);
    assertRefused(text, {}, /give its passphrase/);
    assertRefused(text, { passphrase: 'wrong' }, /passphrase is wrong/);
  });

  test('a PEM text may hold the certificates as well, or the parameters of the curve', () => {
    const { key, pem: certificate, keyPem } = testPki().server;
    assert.deepEqual(signingKey(certificate + keyPem).publicKey, signingKey(key).publicKey);
    const parameters = toPem('EC PARAMETERS', Uint8Array.of(6, 8, 42, 134, 72, 206, 61, 3, 1, 7));
    assert.deepEqual(signingKey(parameters + pem(key, 'sec1')).publicKey, signingKey(key).publicKey);
    assertRefused(keyPem + keyPem, {}, /expected one private key, found 2/);
  });

  test('an RSA-PSS key says which schemes it may be used with', async () => {
    const restricted = (hashAlgorithm: string, mgf1HashAlgorithm: string, saltLength: number): KeyObject => {
      // Node's types want the salt's length as text, Node itself wants a number.
      const options = { hashAlgorithm, mgf1HashAlgorithm, saltLength: saltLength as unknown as string };
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...options }).privateKey;
    };
    const key = signingKey(restricted('sha384', 'sha384', 48));
    assert.deepEqual(key.schemes, [SignatureScheme.rsa_pss_pss_sha384]);
    assert.deepEqual(key.publicKey?.kind === 'rsa-pss' && key.publicKey.restriction, {
      hash: 'SHA-384',
      mgfHash: 'SHA-384',
      minSaltLength: 48,
    });
    await assertSigns(key);
    assertRefused(restricted('sha256', 'sha256', 40), {}, /no signature scheme of TLS fits/);
    assertRefused(restricted('sha256', 'sha384', 32), {}, /no signature scheme of TLS fits/);
    assertRefused(restricted('sha1', 'sha1', 20), {}, /no signature scheme of TLS fits/);
    assertRefused(restricted('sha224', 'sha224', 28), {}, /rsa-pss key for sha224/);
  });

  test('a short RSA key is refused unless the caller allows it', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    assertRefused(privateKey, {}, /1024 bits, at least 2048/);
    // A modulus of 1024 bits has no room for SHA-512 and a salt of 64 bytes.
    const key = signingKey(privateKey, { minRsaBits: 1024 });
    assert.ok(!key.schemes.includes(SignatureScheme.rsa_pss_rsae_sha512));
    await assertSigns(key);
    assertRefused(makeKey('rsa2048'), { minRsaBits: 3072 }, /2048 bits, at least 3072/);
  });

  test('whatever is no private key is called by its name', () => {
    const { server } = testPki();
    const publicKey = createPublicKey(server.key);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    assertRefused(server.pem, {}, /found a certificate/);
    assertRefused(server.der, {}, /found a certificate/);
    assertRefused(publicKey.export({ type: 'spki', format: 'pem' }), {}, /found a public key/);
    assertRefused(new Uint8Array(spki), {}, /found a public key/);
    assertRefused(publicKey, {}, /found a public KeyObject/);
    assertRefused(createSecretKey(new Uint8Array(16)), {}, /found a secret KeyObject/);
    assertRefused(toPem('OPENSSH PRIVATE KEY', new Uint8Array(9)), {}, /OpenSSH/, /ssh-keygen/);
    assertRefused(toPem('CERTIFICATE REQUEST', new Uint8Array(9)), {}, /expected a PEM private key/);
    assertRefused(toPem('DH PARAMETERS', new Uint8Array(9)), {}, /found "DH PARAMETERS"/);
    assertRefused('./server.key', {}, /content of the key file, not its name/);
    assertRefused('', {}, /without any PEM block/);
    assertRefused(new Uint8Array(0), {}, /without any PEM block/);
    assertRefused(undefined, { option: 'client key' }, /found undefined/);
    assertRefused(null, {}, /found null/);
    assertRefused({ kty: 'EC' }, {}, /found object/);
  });

  test('damaged keys are refused', () => {
    const key = makeKey('p256');
    const text = pem(key);
    const bytes = der(key);
    assertRefused(text.slice(0, 100), {}, /cut off/);
    assertRefused(text.replace(/\n[^-]{20}/, '\n'), {}, /could not be decoded/);
    assertRefused(toPem('PRIVATE KEY', new Uint8Array(40)), {}, /could not be decoded/);
    for (const wrong of [
      bytes.subarray(0, 60),
      bytes.subarray(0, 1),
      concat(Uint8Array.of(0x30, 0x80), bytes),
      Uint8Array.of(0x30, 0x30),
    ]) {
      assertRefused(wrong, {}, /could not be decoded|could not be decrypted|is encrypted/);
    }
  });

  test('keys that TLS 1.3 does not sign with are refused', () => {
    assertRefused(
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
      {},
      /secp256k1/,
      /P-256/,
    );
    assertRefused(generateKeyPairSync('x25519').privateKey, {}, /x25519 key/);
    assertRefused(
      generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey,
      {},
      /dsa key/,
    );
  });

  test('a scheme that does not fit the key is refused', () => {
    const key = signingKey(makeKey('p256'));
    for (const scheme of [
      SignatureScheme.ed25519,
      SignatureScheme.rsa_pss_rsae_sha256,
      SignatureScheme.ecdsa_sha1,
      0x1234,
    ]) {
      assert.throws(
        () => key.sign(scheme, MESSAGE),
        (error) => error instanceof TlsError && error.code === 'ERR_SIGNING_FAILED',
      );
    }
  });

  test('keys that Node generated moments ago do not hang it', { timeout: 30_000 }, () => {
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const { publicKey } = signingKey(generateKeyPairSync('ed25519').privateKey);
      seen.add(publicKey?.kind === 'ed25519' ? toHex(publicKey.key) : '');
    }
    assert.equal(seen.size, 300);
  });
});
