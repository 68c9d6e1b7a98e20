/** The groups of RFC 7919 as `DHParameter` in PEM, for servers that take their group from a file. */
import type * as Der from '../../../../../packages/handfast/test/support/der.ts';
import type * as TestPki from '../../../../../packages/handfast/test/support/pki.ts';
import { support } from '../../pki.ts';
import type { GroupName } from '../axes.ts';

const { sequence, integer } = await support<typeof Der>('der.js');
const { toPem } = await support<typeof TestPki>('pki.js');

/** Bits of the prime, and X of RFC 7919 appendix A. */
const GROUPS: Readonly<Partial<Record<GroupName, readonly [bits: number, x: number]>>> = {
  ffdhe2048: [2048, 560_316],
  ffdhe3072: [3072, 2_625_351],
  ffdhe4096: [4096, 5_736_041],
  ffdhe6144: [6144, 15_705_020],
  ffdhe8192: [8192, 10_965_728],
};

/** floor(2^bits * e), by the series of 1/n!, with bits to spare. */
function scaledE(bits: number): bigint {
  const spare = 64n;
  let sum = 0n;
  let term = 1n << (BigInt(bits) + spare);
  for (let n = 1n; term > 0n; n++) {
    sum += term;
    term /= n;
  }
  return sum >> spare;
}

/** PEM of a named group, or `undefined` for what is none of RFC 7919. */
export function dhParameters(group: GroupName): string | undefined {
  const entry = GROUPS[group];
  if (entry === undefined) return undefined;
  const [bits, x] = entry;
  const length = BigInt(bits);
  const middle = (scaledE(bits - 130) + BigInt(x)) << 64n;
  const prime = (1n << length) - (1n << (length - 64n)) + middle - 1n;
  return toPem('DH PARAMETERS', sequence(integer(prime), integer(2)));
}
