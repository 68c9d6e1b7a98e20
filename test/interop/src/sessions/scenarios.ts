/** What is tried about sessions, pre-shared keys and early data, with every peer in both roles. */
import { limitFor, type Role } from '../peers/peer.ts';
import type { Pki } from '../pki.ts';
import type { Trial } from '../run.ts';
import { type Outcome, startCourse } from './course.ts';
import type { Peer } from './peers/peer.ts';
import type { Psk, Terms } from './terms.ts';

interface Scenario extends Outcome {
  readonly column: string;
  readonly name: string;
  /** handfast's role, where the scenario makes sense in one only. */
  readonly role?: Role;
}

/** Milliseconds. */
const LIMIT = 15_000;

const TLS13: Terms = { version: 'TLSv1.3', by: 'ticket' };
const TICKET: Terms = { version: 'TLSv1.2', by: 'ticket' };
const ID: Terms = { version: 'TLSv1.2', by: 'id' };

const resumption: Scenario[] = [
  { name: 'ticket', terms: TLS13, resumed: true },
  { name: 'mutual', terms: { ...TLS13, mutual: true } as const, resumed: true },
  { name: 'sha384', terms: { ...TLS13, suite: 'TLS_AES_256_GCM_SHA384' } as const, resumed: true },
  { name: 'retry', terms: { ...TLS13, retry: true } as const, resumed: true },
  { name: 'forgotten', terms: { ...TLS13, serverForgets: true } as const, resumed: false },
].map((scenario) => ({ column: 'resume1.3', ...scenario }));

const resumption12: Scenario[] = [
  { name: 'ticket', terms: TICKET, resumed: true },
  {
    name: 'ticket sha384',
    terms: { ...TICKET, suite: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384' } as const,
    resumed: true,
  },
  { name: 'ticket mutual', terms: { ...TICKET, mutual: true } as const, resumed: true },
  { name: 'ticket forgotten', terms: { ...TICKET, serverForgets: true } as const, resumed: false },
  { name: 'id', terms: ID, resumed: true },
  { name: 'id mutual', terms: { ...ID, mutual: true } as const, resumed: true },
  { name: 'id forgotten', terms: { ...ID, serverForgets: true } as const, resumed: false },
].map((scenario) => ({ column: 'resume1.2', ...scenario }));

const KEY: Psk = {
  identity: 'sensor-7',
  key: '00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef',
};
const OTHER_KEY: Psk = { ...KEY, key: KEY.key.replaceAll('a', 'b') };
const OTHER_NAME: Psk = { ...KEY, identity: 'sensor-8' };

const psks: Scenario[] = [
  { name: 'known', terms: { ...TLS13, psk: { client: KEY, server: KEY } }, byPsk: true },
  {
    name: 'retry',
    terms: { ...TLS13, psk: { client: KEY, server: KEY }, retry: true } as const,
    byPsk: true,
  },
  {
    name: 'wrong key',
    terms: { ...TLS13, psk: { client: KEY, server: OTHER_KEY } },
    fails: 'ERR_BAD_BINDER',
  },
  // The server then shows its certificate.
  { name: 'unknown', terms: { ...TLS13, psk: { client: KEY, server: OTHER_NAME } } },
].map((scenario) => ({ column: 'psk', ...scenario }));

const early = { ...TLS13, early: true } as const;
const earlyData: Scenario[] = [
  { name: 'accepted', terms: early, resumed: true, early: 'accepted' as const },
  {
    name: 'sha384',
    terms: { ...early, suite: 'TLS_AES_256_GCM_SHA384' } as const,
    resumed: true,
    early: 'accepted' as const,
  },
  {
    name: 'replayed',
    role: 'server' as const,
    terms: { ...early, replayed: true } as const,
    resumed: true,
    early: 'accepted' as const,
  },
  {
    name: 'forgotten',
    terms: { ...early, serverForgets: true } as const,
    resumed: false,
    early: 'rejected' as const,
  },
  { name: 'retry', terms: { ...early, retry: true } as const, resumed: true, early: 'rejected' as const },
].map((scenario) => ({ column: '0-rtt', ...scenario }));

const SCENARIOS: readonly Scenario[] = [...resumption, ...resumption12, ...psks, ...earlyData];

/** Every scenario with one peer, in both roles. */
export function sessionTrials(peer: Peer, pki: Pki): Trial[] {
  return (['client', 'server'] as const).flatMap((role: Role) =>
    SCENARIOS.filter((scenario) => scenario.role === undefined || scenario.role === role).map(
      (scenario): Trial => ({
        peer: peer.name,
        role,
        column: scenario.column,
        name: scenario.name,
        limit: LIMIT,
        notApplicable: limitFor(peer.limits, role, scenario)?.reason,
        start: () => startCourse(peer, role, pki, scenario),
      }),
    ),
  );
}
