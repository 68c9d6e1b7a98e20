/** The curves of TLS as equations: whether the public key of a certificate is a point on one. */
import type { EcCurve } from '../crypto/provider.ts';
import { toHex } from '../wire/bytes.ts';

/** y² = x³ - 3x + b modulo p (NIST SP 800-186 section 3.2.1). */
interface Equation {
  readonly p: bigint;
  readonly b: bigint;
}

const EQUATIONS: Readonly<Record<EcCurve, Equation>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/**
 * Whether an uncompressed point (04, x, y) lies on its curve, with coordinates below p (SEC 1 section 3.2.2.1). The point is
 * public, so the time that this takes may tell of it.
 */
export function isOnCurve(curve: EcCurve, point: Uint8Array): boolean {
  const { p, b } = EQUATIONS[curve];
  const middle = (point.length + 1) / 2;
  const x = BigInt(`0x${toHex(point.subarray(1, middle))}`);
  const y = BigInt(`0x${toHex(point.subarray(middle))}`);
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n;
}
