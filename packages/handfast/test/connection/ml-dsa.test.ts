import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider, signingKey } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { createIdentity, type Identity } from '../../src/handshake/identity.ts';
import type { Customization } from '../../src/handshake/messages.ts';
import { chainVerifier } from '../../src/handshake/verifier.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import type { TlsVersion } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { identityFrom } from '../support/identities.ts';
import { issueWith, makeMlDsaKey } from '../support/ml-dsa.ts';
import { Pair } from '../support/pair.ts';

// Authorities may sign with ML-DSA; handshakes may not: TLS has no scheme for it here.

const LIMIT = { timeout: 20_000 };
const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];
const root = issueWith(makeMlDsaKey('ML-DSA-65'), { subject: 'Root', ca: true });
const intermediate = issueWith(makeMlDsaKey('ML-DSA-44'), { subject: 'Between', ca: true, issuer: root });
const LEAF = { subject: 'localhost', dnsNames: ['localhost'], issuer: intermediate } as const;
const server = issueWith(undefined, LEAF);
const mlDsaServer = issueWith(makeMlDsaKey('ML-DSA-44'), LEAF);

function meet(
  version: TlsVersion,
  identity: Identity,
  provider: CryptoProvider = nodeProvider,
  customize: Customization = {},
): Pair {
  const anchors = [{ certificate: parseCertificate(root.der) }];
  const policy = POLICIES['intermediate-2026'];
  return new Pair({
    client: { versions: [version], policy, verifier: chainVerifier({ provider, anchors }) },
    server: { policy, identities: [identity], customize },
  }).run();
}

test('a leaf that ML-DSA authorities vouch for', LIMIT, () => {
  for (const version of VERSIONS) {
    const { peer } = meet(version, identityFrom(server, [intermediate])).establishedOn('client');
    const sentences =
      peer?.verdict.path.flatMap(({ checks }) => checks.map(({ sentence }) => sentence)) ?? [];
    for (const set of ['ML-DSA-44', 'ML-DSA-65'])
      assert.ok(sentences.includes(`it is signed with ${set}`), set);
  }
});

test('a client that cannot verify ML-DSA says so', LIMIT, () => {
  const { mlDsa: _, ...without } = nodeProvider;
  for (const version of VERSIONS) {
    const pair = meet(version, identityFrom(server, [intermediate]), without);
    const { message } = pair.errorOf('client', 'ERR_UNSUPPORTED_CERTIFICATE');
    assert.match(message, /it is signed with ML-DSA-44, which this runtime cannot verify/);
    assert.equal(
      pair.errorOf('server', 'ERR_ALERT_RECEIVED').context.alertReceived,
      'unsupported_certificate',
    );
  }
});

test('an identity with an ML-DSA leaf is refused when it is made', () => {
  const chain = [mlDsaServer, intermediate].map(({ der }) => parseCertificate(der));
  for (const key of [signingKey(server.key), { schemes: [], sign: () => new Uint8Array(0) }]) {
    assert.throws(
      () => createIdentity({ chain, key }),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.option, 'cert');
        assert.match(
          error.message,
          /^cert: CN=localhost: a handshake cannot be signed with an ML-DSA key: .* take an ECDSA/,
        );
        return true;
      },
    );
  }
});

test('a server that shows an ML-DSA leaf and signs with something else is refused', LIMIT, () => {
  const chain = [mlDsaServer.der, intermediate.der];
  const customize: Customization = {
    Certificate: (message) => ({
      ...message,
      certificateList: chain.map((certData) => ({ certData, extensions: {} })),
    }),
    Certificate12: () => ({ certificateList: chain }),
  };
  for (const version of VERSIONS) {
    const pair = meet(version, identityFrom(server, [intermediate]), nodeProvider, customize);
    const { alert } = pair.errorOf('client', 'ERR_ILLEGAL_PARAMETER');
    assert.equal(alert, 'illegal_parameter');
    assert.equal(pair.client.established, undefined);
  }
});
