/**
 * What a TLS 1.2 server chooses: suite, group and certificate hang together. Each test asks it with every order of what a
 * client may offer; what it must answer is computed by these rules, which are stated here apart from the code:
 *
 * 1. The suite is the first, in the order that counts, that both have and that goes with a group and a certificate.
 *    Certificates that carry the name that the client wants come before all others, for whatever suite.
 * 2. ECDHE takes the first curve that both have; a client that names no groups at all has P-256 (RFC 8422 section 4).
 * 3. DHE takes the first finite field that both have; a client that names no finite field is given the server's first
 *    (RFC 7919 section 4), and one that names only others goes without DHE, and is told insufficient_security where
 *    nothing else is left.
 * 4. A certificate goes with a suite by its key, by what its keyUsage allows (to sign, or to decrypt), and by its
 *    curve, which the client must have named (RFC 8422 section 5.1.1).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Preference } from '../../src/handshake/config.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import {
  CipherSuite,
  cipherSuiteName,
  groupName,
  NamedGroup,
  SignatureScheme,
  signatureSchemeName,
} from '../../src/wire/registry.ts';
import { ask, assertChose, assertRefused, SERVER_GROUPS, SUITE, SUITES } from '../support/asking12.ts';
import { rsaServer } from '../support/flows12.ts';
import { identityFrom, identityOf } from '../support/identities.ts';
import { arrangements, choice, expectedChoice, PREFERENCES } from '../support/orders.ts';
import { issue, type KeyKind, type KeyUsageSpec, makeKey, testPki } from '../support/pki.ts';

const { ECDHE_ECDSA, ECDHE_RSA, DHE_RSA, RSA } = SUITE;
const { x25519, secp256r1, secp384r1, secp521r1, ffdhe2048, ffdhe3072 } = NamedGroup;

/** Code points for finite fields that nobody has defined, and one that is for something else. */
const [UNKNOWN_FIELD, UNKNOWN_GROUP] = [0x01fb, 0x02fb];

/** The server's order turned, so that each comes first once. */
const turned = <T>(values: readonly T[]): T[][] =>
  values.map((_, i) => [...values.slice(i), ...values.slice(0, i)]);

type Use = 'ECDSA signature' | 'RSA signature' | 'RSA decryption';

/** What a suite needs of a certificate. */
const NEEDS: ReadonlyMap<CipherSuite, Use> = new Map([
  [ECDHE_ECDSA, 'ECDSA signature'],
  [ECDHE_RSA, 'RSA signature'],
  [DHE_RSA, 'RSA signature'],
  [RSA, 'RSA decryption'],
]);

const [ecdsa, edwards, rsaPss] = [
  identityOf('server'),
  identityOf('server', 'ed25519'),
  identityOf('server', 'rsa-pss'),
];
const [rsaForBoth, rsaToSign, rsaToDecrypt] = [
  rsaServer(),
  rsaServer(['digitalSignature']),
  rsaServer(['keyEncipherment']),
];
const USES: ReadonlyMap<Identity, readonly Use[]> = new Map([
  [ecdsa, ['ECDSA signature']],
  [edwards, ['ECDSA signature']],
  [rsaPss, ['RSA signature']],
  [rsaForBoth, ['RSA signature', 'RSA decryption']],
  [rsaToSign, ['RSA signature']],
  [rsaToDecrypt, ['RSA decryption']],
]);

const IDENTITY_SETS: Readonly<Record<string, readonly Identity[]>> = {
  'an ECDSA certificate': [ecdsa],
  'an RSA certificate': [rsaForBoth],
  'an ECDSA and an RSA certificate': [ecdsa, rsaForBoth],
  'an RSA and an Ed25519 certificate': [rsaToSign, edwards],
  'RSA certificates, one to sign and one to decrypt': [rsaToDecrypt, rsaToSign],
  'an RSA certificate to decrypt, and one for PSS': [rsaPss, rsaToDecrypt],
};

const GROUP_OF: ReadonlyMap<CipherSuite, NamedGroup> = new Map([
  [ECDHE_ECDSA, secp256r1],
  [ECDHE_RSA, secp256r1],
  [DHE_RSA, ffdhe2048],
]);

for (const preference of PREFERENCES) {
  for (const [what, identities] of Object.entries(IDENTITY_SETS)) {
    test(`${what}: the suite, for every order of the client, the ${preference}'s counts`, () => {
      const fitting = (suite: CipherSuite): Identity | undefined =>
        identities.find((identity) => USES.get(identity)?.includes(NEEDS.get(suite) as Use));
      for (const own of turned(SUITES)) {
        for (const suites of arrangements(SUITES)) {
          const where = `${suites.map(cipherSuiteName)} at a server with ${own.map(cipherSuiteName)}`;
          const decision = ask(
            { suites, groups: SERVER_GROUPS },
            { identities, cipherSuites: own, preference },
          );
          const usable = own.filter((suite) => fitting(suite) !== undefined);
          const suite = expectedChoice(preference, usable, suites);
          if (suite === undefined) {
            assertRefused(decision, where, 'ERR_NO_SHARED_SIGNATURE_SCHEME', 'handshake_failure');
            continue;
          }
          assertChose(decision, where, {
            suite,
            group: GROUP_OF.get(suite),
            identity: fitting(suite) as Identity,
          });
          const { reason, offered } = choice(decision.choices, 'cipher suite');
          assert.match(reason, new RegExp(`the ${preference}'s order`));
          assert.deepEqual(offered, suites.map(cipherSuiteName));
        }
      }
    });
  }
}

test('no suite in common: what both have is said', () => {
  const { TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256 } = CipherSuite;
  for (const suites of [[TLS_DHE_RSA_WITH_AES_256_GCM_SHA384], [TLS_AES_128_GCM_SHA256], [0x1301, 0xfafa]]) {
    const decision = ask({ suites }, { identities: [ecdsa] });
    assertRefused(decision, `${suites}`, 'ERR_NO_SHARED_CIPHER_SUITE', 'handshake_failure');
    const { message } = decision.pair.errorOf('server', 'ERR_NO_SHARED_CIPHER_SUITE');
    assert.match(message, /for TLSv1\.2: the client offers .*; the server takes TLS_ECDHE_ECDSA/);
  }
});

const isField = (group: NamedGroup): boolean => group >= 0x0100 && group <= 0x01ff;

/** The group for a suite, by the rules 2 and 3. */
function groupFor(
  preference: Preference,
  suite: CipherSuite,
  own: readonly NamedGroup[],
  offered: readonly NamedGroup[] | null,
): NamedGroup | undefined {
  if (suite === DHE_RSA) {
    const fields = own.filter(isField);
    return offered?.some(isField) ? expectedChoice(preference, fields, offered) : fields[0];
  }
  const curves = own.filter((group) => !isField(group));
  return expectedChoice(preference, curves, offered ?? [secp256r1]);
}

const CLIENT_GROUPS: readonly (readonly NamedGroup[] | null)[] = [
  null,
  ...arrangements([x25519, secp256r1, secp521r1]),
  ...arrangements([ffdhe2048, ffdhe3072, UNKNOWN_FIELD]),
  ...arrangements([x25519, ffdhe3072, UNKNOWN_FIELD]),
  ...arrangements([secp521r1, UNKNOWN_FIELD]),
  [UNKNOWN_GROUP],
  [NamedGroup.X25519MLKEM768],
  [NamedGroup.X25519MLKEM768, x25519],
];

for (const preference of PREFERENCES) {
  test(`suite and group together, for every order of both, the ${preference}'s counts`, () => {
    const identities = [rsaToSign];
    for (const own of [SERVER_GROUPS, [...SERVER_GROUPS].reverse()]) {
      for (const suites of arrangements([ECDHE_RSA, DHE_RSA])) {
        for (const groups of CLIENT_GROUPS) {
          const where = `${suites.map(cipherSuiteName)} with ${groups?.map(groupName)} at ${own.map(groupName)}`;
          const decision = ask({ suites, groups }, { identities, groups: own, preference });
          const group = (suite: CipherSuite) => groupFor(preference, suite, own, groups);
          const usable = [ECDHE_RSA, DHE_RSA].filter((suite) => group(suite) !== undefined);
          const suite = expectedChoice(preference, usable, suites);
          if (suite !== undefined) {
            assertChose(decision, where, { suite, group: group(suite) });
            const named = groups?.includes(group(suite) as NamedGroup) ?? false;
            const reason = named ? new RegExp(`the ${preference}'s order`) : /names no group of this kind/;
            assert.match(choice(decision.choices, 'group').reason, reason, where);
          } else if (suites.includes(DHE_RSA) && groups?.some(isField)) {
            assertRefused(decision, where, 'ERR_WEAK_KEY_EXCHANGE', 'insufficient_security');
          } else {
            assertRefused(decision, where, 'ERR_NO_SHARED_GROUP', 'handshake_failure');
          }
        }
      }
    }
  });
}

test('finite fields that nobody shares leave the other suites as they are', () => {
  for (const groups of [[UNKNOWN_FIELD], [secp521r1, UNKNOWN_FIELD]]) {
    const decision = ask(
      { suites: [DHE_RSA, RSA], groups },
      { identities: [rsaForBoth], preference: 'client' },
    );
    assertChose(decision, `${groups}`, { suite: RSA });
  }
});

test('an ECDSA certificate is shown only to a client that names its curve; Edwards curves need no name', () => {
  const identities = [
    identityOf('server', 'p384'),
    identityOf('server', 'p521'),
    identityOf('server', 'ed448'),
  ];
  const curves: readonly (NamedGroup | undefined)[] = [secp384r1, secp521r1, undefined];
  for (const own of turned(identities.map((identity, i) => ({ identity, curve: curves[i] })))) {
    for (const groups of [null, ...arrangements<NamedGroup>([x25519, secp384r1, secp521r1])]) {
      const where = `${groups?.map(groupName)}`;
      const decision = ask(
        { suites: [ECDHE_ECDSA], groups },
        { identities: own.map(({ identity }) => identity), groups: [x25519, secp256r1, secp384r1] },
      );
      const group = expectedChoice('server', [x25519, secp256r1, secp384r1], groups ?? [secp256r1]);
      const fitting = own.find(
        ({ curve }) => curve === undefined || groups === null || groups.includes(curve),
      );
      if (group === undefined) assertRefused(decision, where, 'ERR_NO_SHARED_GROUP', 'handshake_failure');
      else
        assertChose(decision, where, {
          suite: ECDHE_ECDSA,
          group,
          identity: (fitting as (typeof own)[number]).identity,
        });
    }
  }
});

function named(
  name: string,
  key: KeyKind,
  keyUsage: readonly KeyUsageSpec[] = ['digitalSignature'],
): Identity {
  const { intermediate } = testPki('p256');
  const leaf = issue({
    subject: `${name} ${key} ${keyUsage}`,
    key: makeKey(key, 3),
    issuer: intermediate,
    dnsNames: [name],
    keyUsage,
  });
  return identityFrom(leaf, [intermediate]);
}

test('certificates that carry the name come first, for whatever suite; then the suite decides, then the first', () => {
  const usages: readonly KeyUsageSpec[] = ['digitalSignature', 'keyEncipherment'];
  const [alphaRsa, alphaEcdsa] = [named('alpha.example', 'rsa2048', usages), named('alpha.example', 'p256')];
  const [betaRsa, gammaEcdsa] = [named('beta.example', 'rsa2048'), named('gamma.example', 'p256')];
  const goesWith = (identity: Identity): readonly CipherSuite[] =>
    identity.canDecrypt
      ? [ECDHE_RSA, DHE_RSA, RSA]
      : [alphaEcdsa, gammaEcdsa].includes(identity)
        ? [ECDHE_ECDSA]
        : [ECDHE_RSA, DHE_RSA];
  for (const identities of arrangements([alphaRsa, alphaEcdsa, betaRsa, gammaEcdsa]).filter(
    (set) => set.length > 2,
  )) {
    for (const name of ['alpha.example', 'beta.example', 'gamma.example', 'delta.example', '192.0.2.1']) {
      for (const suites of [
        [ECDHE_ECDSA, ECDHE_RSA],
        [ECDHE_RSA, ECDHE_ECDSA],
        [ECDHE_ECDSA],
        [DHE_RSA],
        [RSA, ECDHE_ECDSA],
      ]) {
        const where = `${name} with ${suites.map(cipherSuiteName)} among ${identities.map(({ chain }) => chain[0]?.subject)}`;
        const decision = ask({ suites, name }, { identities, preference: 'client' });
        const carries = ({ chain }: Identity): boolean =>
          chain[0]?.subject.toString().includes(name) ?? false;
        const ofName = identities.filter(carries);
        const candidates = [ofName, identities.filter((identity) => !carries(identity))];
        const [found] = candidates.flatMap((set) =>
          suites.flatMap((suite) => {
            const identity = set.find((candidate) => goesWith(candidate).includes(suite));
            return identity === undefined ? [] : [{ suite, identity }];
          }),
        );
        if (found === undefined) {
          assertRefused(decision, where, 'ERR_NO_SHARED_SIGNATURE_SCHEME', 'handshake_failure');
          continue;
        }
        const chosen = choice(decision.choices, 'certificate');
        assert.equal(chosen.chosen, found.identity.chain[0]?.subject.toString(), where);
        assert.equal(choice(decision.choices, 'cipher suite').chosen, cipherSuiteName(found.suite), where);
        assert.match(
          chosen.reason,
          carries(found.identity)
            ? /^it carries the name/
            : /^(no certificate carries|the client named no server)/,
        );
      }
    }
  }
});

test('the server signs with the first scheme of its key that the client takes; without any it cannot sign', () => {
  const { rsa_pss_rsae_sha256, rsa_pss_rsae_sha512, rsa_pkcs1_sha256, ecdsa_secp384r1_sha384 } =
    SignatureScheme;
  const own = [rsa_pss_rsae_sha256, rsa_pss_rsae_sha512, rsa_pkcs1_sha256]; // best first
  for (const schemes of [null, ...arrangements([...own, ecdsa_secp384r1_sha384])]) {
    for (const suite of [ECDHE_RSA, DHE_RSA, RSA]) {
      const where = `${cipherSuiteName(suite)} with ${schemes?.map(signatureSchemeName)}`;
      const decision = ask({ suites: [suite], schemes }, { identities: [rsaForBoth] });
      const expected = own.find((scheme) => schemes?.includes(scheme));
      if (suite === RSA) {
        assertChose(decision, where, { suite });
        assert.ok(!decision.choices.some(({ what }) => what === 'signature scheme'));
      } else if (expected === undefined) {
        assertRefused(decision, where, 'ERR_NO_SHARED_SIGNATURE_SCHEME', 'handshake_failure');
      } else {
        assert.equal(choice(decision.choices, 'signature scheme').chosen, signatureSchemeName(expected));
      }
    }
  }
});

test('for key transport too, the chain is one that the client can verify, if there is one; SHA-1 is for those who ask', () => {
  const root = (key: KeyKind) => issue({ subject: `Root ${key}`, key, ca: true });
  const leaf = (key: KeyKind, signatureHash?: 'sha1'): Identity => {
    const issuer = root(key);
    const options = {
      subject: `by ${key} ${signatureHash}`,
      key: makeKey('rsa2048', 3),
      issuer,
      keyUsage: ['keyEncipherment'] as const,
    };
    return identityFrom(issue({ ...options, ...(signatureHash && { signatureHash }) }), []);
  };
  const [byRsa, byEcdsa, bySha1] = [leaf('rsa2048'), leaf('p256'), leaf('rsa2048', 'sha1')];
  const { rsa_pkcs1_sha256, ecdsa_secp256r1_sha256, rsa_pkcs1_sha1, ed25519 } = SignatureScheme;
  for (const [identities, schemes, expected] of [
    [[byRsa, byEcdsa], [rsa_pkcs1_sha256], byRsa],
    [[byRsa, byEcdsa], [ecdsa_secp256r1_sha256], byEcdsa],
    [[byEcdsa, byRsa], [rsa_pkcs1_sha256, ecdsa_secp256r1_sha256], byEcdsa],
    [[byEcdsa, byRsa], [ed25519], byEcdsa],
    [[byEcdsa, byRsa], null, byEcdsa],
    [[bySha1, byRsa], [ed25519], byRsa],
    [[bySha1, byRsa], [rsa_pkcs1_sha1, rsa_pkcs1_sha256], bySha1],
    [[bySha1], [rsa_pkcs1_sha256], undefined],
  ] as const) {
    const where = `${schemes?.map(signatureSchemeName)} among ${identities.map(({ chain }) => chain[0]?.subject)}`;
    const decision = ask({ suites: [RSA], schemes }, { identities });
    if (expected === undefined)
      assertRefused(decision, where, 'ERR_NO_SHARED_SIGNATURE_SCHEME', 'handshake_failure');
    else
      assert.equal(
        choice(decision.choices, 'certificate').chosen,
        expected.chain[0]?.subject.toString(),
        where,
      );
  }
});
