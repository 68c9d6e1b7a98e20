/** What sessions save: the same two ends connect again and again in memory, and everything is counted. */
import { performance } from 'node:perf_hooks';
import {
  type ClientConfig,
  chainVerifier,
  clientConfig,
  createClientConnection,
  createServerConnection,
  MemoryClientSessions,
  MemoryReplayGuard,
  type ServerConfig,
  serverConfig,
  TicketKeyRing,
  type TlsConnection,
  type TlsVersion,
} from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { loadCertificates, loadIdentity } from 'handfast/node';
import type { Cast } from './scenes.ts';

/** One way to connect, as it was measured. */
export interface Saving {
  readonly kind: 'full' | 'resumed' | 'early data';
  /** Round trips before the server reads the first byte of the request. */
  readonly roundTrips: number;
  /** Bytes on the wire, in both directions, without the request. */
  readonly bytes: number;
  /** Handshake messages, tickets not counted. */
  readonly messages: number;
  /** Times that anybody signed or checked a signature. */
  readonly signatures: number;
  /** Of both ends together: the median of {@link SavingsReport.runs}. */
  readonly microseconds: number;
}

export interface SavingsReport {
  readonly ok: boolean;
  readonly version: TlsVersion;
  readonly runs: number;
  readonly savings: readonly Saving[];
  readonly failures: readonly string[];
}

const RUNS = 30;
const WARM_UP = 5;
const REQUEST: Uint8Array = Buffer.from('GET /orders/7 HTTP/1.1\r\nhost: shop.example\r\n\r\n');
const MAX_EARLY_DATA = 1024;

/** What one connection took. */
interface Measured extends Omit<Saving, 'kind' | 'microseconds'> {
  readonly milliseconds: number;
  readonly outcome: string;
}

interface Ends {
  readonly client: ClientConfig;
  readonly server: ServerConfig;
  readonly name: string;
  /** How often signatures were made or checked so far. */
  readonly signatures: () => number;
}

/** Two ends that keep sessions; time passes for them, so that the replay guard has been up for a while. */
function makeEnds({ root, server }: Cast, name: string, version: TlsVersion): Ends {
  let signatures = 0;
  const started = Date.now();
  const now = (): number => Date.now() + GUARD_START;
  const provider: typeof nodeProvider = {
    ...nodeProvider,
    verify: (...question) => {
      signatures++;
      return nodeProvider.verify(...question);
    },
  };
  const identity = loadIdentity({ cert: server.chain, key: server.key });
  const { key } = identity;
  const counted = {
    ...identity,
    key: {
      schemes: key.schemes,
      sign: (...request: Parameters<typeof key.sign>) => {
        signatures++;
        return key.sign(...request);
      },
    },
  };
  const anchors = loadCertificates('ca', root.certificate).map((certificate) => ({ certificate }));
  const both = { provider, now, versions: [version] } as const;
  return {
    client: clientConfig({
      ...both,
      verifier: chainVerifier({ provider, anchors }),
      sessions: new MemoryClientSessions(),
    }),
    server: serverConfig({
      ...both,
      identities: [counted],
      tickets: { keys: new TicketKeyRing({ provider }), count: 1 },
      earlyData: { maxSize: MAX_EARLY_DATA, guard: new MemoryReplayGuard({ startedAt: started }) },
    }),
    name,
    signatures: () => signatures,
  };
}

/** Until then a replay guard cannot know what was sent before it began. */
const GUARD_START = 60_000;

/** Connects once, sends a request, and counts. */
function connectOnce(ends: Ends, isEarly: boolean): Measured {
  const before = ends.signatures();
  let messages = 0;
  let read = 0;
  let roundTrips = 0;
  let bytes = -REQUEST.length;
  const begin = performance.now();
  const server = createServerConnection(ends.server, {
    onData: (data) => {
      read += data.length;
    },
    onEarlyData: (data) => {
      read += data.length;
    },
  });
  const early = isEarly ? { earlyData: { data: REQUEST } } : {};
  const client = createClientConnection(
    ends.client,
    { name: ends.name, ...early },
    {
      onTrace: (event) => {
        if (event.type === 'message' && event.phase !== 'application') messages++;
      },
      onEstablished: ({ earlyData }) => {
        if (earlyData !== 'accepted') client.send(REQUEST);
      },
    },
  );
  const move = (from: TlsConnection, to: TlsConnection): boolean => {
    const chunks = from.takeOutgoing();
    for (const chunk of chunks) {
      bytes += chunk.length;
      to.receive(chunk);
    }
    return chunks.length > 0;
  };
  for (let isMoving = true; isMoving; ) {
    isMoving = move(client, server);
    const isAnswered = move(server, client);
    if (isAnswered && read === 0) roundTrips++;
    isMoving ||= isAnswered;
  }
  const milliseconds = performance.now() - begin;
  const { established } = client;
  const problem = client.error ?? server.error;
  const kind =
    established?.earlyData === 'accepted' ? 'early data' : established?.resumed ? 'resumed' : 'full';
  return {
    roundTrips,
    bytes,
    messages,
    signatures: ends.signatures() - before,
    milliseconds,
    outcome:
      problem === undefined && read === REQUEST.length
        ? kind
        : (problem?.message ?? 'the request was not read whole'),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Connects in every way that was asked for, and measures each. */
export function playSavings(
  cast: Cast,
  name: string,
  version: TlsVersion,
  withEarlyData: boolean,
): SavingsReport {
  const kinds: readonly Saving['kind'][] = withEarlyData
    ? ['full', 'resumed', 'early data']
    : ['full', 'resumed'];
  const failures: string[] = [];
  const savings = kinds.map((kind): Saving => {
    const ends = makeEnds(cast, name, version);
    const runs: Measured[] = [];
    // The first connection of each pair of ends is a full one, and leaves a session for the next.
    if (kind !== 'full') connectOnce(ends, false);
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const measured = connectOnce(
        kind === 'full' ? makeEnds(cast, name, version) : ends,
        kind === 'early data',
      );
      if (measured.outcome !== kind) failures.push(`expected ${kind}, found: ${measured.outcome}`);
      if (run >= WARM_UP) runs.push(measured);
    }
    const [
      { roundTrips, bytes, messages, signatures } = { roundTrips: 0, bytes: 0, messages: 0, signatures: 0 },
    ] = runs;
    const microseconds = Math.round(1000 * median(runs.map(({ milliseconds }) => milliseconds)));
    return { kind, roundTrips, bytes, messages, signatures, microseconds };
  });
  return { ok: failures.length === 0, version, runs: RUNS, savings, failures: [...new Set(failures)] };
}
