/** A TLS connection as a `net.Socket`: the shape that Node's own modules and most packages accept. */
import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import type { ConnectionHandlers, TlsConnection } from '../connection.ts';
import type { Established } from '../handshake/established.ts';
import { type ClientSession, encodeClientSession } from '../session/session.ts';
import { concat } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { cipherSuiteName } from '../wire/registry.ts';
import type { OpensslErrorCode } from '../x509/openssl-codes.ts';
import type { Verdict } from '../x509/verdict.ts';
import { nameRefusal } from './certificate-error.ts';
import { type EphemeralKeyInfo, ephemeralKeyInfo } from './ephemeral-key.ts';
import { HandlelessSocket } from './handleless-socket.ts';
import { MAX_HANDSHAKE_BYTES, WRITE_SLICE_LENGTH } from './limits.ts';
import { legacyCertificate, nodeCertificate } from './peer-certificate.ts';
import { type MaybeSocket, Transport, type WriteCallback } from './transport.ts';

/** The part of {@link TlsConnection} that a socket drives. */
export type SocketConnection = Pick<
  TlsConnection,
  | 'receive'
  | 'receiveEnd'
  | 'send'
  | 'takeOutgoing'
  | 'close'
  | 'abort'
  | 'updateKeys'
  | 'exportKeyingMaterial'
>;

/** What `connect()` and servers tell a {@link TLSSocket}. */
export interface TLSSocketSettings {
  /** Makes the connection; called once, when the transport can carry bytes. */
  readonly open: (handlers: ConnectionHandlers) => SocketConnection;
  /** Milliseconds from the start of the handshake to its end; 0 means no limit. */
  readonly handshakeTimeout: number;
  /** Whether `trace` tells secrets too. Default: false. */
  readonly traceSecrets?: boolean | undefined;
  /** Whether the socket stays writable after the peer's close_notify. Default: false. */
  readonly allowHalfOpen?: boolean | undefined;
  /**
   * Told of early data as it comes, on a server. Default: it waits until the handshake is complete and comes first in the stream,
   * where nobody can have replayed it.
   */
  readonly onEarlyData?: ((data: Buffer, socket: TLSSocket) => void) | undefined;
  /** As for every stream, in bytes, for both directions. */
  readonly highWaterMark?: number | undefined;
}

/**
 * A TLS connection over any `Duplex`. Made by `connect()` and by servers, not by callers.
 *
 * Events besides those of `net.Socket`: `secure` and then `secureConnect` when the handshake is complete, `keylog`
 * (a Buffer with one line of the NSS key-log format) and `trace` (a `TraceEvent`); the last two are told to those
 * who listen before the handshake starts; and on a client `session`, a Buffer for a later `connect()`, whenever the server
 * allows another resumption. A connection that fails emits `error` with a {@link TlsError}, or with the
 * transport's error as it is, such as ECONNREFUSED. A transport that ends without the peer's close_notify is the
 * error `ERR_TRUNCATED`: what was read may not be all that was sent (RFC 9846 section 6.1).
 */
export class TLSSocket extends HandlelessSocket {
  /** Always true: tells a TLS socket from others. */
  readonly encrypted = true;
  /** Whether the handshake is still to be completed. */
  secureConnecting = true;
  /** Whether the peer proved who it is; on a client the same as "the handshake is complete". */
  authorized = false;
  /**
   * Why the peer's certificate was refused, by OpenSSL's name for it, such as `CERT_HAS_EXPIRED`; `null` when it was not. The
   * error that is emitted has the same as its `opensslCode` ({@link CertificateError}).
   */
  authorizationError: OpensslErrorCode | null = null;
  /** The application protocol (ALPN) agreed on, `false` for none, `null` before the handshake is complete. */
  alpnProtocol: string | false | null = null;
  /** The server name that the client sent, `false` for none, `null` before the handshake is complete. */
  servername: string | false | null = null;
  /** What was agreed on; `undefined` before the handshake is complete. */
  established: Established | undefined;
  /** The decision about the peer's certificate, accepting or refusing; `undefined` where there was none. */
  verdict: Verdict | undefined;

  readonly #settings: TLSSocketSettings;
  readonly #transport: Transport;
  #connection: SocketConnection | undefined;
  /** What the connection told and was not passed on yet. */
  readonly #events: (() => void)[] = [];
  #inConnection = false;
  #dispatching = false;
  #settleScheduled = false;
  /** A write, or the end, that waits for the handshake. */
  #held: (() => void) | undefined;
  /** The callback of the write, or of the end, that is under way. */
  #pending: WriteCallback | undefined;
  /** The connection failed; listeners hear of it after what came before. */
  #failed = false;
  #peerEnded = false;
  #alertWritten = false;
  #handshakeBytes = 0;
  /** Early data that waits for the handshake. */
  readonly #earlyData: Uint8Array[] = [];
  /** The latest that the server let this client have. */
  #session: ClientSession | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, settings: TLSSocketSettings) {
    const { highWaterMark } = settings;
    super({
      allowHalfOpen: settings.allowHalfOpen === true,
      ...(highWaterMark !== undefined && { highWaterMark }),
    });
    this.#settings = settings;
    this.#transport = new Transport(stream, {
      ready: () => this.#start(),
      data: (bytes) => this.#onTransportData(bytes),
      end: () => this.#run((connection) => connection.receiveEnd()),
      error: (error) => this.#onTransportError(error),
      close: () => this.#onTransportClosed(),
    });
    this.connecting = this.#transport.connecting;
  }

  /** The stream that carries the records. */
  override get transport(): MaybeSocket {
    return this.#transport.stream;
  }

  // The handshake

  #start(): void {
    const { handshakeTimeout } = this.#settings;
    if (handshakeTimeout > 0) {
      this.#handshakeTimer = setTimeout(() => this.#onHandshakeTimeout(handshakeTimeout), handshakeTimeout);
      this.#handshakeTimer.unref();
    }
    if (this.connecting) {
      this.connecting = false;
      this.refreshIdleTimer();
      this.#events.push(() => {
        this.emit('connect');
        this.emit('ready');
      });
    }
    this.#inConnection = true;
    this.#connection = this.#settings.open(this.#handlers());
    this.#inConnection = false;
    this.#settle();
  }

  #handlers(): ConnectionHandlers {
    return {
      onData: (data) => this.#tell(() => this.#onData(data)),
      onEarlyData: (data) => this.#tell(() => this.#onEarlyData(data)),
      onSession: (session) => this.#tell(() => this.#onSession(session)),
      onEstablished: (established) => this.#tell(() => this.#onEstablished(established)),
      onEnd: () => this.#tell(() => this.#onEnd()),
      onError: (error) => {
        this.#failed = true;
        this.#tell(() => this.#onError(error));
      },
      onOutgoing: () => this.#scheduleSettle(),
      ...(this.listenerCount('trace') > 0 && {
        onTrace: (event) => this.#tell(() => this.emit('trace', event)),
        traceSecrets: this.#settings.traceSecrets === true,
      }),
      ...(this.listenerCount('keylog') > 0 && {
        onKeyLog: (line) => this.#tell(() => this.emit('keylog', Buffer.from(`${line}\n`))),
      }),
    };
  }

  #onEstablished(established: Established): void {
    clearTimeout(this.#handshakeTimer);
    this.secureConnecting = false;
    this.established = established;
    this.verdict = established.peer?.verdict;
    this.authorized = established.peer !== undefined || established.pskIdentity !== undefined;
    this.alpnProtocol = established.applicationProtocol ?? false;
    this.servername = established.serverName ?? false;
    const held = this.#held;
    this.#held = undefined;
    if (this.#handshakeBytes > MAX_HANDSHAKE_BYTES) this.#transport.resume();
    this.emit('secure');
    this.emit('secureConnect');
    held?.();
    for (const data of this.#earlyData.splice(0)) this.#onData(data);
  }

  #onEarlyData(data: Uint8Array): void {
    const { onEarlyData } = this.#settings;
    if (onEarlyData === undefined) this.#earlyData.push(data);
    else onEarlyData(Buffer.from(data.buffer, data.byteOffset, data.length), this);
  }

  #onSession(session: ClientSession): void {
    this.#session = session;
    if (this.listenerCount('session') > 0) this.emit('session', this.getSession());
  }

  #onHandshakeTimeout(milliseconds: number): void {
    const error = new TlsError(
      'ERR_HANDSHAKE_TIMEOUT',
      `the TLS handshake was not complete after ${milliseconds} ms`,
    );
    this.#run((connection) => connection.abort(error));
  }

  #onTransportData(bytes: Uint8Array): void {
    this.refreshIdleTimer();
    if (this.established === undefined) {
      this.#handshakeBytes += bytes.length;
      if (this.#handshakeBytes > MAX_HANDSHAKE_BYTES) this.#transport.pause();
    }
    this.#run((connection) => connection.receive(bytes));
  }

  // From the connection to the application

  /** Calls into the connection, then writes what became outgoing and passes on what it told. */
  #run(action: (connection: SocketConnection) => void, written?: WriteCallback): void {
    if (this.#connection === undefined || this.#failed || this.destroyed) return;
    this.#inConnection = true;
    try {
      action(this.#connection);
    } finally {
      this.#inConnection = false;
    }
    this.#settle(written);
  }

  /** Keeps an event until the connection has returned: listeners may call back into it, destroy it, or throw. */
  #tell(event: () => void): void {
    this.#events.push(event);
    this.#scheduleSettle();
  }

  /** For what the connection does on its own, after a promise. */
  #scheduleSettle(): void {
    if (this.#inConnection || this.#settleScheduled) return;
    this.#settleScheduled = true;
    process.nextTick(() => {
      this.#settleScheduled = false;
      this.#settle();
    });
  }

  #settle(written?: WriteCallback): void {
    if (this.#connection === undefined || this.destroyed) return;
    this.#transport.write(this.#connection.takeOutgoing(), written);
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
        event();
        if (this.destroyed) this.#events.length = 0;
      }
    } finally {
      this.#dispatching = false;
      if (this.#events.length > 0) this.#scheduleSettle();
    }
  }

  #onData(data: Uint8Array): void {
    this.received += data.length;
    if (!this.push(data)) this.#transport.pause();
  }

  #onEnd(): void {
    this.#peerEnded = true;
    this.push(null);
    // Lets 'end' come although nobody reads, as on every net.Socket.
    this.read(0);
    this.#transport.resume();
  }

  #onError(error: TlsError): void {
    this.#alertWritten = error.alert !== null;
    this.verdict ??= error.context.verdict as Verdict | undefined;
    this.authorizationError = nameRefusal(error) ?? null;
    this.destroy(error);
  }

  /** Both sides ended and all data was accepted: all that a late failure can take is our close_notify. */
  get #isOver(): boolean {
    return this.#peerEnded && this.writableEnded && this.writableLength === 0;
  }

  #onTransportError(error: Error): void {
    if (this.#isOver) this.#destroyWhenRead();
    else this.destroy(error);
  }

  #onTransportClosed(): void {
    if (this.destroyed) return;
    if (this.#connection === undefined) {
      this.destroy(new TlsError('ERR_CLOSED', 'the connection was closed before the TLS handshake began'));
      return;
    }
    this.#run((connection) => connection.receiveEnd());
    if (this.destroyed) return;
    if (this.writableLength > 0) {
      this.destroy(new TlsError('ERR_CLOSED', 'the connection was closed before all data was sent'));
    } else {
      this.#destroyWhenRead();
    }
  }

  /** Nothing more comes, but what came may not be read yet. */
  #destroyWhenRead(): void {
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  // The stream

  override _read(): void {
    if (this.established !== undefined) this.#transport.resume();
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, callback: WriteCallback): void {
    this.#begin(callback, () => this.#send(bytesOf(chunk, encoding)));
  }

  override _writev(
    chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[],
    callback: WriteCallback,
  ): void {
    // One buffer, so that small writes share records.
    this.#begin(callback, () =>
      this.#send(concat(...chunks.map(({ chunk, encoding }) => bytesOf(chunk, encoding)))),
    );
  }

  override _final(callback: WriteCallback): void {
    const finish = (error?: Error | null): void => this.#finish(this.#isOver ? null : error);
    this.#begin(callback, () => {
      // A transport that gave up its writing side cannot carry our close_notify; all data before it was accepted.
      if (!this.#transport.writable) finish();
      else {
        this.#run(
          (connection) => connection.close(),
          (error) => (error ? finish(error) : this.#transport.end(finish)),
        );
      }
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.connecting = false;
    this.secureConnecting = false;
    clearTimeout(this.#handshakeTimer);
    this.stopIdleTimer();
    this.#held = undefined;
    this.#finish(
      error ?? new TlsError('ERR_CLOSED', 'the socket was destroyed before the data could be written'),
    );
    callback(error);
    const closed = (): void => {
      this.emit('close', error !== null);
    };
    if (this.#alertWritten) this.#transport.linger(closed);
    else this.#transport.destroy(closed);
  }

  /** Starts a write or the end: now, or when the handshake is complete. */
  #begin(callback: WriteCallback, action: () => void): void {
    this.#pending = callback;
    if (this.established === undefined) this.#held = action;
    else action();
  }

  #finish(error?: Error | null): void {
    const callback = this.#pending;
    this.#pending = undefined;
    callback?.(error);
  }

  #send(data: Uint8Array): void {
    let offset = 0;
    const next = (error?: Error | null): void => {
      this.refreshIdleTimer();
      if (error || offset === data.length) {
        this.#finish(error);
        return;
      }
      const slice = data.subarray(offset, offset + WRITE_SLICE_LENGTH);
      offset += slice.length;
      this.sent += slice.length;
      this.#run((connection) => connection.send(slice), next);
    };
    next();
  }

  // TLS

  /** `TLSv1.3`, or `null` before the handshake is complete. */
  getProtocol(): string | null {
    return this.established?.version ?? null;
  }

  /** The cipher suite by its IANA name; `undefined` before the handshake is complete. */
  getCipher(): { name: string; standardName: string; version: string } | undefined {
    if (this.established === undefined) return undefined;
    const name = cipherSuiteName(this.established.cipherSuite);
    return { name, standardName: name, version: this.established.version };
  }

  /**
   * The ephemeral key of the key exchange, on a client: `ECDH` with the curve as OpenSSL names it, or `DH`; sizes are in
   * bits. `{}` for everything else (see `established`), `null` on a server, as in `node:tls`.
   */
  getEphemeralKeyInfo(): EphemeralKeyInfo | Record<string, never> | null {
    return ephemeralKeyInfo(this.established);
  }

  /** Whether this connection goes on with an earlier session. */
  isSessionReused(): boolean {
    return this.established?.resumed === true;
  }

  /**
   * The latest session, to be given to a later `connect()`; `undefined` while there is none, and on a server. It holds secrets.
   */
  getSession(): Buffer | undefined {
    return this.#session && Buffer.from(encodeClientSession(this.#session));
  }

  /** The peer's certificate as node:crypto's class; `undefined` where it showed none. */
  getPeerX509Certificate(): X509Certificate | undefined {
    return nodeCertificate(this.established?.peer);
  }

  /**
   * The peer's certificate in the shape of `node:tls`, `{}` where it showed none. With `detailed`, `issuerCertificate`
   * links the chain as the peer sent it.
   */
  getPeerCertificate(detailed = false): PeerCertificate | Record<string, never> {
    return legacyCertificate(this.established?.peer, detailed);
  }

  /**
   * Keying material for other protocols (RFC 9846 section 7.5; RFC 5705, for which no context and an empty one are
   * two things).
   * @throws {TlsError} `ERR_CLOSED` before the handshake is complete.
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    const keys = this.#opened().exportKeyingMaterial(label, context, length);
    return Buffer.from(keys.buffer, keys.byteOffset, keys.length);
  }

  /**
   * Changes the keys of our direction (KeyUpdate, RFC 9846 section 4.7.3), and asks the peer to change its own.
   * @throws {TlsError} `ERR_CLOSED` before the handshake is complete, and after `end()`.
   */
  updateKeys(requestPeerUpdate = false): void {
    this.#opened();
    this.#run((connection) => connection.updateKeys(requestPeerUpdate));
  }

  #opened(): SocketConnection {
    if (this.#connection === undefined || this.established === undefined) {
      throw new TlsError('ERR_CLOSED', 'the TLS handshake is not complete: wait for secureConnect');
    }
    return this.#connection;
  }
}

function bytesOf(chunk: Uint8Array | string, encoding: BufferEncoding): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}
