/** handfast as the scenarios see it: it dials, it listens, and it says what was agreed. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  CipherSuite,
  cipherSuiteName,
  type Direction,
  groupName,
  NamedGroup,
  TlsError,
  type TlsErrorCode,
  type TraceEvent,
} from 'handfast';
import { connect, createServer, type Server, type TLSSocket } from 'handfast/node';
import { HungUp } from './inbox.ts';
import type { Authority, Credentials } from './pki.ts';

export const GROUPS = ['x25519', 'secp256r1', 'secp384r1', 'secp521r1'] as const;
export type Group = (typeof GROUPS)[number];

export const SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
] as const;
export type Suite = (typeof SUITES)[number];

interface Setup {
  /** In order of preference. Default: handfast's own. */
  readonly groups?: readonly Group[];
  readonly suites?: readonly Suite[];
  readonly alpn?: readonly string[];
  readonly authority?: Authority;
  readonly credentials?: Credentials;
  /** Gets lines of the NSS key log. */
  readonly onKeyLog?: (line: string) => void;
}

export interface ClientSetup extends Setup {
  readonly port: number;
  readonly authority: Authority;
  /** Whose certificate the server must show. */
  readonly name: string;
}

export interface ServerSetup extends Setup {
  readonly credentials: Credentials;
  /** Demand a certificate from the client, of `authority`. */
  readonly demandClientCertificate?: boolean;
  /** Put the state of a HelloRetryRequest into its cookie. */
  readonly statelessRetry?: boolean;
}

/** What a handshake agreed. */
export interface Facts {
  readonly group: string;
  readonly suite: string;
  readonly alpn: string | undefined;
  readonly retried: boolean;
  /** Whether the peer proved itself with a certificate. */
  readonly peerAuthenticated: boolean;
  /** Whether our side did. */
  readonly ownAuthenticated: boolean;
}

/** An established connection of handfast. */
export interface Link {
  readonly socket: Duplex;
  readonly facts: Facts;
  updateKeys(requestPeerUpdate: boolean): void;
  /** KeyUpdates so far. */
  readonly keyUpdates: Readonly<KeyUpdates>;
}

export interface Listener {
  readonly port: number;
  /** The first connection: established, or the reason for its failure. */
  readonly first: Promise<Link>;
  close(): void;
}

function tlsOptions(setup: Setup) {
  const { groups, suites, alpn, authority, credentials } = setup;
  return {
    ...(groups && { groups: groups.map((name) => NamedGroup[name]) }),
    ...(suites && { cipherSuites: suites.map((name) => CipherSuite[name]) }),
    ...(alpn && { ALPNProtocols: alpn }),
    ...(authority && { ca: authority.pem }),
    ...(credentials && { cert: credentials.chainPem, key: credentials.keyPem }),
  };
}

type KeyUpdates = Record<Direction, number>;

/** Counts KeyUpdates and collects the key log; sockets and servers have these events alike. */
function observe(source: TLSSocket | Server, setup: Setup): KeyUpdates {
  const keyUpdates: KeyUpdates = { sent: 0, received: 0 };
  source.on('trace', (event: TraceEvent) => {
    if (event.type === 'message' && event.name === 'KeyUpdate') keyUpdates[event.direction]++;
  });
  const { onKeyLog } = setup;
  if (onKeyLog !== undefined) source.on('keylog', (line: Buffer) => onKeyLog(line.toString().trimEnd()));
  return keyUpdates;
}

function link(socket: TLSSocket, keyUpdates: KeyUpdates): Link {
  const { established } = socket;
  if (established === undefined) throw new Error('secured, but nothing is established');
  return {
    socket,
    facts: {
      group: established.group === undefined ? established.keyExchange : groupName(established.group),
      suite: cipherSuiteName(established.cipherSuite),
      alpn: established.applicationProtocol,
      retried: established.helloRetried,
      peerAuthenticated: established.peer !== undefined,
      ownAuthenticated: established.own !== undefined,
    },
    updateKeys: (requestPeerUpdate) => socket.updateKeys(requestPeerUpdate),
    keyUpdates,
  };
}

/** Resolves when established. @throws {TlsError} when refused. */
export async function dial(setup: ClientSetup): Promise<Link> {
  const socket = connect({
    ...tlsOptions(setup),
    host: '127.0.0.1',
    port: setup.port,
    servername: setup.name,
    allowHalfOpen: true,
  });
  const keyUpdates = observe(socket, setup);
  await once(socket, 'secureConnect');
  // Errors to come reach those who read; without a reader they must not end the run.
  socket.on('error', () => undefined);
  return link(socket, keyUpdates);
}

export async function listen(setup: ServerSetup): Promise<Listener> {
  const server = createServer({
    ...tlsOptions(setup),
    allowHalfOpen: true,
    requestCert: setup.demandClientCertificate ?? false,
    ...(setup.statelessRetry && { cookieSecret: new Uint8Array(32).fill(0x5a) }),
  });
  const keyUpdates = observe(server, setup);
  const first = new Promise<Link>((resolve, reject) => {
    server.on('secureConnection', (socket: TLSSocket) => resolve(link(socket, keyUpdates)));
    server.on('tlsClientError', reject);
  });
  first.catch(() => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, first, close: () => server.close() };
}

/** Why a connection was refused, in the words of the scenarios. */
export type Refusal =
  | 'unknown authority'
  | 'wrong name'
  | 'expired'
  | 'no certificate'
  | 'no protocol'
  | 'bad record'
  /** By the peer, with an alert. */
  | 'alert'
  /** By the peer, without a word. */
  | 'hung up';

const REFUSALS: Readonly<Partial<Record<TlsErrorCode, Refusal>>> = {
  ERR_UNKNOWN_CA: 'unknown authority',
  ERR_NAME_MISMATCH: 'wrong name',
  ERR_CERTIFICATE_EXPIRED: 'expired',
  ERR_CERTIFICATE_REQUIRED: 'no certificate',
  ERR_NO_APPLICATION_PROTOCOL: 'no protocol',
  ERR_BAD_RECORD_MAC: 'bad record',
  ERR_ALERT_RECEIVED: 'alert',
  ERR_TRUNCATED: 'hung up',
};

/** What an error means, or `undefined` for something else. */
export function refusal(error: Error): Refusal | undefined {
  if (error instanceof HungUp) return 'hung up';
  return error instanceof TlsError ? REFUSALS[error.code] : undefined;
}
