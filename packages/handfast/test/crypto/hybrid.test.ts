/** The hybrid combinator with halves that say what they were given, at once and later. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HybridOrder, hybrid } from '../../src/crypto/hybrid.ts';
import { type Awaitable, isPromise, type KeyExchange } from '../../src/crypto/provider.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { assertBadShare } from './conformance-support.ts';

const { X25519MLKEM768, x25519, MLKEM768 } = NamedGroup;
const [X_CLIENT, X_SERVER] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const [K_CLIENT, K_SERVER] = [new Uint8Array(1184).fill(3), new Uint8Array(1088).fill(4)];
const X_SECRET = new Uint8Array(32).fill(5);
const K_SECRET = new Uint8Array(32).fill(6);

type Timing = <T>(value: T) => Awaitable<T>;
const now: Timing = (value) => value;
const later: Timing = async (value) => {
  await new Promise((resolve) => setImmediate(resolve));
  return value;
};

/** A half with fixed shares, which insists on those of the other side. */
function half(
  group: NamedGroup,
  timing: Timing,
  client: Uint8Array,
  server: Uint8Array,
  secret: Uint8Array,
): KeyExchange {
  return {
    group,
    start: () =>
      timing({
        share: client,
        finish(peerShare: Uint8Array) {
          assert.deepEqual(peerShare, server);
          return timing(secret);
        },
      }),
    respond(peerShare) {
      assert.deepEqual(peerShare, client);
      return timing({ share: server, secret });
    },
  };
}

const curve = (timing: Timing) => half(x25519, timing, X_CLIENT, X_SERVER, X_SECRET);
const kem = (timing: Timing) => half(MLKEM768, timing, K_CLIENT, K_SERVER, K_SECRET);
const ORDERS: readonly HybridOrder[] = ['kem-first', 'classical-first'];
const TIMINGS: readonly (readonly [string, Timing, Timing])[] = [
  ['at once', now, now],
  ['the curve later', later, now],
  ['ML-KEM later', now, later],
  ['both later', later, later],
];

for (const order of ORDERS) {
  const inOrder = (x: Uint8Array, k: Uint8Array) => (order === 'kem-first' ? concat(k, x) : concat(x, k));
  for (const [what, x, k] of TIMINGS) {
    test(`${order}, ${what}: shares and secret are the halves' in one order`, async () => {
      const exchange = hybrid(X25519MLKEM768, curve(x), kem(k), order);
      assert.equal(exchange.group, X25519MLKEM768);
      const starting = exchange.start();
      const responding = exchange.respond(inOrder(X_CLIENT, K_CLIENT));
      assert.equal(isPromise(starting), x === later || k === later);
      assert.equal(isPromise(responding), x === later || k === later);

      const offer = await starting;
      assert.deepEqual(offer.share, inOrder(X_CLIENT, K_CLIENT));
      assert.deepEqual(await offer.finish(inOrder(X_SERVER, K_SERVER)), inOrder(X_SECRET, K_SECRET));
      assert.deepEqual(await responding, {
        share: inOrder(X_SERVER, K_SERVER),
        secret: inOrder(X_SECRET, K_SECRET),
      });

      assert.equal(offer.component?.group, x25519);
      assert.deepEqual(offer.component?.offer.share, X_CLIENT);
      assert.deepEqual(await offer.component?.offer.finish(X_SERVER), X_SECRET);
    });
  }

  test(`${order}: shares of another length are refused before either half sees them`, async () => {
    const never: KeyExchange['respond'] = () => assert.fail('a half was asked');
    const exchange = hybrid(
      X25519MLKEM768,
      { ...curve(now), respond: never },
      { ...kem(now), respond: never },
      order,
    );
    const offer = await exchange.start();
    for (const length of [0, 32, 1088, 1119, 1120, 1184, 1215, 1217]) {
      await assertBadShare(`${length}, respond`, () => exchange.respond(new Uint8Array(length)));
      if (length === 1120) continue;
      await assertBadShare(`${length}, finish`, () => offer.finish(new Uint8Array(length)));
    }
  });
}

test('what either half refuses, the hybrid refuses; no failure is left unheard', {
  timeout: 10_000,
}, async () => {
  const refusal = (name: string) => new TlsError('ERR_BAD_KEY_SHARE', name);
  const unheard: unknown[] = [];
  const listen = (reason: unknown) => unheard.push(reason);
  process.on('unhandledRejection', listen);
  try {
    const failing = (exchange: KeyExchange, how: 'throws' | 'rejects'): KeyExchange => {
      const fail = (): never | Promise<never> => {
        if (how === 'throws') throw refusal(String(exchange.group));
        return Promise.reject(refusal(String(exchange.group)));
      };
      return { ...exchange, start: fail, respond: fail };
    };
    const variants = (exchange: (timing: Timing) => KeyExchange): KeyExchange[] => [
      exchange(now),
      exchange(later),
      failing(exchange(now), 'throws'),
      failing(exchange(now), 'rejects'),
    ];
    for (const [i, x] of variants(curve).entries()) {
      for (const [j, k] of variants(kem).entries()) {
        if (i < 2 && j < 2) continue;
        for (const order of ORDERS) {
          const exchange = hybrid(X25519MLKEM768, x, k, order);
          await assertBadShare(`start ${i} ${j}`, () => exchange.start());
          const share = order === 'kem-first' ? concat(K_CLIENT, X_CLIENT) : concat(X_CLIENT, K_CLIENT);
          await assertBadShare(`respond ${i} ${j}`, () => exchange.respond(share));
        }
      }
    }
    await later(undefined);
    await later(undefined);
  } finally {
    process.off('unhandledRejection', listen);
  }
  assert.deepEqual(unheard, []);
});

test('only groups whose shares have a known length can be halves', () => {
  const other = half(NamedGroup.x448, now, X_CLIENT, X_SERVER, X_SECRET);
  assert.throws(() => hybrid(X25519MLKEM768, other, kem(now), 'kem-first'), RangeError);
});
