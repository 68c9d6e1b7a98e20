/** The named groups: their kinds, and the primes of RFC 7919, which are computed. */
import assert from 'node:assert/strict';
import { checkPrimeSync, createHash } from 'node:crypto';
import { test } from 'node:test';
import { ffdheParameters, groupKind } from '../../src/crypto/groups.ts';
import { toHex } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';

/** The sixteen hexadecimal digits before the last sixteen, as RFC 7919 appendix A prints them, and the SHA-256 of the whole. */
const PRIMES: readonly (readonly [group: NamedGroup, bits: number, before: string, hash: string])[] = [
  [
    NamedGroup.ffdhe2048,
    2048,
    '886b423861285c97',
    '9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966',
  ],
  [
    NamedGroup.ffdhe3072,
    3072,
    '25e41d2b66c62e37',
    '0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17',
  ],
  [
    NamedGroup.ffdhe4096,
    4096,
    'c68a007e5e655f6a',
    '4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e',
  ],
  [
    NamedGroup.ffdhe6144,
    6144,
    'a40e329cd0e40e65',
    '227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7',
  ],
  [
    NamedGroup.ffdhe8192,
    8192,
    'd68c8bb7c5c6424c',
    '770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833',
  ],
];

for (const [group, bits, before, hash] of PRIMES) {
  test(`the prime of ${bits} bits begins, ends and hashes as that of RFC 7919`, () => {
    const parameters = ffdheParameters(group);
    assert.ok(parameters);
    const digits = toHex(parameters.prime);
    assert.equal(digits.length, bits / 4);
    assert.ok(digits.startsWith('ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1'));
    assert.ok(digits.endsWith(`${before}ffffffffffffffff`));
    assert.equal(createHash('sha256').update(parameters.prime).digest('hex'), hash);
    assert.equal(toHex(parameters.generator), '02');
    assert.equal(ffdheParameters(group), parameters, 'computed once');
  });
}

test('p and (p - 1) / 2 of ffdhe2048 are prime', { timeout: 30_000 }, () => {
  const prime = ffdheParameters(NamedGroup.ffdhe2048)?.prime as Uint8Array;
  const half = prime.map((byte, i) => (byte >> 1) | (((prime[i - 1] ?? 0) & 1) << 7));
  for (const number of [prime, half]) assert.ok(checkPrimeSync(number, { checks: 4 }));
  assert.ok(
    !checkPrimeSync(
      prime.map((byte, i) => (i === 255 ? byte - 2 : byte)),
      { checks: 4 },
    ),
  );
});

test('every group of the registry has a kind, and no other number has', () => {
  const kinds = Object.entries(NamedGroup).map(([name, group]) => [name, groupKind(group)]);
  assert.deepEqual(Object.fromEntries(kinds), {
    secp256r1: 'ecdhe',
    secp384r1: 'ecdhe',
    secp521r1: 'ecdhe',
    x25519: 'ecdhe',
    x448: 'ecdhe',
    ffdhe2048: 'ffdhe',
    ffdhe3072: 'ffdhe',
    ffdhe4096: 'ffdhe',
    ffdhe6144: 'ffdhe',
    ffdhe8192: 'ffdhe',
    MLKEM768: 'kem',
    MLKEM1024: 'kem',
    SecP256r1MLKEM768: 'hybrid',
    X25519MLKEM768: 'hybrid',
    SecP384r1MLKEM1024: 'hybrid',
  });
  for (const number of [0, 0x0200, 0x0105, 0x0a0a, 0xffff]) assert.equal(groupKind(number), undefined);
  for (const number of [0, NamedGroup.x25519, 0x0105]) assert.equal(ffdheParameters(number), undefined);
});
