import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { type ChainVerifierOptions, chainVerifier } from '../../src/handshake/verifier.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { testPki } from '../support/pki.ts';

// What a connection asks path validation, and what its caller can and cannot change about that.

const { root, intermediate, server, client } = testPki();
const anchors = [{ certificate: parseCertificate(root.der) }];
const verifier = (rules: Partial<ChainVerifierOptions> = {}) =>
  chainVerifier({ provider: nodeProvider, anchors, ...rules });

function judge(
  peer: 'client' | 'server',
  leaf: { readonly der: Uint8Array },
  rules: Partial<ChainVerifierOptions> = {},
) {
  const chain = [leaf, intermediate].map(({ der }) => parseCertificate(der));
  const verdict = verifier(rules).verify({
    peer,
    chain,
    ...(peer === 'server' && { name: 'localhost' }),
    at: Date.now(),
    use: 'signature',
  });
  assert.ok('ok' in verdict);
  return verdict;
}

test('rules of path validation hold for a connection', () => {
  assert.ok(judge('server', server).ok);
  assert.ok(judge('client', client).ok);
  const explicit = judge('server', server, { policies: { initialExplicitPolicy: true } });
  assert.ok(!explicit.ok && explicit.rule === 'certificatePolicies');
  const excluded = [{ kind: 'dNSName', value: 'localhost' }] as const;
  const named = judge('server', server, { nameConstraints: { excluded } });
  assert.ok(!named.ok && named.rule === 'nameConstraints');
  const partial = judge('server', server, {
    anchors: [{ certificate: parseCertificate(intermediate.der) }],
    allowPartialChain: false,
  });
  assert.ok(!partial.ok && partial.rule === 'issuer');
});

test('purpose, key usage and name are the connection\u2019s own, whatever the rules say', () => {
  const smuggled = { purpose: 'any', keyUsage: 'keyEncipherment', name: null, at: 0 } as object;
  assert.ok(judge('server', server, smuggled).ok);
  const wrong = judge('server', client, smuggled);
  assert.ok(!wrong.ok && wrong.rule === 'extendedKeyUsage', wrong.sentence);
  assert.ok(judge('client', client, smuggled).ok);
  const swapped = judge('client', server, smuggled);
  assert.ok(!swapped.ok && swapped.rule === 'extendedKeyUsage', swapped.sentence);
  const nameless = verifier(smuggled).verify({
    peer: 'server',
    chain: [parseCertificate(server.der)],
    at: Date.now(),
    use: 'signature',
  });
  assert.ok('ok' in nameless && !nameless.ok && nameless.rule === 'name');
});

test('rules that make no sense are refused when the verifier is made, not in the first handshake', () => {
  for (const [option, rules] of [
    ['anchors', { anchors: [{ publicKeyHash: new Uint8Array(31) }] }],
    ['policies', { policies: { userInitialPolicySet: ['EV'] } }],
    ['nameConstraints', { nameConstraints: { permitted: [{ kind: 'registeredID', oid: '1.2.3' }] } }],
  ] as const) {
    assert.throws(
      () => verifier(rules),
      (error) => error instanceof ConfigError && error.option === option,
      option,
    );
  }
});

test('authorities are named where they have a name', () => {
  const der = new Uint8Array(anchors[0]?.certificate.subject.der ?? []);
  const both = [...anchors, { publicKeyHash: new Uint8Array(32) }];
  assert.deepEqual(verifier({ anchors: both, nameAuthorities: true }).authorities, [der]);
  assert.equal(verifier({ anchors: both }).authorities, undefined);
});
