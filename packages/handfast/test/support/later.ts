/** Promises that settle when the test says so, in the order that it says: a provider, keys and verifiers that take their time. */
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  type CryptoProvider,
  isPromise,
  type KeyExchange,
  type SigningKey,
} from '../../src/crypto/provider.ts';
import type { ClientOptions } from '../../src/handshake/config.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';
import { accepting, withKey } from './identities.ts';
import type { PairOptions } from './pair.ts';

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
  /** Finite fields and RSA encryption of TLS 1.2. */
  readonly older?: boolean;
  readonly verify?: boolean;
}

/** The same provider, with late answers. */
export function lateProvider(provider: CryptoProvider, later: Later, late: Lateness): CryptoProvider {
  const lateExchange = (exchange: Pick<KeyExchange, 'start' | 'respond'>) => ({
    start: () =>
      later.run(() => {
        const offer = exchange.start();
        if (isPromise(offer)) throw new Error('expected a provider that answers at once');
        return { share: offer.share, finish: (share: Uint8Array) => later.run(() => offer.finish(share)) };
      }),
    respond: (share: Uint8Array) => later.run(() => exchange.respond(share)),
  });
  const lateGroup = (exchange: KeyExchange): KeyExchange => ({
    group: exchange.group,
    ...lateExchange(exchange),
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
    ...(late.older && {
      finiteField: (prime, generator) => lateExchange(provider.finiteField(prime, generator)),
      rsaEncrypt: (key, message) => later.run(() => provider.rsaEncrypt(key, message)),
    }),
    ...(late.verify && { verify: (...question) => later.run(() => provider.verify(...question)) }),
  };
}

/** The same key, as a KMS would hold it: it signs and decrypts late, and its public half is not known here. */
export function lateKey({ schemes, ...key }: SigningKey, later: Later): SigningKey {
  const { rsaDecryptRaw } = key;
  return {
    schemes,
    sign: (scheme, message) => later.run(() => key.sign(scheme, message)),
    ...(rsaDecryptRaw && {
      rsaDecryptRaw: (ciphertext) => later.run(() => rsaDecryptRaw.call(key, ciphertext)),
    }),
  };
}

export function lateVerifier(verifier: PeerVerifier, later: Later): PeerVerifier {
  return { ...verifier, verify: (request) => later.run(() => verifier.verify(request)) };
}

/** What an endpoint has of things that can answer late. */
type Lateable = Pick<ClientOptions, 'provider' | 'verifier' | 'identities'>;

/** Both sides with everything that can answer late. */
export function lateSides({ client, server, ...rest }: PairOptions, later: Later): PairOptions {
  return {
    ...rest,
    client: { ...client, ...lateParts(client, later) },
    server: { ...server, ...lateParts(server, later) },
  };
}

function lateParts(options: Partial<Lateable> = {}, later: Later): Lateable {
  const { provider = nodeProvider, verifier = accepting, identities = [] } = options;
  return {
    provider: lateProvider(provider, later, { aead: true, groups: true, older: true, verify: true }),
    verifier: lateVerifier(verifier, later),
    identities: identities.map((identity) => withKey(identity, (key) => lateKey(key, later))),
  };
}
