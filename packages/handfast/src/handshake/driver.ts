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

/** The value of `operation`, or `undefined` where it throws or rejects: what a store lacks, a full handshake makes up for. */
export function* quietly<T>(operation: () => Awaitable<T>): Handshake<T | undefined> {
  try {
    return yield* settled(operation());
  } catch {
    return undefined;
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
  readonly #callbacks: DriverCallbacks<T>;
  /** Gone once the coroutine has ended, and with it the secrets that it holds. */
  #handshake: Handshake<T> | undefined;
  #wantsMessage = false;

  constructor(handshake: Handshake<T>, callbacks: DriverCallbacks<T>) {
    this.#handshake = handshake;
    this.#callbacks = callbacks;
  }

  /** Whether {@link deliver} may be called now. */
  get wantsMessage(): boolean {
    return this.#wantsMessage;
  }

  /** Runs up to the first wait. */
  start(): void {
    this.#run((handshake) => handshake.next());
  }

  deliver(message: HandshakeMessage): void {
    this.#run((handshake) => handshake.next(message));
  }

  /** Ends the coroutine wherever it is, also from inside; neither callback is called afterwards. */
  stop(): void {
    this.#handshake = undefined;
    this.#wantsMessage = false;
  }

  #run(step: (handshake: Handshake<T>) => IteratorResult<Wait, T>): void {
    if (this.#handshake === undefined) return;
    this.#wantsMessage = false;
    let result: IteratorResult<Wait, T>;
    try {
      result = step(this.#handshake);
    } catch (error) {
      this.#end(() => this.#callbacks.onError(error));
      return;
    }
    if (result.done) {
      const { value } = result;
      this.#end(() => this.#callbacks.onDone(value));
    } else if (this.#handshake !== undefined) this.#wait(result.value);
  }

  #end(tell: () => void): void {
    const wasStopped = this.#handshake === undefined;
    this.stop();
    if (!wasStopped) tell();
  }

  #wait(wait: Wait): void {
    if (wait === NEXT_MESSAGE) {
      this.#wantsMessage = true;
      return;
    }
    const resume = (step: (handshake: Handshake<T>) => IteratorResult<Wait, T>): void => {
      this.#run(step);
      if (this.#wantsMessage) this.#callbacks.onWantsMessage();
    };
    // Only a genuine promise is sure to settle once; what a caller handed in may be any object with a `then`.
    Promise.resolve(wait).then(
      (value) => resume((handshake) => handshake.next(value)),
      (error: unknown) => resume((handshake) => handshake.throw(error)),
    );
  }
}
