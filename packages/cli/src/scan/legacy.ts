/** What the hellos of servers before TLS 1.3 show, besides what was asked for; and two questions of its own. */
import { AlertDescription, ExtensionType } from 'handfast/wire';
import type { ScanContext } from './context.ts';
import type { LegacyFacts, VersionFacts } from './facts.ts';
import type { Flight } from './flight.ts';
import { VERSIONS, type Version } from './hello.ts';
import { SUITES } from './suites.ts';

/** The last eight bytes of a TLS 1.3 server's random in older hellos: `DOWNGRD`, then 01 or 00 (RFC 9846 section 4.2.3). */
const SENTINEL = Buffer.from('DOWNGRD');
const SENTINEL_LENGTH = 8;

function isSentinel(random: Uint8Array): boolean {
  return SENTINEL.equals(random.subarray(-SENTINEL_LENGTH, -1));
}

type Hello12 = Extract<Flight['hello'], { kind: 'ServerHello12' }>['hello'];

/** Whether all hellos hold to something; `null` without any. */
function all(hellos: readonly Hello12[], holds: (hello: Hello12) => boolean): boolean | null {
  return hellos.length === 0 ? null : hellos.every(holds);
}

function some(hellos: readonly Hello12[], holds: (hello: Hello12) => boolean): boolean | null {
  return hellos.length === 0 ? null : hellos.some(holds);
}

/** Whether two connections came with the same ephemeral key. Export RSA keys are meant to be used again. */
function reusesKeys(flights: readonly Flight[]): boolean | null {
  const keys = flights.flatMap(({ keyExchange, suite }) =>
    keyExchange === undefined || SUITES.get(suite)?.keyExchange?.startsWith('RSA')
      ? []
      : [keyExchange.publicKey],
  );
  return keys.length < 2 ? null : new Set(keys).size < keys.length;
}

/** Reads the flights that are there. */
function seen(
  flights: readonly Flight[],
  has13: boolean,
): Omit<LegacyFacts, 'compression' | 'heartbeat' | 'fallbackScsv'> {
  const older = flights.filter(({ hello }) => hello.kind === 'ServerHello12');
  const hellos = older.map(
    ({ hello }) => (hello as Extract<Flight['hello'], { kind: 'ServerHello12' }>).hello,
  );
  const extensible = hellos.filter((_, i) => older[i]?.version !== 'SSLv3');
  const cbc = extensible.filter(({ cipherSuite }) => SUITES.get(cipherSuite)?.mode === 'CBC');
  return {
    secureRenegotiation: all(hellos, ({ extensions }) => extensions.renegotiationInfo !== undefined),
    extendedMasterSecret: all(extensible, ({ extensions }) => extensions.extendedMasterSecret !== undefined),
    encryptThenMac: all(cbc, ({ extensions }) => extensions.encryptThenMac !== undefined),
    sessionId: some(hellos, ({ legacySessionIdEcho }) => legacySessionIdEcho.length > 0),
    sessionTicket: some(extensible, ({ extensions }) => extensions.sessionTicket !== undefined),
    downgradeSentinel: has13 ? all(hellos, ({ random }) => isSentinel(random)) : null,
    reusesEphemeralKeys: reusesKeys(older),
  };
}

/** The versions before TLS 1.3 that a server accepts, newest first. */
function olderVersions(versions: readonly VersionFacts[]): (VersionFacts & { readonly version: Version })[] {
  return versions.filter(
    (facts): facts is VersionFacts & { readonly version: Version } =>
      facts.accepted === true && facts.version !== 'TLSv1.3' && facts.version !== 'SSLv2',
  );
}

/** Offers compression and heartbeats. */
async function askRelics(
  context: ScanContext,
  { version, suites }: VersionFacts & { readonly version: Version },
): Promise<Pick<LegacyFacts, 'compression' | 'heartbeat'>> {
  const numbers = suites.accepted.map(({ number }) => number);
  const answer = await context.ask({ version, suites: numbers, relics: true });
  if (answer?.kind !== 'flight' || answer.hello.kind !== 'ServerHello12') {
    return { compression: null, heartbeat: null };
  }
  const { legacyCompressionMethod, extensions } = answer.hello.hello;
  return {
    compression: legacyCompressionMethod !== 0,
    heartbeat: (extensions.unknown ?? []).some(({ type }) => type === ExtensionType.heartbeat),
  };
}

/** Pretends to come back with a lower version, which a server that speaks a higher one must refuse (RFC 7507 section 3). */
async function askFallback(context: ScanContext, versions: readonly VersionFacts[]): Promise<boolean | null> {
  const best = VERSIONS.find((name) =>
    versions.some(({ version, accepted }) => version === name && accepted),
  );
  const lower = olderVersions(versions).find(({ version }) => version !== best && version !== 'SSLv3');
  if (best === undefined || lower === undefined) return null;
  const { version, suites } = lower;
  const answer = await context.ask({
    version,
    suites: suites.accepted.map(({ number }) => number),
    isFallback: true,
  });
  if (answer === undefined || answer.kind === 'unreachable') return null;
  if (answer.kind === 'alert') return answer.description === AlertDescription.inappropriate_fallback;
  return answer.kind !== 'flight';
}

export async function askLegacy(
  context: ScanContext,
  versions: readonly VersionFacts[],
): Promise<LegacyFacts> {
  context.stage('extensions');
  const [newest] = olderVersions(versions);
  const relics =
    newest === undefined ? { compression: null, heartbeat: null } : await askRelics(context, newest);
  const fallbackScsv = await askFallback(context, versions);
  const has13 = versions.some(({ version, accepted }) => version === 'TLSv1.3' && accepted);
  return { ...seen(context.flights, has13), ...relics, fallbackScsv };
}
