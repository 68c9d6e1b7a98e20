/** What the tests of TLS 1.2's record layer share; what is sealed here is made with node:crypto, apart from the code under test. */
import { type CipherCCMTypes, createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  AEAD_TAG_LENGTH,
  type AeadName,
  type CbcName,
  type CryptoProvider,
  HASH_LENGTH,
  type HashName,
} from '../../src/crypto/provider.ts';
import { MAX_CIPHERTEXT_LENGTH_12 } from '../../src/policy/limits.ts';
import { type RawRecord, RecordFramer } from '../../src/record/framing.ts';
import type { OpenedRecord, RecordProtection } from '../../src/record/protection.ts';
import {
  type KeyMaterial12,
  keySizes12,
  protection12,
  type RecordCipher12,
} from '../../src/record/protection12.ts';
import { concat } from '../../src/wire/bytes.ts';
import { asyncAead, type KeyPair } from './support.ts';

export interface Cipher {
  readonly name: string;
  readonly cipher: RecordCipher12;
  readonly encryptThenMac: boolean;
}

export interface CbcCipher extends Cipher {
  readonly cipher: Extract<RecordCipher12, { kind: 'cbc' }>;
}

export const AEAD_CIPHERS: readonly Cipher[] = (Object.keys(AEAD_TAG_LENGTH) as AeadName[]).map((aead) => ({
  name: aead,
  cipher: { kind: 'aead', aead },
  encryptThenMac: false,
}));

function cbcCiphers(encryptThenMac: boolean): readonly CbcCipher[] {
  const suites = [
    ['AES-128-CBC', 'SHA-1'],
    ['AES-256-CBC', 'SHA-1'],
    ['AES-128-CBC', 'SHA-256'],
    ['AES-256-CBC', 'SHA-256'],
    ['AES-256-CBC', 'SHA-384'],
  ] as const;
  return suites.map(([cbc, mac]) => ({
    name: `${cbc} with ${mac}, ${encryptThenMac ? 'encrypt-then-MAC' : 'MAC-then-encrypt'}`,
    cipher: { kind: 'cbc', cbc, mac },
    encryptThenMac,
  }));
}

export const MAC_THEN_ENCRYPT: readonly CbcCipher[] = cbcCiphers(false);
export const ENCRYPT_THEN_MAC: readonly CbcCipher[] = cbcCiphers(true);
export const ALL_CIPHERS: readonly Cipher[] = [...AEAD_CIPHERS, ...MAC_THEN_ENCRYPT, ...ENCRYPT_THEN_MAC];

/** AES-128-GCM, where it does not matter which. */
export const SOME_CIPHER: Cipher = AEAD_CIPHERS[0] as Cipher;

/** A provider whose ciphers answer after as many turns of the event loop as `delay` says. */
export function lateAeads(delay: () => number): CryptoProvider {
  return { ...nodeProvider, aead: (name, key) => asyncAead(nodeProvider.aead(name, key), delay) };
}

/** Fresh key material of the right lengths. */
export function freshKeys(cipher: RecordCipher12): KeyMaterial12 {
  const sizes = keySizes12(cipher);
  return {
    macKey: new Uint8Array(randomBytes(sizes.macKey)),
    key: new Uint8Array(randomBytes(sizes.key)),
    iv: new Uint8Array(randomBytes(sizes.iv)),
  };
}

/** Both ends of one direction. */
export function keyPair12(
  { cipher, encryptThenMac }: Cipher = SOME_CIPHER,
  keys: KeyMaterial12 = freshKeys(cipher),
  provider: CryptoProvider = nodeProvider,
): KeyPair {
  return {
    seal: protection12(nodeProvider, cipher, keys, encryptThenMac),
    open: protection12(provider, cipher, keys, encryptThenMac),
  };
}

/** The record at the front of `bytes`. */
export function framed12(bytes: Uint8Array): RawRecord {
  const framer = new RecordFramer();
  framer.maxFragmentLength = MAX_CIPHERTEXT_LENGTH_12;
  framer.push(bytes);
  const record = framer.next();
  if (record === undefined) throw new Error('expected a whole record');
  return record;
}

/** What a record holds, which must be known at once. */
export function opened12(protection: RecordProtection, bytes: Uint8Array): OpenedRecord {
  return protection.open(framed12(bytes)) as OpenedRecord;
}

const AEAD_NAMES: Readonly<Record<AeadName, string>> = {
  'AES-128-GCM': 'aes-128-gcm',
  'AES-256-GCM': 'aes-256-gcm',
  'CHACHA20-POLY1305': 'chacha20-poly1305',
  'AES-128-CCM': 'aes-128-ccm',
  'AES-256-CCM': 'aes-256-ccm',
  'AES-128-CCM-8': 'aes-128-ccm',
  'AES-256-CCM-8': 'aes-256-ccm',
};

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** `seq_num + type + version + length` (RFC 5246 section 6.2.3.1). */
function pseudoHeader(sequence: number, type: number, length: number): Uint8Array {
  return concat(uint64(sequence), Uint8Array.of(type, 3, 3, length >> 8, length & 0xff));
}

function header(type: number, length: number): Uint8Array {
  return Uint8Array.of(type, 3, 3, length >> 8, length & 0xff);
}

/** A record as RFC 5288, RFC 6655 and RFC 7905 say. */
export function expectedAeadRecord(
  name: AeadName,
  { key, iv }: KeyMaterial12,
  sequence: number,
  type: number,
  content: Uint8Array,
): Uint8Array {
  const number = uint64(sequence);
  const explicit = name === 'CHACHA20-POLY1305' ? new Uint8Array(0) : number;
  const nonce =
    name === 'CHACHA20-POLY1305'
      ? iv.map((byte, i) => byte ^ (i < 4 ? 0 : (number[i - 4] as number)))
      : concat(iv, number);
  const cipher = createCipheriv(AEAD_NAMES[name] as CipherCCMTypes, key, nonce, {
    authTagLength: AEAD_TAG_LENGTH[name],
  });
  cipher.setAAD(pseudoHeader(sequence, type, content.length), { plaintextLength: content.length });
  const fragment = concat(explicit, cipher.update(content), cipher.final(), cipher.getAuthTag());
  return concat(header(type, fragment.length), fragment);
}

function hmacOf(hash: HashName, key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac(hash.replace('-', ''), key);
  for (const part of data) mac.update(part);
  return new Uint8Array(mac.digest());
}

export function encryptBlocks(
  name: CbcName,
  key: Uint8Array,
  iv: Uint8Array,
  blocks: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(name.toLowerCase(), key, iv);
  cipher.setAutoPadding(false);
  return concat(cipher.update(blocks), cipher.final());
}

/** What may be different about a CBC record. */
export interface CbcOddities {
  readonly iv?: Uint8Array;
  /** Bytes of padding, without their length byte. Default: as few as fill the last block. */
  readonly paddingLength?: number;
  /** Replaces the padding and its length byte. */
  readonly padding?: (right: Uint8Array) => Uint8Array;
  readonly mac?: (right: Uint8Array) => Uint8Array;
  readonly sequence?: number;
  readonly type?: number;
}

/** A record as RFC 5246 section 6.2.3.2 or RFC 7366 section 3 says, but for its oddities. */
export function cbcRecord(
  { cipher: { cbc, mac: hash }, encryptThenMac }: CbcCipher,
  { macKey, key }: KeyMaterial12,
  content: Uint8Array,
  odd: CbcOddities = {},
): Uint8Array {
  const { iv = randomBytes(16), sequence = 0, type = 23 } = odd;
  const alterMac = odd.mac ?? ((right) => right);
  const inner = encryptThenMac
    ? content
    : concat(content, alterMac(hmacOf(hash, macKey, pseudoHeader(sequence, type, content.length), content)));
  const paddingLength = odd.paddingLength ?? 15 - (inner.length % 16);
  const padding = new Uint8Array(paddingLength + 1).fill(paddingLength);
  const ciphertext = concat(
    iv,
    encryptBlocks(cbc, key, iv, concat(inner, odd.padding?.(padding) ?? padding)),
  );
  if (!encryptThenMac) return concat(header(type, ciphertext.length), ciphertext);
  return authentic({ cipher: { mac: hash } }, { macKey }, ciphertext, odd);
}

/** A record of RFC 7366 with a MAC over these bytes, whatever they are. */
export function authentic(
  { cipher }: { readonly cipher: Pick<CbcCipher['cipher'], 'mac'> },
  { macKey }: Pick<KeyMaterial12, 'macKey'>,
  ciphertext: Uint8Array,
  { sequence = 0, type = 23, mac = (right) => right }: CbcOddities = {},
): Uint8Array {
  const right = hmacOf(cipher.mac, macKey, pseudoHeader(sequence, type, ciphertext.length), ciphertext);
  const fragment = concat(ciphertext, mac(right));
  return concat(header(type, fragment.length), fragment);
}

/** Bytes of the MAC of a CBC cipher. */
export function macLengthOf({ cipher }: CbcCipher): number {
  return HASH_LENGTH[cipher.mac];
}
