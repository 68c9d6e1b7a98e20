import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_REPORTED_PATHS, MAX_SENTENCE_LENGTH } from '../../src/x509/limits.ts';
import type { TriedPath } from '../../src/x509/verdict.ts';
import { type Issued, issue, makeKey, testPki } from '../support/pki.ts';
import { accepts, countingProvider, refuses } from './support.ts';

// What a verdict tells of the paths that did not hold.

const { root, intermediate, server } = testPki();
const DAY = 86_400_000;
const past = { notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY) };
const authority = (subject: string, issuer?: Issued, more: object = {}): Issued =>
  issue({ subject, ca: true, ...(issuer && { issuer }), ...more });
const leafUnder = (issuer: Issued): Issued =>
  issue({ subject: 'localhost', issuer, dnsNames: ['localhost'] });

/** The subjects along a path, and the rule that it broke where. */
const shape = ({ path, at, rule }: TriedPath): string =>
  `${path.map(({ subject }) => subject.replace('CN=', '')).join(' < ')}: ${rule} of ${at}`;

/** One authority, certified by many: its certificates share a key. */
const twins = (...issuers: readonly (readonly [issuer: Issued, more?: object])[]): Issued[] => {
  const key = makeKey('p256');
  return issuers.map(([issuer, more]) => authority('A', issuer, { key, ...more }));
};

test('an accepting verdict has the paths that failed before, the best explanation first', () => {
  const unknown = authority('Unknown');
  const [lost, late, right] = twins([unknown], [root, past], [root]) as [Issued, Issued, Issued];
  const verdict = accepts([leafUnder(right), lost, late, right], [root]);
  assert.deepEqual(verdict.otherPaths?.map(shape), [
    'localhost < A: notAfter of 1',
    'localhost < A: issuer of 1',
  ]);
  assert.equal(verdict.pathsLeftOut, 0);
  const [expired] = verdict.otherPaths ?? [];
  assert.match(expired?.sentence ?? '', /^The intermediate 'CN=A': expired at /);
  assert.equal(expired?.source, 'RFC 5280 section 4.1.2.5');
});

test('where nothing failed, nothing is told of it, and nothing more is checked', () => {
  const { provider, count } = countingProvider();
  const verdict = accepts([server, intermediate], [root], { provider });
  assert.equal('otherPaths' in verdict || 'pathsLeftOut' in verdict, false);
  assert.equal(count(), 2);
});

test('a leaf that is refused for itself is shown with its whole path, and with what failed before it', () => {
  const [lost, right] = twins([authority('Unknown')], [root]) as [Issued, Issued];
  const { path, at, otherPaths } = refuses('name', /other\.test/, [leafUnder(right), lost, right], [root], {
    name: 'other.test',
  });
  assert.equal(at, 0);
  assert.deepEqual(
    path.map(({ role }) => role),
    ['leaf', 'intermediate', 'anchor'],
  );
  assert.deepEqual(otherPaths.map(shape), ['localhost < A: issuer of 1']);
});

test('more paths than are reported are counted', () => {
  const many = twins(...Array.from({ length: 12 }, () => [root, past] as const));
  const { otherPaths, pathsLeftOut } = refuses(
    'notAfter',
    /expired/,
    [leafUnder(many[0] as Issued), ...many],
    [root],
  );
  assert.equal(otherPaths.length, MAX_REPORTED_PATHS);
  assert.equal(pathsLeftOut, 12 - 1 - MAX_REPORTED_PATHS);
  const right = authority('A', root, { key: many[0]?.key });
  const verdict = accepts([leafUnder(right), ...many, right], [root]);
  assert.equal(verdict.otherPaths?.length, MAX_REPORTED_PATHS);
  assert.equal(verdict.pathsLeftOut, 12 - MAX_REPORTED_PATHS);
});

test('a search that went over its budget tells what it had tried', () => {
  const many = twins(...Array.from({ length: 12 }, () => [root, past] as const));
  const right = authority('A', root, { key: many[0]?.key });
  const chain = [leafUnder(right), ...many, right];
  const { path, otherPaths, pathsLeftOut, certificate } = refuses(
    'budget',
    /more than 10 candidate issuers/,
    chain,
    [root],
    { budget: { candidateIssuers: 10 } },
  );
  assert.equal(certificate, 'CN=localhost');
  assert.deepEqual(
    path.map(({ role }) => role),
    ['leaf'],
  );
  assert.equal(otherPaths.length, MAX_REPORTED_PATHS);
  assert.equal(pathsLeftOut, 2);
  accepts(chain, [root], { budget: { candidateIssuers: 14 } });
});

test('a path that failed at an anchor shows the anchor, and which key was asked for', () => {
  const chain = [leafUnder(root)];
  const { path, at } = refuses('signature', /was not made by the trust anchor/, chain, [
    authority('Test root p256'),
  ]);
  assert.equal(at, 0);
  assert.deepEqual(
    path.map(({ role }) => role),
    ['leaf', 'anchor'],
  );
  const { subjectKeyIdentifier, authorityKeyIdentifier } = path[0] ?? {};
  assert.match(authorityKeyIdentifier ?? '', /^[0-9a-f]{40}$/);
  assert.notEqual(path[1]?.subjectKeyIdentifier, authorityKeyIdentifier);
  assert.match(subjectKeyIdentifier ?? '', /^[0-9a-f]{40}$/);
});

test('an address in a certificate is only repeated when it can be fetched from, and is not too long', () => {
  const advice = (url: string): string => {
    const value = new TextEncoder().encode(url);
    const length = (n: number): number[] => (n < 128 ? [n] : [0x82, n >> 8, n & 255]);
    const tlv = (tag: number, ...content: number[]): number[] => [tag, ...length(content.length), ...content];
    const method = [6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    const access = Uint8Array.from(tlv(0x30, ...tlv(0x30, ...method, ...tlv(0x86, ...value))));
    const lonely = issue({
      subject: 'localhost',
      issuer: intermediate,
      dnsNames: ['localhost'],
      extraExtensions: [{ oid: '1.3.6.1.5.5.7.1.1', value: access }],
    });
    return refuses('issuer', /no intermediates/, [lonely], [root]).advice;
  };
  assert.match(
    advice('http://ca.test/a.cer'),
    /publishes that at http:\/\/ca\.test\/a\.cer, says the certificate\.$/,
  );
  for (const url of [
    'ldap://ca.test/a',
    'javascript:alert(1)',
    'http://ca.test/\u0007',
    'http://ca test/',
    `http://${'x'.repeat(300)}/`,
    'http://',
  ]) {
    assert.doesNotMatch(advice(url), /publishes/, url);
  }
});

test('a name may be as long as it likes: sentences are not, and the path has it whole', () => {
  const long = [
    ['O', '\u{1f600}'.repeat(5_000)],
    ['CN', 'x'],
  ] as const;
  const named = authority('x', undefined, { subject: long });
  const lonely = issue({ subject: long, issuer: named, altNames: [{ dns: 'y'.repeat(9_000) }] });
  const cases = [
    refuses('name', /more characters/, [lonely], [named]),
    refuses('issuer', /more characters/, [lonely], [root], { name: null }),
    refuses('notAfter', /more characters/, [lonely], [named], { name: null, at: Date.now() + 1000 * DAY }),
    accepts([lonely], [named], { name: null }),
  ];
  for (const verdict of cases) {
    const said = [verdict, ...(verdict.otherPaths ?? []), ...verdict.path.flatMap(({ checks }) => checks)];
    for (const { sentence } of said) {
      assert.ok(sentence.length <= MAX_SENTENCE_LENGTH, `${sentence.length} characters`);
      // No half of a character is left over.
      assert.doesNotMatch(sentence, /\p{Cs}/u);
    }
    assert.ok(verdict.ok || verdict.advice.length <= MAX_SENTENCE_LENGTH);
    assert.ok((verdict.path[0]?.subject.length ?? 0) > 10_000);
  }
});
