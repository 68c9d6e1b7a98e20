/** What every provider's groups must do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffdheParameters, groupKind } from '../../src/crypto/groups.ts';
import { HYBRIDS } from '../../src/crypto/hybrid.ts';
import type { CryptoProvider, KeyExchange } from '../../src/crypto/provider.ts';
import { concat, EMPTY, toHex } from '../../src/wire/bytes.ts';
import { groupName, NamedGroup } from '../../src/wire/registry.ts';
import { assertBadShare, assertPlain, flipped } from './conformance-support.ts';

type Sender = 'client' | 'server';

/** Bytes of the client's share, the server's, and the secret. */
const LENGTHS: ReadonlyMap<NamedGroup, readonly [client: number, server: number, secret: number]> = new Map([
  [NamedGroup.x25519, [32, 32, 32]],
  [NamedGroup.x448, [56, 56, 56]],
  [NamedGroup.secp256r1, [65, 65, 32]],
  [NamedGroup.secp384r1, [97, 97, 48]],
  [NamedGroup.secp521r1, [133, 133, 66]],
  [NamedGroup.ffdhe2048, [256, 256, 256]],
  [NamedGroup.ffdhe3072, [384, 384, 384]],
  [NamedGroup.ffdhe4096, [512, 512, 512]],
  [NamedGroup.ffdhe6144, [768, 768, 768]],
  [NamedGroup.ffdhe8192, [1024, 1024, 1024]],
  [NamedGroup.MLKEM768, [1184, 1088, 32]],
  [NamedGroup.MLKEM1024, [1568, 1568, 32]],
  [NamedGroup.X25519MLKEM768, [1216, 1120, 64]],
  [NamedGroup.SecP256r1MLKEM768, [1249, 1153, 64]],
  [NamedGroup.SecP384r1MLKEM1024, [1665, 1665, 80]],
]);

/** Shares that must be refused, by what is wrong with them. */
type Shares = ReadonlyMap<string, Uint8Array>;

/** Points of small order (RFC 7748 section 7): 0, 1, p - 1, p and p + 1. */
function badMontgomery(group: NamedGroup, length: number): Shares {
  const zeros = new Uint8Array(length);
  const one = zeros.slice();
  one[0] = 1;
  const prime = new Uint8Array(length).fill(0xff);
  if (group === NamedGroup.x25519) {
    prime[31] = 0x7f;
    prime[0] = 0xed;
  } else prime[28] = 0xfe;
  const beside = (step: number) => prime.map((byte, i) => (i === 0 ? byte + step : byte));
  const shares = new Map([
    ['zeros', zeros],
    ['1', one],
    ['p', prime],
    ['p - 1', beside(-1)],
  ]);
  return group === NamedGroup.x25519 ? shares.set('p + 1', beside(1)) : shares;
}

function badPoints(good: Uint8Array): Shares {
  const size = (good.length - 1) / 2;
  const odd = ((good.at(-1) ?? 0) & 1) === 1;
  return new Map([
    ['zeros', new Uint8Array(good.length)],
    ['compressed', concat(Uint8Array.of(odd ? 3 : 2), good.subarray(1, 1 + size))],
    ['hybrid form', concat(Uint8Array.of(odd ? 7 : 6), good.subarray(1))],
    ['point at infinity', Uint8Array.of(0)],
    ['off the curve', flipped(good, good.length - 1)],
    ['zero coordinates', concat(Uint8Array.of(4), new Uint8Array(2 * size))],
    ['coordinates above the prime', concat(Uint8Array.of(4), new Uint8Array(2 * size).fill(0xff))],
  ]);
}

/** Numbers outside 2..p-2. */
export function badNumbers(prime: Uint8Array): Shares {
  const last = prime.length - 1;
  const small = (value: number) => Uint8Array.from(prime, (_, i) => (i === last ? value : 0));
  const beside = (step: number) => prime.map((byte, i) => (i === last ? byte + step : byte));
  return new Map([
    ['0', small(0)],
    ['1', small(1)],
    ['p - 1', beside(-1)],
    ['p', prime],
    ['ones', new Uint8Array(prime.length).fill(0xff)],
  ]);
}

/** Encapsulation keys with a coefficient of 3329 and more (FIPS 203 section 7.2). Every ciphertext of the right length is one. */
function badKem(good: Uint8Array, sender: Sender): Shares {
  if (sender === 'server') return new Map();
  const withBytes = (at: number, ...bytes: readonly number[]) => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  const end = good.length - 32;
  return new Map([
    ['first coefficient 3329', withBytes(0, 0x01, ((good[1] as number) & 0xf0) | 0x0d)],
    ['second coefficient 3329', withBytes(1, ((good[1] as number) & 0x0f) | 0x10, 0xd0)],
    ['last coefficient 4095', withBytes(end - 2, ((good[end - 2] as number) & 0x0f) | 0xf0, 0xff)],
    ['last but one coefficient 4095', withBytes(end - 3, 0xff, ((good[end - 2] as number) & 0xf0) | 0x0f)],
    ['ones', new Uint8Array(good.length).fill(0xff)],
  ]);
}

/** Each half spoilt, beside a good one; and the two halves in the other order. */
function badHybrid(group: NamedGroup, good: Uint8Array, sender: Sender): Shares {
  const definition = HYBRIDS.get(group);
  assert.ok(definition);
  const { classical, kem, order } = definition;
  const lengthOf = (half: NamedGroup) => LENGTHS.get(half)?.[sender === 'client' ? 0 : 1] as number;
  const [first, second] = order === 'kem-first' ? [kem, classical] : [classical, kem];
  const a = good.subarray(0, lengthOf(first));
  const b = good.subarray(lengthOf(first));
  assert.equal(b.length, lengthOf(second));
  const bad = new Map<string, Uint8Array>();
  for (const [what, half] of badHalves(first, a, sender)) bad.set(`${what} first`, concat(half, b));
  for (const [what, half] of badHalves(second, b, sender)) bad.set(`${what} second`, concat(a, half));
  // Where the classical half would come first, its first byte is no 04; and random bytes are hardly ever coefficients.
  if (sender === 'client' || order === 'classical-first') bad.set('the other order', concat(b, a));
  return bad;
}

function badHalves(group: NamedGroup, good: Uint8Array, sender: Sender): Shares {
  const kind = groupKind(group);
  if (kind === 'kem') return badKem(good, sender);
  if (kind === 'hybrid') return badHybrid(group, good, sender);
  if (kind === 'ffdhe') return badNumbers(ffdheParameters(group)?.prime as Uint8Array);
  return group === NamedGroup.x25519 || group === NamedGroup.x448
    ? badMontgomery(group, good.length)
    : badPoints(good);
}

/** Shares that must be refused, made from a good one of the same sender. */
function badShares(group: NamedGroup, good: Uint8Array, sender: Sender): Shares {
  return new Map([
    ['empty', EMPTY],
    ['one byte short', good.subarray(1)],
    ['without its last byte', good.subarray(0, -1)],
    ['one byte long', concat(good, Uint8Array.of(0))],
    ['one byte long in front', concat(Uint8Array.of(0), good)],
    ...badHalves(group, good, sender),
  ]);
}

function testGroup(exchange: KeyExchange): void {
  const name = groupName(exchange.group);

  test(`${name}: both sides come to the same fresh secret`, async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const offer = await exchange.start();
      const response = await exchange.respond(offer.share);
      const secret = await offer.finish(response.share);
      assert.equal(toHex(secret), toHex(response.secret));
      const lengths = [offer.share.length, response.share.length, secret.length];
      assert.deepEqual(lengths, LENGTHS.get(exchange.group));
      for (const bytes of [offer.share, response.share, secret]) {
        assertPlain(bytes);
        seen.add(toHex(bytes));
      }
    }
    assert.equal(seen.size, 12);
  });

  test(`${name}: refuses malformed shares in both roles`, async () => {
    const offer = await exchange.start();
    const response = await exchange.respond(offer.share);
    for (const [what, share] of badShares(exchange.group, offer.share, 'client')) {
      await assertBadShare(`${what}, respond`, () => exchange.respond(share));
    }
    for (const [what, share] of badShares(exchange.group, response.share, 'server')) {
      await assertBadShare(`${what}, finish`, () => offer.finish(share));
    }
    assert.equal(toHex(await offer.finish(response.share)), toHex(response.secret), 'and still works');
  });
}

/** A ciphertext that was changed gives another secret (FIPS 203 section 6.3), the same one each time. */
function testImplicitRejection(exchange: KeyExchange): void {
  test(`${groupName(exchange.group)}: a changed ciphertext gives another secret`, async () => {
    const offer = await exchange.start();
    const { share, secret } = await exchange.respond(offer.share);
    for (const at of [0, share.length >> 1, share.length - 1]) {
      const other = await offer.finish(flipped(share, at));
      assert.equal(other.length, secret.length);
      assert.notEqual(toHex(other), toHex(secret));
      assert.equal(toHex(await offer.finish(flipped(share, at))), toHex(other));
    }
  });
}

/** The classical half of a hybrid speaks with its own group, and its secret is where the order of the hybrid says. */
function testComponent(exchange: KeyExchange, provider: CryptoProvider): void {
  test(`${groupName(exchange.group)}: the classical half is a share of its own`, async () => {
    const definition = HYBRIDS.get(exchange.group);
    const offer = await exchange.start();
    assert.ok(definition && offer.component);
    const { classical, order } = definition;
    assert.equal(offer.component.group, classical);
    const inner = offer.component.offer;
    const half = provider.groups.get(classical);
    assert.ok(half);

    const alone = await half.respond(inner.share);
    assert.equal(toHex(await inner.finish(alone.share)), toHex(alone.secret));

    const together = await exchange.respond(offer.share);
    const ownShare = (share: Uint8Array, length: number) =>
      order === 'kem-first' ? share.subarray(-length) : share.subarray(0, length);
    assert.equal(toHex(ownShare(offer.share, inner.share.length)), toHex(inner.share));
    const secret = await inner.finish(ownShare(together.share, inner.share.length));
    assert.equal(toHex(ownShare(together.secret, secret.length)), toHex(secret));
    assert.equal(inner.component, undefined);
  });
}

/** All groups of a provider. */
export function testGroups(provider: CryptoProvider): void {
  for (const exchange of provider.groups.values()) {
    testGroup(exchange);
    if (groupKind(exchange.group) === 'kem') testImplicitRejection(exchange);
    if (groupKind(exchange.group) === 'hybrid') testComponent(exchange, provider);
  }
}
