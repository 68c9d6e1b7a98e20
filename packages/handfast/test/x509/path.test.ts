import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { type VerifyOptions, verify, verifyPath } from '../../src/x509/path.ts';
import { RULES } from '../../src/x509/verdict.ts';
import { type Issued, type IssueOptions, issue, KEY_KINDS, makeKey, testPki } from '../support/pki.ts';
import { accepts, countingProvider, parse, type Question, refuses } from './support.ts';

const DAY = 86_400_000;
const { root, intermediate, server, client } = testPki();

const authority = (
  subject: string,
  issuer: Issued | undefined,
  options: Partial<IssueOptions> = {},
): Issued => issue({ subject, ...(issuer && { issuer }), ca: true, ...options });
const leafUnder = (issuer: Issued, options: Partial<IssueOptions> = {}): Issued =>
  issue({ subject: 'localhost', issuer, dnsNames: ['localhost'], ...options });

/** The subjects along an accepted path. */
const subjects = (chain: readonly Issued[], anchors: readonly Issued[], question?: Question): string[] =>
  accepts(chain, anchors, question).path.map(({ subject }) => subject.replace('CN=', ''));

for (const kind of KEY_KINDS) {
  test(`chains of ${kind} keys are accepted, for servers and for clients`, () => {
    const pki = testPki(kind);
    accepts([pki.server, pki.intermediate], [pki.root]);
    accepts([pki.server, pki.intermediate], [pki.root], { name: '::1' });
    accepts([pki.client, pki.intermediate], [pki.root], { purpose: 'client' });
  });
}

test('the accepting verdict lists the path with every rule that was held to each certificate', () => {
  const { path, sentence } = accepts([server, intermediate], [root]);
  assert.deepEqual(
    path.map(({ role, subject, issuer }) => [role, subject, issuer]),
    [
      ['leaf', 'CN=localhost', 'CN=Test intermediate p256'],
      ['intermediate', 'CN=Test intermediate p256', 'CN=Test root p256'],
      ['anchor', 'CN=Test root p256', 'CN=Test root p256'],
    ],
  );
  for (const { checks, fingerprint, serialNumber, notBefore, notAfter } of path) {
    assert.ok(checks.every(({ ok }) => ok));
    for (const { rule, source } of checks) {
      if (rule === 'name') assert.equal(source, 'RFC 9525 section 6.3');
      else if (rule !== 'pathLength') assert.equal(source, RULES[rule].source);
    }
    assert.match(fingerprint ?? '', /^[0-9a-f]{64}$/);
    assert.match(serialNumber ?? '', /^[0-9a-f]{32}$/);
    assert.ok(Date.parse(notBefore ?? '') < Date.now() && Date.parse(notAfter ?? '') > Date.now());
  }
  const rules = path.map(({ checks }) => checks.map(({ rule }) => rule));
  for (const rule of [
    'notBefore',
    'notAfter',
    'criticalExtension',
    'weakKey',
    'keyUsage',
    'extendedKeyUsage',
    'name',
    'weakSignature',
    'signature',
  ]) {
    assert.ok(rules[0]?.includes(rule as never), rule);
  }
  for (const rule of ['basicConstraints', 'pathLength', 'keyUsage', 'extendedKeyUsage']) {
    assert.ok(rules[1]?.includes(rule as never) && rules[2]?.includes(rule as never), rule);
  }
  assert.equal(
    sentence,
    "The certificate of 'CN=localhost' is accepted: it carries the name localhost and leads to the trust anchor 'CN=Test root p256'.",
  );
});

test('verdicts survive JSON', () => {
  const accepted = accepts([server, intermediate], [root]);
  assert.deepEqual(JSON.parse(JSON.stringify(accepted)), accepted);
  const refused = refuses('issuer', /./, [server], [root]);
  assert.deepEqual(JSON.parse(JSON.stringify(refused)), refused);
});

test('the order of what was sent does not matter, nor do strangers among it', () => {
  const a = authority('A', root);
  const b = authority('B', a);
  const leaf = leafUnder(b);
  const expected = ['localhost', 'B', 'A', 'Test root p256'];
  assert.deepEqual(subjects([leaf, b, a], [root]), expected);
  assert.deepEqual(subjects([leaf, a, b], [root]), expected);
  assert.deepEqual(
    subjects([leaf, root, intermediate, client, leaf, a, a, b], [intermediate, root]),
    expected,
  );
});

test('what was accepted once helps nobody later', () => {
  accepts([server, intermediate], [root]);
  const { sentence, certificate } = refuses('issuer', /no intermediates came with it/, [server], [root]);
  assert.match(sentence, /'CN=Test intermediate p256' is not among the trust anchors/);
  assert.equal(certificate, 'CN=localhost');
});

test('an intermediate may be an anchor itself', () => {
  assert.deepEqual(subjects([server, intermediate], [intermediate]), ['localhost', 'Test intermediate p256']);
  assert.deepEqual(subjects([server], [root, intermediate]), ['localhost', 'Test intermediate p256']);
});

test('an anchor can be a name and a key alone', () => {
  const { subject, publicKeyInfo } = parse(root);
  assert.ok(publicKeyInfo.key);
  const options = {
    provider: nodeProvider,
    leaf: parse(server),
    intermediates: [parse(intermediate)],
    at: Date.now(),
    purpose: 'server',
    name: 'localhost',
  } as const;
  const verdict = verify({ ...options, anchors: [{ name: subject, key: publicKeyInfo.key }] });
  assert.ok('ok' in verdict && verdict.ok, JSON.stringify(verdict));
  assert.deepEqual(Object.keys(verdict.path[2] ?? {}), ['role', 'subject', 'issuer', 'checks']);
  const other = parse(issue({ subject: 'x' })).publicKeyInfo.key;
  assert.ok(other);
  const wrong = verify({ ...options, anchors: [{ name: subject, key: other }] });
  assert.ok('ok' in wrong && !wrong.ok);
  assert.equal(wrong.rule, 'signature');
});

test('an old root of version 1 serves as an anchor', () => {
  const old = issue({ subject: 'Old', version: 0, keyIdentifiers: false, keyUsage: null });
  accepts([leafUnder(old)], [old]);
});

// Several candidates for one issuer: only one of them leads on.

test('of two authorities of one name the one that signed is found', () => {
  const impostors = [1, 2, 3].map(() => authority('A', root));
  const right = authority('A', root);
  const leaf = leafUnder(right);
  accepts([leaf, ...impostors, right], [root]);
  const blind = leafUnder(right, { keyIdentifiers: false });
  accepts([blind, ...impostors, right], [root]);
  refuses('signature', /was not made by the intermediate 'CN=A'/, [blind, ...impostors], [root]);
});

test('of an expired certificate and its renewed twin the valid one is taken', () => {
  const key = makeKey('p256');
  const past = { notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY) };
  const expired = authority('A', root, { key, ...past });
  const renewed = authority('A', root, { key });
  const leaf = leafUnder(renewed);
  accepts([leaf, expired, renewed], [root]);
  accepts([leaf, renewed, expired], [root]);
  refuses('notAfter', /The intermediate 'CN=A': expired/, [leaf, expired], [root]);
  const oldRoot = authority('Root', undefined, { key, ...past });
  const newRoot = authority('Root', undefined, { key });
  accepts([leafUnder(newRoot)], [oldRoot, newRoot]);
});

test('a cross-signed authority leads to whichever root is trusted', () => {
  const key = makeKey('p256');
  const [one, two] = [authority('Root 1', undefined), authority('Root 2', undefined)];
  const byOne = authority('A', one, { key });
  const byTwo = authority('A', two, { key });
  const leaf = leafUnder(byOne);
  assert.deepEqual(subjects([leaf, byOne, byTwo], [one]), ['localhost', 'A', 'Root 1']);
  assert.deepEqual(subjects([leaf, byOne, byTwo], [two]), ['localhost', 'A', 'Root 2']);
  const { otherPaths } = refuses('issuer', /neither among/, [leaf, byOne, byTwo], [root]);
  assert.equal(otherPaths.length, 1);
});

test('a root that was replaced is reached over the old one', () => {
  const oldRoot = authority('Old root', undefined);
  const key = makeKey('p256');
  const newRoot = authority('New root', undefined, { key });
  const crossSigned = authority('New root', oldRoot, { key });
  const leaf = leafUnder(newRoot);
  assert.deepEqual(subjects([leaf, newRoot, crossSigned], [oldRoot]), ['localhost', 'New root', 'Old root']);
  assert.deepEqual(subjects([leaf, crossSigned], [newRoot]), ['localhost', 'New root']);
});

test('a way that ends at a broken rule is left for another', () => {
  const key = makeKey('p256');
  const narrow = authority('A', root, { key, nameConstraints: { permitted: [{ dns: 'a.test' }] } });
  const wide = authority('A', root, { key });
  const leaf = leafUnder(wide);
  accepts([leaf, narrow, wide], [root]);
  // The rule is broken two steps up, so the search must come back from there.
  const short = authority('B', root, { key, pathLen: 0 });
  const long = authority('B', root, { key });
  const below = authority('A', short, { key: makeKey('p256') });
  accepts([leafUnder(below), below, short, long], [root]);
});

test('authorities that sign each other lead nowhere', () => {
  const [keyA, keyB] = [makeKey('p256'), makeKey('p256')];
  const a = authority('A', undefined, { key: keyA });
  const b = authority('B', a, { key: keyB });
  const aByB = authority('A', b, { key: keyA });
  refuses('issuer', /stands below it in the path already/, [leafUnder(aByB), aByB, b], [root]);
  const c = authority('C', undefined, { key: keyA });
  const cAgain = authority('C', c, { key: keyB });
  const cByItself = authority('C', cAgain, { key: keyA });
  refuses('issuer', /names itself as its issuer/, [leafUnder(cByItself), cByItself, cAgain], [root]);
});

// Which refusal is told when several things are wrong.

test('the nearest miss is told, and the others are kept', () => {
  const key = makeKey('p256');
  const past = { notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY) };
  const expired = authority('A', root, { key, ...past });
  const elsewhere = authority('A', authority('Unknown', undefined), { key });
  const { path, otherPaths } = refuses(
    'notAfter',
    /expired/,
    [leafUnder(expired), elsewhere, expired],
    [root],
  );
  assert.deepEqual(
    path.map(({ role, subject }) => [role, subject]),
    [
      ['leaf', 'CN=localhost'],
      ['intermediate', 'CN=A'],
    ],
  );
  assert.deepEqual(
    path[1]?.checks.filter(({ ok }) => !ok).map(({ rule }) => rule),
    ['notAfter'],
  );
  assert.match(otherPaths[0]?.sentence ?? '', /its issuer 'CN=Unknown' is neither/);
});

test('a wrong name is told only when the chain is right, and then with the whole path', () => {
  const { path } = refuses(
    'name',
    /carry the name 'other.test': it is for localhost, 127\.0\.0\.1, ::1/,
    [server, intermediate],
    [root],
    { name: 'other.test' },
  );
  assert.equal(path.length, 3);
  refuses('issuer', /./, [server], [root], { name: 'other.test' });
});

// How it is asked.

const question = (): VerifyOptions => ({
  provider: nodeProvider,
  leaf: parse(server),
  intermediates: [parse(intermediate)],
  anchors: [{ certificate: parse(root) }],
  at: Date.now(),
  purpose: 'server',
  name: 'localhost',
});

test('a synchronous provider gives a verdict at once, an asynchronous one a promise of the same', async () => {
  const steps = verifyPath(question());
  const first = steps.next();
  assert.ok(first.done === true && first.value.ok);
  const later = {
    ...nodeProvider,
    verify: async (...args: Parameters<typeof nodeProvider.verify>) => nodeProvider.verify(...args),
  };
  const verdict = verify({ ...question(), provider: later });
  assert.ok('then' in verdict);
  assert.deepEqual(await verdict, first.value);
});

test('a signature is good only when the provider says exactly that', async () => {
  for (const answer of [false, undefined, 1, 'true', {}]) {
    const provider = { ...nodeProvider, verify: () => answer as boolean };
    const verdict = verify({ ...question(), provider });
    assert.ok('ok' in verdict && !verdict.ok && verdict.rule === 'signature', String(answer));
    const later = { ...nodeProvider, verify: () => Promise.resolve(answer as boolean) };
    assert.equal((await verify({ ...question(), provider: later })).ok, false);
  }
});

test("a provider's failure is its own, and no verdict", async () => {
  const provider = { ...nodeProvider, verify: () => Promise.reject(new Error('the KMS is gone')) };
  await assert.rejects(async () => verify({ ...question(), provider }), /the KMS is gone/);
});

test('a question that makes no sense is the caller’s mistake', () => {
  const throws = (change: object, option: string): void => {
    assert.throws(
      () => verify({ ...question(), ...change } as VerifyOptions),
      (error) => error instanceof ConfigError && error.option === option,
    );
  };
  throws({ name: undefined }, 'name');
  throws({ name: 'not a name' }, 'name');
  throws({ at: Number.NaN }, 'at');
  throws({ at: 1e300 }, 'at');
});

test('null asks for no name, and only null does', () => {
  accepts([leafUnder(intermediate, { dnsNames: [] }), intermediate], [root], { name: null });
});

test('each link is checked once, however many paths share it', () => {
  const { provider, count } = countingProvider();
  accepts([server, intermediate], [root], { provider });
  assert.equal(count(), 2);
  const key = makeKey('p256');
  const unknown = [1, 2, 3].map((n) => authority(`Unknown ${n}`, undefined));
  const crossed = unknown.map((issuer) => authority('B', issuer, { key }));
  const a = authority('A', crossed[0]);
  refuses('issuer', /./, [leafUnder(a), a, ...crossed], [root], { provider });
  // leaf by A once; A by each of the three B, which are separate certificates.
  assert.equal(count(), 2 + 4);
});

test('weaker keys can be allowed, and stronger ones demanded', () => {
  const rsa = testPki('rsa2048');
  const strength = { minRsaBits: 3072, signatureHashes: ['SHA-256'] } as const;
  refuses('weakKey', /2048 bits; at least 3072/, [rsa.server, rsa.intermediate], [rsa.root], { strength });
  const sha1 = leafUnder(intermediate, { signatureHash: 'sha1' });
  const legacy = { minRsaBits: 1024, signatureHashes: ['SHA-1', 'SHA-256'] } as const;
  accepts([sha1, intermediate], [root], { strength: legacy });
});
