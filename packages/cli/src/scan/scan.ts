/** The scan: every question, in the order in which the answers lead to the next. */
import type { PeerVerifier } from 'handfast';
import { judgeChains } from './chains.ts';
import { askSuites } from './ciphers.ts';
import { ScanContext } from './context.ts';
import { Dialer, type DialerSettings } from './dialer.ts';
import { NOTHING } from './enumerate.ts';
import type { Accepted, ScanFacts, VersionFacts } from './facts.ts';
import { askCurves, askGroups13 } from './groups.ts';
import type { Version } from './hello.ts';
import { askLegacy } from './legacy.ts';
import { askProtocols } from './protocols.ts';
import { askSchemes12 } from './schemes.ts';
import { askVersions, refuseHttp, type VersionAnswer } from './versions.ts';
import { askSchemes13, firstHandshake, type WholeHandshake } from './whole.ts';

export interface ScanSettings extends DialerSettings {
  /** The name that certificates are judged by. */
  readonly name: string;
  readonly verifier: PeerVerifier;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Told what is being asked about. */
  readonly onStage?: (stage: string) => void;
}

async function withSuites(context: ScanContext, answer: VersionAnswer): Promise<VersionFacts> {
  const { version, accepted, refusal } = answer;
  const suites = accepted && version !== 'SSLv2' ? await askSuites(context, version) : NOTHING;
  return { version, accepted, ...(refusal === undefined ? {} : { refusal }), suites };
}

/** What is asked with whole TLS 1.3 handshakes. */
async function askWhole(context: ScanContext): Promise<{
  readonly tls13: ScanFacts['tls13'];
  readonly schemes: Accepted<string> | null;
  readonly handshakes: readonly WholeHandshake[];
}> {
  const first = await firstHandshake(context);
  if (first === undefined) return { tls13: null, schemes: null, handshakes: [] };
  // Where no handshake comes to the server's signature, asking for others is in vain.
  const { schemes, handshakes } =
    first.handshake.scheme === undefined ? { schemes: null, handshakes: [] } : await askSchemes13(context);
  return { tls13: first.facts, schemes, handshakes: [first.handshake, ...handshakes] };
}

function clientCertificate(
  context: ScanContext,
  handshakes: readonly WholeHandshake[],
): ScanFacts['clientCertificate'] {
  if (handshakes.some(({ alert }) => alert === 'certificate_required')) return 'required';
  const isAskedFor = [...context.flights, ...handshakes].some(({ asksForCertificate }) => asksForCertificate);
  return isAskedFor ? 'asked for' : 'not asked for';
}

/** Asks once more what was accepted at first: a server that has begun to refuse us makes all refusals worthless. */
async function askAgain(context: ScanContext, versions: readonly VersionFacts[]): Promise<void> {
  const { dialer } = context;
  const first = versions.find(({ version, suites }) => version !== 'SSLv2' && suites.accepted.length > 0);
  if (first === undefined || first.version === 'SSLv2') return;
  const suites = first.suites.accepted.map(({ number }) => number);
  const answer = await context.askAnew({ version: first.version, suites });
  if (answer !== undefined && answer.kind !== 'flight') dialer.stopped ??= 'changed';
}

/**
 * Asks a server all there is to ask.
 * @throws {Error} when it cannot be reached; {@link TlsError} `ERR_NOT_TLS` when it speaks something else.
 */
export async function scan(settings: ScanSettings): Promise<ScanFacts> {
  const { host, port, name, at } = settings;
  const dialer = new Dialer(settings);
  const context = new ScanContext(dialer, settings.onStage ?? (() => {}));
  const answers = await askVersions(context);
  if (answers.every(({ accepted }) => !accepted)) await refuseHttp(context);
  const versions = await Promise.all(answers.map((answer) => withSuites(context, answer)));
  const suitesOf = (version: Version): VersionFacts['suites']['accepted'] =>
    versions.find((facts) => facts.version === version)?.suites.accepted ?? [];
  const older = (['TLSv1.2', 'TLSv1.1', 'TLSv1.0'] as const).find((version) => suitesOf(version).length > 0);
  const has13 = suitesOf('TLSv1.3').length > 0;
  const [groups13, curves, schemes12, protocols, whole] = await Promise.all([
    has13 ? askGroups13(context, suitesOf('TLSv1.3')) : null,
    older === undefined ? null : askCurves(context, older, suitesOf(older)),
    askSchemes12(context, suitesOf('TLSv1.2')),
    has13 || older === 'TLSv1.2' ? askProtocols(context, versions) : NOTHING,
    has13 ? askWhole(context) : { tls13: null, schemes: null, handshakes: [] },
  ]);
  const legacy = await askLegacy(context, versions);
  await askAgain(context, versions);
  const facts = {
    host,
    port,
    name,
    remoteAddress: dialer.remoteAddress ?? null,
    at,
    versions,
    ssl2CipherKinds: answers.find(({ version }) => version === 'SSLv2')?.cipherKinds ?? [],
    groups13,
    curves,
    schemes13: whole.schemes,
    schemes12,
    protocols,
    chains: await judgeChains(context.flights, whole.handshakes, settings),
    clientCertificate: clientCertificate(context, whole.handshakes),
    legacy,
    tls13: whole.tls13,
  };
  context.stage('done');
  const { used, unanswered, stopped = null } = dialer;
  return { ...facts, connections: { used, limit: settings.maxConnections, unanswered, stopped } };
}
