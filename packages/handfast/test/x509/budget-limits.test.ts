import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { chainVerifier } from '../../src/handshake/verifier.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import type { BudgetLimits } from '../../src/x509/budget.ts';
import { MAX_REPORTED_PATHS, MAX_SIGNATURE_CHECKS } from '../../src/x509/limits.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import { parseOcspResponse } from '../../src/x509/revocation/ocsp.ts';
import { type Issued, issue, testPki } from '../support/pki.ts';
import { makeList, makeOcspResponse } from '../support/revocation.ts';
import { ANY, mappings, P, policies } from './policy-values.ts';
import { accepts, countingProvider, judge, parse, type Question, refuses } from './support.ts';

// The budget as an option, and what judging costs: counted, never timed.

const LIMIT = { timeout: 60_000 };
const { root, intermediate, server } = testPki();
const chain = [server, intermediate];

const LIMITS = ['signatureChecks', 'candidateIssuers', 'nameComparisons', 'policySteps'] as const;

/** The smallest budget of one kind within which a chain is judged: what its judgement costs. */
function costOf(
  limit: keyof BudgetLimits,
  sent: readonly Issued[],
  anchors: readonly Issued[] = [root],
  question: Question = {},
): number {
  const isEnough = (most: number): boolean => {
    const verdict = judge(sent, anchors, { ...question, budget: { [limit]: most } });
    return verdict.ok || verdict.rule !== 'budget';
  };
  let [low, high] = [0, 1];
  while (!isEnough(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

test('each limit is a positive integer, and there are no others', LIMIT, () => {
  for (const name of LIMITS) {
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', null]) {
      const budget = { [name]: wrong } as Partial<BudgetLimits>;
      for (const ask of [
        () => judge(chain, [root], { budget }),
        () => chainVerifier({ provider: nodeProvider, anchors: [{ certificate: parse(root) }], budget }),
      ]) {
        assert.throws(ask, (error) => {
          assert.ok(error instanceof ConfigError, String(error));
          assert.equal(error.option, 'budget');
          assert.equal(error.message, `budget.${name}: expected a positive integer, found ${String(wrong)}`);
          return true;
        });
      }
    }
    accepts(chain, [root], { budget: { [name]: Number.MAX_SAFE_INTEGER } });
    accepts(chain, [root], { budget: { [name]: undefined } as unknown as Partial<BudgetLimits> });
  }
  const unknown = { signatures: 5 } as Partial<BudgetLimits>;
  assert.throws(
    () => judge(chain, [root], { budget: unknown }),
    /budget: expected signatureChecks, .* found "signatures"/,
  );
});

test('a right chain costs what it must, and no more', LIMIT, () => {
  assert.equal(costOf('signatureChecks', chain), 2);
  assert.equal(costOf('candidateIssuers', chain), 2);
  const { provider, count } = countingProvider();
  accepts(chain, [root], { provider, budget: { signatureChecks: 2, candidateIssuers: 2 } });
  assert.equal(count(), 2);
});

test('what is over the budget is refused, whatever would have come of it', LIMIT, () => {
  for (const limit of ['signatureChecks', 'candidateIssuers'] as const) {
    const { sentence, advice, path } = refuses('budget', /more than 1 /, chain, [root], {
      budget: { [limit]: 1 },
    });
    assert.match(sentence, /^The certificate of 'CN=localhost' would take too much work to judge/);
    assert.match(advice, /Give only .* or allow more work/);
    assert.equal(path.length, 1);
  }
});

test('a verifier of connections has it, too', LIMIT, () => {
  const ask = (budget: Partial<BudgetLimits>) =>
    chainVerifier({ provider: nodeProvider, anchors: [{ certificate: parse(root) }], budget }).verify({
      peer: 'server',
      name: 'localhost',
      chain: chain.map(parse),
      at: Date.now(),
      use: 'signature',
    });
  const [enough, tooLittle] = [ask({ signatureChecks: 2 }), ask({ signatureChecks: 1 })];
  assert.ok('ok' in enough && enough.ok);
  assert.ok('ok' in tooLittle && !tooLittle.ok && tooLittle.rule === 'budget');
});

/** Authorities that have all signed each other, and a leaf of the first; no root vouches for any. */
function mesh(size: number): { readonly leaf: Issued; readonly crossed: Issued[]; readonly own: Issued[] } {
  const own = Array.from({ length: size }, (_, i) => issue({ subject: `M${i}`, ca: true }));
  const crossed = own.flatMap((issuer) =>
    own.flatMap((other, i) =>
      other === issuer ? [] : [issue({ subject: `M${i}`, key: other.key, issuer, ca: true })],
    ),
  );
  const [first] = own;
  assert.ok(first);
  return { leaf: issue({ subject: 'localhost', issuer: first, dnsNames: ['localhost'] }), crossed, own };
}

test('a mesh of authorities that signed each other ends, with few signatures', LIMIT, () => {
  // Each of the twelve cross-certificates, and the leaf, against the key of its issuer in three certificates.
  const small = mesh(4);
  const { provider, count } = countingProvider();
  refuses('issuer', /stands below it in the path already/, [small.leaf, ...small.crossed], [root], {
    provider,
  });
  assert.ok(count() <= 13 * 3, `${count()} signatures`);
  for (const size of [6, 8, 10]) {
    const { leaf, crossed } = mesh(size);
    const counted = countingProvider();
    const { otherPaths, pathsLeftOut } = refuses(
      'budget',
      /more than 100 signatures/,
      [leaf, ...crossed],
      [root],
      { provider: counted.provider },
    );
    assert.equal(counted.count(), MAX_SIGNATURE_CHECKS);
    assert.equal(otherPaths.length, MAX_REPORTED_PATHS);
    assert.ok(pathsLeftOut > 0 && pathsLeftOut <= 2000, `${pathsLeftOut} more`);
  }
});

test('a mesh does not hide the way out of it', LIMIT, () => {
  for (const at of [1, 3, 5]) {
    const { leaf, crossed, own } = mesh(6);
    const out = issue({ subject: `M${at}`, key: own[at]?.key as Issued['key'], issuer: root, ca: true });
    const sent = [leaf, ...crossed, out];
    const cost = costOf('signatureChecks', sent);
    assert.ok(cost > 2 && cost <= MAX_SIGNATURE_CHECKS, `${cost} signatures`);
    accepts(sent, [root]);
    refuses('budget', /more than \d+ signatures/, sent, [root], { budget: { signatureChecks: cost - 1 } });
  }
});

test('names are compared with constraints once for each pair, at each level', LIMIT, () => {
  const excluded = (count: number) => ({
    excluded: Array.from({ length: count }, (_, i) => ({ dns: `n${i}.a.test` })),
  });
  const names = (count: number) => Array.from({ length: count }, (_, i) => ({ dns: `n${i}.b.test` }));
  const cost = (constraints: number, count: number): number => {
    const a = issue({ subject: 'A', issuer: root, ca: true, nameConstraints: excluded(constraints) });
    const leaf = issue({ subject: 'localhost', issuer: a, dnsNames: ['localhost'], altNames: names(count) });
    return costOf('nameComparisons', [leaf, a]);
  };
  const [base, wide, long, both] = [cost(10, 10), cost(20, 10), cost(10, 20), cost(20, 20)];
  // The subject and `localhost` are names, too: a step costs one for each pair of names, and one to see its kind.
  assert.ok(base >= 110 && base <= 250, `${base} comparisons`);
  assert.equal(wide, 2 * base);
  assert.ok(long > 1.5 * base && long < 2.1 * base, `${long} of ${base}`);
  assert.equal(both, 2 * long);
  // Above each other: every authority constrains all that is below it, so the sum grows with the levels, not with a power.
  const stack = (levels: number): number => {
    const sent: Issued[] = [root];
    for (let level = 0; level < levels; level++) {
      const [issuer] = sent;
      assert.ok(issuer);
      sent.unshift(issue({ subject: `L${level}`, issuer, ca: true, nameConstraints: excluded(10) }));
    }
    const [issuer] = sent;
    assert.ok(issuer);
    const leaf = issue({ subject: 'localhost', issuer, dnsNames: ['localhost'], altNames: names(10) });
    return costOf('nameComparisons', [leaf, ...sent.slice(0, -1)]);
  };
  const [one, four] = [stack(1), stack(4)];
  assert.ok(four <= 5 * one, `${four} for four levels, ${one} for one`);
});

test('policies that are mapped to each other at every level cost their number, not its power', LIMIT, () => {
  const WIDTH = 6;
  const all = Array.from({ length: WIDTH }, (_, i) => P(i));
  const everything = mappings(...all.flatMap((from) => all.map((to) => [from, to] as const)));
  const cost = (levels: number): number => {
    const sent: Issued[] = [root];
    for (let level = 0; level < levels; level++) {
      const [issuer] = sent;
      assert.ok(issuer);
      const extraExtensions = [policies(...all, ...(level === 0 ? [ANY] : [])), everything];
      sent.unshift(issue({ subject: `L${level}`, issuer, ca: true, extraExtensions }));
    }
    const [issuer] = sent;
    assert.ok(issuer);
    const leaf = issue({
      subject: 'localhost',
      issuer,
      dnsNames: ['localhost'],
      extraExtensions: [policies(...all)],
    });
    return costOf('policySteps', [leaf, ...sent.slice(0, -1)], [root], {
      policies: { initialExplicitPolicy: true },
    });
  };
  const [two, four, eight] = [cost(2), cost(4), cost(8)];
  // A tree would have WIDTH times as many nodes with each level: 1296 times as many for four more.
  assert.ok(four < 2.5 * two, `${two}, ${four}`);
  assert.ok(eight < 2.5 * four, `${four}, ${eight}`);
  assert.ok(eight > four + 4 * WIDTH * WIDTH, 'each mapping counts');
});

test('revocation lists and their signers are paid for out of the same budget', LIMIT, () => {
  const impostors = Array.from({ length: 30 }, () =>
    issue({ subject: 'Test intermediate p256', ca: true, keyIdentifiers: false }),
  );
  const crls = impostors.slice(0, 20).map((signer) => parseCertificateRevocationList(makeList(signer)));
  const sent = [server, intermediate, ...impostors];
  const revocation = { crls, require: 'leaf' as const };
  const { provider, count } = countingProvider();
  refuses('budget', /more than 100 signatures/, sent, [root], { provider, revocation });
  assert.equal(count(), 100);
  const counted = countingProvider();
  refuses('budget', /more than 7 signatures/, sent, [root], {
    provider: counted.provider,
    revocation,
    budget: { signatureChecks: 7 },
  });
  assert.equal(counted.count(), 7);
  refuses('budget', /more than 25 candidate issuers/, sent, [root], {
    revocation,
    budget: { candidateIssuers: 25 },
  });
});

test('OCSP responders, too', LIMIT, () => {
  const responders = Array.from({ length: 8 }, () =>
    issue({ subject: 'Responder', issuer: intermediate, extKeyUsage: ['OCSPSigning'], breakSignature: true }),
  );
  const [responder] = responders;
  assert.ok(responder);
  const ocspResponses = Array.from({ length: 30 }, () =>
    parseOcspResponse(
      makeOcspResponse([{ certificate: server, issuer: intermediate }], {
        responder,
        certificates: responders.map(({ der }) => der),
      }),
    ),
  );
  for (const budget of [{}, { signatureChecks: 12 }]) {
    const { provider, count } = countingProvider();
    refuses('budget', /more than \d+ signatures/, chain, [root], {
      provider,
      budget,
      revocation: { ocspResponses, require: 'leaf' },
    });
    assert.equal(count(), budget.signatureChecks ?? 100);
  }
});
