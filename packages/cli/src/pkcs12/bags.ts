/** The entries of a part of a PKCS #12 store (RFC 7292 section 4.2): bags, with the attributes that name them. */
import { DerError, DerReader, Tag } from 'handfast/x509';
import { MAX_STORE_DEPTH, MAX_STORE_ENTRIES } from '../limits.ts';
import { type Encryption, readEncryption } from './algorithms.ts';
import { toDer } from './ber.ts';

/** A text or bytes that an entry is called by. */
export interface Attributes {
  readonly friendlyName?: string;
  readonly localKeyId?: Uint8Array;
  /** Object identifiers of the others. */
  readonly others: readonly string[];
}

/** An entry. */
export type Bag = { readonly attributes: Attributes } & (
  | { readonly kind: 'certificate' | 'revocation list'; readonly der: Uint8Array }
  /** A PrivateKeyInfo. */
  | { readonly kind: 'key'; readonly der: Uint8Array }
  | { readonly kind: 'encrypted key'; readonly encryption: Encryption; readonly ciphertext: Uint8Array }
  /** A secret, or an entry of a kind that is not known: its type. */
  | { readonly kind: 'secret' | 'other'; readonly type: string }
);

type Content = Bag extends infer B ? (B extends Bag ? Omit<B, 'attributes'> : never) : never;

const BAG_TYPES = '1.2.840.113549.1.12.10.1.';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const X509_CRL = '1.2.840.113549.1.9.23.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';

/** Reads the entries of all parts of one store, which has a limit on them. */
export class BagReader {
  #count = 0;

  /**
   * The entries of a SafeContents; of those inside of others, too.
   * @throws {DerError} when it is none, or beyond the limits.
   */
  read(content: Uint8Array): Bag[] {
    return this.#contents(new DerReader(toDer(content)), 0);
  }

  #contents(reader: DerReader, depth: number): Bag[] {
    const list = reader.sequence('safeContents');
    reader.finish('safeContents');
    const bags: Bag[] = [];
    while (!list.done) {
      if (++this.#count > MAX_STORE_ENTRIES) {
        throw new DerError('too-many', list.position, `more than ${MAX_STORE_ENTRIES} entries`);
      }
      bags.push(...this.#bag(list.sequence('safeBag'), depth));
    }
    return bags;
  }

  #bag(bag: DerReader, depth: number): Bag[] {
    const type = bag.oid('bagId');
    const value = bag.read(0xa0, 'bagValue');
    const attributes = bag.done ? { others: [] } : readAttributes(bag.read(Tag.SET, 'bagAttributes'));
    bag.finish('safeBag');
    if (type === `${BAG_TYPES}6` && depth < MAX_STORE_DEPTH) return this.#contents(value, depth + 1);
    return [{ ...readValue(type, value), attributes }];
  }
}

function readValue(type: string, value: DerReader): Content {
  switch (type) {
    case `${BAG_TYPES}1`:
      return { kind: 'key', der: value.rest() };
    case `${BAG_TYPES}2`:
      return { kind: 'encrypted key', ...readEncryptedKey(value) };
    case `${BAG_TYPES}3`:
      return readWrapped(value, 'certificate', X509_CERTIFICATE);
    case `${BAG_TYPES}4`:
      return readWrapped(value, 'revocation list', X509_CRL);
    case `${BAG_TYPES}5`:
      return { kind: 'secret', type: value.sequence('secretBag').oid('secretTypeId') };
    default:
      return { kind: 'other', type };
  }
}

/** An EncryptedPrivateKeyInfo (RFC 5208 section 6), inside of a bag or alone. */
export function readEncryptedKey(reader: DerReader): {
  readonly encryption: Encryption;
  readonly ciphertext: Uint8Array;
} {
  const what = 'encryptedPrivateKeyInfo';
  const info = reader.sequence(what);
  reader.finish(what);
  const encryption = readEncryption(info);
  const ciphertext = info.octetString('encryptedData');
  info.finish(what);
  return { encryption, ciphertext };
}

/** A CertBag or CRLBag of the X.509 kind. */
function readWrapped(value: DerReader, kind: 'certificate' | 'revocation list', expected: string): Content {
  const wrapped = value.sequence(kind);
  const type = wrapped.oid('type');
  if (type !== expected) return { kind: 'other', type };
  const explicit = wrapped.read(0xa0, kind);
  const der = explicit.octetString(kind);
  explicit.finish(kind);
  return { kind, der };
}

function readAttributes(set: DerReader): Attributes {
  const found: { friendlyName?: string; localKeyId?: Uint8Array; others: string[] } = { others: [] };
  while (!set.done) {
    const attribute = set.sequence('attribute');
    const type = attribute.oid('attribute');
    const values = attribute.read(Tag.SET, 'attribute');
    if (type === FRIENDLY_NAME)
      found.friendlyName = bmpText(values.read(Tag.BMPString, 'friendlyName').rest());
    else if (type === LOCAL_KEY_ID) found.localKeyId = values.octetString('localKeyId');
    else found.others.push(type);
  }
  return found;
}

/** A BMPString: two octets for each character (X.690 section 8.23), taken as UTF-16. */
export function bmpText(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}
