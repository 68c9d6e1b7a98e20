/** handfast as the scenarios of sessions see it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  CipherSuite,
  type Established,
  MemoryReplayGuard,
  MemorySessionStore,
  NamedGroup,
  TicketKeyRing,
  type TlsError,
  type TraceEvent,
} from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { connect, createServer, type TLSSocket, type TlsServerOptions } from 'handfast/node';
import {
  EXPORT_LABEL,
  EXPORT_LENGTH,
  groupsOf,
  MAX_EARLY,
  type Psk,
  type Report,
  type Setup,
} from './terms.ts';

export interface ClientSetup extends Setup {
  readonly port: number;
  readonly name: string;
  /** Of an earlier connection. */
  readonly session?: Buffer | undefined;
  /** What to send before the handshake is complete, and again where the server refuses it. */
  readonly early?: string | undefined;
}

export interface Link {
  readonly socket: TLSSocket;
  readonly established: Established;
  readonly report: Report;
  /** What came early, on a server. */
  readonly early: string;
}

export interface Listener {
  readonly port: number;
  /** The next connection: established. @throws {TlsError} when it failed. */
  next(): Promise<Link>;
  /** All that ever came early. */
  earlyData(): string;
  /** Why early data was taken or refused, each time. */
  readonly decisions: readonly string[];
  close(): void;
}

const pskOption = ({ identity, key }: Psk) => ({
  psks: [{ identity: Buffer.from(identity), key: Buffer.from(key, 'hex') }],
});

function common({ terms, credentials, authority }: Setup, side: 'client' | 'server') {
  const psk = terms.psk?.[side];
  return {
    versions: [terms.version],
    groups: groupsOf(terms, side).map((name) => NamedGroup[name]),
    ...(terms.suite && { cipherSuites: [CipherSuite[terms.suite]] }),
    ...(authority && { ca: authority.pem }),
    ...(credentials && { cert: credentials.chainPem, key: credentials.keyPem }),
    ...(psk && pskOption(psk)),
    allowHalfOpen: true,
  };
}

function link(socket: TLSSocket, early = ''): Link {
  const { established } = socket;
  if (established === undefined) throw new Error('secured, but nothing is established');
  // Errors to come reach those who read; without a reader they must not end the run.
  socket.on('error', () => undefined);
  const report: Report = {
    resumed: socket.isSessionReused(),
    early: established.earlyData,
    exported: socket.exportKeyingMaterial(EXPORT_LENGTH, EXPORT_LABEL).toString('hex'),
  };
  return { socket, established, report, early };
}

/** Resolves when established. @throws {TlsError} when refused. */
export async function dial(setup: ClientSetup): Promise<Link> {
  const { port, name, session, early } = setup;
  const socket = connect({
    ...common(setup, 'client'),
    host: '127.0.0.1',
    port,
    servername: name,
    // The first group alone, so that a server that does not take it has to ask.
    keyShares: [NamedGroup[groupsOf(setup.terms, 'client')[0]]],
    session,
    ...(early !== undefined && { earlyData: { data: Buffer.from(early), resend: true } }),
  });
  await once(socket, 'secureConnect');
  return link(socket);
}

/** Milliseconds that the replay guard has been up for, so that a ticket of a moment ago is one that it could know. */
const UPTIME = 60_000;

function sessionOptions({ terms }: Setup): TlsServerOptions {
  const ring = new TicketKeyRing({ provider: nodeProvider });
  const kept = new MemorySessionStore({ now: Date.now });
  const keys = terms.serverForgets ? { current: ring.current.bind(ring), find: () => undefined } : ring;
  const store = terms.serverForgets
    ? { get: () => undefined, put: () => undefined, take: () => undefined }
    : kept;
  return {
    tickets: { keys, ...(terms.by === 'id' && { store }) },
    ...(terms.early && {
      earlyData: { maxSize: MAX_EARLY, guard: new MemoryReplayGuard({ startedAt: Date.now() - UPTIME }) },
    }),
  };
}

export async function listen(setup: Setup): Promise<Listener> {
  const server = createServer({
    ...common(setup, 'server'),
    requestCert: setup.authority !== undefined,
    ...sessionOptions(setup),
  });
  const early = new Map<TLSSocket, string>();
  const arrived: (Link | Error)[] = [];
  let wake = (): void => undefined;
  const arrive = (one: Link | Error): void => {
    arrived.push(one);
    wake();
  };
  server.on('earlyData', (data: Buffer, socket: TLSSocket) =>
    early.set(socket, (early.get(socket) ?? '') + data.toString('latin1')),
  );
  const decisions: string[] = [];
  server.on('trace', (event: TraceEvent) => {
    if (event.type === 'choice' && event.what === 'early data') decisions.push(event.reason);
  });
  server.on('secureConnection', (socket: TLSSocket) => arrive(link(socket, early.get(socket))));
  server.on('tlsClientError', (error: TlsError) => arrive(error));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async next() {
      for (;;) {
        const one = arrived.shift();
        if (one instanceof Error) throw one;
        if (one !== undefined) return one;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    earlyData: () => [...early.values()].join(''),
    decisions,
    close: () => server.close(),
  };
}
