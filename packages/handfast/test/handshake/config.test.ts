/** Mistakes of the caller are found when a configuration is built, and named; defaults are filled in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider, signingKey } from '../../src/crypto/node/index.ts';
import {
  type ClientOptions,
  clientConfig,
  type ServerOptions,
  serverConfig,
} from '../../src/handshake/config.ts';
import { createIdentity } from '../../src/handshake/identity.ts';
import { COOKIE_LIFETIME } from '../../src/policy/defaults.ts';
import { DEFAULT_POLICY, POLICIES } from '../../src/policy/policies.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { CipherSuite, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { accepting, identityOf } from '../support/identities.ts';
import { clientOptions, serverOptions } from '../support/pair.ts';
import { issue, makeKey, testPki } from '../support/pki.ts';

const { TLS_AES_128_GCM_SHA256 } = CipherSuite;
/** Numbers that nobody has. */
const UNKNOWN_SUITE = 0x13fe;
const UNKNOWN_GROUP = 0x01fb;

function isConfigError(option: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.option, option);
    assert.match(error.message, text);
    return true;
  };
}

/** Options that both sides have, each with what is wrong about it. */
const COMMON_MISTAKES: readonly (readonly [Partial<ClientOptions & ServerOptions>, string, RegExp])[] = [
  [{ cipherSuites: [] }, 'cipherSuites', /at least one, found an empty list/],
  [
    { cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256] },
    'cipherSuites',
    /TLS_AES_128_GCM_SHA256 is listed twice/,
  ],
  [{ cipherSuites: [UNKNOWN_SUITE] }, 'cipherSuites', /suite\(0x13fe\) is not offered by .*node/],
  [
    { cipherSuites: [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256] },
    'cipherSuites',
    /TLSv1\.3 cannot be negotiated: none of the cipher suites belongs to it/,
  ],
  [{ groups: [] }, 'groups', /empty list/],
  [{ groups: [UNKNOWN_GROUP] }, 'groups', /group\(0x01fb\) is not offered/],
  [{ groups: [NamedGroup.x25519, NamedGroup.x25519] }, 'groups', /x25519 is listed twice/],
  [{ signatureSchemes: [] }, 'signatureSchemes', /empty list/],
  [
    { signatureSchemes: [SignatureScheme.rsa_pkcs1_sha256] },
    'signatureSchemes',
    /TLSv1\.3 cannot be negotiated: TLS_AES_128_GCM_SHA256 and 2 more need a signature scheme of TLSv1\.3/,
  ],
  [
    { allowRsaKeyExchange: true },
    'allowRsaKeyExchange',
    /no RSA key transport in TLSv1\.3; it needs TLSv1\.2/,
  ],
  [
    { policy: DEFAULT_POLICY, versions: ['TLSv1.2'], groups: [NamedGroup.X25519MLKEM768] },
    'groups',
    /TLSv1\.2 cannot be negotiated: \w+ and 5 more need an elliptic curve, and there is none among/,
  ],
  [
    { policy: POLICIES['modern-2026'], versions: ['TLSv1.2'], groups: [NamedGroup.x25519] },
    'versions',
    /none of the cipher suites of the policy 'modern-2026' belongs to it/,
  ],
  [{ signatureSchemes: [SignatureScheme.ecdsa_sha1] }, 'signatureSchemes', /ecdsa_sha1 is not offered/],
  [{ certificateSignatureSchemes: [] }, 'certificateSignatureSchemes', /empty list/],
  [{ applicationProtocols: [''] }, 'applicationProtocols', /1 to 255 printable ASCII/],
  [{ applicationProtocols: ['h2', 'h2'] }, 'applicationProtocols', /h2 is listed twice/],
  [{ applicationProtocols: ['héllo'] }, 'applicationProtocols', /printable ASCII/],
  [{ applicationProtocols: ['x'.repeat(256)] }, 'applicationProtocols', /1 to 255/],
  [
    { applicationProtocols: Array.from({ length: 300 }, (_, i) => `${i}${'x'.repeat(240)}`) },
    'applicationProtocols',
    /does not fit its extension/,
  ],
  [{ maxFragmentLength: 63 }, 'maxFragmentLength', /64 to 16384, found 63/],
  [{ maxFragmentLength: 16385 }, 'maxFragmentLength', /found 16385/],
  [{ maxFragmentLength: 100.5 }, 'maxFragmentLength', /whole number/],
  [{ recordsPerKey: 0 }, 'recordsPerKey', /at least 1, found 0/],
];

test('mistakes in the options of both sides', () => {
  for (const [options, option, text] of COMMON_MISTAKES) {
    assert.throws(() => clientConfig(clientOptions(options)), isConfigError(option, text));
    assert.throws(() => serverConfig(serverOptions(options)), isConfigError(option, text));
  }
});

test('mistakes in the options of a client', () => {
  for (const [options, text] of [
    [{ keyShares: [] }, /empty list/],
    [{ keyShares: [NamedGroup.x25519, NamedGroup.x25519] }, /listed twice/],
    [
      { groups: [NamedGroup.x25519], keyShares: [NamedGroup.secp256r1] },
      /secp256r1 is not offered by `groups`/,
    ],
  ] as const) {
    assert.throws(() => clientConfig(clientOptions(options)), isConfigError('keyShares', text));
  }
});

test('mistakes in the options of a server', () => {
  const { verifier: _verifier, ...unverified } = serverOptions({});
  for (const [options, option, text] of [
    [serverOptions({ identities: [] }), 'identities', /at least one identity, or selectIdentity/],
    [{ ...unverified, clientAuthentication: 'request' }, 'verifier', /needed to judge/],
    [{ ...unverified, clientAuthentication: 'require' }, 'verifier', /needed to judge/],
    [
      serverOptions({ cookieSecret: new Uint8Array(31) }),
      'cookieSecret',
      /at least 32 random bytes, found 31/,
    ],
    [serverOptions({ alwaysRetry: true }), 'alwaysRetry', /needs a cookieSecret/],
  ] as const) {
    assert.throws(() => serverConfig(options), isConfigError(option, text));
  }
});

test('a server with RSA certificates may take clients that sign with ECDSA alone', () => {
  const options = {
    versions: ['TLSv1.2'],
    cipherSuites: [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
    signatureSchemes: [SignatureScheme.ecdsa_secp256r1_sha256],
  } as const;
  const identities = [identityOf('server', 'rsa2048')];
  const config = serverConfig(serverOptions({ ...options, identities, clientAuthentication: 'require' }));
  assert.deepEqual(config.cipherSuites, options.cipherSuites);
  const text = /needs? a signature scheme for RSA keys/;
  assert.throws(() => clientConfig(clientOptions(options)), isConfigError('cipherSuites', text));
});

test('defaults', () => {
  const { provider, now } = clientOptions();
  const client = clientConfig({ provider, now, verifier: accepting });
  assert.equal(DEFAULT_POLICY, POLICIES['intermediate-2026']);
  assert.deepEqual(client.versions, ['TLSv1.3', 'TLSv1.2']);
  assert.deepEqual(client.cipherSuites, DEFAULT_POLICY.cipherSuites);
  assert.deepEqual(
    client.groups,
    DEFAULT_POLICY.groups.filter((group) => provider.groups.has(group)),
  );
  assert.deepEqual(
    client.keyShares,
    DEFAULT_POLICY.keyShares.filter((group) => provider.groups.has(group)),
  );
  assert.equal(client.maxFragmentLength, 16384);
  assert.deepEqual(client.identities, []);
  assert.equal(client.middleboxCompatibility, true);
  assert.ok(client.certificateSignatureSchemes.includes(SignatureScheme.rsa_pkcs1_sha256));
  const modern = clientConfig({ provider, now, verifier: accepting, versions: ['TLSv1.3'] });
  assert.ok(!modern.signatureSchemes.includes(SignatureScheme.rsa_pkcs1_sha256));
  const server = serverConfig({ provider, now, identities: [identityOf('server')] });
  assert.equal(server.clientAuthentication, 'none');
  assert.equal(server.preference, 'server');
  assert.equal(server.requireKnownServerName, false);
  assert.equal(server.alwaysRetry, false);
  assert.equal(COOKIE_LIFETIME, 60_000);
});

test('key shares are sent in the order of the groups, whatever the order in which they were asked for', () => {
  const { x25519, secp256r1, secp384r1 } = NamedGroup;
  const groups = [secp384r1, x25519, secp256r1];
  const config = clientConfig(clientOptions({ groups, keyShares: [secp256r1, secp384r1] }));
  assert.deepEqual(config.keyShares, [secp384r1, secp256r1]);
});

test('defaults leave out what the provider does not have', () => {
  const groups = new Map([...nodeProvider.groups].filter(([group]) => group === NamedGroup.secp384r1));
  const aeads = new Set(['CHACHA20-POLY1305'] as const);
  const config = clientConfig(clientOptions({ provider: { ...nodeProvider, groups, aeads } }));
  assert.deepEqual(config.groups, [NamedGroup.secp384r1]);
  assert.deepEqual(config.keyShares, [NamedGroup.secp384r1]);
  assert.deepEqual(config.cipherSuites, [CipherSuite.TLS_CHACHA20_POLY1305_SHA256]);
  const none = { ...nodeProvider, groups: new Map() };
  assert.throws(() => clientConfig(clientOptions({ provider: none })), isConfigError('groups', /empty list/));
});

test('a key and a chain that do not belong together', () => {
  const { server, client } = testPki();
  const chain = [parseCertificate(server.der)];
  const key = signingKey(server.key);
  assert.throws(() => createIdentity({ chain: [], key }), isConfigError('cert', /at least one certificate/));
  const agreeing = issue({ subject: 'for key agreement', keyUsage: ['keyAgreement', 'keyEncipherment'] });
  assert.throws(
    () => createIdentity({ chain: [parseCertificate(agreeing.der)], key: signingKey(agreeing.key) }),
    isConfigError('cert', /may be used for keyEncipherment, keyAgreement only; .* digitalSignature/),
  );
  assert.throws(
    () => createIdentity({ chain, key: signingKey(client.key) }),
    isConfigError('key', /does not belong to the certificate of CN=localhost/),
  );
  assert.throws(
    () => createIdentity({ chain, key: signingKey(makeKey('ed25519')) }),
    isConfigError('key', /does not belong/),
  );
  // A key that does not tell its public half is held to its schemes alone.
  const { sign } = key;
  for (const [schemes, text] of [
    [[], /\(none\) do not fit the ec key/],
    [
      [SignatureScheme.ed25519, SignatureScheme.rsa_pss_rsae_sha256],
      /\(ed25519, rsa_pss_rsae_sha256\) do not fit/,
    ],
    [[SignatureScheme.ed448], /do not fit/],
  ] as const) {
    assert.throws(() => createIdentity({ chain, key: { schemes, sign } }), isConfigError('key', text));
  }
  const schemes = [SignatureScheme.ed25519, SignatureScheme.ecdsa_secp256r1_sha256];
  const { schemes: usable } = createIdentity({ chain, key: { schemes, sign } });
  assert.deepEqual(usable, [SignatureScheme.ecdsa_secp256r1_sha256]);
});

test('what a caller in JavaScript left out, or gave as something else, is named', () => {
  const wrong = (options: object): ClientOptions => ({ ...clientOptions(), ...options });
  assert.throws(() => clientConfig(wrong({ provider: undefined })), isConfigError('provider', /needed/));
  assert.throws(() => clientConfig(wrong({ now: undefined })), isConfigError('now', /needed/));
  assert.throws(() => clientConfig(wrong({ verifier: undefined })), isConfigError('verifier', /needed/));
  assert.throws(
    () => clientConfig(wrong({ groups: 'x25519' })),
    isConfigError('groups', /a list, found string/),
  );
});

test('authorities that do not fit a CertificateRequest are found when the configuration is built', () => {
  for (const authorities of [
    Array.from({ length: 700 }, () => new Uint8Array(100).fill(0x30)),
    [new Uint8Array()],
  ]) {
    assert.throws(
      () => serverConfig(serverOptions({ verifier: { ...accepting, authorities } })),
      isConfigError('verifier', /does not fit its extension/),
    );
  }
});
