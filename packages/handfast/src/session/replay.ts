/** Early data is taken once: ClientHellos that were seen are recorded (RFC 9846 section 8.2). */
import type { Awaitable } from '../crypto/provider.ts';
import { requireWithin } from '../policy/option-checks.ts';
import { DEFAULT_RECORDED_HELLOS, EARLY_DATA_WINDOW } from './limits.ts';

/** Knows the ClientHellos whose early data was taken, on this server or on all that share their ticket keys. */
export interface ReplayGuard {
  /**
   * Whether this ClientHello is seen for the first time, which is true once at most. Early data waits for the answer; a
   * rejected promise or a throw counts as "seen", and the handshake goes on without it.
   * @param key 32 bytes: a hash of the binder that was checked.
   * @param expiresAt from when on its ticket's age alone tells that it is too old, in milliseconds since 1970: the
   * expected_arrival_time of RFC 9846 section 8.3 plus `EARLY_DATA_WINDOW`. The record may be dropped after that.
   * @param now milliseconds since 1970.
   */
  isNew(key: Uint8Array, expiresAt: number, now: number): Awaitable<boolean>;
}

export interface MemoryReplayGuardOptions {
  /**
   * When the guard began to watch, in milliseconds since 1970: ClientHellos that may have come before are refused, since an
   * earlier process may have taken them (RFC 9846 section 8.2).
   */
  readonly startedAt: number;
  /**
   * How long before its `expiresAt` a ClientHello may come at the earliest, in milliseconds; sooner it is refused. Default:
   * twice `EARLY_DATA_WINDOW`, as its expected time lies in the middle.
   */
  readonly window?: number;
  /** Default: 100,000. */
  readonly maxEntries?: number;
}

const KEY_LENGTH = 32;

interface Recorded {
  readonly key: string;
  readonly expiresAt: number;
}

/**
 * A record of ClientHellos in memory, for one process. It forgets nothing that could come again: when it is full, early data
 * is refused until records expire. Whatever the clock does meanwhile, it takes no ClientHello twice. It works when it is
 * asked, and needs no timer.
 *
 * It knows nothing of other processes: where several open the same tickets, early data could be taken once by each.
 */
export class MemoryReplayGuard implements ReplayGuard {
  readonly #startedAt: number;
  readonly #window: number;
  readonly #maxEntries: number;
  readonly #keys = new Set<string>();
  /** A binary heap: the first expires first. */
  readonly #heap: Recorded[] = [];
  /** The latest `expiresAt` of what was dropped. A clock that goes back makes no room for what expires before. */
  #forgottenUntil = Number.NEGATIVE_INFINITY;

  /** @throws {ConfigError} when an option is not a whole number in its range. */
  constructor({
    startedAt,
    window = 2 * EARLY_DATA_WINDOW,
    maxEntries = DEFAULT_RECORDED_HELLOS,
  }: MemoryReplayGuardOptions) {
    requireWithin('startedAt', startedAt, 0, Number.MAX_SAFE_INTEGER);
    requireWithin('window', window, 1, Number.MAX_SAFE_INTEGER);
    requireWithin('maxEntries', maxEntries, 1, Number.MAX_SAFE_INTEGER);
    this.#startedAt = startedAt;
    this.#window = window;
    this.#maxEntries = maxEntries;
  }

  /** How many ClientHellos are recorded; expired ones count until they are dropped. */
  get size(): number {
    return this.#keys.size;
  }

  /** @throws {RangeError} when `key` is not 32 bytes. */
  isNew(key: Uint8Array, expiresAt: number, now: number): boolean {
    if (key.length !== KEY_LENGTH) {
      throw new RangeError(`expected a key of ${KEY_LENGTH} bytes, found ${key.length}`);
    }
    this.#dropExpired(now);
    const text = String.fromCharCode(...key);
    const from = expiresAt - this.#window;
    const isInTime = Number.isFinite(now) && from <= now && now <= expiresAt;
    const couldBeNew = isInTime && from > this.#startedAt && expiresAt > this.#forgottenUntil;
    if (!couldBeNew || this.#keys.has(text) || this.#heap.length >= this.#maxEntries) return false;
    this.#keys.add(text);
    this.#push({ key: text, expiresAt });
    return true;
  }

  #dropExpired(now: number): void {
    for (let [first] = this.#heap; first !== undefined && first.expiresAt < now; [first] = this.#heap) {
      this.#forgottenUntil = Math.max(this.#forgottenUntil, first.expiresAt);
      this.#keys.delete(first.key);
      this.#removeFirst();
    }
  }

  #push(recorded: Recorded): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(recorded);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Recorded;
      if (parent.expiresAt <= recorded.expiresAt) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = recorded;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    if (moved === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      if (child === undefined) break;
      const other = heap[below + 1];
      if (other !== undefined && other.expiresAt < child.expiresAt) {
        child = other;
        below++;
      }
      if (child.expiresAt >= moved.expiresAt) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = moved;
  }
}
