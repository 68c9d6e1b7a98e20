import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { type Certificate, parseCertificate } from '../../src/x509/certificate.ts';
import { verify } from '../../src/x509/path.ts';
import { vectorTest } from '../support/vectors.ts';

// NIST PKITS 1.0.1: the sections that need neither revocation nor certificate policies.

interface Case {
  readonly number: string;
  readonly title: string;
  /** Trust anchor first, leaf last. */
  readonly certs: readonly string[];
  readonly should_validate: boolean;
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
  '4.8': [35, 'certificate policies are not processed yet'],
  '4.9': [8, 'certificate policies are not processed yet'],
  '4.10': [23, 'policy mappings are not processed yet'],
  '4.11': [11, 'policy mappings are not processed yet'],
  '4.12': [11, 'inhibitAnyPolicy is not processed yet'],
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

function isAccepted(names: readonly string[], certs: Readonly<Record<string, string>>): boolean {
  const chain: Certificate[] = [];
  for (const name of names) {
    const base64 = certs[name];
    assert.ok(base64, name);
    try {
      chain.push(parseCertificate(Buffer.from(base64, 'base64')));
    } catch (error) {
      assert.ok(error instanceof TlsError && error.code === 'ERR_BAD_CERTIFICATE', `${name}: ${error}`);
      return false;
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
  });
  assert.ok('ok' in verdict);
  return verdict.ok;
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
    for (const { number, title, certs: names, should_validate } of tests) {
      const section = number.split('.').slice(0, 2).join('.');
      counts[section] = (counts[section] ?? 0) + 1;
      const known = SECTIONS[section];
      assert.ok(known, `a new section: ${section}`);
      if (known[1] !== undefined) continue;
      run++;
      const found = isAccepted(names, certs);
      assert.equal(
        found !== should_validate,
        number in DIVERGENCES,
        `${number} ${title}: accepted is ${found}`,
      );
    }
    assert.deepEqual(
      counts,
      Object.fromEntries(Object.entries(SECTIONS).map(([name, [count]]) => [name, count])),
    );
    assert.equal(run, 93);
  },
);
