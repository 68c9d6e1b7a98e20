import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { type Certificate, parseCertificate } from '../../src/x509/certificate.ts';
import { verify } from '../../src/x509/path.ts';
import { vectorTest } from '../support/vectors.ts';

// NIST PKITS 1.0.1: the sections that need no revocation.

interface Case {
  readonly number: string;
  readonly title: string;
  /** Trust anchor first, leaf last. */
  readonly certs: readonly string[];
  readonly should_validate: boolean;
  /** Names of policies, with commas between them. */
  readonly SetInitialPolicySet?: string;
  readonly SetInitialExplicitPolicy?: 'true';
  readonly SetInitialPolicyMappingInhibit?: 'true';
  readonly SetInitialInhibitAnyPolicy?: 'true';
  /** The expected user-constrained-policy-set, where the file tells it. */
  readonly SetUserConstrainedPolicySet?: string;
}

/** Sections, with the number of their tests in the file, and whether they are run or why not. */
const SECTIONS: Readonly<Record<string, readonly [tests: number, left: string | undefined]>> = {
  '4.1': [6, undefined], // signature verification
  '4.2': [8, undefined], // validity periods
  '4.3': [10, undefined], // name chaining
  '4.4': [21, 'revocation lists are not read yet'],
  '4.5': [8, undefined], // self-issued certificates
  '4.6': [17, undefined], // basic constraints
  '4.7': [5, undefined], // key usage
  '4.8': [35, undefined], // certificate policies
  '4.9': [8, undefined], // requireExplicitPolicy
  '4.10': [23, undefined], // policy mappings
  '4.11': [11, undefined], // inhibitPolicyMapping
  '4.12': [11, undefined], // inhibitAnyPolicy
  '4.13': [38, undefined], // name constraints
  '4.14': [35, 'revocation lists are not read yet'],
  '4.15': [10, 'delta revocation lists are not read yet'],
  '4.16': [1, undefined], // private certificate extensions
};

/** Tests of the sections run that end otherwise here, with the reason. */
const DIVERGENCES: Readonly<Record<string, string>> = {
  '4.1.4': 'DSA is not supported',
  '4.1.5': 'DSA is not supported',
  '4.5.2': 'refused for a revoked certificate only',
  '4.5.5': 'refused for a revoked certificate only',
  '4.5.7': 'refused for a revoked certificate only',
  '4.7.4': 'refused for the key that signed a revocation list only',
  '4.7.5': 'refused for the key that signed a revocation list only',
};

/** All certificates of the suite are valid then. */
const AT = Date.UTC(2015, 0, 1);

/** The policies of the suite, by their names (NIST's arc of test policies). */
const POLICIES: Readonly<Record<string, string>> = {
  anyPolicy: '2.5.29.32.0',
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((n) => [`NIST-test-policy-${n}`, `2.16.840.1.101.3.2.1.48.${n}`]),
  ),
};

function policies(names: string): string[] {
  return names === ''
    ? []
    : names.split(',').map((name) => {
        const policy = POLICIES[name];
        assert.ok(policy, name);
        return policy;
      });
}

/** The policies of an accepted path; `undefined` when it is refused. */
function accepted(test: Case, certs: Readonly<Record<string, string>>): readonly string[] | undefined {
  const { certs: names, SetInitialPolicySet: initial } = test;
  const chain: Certificate[] = [];
  for (const name of names) {
    const base64 = certs[name];
    assert.ok(base64, name);
    try {
      chain.push(parseCertificate(Buffer.from(base64, 'base64')));
    } catch (error) {
      assert.ok(error instanceof TlsError && error.code === 'ERR_BAD_CERTIFICATE', `${name}: ${error}`);
      return undefined;
    }
  }
  const [anchor, ...rest] = chain;
  const leaf = rest.pop();
  assert.ok(anchor && leaf);
  const verdict = verify({
    provider: nodeProvider,
    leaf,
    intermediates: rest,
    anchors: [{ certificate: anchor }],
    at: AT,
    purpose: 'client',
    // The suite is about path validation alone, and its leaves include authorities.
    profile: [],
    policies: {
      ...(initial !== undefined && { userInitialPolicySet: policies(initial) }),
      initialExplicitPolicy: test.SetInitialExplicitPolicy === 'true',
      initialPolicyMappingInhibit: test.SetInitialPolicyMappingInhibit === 'true',
      initialAnyPolicyInhibit: test.SetInitialInhibitAnyPolicy === 'true',
    },
  });
  assert.ok('ok' in verdict);
  return verdict.ok ? (verdict.policies ?? []) : undefined;
}

vectorTest(
  'PKITS: every test of the sections that are covered ends as expected',
  'pkits.json',
  {},
  (path) => {
    const { tests, certs } = JSON.parse(readFileSync(path, 'utf8')) as {
      tests: readonly Case[];
      certs: Readonly<Record<string, string>>;
    };
    const counts: Record<string, number> = {};
    let run = 0;
    let compared = 0;
    for (const test of tests) {
      const { number, title, should_validate, SetUserConstrainedPolicySet: expected } = test;
      const section = number.split('.').slice(0, 2).join('.');
      counts[section] = (counts[section] ?? 0) + 1;
      const known = SECTIONS[section];
      assert.ok(known, `a new section: ${section}`);
      if (known[1] !== undefined) continue;
      run++;
      const found = accepted(test, certs);
      assert.equal(
        (found !== undefined) !== should_validate,
        number in DIVERGENCES,
        `${number} ${title}: accepted is ${found !== undefined}`,
      );
      if (found !== undefined && expected !== undefined) {
        compared++;
        assert.deepEqual([...found].sort(), policies(expected).sort(), `${number} ${title}`);
      }
    }
    assert.deepEqual(
      counts,
      Object.fromEntries(Object.entries(SECTIONS).map(([name, [count]]) => [name, count])),
    );
    assert.equal(run, 181);
    assert.equal(compared, 14);
  },
);
