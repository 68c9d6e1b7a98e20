/** A `net.Socket` without a handle: what Node asks the handle for is answered from the stream below. */
import { type AddressInfo, Socket } from 'node:net';
import { TlsError } from '../wire/errors.ts';
import { MAX_MILLISECONDS } from './limits.ts';
import type { MaybeSocket } from './transport.ts';

const TRANSPORT_ACCESSORS = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
] as const;

/**
 * The shape that Node's own modules and most packages accept. Derived classes move the bytes (`_read`, `_write`,
 * `_final`, `_destroy`) and count them.
 */
export abstract class HandlelessSocket extends Socket {
  /** Whether the transport is still being connected. */
  declare connecting: boolean;
  /** The idle timeout in milliseconds, as `setTimeout` set it. */
  declare timeout?: number;
  /** Bytes that the application received. */
  protected received = 0;
  /** Bytes of the application that left the stream's own buffer. */
  protected sent = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  // Accessors of net.Socket that its type declares as fields, which no class may override by accessors.
  static {
    const accessor = (name: string, get: (socket: HandlelessSocket) => unknown): void => {
      Object.defineProperty(HandlelessSocket.prototype, name, {
        configurable: true,
        get(this: HandlelessSocket) {
          return get(this);
        },
      });
    };
    accessor('bytesRead', (socket) => socket.received);
    accessor('bytesWritten', (socket) => socket.sent);
    accessor('pending', (socket) => socket.connecting);
    for (const name of TRANSPORT_ACCESSORS) accessor(name, (socket) => socket.transport[name]);
  }

  /** The stream below. */
  abstract get transport(): MaybeSocket;

  /**
   * Emits `timeout` when nothing was sent or received for so long; 0 switches it off. The timer does not keep the
   * process alive.
   * @throws {RangeError} when `milliseconds` is not a number from 0 on.
   */
  override setTimeout(milliseconds: number, callback?: () => void): this {
    if (!Number.isFinite(milliseconds) || milliseconds < 0) {
      throw new RangeError(`setTimeout: expected milliseconds from 0 on, found ${String(milliseconds)}`);
    }
    if (this.destroyed) return this;
    this.timeout = milliseconds;
    this.stopIdleTimer();
    if (milliseconds === 0) {
      if (callback !== undefined) this.removeListener('timeout', callback);
      return this;
    }
    this.#idleTimer = setTimeout(() => this.emit('timeout'), Math.min(milliseconds, MAX_MILLISECONDS));
    this.#idleTimer.unref();
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  /** There was traffic: the idle timeout begins anew. */
  protected refreshIdleTimer(): void {
    this.#idleTimer?.refresh();
  }

  protected stopIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  override setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.transport.setKeepAlive?.(enable, initialDelay);
    return this;
  }

  override setNoDelay(noDelay?: boolean): this {
    this.transport.setNoDelay?.(noDelay);
    return this;
  }

  override ref(): this {
    this.transport.ref?.();
    return this;
  }

  override unref(): this {
    this.transport.unref?.();
    return this;
  }

  override address(): AddressInfo | Record<string, never> {
    return this.transport.address?.() ?? {};
  }

  override resetAndDestroy(): this {
    this.transport.resetAndDestroy?.();
    return this.destroy();
  }

  /** @throws {TlsError} `ERR_CLOSED` always: the socket has its transport from the start. */
  override connect(): this {
    throw new TlsError(
      'ERR_CLOSED',
      'a TLSSocket cannot be connected again: call connect() of handfast/node',
    );
  }
}
