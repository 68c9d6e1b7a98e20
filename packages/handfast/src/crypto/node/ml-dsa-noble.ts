/** ML-DSA by @noble/post-quantum, for runtimes whose own crypto lacks it: Node before 24.6, and others on OpenSSL before 3.5. */
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import type { MlDsaParameterSet } from '../provider.ts';

const SETS: Readonly<Record<MlDsaParameterSet, typeof ml_dsa44>> = {
  'ML-DSA-44': ml_dsa44,
  'ML-DSA-65': ml_dsa65,
  'ML-DSA-87': ml_dsa87,
};

/**
 * Whether a signature with an empty context is good.
 * @throws when the key or the signature has another length than the parameter set's.
 */
export function verifyWithNoble(
  parameterSet: MlDsaParameterSet,
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return SETS[parameterSet].verify(signature, message, key);
}
