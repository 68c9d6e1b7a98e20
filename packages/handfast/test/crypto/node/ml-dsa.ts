/** Both implementations of ML-DSA of the node provider. */
import { verify as nativeVerify } from 'node:crypto';
import { hasNativeMlDsa } from '../../../src/crypto/node/ml-dsa.ts';
import { verifyWithNoble } from '../../../src/crypto/node/ml-dsa-noble.ts';
import { nodeProvider } from '../../../src/crypto/node/provider.ts';
import { keyObject } from '../../../src/crypto/node/public-key.ts';
import type { PublicKey } from '../../../src/crypto/provider.ts';
import type { Subject } from '../wycheproof.ts';
import { nodeSubject } from './subject.ts';

type MlDsaKey = Extract<PublicKey, { kind: 'ml-dsa' }>;
type Check = (key: MlDsaKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** The provider with this implementation and no other. */
function subjectOf(check: Check): Subject {
  const verify: typeof nodeProvider.verify = (algorithm, key, message, signature) => {
    if (algorithm.kind !== 'ml-dsa' || key.kind !== 'ml-dsa') throw new TypeError('for ML-DSA only');
    try {
      return check(key, message, signature);
    } catch {
      return false;
    }
  };
  return { ...nodeSubject, provider: { ...nodeProvider, verify } };
}

export const nobleSubject = subjectOf((key, message, signature) =>
  verifyWithNoble(key.parameterSet, key.key, message, signature),
);

/** `undefined` where this Node has no ML-DSA. */
export const nativeSubject = hasNativeMlDsa()
  ? subjectOf((key, message, signature) => nativeVerify(null, message, keyObject(key), signature))
  : undefined;
