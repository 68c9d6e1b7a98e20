/**
 * Every policy meets every other, with every kind of certificate. What they agree on is computed from their lists: the suite
 * and the group that come first for the server, a group whose share is there before all others, and the first scheme of
 * the certificate's key that the client takes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLICIES, type Policy } from '../../src/policy/policies.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import {
  CipherSuite,
  cipherSuiteName,
  groupName,
  SignatureScheme,
  signatureSchemeName,
} from '../../src/wire/registry.ts';
import { rsaServer } from '../support/flows12.ts';
import { identityOf, trusting } from '../support/identities.ts';
import { Pair, text } from '../support/pair.ts';
import { KEY_KINDS, type KeyKind } from '../support/pki.ts';

const { rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512 } = SignatureScheme;
const { rsa_pss_pss_sha256, rsa_pss_pss_sha384, rsa_pss_pss_sha512 } = SignatureScheme;

/** What each kind of key signs with in TLS 1.3, best first. */
const SCHEMES: Readonly<Record<KeyKind, readonly SignatureScheme[]>> = {
  p256: [SignatureScheme.ecdsa_secp256r1_sha256],
  p384: [SignatureScheme.ecdsa_secp384r1_sha384],
  p521: [SignatureScheme.ecdsa_secp521r1_sha512],
  ed25519: [SignatureScheme.ed25519],
  ed448: [SignatureScheme.ed448],
  rsa2048: [rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512],
  'rsa-pss': [rsa_pss_pss_sha256, rsa_pss_pss_sha384, rsa_pss_pss_sha512],
};

interface Agreement {
  readonly suite: CipherSuite;
  readonly group: number;
  readonly scheme: SignatureScheme;
  readonly isRetried: boolean;
}

/** All policies speak TLS 1.3, and so do any two of them. */
function agreement(client: Policy, server: Policy, kind: KeyKind): Agreement | TlsErrorCode {
  const suite = server.cipherSuites.find((own) => client.cipherSuites.includes(own));
  if (suite === undefined) return 'ERR_NO_SHARED_CIPHER_SUITE';
  const shared = server.groups.find((own) => client.keyShares.includes(own));
  const group = shared ?? server.groups.find((own) => client.groups.includes(own));
  if (group === undefined) return 'ERR_NO_SHARED_GROUP';
  const scheme = SCHEMES[kind].find((own) => client.signatureSchemes.includes(own));
  if (scheme === undefined) return 'ERR_NO_SHARED_SIGNATURE_SCHEME';
  return { suite, group, scheme, isRetried: shared === undefined };
}

for (const client of Object.values(POLICIES) as Policy[]) {
  for (const server of Object.values(POLICIES) as Policy[]) {
    test(`a client of ${client.name} meets a server of ${server.name}`, () => {
      for (const kind of KEY_KINDS) {
        const identity = kind === 'rsa2048' ? rsaServer() : identityOf('server', kind);
        const pair = new Pair({
          client: { policy: client, verifier: trusting(kind) },
          server: { policy: server, identities: [identity] },
        }).run();
        const expected = agreement(client, server, kind);
        if (typeof expected === 'string') {
          pair.errorOf('server', expected);
          const { context } = pair.errorOf('client', 'ERR_ALERT_RECEIVED');
          assert.equal(context.alertReceived, 'handshake_failure');
          continue;
        }
        const { version, cipherSuite, group, own, helloRetried } = pair.establishedOn('server');
        assert.equal(version, 'TLSv1.3');
        assert.equal(cipherSuiteName(cipherSuite), cipherSuiteName(expected.suite));
        assert.equal(groupName(group ?? 0), groupName(expected.group));
        assert.equal(signatureSchemeName(own?.signatureScheme ?? 0), signatureSchemeName(expected.scheme));
        assert.equal(helloRetried, expected.isRetried);
        pair.client.send(text('hello'));
        pair.run();
        assert.equal(pair.textOf('server'), 'hello');
      }
    });
  }
}

test('policies agree with themselves and overlap as they are meant to', () => {
  const overlapping = (Object.values(POLICIES) as Policy[]).flatMap((client) =>
    (Object.values(POLICIES) as Policy[])
      .filter((server) => typeof agreement(client, server, 'p384') !== 'string')
      .map((server) => `${client.name} ${server.name}`),
  );
  const names = ['modern-2026', 'intermediate-2026', 'legacy-2026'];
  const expected = names.flatMap((client) => names.map((server) => `${client} ${server}`));
  assert.deepEqual(overlapping.toSorted(), [...expected, 'cnsa-2-2026 cnsa-2-2026'].toSorted());
});

/** What peers of TLS 1.2 come to, by what the server's certificate holds. */
const IN_TLS12: readonly (readonly [client: Policy, server: Policy, ecdsa: string, rsa: string])[] = [
  [
    POLICIES['intermediate-2026'],
    POLICIES['intermediate-2026'],
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  ],
  [
    POLICIES['legacy-2026'],
    POLICIES['intermediate-2026'],
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  ],
  [
    POLICIES['legacy-2026'],
    POLICIES['legacy-2026'],
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  ],
];

test('policies with TLS 1.2 agree in it, where one side speaks nothing newer', () => {
  const versions = ['TLSv1.2'] as const;
  for (const [client, server, ecdsa, rsa] of IN_TLS12) {
    for (const oldSide of ['client', 'server'] as const) {
      for (const [identity, suite] of [
        [identityOf('server'), ecdsa],
        [rsaServer(), rsa],
      ] as const) {
        const pair = new Pair({
          client: { policy: client, ...(oldSide === 'client' && { versions }) },
          server: { policy: server, identities: [identity], ...(oldSide === 'server' && { versions }) },
        }).run();
        const established = pair.establishedOn('client');
        assert.equal(established.version, 'TLSv1.2');
        assert.equal(cipherSuiteName(established.cipherSuite), suite);
        assert.equal(groupName(established.group ?? 0), 'x25519');
        assert.ok(established.extendedMasterSecret);
      }
    }
  }
});

test('modern and cnsa-2 refuse TLS 1.2, and say so', () => {
  for (const policy of [POLICIES['modern-2026'], POLICIES['cnsa-2-2026']]) {
    const pair = new Pair({
      client: { policy: POLICIES['legacy-2026'], versions: ['TLSv1.2'] },
      server: { policy, identities: [identityOf('server', 'p384')] },
    }).run();
    const { message } = pair.errorOf('server', 'ERR_PROTOCOL_VERSION');
    assert.equal(message, 'the client offers TLSv1.2, this server speaks TLSv1.3 only');
  }
});

test('legacy reaches peers that can do nothing but key transport, or CBC with SHA-1', () => {
  for (const suite of [
    CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
  ]) {
    const old = { policy: POLICIES['legacy-2026'], cipherSuites: [suite] };
    const today = { policy: POLICIES['legacy-2026'] };
    for (const [client, server] of [
      [old, today],
      [today, old],
    ] as const) {
      const pair = new Pair({ client, server: { ...server, identities: [rsaServer()] } }).run();
      assert.equal(pair.establishedOn('client').cipherSuite, suite);
      const strict = new Pair({
        client: { ...client, policy: client === today ? POLICIES['intermediate-2026'] : client.policy },
        server: {
          ...server,
          policy: server === today ? POLICIES['intermediate-2026'] : server.policy,
          identities: [rsaServer()],
        },
      }).run();
      strict.errorOf('server', 'ERR_NO_SHARED_CIPHER_SUITE');
    }
  }
});
