/** PKCS #12 stores for tests: those that other programs made, and those that none would make. */
import { createCipheriv, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pkcs12Key, Work } from '../../src/pkcs12/kdf.ts';
import { der } from './library.ts';

/** Where the stores lie that other programs made. */
export const FIXTURES = new URL('../../../test/fixtures/pkcs12/', import.meta.url);

export function fixture(name: string): Buffer {
  return readFileSync(new URL(name, FIXTURES));
}

/** The password of nearly all of them. */
export const PASSWORD = 'hunter2';

const { sequence, set, oid, octetString, integer, context, nullValue, tlv } = der;
const SALT = Buffer.from('salt of eight...');

const DATA = '1.2.840.113549.1.7.1';

export interface Rounds {
  readonly iterations?: number;
  readonly password?: string;
  /** What is written as the IV of AES. */
  readonly iv?: Uint8Array;
}

const algorithm = (dotted: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(dotted), ...parameters);
const HMAC_SHA256 = algorithm('1.2.840.113549.2.9', nullValue());

function pbkdf2(iterations: number, keyLength?: number): Uint8Array {
  return algorithm(
    '1.2.840.113549.1.5.12',
    sequence(
      octetString(SALT),
      integer(iterations),
      ...(keyLength === undefined ? [] : [integer(keyLength)]),
      HMAC_SHA256,
    ),
  );
}

const AES_IV = Buffer.alloc(16, 5);
const aes = (iv: Uint8Array = AES_IV): Uint8Array => algorithm('2.16.840.1.101.3.4.1.2', octetString(iv));
const pbes2 = (derivation: Uint8Array, scheme = aes()): Uint8Array =>
  algorithm('1.2.840.113549.1.5.13', sequence(derivation, scheme));

/** What AES-128 makes of a content, and how the key was made. Counts that are not meant to be done are not done. */
export function encrypt(content: Uint8Array, { iterations = 2, password = PASSWORD, iv }: Rounds = {}) {
  const key = pbkdf2Sync(password, SALT, Math.min(iterations, 100), 16, 'sha256');
  const cipher = createCipheriv('aes-128-cbc', key, AES_IV);
  return {
    algorithm: pbes2(pbkdf2(iterations), aes(iv)),
    ciphertext: Buffer.concat([cipher.update(content), cipher.final()]),
  };
}

/** The same with scrypt. */
export function scryptEncrypt(content: Uint8Array, cost = 16, blockSize = 8) {
  const key =
    cost * blockSize > 1024 ? Buffer.alloc(16) : scryptSync(PASSWORD, SALT, 16, { cost, blockSize, p: 1 });
  const cipher = createCipheriv('aes-128-cbc', key, AES_IV);
  const parameters = sequence(octetString(SALT), integer(cost), integer(blockSize), integer(1));
  return {
    algorithm: pbes2(algorithm('1.3.6.1.4.1.11591.4.11', parameters)),
    ciphertext: Buffer.concat([cipher.update(content), cipher.final()]),
  };
}

export const bag = (kind: number, value: Uint8Array, ...attributes: readonly Uint8Array[]): Uint8Array =>
  sequence(
    oid(`1.2.840.113549.1.12.10.1.${kind}`),
    context(0, value),
    ...(attributes.length === 0 ? [] : [set(...attributes)]),
  );

export const certificateBag = (certificate: Uint8Array, type = '1.2.840.113549.1.9.22.1'): Uint8Array =>
  bag(3, sequence(oid(type), context(0, octetString(certificate))));
export const listBag = (list: Uint8Array): Uint8Array =>
  bag(4, sequence(oid('1.2.840.113549.1.9.23.1'), context(0, octetString(list))));
export const secretBag = (secret: Uint8Array): Uint8Array =>
  bag(5, sequence(oid('1.3.6.1.4.1.99999.5'), context(0, octetString(secret))));
export const keyBag = (key: Uint8Array): Uint8Array => bag(1, key);
export const encryptedKeyBag = ({ algorithm: how, ciphertext }: ReturnType<typeof encrypt>): Uint8Array =>
  bag(2, sequence(how, octetString(ciphertext)));

/** A part that is not encrypted. */
export const plainPart = (...bags: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(DATA), context(0, octetString(sequence(...bags))));

export function encryptedPart({ algorithm: how, ciphertext }: ReturnType<typeof encrypt>): Uint8Array {
  const info = sequence(oid(DATA), how, der.contextPrimitive(0, ciphertext));
  return sequence(oid('1.2.840.113549.1.7.6'), context(0, sequence(integer(0), info)));
}

/** A part of a kind that is not opened: encrypted for the holder of a key. */
export const envelopedPart = (): Uint8Array =>
  sequence(oid('1.2.840.113549.1.7.3'), context(0, sequence(integer(0))));

export interface MacSpec extends Rounds {
  readonly kind: 'pkcs12' | 'pbmac1';
  /** `null`: none at all. */
  readonly secret?: string | null;
  /** What is written, for PBMAC1. */
  readonly keyLength?: number;
}

function digestInfo(how: Uint8Array, digest: Uint8Array): Uint8Array {
  return sequence(how, octetString(digest));
}

function macData(
  content: Uint8Array,
  { kind, iterations = 2, secret = PASSWORD, keyLength = 32 }: MacSpec,
): Uint8Array {
  const done = Math.min(iterations, 100);
  if (kind === 'pbmac1') {
    const key = pbkdf2Sync(secret ?? '', SALT, done, 32, 'sha256');
    const digest = createHmac('sha256', key).update(content).digest();
    const how = algorithm('1.2.840.113549.1.5.14', sequence(pbkdf2(iterations, keyLength), HMAC_SHA256));
    return sequence(digestInfo(how, digest), octetString(Buffer.from('NOT USED')), integer(1));
  }
  const parameters = { hash: 'sha256', salt: SALT, iterations: done } as const;
  const key = pkcs12Key(new Work(), parameters, secret ?? undefined, 3, 32);
  const digest = createHmac('sha256', key).update(content).digest();
  const how = algorithm('2.16.840.1.101.3.4.2.1', nullValue());
  return sequence(digestInfo(how, digest), octetString(SALT), integer(iterations));
}

/** A store of parts, with a MAC unless it is left out. */
export function store(parts: readonly Uint8Array[], mac?: MacSpec): Uint8Array {
  const content = sequence(...parts);
  return sequence(
    integer(3),
    sequence(oid(DATA), context(0, octetString(content))),
    ...(mac === undefined ? [] : [macData(content, mac)]),
  );
}

/** A store that is signed with a key instead. */
export const signedStore = (): Uint8Array =>
  sequence(integer(3), sequence(oid('1.2.840.113549.1.7.2'), context(0, sequence(integer(1)))));

/** BER around a content: an indefinite length, and the two zeros at its end. */
export const indefinite = (tag: number, ...contents: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([Uint8Array.of(tag, 0x80), ...contents, Uint8Array.of(0, 0)]);

/** A store of one part in BER, with its content in two pieces. */
export function indefiniteStore(part: Uint8Array): Uint8Array {
  const content = indefinite(0x30, part);
  const pieces = [content.slice(0, 5), content.slice(5)].map(octetString);
  const info = indefinite(0x30, oid(DATA), indefinite(0xa0, indefinite(0x24, ...pieces)));
  return indefinite(0x30, integer(3), info);
}

/** The attribute friendlyName. */
export const friendlyName = (text: string): Uint8Array =>
  sequence(oid('1.2.840.113549.1.9.20'), set(tlv(0x1e, Buffer.from(text, 'utf16le').swap16())));
