import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULT_PROFILE, RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../src/x509/profiles.ts';
import { judgeCase, type LimboCase, LimboError, profileOf, readLimbo } from '../support/limbo.ts';
import { DIVERGENCES } from '../support/limbo-divergences.ts';
import { runCase } from '../support/limbo-run.ts';
import { issue } from '../support/pki.ts';
import { vectorTest } from '../support/vectors.ts';

// C2SP/x509-limbo: every case of the file among the vectors. `npm run limbo` runs other files.

/** Refused under the profile only: by default what an authority should have done is not held against its leaves. */
const ACCEPTED_BY_DEFAULT: ReadonlySet<string> = new Set([
  'rfc5280::aki::cross-signed-root-missing-aki',
  'rfc5280::aki::intermediate-missing-aki',
  'rfc5280::aki::leaf-missing-aki',
  'rfc5280::leaf-ku-keycertsign',
  'rfc5280::nc::not-allowed-in-ee-critical',
  'rfc5280::nc::not-allowed-in-ee-noncritical',
  'rfc5280::nc::permitted-dns-match-noncritical',
  'rfc5280::root-non-critical-basic-constraints',
  'rfc5280::san::noncritical-with-empty-subject',
  'rfc5280::serial::too-long',
  'rfc5280::serial::zero',
  'rfc5280::ski::intermediate-missing-ski',
  'rfc5280::ski::root-missing-ski',
  'webpki::aki::root-with-aki-all-fields',
  'webpki::aki::root-with-aki-authoritycertissuer',
  'webpki::aki::root-with-aki-authoritycertserialnumber',
  'webpki::aki::root-with-aki-missing-keyidentifier',
  'webpki::aki::root-with-aki-ski-mismatch',
  'webpki::eku::ee-anyeku',
  'webpki::eku::ee-critical-eku',
  'webpki::eku::ee-without-eku',
  'webpki::eku::root-has-eku',
  'webpki::san::leftmost-wildcard-san',
  'webpki::san::san-critical-with-nonempty-subject',
]);

function read(path: string): ReadonlyMap<string, LimboCase> {
  return new Map(readLimbo(readFileSync(path, 'utf8')).map((limbo) => [limbo.id, limbo]));
}

vectorTest('x509-limbo: every case ends as expected', 'limbo.json', {}, (path) => {
  const cases = read(path);
  assert.equal(cases.size, 135);
  const explained: string[] = [];
  for (const limbo of cases.values()) {
    const { status, judgement, why } = runCase(limbo);
    if (status === 'explained') explained.push(limbo.id);
    else assert.equal(status, 'passed', `${limbo.id}: ${why}: ${judgement.sentence}`);

    const found = judgement.outcome;
    const byDefault = judgeCase(limbo, DEFAULT_PROFILE);
    const expected = ACCEPTED_BY_DEFAULT.has(limbo.id) ? 'SUCCESS' : found;
    assert.equal(byDefault.outcome, expected, `${limbo.id}, by default: ${byDefault.sentence}`);
  }
  assert.deepEqual(explained.sort(), [
    'pathlen::validation-ignores-pathlen-in-leaf',
    'rfc5280::nc::permitted-dn-match',
    'webpki::san::leftmost-wildcard-san',
  ]);
});

vectorTest(
  'x509-limbo: a divergence is about what its reason says, and nothing else',
  'limbo.json',
  {},
  (path) => {
    const cases = read(path);
    const outcome = (id: string, change: Partial<LimboCase>, profile = profileOf({ id } as LimboCase)) =>
      judgeCase({ ...(cases.get(id) as LimboCase), ...change }, profile).outcome;
    assert.equal(outcome('rfc5280::nc::permitted-dn-match', { names: [] }), 'SUCCESS');
    assert.equal(outcome('pathlen::validation-ignores-pathlen-in-leaf', { purposes: ['any'] }), 'SUCCESS');
    const others = WEB_PKI_PROFILE.filter(({ source }) => !source.endsWith('section 7.1.4.3'));
    assert.equal(others.length, WEB_PKI_PROFILE.length - 1);
    assert.equal(outcome('webpki::san::leftmost-wildcard-san', {}, others), 'SUCCESS');
  },
);

vectorTest(
  'x509-limbo: both sides of a contradiction hold, each under its own profile',
  'limbo.json',
  {},
  (path) => {
    const cases = read(path);
    const results = (id: string) =>
      [RFC5280_PROFILE, WEB_PKI_PROFILE].map(
        (profile) => judgeCase(cases.get(id) as LimboCase, profile).outcome,
      );
    assert.deepEqual(results('rfc5280::nc::permitted-dns-match-noncritical'), ['FAILURE', 'SUCCESS']);
    assert.deepEqual(results('rfc5280::eku::ee-without-eku'), ['SUCCESS', 'FAILURE']);
  },
);

const ROOT = issue({ subject: 'Root', ca: true });
const LEAF = issue({
  subject: 'leaf',
  issuer: ROOT,
  extKeyUsage: ['serverAuth', 'clientAuth'],
  dnsNames: ['a.test', 'b.test'],
  emails: ['Ada@Mail.test'],
});

/** A case as a file has it, which is to end well. */
const CASE = {
  id: 'own::case',
  features: null,
  validation_kind: 'SERVER',
  trusted_certs: [ROOT.pem],
  untrusted_intermediates: [],
  peer_certificate: LEAF.pem,
  validation_time: null,
  signature_algorithms: null,
  key_usage: null,
  extended_key_usage: null,
  expected_result: 'SUCCESS',
  expected_peer_name: { kind: 'DNS', value: 'a.test' },
  expected_peer_names: null,
  max_chain_depth: null,
};

function suite(...changes: readonly object[]): string {
  return JSON.stringify({ version: 1, testcases: changes.map((change) => ({ ...CASE, ...change })) });
}

test('whatever a case restricts is held', () => {
  const outcome = (change: object): string => {
    const [limbo] = readLimbo(suite(change));
    return judgeCase(limbo as LimboCase, []).outcome;
  };
  const client = { validation_kind: 'CLIENT', expected_peer_name: null };
  const both = (one: object, other: object) => [outcome(one), outcome(other)];
  const split = ['SUCCESS', 'FAILURE'];
  assert.deepEqual(both({}, { expected_peer_name: { kind: 'DNS', value: 'c.test' } }), split);
  assert.deepEqual(
    both({ key_usage: ['digitalSignature'] }, { key_usage: ['digitalSignature', 'cRLSign'] }),
    split,
  );
  assert.deepEqual(
    both({ extended_key_usage: ['serverAuth'] }, { extended_key_usage: ['serverAuth', 'codeSigning'] }),
    split,
  );
  assert.deepEqual(
    both(
      { signature_algorithms: ['ED448', 'ECDSA_WITH_SHA256'] },
      { signature_algorithms: ['ECDSA_WITH_SHA384'] },
    ),
    split,
  );
  assert.deepEqual(
    both({ validation_time: new Date().toISOString() }, { validation_time: '1999-01-01T00:00:00+00:00' }),
    split,
  );
  const names = (...values: readonly string[]) => values.map((value) => ({ kind: 'DNS', value }));
  assert.deepEqual(
    both(
      { ...client, expected_peer_names: names('b.test', 'a.test') },
      { ...client, expected_peer_names: names('a.test', 'c.test') },
    ),
    split,
  );
  const mailbox = (value: string) => ({ ...client, expected_peer_names: [{ kind: 'RFC822', value }] });
  assert.deepEqual(both(mailbox('Ada@mail.TEST'), mailbox('ada@Mail.test')), split);
});

test('a case that ends otherwise fails, unless just that is explained', () => {
  const [limbo] = readLimbo(suite({ expected_result: 'FAILURE' })) as [LimboCase];
  const { id } = limbo;
  assert.equal(runCase(limbo).status, 'failed');
  assert.equal(runCase(limbo, { [id]: { ours: 'SUCCESS', why: 'so' } }).status, 'explained');
  assert.equal(runCase(limbo, { [id]: { ours: 'FAILURE', why: 'so' } }).status, 'failed');
  assert.equal(runCase(limbo, { other: { ours: 'SUCCESS', why: 'so' } }).status, 'failed');
  assert.equal(runCase({ ...limbo, expected: 'SUCCESS' }).status, 'passed');
  assert.ok(Object.values(DIVERGENCES).every(({ why }) => why.length > 40));
});

test('files that are none are refused, with the case and the field', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /expected JSON/],
    ['[]', /the file: expected an object, found \[\]/],
    ['{"version":2,"testcases":[]}', /version: expected 1, found 2/],
    ['{"version":1,"testcases":[]}', /testcases: expected a list of cases/],
    ['{"version":1,"testcases":[7]}', /case 1: expected an object, found 7/],
    [suite({ id: '' }), /case 1: it has no id/],
    [suite({}, {}), /own::case: there are two cases of this name/],
    [suite({ peer_certificate: 7 }), /own::case: peer_certificate: expected a text, found 7/],
    [suite({ trusted_certs: 'x' }), /trusted_certs: expected a list of texts, found "x"/],
    [suite({ validation_kind: 'BOTH' }), /validation_kind: expected SERVER or CLIENT, found "BOTH"/],
    [suite({ validation_time: 'soon' }), /validation_time: expected a time, found "soon"/],
    [suite({ max_chain_depth: -1 }), /max_chain_depth: expected a number from 0, found -1/],
    [suite({ expected_result: 'MAYBE' }), /expected_result: expected SUCCESS or FAILURE, found "MAYBE"/],
    [suite({ signature_algorithms: ['ROT13'] }), /signature_algorithms: "ROT13" is not known/],
    [suite({ key_usage: ['x'] }), /key_usage: "x" is not known/],
    [suite({ extended_key_usage: ['x'] }), /extended_key_usage: "x" is not known/],
    [
      suite({ expected_peer_name: { kind: 'X', value: 'a' } }),
      /kind: expected DNS or IP or RFC822, found "X"/,
    ],
  ];
  for (const [text, words] of bad) {
    assert.throws(
      () => readLimbo(text),
      (error) => error instanceof LimboError && words.test(error.message),
      text.slice(0, 60),
    );
  }
});
