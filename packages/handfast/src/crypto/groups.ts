/** What the named groups are: their kinds, and the numbers of the finite-field groups (RFC 7919). */
import { NamedGroup } from '../wire/registry.ts';
import type { EcCurve } from './provider.ts';

/** How a group comes to its secret: on a curve, in a finite field, with a KEM, or with a curve and a KEM together. */
export type GroupKind = 'ecdhe' | 'ffdhe' | 'kem' | 'hybrid';

const KINDS: ReadonlyMap<NamedGroup, GroupKind> = new Map([
  [NamedGroup.secp256r1, 'ecdhe'],
  [NamedGroup.secp384r1, 'ecdhe'],
  [NamedGroup.secp521r1, 'ecdhe'],
  [NamedGroup.x25519, 'ecdhe'],
  [NamedGroup.x448, 'ecdhe'],
  [NamedGroup.ffdhe2048, 'ffdhe'],
  [NamedGroup.ffdhe3072, 'ffdhe'],
  [NamedGroup.ffdhe4096, 'ffdhe'],
  [NamedGroup.ffdhe6144, 'ffdhe'],
  [NamedGroup.ffdhe8192, 'ffdhe'],
  [NamedGroup.MLKEM768, 'kem'],
  [NamedGroup.MLKEM1024, 'kem'],
  [NamedGroup.SecP256r1MLKEM768, 'hybrid'],
  [NamedGroup.X25519MLKEM768, 'hybrid'],
  [NamedGroup.SecP384r1MLKEM1024, 'hybrid'],
]);

/** The kind of a group; `undefined` for numbers that handfast has no use for. */
export function groupKind(group: NamedGroup): GroupKind | undefined {
  return KINDS.get(group);
}

/** A group of integers modulo a prime, its numbers big-endian without leading zeros. */
export interface FiniteFieldParameters {
  readonly prime: Uint8Array;
  readonly generator: Uint8Array;
}

/** Length in bits, and the X of RFC 7919 appendix A that makes (p - 1) / 2 prime too. */
const FFDHE: ReadonlyMap<NamedGroup, { readonly bits: number; readonly x: number }> = new Map([
  [NamedGroup.ffdhe2048, { bits: 2048, x: 560_316 }],
  [NamedGroup.ffdhe3072, { bits: 3072, x: 2_625_351 }],
  [NamedGroup.ffdhe4096, { bits: 4096, x: 5_736_041 }],
  [NamedGroup.ffdhe6144, { bits: 6144, x: 15_705_020 }],
  [NamedGroup.ffdhe8192, { bits: 8192, x: 10_965_728 }],
]);

const GUARD_BITS = 64n;

/** The integer part of 2^bits * e, by the series of 1/n!. The guard bits take the rounding of its terms. */
function scaledE(bits: bigint): bigint {
  let sum = 0n;
  let term = 1n << (bits + GUARD_BITS);
  for (let n = 1n; term > 0n; n++) {
    sum += term;
    term /= n;
  }
  return sum >> GUARD_BITS;
}

/** p = 2^b - 2^(b-64) + ([2^(b-130) e] + X) * 2^64 - 1 (RFC 7919 appendix A). */
function ffdhePrime(bits: number, x: number): Uint8Array {
  const b = BigInt(bits);
  const p = (1n << b) - (1n << (b - 64n)) + ((scaledE(b - 130n) + BigInt(x)) << 64n) - 1n;
  const digits = p.toString(16);
  return Uint8Array.from({ length: bits / 8 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

const computed = new Map<NamedGroup, FiniteFieldParameters>();

/**
 * The numbers of a finite-field group, computed at the first call; `undefined` for other groups. The arrays are shared:
 * they must not be changed.
 */
export function ffdheParameters(group: NamedGroup): FiniteFieldParameters | undefined {
  const known = computed.get(group);
  const definition = FFDHE.get(group);
  if (known !== undefined || definition === undefined) return known;
  const prime = ffdhePrime(definition.bits, definition.x);
  const parameters = { prime, generator: Uint8Array.of(2) };
  computed.set(group, parameters);
  return parameters;
}

/** The groups whose curves ECDSA keys can be on too. */
export const CURVE_GROUPS: Readonly<Record<EcCurve, NamedGroup>> = {
  'P-256': NamedGroup.secp256r1,
  'P-384': NamedGroup.secp384r1,
  'P-521': NamedGroup.secp521r1,
};
