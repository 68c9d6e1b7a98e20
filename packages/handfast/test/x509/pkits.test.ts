import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { type Certificate, parseCertificate } from '../../src/x509/certificate.ts';
import { verify } from '../../src/x509/path.ts';
import {
  type CertificateRevocationList,
  parseCertificateRevocationList,
} from '../../src/x509/revocation/crl.ts';
import type { Verdict } from '../../src/x509/verdict.ts';
import { vectorTest } from '../support/vectors.ts';

// NIST PKITS 1.0.1, all of it. The status of every certificate must be known, from the revocation lists of each test.

interface Case {
  readonly number: string;
  readonly title: string;
  /** Trust anchor first, leaf last. */
  readonly certs: readonly string[];
  readonly crls: readonly string[];
  readonly should_validate: boolean;
  /** Names of policies, with commas between them. */
  readonly SetInitialPolicySet?: string;
  readonly SetInitialExplicitPolicy?: 'true';
  readonly SetInitialPolicyMappingInhibit?: 'true';
  readonly SetInitialInhibitAnyPolicy?: 'true';
  /** The expected user-constrained-policy-set, where the file tells it. */
  readonly SetUserConstrainedPolicySet?: string;
}

/** Sections, with the number of their tests. */
const SECTIONS: Readonly<Record<string, number>> = {
  '4.1': 6, // signature verification
  '4.2': 8, // validity periods
  '4.3': 10, // name chaining
  '4.4': 21, // basic revocation lists
  '4.5': 8, // self-issued certificates
  '4.6': 17, // basic constraints
  '4.7': 5, // key usage
  '4.8': 35, // certificate policies
  '4.9': 8, // requireExplicitPolicy
  '4.10': 23, // policy mappings
  '4.11': 11, // inhibitPolicyMapping
  '4.12': 11, // inhibitAnyPolicy
  '4.13': 38, // name constraints
  '4.14': 35, // distribution points, indirect lists
  '4.15': 10, // delta lists
  '4.16': 1, // private certificate extensions
};

/** Sections in which nothing but the status of a certificate is ever at fault (but a negative serial number in 4.4.15). */
const ABOUT_REVOCATION: ReadonlySet<string> = new Set(['4.4', '4.14', '4.15']);

/** Tests that end otherwise here, with the reason. */
const DIVERGENCES: Readonly<Record<string, string>> = {
  '4.1.4': 'DSA is not supported',
  '4.1.5': 'DSA is not supported',
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

interface Data {
  readonly tests: readonly Case[];
  readonly certs: Readonly<Record<string, string>>;
  readonly crls: Readonly<Record<string, string>>;
}

/** What is read of these; what cannot be read is left out. */
function readAll<T>(
  names: readonly string[],
  from: Data['certs'],
  parse: (der: Uint8Array) => T,
): readonly T[] {
  return names.flatMap((name) => {
    const base64 = from[name];
    assert.ok(base64, name);
    try {
      return [parse(Buffer.from(base64, 'base64'))];
    } catch (error) {
      assert.ok(
        error instanceof TlsError && error.code.startsWith('ERR_BAD_CERTIFICATE'),
        `${name}: ${error}`,
      );
      return [];
    }
  });
}

/** The verdict; `undefined` when a certificate cannot be read. */
function judge(test: Case, data: Data): Verdict | undefined {
  const { certs, crls, SetInitialPolicySet: initial } = test;
  const chain: readonly Certificate[] = readAll(certs, data.certs, parseCertificate);
  if (chain.length < certs.length) return undefined;
  const lists: readonly CertificateRevocationList[] = readAll(
    crls,
    data.crls,
    parseCertificateRevocationList,
  );
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
    revocation: { crls: lists, require: 'chain' },
    policies: {
      ...(initial !== undefined && { userInitialPolicySet: policies(initial) }),
      initialExplicitPolicy: test.SetInitialExplicitPolicy === 'true',
      initialPolicyMappingInhibit: test.SetInitialPolicyMappingInhibit === 'true',
      initialAnyPolicyInhibit: test.SetInitialInhibitAnyPolicy === 'true',
    },
  });
  assert.ok('ok' in verdict);
  return verdict;
}

vectorTest('PKITS: every test ends as expected', 'pkits.json', {}, (path) => {
  const data = JSON.parse(readFileSync(path, 'utf8')) as Data;
  const counts: Record<string, number> = {};
  let compared = 0;
  for (const test of data.tests) {
    const { number, title, should_validate, SetUserConstrainedPolicySet: expected } = test;
    const section = number.split('.').slice(0, 2).join('.');
    counts[section] = (counts[section] ?? 0) + 1;
    const verdict = judge(test, data);
    const found = verdict?.ok === true;
    assert.equal(
      found !== should_validate,
      number in DIVERGENCES,
      `${number} ${title}: accepted is ${found}`,
    );
    if (ABOUT_REVOCATION.has(section) && verdict?.ok === false) {
      assert.match(
        verdict.rule,
        number === '4.4.15' ? /^serialNumber$/ : /^revocation/,
        `${number} ${title}: ${verdict.sentence}`,
      );
    }
    if (verdict?.ok && expected !== undefined) {
      compared++;
      assert.deepEqual([...(verdict.policies ?? [])].sort(), policies(expected).sort(), `${number} ${title}`);
    }
  }
  assert.deepEqual(counts, SECTIONS);
  assert.equal(data.tests.length, 247);
  assert.equal(compared, 14);
});
