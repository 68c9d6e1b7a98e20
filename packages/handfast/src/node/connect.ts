/** The client's side: `connect()`. */
import { connect as connectSocket, isIPv6, type NetConnectOpts, type TcpNetConnectOpts } from 'node:net';
import { addAbortSignal, type Duplex } from 'node:stream';
import { domainToASCII } from 'node:url';
import { createClientConnection, type EarlyData, type ServerTarget } from '../connection.ts';
import type { ClientConfig } from '../handshake/config.ts';
import { type ClientSession, decodeClientSession } from '../session/session.ts';
import { ConfigError } from '../wire/errors.ts';
import { parseHostName } from '../x509/host-name.ts';
import {
  type ClientTlsOptions,
  clientTlsConfig,
  handshakeTimeoutOf,
  refuseForeignOptions,
} from './options.ts';
import { TLSSocket } from './socket.ts';
import { tcpOptions } from './transport.ts';

/** Options of {@link connect}: TLS, where to connect to (as for `net.connect`), and how the socket behaves. */
export interface ConnectOptions
  extends ClientTlsOptions,
    Partial<Omit<TcpNetConnectOpts, 'onread' | 'timeout' | 'fd' | 'readable' | 'writable'>> {
  /** A socket in the file system, in place of `host` and `port`. */
  readonly path?: string | null | undefined;
  /** A stream to run TLS over, in place of `host` and `port`: any `Duplex`, connected or about to be. */
  readonly socket?: Duplex | undefined;
  /**
   * The name or address that the server's certificate must carry, and the name that is sent to the server (SNI).
   * Default: `host`. An empty text means `host`, and sends none.
   */
  readonly servername?: string | undefined;
  /** The idle timeout in milliseconds, as `socket.setTimeout` sets it. Default: none. */
  readonly timeout?: number | undefined;
  /** How many bytes the stream holds in each direction before it asks for a pause. Default: Node's for streams. */
  readonly highWaterMark?: number | undefined;
  /**
   * A session to go on with: what an earlier socket's `session` event or `getSession()` gave. It is used if it fits, once.
   * Connections of one `config` find their sessions by themselves.
   */
  readonly session?: Uint8Array | undefined;
  /** What to send before the server has answered, where a session allows it (0-RTT); see `ServerTarget`. */
  readonly earlyData?: EarlyData | undefined;
  /** A configuration made by `clientTlsConfig` in advance; the TLS options are then not read. */
  readonly config?: ClientConfig | undefined;
}

/**
 * Opens a TLS connection as a client. The server must prove that it is `servername`, or `host`: there is no option
 * that accepts less.
 * @param onSecureConnect called when the handshake is complete.
 * @throws {ConfigError} when an option cannot work. Everything that happens later is an `error` event.
 */
export function connect(options: ConnectOptions, onSecureConnect?: () => void): TLSSocket;
export function connect(
  port: number,
  host?: string,
  options?: ConnectOptions,
  onSecureConnect?: () => void,
): TLSSocket;
export function connect(port: number, options?: ConnectOptions, onSecureConnect?: () => void): TLSSocket;
export function connect(...args: readonly unknown[]): TLSSocket {
  const { options, listener } = normalize(args);
  const target = targetOf(options);
  refuseForeignOptions(options);
  const config = withSession(options.config ?? clientTlsConfig(options), options.session);
  const handshakeTimeout = handshakeTimeoutOf(options);
  const socket = new TLSSocket(options.socket ?? openTransport(options), {
    open: (handlers) => createClientConnection(config, target, handlers),
    handshakeTimeout,
    traceSecrets: options.traceSecrets,
    allowHalfOpen: options.allowHalfOpen,
    highWaterMark: options.highWaterMark,
  });
  if (options.timeout !== undefined) socket.setTimeout(options.timeout);
  if (options.signal) addAbortSignal(options.signal, socket);
  if (listener !== undefined) socket.once('secureConnect', listener);
  return socket;
}

/** The configuration, with a session that comes first. */
function withSession(config: ClientConfig, bytes: Uint8Array | undefined): ClientConfig {
  if (bytes === undefined) return config;
  let given: ClientSession | undefined = decodeClientSession(bytes);
  const { sessions } = config;
  return {
    ...config,
    sessions: {
      put: (key, session) => sessions?.put(key, session),
      take: (key) => {
        const session = given;
        given = undefined;
        return session ?? sessions?.take(key);
      },
    },
  };
}

/** The arguments of `tls.connect`: `(options, listener)` or `(port, host, options, listener)`, all but the first optional. */
function normalize(args: readonly unknown[]): { options: ConnectOptions; listener?: () => void } {
  let options: ConnectOptions = {};
  let listener: (() => void) | undefined;
  for (const argument of args) {
    if (typeof argument === 'number') options = { ...options, port: argument };
    else if (typeof argument === 'string') options = { ...options, host: argument };
    else if (typeof argument === 'function') listener = argument as () => void;
    else if (typeof argument === 'object' && argument !== null) options = { ...options, ...argument };
    else if (argument !== undefined) {
      throw new ConfigError('options', `options: expected an object, found ${String(argument)}`);
    }
  }
  return listener === undefined ? { options } : { options, listener };
}

/** Whom the server must prove to be. */
function targetOf(options: ConnectOptions): ServerTarget {
  const { servername } = options;
  // net.connect takes localhost where only a port is given; other transports give nothing to go by.
  const given = servername || options.host || (options.socket || options.path ? '' : 'localhost');
  if (given === '') {
    throw new ConfigError(
      'servername',
      'servername: expected the name that the server must prove to have, found neither servername nor host',
    );
  }
  const name = plainName(given);
  parseHostName(name, servername ? 'servername' : 'host');
  const { port, path, earlyData } = options;
  return {
    name,
    sendServerName: servername !== '',
    sessionScope: String(path ?? port ?? ''),
    ...(earlyData && { earlyData }),
  };
}

/** The name as certificates carry it: in ASCII; an address without its zone. */
function plainName(given: string): string {
  if (isIPv6(given)) return given.replace(/%.*$/, '');
  return /[^\0-\x7f]/.test(given) ? domainToASCII(given) || given : given;
}

function openTransport(options: ConnectOptions): Duplex {
  if (options.port === undefined && !options.path) {
    throw new ConfigError(
      'port',
      'port: expected a port, a path or a socket to connect to, found none of them',
    );
  }
  return connectSocket({
    ...options,
    // For the socket on top of this one.
    timeout: undefined,
    signal: undefined,
    onread: undefined,
    path: options.path ?? undefined,
    ...tcpOptions(options),
  } as unknown as NetConnectOpts);
}
