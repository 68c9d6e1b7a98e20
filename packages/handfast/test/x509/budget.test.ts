import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  MAX_CANDIDATE_ISSUERS,
  MAX_INTERMEDIATES,
  MAX_NAME_COMPARISONS,
  MAX_SIGNATURE_CHECKS,
} from '../../src/x509/limits.ts';
import { type Issued, issue, makeKey, testPki } from '../support/pki.ts';
import { accepts, countingProvider, type Question, refuses } from './support.ts';

// Chains that were made to cost as much as possible: each verdict ends within the budget, and says so.

const { root } = testPki();

function refusedInBudget(words: RegExp, chain: readonly Issued[], question: Question = {}): void {
  const { provider, count } = countingProvider();
  refuses('budget', words, chain, [root], { purpose: 'client', provider, ...question });
  assert.ok(count() <= MAX_SIGNATURE_CHECKS, `${count()} signatures`);
}

/** `layers` authorities above each other, each in `twins` certificates with one key that all their issuers signed. */
function lattice(layers: number, twins: number): Issued[] {
  const sent: Issued[] = [];
  let issuers = [issue({ subject: 'Unknown root', ca: true })];
  for (let layer = 0; layer < layers; layer++) {
    const key = makeKey('p256');
    const issuer = issuers[0] as Issued;
    issuers = Array.from({ length: twins }, () =>
      issue({ subject: `Layer ${layer}`, key, issuer, ca: true }),
    );
    sent.unshift(...issuers);
  }
  return [issue({ subject: 'leaf', issuer: issuers[0] as Issued }), ...sent];
}

test('a lattice with millions of paths', () => {
  refusedInBudget(/too much work.*more than \d+ (?:candidate issuers|signatures)/, lattice(8, 8));
});

test('a lattice whose links are shared is counted by its candidates', () => {
  const always = { ...nodeProvider, verify: () => true };
  const words = new RegExp(
    `more than ${MAX_CANDIDATE_ISSUERS} candidate issuers|more than ${MAX_SIGNATURE_CHECKS}`,
  );
  refuses('budget', words, lattice(8, 6), [root], { purpose: 'client', provider: always });
});

test('many authorities of one name with keys of their own', () => {
  const impostors = Array.from({ length: 100 }, () =>
    issue({ subject: 'A', ca: true, keyIdentifiers: false }),
  );
  const others = Array.from({ length: 99 }, (_, i) => impostors[i] as Issued);
  const leaf = issue({ subject: 'leaf', issuer: impostors[99] as Issued, keyIdentifiers: false });
  refuses('signature', /was not made/, [leaf, ...others], [root], { purpose: 'client' });
});

test('the right one among them is found when it can be told by its key identifier', () => {
  const impostors = Array.from({ length: 90 }, () => issue({ subject: 'A', issuer: root, ca: true }));
  const right = issue({ subject: 'A', issuer: root, ca: true });
  const chain = [issue({ subject: 'leaf', issuer: right }), ...impostors, right];
  const { provider, count } = countingProvider();
  accepts(chain, [root], { purpose: 'client', provider });
  assert.equal(count(), 2, 'no signature is checked with the key of an impostor');
});

test('more certificates than are looked at', () => {
  const extra = new Array<Issued>(MAX_INTERMEDIATES + 1).fill(root);
  accepts([issue({ subject: 'leaf', issuer: root }), ...extra.slice(1)], [root], { purpose: 'client' });
  refusedInBudget(
    new RegExp(`${MAX_INTERMEDIATES + 1} certificates were sent; at most ${MAX_INTERMEDIATES}`),
    [issue({ subject: 'leaf', issuer: root }), ...extra],
  );
});

test('names times constraints', () => {
  const names = (count: number, domain: string) =>
    Array.from({ length: count }, (_, i) => ({ dns: `n${i}.${domain}` }));
  const constrained = issue({
    subject: 'A',
    issuer: root,
    ca: true,
    nameConstraints: { excluded: names(2000, 'a.test'), permitted: [...names(2000, 'b.test'), { dns: '' }] },
  });
  const leaf = issue({ subject: 'leaf', issuer: constrained, altNames: names(2000, 'c.test') });
  refusedInBudget(new RegExp(`more than ${MAX_NAME_COMPARISONS} name comparisons`), [leaf, constrained]);
  const small = issue({ subject: 'leaf', issuer: constrained, altNames: names(50, 'c.test') });
  accepts([small, constrained], [root], { purpose: 'client' });
});

test('a permitted name that matches at once does not make the rest free', () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ directory: `x${i}` }));
  const constrained = issue({
    subject: 'A',
    issuer: root,
    ca: true,
    nameConstraints: { permitted: [{ dns: '' }, ...many] },
  });
  const altNames = Array.from({ length: 5000 }, (_, i) => ({ uri: `urn:${i}` }));
  refusedInBudget(/name comparisons/, [issue({ subject: '', issuer: constrained, altNames }), constrained]);
});

test('directory names count as many steps as they have', () => {
  const name = (last: string) => ({
    directory: [...Array.from({ length: 200 }, () => ['OU', 'x'] as const), ['CN', last] as const],
  });
  const names = (count: number) => Array.from({ length: count }, (_, i) => name(`${i}`));
  const constrained = issue({
    subject: 'A',
    issuer: root,
    ca: true,
    nameConstraints: { excluded: Array.from({ length: 40 }, (_, i) => name(`no ${i}`)) },
  });
  accepts([issue({ subject: '', issuer: constrained, altNames: names(20) }), constrained], [root], {
    purpose: 'client',
  });
  refusedInBudget(/name comparisons/, [
    issue({ subject: '', issuer: constrained, altNames: names(40) }),
    constrained,
  ]);
});

test('a constraint on a leaf is paid for before any issuer is looked at', () => {
  const many = Array.from({ length: 600 }, (_, i) => `n${i}.a.test`);
  const excluded = many.map((value) => ({ kind: 'dNSName', value }) as const);
  const leaf = issue({ subject: 'leaf', issuer: root, dnsNames: many.map((name) => `x${name}`) });
  refusedInBudget(/name comparisons/, [leaf], { nameConstraints: { excluded } });
});

test('a very long name is made comparable once', (t) => {
  const subject = Array.from({ length: 1500 }, (_, i) => ['OU', `unit ${i} ${'\u00c5'.repeat(10)}`] as const);
  const a = issue({ subject, issuer: root, ca: true });
  const leaf = issue({ subject: 'leaf', issuer: a });
  const normalize = t.mock.method(String.prototype, 'normalize');
  accepts([leaf, a, a, a], [root], { purpose: 'client' });
  // Twice for each attribute: of the subject, in three readings of it, and of the leaf's issuer.
  const calls = normalize.mock.callCount();
  assert.ok(calls <= 2 * 4 * subject.length + 100, `${calls} calls`);
});
