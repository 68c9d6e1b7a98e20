/**
 * Runs a handshake coroutine. It resumes the coroutine at once when a value is there, and after the promise
 * otherwise, so one straight-line text serves synchronous and asynchronous providers.
 */
import { type Awaitable, isPromise } from '../crypto/provider.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import { TlsError } from '../wire/errors.ts';

/** What a coroutine yields to be given the next handshake message. */
export const NEXT_MESSAGE: unique symbol = Symbol('next message');

/** Where a coroutine can stop: for the next message, or for a value that is not there yet. */
export type Wait = typeof NEXT_MESSAGE | PromiseLike<unknown>;

/** A handshake, or a part of one; what `yield` answers depends on what was yielded. */
export type Handshake<T> = Generator<Wait, T, unknown>;

/** The value, waited for only if it is a promise. */
export function* settled<T>(value: Awaitable<T>): Handshake<T> {
  return isPromise(value) ? ((yield value) as T) : value;
}

/**
 * The value of `operation`, with whatever it throws or rejects with turned into a {@link TlsError}:
 * it runs code of the caller's.
 */
export function* guarded<T>(
  operation: () => Awaitable<T>,
  code: 'ERR_INTERNAL' | 'ERR_SIGNING_FAILED',
  what: string,
): Handshake<T> {
  try {
    return yield* settled(operation());
  } catch (error) {
    if (error instanceof TlsError) throw error;
    throw new TlsError(
      code,
      `${what} failed: ${error instanceof Error ? error.message : String(error)}`,
      {},
      { cause: error },
    );
  }
}

/** How a driver tells what became of its coroutine. */
export interface DriverCallbacks<T> {
  readonly onDone: (result: T) => void;
  readonly onError: (error: unknown) => void;
  /** After a promise, the coroutine went on and now wants a message, which may have arrived in the meantime. */
  readonly onWantsMessage: () => void;
}

/** One running handshake. */
export class HandshakeDriver<T> {
  readonly #handshake: Handshake<T>;
  readonly #callbacks: DriverCallbacks<T>;
  #state: 'running' | 'wants message' | 'wants promise' | 'ended' = 'running';

  constructor(handshake: Handshake<T>, callbacks: DriverCallbacks<T>) {
    this.#handshake = handshake;
    this.#callbacks = callbacks;
  }

  /** Whether {@link deliver} may be called now. */
  get wantsMessage(): boolean {
    return this.#state === 'wants message';
  }

  /** Runs up to the first wait. */
  start(): void {
    this.#run(() => this.#handshake.next());
  }

  deliver(message: HandshakeMessage): void {
    this.#run(() => this.#handshake.next(message));
  }

  /** Ends the coroutine wherever it is; neither callback is called afterwards. */
  stop(): void {
    this.#state = 'ended';
  }

  #run(step: () => IteratorResult<Wait, T>): void {
    this.#state = 'running';
    let result: IteratorResult<Wait, T>;
    try {
      result = step();
    } catch (error) {
      this.#state = 'ended';
      this.#callbacks.onError(error);
      return;
    }
    if (result.done) {
      this.#state = 'ended';
      this.#callbacks.onDone(result.value);
    } else if (result.value === NEXT_MESSAGE) {
      this.#state = 'wants message';
    } else {
      this.#state = 'wants promise';
      result.value.then(
        (value) => this.#resume(() => this.#handshake.next(value)),
        (error: unknown) => this.#resume(() => this.#handshake.throw(error)),
      );
    }
  }

  #resume(step: () => IteratorResult<Wait, T>): void {
    if (this.#state === 'ended') return;
    this.#run(step);
    if (this.wantsMessage) this.#callbacks.onWantsMessage();
  }
}
