/** What a session is bound to: every option that bears on trust, so that no session goes on where one of them has changed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  type ClientOptions,
  clientConfig,
  type ServerOptions,
  serverConfig,
} from '../../src/handshake/config.ts';
import { clientTrust, serverTrust, settingsDigest } from '../../src/handshake/trust-settings.ts';
import { type ChainVerifierOptions, chainVerifier, type PeerVerifier } from '../../src/handshake/verifier.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { SignatureScheme } from '../../src/wire/registry.ts';
import type { TrustAnchor } from '../../src/x509/anchors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { DEFAULT_PROFILE, RFC5280_PROFILE, WEB_PKI_PROFILE } from '../../src/x509/profiles.ts';
import { refused } from '../../src/x509/verdict.ts';
import { accepting, identityOf, trusting } from '../support/identities.ts';
import { clientOptions, serverOptions } from '../support/pair.ts';
import { testPki } from '../support/pki.ts';

/** For each option: values that differ from one another, and from the base. Empty where it bears on no verdict. */
type Changes<T> = { readonly [K in keyof Required<T>]: readonly T[K][] };

const certificate = parseCertificate(testPki().root.der);
const another = parseCertificate(testPki('rsa2048').root.der);
const anchor: TrustAnchor = { certificate };
const BASE: ChainVerifierOptions = { provider: nodeProvider, anchors: [anchor] };
const logKey = (seed: number): Uint8Array => {
  const { publicKeyInfo } = seed === 1 ? certificate : another;
  return publicKeyInfo.der;
};

type Revocation = NonNullable<ChainVerifierOptions['revocation']>;
type Transparency = NonNullable<ChainVerifierOptions['transparency']>;

/** Lists and responses count by their bytes, as certificates do. */
const REVOCATION: Changes<Revocation> = {
  crls: [],
  useDeltas: [true, false],
  ocspResponses: [],
  mustStaple: [true, false],
  certificates: [[certificate], [another]],
  require: ['never', 'leaf', 'chain'],
  clockTolerance: [1, 2],
};

const POLICIES_OF_CERTIFICATES: Changes<NonNullable<ChainVerifierOptions['policies']>> = {
  userInitialPolicySet: [['1.2.3'], ['1.2.4'], ['1.2.3', '1.2.4']],
  initialExplicitPolicy: [true, false],
  initialPolicyMappingInhibit: [true, false],
  initialAnyPolicyInhibit: [true, false],
};

const LOG = { publicKey: logKey(1) };
const TRANSPARENCY: Changes<Omit<Transparency, 'logs'>> & { readonly logs: readonly Transparency['logs'][] } =
  {
    logs: [
      [{ publicKey: logKey(2) }],
      [LOG, { publicKey: logKey(2) }],
      [{ ...LOG, operator: 'somebody' }],
      [{ ...LOG, retiredAt: 5 }],
      [{ ...LOG, temporalInterval: { from: 1, until: 2 } }],
    ],
    require: [0, 1],
    requireOperators: [0, 1],
    clockTolerance: [1, 2],
  };

const each = <T extends object>(changes: { readonly [K in keyof T]: readonly unknown[] }): Partial<T>[] =>
  Object.entries(changes as Record<string, readonly unknown[]>).flatMap(([key, values]) =>
    values.map((value) => ({ [key]: value }) as Partial<T>),
  );

const VERIFIER: Changes<ChainVerifierOptions> = {
  provider: [],
  anchors: [
    [{ certificate: another }],
    [anchor, { certificate: another }],
    [{ certificate, constraints: { pathLength: 0 } }],
    [
      {
        certificate,
        constraints: { nameConstraints: { permitted: [{ kind: 'dNSName', value: 'a.test' }] } },
      },
    ],
    [{ certificate, constraints: { nameConstraints: { excluded: [{ kind: 'dNSName', value: 'a.test' }] } } }],
  ],
  allowPartialChain: [true, false],
  nameConstraints: [
    { permitted: [{ kind: 'dNSName', value: 'a.test' }] },
    { permitted: [{ kind: 'dNSName', value: 'b.test' }] },
    { excluded: [{ kind: 'dNSName', value: 'b.test' }] },
  ],
  maxPathLength: [1, 2],
  strength: [
    { minRsaBits: 3072, signatureHashes: ['SHA-256'] },
    { minRsaBits: 2048, signatureHashes: ['SHA-256'] },
    { minRsaBits: 2048, signatureHashes: ['SHA-384'] },
  ],
  profile: [DEFAULT_PROFILE, RFC5280_PROFILE, WEB_PKI_PROFILE, []],
  policies: each<NonNullable<ChainVerifierOptions['policies']>>(POLICIES_OF_CERTIFICATES),
  budget: [{ signatureChecks: 5 }, { policySteps: 5 }],
  revocation: each<Revocation>(REVOCATION) as Revocation[],
  transparency: [
    { logs: [LOG] },
    ...each<Transparency>(TRANSPARENCY).map((one) => ({ logs: [LOG], ...one })),
  ],
  judge: [
    () => refused('issuer', 'No.', { advice: 'None.' }),
    () => refused('issuer', 'No.', { advice: 'None.' }),
  ],
  nameAuthorities: [],
};

const settingsOf = (options: ChainVerifierOptions): string => {
  const { settings } = chainVerifier(options);
  assert.ok(settings);
  return toHex(settings);
};

function assertAllDiffer(what: string, digests: readonly string[]): void {
  assert.equal(new Set(digests).size, digests.length, what);
}

test('every option of a verifier changes what sessions are bound to, each of its values otherwise', () => {
  const all = [settingsOf(BASE)];
  for (const [key, values] of Object.entries(VERIFIER)) {
    for (const value of values) all.push(settingsOf({ ...BASE, [key]: value }));
    assertAllDiffer(key, all);
  }
  assert.ok(all.length > 40);
});

test('options that bear on no verdict change nothing, nor does it matter in which order or copy they are given', () => {
  const base = settingsOf(BASE);
  assert.equal(settingsOf({ ...BASE, nameAuthorities: true }), base);
  assert.equal(
    settingsOf({
      anchors: [{ certificate: parseCertificate(certificate.der) }],
      provider: { ...nodeProvider },
    }),
    base,
  );
  const more = { maxPathLength: 2, allowPartialChain: true };
  const turned = { allowPartialChain: true, maxPathLength: 2 };
  assert.equal(settingsOf({ ...BASE, ...more }), settingsOf({ ...turned, ...BASE }));
});

/** Options that a digest covers: values that differ; and those that it need not cover, with the reason. */
type Bearing<T> = { readonly [K in keyof Required<T>]: readonly T[K][] | string };

const SCHEMES = { ecdsa: SignatureScheme.ecdsa_secp256r1_sha256, rsa: SignatureScheme.rsa_pss_rsae_sha256 };
const COMMON = {
  provider: 'the same for whoever has the same bytes',
  now: 'expiry is looked at on every connection',
  applicationProtocols: 'looked at on every connection, beside the session',
  maxFragmentLength: 'how bytes are cut',
  padding: 'how bytes are cut',
  recordsPerKey: 'how long keys last',
  customize: 'the caller answers for it',
  policy: 'stands for the options below',
  versions: 'that of the session must be among them',
  cipherSuites: 'that of the session must be among them, or one with its hash function',
  groups: 'a resumed connection has an exchange of its own',
  signatureSchemes: [[SCHEMES.ecdsa], [SCHEMES.ecdsa, SCHEMES.rsa]],
  certificateSignatureSchemes: [[SCHEMES.ecdsa], [SCHEMES.rsa]],
  allowRsaKeyExchange: 'the suite of the session must be taken',
  requireExtendedMasterSecret: 'no session goes on without it',
  requireSecureRenegotiation: 'looked at on every connection',
  judgeResumed: 'judges again, beside the session',
} as const;

const CLIENT: Bearing<ClientOptions> = {
  ...COMMON,
  verifier: [trusting(), trusting('rsa2048'), accepting],
  keyShares: 'a resumed connection has an exchange of its own',
  keyShareMemory: 'saves a round trip',
  identities: [[identityOf('client')], [identityOf('client', 'rsa2048')]],
  selectIdentity: [() => undefined, () => identityOf('client')],
  requestOcspResponse: [false],
  requestSignedCertificateTimestamps: [false],
  sessions: 'where they are kept: nothing is believed for where it lay',
  psks: 'other keys',
  pskKeyExchangeModes: 'negotiated on every connection',
  ticketRequest: 'how many',
  sendFallbackSignal: 'a signal on every connection',
  middleboxCompatibility: 'a disguise',
};

const CLIENTS = { clientAuthentication: 'require', verifier: trusting() } as const;

const SERVER: Bearing<ServerOptions> = {
  ...COMMON,
  identities: [[identityOf('server', 'rsa2048')], [identityOf('client')]],
  selectIdentity: 'the certificate that it showed counts, and must be what it would choose now',
  requireKnownServerName: 'looked at on every connection',
  preference: 'negotiated on every connection',
  clientAuthentication: ['request', 'none'],
  verifier: [trusting('rsa2048'), accepting],
  cookieSecret: 'for HelloRetryRequest',
  tickets: 'where they are kept: nothing is believed for where it lay',
  psks: 'other keys',
  earlyData: 'decided on every connection',
  pskKeyExchangeModes: 'negotiated on every connection',
  alwaysRetry: 'for HelloRetryRequest',
};

const TEST_POLICY = { ...POLICIES['modern-2026'] };

test('every option of a client that bears on trust changes what its sessions are bound to', () => {
  const digest = (options: Partial<ClientOptions>): string =>
    toHex(
      clientTrust(
        clientConfig(clientOptions({ policy: TEST_POLICY, verifier: trusting('p384'), ...options })),
      ),
    );
  const all = [digest({})];
  for (const [key, values] of Object.entries(CLIENT)) {
    for (const value of typeof values === 'string' ? [] : values) all.push(digest({ [key]: value }));
    assertAllDiffer(key, all);
  }
  assert.ok(all.length > 10);
});

test('every option of a server that bears on trust changes what its sessions are bound to', () => {
  const digest = (options: Partial<ServerOptions>): string => {
    const config = serverConfig(serverOptions({ policy: TEST_POLICY, ...CLIENTS, ...options }));
    const [identity] = config.identities;
    assert.ok(identity);
    return toHex(serverTrust(config, identity));
  };
  const all = [digest({})];
  for (const [key, values] of Object.entries(SERVER)) {
    for (const value of typeof values === 'string' ? [] : values) all.push(digest({ [key]: value }));
    assertAllDiffer(key, all);
  }
  assert.ok(all.length > 9);
  // Who asks for no certificates has no way to judge them.
  const none = { clientAuthentication: 'none' } as const;
  assert.equal(digest(none), digest({ ...none, verifier: accepting }));
});

test('a verifier that does not say what it depends on is the same as itself alone, not as others of its class', () => {
  class Pinned implements PeerVerifier {
    readonly #pin: string;
    constructor(pin: string) {
      this.#pin = pin;
    }
    verify() {
      return refused('issuer', `Not ${this.#pin}.`, { advice: 'None.' });
    }
  }
  const digest = (verifier: PeerVerifier): string =>
    toHex(clientTrust(clientConfig(clientOptions({ verifier }))));
  const [one, two] = [new Pinned('a'), new Pinned('b')];
  assert.equal(digest(one), digest(one));
  assert.notEqual(digest(one), digest(two));
  const { verify } = accepting;
  assert.notEqual(digest({ verify }), digest({ verify }));
});

/** What another process, which shares nothing but the code, says about the same settings. */
const ELSEWHERE = `
  const [, digests, provider, verifier, profiles, certificates, anchor] = process.argv;
  const { settingsDigest } = await import(digests);
  const { nodeProvider } = await import(provider);
  const { chainVerifier } = await import(verifier);
  const all = await import(profiles);
  const { parseCertificate } = await import(certificates);
  const certificate = parseCertificate(new Uint8Array(Buffer.from(anchor, 'hex')));
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  const ofProfiles = ['DEFAULT_PROFILE', 'RFC5280_PROFILE', 'WEB_PKI_PROFILE'].map((name) =>
    hex(chainVerifier({ provider: nodeProvider, anchors: [{ certificate }], profile: all[name] }).settings));
  const ofFunctions = hex(settingsDigest(nodeProvider, { judge: () => {} }));
  console.log(JSON.stringify({ ofProfiles, ofFunctions }));
`;

test('settings of plain values and built-in profiles are the same in every process; functions are not', () => {
  const urls = [
    'handshake/trust-settings',
    'crypto/node/index',
    'handshake/verifier',
    'x509/profiles',
    'x509/certificate',
  ].map((name) => new URL(`../../src/${name}.js`, import.meta.url).href);
  const args = ['--input-type=module', '-e', ELSEWHERE, '--', ...urls, toHex(certificate.der)];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
  const elsewhere = JSON.parse(output) as { ofProfiles: string[]; ofFunctions: string };
  const here = [DEFAULT_PROFILE, RFC5280_PROFILE, WEB_PKI_PROFILE].map((profile) =>
    settingsOf({ ...BASE, profile }),
  );
  assert.deepEqual(elsewhere.ofProfiles, here);
  assertAllDiffer('profiles', here);
  assert.equal(fromHex(elsewhere.ofFunctions).length, 32);
  assert.notEqual(elsewhere.ofFunctions, toHex(settingsDigest(nodeProvider, { judge: () => {} })));
});
