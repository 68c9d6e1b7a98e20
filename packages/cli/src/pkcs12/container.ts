/** The frame of a PKCS #12 store (RFC 7292 section 4): what protects it, and its parts as they lie there. */
import { DerError, DerReader, describeOid, Tag } from 'handfast/x509';
import { MAX_MAC_KEY_LENGTH, MAX_STORE_LENGTH, MAX_STORE_PARTS } from '../limits.ts';
import {
  type Algorithm,
  type Encryption,
  hashOf,
  hmacOf,
  type KeyDerivation,
  readAlgorithm,
  readDerivation,
  readEncryption,
  readIterations,
} from './algorithms.ts';
import { toDer } from './ber.ts';
import type { Hash } from './kdf.ts';

const ContentType = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  encryptedData: '1.2.840.113549.1.7.6',
} as const;

const CONTENT_NAMES: Readonly<Record<string, string>> = {
  [ContentType.signedData]: 'signed data',
  [ContentType.envelopedData]: 'data encrypted for the holder of a key',
};

const PBMAC1 = '1.2.840.113549.1.5.14';

/** The proof that nothing was changed by who does not know the password. */
export interface Mac {
  /** Such as `PBMAC1`, or an object identifier that is not known. */
  readonly name: 'HMAC' | 'PBMAC1' | string;
  /** `undefined` where it is not known, and nothing can be checked. */
  readonly hash: Hash | undefined;
  readonly derivation: KeyDerivation | undefined;
  readonly digest: Uint8Array;
}

/** A part of a store, encrypted by itself or not at all. */
export type Part =
  | { readonly kind: 'plain'; readonly content: Uint8Array }
  | { readonly kind: 'encrypted'; readonly encryption: Encryption; readonly ciphertext: Uint8Array }
  /** Of another kind, by its name. */
  | { readonly kind: 'other'; readonly name: string };

export interface Container {
  readonly isDer: boolean;
  /** What the MAC covers; absent where the store is signed with a key instead. */
  readonly content: Uint8Array | undefined;
  readonly mac: Mac | undefined;
  readonly parts: readonly Part[];
}

/** The content of an OCTET STRING that may have an implicit tag and lie in pieces. */
function implicitOctets(element: DerReader): Uint8Array {
  if (element.tag === 0x80) return element.rest();
  const pieces: Uint8Array[] = [];
  while (!element.done) pieces.push(element.octetString('encryptedContent'));
  return Buffer.concat(pieces);
}

function readEncrypted(reader: DerReader): Part {
  const data = reader.sequence('encryptedData');
  reader.finish('encryptedData');
  data.smallInteger('version');
  const info = data.sequence('encryptedContentInfo');
  data.optional(0xa1, 'unprotectedAttrs');
  data.finish('encryptedData');
  info.oid('contentType');
  const encryption = readEncryption(info);
  const ciphertext = implicitOctets(
    info.peek() === 0x80 ? info.readAny('content') : info.read(0xa0, 'content'),
  );
  info.finish('encryptedContentInfo');
  return { kind: 'encrypted', encryption, ciphertext };
}

/** A ContentInfo, with its content inside of the explicit tag. */
function readContentInfo(reader: DerReader): { readonly type: string; readonly content: DerReader } {
  const info = reader.sequence('contentInfo');
  const type = info.oid('contentType');
  const content = info.read(0xa0, 'content');
  info.finish('contentInfo');
  return { type, content };
}

function readPart(reader: DerReader): Part {
  const { type, content } = readContentInfo(reader);
  if (type === ContentType.encryptedData) return readEncrypted(content);
  if (type !== ContentType.data) return { kind: 'other', name: CONTENT_NAMES[type] ?? describeOid(type) };
  const octets = content.octetString('content');
  content.finish('content');
  return { kind: 'plain', content: octets };
}

function readParts(content: Uint8Array): readonly Part[] {
  const what = 'authenticatedSafe';
  const reader = new DerReader(toDer(content));
  const list = reader.sequence(what);
  reader.finish(what);
  const parts: Part[] = [];
  while (!list.done) {
    if (parts.length === MAX_STORE_PARTS) {
      throw new DerError('too-many', list.position, `${what}: more than ${MAX_STORE_PARTS} parts`);
    }
    parts.push(readPart(list));
  }
  return parts;
}

/** PBMAC1 brings its derivation along, and MacData's own salt and iterations mean nothing (RFC 9579). */
function readPbmac1({ parameters: outer }: Algorithm, digest: Uint8Array): Mac {
  const parameters = outer.sequence('PBMAC1');
  outer.finish('PBMAC1');
  const start = parameters.position;
  const derivation = readDerivation(readAlgorithm(parameters, 'keyDerivationFunc'));
  if (derivation?.kind === 'pbkdf2' && (derivation.keyLength ?? 0) > MAX_MAC_KEY_LENGTH) {
    const message = `keyLength: expected at most ${MAX_MAC_KEY_LENGTH} bytes, found ${derivation.keyLength}`;
    throw new DerError('too-many', start, message);
  }
  const hash = hmacOf(readAlgorithm(parameters, 'messageAuthScheme'));
  parameters.finish('PBMAC1');
  return { name: 'PBMAC1', hash, derivation, digest };
}

function readMac(data: DerReader): Mac {
  const info = data.sequence('mac');
  const algorithm = readAlgorithm(info, 'digestAlgorithm');
  const digest = info.octetString('digest');
  info.finish('mac');
  const salt = data.octetString('macSalt');
  const iterations = data.peek() === Tag.INTEGER ? readIterations(data) : 1;
  data.finish('macData');
  if (algorithm.oid === PBMAC1) return readPbmac1(algorithm, digest);
  const hash = hashOf(algorithm);
  if (hash === undefined) return { name: describeOid(algorithm.oid), hash, derivation: undefined, digest };
  return { name: 'HMAC', hash, derivation: { kind: 'pkcs12', hash, salt, iterations }, digest };
}

/** What an OCTET STRING holds has offsets of its own: they become those of the whole. */
function within<T>(outer: Uint8Array, octets: Uint8Array, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const start = octets.byteOffset - outer.byteOffset;
    throw new DerError(error.reason, start + error.offset, error.message);
  }
}

/**
 * Reads the frame of a store.
 * @throws {DerError} when it is none, or beyond the limits; the offset is one of its DER.
 */
export function readContainer(input: Uint8Array): Container {
  const what = 'PFX';
  if (input.length > MAX_STORE_LENGTH) {
    const message = `it has ${input.length} bytes; at most ${MAX_STORE_LENGTH} are read`;
    throw new DerError('too-many', 0, message);
  }
  const bytes = toDer(input);
  const outer = new DerReader(bytes).sequence(what);
  const version = outer.smallInteger('version');
  if (version !== 3) {
    throw new DerError('version', outer.start, `version: expected 3, found ${version}`);
  }
  const { type, content } = readContentInfo(outer);
  const macData = outer.optional(Tag.SEQUENCE, 'macData');
  outer.finish(what);
  const isDer = bytes.equals(input);
  if (type !== ContentType.data) {
    const name = CONTENT_NAMES[type] ?? describeOid(type);
    return { isDer, content: undefined, mac: undefined, parts: [{ kind: 'other', name }] };
  }
  const octets = content.octetString('authSafe');
  content.finish('authSafe');
  return {
    isDer,
    content: octets,
    mac: macData && readMac(macData),
    parts: within(bytes, octets, () => readParts(octets)),
  };
}
