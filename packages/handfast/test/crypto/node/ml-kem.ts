/** Both implementations of ML-KEM of the node provider, with randomness from outside. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { MlKem } from '../../../src/crypto/ml-kem.ts';
import { nativeKeyPair, nativeMlKem } from '../../../src/crypto/node/ml-kem.ts';
import { nobleMlKem } from '../../../src/crypto/node/ml-kem-noble.ts';
import { concat, fromHex } from '../../../src/wire/bytes.ts';
import { NamedGroup } from '../../../src/wire/registry.ts';
import type { MlKemSubject } from '../wycheproof-ml-kem.ts';

/** PrivateKeyInfo up to a seed of 64 bytes. */
const PKCS8_PREFIX: ReadonlyMap<NamedGroup, Uint8Array> = new Map([
  [NamedGroup.MLKEM768, fromHex('3054020100300b060960864801650304040204428040')],
  [NamedGroup.MLKEM1024, fromHex('3054020100300b060960864801650304040304428040')],
]);

export const nobleSubject: MlKemSubject = {
  isDeterministic: true,
  withRandom: (group, random) => nobleMlKem(() => random.slice()).get(group) as MlKem,
};

/** `undefined` where this Node has no ML-KEM. */
export const nativeSubject: MlKemSubject | undefined =
  nativeMlKem.size === 0
    ? undefined
    : {
        isDeterministic: false,
        withRandom(group, random) {
          const { encapsulate } = nativeMlKem.get(group) as MlKem;
          return {
            generate() {
              const key = Buffer.from(concat(PKCS8_PREFIX.get(group) as Uint8Array, random));
              const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
              return nativeKeyPair({ privateKey, publicKey: createPublicKey(privateKey) });
            },
            encapsulate,
          };
        },
      };
