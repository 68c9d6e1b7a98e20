import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opensslErrorCode } from '../../src/x509/openssl-codes.ts';
import { RULES, type TriedPath, type Verdict } from '../../src/x509/verdict.ts';
import { untoldSentences } from '../support/sentences.ts';
import { matchesSnapshot } from '../support/snapshot.ts';
import type { Cases } from './verdicts/case.ts';
import { ACCEPTED, CHAINS } from './verdicts/chains.ts';
import { CERTIFICATES, NAMES, POLICIES, PROFILES, USES } from './verdicts/contents.ts';
import { ML_DSA } from './verdicts/ml-dsa.ts';
import { STATUSES, TRANSPARENCY } from './verdicts/statuses.ts';

// Every reason for a refusal: its sentence, its source, its error, OpenSSL's name for it, and what to do, in a snapshot.

const LIMIT = { timeout: 60_000 };

const TABLES: Readonly<Record<string, Cases>> = {
  accepted: ACCEPTED,
  path: CHAINS,
  certificate: CERTIFICATES,
  use: USES,
  'name constraints': NAMES,
  policies: POLICIES,
  profile: PROFILES,
  status: STATUSES,
  transparency: TRANSPARENCY,
  'ML-DSA': ML_DSA,
};

/** The files that verdicts get their sentences from. */
const SPEAKERS = [
  'handshake/verifier.js',
  ...[
    'path-search.js',
    'issuer-checks.js',
    'checks.js',
    'profiles.js',
    'certificate-policies.js',
    'name-constraints.js',
    'path-report.js',
    'advice.js',
    'budget.js',
    'revocation/revocations.js',
    'revocation/context.js',
    'revocation/crl-status.js',
    'revocation/ocsp-status.js',
    'transparency/transparency.js',
  ].map((file) => `x509/${file}`),
];

const verdicts = new Map<string, Verdict>();
const { sentences, untold } = untoldSentences(SPEAKERS, () => {
  for (const [title, cases] of Object.entries(TABLES)) {
    for (const [what, verdict] of Object.entries(cases)) verdicts.set(`${title}: ${what}`, verdict());
  }
});

/** Without what is new each time: keys, times, and the names of logs, which are hashes of their keys. */
function settled(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME')
    .replace(/\b[0-9a-f]{40}\b/g, 'KEY')
    .replace(/the log [A-Za-z0-9+/]{43}=/g, 'the log ID');
}

/** The checks that held, each where it is told first. */
const seen = new Set<string>();

function block(what: string, verdict: Verdict): readonly string[] {
  const { sentence } = verdict;
  if (verdict.ok) {
    const checks = verdict.path
      .flatMap(({ role, checks }) =>
        checks.map(({ rule, ...check }) => `    ${role} ${rule}: ${check.sentence}`),
      )
      .map(settled)
      .filter((line) => !seen.has(line));
    for (const line of checks) seen.add(line);
    return [what, `    accepted: ${settled(sentence)}`, ...checks, ''];
  }
  const { rule, source, error, advice } = verdict;
  return [
    what,
    `    ${rule} | ${source} | ${error} | ${opensslErrorCode(verdict)}`,
    `    ${settled(sentence)}`,
    `    ${settled(advice)}`,
    '',
  ];
}

/** All texts of a value, in lines. */
function textsIn(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? Object.values(value).map(textsIn).join('\n') : '';
}

test('every verdict in the words of the snapshot', LIMIT, () => {
  matchesSnapshot(
    'verdicts',
    [...verdicts].flatMap(([what, verdict]) => block(what, verdict)),
  );
});

test('there is a case for every rule', LIMIT, () => {
  const produced = new Set([...verdicts.values()].flatMap((verdict) => (verdict.ok ? [] : [verdict.rule])));
  assert.deepEqual(
    Object.keys(RULES).filter((rule) => !produced.has(rule as never)),
    [],
  );
});

test('there is a case for every sentence in the sources', LIMIT, () => {
  assert.ok(sentences > 200, `${sentences} sentences`);
  assert.ok(untoldSentences(SPEAKERS, () => {}).untold.length > 150, 'what does not run is not told');
  // Tables are read before anything is judged: their texts must stand in a verdict.
  const told = textsIn([...verdicts.values()]);
  assert.deepEqual(
    untold.filter(({ text }) => !told.includes(text)).map(({ file, text }) => `${file}: ${text}`),
    [],
  );
});

test('every verdict is plain data, and comes back from JSON as it was', LIMIT, () => {
  for (const [what, verdict] of verdicts) {
    assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict, what);
  }
});

test('in every path, the certificate at fault shows the check that failed', LIMIT, () => {
  let paths = 0;
  const holds = (what: string, { path, at, rule, source, sentence }: TriedPath): void => {
    paths++;
    const found = path[at]?.checks.find(
      (check) => !check.ok && check.rule === rule && check.source === source,
    );
    assert.ok(found !== undefined && sentence.includes(found.sentence), `${what}: ${sentence}`);
  };
  for (const [what, verdict] of verdicts) {
    for (const tried of verdict.otherPaths ?? []) holds(what, tried);
    if (verdict.ok) {
      assert.ok(verdict.path.every(({ checks }) => checks.every(({ ok }) => ok)));
      continue;
    }
    const { at } = verdict;
    if (at === undefined) continue;
    holds(what, { ...verdict, at });
    assert.equal(verdict.certificate, verdict.path[at]?.subject);
  }
  assert.ok(paths > 150, `${paths} paths`);
});

test('advice names no option of a command line, and is said in a few words', LIMIT, () => {
  for (const [what, verdict] of verdicts) {
    if (verdict.ok) continue;
    assert.doesNotMatch(verdict.advice, /--/, what);
    assert.match(verdict.advice, /^[A-Z].*\.$/, what);
    assert.ok(verdict.advice.length < 400, what);
  }
});
