/** What the tests of the record layer share. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  AEAD_KEY_LENGTH,
  AEAD_TAG_LENGTH,
  type Aead,
  type AeadName,
  isPromise,
} from '../../src/crypto/provider.ts';
import { KEY_LIMITS, type KeyLimits, type RecordProtection } from '../../src/record/protection.ts';
import { Protection13 } from '../../src/record/protection13.ts';
import { type Incoming, RecordReader } from '../../src/record/reader.ts';
import type { Epoch } from '../../src/record/types.ts';
import { concat } from '../../src/wire/bytes.ts';

const CIPHERS: Readonly<Record<AeadName, string>> = {
  'AES-128-GCM': 'aes-128-gcm',
  'AES-256-GCM': 'aes-256-gcm',
  'CHACHA20-POLY1305': 'chacha20-poly1305',
  'AES-128-CCM': 'aes-128-ccm',
  'AES-256-CCM': 'aes-256-ccm',
  'AES-128-CCM-8': 'aes-128-ccm',
  'AES-256-CCM-8': 'aes-256-ccm',
};

export const AEAD_NAMES: readonly AeadName[] = Object.keys(CIPHERS) as AeadName[];

/** One key through node:crypto, answering at once. */
export function syncAead(name: AeadName, key: Uint8Array): Aead {
  const tagLength = AEAD_TAG_LENGTH[name];
  const options = { authTagLength: tagLength };
  return {
    seal: (nonce, additionalData, plaintext) => {
      const cipher = createCipheriv(CIPHERS[name] as 'aes-128-gcm', key, nonce, options);
      cipher.setAAD(additionalData, { plaintextLength: plaintext.length });
      return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    },
    open: (nonce, additionalData, ciphertext) => {
      const decipher = createDecipheriv(CIPHERS[name] as 'aes-128-gcm', key, nonce, options);
      decipher.setAuthTag(ciphertext.subarray(-tagLength));
      decipher.setAAD(additionalData, { plaintextLength: ciphertext.length - tagLength });
      const plaintext = decipher.update(ciphertext.subarray(0, -tagLength));
      try {
        decipher.final();
        return new Uint8Array(plaintext);
      } catch {
        return undefined;
      }
    },
  };
}

/** The same key, whose answers come late and in an order that `delay` decides (in turns of the event loop). */
export function asyncAead(aead: Aead, delay: () => number): Aead {
  const later = async <T>(value: T): Promise<T> => {
    for (let turns = delay(); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    return value;
  };
  return {
    // The arrays are read late too: a caller that changes them in the meantime is found out.
    seal: async (nonce, additionalData, plaintext) => {
      await later(undefined);
      return aead.seal(nonce, additionalData, plaintext);
    },
    open: async (nonce, additionalData, ciphertext) => {
      await later(undefined);
      return aead.open(nonce, additionalData, ciphertext);
    },
  };
}

export interface KeyPair {
  /** For the writer. */
  readonly seal: RecordProtection;
  /** For the reader. */
  readonly open: RecordProtection;
}

/** Two ends of a fresh key. */
export function keyPair(
  name: AeadName = 'AES-128-GCM',
  wrap: (aead: Aead) => Aead = (aead) => aead,
  limits: KeyLimits = KEY_LIMITS[name],
): KeyPair {
  const aead = wrap(syncAead(name, randomBytes(AEAD_KEY_LENGTH[name])));
  const iv = new Uint8Array(randomBytes(12));
  return {
    seal: new Protection13({ aead, aeadName: name, iv, limits }),
    open: new Protection13({ aead, aeadName: name, iv, limits }),
  };
}

/** One protected record, as it stands on the wire. */
export function sealRecord(
  protection: RecordProtection,
  type: number,
  content: Uint8Array,
  padding = 0,
): Uint8Array {
  const sealed = protection.seal(type, content, padding);
  if (isPromise(sealed)) throw new Error('expected a value at once, found a promise');
  return concat(sealed.header, sealed.fragment);
}

/** A reader that is already in an epoch. */
export function readerAt(role: 'client' | 'server', epoch: Epoch, open: RecordProtection): RecordReader {
  const reader = new RecordReader({ role });
  reader.changeKeys(epoch, open);
  return reader;
}

/** Everything that the reader gives for the bytes that it has. */
export function readAll(reader: RecordReader): Incoming[] {
  const all: Incoming[] = [];
  for (;;) {
    const incoming = reader.next();
    if (incoming === undefined) return all;
    if (isPromise(incoming)) throw new Error('expected a value at once, found a promise');
    all.push(incoming);
  }
}

/** A handshake message of zeros. */
export function handshakeMessage(type: number, length: number, fill = 0): Uint8Array {
  const message = new Uint8Array(4 + length).fill(fill, 4);
  message.set([type, length >> 16, (length >> 8) & 0xff, length & 0xff]);
  return message;
}

/** A record as it stands on the wire. */
export function record(
  type: number,
  fragment: Uint8Array,
  version = 0x0303,
  length = fragment.length,
): Uint8Array {
  return concat(Uint8Array.of(type, version >> 8, version & 0xff, length >> 8, length & 0xff), fragment);
}
