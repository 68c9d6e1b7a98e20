import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { AnchorConstraints, TrustAnchor } from '../../src/x509/anchors.ts';
import { type VerifyOptions, verify } from '../../src/x509/path.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import type { RevocationOptions } from '../../src/x509/revocation/revocations.ts';
import type { Verdict } from '../../src/x509/verdict.ts';
import * as der from '../support/der.ts';
import { type Issued, type IssueOptions, issue, makeKey, testPki } from '../support/pki.ts';
import { distributionPoints, makeList, makeOcspResponse } from '../support/revocation.ts';
import { accepts, countingProvider, parse, refuses } from './support.ts';

// Whoever signs a status for others stands below the same anchor, and is held to what that and the caller say.

const LIMIT = { timeout: 20_000 };
const { root, intermediate, server } = testPki();

const leaf = issue({
  subject: 'x',
  issuer: intermediate,
  dnsNames: ['localhost'],
  extraExtensions: [distributionPoints({ fullName: [{ uri: 'http://a.test/' }], crlIssuer: 'Lists' })],
});
const listOf = (signer: Issued) =>
  parseCertificateRevocationList(
    makeList(signer, {
      scope: { indirect: true, fullName: [{ uri: 'http://a.test/' }] },
      revoked: [{ certificate: leaf, certificateIssuer: 'Test intermediate p256' }],
    }),
  );

/** The root as an anchor in all three forms. */
function anchorsOf(issued: Issued): readonly TrustAnchor[] {
  const certificate = parse(issued);
  const { subject: name, publicKeyInfo } = certificate;
  assert.ok(publicKeyInfo.key);
  const publicKeyHash = new Uint8Array(createHash('sha256').update(publicKeyInfo.der).digest());
  return [{ certificate }, { name, key: publicKeyInfo.key }, { publicKeyHash }];
}

type Rules = Partial<Pick<VerifyOptions, 'nameConstraints' | 'maxPathLength'>>;

/** What is thought of a leaf, with each form of the root as the anchor, held to the same. */
function judgeAll(
  leafOf: Issued,
  intermediates: readonly Issued[],
  revocation: RevocationOptions,
  constraints: AnchorConstraints,
  rules: Rules = {},
): readonly Verdict[] {
  return anchorsOf(root).map((anchor) => {
    const verdict = verify({
      provider: nodeProvider,
      leaf: parse(leafOf),
      intermediates: [...intermediates, root].map(parse),
      anchors: [{ ...anchor, constraints }],
      at: Date.now(),
      purpose: 'server',
      name: 'localhost',
      revocation,
      ...rules,
    });
    assert.ok('ok' in verdict);
    return verdict;
  });
}

const lists = issue({ subject: 'Lists', issuer: root, keyUsage: ['cRLSign'] });
const upper = issue({ subject: 'Upper', issuer: root, ca: true });
const lower = issue({ subject: 'Lower', issuer: upper, ca: true });
const deeper = issue({ subject: 'Lists', issuer: lower, keyUsage: ['cRLSign'] });
const named = [{ kind: 'directoryName', name: parse(lists).subject }] as const;

const LISTS: readonly (readonly [
  what: string,
  signer: Issued,
  constraints: AnchorConstraints,
  rules: Rules,
  isBelieved: boolean,
])[] = [
  ['nothing', lists, {}, {}, true],
  ['nothing, deeper down', deeper, {}, {}, true],
  ['a path length that is kept', deeper, { pathLength: 2 }, {}, true],
  ['a path length', deeper, { pathLength: 1 }, {}, false],
  ["the caller's path length that is kept", deeper, {}, { maxPathLength: 2 }, true],
  ["the caller's path length", deeper, {}, { maxPathLength: 1 }, false],
  ['name constraints', lists, { nameConstraints: { excluded: named } }, {}, false],
  ['name constraints, deeper down', deeper, { nameConstraints: { excluded: named } }, {}, false],
  ["the caller's name constraints", lists, {}, { nameConstraints: { excluded: named } }, false],
];

for (const [what, signer, constraints, rules, isBelieved] of LISTS) {
  test(`who signs lists is held to ${what}`, LIMIT, () => {
    const revocation = {
      crls: [listOf(signer)],
      certificates: [parse(signer)],
      require: 'leaf',
    } as const;
    for (const verdict of judgeAll(leaf, [intermediate, upper, lower], revocation, constraints, rules)) {
      // Believed, the list revokes the leaf; else nobody says what its status is.
      assert.ok(!verdict.ok);
      assert.equal(verdict.rule, isBelieved ? 'revocation' : 'revocationStatus', verdict.sentence);
      if (!isBelieved)
        assert.match(verdict.sentence, /'CN=Lists' has no valid path to the same trust anchor/);
    }
  });
}

const responder = (options: Partial<IssueOptions> = {}): Issued =>
  issue({
    subject: 'Responder',
    issuer: intermediate,
    extKeyUsage: ['OCSPSigning'],
    extraExtensions: [{ oid: '1.3.6.1.5.5.7.48.1.5', value: der.nullValue() }],
    ...options,
  });
const answerOf = (signer: Issued, certificate: Issued, issuer: Issued): Uint8Array =>
  makeOcspResponse([{ certificate, issuer }], { responder: signer, certificates: [signer.der] });

test('responders are held to the name constraints of the anchor and of the caller', LIMIT, () => {
  const excluded = [{ kind: 'directoryName', name: parse(responder()).subject }] as const;
  const ask = (signer: Issued, constraints: AnchorConstraints, rules: Rules) =>
    judgeAll(server, [intermediate], { stapled: answerOf(signer, server, intermediate) }, constraints, rules);
  for (const [constraints, rules] of [
    [{ nameConstraints: { excluded } }, {}],
    [{}, { nameConstraints: { excluded } }],
  ] as const) {
    for (const verdict of ask(responder({ subject: 'Another' }), constraints, rules)) assert.ok(verdict.ok);
    for (const verdict of ask(responder(), constraints, rules)) {
      assert.ok(!verdict.ok && verdict.rule === 'stapledResponse', verdict.sentence);
      assert.match(verdict.sentence, /'CN=Responder' is not acceptable: .*DirName:CN=Responder is excluded/);
    }
  }
});

test('responders are held to the name constraints of every authority above them', LIMIT, () => {
  const top = issue({
    subject: 'Top',
    ca: true,
    nameConstraints: { excluded: [{ directory: 'Responder' }, { dns: 'b.test' }] },
  });
  const issuer = issue({ subject: 'Issuer', issuer: top, ca: true });
  const own = issue({ subject: 'x', issuer, dnsNames: ['localhost'] });
  const by = (options: Partial<IssueOptions>) => ({
    revocation: { stapled: answerOf(responder({ issuer, ...options }), own, issuer) },
  });
  const chain = [own, issuer];
  accepts(chain, [top], by({ subject: 'Another' }));
  refuses('stapledResponse', /not acceptable: DirName:CN=Responder is excluded/, chain, [top], by({}));
  const withName = by({ subject: 'Another', dnsNames: ['b.test'] });
  refuses('stapledResponse', /not acceptable: DNS:b\.test is excluded/, chain, [top], withName);
});

test('paths of those who sign lists are paid for out of the one budget', LIMIT, () => {
  const { provider, count } = countingProvider();
  const key = makeKey('p256');
  const unknown = issue({ subject: 'Unknown', ca: true });
  const impostors = [1, 2, 3].map(() => issue({ subject: 'Unknown', issuer: root, ca: true }));
  const signers = Array.from({ length: 40 }, () =>
    issue({ subject: 'Lists', key, issuer: unknown, keyUsage: ['cRLSign'], keyIdentifiers: false }),
  );
  const [signer] = signers;
  assert.ok(signer);
  refuses('budget', /more than 100 signatures/, [leaf, intermediate, ...impostors], [root], {
    provider,
    revocation: { crls: [listOf(signer)], certificates: signers.map(parse), require: 'leaf' },
  });
  assert.equal(count(), 100);
});
