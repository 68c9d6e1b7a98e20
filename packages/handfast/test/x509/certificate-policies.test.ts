import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/wire/errors.ts';
import { MAX_POLICY_STEPS } from '../../src/x509/limits.ts';
import { RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../src/x509/profiles.ts';
import * as der from '../support/der.ts';
import { type ExtensionSpec, type Issued, issue, makeKey, testPki } from '../support/pki.ts';
import { ANY, constraints, inhibitAny, mappings, P, policies, policiesValue } from './policy-values.ts';
import { accepts, countingProvider, judge, refuses } from './support.ts';

const { root, server, intermediate } = testPki();
const client = { purpose: 'client' } as const;

const authority = (subject: string, issuer: Issued | undefined, ...extraExtensions: ExtensionSpec[]) =>
  issue({ subject, ...(issuer && { issuer }), ca: true, extraExtensions });
const leaf = (issuer: Issued, ...extraExtensions: ExtensionSpec[]) =>
  issue({ subject: 'leaf', issuer, extraExtensions });

test('by default any policy is accepted and none is needed; the verdict tells which hold', () => {
  assert.deepEqual(accepts([server, intermediate], [root]).policies, []);
  const a = authority('A', root, policies(P(1), P(2)));
  const verdict = accepts([leaf(a, policies(P(2), P(3))), a], [root], client);
  assert.deepEqual(verdict.policies, [P(2)]);
  const [found] = verdict.path[0]?.checks.filter(({ rule }) => rule === 'certificatePolicies') ?? [];
  assert.equal(found?.sentence, `the path is valid for the certificate policies ${P(2)}`);
  const any = authority('A', root, policies(ANY));
  assert.deepEqual(accepts([leaf(any, policies(P(7))), any], [root], client).policies, [P(7)]);
  assert.deepEqual(accepts([leaf(any, policies(ANY)), any], [root], client).policies, [ANY]);
});

test('a policy that is asked for must hold for the whole path', () => {
  const a = authority('A', root, policies(P(1), P(2)));
  const chain = [leaf(a, policies(P(2))), a];
  const ask = (...userInitialPolicySet: string[]) => ({
    ...client,
    policies: { userInitialPolicySet, initialExplicitPolicy: true },
  });
  assert.deepEqual(accepts(chain, [root], ask(P(2), P(5))).policies, [P(2)]);
  assert.deepEqual(accepts(chain, [root], ask(ANY)).policies, [P(2)]);
  const { sentence, source, path, certificate } = refuses(
    'certificatePolicies',
    /^The certificate of 'CN=leaf': the path to it is valid/,
    chain,
    [root],
    ask(P(1)),
  );
  assert.equal(
    sentence,
    `The certificate of 'CN=leaf': the path to it is valid for the certificate policies ${P(2)}, and one of ${P(1)} is ` +
      'required here.',
  );
  assert.equal(source, 'RFC 5280 section 6.1.5 (g)');
  assert.equal(certificate, 'CN=leaf');
  assert.equal(path.length, 3);
  // Unless it is required, a policy that is not there refuses nobody.
  assert.deepEqual(
    accepts(chain, [root], { ...client, policies: { userInitialPolicySet: [P(1)] } }).policies,
    [],
  );
});

test('the certificate at which no policy is left is told', () => {
  const a = authority('A', root, policies(P(1)));
  const b = authority('B', a, policies(P(2)));
  const explicit = { ...client, policies: { initialExplicitPolicy: true } };
  const { certificate, source } = refuses(
    'certificatePolicies',
    new RegExp(`'CN=B': its certificate policies \\(${P(2)}\\) are not among those .* is required here.`),
    [leaf(b, policies(P(2))), b, a],
    [root],
    explicit,
  );
  assert.equal(certificate, 'CN=B');
  assert.equal(source, 'RFC 5280 section 6.1.3 (f)');
  refuses('certificatePolicies', /'CN=leaf': it has no certificate policies/, [leaf(a), a], [root], explicit);
});

test('an authority can require a policy, and is named', () => {
  const strict = authority('Strict', root, policies(P(1)), constraints({ require: 0 }));
  accepts([leaf(strict, policies(P(1))), strict], [root], client);
  refuses(
    'certificatePolicies',
    /'CN=leaf': it has no certificate policies.*required by 'CN=Strict' \(policyConstraints\)/,
    [leaf(strict), strict],
    [root],
    client,
  );
  refuses(
    'certificatePolicies',
    /valid for the certificate policies .*and one of .* is required by 'CN=Strict'/,
    [leaf(strict, policies(P(1))), strict],
    [root],
    { ...client, policies: { userInitialPolicySet: [P(9)] } },
  );
  // Two more certificates may follow before it holds.
  const later = authority('Later', root, policies(P(1)), constraints({ require: 2 }));
  accepts([leaf(later), later], [root], client);
  const below = authority('B', later);
  refuses('certificatePolicies', /'CN=leaf'/, [leaf(below), below, later], [root], client);
  // A leaf can require it of its own path only with 0 (RFC 5280 section 6.1.5 (b)).
  refuses(
    'certificatePolicies',
    /'CN=leaf': the path to it is valid for no certificate policy.*required by 'CN=leaf'/,
    [leaf(intermediate, constraints({ require: 0 })), intermediate],
    [root],
    client,
  );
  accepts([leaf(intermediate, constraints({ require: 1 })), intermediate], [root], client);
});

test('policies can be called equal, unless that is inhibited', () => {
  const a = authority('A', root, policies(P(1)), mappings([P(1), P(2)]));
  const chain = [leaf(a, policies(P(2))), a];
  const explicit = { initialExplicitPolicy: true };
  assert.deepEqual(accepts(chain, [root], { ...client, policies: explicit }).policies, [P(1)]);
  refuses('certificatePolicies', /'CN=leaf'/, chain, [root], {
    ...client,
    policies: { ...explicit, initialPolicyMappingInhibit: true },
  });
  const top = authority('Top', root, policies(P(1)), constraints({ inhibit: 0 }));
  const below = authority('B', top, policies(P(1)), mappings([P(1), P(2)]));
  refuses('certificatePolicies', /'CN=leaf'/, [leaf(below, policies(P(2))), below, top], [root], {
    ...client,
    policies: explicit,
  });
});

test('mappings to or from anyPolicy are refused, wherever they stand', () => {
  for (const pair of [
    [ANY, P(1)],
    [P(1), ANY],
  ] as const) {
    const a = authority('A', root, policies(P(1)), mappings([P(1), P(2)], pair));
    const { source } = refuses(
      'policyMappings',
      /intermediate 'CN=A': it maps a policy to or from anyPolicy/,
      [leaf(a), a],
      [root],
      client,
    );
    assert.equal(source, 'RFC 5280 section 6.1.4 (a)');
    const anchor = authority('Anchor', undefined, mappings(pair));
    refuses('policyMappings', /trust anchor/, [leaf(anchor)], [anchor], client);
    refuses('policyMappings', /'CN=leaf'/, [leaf(root, mappings(pair))], [root], client);
  }
});

test('anyPolicy stands for every policy, unless that is inhibited', () => {
  const explicit = { initialExplicitPolicy: true };
  const a = authority('A', root, policies(P(1)), inhibitAny(0));
  refuses(
    'certificatePolicies',
    /'CN=leaf': its certificate policies \(anyPolicy\)/,
    [leaf(a, policies(ANY)), a],
    [root],
    {
      ...client,
      policies: explicit,
    },
  );
  const free = authority('A', root, policies(P(1)));
  const chain = [leaf(free, policies(ANY)), free];
  assert.deepEqual(accepts(chain, [root], { ...client, policies: explicit }).policies, [P(1)]);
  refuses('certificatePolicies', /'CN=leaf'/, chain, [root], {
    ...client,
    policies: { ...explicit, initialAnyPolicyInhibit: true },
  });
});

test('what an anchor says of policies holds for all below it', () => {
  const anchor = authority('Anchor', undefined, policies(P(1)), constraints({ require: 0 }), inhibitAny(0));
  accepts([leaf(anchor, policies(P(1)))], [anchor], client);
  for (const wrong of [policies(P(2)), policies(ANY)]) {
    refuses('certificatePolicies', /required by 'CN=Anchor'/, [leaf(anchor, wrong)], [anchor], client);
  }
  refuses('certificatePolicies', /no certificate policies/, [leaf(anchor)], [anchor], client);
  const mapped = authority(
    'Anchor',
    undefined,
    policies(P(1)),
    mappings([P(1), P(2)]),
    constraints({ require: 0 }),
  );
  assert.deepEqual(accepts([leaf(mapped, policies(P(2)))], [mapped], client).policies, [P(1)]);
});

test('a leaf that is an anchor itself is held to what is asked for', () => {
  const pinned = leaf(root, policies(P(1)));
  const ask = (policy: string) => ({
    ...client,
    policies: { initialExplicitPolicy: true, userInitialPolicySet: [policy] },
  });
  assert.deepEqual(accepts([pinned], [pinned], ask(P(1))).policies, [P(1)]);
  refuses('certificatePolicies', /'CN=leaf'/, [pinned], [pinned], ask(P(2)));
});

test('a way without the policy is left for one that has it', () => {
  const key = makeKey('p256');
  const without = issue({ subject: 'A', issuer: root, ca: true, key });
  const having = issue({ subject: 'A', issuer: root, ca: true, key, extraExtensions: [policies(P(1))] });
  const end = leaf(having, policies(P(1)));
  const explicit = { ...client, policies: { initialExplicitPolicy: true } };
  for (const sent of [
    [without, having],
    [having, without],
  ]) {
    assert.deepEqual(accepts([end, ...sent], [root], explicit).policies, [P(1)]);
  }
  const { otherPaths } = refuses(
    'certificatePolicies',
    /'CN=A': it has no/,
    [end, without, without],
    [root],
    explicit,
  );
  assert.equal(otherPaths.length, 1);
});

test('critical policies are processed, and qualifiers read over', () => {
  const qualified = (kind: string) =>
    der.sequence(der.oid(P(1)), der.sequence(der.sequence(der.oid(kind), der.utf8String('x'))));
  for (const [kind, critical] of [
    ['1.3.6.1.5.5.7.2.1', true],
    ['1.3.6.1.5.5.7.2.2', true],
    ['1.2.3', false],
  ] as const) {
    const extension = { oid: '2.5.29.32', critical, value: policiesValue([], qualified(kind)) };
    assert.deepEqual(accepts([leaf(root, extension)], [root], client).policies, [P(1)]);
  }
});

test('profiles ask for policy constraints to be critical, whatever they say', () => {
  for (const extension of [constraints({ require: 9 }), constraints({ inhibit: 9 }), inhibitAny(9)]) {
    const made = (critical: boolean) => authority('A', root, { ...extension, critical });
    const [lax, strict] = [made(false), made(true)];
    for (const profile of [RFC5280_PROFILE, WEB_PKI_PROFILE]) {
      const words = /'CN=A': its extension (?:policyConstraints|inhibitAnyPolicy) is not marked critical/;
      const end = issue({ subject: 'leaf', issuer: lax, extKeyUsage: ['clientAuth'] });
      refuses('profile', words, [end, lax], [root], { ...client, profile });
      const good = issue({ subject: 'leaf', issuer: strict, extKeyUsage: ['clientAuth'] });
      accepts([good, strict], [root], { ...client, profile });
    }
    accepts([leaf(lax), lax], [root], client);
  }
});

test('options that make no sense are refused at once', () => {
  for (const wrong of [[], [''], ['1'], ['1.2.03'], ['3.1'], ['1.40'], ['any'], [undefined]] as string[][]) {
    assert.throws(
      () => judge([server, intermediate], [root], { policies: { userInitialPolicySet: wrong } }),
      (error) => error instanceof ConfigError && error.option === 'policies',
      JSON.stringify(wrong),
    );
  }
});

// Chains that were made to cost as much as possible.

/** As many policies as fit, each mapped to many, in several layers of twins that all signed each other's. */
function expensive(layers: number, twins: number, width: number): Issued[] {
  const all = Array.from({ length: width }, (_, i) => P(i));
  const pairs = all.flatMap((from) => all.map((to) => [from, to] as const));
  const extraExtensions = [policies(...all), mappings(...pairs)];
  const sent: Issued[] = [];
  let issuer = root;
  for (let layer = 0; layer < layers; layer++) {
    const key = makeKey('p256');
    const above = issuer;
    const made = Array.from({ length: twins }, () =>
      issue({ subject: `Layer ${layer}`, key, issuer: above, ca: true, extraExtensions }),
    );
    issuer = made[0] as Issued;
    sent.unshift(...made);
  }
  return [leaf(issuer), ...sent];
}

test('a path whose policies explode in a tree is judged within the budget', () => {
  // As a tree: 10^7 leaves.
  accepts(expensive(7, 1, 10), [root], client);
});

test('many paths, each with many policies, end at the budget, which says so', () => {
  const explicit = { policies: { initialExplicitPolicy: true } };
  const { provider, count } = countingProvider();
  const { sentence } = refuses(
    'budget',
    new RegExp(`too much work to judge: more than ${MAX_POLICY_STEPS} steps of certificate policies`),
    expensive(4, 3, 20),
    [root],
    { ...client, ...explicit, provider },
  );
  assert.match(sentence, /CN=leaf/);
  assert.ok(count() <= 100);
});
