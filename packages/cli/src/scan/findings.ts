/** What is to be said about a server: every finding with its reason and what to do about it, worst first. */

import type { CertificateSummary } from '../render/verdict.ts';
import type { ChainFacts, LegacyFacts, ScanFacts, SuiteFacts, VersionFacts } from './facts.ts';
import { isPostQuantum, isWeakGroup } from './registries.ts';
import { SUITES } from './suites.ts';
import { type Advice, FLAWS, type FlawId, flawsOf, type Severity } from './weaknesses.ts';

export interface Finding extends Advice {
  readonly id: string;
  /** What it concerns, such as the names of suites. */
  readonly where?: readonly string[];
}

const RANK: Readonly<Record<Severity, number>> = { problem: 0, weak: 1, note: 2 };

const DAY = 24 * 60 * 60 * 1000;
/** A certificate should have been renewed before this, or before the last quarter of its time: clients begin at a third. */
const RENEWAL_TIME = 14 * DAY;
/** Seconds: the longest that a ticket may live (RFC 9846 section 4.7.1). */
const MAX_TICKET_LIFETIME = 604_800;

/** The weaknesses of a suite that the server accepts. */
export function suiteFlaws(facts: ScanFacts, { number, bits }: SuiteFacts): FlawId[] {
  const suite = SUITES.get(number);
  const encryptThenMac = facts.legacy.encryptThenMac === true;
  return suite === undefined ? [] : flawsOf(suite, { encryptThenMac, bits });
}

const VERSION_FINDINGS: Readonly<Partial<Record<VersionFacts['version'], Advice>>> = {
  SSLv2: {
    severity: 'problem',
    sentence: 'SSL 2.0 is accepted.',
    why: 'It is broken, and opens the traffic of newer versions too that use the same key (RFC 6176; DROWN, CVE-2016-0800).',
    advice: 'Switch it off, on every server that has this key.',
  },
  SSLv3: {
    severity: 'problem',
    sentence: 'SSL 3.0 is accepted.',
    why: 'Its padding lets an attacker decrypt (RFC 7568; POODLE, CVE-2014-3566).',
    advice: 'Switch it off.',
  },
  'TLSv1.0': {
    severity: 'problem',
    sentence: 'TLS 1.0 is accepted.',
    why: 'It must not be used any more: it rests on MD5 and SHA-1 and knows no modern cipher (RFC 8996).',
    advice: 'Switch it off; every client of the last ten years speaks TLS 1.2.',
  },
  'TLSv1.1': {
    severity: 'problem',
    sentence: 'TLS 1.1 is accepted.',
    why: 'It must not be used any more: it rests on MD5 and SHA-1 and knows no modern cipher (RFC 8996).',
    advice: 'Switch it off; clients that speak it speak TLS 1.2 as well.',
  },
};

function* versionFindings({ versions }: ScanFacts): Generator<Finding> {
  const has = (name: VersionFacts['version']): boolean =>
    versions.some(({ version, accepted }) => version === name && accepted === true);
  for (const { version, accepted } of versions) {
    const advice = VERSION_FINDINGS[version];
    if (accepted && advice !== undefined) yield { id: `version-${version.toLowerCase()}`, ...advice };
  }
  if (!versions.some(({ accepted }) => accepted)) {
    if (versions.some(({ accepted }) => accepted === undefined)) return;
    yield {
      id: 'no-version',
      severity: 'problem',
      sentence: 'The server accepts no version of TLS, nor of SSL.',
      why: `It refuses every hello (${[...new Set(versions.flatMap(({ refusal = [] }) => refusal))].join('; ')}).`,
      advice: 'Is this the right port, and the right name (--name)?',
    };
  } else if (!has('TLSv1.3') && !has('TLSv1.2')) {
    yield {
      id: 'no-current-version',
      severity: 'problem',
      sentence: 'Neither TLS 1.2 nor TLS 1.3 is accepted.',
      why: 'Clients of today refuse everything older (RFC 8996).',
      advice: 'Update the server and switch them on.',
    };
  } else if (!has('TLSv1.3')) {
    yield {
      id: 'no-tls13',
      severity: 'note',
      sentence: 'TLS 1.3 is not accepted.',
      why: 'It is faster, hides certificates, and has no weak choices left (RFC 9325 section 3.1.1).',
      advice: 'Switch it on.',
    };
  }
}

function* suiteFindings(facts: ScanFacts): Generator<Finding> {
  const suites = new Map(
    facts.versions.flatMap(({ suites }) => suites.accepted).map((suite) => [suite.name, suite] as const),
  );
  for (const [id, { severity, sentence, why, advice }] of Object.entries(FLAWS)) {
    const where = [...suites.values()].filter((suite) => suiteFlaws(facts, suite).includes(id as FlawId));
    if (where.length > 0) {
      yield { id, severity, sentence, why, advice, where: where.map(({ name }) => name) };
    }
  }
  const followsClient = facts.versions.filter(
    ({ version, suites }) =>
      version !== 'TLSv1.3' &&
      suites.order === 'client' &&
      new Set(suites.accepted.map((suite) => suiteFlaws(facts, suite).length > 0)).size > 1,
  );
  if (followsClient.length > 0) {
    yield {
      id: 'client-order',
      severity: 'weak',
      sentence: "The client's order decides between good and weak suites.",
      why: 'An old or careless client gets a weak suite although both sides know a good one (RFC 9325 section 4.2.1).',
      advice: "Prefer the server's order (ssl_prefer_server_ciphers, SSLHonorCipherOrder).",
      where: followsClient.map(({ version }) => version),
    };
  }
}

function* groupFindings({ curves, groups13 }: ScanFacts): Generator<Finding> {
  const weak = (curves?.accepted ?? []).filter(isWeakGroup);
  if (weak.length > 0) {
    yield {
      id: 'weak-curve',
      severity: 'weak',
      sentence: 'Curves of less than 112 bits of security are accepted.',
      why: 'They are within reach of large computers, and RFC 8422 has withdrawn them (section 5.1.1).',
      advice: 'Keep x25519, secp256r1 and secp384r1.',
      where: weak,
    };
  }
  if (groups13?.complete && !groups13.accepted.some(isPostQuantum)) {
    yield {
      id: 'no-post-quantum-group',
      severity: 'note',
      sentence: 'No key exchange resists a quantum computer.',
      why: 'Who records traffic today may read it once there is one.',
      advice: 'Add X25519MLKEM768 when the server knows it (OpenSSL 3.5, Go 1.24).',
    };
  }
}

function* schemeFindings({ schemes12 }: ScanFacts): Generator<Finding> {
  const accepted = schemes12?.accepted ?? [];
  const broken = accepted.filter((name) => name.endsWith('_md5'));
  const weak = accepted.filter((name) => name.endsWith('_sha1'));
  if (broken.length > 0) {
    yield {
      id: 'md5-signature',
      severity: 'problem',
      sentence: 'The server signs over MD5.',
      why: 'Collisions of MD5 are made within seconds, which breaks the proof of who signs (RFC 9155; SLOTH, CVE-2015-7575).',
      advice: 'Update the server.',
      where: broken,
    };
  }
  if (weak.length > 0) {
    yield {
      id: 'sha1-signature',
      severity: 'weak',
      sentence: 'The server signs over SHA-1 for clients that ask for it.',
      why: 'Collisions of SHA-1 cost some ten thousand dollars; servers must not use it here (RFC 9155 section 4).',
      advice: 'Take SHA-1 out of the signature algorithms (OpenSSL: security level 1 or higher).',
      where: weak,
    };
  }
}

/** The days that a certificate still has, where it should have been renewed. */
function daysLeft(leaf: CertificateSummary | undefined, at: number): number | undefined {
  if (leaf === undefined) return undefined;
  const [start, end] = [Date.parse(leaf.notBefore), Date.parse(leaf.notAfter)];
  return end - at < Math.min(RENEWAL_TIME, (end - start) / 4) ? Math.floor((end - at) / DAY) : undefined;
}

function chainFindings(chain: ChainFacts, at: number): Finding[] {
  const { key, verdict, certificates, mustStaple, ocspStaple } = chain;
  const findings: Finding[] = [];
  if (!verdict.ok) {
    findings.push({
      id: 'certificate',
      severity: 'problem',
      sentence: `The certificate is refused (${key}).`,
      why: `${verdict.sentence.replace(/\.$/, '')} (${verdict.source}).`,
      advice:
        verdict.error === 'ERR_UNKNOWN_CA'
          ? `${verdict.advice} Authorities to trust are named with --ca FILE.`
          : verdict.advice,
    });
  }
  const days = daysLeft(certificates[0], at);
  if (verdict.ok && days !== undefined) {
    findings.push({
      id: 'certificate-ends-soon',
      severity: 'weak',
      sentence: `The certificate is valid for ${days === 1 ? '1 more day' : `${days} more days`} (${key}).`,
      why: 'Renewal should have happened by now; when it ends, every client refuses it.',
      advice: 'Renew it, and see why that did not happen by itself.',
    });
  }
  if (mustStaple && !ocspStaple) {
    findings.push({
      id: 'missing-staple',
      severity: 'problem',
      sentence: `The certificate demands a stapled OCSP response, and none is sent (${key}).`,
      why: 'Clients that know this extension refuse it (RFC 7633 section 4.3.3).',
      advice: 'Switch stapling on, or get a certificate without that demand.',
    });
  }
  return findings;
}

type LegacyRule = readonly [
  id: string,
  holds: (legacy: LegacyFacts, facts: ScanFacts) => boolean,
  advice: Advice,
];

const LEGACY_RULES: readonly LegacyRule[] = [
  [
    'insecure-renegotiation',
    ({ secureRenegotiation }) => secureRenegotiation === false,
    {
      severity: 'problem',
      sentence: 'Secure renegotiation is not signalled.',
      why: "If the server renegotiates, an attacker can put text in front of a client's (RFC 5746; CVE-2009-3555).",
      advice: 'Update the TLS library; every one since 2010 does it.',
    },
  ],
  [
    'compression',
    ({ compression }) => compression === true,
    {
      severity: 'problem',
      sentence: 'TLS compression is accepted.',
      why: 'The length of what is sent gives secrets away (RFC 9325 section 3.3; CRIME, CVE-2012-4929).',
      advice: 'Switch it off.',
    },
  ],
  [
    'no-extended-master-secret',
    ({ extendedMasterSecret }) => extendedMasterSecret === false,
    {
      severity: 'weak',
      sentence: 'Some handshakes come without extended master secret.',
      why: 'Two connections can be made to share one secret, which breaks what is bound to it (RFC 7627 section 1; triple handshake).',
      advice: 'Update the TLS library.',
    },
  ],
  [
    'no-fallback-scsv',
    ({ fallbackScsv }) => fallbackScsv === false,
    {
      severity: 'weak',
      sentence: 'The server does not notice when a client was made to fall back to an older version.',
      why: 'An attacker who breaks first attempts gets a worse version (RFC 7507; RFC 9325 section 3.1.3).',
      advice: 'Update the TLS library, or switch the older versions off.',
    },
  ],
  [
    'no-downgrade-sentinel',
    ({ downgradeSentinel }) => downgradeSentinel === false,
    {
      severity: 'weak',
      sentence: 'Hellos of older versions lack the mark of a server that speaks TLS 1.3.',
      why: 'Clients cannot see that they were made to take an older version (RFC 9846 section 4.2.3).',
      advice: 'Update the TLS library, or what stands in front of it.',
    },
  ],
  [
    'ephemeral-key-reuse',
    ({ reusesEphemeralKeys }) => reusesEphemeralKeys === true,
    {
      severity: 'weak',
      sentence: 'Ephemeral keys are used more than once.',
      why: 'Forward secrecy begins only when the key is forgotten, and repeated keys allow attacks (RFC 9325 section 7.4; Raccoon, CVE-2020-1968).',
      advice: 'Switch on single use of (EC)DH keys (SSL_OP_SINGLE_DH_USE in old OpenSSL).',
    },
  ],
  [
    'heartbeat',
    ({ heartbeat }) => heartbeat === true,
    {
      severity: 'weak',
      sentence: 'Heartbeats are accepted.',
      why: 'Nothing needs them over TCP, and OpenSSL 1.0.1 before 1.0.1g leaks its memory through them (Heartbleed, CVE-2014-0160; not tried here).',
      advice: 'Update OpenSSL; versions since 1.1.1 have none.',
    },
  ],
];

function* legacyFindings(facts: ScanFacts): Generator<Finding> {
  for (const [id, holds, advice] of LEGACY_RULES) {
    if (holds(facts.legacy, facts)) yield { id, ...advice };
  }
}

function* tls13Findings({ tls13 }: ScanFacts): Generator<Finding> {
  if (tls13 === null) return;
  const { error, earlyData, ticketLifetime = 0 } = tls13;
  if (error !== undefined) {
    yield {
      id: 'handshake-fails',
      severity: 'problem',
      sentence: 'The server accepts TLS 1.3, but a whole handshake fails.',
      why: error,
      advice: 'See what the server logs; handfast connect --trace shows every message.',
    };
  }
  if (ticketLifetime > MAX_TICKET_LIFETIME) {
    yield {
      id: 'ticket-lifetime',
      severity: 'weak',
      sentence: `Session tickets live for ${Math.floor(ticketLifetime / 86_400)} days.`,
      why: 'More than seven days are not allowed (RFC 9846 section 4.7.1).',
      advice: 'Shorten their lifetime.',
    };
  }
  if (earlyData > 0) {
    yield {
      id: 'early-data',
      severity: 'note',
      sentence: `0-RTT data is accepted (up to ${earlyData} bytes).`,
      why: 'It can be replayed, and has no forward secrecy (RFC 9846 section 8).',
      advice: 'Make sure that only requests without effect are taken from it, or switch it off.',
    };
  }
}

const STOPPED: Readonly<Record<NonNullable<ScanFacts['connections']['stopped']>, readonly [string, string]>> =
  {
    connections: ['The number of connections was used up.', 'Allow more with --max-connections.'],
    time: ['The time was used up.', 'Allow more with --max-time, or less waiting with --timeout.'],
    unresponsive: ['The server stopped answering.', 'Try again later, with --parallel 1 and --delay 1.'],
    changed: [
      'At the end the server no longer took what it took at first: it may have begun to refuse this machine.',
      'Try again later, with --parallel 1 and --delay 1.',
    ],
  };

function* completeness({ versions, connections }: ScanFacts): Generator<Finding> {
  const { stopped, unanswered } = connections;
  if (unanswered > 0 && versions.some(({ accepted }) => accepted)) {
    yield {
      id: 'unanswered',
      severity: 'note',
      sentence: `The server was silent on ${unanswered === 1 ? 'a question' : `${unanswered} questions`}, although asked twice.`,
      why: 'Silence counts as a refusal here; it may also come from a server that is slow, or from a firewall.',
      advice: 'If the server is slow, wait longer with --timeout.',
    };
  }
  if (stopped === null) return;
  const [why, advice] = STOPPED[stopped];
  yield {
    id: 'incomplete',
    severity: 'note',
    sentence: 'Not everything was asked: lists may be too short.',
    why,
    advice,
  };
}

/** All findings, worst first. */
export function findingsOf(facts: ScanFacts): Finding[] {
  const findings = [
    ...versionFindings(facts),
    ...facts.chains.flatMap((chain) => chainFindings(chain, facts.at)),
    ...suiteFindings(facts),
    ...legacyFindings(facts),
    ...groupFindings(facts),
    ...schemeFindings(facts),
    ...tls13Findings(facts),
    ...completeness(facts),
  ];
  return findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}
