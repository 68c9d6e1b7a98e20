/** The byte stream below a TLS connection: any `Duplex`, most often a TCP socket. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConfigError } from '../wire/errors.ts';
import { LINGER_TIMEOUT } from './limits.ts';

export type WriteCallback = (error?: Error | null) => void;

/** What a transport tells its owner. After `close` nothing follows. */
export interface TransportListener {
  /** The stream can carry bytes; called once, never inside the constructor. */
  ready(): void;
  data(bytes: Uint8Array): void;
  end(): void;
  error(error: Error): void;
  close(): void;
}

/** The members of `net.Socket` that other streams may lack. */
export type MaybeSocket = Duplex & Partial<Omit<Socket, keyof Duplex>>;

/** How TLS wants its TCP connections. */
export function tcpOptions({ noDelay }: { readonly noDelay?: boolean | undefined }): {
  readonly noDelay: boolean;
  readonly allowHalfOpen: boolean;
} {
  return {
    // TLS writes whole flights and records: to wait for more (Nagle) costs up to 40 ms after each handshake.
    noDelay: noDelay ?? true,
    // Each direction ends by its own close_notify: ours must outlive the peer's.
    allowHalfOpen: true,
  };
}

export class Transport {
  readonly stream: MaybeSocket;
  #listener: TransportListener | undefined;
  #closed = false;
  #onClosed: (() => void) | undefined;

  constructor(stream: Duplex, listener: TransportListener) {
    this.stream = stream;
    this.#listener = listener;
    this.#closed = stream.closed;
    stream.on('error', (error) => this.#listener?.error(error));
    stream.on('close', () => {
      this.#closed = true;
      this.#listener?.close();
      this.#onClosed?.();
    });
    if (this.connecting) stream.once('connect', () => this.#start());
    else process.nextTick(() => this.#start());
  }

  get connecting(): boolean {
    return this.stream.connecting === true;
  }

  /** Whether bytes can still be written. */
  get writable(): boolean {
    return this.stream.writable;
  }

  #start(): void {
    if (this.#listener === undefined) return;
    this.#listener.ready();
    this.stream.on('data', (chunk: unknown) => this.#onData(chunk));
    this.stream.on('end', () => this.#listener?.end());
    if (this.stream.closed) this.#listener.close();
    else if (this.stream.readableEnded) this.#listener.end();
    else this.stream.resume();
  }

  #onData(chunk: unknown): void {
    if (chunk instanceof Uint8Array) this.#listener?.data(chunk);
    else {
      const found = typeof chunk === 'string' ? 'text (was setEncoding called on it?)' : typeof chunk;
      const message = `socket: expected a stream of bytes, found one of ${found}`;
      this.#listener?.error(new ConfigError('socket', message));
    }
  }

  /** Writes all chunks at once where the stream can; `written` is called when it has accepted them. */
  write(chunks: readonly Uint8Array[], written?: WriteCallback): void {
    const last = chunks.length - 1;
    if (last < 0) {
      if (written !== undefined) process.nextTick(written);
      return;
    }
    this.stream.cork();
    chunks.forEach((chunk, i) => {
      this.stream.write(chunk, i === last ? written : undefined);
    });
    this.stream.uncork();
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** No more bytes will be written; `ended` is called when all were accepted. */
  end(ended: WriteCallback): void {
    this.stream.end(ended);
  }

  /** Closes at once; bytes that were not yet accepted are lost. The listener hears nothing more. */
  destroy(closed: () => void): void {
    this.#listener = undefined;
    this.#whenClosed(closed);
    this.stream.destroy();
  }

  /**
   * Delivers what was written (a fatal alert), then closes: reads and drops what still comes until the peer closes
   * too, for `LINGER_TIMEOUT` at most. The listener hears nothing more.
   */
  linger(closed: () => void): void {
    if (!this.stream.writable) {
      this.destroy(closed);
      return;
    }
    this.#listener = undefined;
    const timer = setTimeout(() => this.stream.destroy(), LINGER_TIMEOUT);
    timer.unref();
    this.#whenClosed(() => {
      clearTimeout(timer);
      closed();
    });
    const finish = (): void => {
      this.stream.end(() => this.stream.destroy());
    };
    if (this.stream.readable) {
      this.stream.end();
      this.stream.on('end', finish);
      this.stream.resume();
    } else {
      finish();
    }
  }

  #whenClosed(closed: () => void): void {
    // The tick lets an 'error' event that is already due come before 'close'.
    const later = (): void => process.nextTick(closed);
    if (this.#closed) later();
    else this.#onClosed = later;
  }
}
