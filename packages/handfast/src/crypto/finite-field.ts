/** The checks of finite-field Diffie-Hellman, whatever computes the powers (RFC 7919 sections 3 and 5.1). */
import { MAX_DH_PRIME_BITS, MIN_DH_PRIME_BITS } from '../policy/limits.ts';
import { equalBytes } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import type { FiniteFieldParameters } from './groups.ts';
import { bitLength } from './signature-schemes.ts';

/** A big-endian number without its leading zeros. */
export function withoutLeadingZeros(number: Uint8Array): Uint8Array {
  const start = number.findIndex((byte) => byte !== 0);
  return start < 0 ? number.subarray(number.length) : number.subarray(start);
}

/** A big-endian number, given leading zeros up to a length. */
export function padded(number: Uint8Array, length: number): Uint8Array {
  if (number.length === length) return number;
  const bytes = new Uint8Array(length);
  bytes.set(number, length - number.length);
  return bytes;
}

/** Whether a number without leading zeros lies in 2..p-2; 0, 1 and p-1 are what gives the secret away. */
function isInRange(number: Uint8Array, prime: Uint8Array): boolean {
  if (number.length === 0 || (number.length === 1 && number[0] === 1)) return false;
  if (number.length !== prime.length) return number.length < prime.length;
  const last = prime.length - 1;
  for (let i = 0; i < last; i++) {
    if (number[i] !== prime[i]) return (number[i] as number) < (prime[i] as number);
  }
  // The prime is odd, so p - 1 differs from it in the last byte only.
  return (number[last] as number) < (prime[last] as number) - 1;
}

/**
 * The numbers that a peer gave, without leading zeros.
 * @throws {TlsError} `ERR_BAD_KEY_SHARE`; see `CryptoProvider.finiteField`.
 */
export function readFiniteField(prime: Uint8Array, generator: Uint8Array): FiniteFieldParameters {
  const p = withoutLeadingZeros(prime);
  const g = withoutLeadingZeros(generator);
  const bits = bitLength(p);
  if (bits < MIN_DH_PRIME_BITS || bits > MAX_DH_PRIME_BITS) {
    throw new TlsError(
      'ERR_BAD_KEY_SHARE',
      `expected a Diffie-Hellman prime of ${MIN_DH_PRIME_BITS} to ${MAX_DH_PRIME_BITS} bits, found ${bits}`,
      { bits },
    );
  }
  if (((p.at(-1) ?? 0) & 1) === 0) {
    throw new TlsError('ERR_BAD_KEY_SHARE', 'expected a Diffie-Hellman prime, found an even number', {
      bits,
    });
  }
  if (!isInRange(g, p)) {
    throw new TlsError(
      'ERR_BAD_KEY_SHARE',
      'expected a Diffie-Hellman generator in 2..p-2, found one out of it',
      { bits },
    );
  }
  return { prime: p, generator: g };
}

/** Whether two groups are the same. */
export function isSameField(a: FiniteFieldParameters, b: FiniteFieldParameters): boolean {
  return equalBytes(a.prime, b.prime) && equalBytes(a.generator, b.generator);
}

/**
 * A peer's share, without leading zeros.
 * @throws {TlsError} `ERR_BAD_KEY_SHARE` when it is longer than the prime or outside 2..p-2 (RFC 7919 section 5.1).
 */
export function readFieldShare(prime: Uint8Array, share: Uint8Array): Uint8Array {
  if (share.length > prime.length) {
    throw badFieldShare(prime, share, [`at most ${prime.length} bytes`, String(share.length)]);
  }
  const number = withoutLeadingZeros(share);
  if (!isInRange(number, prime)) throw badFieldShare(prime, share, ['a number in 2..p-2', 'one out of it']);
  return number;
}

/** The refusal of a share: `expected` and `found` end the sentence. */
export function badFieldShare(
  prime: Uint8Array,
  share: Uint8Array,
  [expected, found]: readonly [expected: string, found: string],
  options?: { cause: unknown },
): TlsError {
  const bits = bitLength(prime);
  return new TlsError(
    'ERR_BAD_KEY_SHARE',
    `expected ${expected} as the Diffie-Hellman share for a prime p of ${bits} bits, found ${found}`,
    { bits, length: share.length },
    options,
  );
}
