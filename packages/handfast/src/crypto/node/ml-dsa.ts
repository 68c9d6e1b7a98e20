/** ML-DSA on node:crypto, which has it from Node 24.6 on, else by @noble/post-quantum. */

import type { KeyObject } from 'node:crypto';
import * as nodeCrypto from 'node:crypto';
import { ML_DSA_KEY_LENGTH, type MlDsaParameterSet, type PublicKey } from '../provider.ts';
import { verifyWithNoble } from './ml-dsa-noble.ts';
import { keyObject } from './public-key.ts';

/** What Node's types of version 20 do not know. */
interface NativeMlDsa {
  generateKeyPairSync(type: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

let native: boolean | undefined;

/** Whether node:crypto makes and verifies ML-DSA signatures. It is asked when the first is to be verified, and once. */
export function hasNativeMlDsa(): boolean {
  native ??= signsAndVerifies();
  return native;
}

function signsAndVerifies(): boolean {
  const message = Uint8Array.of(0);
  try {
    const keys = (nodeCrypto as unknown as NativeMlDsa).generateKeyPairSync('ml-dsa-44');
    return nodeCrypto.verify(null, message, keys.publicKey, nodeCrypto.sign(null, message, keys.privateKey));
  } catch {
    return false;
  }
}

export const mlDsa: ReadonlySet<MlDsaParameterSet> = new Set(
  Object.keys(ML_DSA_KEY_LENGTH) as MlDsaParameterSet[],
);

/**
 * Whether a signature with an empty context is good.
 * @throws when the key is malformed.
 */
export function verifyMlDsa(
  key: Extract<PublicKey, { kind: 'ml-dsa' }>,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return hasNativeMlDsa()
    ? nodeCrypto.verify(null, message, keyObject(key), signature)
    : verifyWithNoble(key.parameterSet, key.key, message, signature);
}
