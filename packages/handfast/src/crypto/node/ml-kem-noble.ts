/** ML-KEM by @noble/post-quantum, for runtimes whose own crypto lacks it: Node before 24, and others on OpenSSL before 3.5. */
import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { NamedGroup } from '../../wire/registry.ts';
import type { MlKem } from '../ml-kem.ts';

/** Bytes of d || z, and of m (FIPS 203 algorithms 19 and 20). */
const SEED_LENGTH = 64;
const MESSAGE_LENGTH = 32;

type Noble = typeof ml_kem768;

const SETS: ReadonlyMap<NamedGroup, Noble> = new Map([
  [NamedGroup.MLKEM768, ml_kem768],
  [NamedGroup.MLKEM1024, ml_kem1024],
]);

function wrap(set: Noble, random: (length: number) => Uint8Array): MlKem {
  const withRandom = <T>(length: number, use: (bytes: Uint8Array) => T): T => {
    const bytes = random(length);
    const answer = use(bytes);
    bytes.fill(0);
    return answer;
  };
  return {
    generate() {
      const { publicKey, secretKey } = withRandom(SEED_LENGTH, (seed) => set.keygen(seed));
      return {
        encapsulationKey: publicKey,
        decapsulate: (ciphertext) => set.decapsulate(ciphertext, secretKey),
      };
    },
    encapsulate(encapsulationKey) {
      const { cipherText, sharedSecret } = withRandom(MESSAGE_LENGTH, (message) =>
        set.encapsulate(encapsulationKey, message),
      );
      return { ciphertext: cipherText, sharedSecret };
    },
  };
}

/** By group. `random` gives fresh arrays of random bytes, which are wiped after use. */
export function nobleMlKem(random: (length: number) => Uint8Array): ReadonlyMap<NamedGroup, MlKem> {
  return new Map([...SETS].map(([group, set]) => [group, wrap(set, random)]));
}
