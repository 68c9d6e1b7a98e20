/**
 * What each policy holds, word for word: a dated policy never changes, since those who chose it chose this. If a test here
 * fails, the change belongs into a policy of another year.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { clientConfig, serverConfig } from '../../src/handshake/config.ts';
import { DEFAULT_POLICY, POLICIES, type Policy, RSA_KEY_EXCHANGE_SUITES } from '../../src/policy/policies.ts';
import { cipherSuiteName, groupName, signatureSchemeName } from '../../src/wire/registry.ts';
import { accepting, identityOf } from '../support/identities.ts';

/** The same, in words. */
interface Words {
  readonly versions: readonly string[];
  readonly cipherSuites: readonly string[];
  readonly groups: readonly string[];
  readonly keyShares: readonly string[];
  readonly signatureSchemes: readonly string[];
  readonly certificateSignatureSchemes: readonly string[];
  readonly allowRsaKeyExchange: boolean;
  readonly requireExtendedMasterSecret: boolean;
  readonly requireSecureRenegotiation: boolean;
}

const words = (text: string): string[] => text.trim().split(/\s+/);

const SUITES_13 = words('TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256');
const ECDHE_AEAD = words(`
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256`);
const OLDER = words(`
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM TLS_ECDHE_ECDSA_WITH_AES_256_CCM
  TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
  TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_DHE_RSA_WITH_AES_128_CCM TLS_DHE_RSA_WITH_AES_256_CCM
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA256 TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA TLS_DHE_RSA_WITH_AES_256_CBC_SHA
  TLS_RSA_WITH_AES_128_GCM_SHA256 TLS_RSA_WITH_AES_256_GCM_SHA384
  TLS_RSA_WITH_AES_128_CCM TLS_RSA_WITH_AES_256_CCM
  TLS_RSA_WITH_AES_128_CBC_SHA256 TLS_RSA_WITH_AES_256_CBC_SHA256
  TLS_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_256_CBC_SHA`);
const GROUPS = words('X25519MLKEM768 x25519 secp256r1 secp384r1 secp521r1');
const KEY_SHARES = words('X25519MLKEM768 x25519');
const SCHEMES_13 = words(`
  ecdsa_secp256r1_sha256 ed25519 rsa_pss_rsae_sha256 ecdsa_secp384r1_sha384 rsa_pss_rsae_sha384
  ecdsa_secp521r1_sha512 rsa_pss_rsae_sha512 ed448 rsa_pss_pss_sha256 rsa_pss_pss_sha384 rsa_pss_pss_sha512`);
const PKCS1 = words('rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512');
const CNSA = words('ecdsa_secp384r1_sha384 rsa_pss_rsae_sha384 rsa_pss_pss_sha384');
const STRICT = {
  allowRsaKeyExchange: false,
  requireExtendedMasterSecret: true,
  requireSecureRenegotiation: true,
};

const CONTENTS: Readonly<Record<string, Words>> = {
  'modern-2026': {
    versions: ['TLSv1.3'],
    cipherSuites: SUITES_13,
    groups: GROUPS,
    keyShares: KEY_SHARES,
    signatureSchemes: SCHEMES_13,
    certificateSignatureSchemes: [...SCHEMES_13, ...PKCS1],
    ...STRICT,
  },
  'intermediate-2026': {
    versions: ['TLSv1.3', 'TLSv1.2'],
    cipherSuites: [...SUITES_13, ...ECDHE_AEAD],
    groups: GROUPS,
    keyShares: KEY_SHARES,
    signatureSchemes: [...SCHEMES_13, ...PKCS1],
    certificateSignatureSchemes: [...SCHEMES_13, ...PKCS1],
    ...STRICT,
  },
  'legacy-2026': {
    versions: ['TLSv1.3', 'TLSv1.2'],
    cipherSuites: [...SUITES_13, 'TLS_AES_128_CCM_SHA256', ...ECDHE_AEAD, ...OLDER],
    groups: [...GROUPS, 'x448', 'ffdhe2048', 'ffdhe3072', 'ffdhe4096'],
    keyShares: KEY_SHARES,
    signatureSchemes: [...SCHEMES_13, ...PKCS1],
    certificateSignatureSchemes: [...SCHEMES_13, ...PKCS1],
    allowRsaKeyExchange: true,
    requireExtendedMasterSecret: false,
    requireSecureRenegotiation: false,
  },
  'cnsa-2-2026': {
    versions: ['TLSv1.3'],
    cipherSuites: ['TLS_AES_256_GCM_SHA384'],
    groups: ['MLKEM1024', 'SecP384r1MLKEM1024'],
    keyShares: ['MLKEM1024'],
    signatureSchemes: CNSA,
    certificateSignatureSchemes: [...CNSA, 'rsa_pkcs1_sha384'],
    ...STRICT,
  },
};

function inWords({ name: _, description: __, ...policy }: Policy): Words {
  return {
    ...policy,
    cipherSuites: policy.cipherSuites.map(cipherSuiteName),
    groups: policy.groups.map(groupName),
    keyShares: policy.keyShares.map(groupName),
    signatureSchemes: policy.signatureSchemes.map(signatureSchemeName),
    certificateSignatureSchemes: policy.certificateSignatureSchemes.map(signatureSchemeName),
  };
}

test('the policies are these, and the default is the one for the browsers of today', () => {
  assert.deepEqual(Object.keys(POLICIES), Object.keys(CONTENTS));
  assert.equal(DEFAULT_POLICY, POLICIES['intermediate-2026']);
});

for (const [name, policy] of Object.entries(POLICIES) as [string, Policy][]) {
  test(`${name} holds what it has held since it was dated`, () => {
    assert.deepEqual(inWords(policy), CONTENTS[name]);
    assert.equal(policy.name, name);
    assert.match(policy.description, /^[A-Z].*\.$/);
  });

  test(`${name}: the provider has all of it, and a configuration of it loses nothing`, () => {
    const common = { provider: nodeProvider, now: Date.now, policy };
    const client = clientConfig({ ...common, verifier: accepting });
    const server = serverConfig({ ...common, identities: [identityOf('server', 'p384')] });
    for (const config of [client, server]) {
      assert.deepEqual(config.versions, policy.versions);
      assert.deepEqual(config.cipherSuites, policy.cipherSuites);
      assert.deepEqual(config.groups, policy.groups);
      assert.deepEqual(config.signatureSchemes, policy.signatureSchemes);
      assert.deepEqual(config.certificateSignatureSchemes, policy.certificateSignatureSchemes);
      assert.equal(config.allowRsaKeyExchange, policy.allowRsaKeyExchange);
      assert.equal(config.requireExtendedMasterSecret, policy.requireExtendedMasterSecret);
      assert.equal(config.requireSecureRenegotiation, policy.requireSecureRenegotiation);
    }
    assert.deepEqual(client.keyShares, policy.keyShares);
  });

  test(`${name}: key transport is in it only where it says so, and never before what has forward secrecy`, () => {
    const transports = CONTENTS[name]?.cipherSuites.map((suite) => suite.startsWith('TLS_RSA_')) ?? [];
    assert.equal(transports.includes(true), policy.allowRsaKeyExchange);
    const first = transports.indexOf(true);
    assert.ok(first < 0 || !transports.slice(first).includes(false));
  });
}

test('what allowRsaKeyExchange adds is authenticated', () => {
  assert.deepEqual(RSA_KEY_EXCHANGE_SUITES.map(cipherSuiteName), [
    'TLS_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_RSA_WITH_AES_256_GCM_SHA384',
  ]);
});
