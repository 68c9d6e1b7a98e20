/** The server's side: `createServer()`. */
import { Server as NetServer, type ServerOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { TlsAcceptor } from './acceptor.ts';
import type { IdentityInput, OneOrMany } from './credentials.ts';
import type { ServerTlsOptions } from './options.ts';
import type { TLSSocket } from './socket.ts';
import { tcpOptions } from './transport.ts';

/** Options of {@link createServer}: TLS, and those of `net.createServer`. */
export interface TlsServerOptions extends ServerTlsOptions, Omit<ServerOpts, 'pauseOnConnect'> {}

/**
 * A TLS server. Every connection (and every `Duplex` given to `emit('connection', duplex)`) is secured; events
 * besides those of `net.Server`:
 * - `secureConnection` (socket): the handshake is complete.
 * - `tlsClientError` (error, socket): a handshake failed. The client was told, and its transport is closed. Where its
 *   certificate was refused, the error is a {@link CertificateError}.
 * - `earlyData` (data, socket): what a client sent before its handshake was complete. Whoever recorded it may play it again. Without a
 *   listener it waits, and is read from the socket like all other data.
 * - `keylog` (line, socket) and `trace` (event, socket): as on {@link TLSSocket}.
 *
 * A socket that fails later emits `error`; without a listener of its own that ends the socket, not the process.
 */
export class Server extends NetServer {
  readonly #acceptor: TlsAcceptor;

  /** @throws {ConfigError} when an option cannot work. */
  constructor(options: TlsServerOptions, onSecureConnection?: (socket: TLSSocket) => void) {
    super({ ...options, ...tcpOptions(options) });
    this.#acceptor = new TlsAcceptor(this, options);
    this.on('connection', (transport: Duplex) => this.#acceptor.accept(transport));
    if (onSecureConnection !== undefined) this.on('secureConnection', onSecureConnection);
  }

  /**
   * Replaces the certificates and keys for connections to come; open ones are not disturbed.
   * @throws {ConfigError} when they cannot work; the old ones then stay.
   */
  setIdentities(identities: OneOrMany<IdentityInput>): void {
    this.#acceptor.setIdentities(identities);
  }
}

/**
 * Makes a TLS server.
 * @param onSecureConnection called for each connection whose handshake is complete.
 * @throws {ConfigError} when an option cannot work.
 */
export function createServer(
  options: TlsServerOptions,
  onSecureConnection?: (socket: TLSSocket) => void,
): Server {
  return new Server(options, onSecureConnection);
}
