/** How a key calls the crypto provider: with borrowed memory, at once or late, and with its failures told from the peer's. */
import { type Awaitable, isPromise } from '../crypto/provider.ts';
import { TlsError } from '../wire/errors.ts';

/**
 * Where the plaintext of a record is put together: one array for all keys, since allocating 16 KiB for each
 * record costs a fifth of sealing it. It is away while a provider reads it, for good if that takes a promise.
 */
let workspace: Uint8Array | undefined;

/** An array of at least this length. */
export function takeWorkspace(length: number): Uint8Array {
  const space = workspace;
  workspace = undefined;
  return space !== undefined && space.length >= length ? space : new Uint8Array(length);
}

/** Gives it back, once nobody reads it any more. */
export function returnWorkspace(space: Uint8Array): void {
  workspace = space;
}

/** What the provider throws or rejects with, as the connection's failure. */
function brokenProvider(operation: string, cause: unknown): TlsError {
  return new TlsError(
    'ERR_INTERNAL',
    `the crypto provider could not ${operation} a record: ${cause}`,
    {},
    { cause },
  );
}

/** Calls the provider; what it throws or rejects with becomes `ERR_INTERNAL`. `use` runs at once where the value is there. */
export function ask<T, U>(operation: string, call: () => Awaitable<T>, use: (value: T) => U): Awaitable<U> {
  let answer: Awaitable<T>;
  try {
    answer = call();
  } catch (cause) {
    throw brokenProvider(operation, cause);
  }
  if (!isPromise(answer)) return use(answer);
  // Only a genuine promise is sure to settle once; a provider may answer with any object that has a `then`.
  return Promise.resolve(answer).then(use, (cause) => {
    throw brokenProvider(operation, cause);
  });
}
