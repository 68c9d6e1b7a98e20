/** What every provider must do with a group that a peer of TLS 1.2 names by its numbers. */
import assert from 'node:assert/strict';
import { getDiffieHellman } from 'node:crypto';
import { test } from 'node:test';
import { type FiniteFieldParameters, ffdheParameters } from '../../src/crypto/groups.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { concat, EMPTY, fromHex, toHex } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { badNumbers } from './conformance-groups.ts';
import { assertBadShare, assertPlain } from './conformance-support.ts';

function modp(name: string): FiniteFieldParameters {
  return { prime: new Uint8Array(getDiffieHellman(name).getPrime()), generator: Uint8Array.of(2) };
}

/** A power by squaring, to check what a provider computes. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus) {
    if (e & 1n) result = (result * b) % modulus;
  }
  return result;
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

function fromBigInt(number: bigint, length: number): Uint8Array {
  return fromHex(number.toString(16).padStart(2 * length, '0'));
}

export function testFiniteField(provider: CryptoProvider): void {
  const ffdhe2048 = ffdheParameters(NamedGroup.ffdhe2048) as FiniteFieldParameters;
  const { prime } = ffdhe2048;
  // An odd number that nobody calls prime will do: nobody tests it.
  const unknownPrime = prime.map((byte, i) => (i === 100 ? byte ^ 0x5a : byte));
  const longGenerator = new Uint8Array(256).fill(0x77);

  const groups: readonly (readonly [string, FiniteFieldParameters])[] = [
    ['ffdhe2048', ffdhe2048],
    ['ffdhe3072', ffdheParameters(NamedGroup.ffdhe3072) as FiniteFieldParameters],
    ['a group of RFC 3526', modp('modp14')],
    ['a prime that nobody knows', { prime: unknownPrime, generator: Uint8Array.of(2) }],
    ['a known prime with another generator', { prime, generator: Uint8Array.of(5) }],
    ['a long generator (RFC 5114)', { prime: unknownPrime, generator: longGenerator }],
    ['2049 bits', { prime: concat(Uint8Array.of(1), unknownPrime), generator: Uint8Array.of(2) }],
  ];

  for (const [what, group] of groups) {
    test(`a finite field, ${what}: both sides come to the same fresh secret`, async () => {
      const exchange = provider.finiteField(group.prime, group.generator);
      const seen = new Set<string>();
      for (let i = 0; i < 2; i++) {
        const offer = await exchange.start();
        const response = await exchange.respond(offer.share);
        const secret = await offer.finish(response.share);
        assert.equal(toHex(secret), toHex(response.secret));
        for (const bytes of [offer.share, response.share, secret]) {
          assertPlain(bytes);
          assert.equal(bytes.length, group.prime.length);
          seen.add(toHex(bytes));
        }
      }
      assert.equal(seen.size, 6);
    });

    test(`a finite field, ${what}: the shares and the secret are powers of its generator`, async () => {
      const p = toBigInt(group.prime);
      const g = toBigInt(group.generator);
      const exponent = 0x1_0000_0001n;
      const exchange = provider.finiteField(group.prime, group.generator);
      const offer = await exchange.start();
      const secret = await offer.finish(fromBigInt(power(g, exponent, p), group.prime.length));
      assert.equal(toBigInt(secret), power(toBigInt(offer.share), exponent, p));
    });
  }

  test('a finite field takes numbers and shares with and without leading zeros', async () => {
    const zero = Uint8Array.of(0);
    const exchange = provider.finiteField(concat(zero, prime), Uint8Array.of(0, 0, 2));
    const offer = await exchange.start();
    assert.equal(offer.share.length, 256);
    // The share 4 is its own length, or the prime's: TLS 1.2 does not say.
    for (const share of [Uint8Array.of(4), fromBigInt(4n, 256), Uint8Array.of(0, 4)]) {
      const secret = await offer.finish(share);
      assert.equal(secret.length, 256);
      assert.equal(toBigInt(secret), power(toBigInt(offer.share), 2n, toBigInt(prime)));
      await exchange.respond(share);
    }
  });

  test('a finite field pads shares and secrets whose first byte is zero', async () => {
    const exchange = provider.finiteField(prime, Uint8Array.of(2));
    const offer = await exchange.start();
    const p = toBigInt(prime);
    // One secret of 256 starts with a zero byte.
    for (let i = 2n; i < 5000n; i++) {
      const exponent = power(toBigInt(offer.share), i, p);
      if (exponent >> 2040n !== 0n) continue;
      const secret = await offer.finish(fromBigInt(power(2n, i, p), 256));
      assert.equal(toHex(secret), toHex(fromBigInt(exponent, 256)));
      return;
    }
    assert.fail('no secret with a leading zero');
  });

  test('a finite field refuses shares outside 2..p-2, in both roles', async () => {
    for (const field of [prime, unknownPrime]) {
      const exchange = provider.finiteField(field, Uint8Array.of(2));
      const offer = await exchange.start();
      const bad = new Map([
        ...badNumbers(field),
        ['empty', EMPTY],
        ['a zero byte', Uint8Array.of(0)],
        ['a byte of 1', Uint8Array.of(1)],
        ['longer than the prime', concat(Uint8Array.of(0), offer.share)],
      ]);
      for (const [what, share] of bad) {
        await assertBadShare(`${what}, finish`, () => offer.finish(share));
        await assertBadShare(`${what}, respond`, () => exchange.respond(share));
      }
      for (const edge of [2n, toBigInt(field) - 2n]) {
        // Whether p - 2 is a power of the generator is the group's affair: it may be refused, not answered wrongly.
        const share = fromBigInt(edge, field.length);
        const secret = await Promise.resolve(share)
          .then(offer.finish)
          .catch(() => undefined);
        if (secret === undefined) assert.notEqual(edge, 2n);
        else assert.ok(secret.length === field.length);
      }
    }
  });

  test('a finite field refuses primes and generators out of bounds', async () => {
    const two = Uint8Array.of(2);
    const odd = (length: number, first: number) => {
      const number = new Uint8Array(length).fill(0x55);
      number[0] = first;
      return number;
    };
    const bad: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
      ['no prime', EMPTY, two],
      ['zero', new Uint8Array(256), two],
      ['512 bits', odd(64, 0xff), two],
      ['1024 bits', modp('modp2').prime, two],
      ['2047 bits', odd(256, 0x7f), two],
      ['2040 bits behind zeros', concat(new Uint8Array(10), odd(255, 0xff)), two],
      ['8193 bits', odd(1025, 0x01), two],
      ['64 KiB', odd(0xffff, 0xff), two],
      ['even', prime.map((byte, i) => (i === 255 ? byte - 1 : byte)), two],
      ...[...badNumbers(prime)].map(([what, number]) => [`generator ${what}`, prime, number] as const),
      ['no generator', prime, EMPTY],
      ['a long generator', prime, concat(Uint8Array.of(1), prime)],
    ];
    for (const [what, p, g] of bad) await assertBadShare(what, () => provider.finiteField(p, g).start());
    for (const length of [256, 1024]) assert.ok(provider.finiteField(odd(length, 0xff), two));
  });
}
