/** What every server of this room does with a new transport. */
import type { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServerConnection } from '../connection.ts';
import type { ServerConfig } from '../handshake/config.ts';
import { ConfigError } from '../wire/errors.ts';
import type { IdentityInput, OneOrMany } from './credentials.ts';
import { defaultTickets, handshakeTimeoutOf, type ServerTlsOptions, serverTlsConfig } from './options.ts';
import { TLSSocket } from './socket.ts';

/** TLS, and what sockets of servers are told besides. */
export interface AcceptorOptions extends ServerTlsOptions {
  readonly allowHalfOpen?: boolean | undefined;
  readonly highWaterMark?: number | undefined;
}

/** Runs handshakes on transports and tells the outcome as events of `server`. */
export class TlsAcceptor {
  readonly #server: NetServer;
  readonly #handshakeTimeout: number;
  #options: AcceptorOptions;
  #config: ServerConfig;

  /** @throws {ConfigError} when an option cannot work. */
  constructor(server: NetServer, options: AcceptorOptions) {
    this.#server = server;
    // The same keys after a change of identities: sessions go on.
    this.#options = { tickets: defaultTickets(), ...options };
    this.#config = serverTlsConfig(this.#options);
    this.#handshakeTimeout = handshakeTimeoutOf(options);
  }

  accept(transport: Duplex): void {
    const server = this.#server;
    const config = this.#config;
    const { traceSecrets, allowHalfOpen, highWaterMark } = this.#options;
    const socket = new TLSSocket(transport, {
      open: (handlers) => createServerConnection(config, handlers),
      handshakeTimeout: this.#handshakeTimeout,
      traceSecrets,
      allowHalfOpen,
      highWaterMark,
      ...(server.listenerCount('earlyData') > 0 && {
        onEarlyData: (data, early) => server.emit('earlyData', data, early),
      }),
    });
    if (server.listenerCount('keylog') > 0) {
      socket.on('keylog', (line) => server.emit('keylog', line, socket));
    }
    if (server.listenerCount('trace') > 0) {
      socket.on('trace', (event) => server.emit('trace', event, socket));
    }
    socket.on('secure', () => server.emit('secureConnection', socket));
    // This listener stays: no peer's failure may end the process.
    socket.on('error', (error) => {
      if (socket.established === undefined) server.emit('tlsClientError', error, socket);
    });
  }

  /** @throws {ConfigError} when they cannot work; the old ones then stay. */
  setIdentities(identities: OneOrMany<IdentityInput>): void {
    if (this.#options.selectIdentity !== undefined) {
      throw new ConfigError('identities', 'identities: on this server selectIdentity chooses them');
    }
    const { cert: _cert, key: _key, passphrase: _passphrase, ...others } = this.#options;
    const options = { ...others, identities };
    this.#config = serverTlsConfig(options);
    this.#options = options;
  }
}
