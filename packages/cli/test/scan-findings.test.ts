/** The findings that a well-kept server does not give cause for, one by one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainStyle } from '../src/render/style.ts';
import { NOTHING } from '../src/scan/enumerate.ts';
import type { ChainFacts, LegacyFacts, ScanFacts } from '../src/scan/facts.ts';
import { findingsOf } from '../src/scan/findings.ts';
import { scanLines } from '../src/scan/text.ts';
import { ids } from './support/scanned.ts';

const DAY = 24 * 60 * 60 * 1000;
const AT = Date.UTC(2026, 5, 1);

function list<T>(...accepted: readonly T[]) {
  return { accepted, order: 'server' as const, complete: true };
}

const LEGACY: LegacyFacts = {
  secureRenegotiation: true,
  extendedMasterSecret: true,
  encryptThenMac: null,
  compression: false,
  heartbeat: false,
  sessionId: false,
  sessionTicket: true,
  fallbackScsv: true,
  downgradeSentinel: true,
  reusesEphemeralKeys: false,
};

function chain(
  changes: Partial<ChainFacts> = {},
  days: readonly [since: number, left: number] = [30, 60],
): ChainFacts {
  const time = (after: number): string => new Date(AT + after * DAY).toISOString();
  const [since, left] = days;
  return {
    key: 'ECDSA P-256',
    versions: ['TLSv1.3', 'TLSv1.2'],
    certificates: [{ subject: 'CN=a', issuer: 'CN=b', notBefore: time(-since), notAfter: time(left) }],
    verdict: { ok: true, path: [], sentence: 'It is accepted.' },
    ocspStaple: false,
    mustStaple: false,
    timestamps: { inHandshake: 0, inCertificate: true },
    ...changes,
  };
}

const GOOD: ScanFacts = {
  host: 'a.example',
  port: 443,
  name: 'a.example',
  remoteAddress: '192.0.2.1',
  at: AT,
  versions: [
    { version: 'TLSv1.3', accepted: true, suites: list({ number: 0x1301, name: 'TLS_AES_128_GCM_SHA256' }) },
    {
      version: 'TLSv1.2',
      accepted: true,
      suites: list({ number: 0xc02b, name: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' }),
    },
    { version: 'TLSv1.1', accepted: false, refusal: 'alert protocol_version', suites: NOTHING },
  ],
  ssl2CipherKinds: [],
  groups13: list('X25519MLKEM768', 'x25519'),
  curves: { version: 'TLSv1.2', ...list('x25519') },
  schemes13: list('ecdsa_secp256r1_sha256'),
  schemes12: list('ecdsa_secp256r1_sha256'),
  protocols: list('h2'),
  chains: [chain()],
  clientCertificate: 'not asked for',
  legacy: LEGACY,
  tls13: { ok: true, tickets: 2, ticketLifetime: 7200, earlyData: 0 },
  connections: { used: 60, limit: 400, unanswered: 0, stopped: null },
};

describe('findings', () => {
  test('there are none of a server without fault', () => {
    assert.deepEqual(findingsOf(GOOD), []);
    const lines = scanLines(plainStyle, GOOD, []);
    assert.equal(lines[0], '+ a.example:443 (192.0.2.1): nothing to object to');
    assert.ok(!lines.some((line) => line.includes('Findings')));
  });

  const refused: Partial<ChainFacts> = {
    verdict: {
      ok: false,
      rule: 'issuer',
      source: 'RFC 5280',
      error: 'ERR_UNKNOWN_CA',
      sentence: 'Nobody vouches for it.',
      path: [],
      advice: 'Send the intermediate too.',
      otherPaths: [],
      pathsLeftOut: 0,
    },
  };
  const cases: readonly (readonly [what: string, changes: Partial<ScanFacts>, ids: readonly string[]])[] = [
    ['no post-quantum group', { groups13: list('x25519') }, ['no-post-quantum-group']],
    ['a list of groups that was cut short', { groups13: { ...list('x25519'), complete: false } }, []],
    ['a weak curve', { curves: { version: 'TLSv1.2', ...list('x25519', 'secp160r1') } }, ['weak-curve']],
    [
      'signatures over old hashes',
      { schemes12: list('ecdsa_sha1', 'rsa_pkcs1_md5') },
      ['md5-signature', 'sha1-signature'],
    ],
    ['a chain that is refused', { chains: [chain(), chain(refused)] }, ['certificate']],
    [
      'a certificate that should have been renewed',
      { chains: [chain({}, [80, 10])] },
      ['certificate-ends-soon'],
    ],
    ['a short one that need not be yet', { chains: [chain({}, [4, 2])] }, []],
    ['a short one that should', { chains: [chain({}, [5, 1])] }, ['certificate-ends-soon']],
    ['a staple that must be there', { chains: [chain({ mustStaple: true })] }, ['missing-staple']],
    ['a staple that is there', { chains: [chain({ mustStaple: true, ocspStaple: true })] }, []],
    ['0-RTT', { tls13: { ok: true, tickets: 1, ticketLifetime: 60, earlyData: 16_384 } }, ['early-data']],
    [
      'tickets that live too long',
      { tls13: { ok: true, tickets: 1, ticketLifetime: 604_801, earlyData: 0 } },
      ['ticket-lifetime'],
    ],
    [
      'a handshake that fails',
      { tls13: { ok: false, error: 'Why.', tickets: 0, earlyData: 0 } },
      ['handshake-fails'],
    ],
    ['silence', { connections: { ...GOOD.connections, unanswered: 2 } }, ['unanswered']],
    ['no sentinel', { legacy: { ...LEGACY, downgradeSentinel: false } }, ['no-downgrade-sentinel']],
    ['nothing known', { legacy: { ...LEGACY, secureRenegotiation: null, downgradeSentinel: null } }, []],
    ...(['connections', 'time', 'unresponsive', 'changed'] as const).map(
      (stopped) =>
        [
          `stopped: ${stopped}`,
          { connections: { used: 9, limit: 9, unanswered: 0, stopped } },
          ['incomplete'],
        ] as const,
    ),
  ];
  for (const [what, changes, expected] of cases) {
    test(what, () => {
      const facts = { ...GOOD, ...changes };
      assert.deepEqual(ids(facts), expected);
      for (const { sentence, why, advice } of findingsOf(facts)) {
        for (const text of [sentence, why, advice]) assert.match(text, /^\S.*[.?]$/);
      }
      for (const line of scanLines(plainStyle, facts, findingsOf(facts))) assert.ok(line.length <= 80, line);
    });
  }

  test('versions that were not asked for are not called refused', () => {
    const facts = {
      ...GOOD,
      versions: GOOD.versions.map((version) => ({ ...version, accepted: undefined, suites: NOTHING })),
    };
    assert.ok(!ids(facts).includes('no-version'));
    assert.ok(scanLines(plainStyle, facts, []).some((line) => /^ {2}\? TLSv1\.3 +not asked$/.test(line)));
  });

  test('the worst come first', () => {
    const facts = {
      ...GOOD,
      groups13: list('x25519'),
      chains: [chain(refused)],
      schemes12: list('ecdsa_sha1'),
    };
    assert.deepEqual(
      findingsOf(facts).map(({ severity }) => severity),
      ['problem', 'weak', 'note'],
    );
  });
});
