/** ML-KEM (FIPS 203) as groups of TLS (draft-ietf-tls-mlkem), whatever computes it. */
import { TlsError } from '../wire/errors.ts';
import { groupName, NamedGroup } from '../wire/registry.ts';
import type { KeyExchange } from './provider.ts';

/** One parameter set, on some implementation. All answers are at once. */
export interface MlKem {
  /** A fresh key pair. The ciphertext that it is asked to decapsulate has the right length. */
  generate(): {
    readonly encapsulationKey: Uint8Array;
    decapsulate(ciphertext: Uint8Array): Uint8Array;
  };
  /** A fresh secret of 32 bytes for an encapsulation key that was checked. */
  encapsulate(encapsulationKey: Uint8Array): {
    readonly ciphertext: Uint8Array;
    readonly sharedSecret: Uint8Array;
  };
}

/** Lengths in bytes of a parameter set (FIPS 203 table 3). The client's share is its encapsulation key, the server's the ciphertext. */
interface ParameterSet {
  readonly encapsulationKey: number;
  readonly ciphertext: number;
}

/** The parameter sets that TLS has groups for. */
export const ML_KEM: ReadonlyMap<NamedGroup, ParameterSet> = new Map([
  [NamedGroup.MLKEM768, { encapsulationKey: 1184, ciphertext: 1088 }],
  [NamedGroup.MLKEM1024, { encapsulationKey: 1568, ciphertext: 1568 }],
]);

/** q of FIPS 203: coefficients are below it. */
const MODULUS = 3329;
/** Bytes at the end of an encapsulation key that are no coefficients. */
const SEED_LENGTH = 32;

function badShare(
  group: NamedGroup,
  share: Uint8Array,
  what: string,
  options?: { cause: unknown },
): TlsError {
  const name = groupName(group);
  return new TlsError('ERR_BAD_KEY_SHARE', what, { group: name, length: share.length }, options);
}

function checkLength(group: NamedGroup, share: Uint8Array, expected: number): void {
  if (share.length === expected) return;
  const what = `expected ${expected} bytes as the ${groupName(group)} key share, found ${share.length}`;
  throw badShare(group, share, what);
}

/** Where the first of the coefficients stands that is not reduced; -1 where all are. Two of 12 bits take three bytes. */
function unreducedCoefficient(encapsulationKey: Uint8Array): number {
  const end = encapsulationKey.length - SEED_LENGTH;
  for (let i = 0; i < end; i += 3) {
    const middle = encapsulationKey[i + 1] as number;
    if (((encapsulationKey[i] as number) | ((middle & 0x0f) << 8)) >= MODULUS) return (i / 3) * 2;
    if (((middle >> 4) | ((encapsulationKey[i + 2] as number) << 4)) >= MODULUS) return (i / 3) * 2 + 1;
  }
  return -1;
}

/** The checks of FIPS 203 section 7.2: length and modulus. */
function checkEncapsulationKey(group: NamedGroup, share: Uint8Array, length: number): void {
  checkLength(group, share, length);
  const at = unreducedCoefficient(share);
  if (at < 0) return;
  const what = `the ${groupName(group)} key share is no encapsulation key: expected coefficients below ${MODULUS}, found a larger one at place ${at}`;
  throw badShare(group, share, what);
}

/**
 * The exchange of one parameter set. A ciphertext that was not made for the key gives another secret, not an error: that
 * is how FIPS 203 wants it, and Finished tells.
 */
export function mlKemExchange(group: NamedGroup, kem: MlKem): KeyExchange {
  const lengths = ML_KEM.get(group);
  if (lengths === undefined) throw new RangeError(`${groupName(group)} is no ML-KEM group`);
  return {
    group,
    start() {
      const ours = kem.generate();
      return {
        share: ours.encapsulationKey,
        finish(peerShare) {
          checkLength(group, peerShare, lengths.ciphertext);
          return ours.decapsulate(peerShare);
        },
      };
    },
    respond(peerShare) {
      checkEncapsulationKey(group, peerShare, lengths.encapsulationKey);
      const { ciphertext, sharedSecret } = kem.encapsulate(peerShare);
      return { share: ciphertext, secret: sharedSecret };
    },
  };
}
