/** ML-KEM on node:crypto, which has it from Node 24 on. */

import type { KeyObject } from 'node:crypto';
import * as nodeCrypto from 'node:crypto';
import { concat, fromHex } from '../../wire/bytes.ts';
import { NamedGroup } from '../../wire/registry.ts';
import type { MlKem } from '../ml-kem.ts';
import { asBuffer, plain } from './buffers.ts';

/** What Node's types of version 20 do not know. */
interface NativeMlKem {
  generateKeyPairSync(type: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  encapsulate(key: KeyObject): { readonly ciphertext: Uint8Array; readonly sharedKey: Uint8Array };
  decapsulate(key: KeyObject, ciphertext: Uint8Array): Uint8Array;
}
const native = nodeCrypto as unknown as NativeMlKem;

interface ParameterSet {
  /** As node:crypto spells it. */
  readonly type: string;
  /** SubjectPublicKeyInfo up to the key itself (RFC 9935 section 4). */
  readonly spki: Uint8Array;
}

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

/** The secret of a ciphertext. */
export function nativeDecapsulate(privateKey: KeyObject, ciphertext: Uint8Array): Uint8Array {
  return plain(native.decapsulate(privateKey, ciphertext));
}

function wrap({ type, spki }: ParameterSet): MlKem {
  return {
    generate() {
      const { publicKey, privateKey } = native.generateKeyPairSync(type);
      const exported = plain(publicKey.export({ type: 'spki', format: 'der' }));
      return {
        encapsulationKey: exported.subarray(spki.length),
        decapsulate: (ciphertext) => nativeDecapsulate(privateKey, ciphertext),
      };
    },
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
