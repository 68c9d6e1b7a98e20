import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { verify } from '../../src/x509/path.ts';
import { readCertificates } from '../../src/x509/pem.ts';
import { type ProfileRule, RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../src/x509/profiles.ts';
import { vectorTest } from '../support/vectors.ts';

// C2SP/x509-limbo: every case, under the profile that its name space speaks for. Cases come in pairs that contradict each
// other (RFC 5280 and the CA/Browser Forum differ), so no single profile can agree with all of them.

interface Case {
  readonly id: string;
  readonly validation_kind: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly signature_algorithms: readonly string[] | null;
  readonly key_usage: readonly string[] | null;
  readonly extended_key_usage: readonly string[] | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly expected_peer_name: { readonly kind: string; readonly value: string };
  readonly max_chain_depth: number | null;
}

const PROFILES: Readonly<Record<string, readonly ProfileRule[] | undefined>> = {
  pathlen: RFC5280_PROFILE,
  pathological: RFC5280_PROFILE,
  rfc5280: RFC5280_PROFILE,
  webpki: WEB_PKI_PROFILE,
  // Chains of real sites: what is held when nothing is asked for.
  online: undefined,
};

/** Cases whose expected result is not ours, with the reason. */
const DIVERGENCES: Readonly<Record<string, string>> = {
  'pathlen::validation-ignores-pathlen-in-leaf':
    'the leaf is an authority whose key may sign certificates only: the end of a path for RFC 5280, but not for TLS',
  'rfc5280::nc::permitted-dn-match':
    'the leaf has a directoryName only, so it cannot carry the DNS name that the case asks for (see below)',
};

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
  'webpki::san::san-critical-with-nonempty-subject',
]);

function outcome(
  limbo: Case,
  profile: readonly ProfileRule[] | undefined,
  name: string | null = limbo.expected_peer_name.value,
): Case['expected_result'] {
  try {
    const certificates = (pems: readonly string[]) => pems.flatMap((pem) => readCertificates(pem, 'limbo'));
    const [leaf] = certificates([limbo.peer_certificate]);
    assert.ok(leaf);
    const verdict = verify({
      provider: nodeProvider,
      leaf,
      intermediates: certificates(limbo.untrusted_intermediates),
      anchors: certificates(limbo.trusted_certs).map((certificate) => ({ certificate })),
      at: limbo.validation_time === null ? Date.now() : Date.parse(limbo.validation_time),
      purpose: 'server',
      name,
      ...(profile && { profile }),
      ...(limbo.max_chain_depth !== null && { maxPathLength: limbo.max_chain_depth }),
    });
    assert.ok('ok' in verdict);
    return verdict.ok ? 'SUCCESS' : 'FAILURE';
  } catch (error) {
    // A certificate that cannot be read is refused; anything else would be a defect.
    if (error instanceof ConfigError) return 'FAILURE';
    throw error;
  }
}

vectorTest('x509-limbo: every case ends as expected', 'limbo.json', {}, (path) => {
  const { testcases } = JSON.parse(readFileSync(path, 'utf8')) as { testcases: readonly Case[] };
  assert.equal(testcases.length, 135);
  for (const limbo of testcases) {
    const space = limbo.id.split('::')[0] ?? '';
    assert.ok(space in PROFILES, `a new name space: ${limbo.id}`);
    assert.equal(limbo.validation_kind, 'SERVER', limbo.id);
    // What the case restricts is what is held anyway: serverAuth, and a key that may sign.
    assert.ok(limbo.signature_algorithms === null, limbo.id);
    assert.ok((limbo.key_usage ?? ['digitalSignature']).join() === 'digitalSignature', limbo.id);
    assert.ok((limbo.extended_key_usage ?? ['serverAuth']).join() === 'serverAuth', limbo.id);

    const diverges = limbo.id in DIVERGENCES;
    const found = outcome(limbo, PROFILES[space]);
    assert.equal(found !== limbo.expected_result, diverges, `${limbo.id}: ${found}`);

    const expectedByDefault = ACCEPTED_BY_DEFAULT.has(limbo.id) ? 'SUCCESS' : found;
    assert.equal(outcome(limbo, undefined), expectedByDefault, `${limbo.id}, by default`);
  }
});

vectorTest('x509-limbo: the divergence about a name is about nothing else', 'limbo.json', {}, (path) => {
  const { testcases } = JSON.parse(readFileSync(path, 'utf8')) as { testcases: readonly Case[] };
  const limbo = testcases.find(({ id }) => id === 'rfc5280::nc::permitted-dn-match');
  assert.ok(limbo);
  assert.equal(outcome(limbo, RFC5280_PROFILE, null), 'SUCCESS');
});

vectorTest(
  'x509-limbo: both sides of a contradiction hold, each under its own profile',
  'limbo.json',
  {},
  (path) => {
    const { testcases } = JSON.parse(readFileSync(path, 'utf8')) as { testcases: readonly Case[] };
    const results = (id: string) => {
      const limbo = testcases.find((one) => one.id === id);
      assert.ok(limbo);
      return [outcome(limbo, RFC5280_PROFILE), outcome(limbo, WEB_PKI_PROFILE)];
    };
    assert.deepEqual(results('rfc5280::nc::permitted-dns-match-noncritical'), ['FAILURE', 'SUCCESS']);
    assert.deepEqual(results('rfc5280::eku::ee-without-eku'), ['SUCCESS', 'FAILURE']);
  },
);
