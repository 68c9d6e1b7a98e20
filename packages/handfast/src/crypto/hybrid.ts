/** Hybrid key exchange (RFC 10024): a curve and ML-KEM together, safe while either of them is. */
import { concat } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { groupName, NamedGroup } from '../wire/registry.ts';
import { ML_KEM } from './ml-kem.ts';
import { type Awaitable, isPromise, type KeyExchange } from './provider.ts';

/** Which half comes first, in shares and in the secret. */
export type HybridOrder = 'classical-first' | 'kem-first';

/** What a hybrid is made of. */
export interface HybridDefinition {
  readonly classical: NamedGroup;
  readonly kem: NamedGroup;
  readonly order: HybridOrder;
}

/** The hybrids of RFC 10024, best first. Their names say nothing of the order. */
export const HYBRIDS: ReadonlyMap<NamedGroup, HybridDefinition> = new Map([
  [NamedGroup.X25519MLKEM768, { classical: NamedGroup.x25519, kem: NamedGroup.MLKEM768, order: 'kem-first' }],
  [
    NamedGroup.SecP256r1MLKEM768,
    { classical: NamedGroup.secp256r1, kem: NamedGroup.MLKEM768, order: 'classical-first' },
  ],
  [
    NamedGroup.SecP384r1MLKEM1024,
    { classical: NamedGroup.secp384r1, kem: NamedGroup.MLKEM1024, order: 'classical-first' },
  ],
]);

/** Bytes of a share on the curves that hybrids use, the same in both directions. */
const POINT_LENGTH: ReadonlyMap<NamedGroup, number> = new Map([
  [NamedGroup.x25519, 32],
  [NamedGroup.secp256r1, 65],
  [NamedGroup.secp384r1, 97],
]);

/** Asks both, the second even while the first is under way, and joins what they answer: at once where both do. */
function both<A, B, T>(
  first: () => Awaitable<A>,
  second: () => Awaitable<B>,
  join: (a: A, b: B) => T,
): Awaitable<T> {
  const a = first();
  if (!isPromise(a)) {
    const b = second();
    return isPromise(b) ? Promise.resolve(b).then((value) => join(a, value)) : join(a, b);
  }
  // What the second throws must not leave the first without anyone who hears of its failure.
  const b = new Promise<B>((resolve) => resolve(second()));
  return Promise.all([Promise.resolve(a), b]).then(([valueA, valueB]) => join(valueA, valueB));
}

/** Bytes of a half's share from the client or the server. */
function shareLength(half: KeyExchange, sender: 'client' | 'server'): number {
  const set = ML_KEM.get(half.group);
  const length =
    POINT_LENGTH.get(half.group) ?? (sender === 'client' ? set?.encapsulationKey : set?.ciphertext);
  if (length === undefined) throw new RangeError(`${groupName(half.group)} is no half of a hybrid`);
  return length;
}

/**
 * Two exchanges as one: shares and secrets are those of the halves, one after the other in the same order. The client's
 * offer has the classical half as its `component`.
 */
export function hybrid(
  group: NamedGroup,
  classical: KeyExchange,
  kem: KeyExchange,
  order: HybridOrder,
): KeyExchange {
  const [first, second] = order === 'kem-first' ? [kem, classical] : [classical, kem];
  const lengths = {
    client: [shareLength(first, 'client'), shareLength(second, 'client')],
    server: [shareLength(first, 'server'), shareLength(second, 'server')],
  } as const;

  const split = (share: Uint8Array, sender: 'client' | 'server'): [Uint8Array, Uint8Array] => {
    const [a, b] = lengths[sender];
    if (share.length !== a + b) {
      const name = groupName(group);
      throw new TlsError(
        'ERR_BAD_KEY_SHARE',
        `expected ${a + b} bytes as the ${name} key share of the ${sender}, found ${share.length}`,
        { group: name, length: share.length },
      );
    }
    return [share.subarray(0, a), share.subarray(a)];
  };

  return {
    group,
    start: () =>
      both(
        () => first.start(),
        () => second.start(),
        (a, b) => ({
          share: concat(a.share, b.share),
          finish(peerShare) {
            const [shareA, shareB] = split(peerShare, 'server');
            return both(
              () => a.finish(shareA),
              () => b.finish(shareB),
              concat,
            );
          },
          component: { group: classical.group, offer: first === classical ? a : b },
        }),
      ),
    respond(peerShare) {
      const [shareA, shareB] = split(peerShare, 'client');
      return both(
        () => first.respond(shareA),
        () => second.respond(shareB),
        (a, b) => ({ share: concat(a.share, b.share), secret: concat(a.secret, b.secret) }),
      );
    },
  };
}
