/** Promises that settle when the test says so, in the order that it says: a provider, keys and verifiers that take their time. */
import {
  type CryptoProvider,
  isPromise,
  type KeyExchange,
  type SigningKey,
} from '../../src/crypto/provider.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';

/** Operations that were asked for and not answered yet. */
export class Later {
  readonly #pending: (() => void)[] = [];

  get size(): number {
    return this.#pending.length;
  }

  /** The outcome of `operation`, which runs when it is released. */
  run<T>(operation: () => T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.push(() => {
        try {
          resolve(operation());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Answers the operation at `index` of those that wait. */
  release(index: number): void {
    const [operation] = this.#pending.splice(index, 1);
    if (operation === undefined) throw new Error('nothing is under way: the connection has stalled');
    operation();
  }
}

/** Which operations of a provider answer late. */
export interface Lateness {
  readonly aead?: boolean;
  readonly groups?: boolean;
  readonly verify?: boolean;
}

/** The same provider, with late answers. */
export function lateProvider(provider: CryptoProvider, later: Later, late: Lateness): CryptoProvider {
  const lateGroup = (exchange: KeyExchange): KeyExchange => ({
    group: exchange.group,
    start: () =>
      later.run(() => {
        const offer = exchange.start();
        if (isPromise(offer)) throw new Error('expected a provider that answers at once');
        return { share: offer.share, finish: (share) => later.run(() => offer.finish(share)) };
      }),
    respond: (share) => later.run(() => exchange.respond(share)),
  });
  return {
    ...provider,
    ...(late.aead && {
      aead: (name, key) => {
        const aead = provider.aead(name, key);
        return {
          seal: (nonce, additionalData, plaintext) =>
            later.run(() => aead.seal(nonce, additionalData, plaintext)),
          open: (nonce, additionalData, ciphertext) =>
            later.run(() => aead.open(nonce, additionalData, ciphertext)),
        };
      },
    }),
    ...(late.groups && {
      groups: new Map(Array.from(provider.groups, ([group, exchange]) => [group, lateGroup(exchange)])),
    }),
    ...(late.verify && { verify: (...question) => later.run(() => provider.verify(...question)) }),
  };
}

/** The same key, as a KMS would hold it: it signs late, and its public half is not known here. */
export function lateKey({ schemes, ...key }: SigningKey, later: Later): SigningKey {
  return { schemes, sign: (scheme, message) => later.run(() => key.sign(scheme, message)) };
}

export function lateVerifier(verifier: PeerVerifier, later: Later): PeerVerifier {
  return { ...verifier, verify: (request) => later.run(() => verifier.verify(request)) };
}
