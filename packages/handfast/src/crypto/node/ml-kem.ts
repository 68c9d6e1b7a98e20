/** ML-KEM on node:crypto, which has it from Node 24 on. */

import type { KeyObject } from 'node:crypto';
import * as nodeCrypto from 'node:crypto';
import { concat, fromHex } from '../../wire/bytes.ts';
import { NamedGroup } from '../../wire/registry.ts';
import type { MlKem } from '../ml-kem.ts';
import { asBuffer, plain } from './buffers.ts';

/** Both halves of a key. */
interface NativeKeys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** What Node's types of version 20 do not know. */
interface NativeMlKem {
  generateKeyPairSync(type: string): NativeKeys;
  encapsulate(key: KeyObject): { readonly ciphertext: Uint8Array; readonly sharedKey: Uint8Array };
  decapsulate(key: KeyObject, ciphertext: Uint8Array): Uint8Array;
}
const native = nodeCrypto as unknown as NativeMlKem;

interface ParameterSet {
  /** As node:crypto spells it. */
  readonly type: string;
  /** SubjectPublicKeyInfo up to the key itself; the object identifiers are NIST's. */
  readonly spki: Uint8Array;
}

/** Of both encodings below. */
const SPKI_PREFIX_LENGTH = 22;

const SETS: ReadonlyMap<NamedGroup, ParameterSet> = new Map([
  [
    NamedGroup.MLKEM768,
    { type: 'ml-kem-768', spki: fromHex('308204b2300b0609608648016503040402038204a100') },
  ],
  [
    NamedGroup.MLKEM1024,
    { type: 'ml-kem-1024', spki: fromHex('30820632300b06096086480165030404030382062100') },
  ],
]);

/** A key pair of node:crypto, as {@link MlKem} has it. */
export function nativeKeyPair({ publicKey, privateKey }: NativeKeys): ReturnType<MlKem['generate']> {
  // SubjectPublicKeyInfo ends with the key.
  const exported = plain(publicKey.export({ type: 'spki', format: 'der' }));
  return {
    encapsulationKey: exported.subarray(SPKI_PREFIX_LENGTH),
    decapsulate: (ciphertext) => plain(native.decapsulate(privateKey, ciphertext)),
  };
}

function wrap({ type, spki }: ParameterSet): MlKem {
  return {
    generate: () => nativeKeyPair(native.generateKeyPairSync(type)),
    encapsulate(encapsulationKey) {
      const key = asBuffer(concat(spki, encapsulationKey));
      const publicKey = nodeCrypto.createPublicKey({ key, type: 'spki', format: 'der' });
      const { ciphertext, sharedKey } = native.encapsulate(publicKey);
      return { ciphertext: plain(ciphertext), sharedSecret: plain(sharedKey) };
    },
  };
}

function offers({ type }: ParameterSet): boolean {
  try {
    return native.decapsulate !== undefined && native.generateKeyPairSync(type) !== undefined;
  } catch {
    return false;
  }
}

/** By group; empty where node:crypto has no ML-KEM. */
export const nativeMlKem: ReadonlyMap<NamedGroup, MlKem> = new Map(
  [...SETS].filter(([, set]) => offers(set)).map(([group, set]) => [group, wrap(set)]),
);
