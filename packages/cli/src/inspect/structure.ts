/** What a DER structure is, by its shape alone: PEM labels are often wrong, and DER files have none. */
import { DerError, DerReader, Tag } from 'handfast/x509';

/** What can be told apart. */
export type Structure =
  | 'certificate'
  | 'request'
  | 'crl'
  | 'ocsp'
  | 'ocsp request'
  | 'public key'
  | 'pkcs1 public key'
  | 'private key'
  | 'pkcs1 private key'
  | 'sec1 private key'
  | 'encrypted private key'
  | 'pkcs7'
  | 'pkcs12'
  | 'unknown';

/** What a structure is called where another one was expected; what is unknown has no name. */
export const STRUCTURE_NAMES: Readonly<Record<Exclude<Structure, 'unknown'>, string>> = {
  certificate: 'a certificate',
  request: 'a certificate request',
  crl: 'a revocation list',
  ocsp: 'an OCSP response',
  'ocsp request': 'an OCSP request',
  'public key': 'a public key',
  'pkcs1 public key': 'a public key',
  'private key': 'a private key',
  'pkcs1 private key': 'a private key',
  'sec1 private key': 'a private key',
  'encrypted private key': 'an encrypted private key',
  pkcs7: 'a PKCS #7 message',
  pkcs12: 'a PKCS #12 store',
};

/** The elements of a structure, as far as they are DER, and no more than are needed to tell it. */
function elements(outer: DerReader): DerReader[] {
  const MOST = 8;
  const found: DerReader[] = [];
  while (!outer.done && found.length < MOST) found.push(outer.readAny('element'));
  return found;
}

function isTag(element: DerReader | undefined, tag: number): element is DerReader {
  return element !== undefined && element.tag === tag;
}

/** The object identifier that an element begins with. */
function firstOid(element: DerReader): string | undefined {
  return element.peek() === Tag.OBJECT_IDENTIFIER ? element.oid('type') : undefined;
}

function smallNumber(element: DerReader): number {
  return element.end - element.position === 1 ? (element.input[element.position] as number) : -1;
}

const PKCS7 = '1.2.840.113549.1.7.';

/** Certificates, requests and revocation lists are all signed in the same way: what is signed tells them apart. */
function signedStructure(signed: DerReader): Structure {
  const all = elements(signed);
  const [first] = all;
  if (isTag(first, 0xa0)) return 'certificate';
  const parts = isTag(first, Tag.INTEGER) ? all.slice(1) : all;
  const [one, two, three] = parts;
  if (isTag(three, Tag.UTCTime) || isTag(three, Tag.GeneralizedTime)) return 'crl';
  if (isTag(one, Tag.SEQUENCE) && isTag(two, Tag.SEQUENCE)) {
    const isKey = elements(two).some((element) => element.tag === Tag.BIT_STRING);
    if (isKey) return 'request';
  }
  return 'certificate';
}

function withNumberFirst(number: number, second: DerReader | undefined, count: number): Structure {
  if (number === 3 && isTag(second, Tag.SEQUENCE)) {
    return firstOid(second)?.startsWith(PKCS7) === true ? 'pkcs12' : 'unknown';
  }
  if (isTag(second, Tag.SEQUENCE)) return 'private key';
  if (isTag(second, Tag.OCTET_STRING)) return 'sec1 private key';
  if (!isTag(second, Tag.INTEGER)) return 'unknown';
  if (count === 2) return 'pkcs1 public key';
  return count > 5 ? 'pkcs1 private key' : 'unknown';
}

/** An OCSPRequest is not signed as a rule: what it asks about tells it (RFC 6960 section 4.1.1). */
function isOcspRequest(request: DerReader): boolean {
  const parts = elements(request).filter(({ tag }) => tag !== 0xa0 && tag !== 0xa1);
  const [list] = parts;
  if (!isTag(list, Tag.SEQUENCE) || list.peek() !== Tag.SEQUENCE) return false;
  const one = list.readAny('request');
  if (one.peek() !== Tag.SEQUENCE) return false;
  const id = elements(one.readAny('certID')).map(({ tag }) => tag);
  return id.join() === [Tag.SEQUENCE, Tag.OCTET_STRING, Tag.OCTET_STRING, Tag.INTEGER].join();
}

function tell(outer: DerReader): Structure {
  const all = elements(outer);
  const [first, second, third] = all;
  if (first === undefined) return 'unknown';
  if (first.tag === Tag.ENUMERATED) return 'ocsp';
  if (first.tag === Tag.INTEGER) return withNumberFirst(smallNumber(first), second, all.length);
  if (first.tag === Tag.OBJECT_IDENTIFIER) {
    const type = new DerReader(first.input, first.start, first.start, first.end).oid('type');
    return type.startsWith(PKCS7) ? 'pkcs7' : 'unknown';
  }
  if (first.tag !== Tag.SEQUENCE) return 'unknown';
  if (second === undefined || second.tag === 0xa0) return isOcspRequest(first) ? 'ocsp request' : 'unknown';
  if (isTag(second, Tag.BIT_STRING)) return 'public key';
  if (isTag(second, Tag.OCTET_STRING)) return 'encrypted private key';
  return isTag(second, Tag.SEQUENCE) && isTag(third, Tag.BIT_STRING) ? signedStructure(first) : 'unknown';
}

/** PKCS #12 in BER: SEQUENCE of any form, then the version 3 and a SEQUENCE. */
function isBerStore(bytes: Uint8Array): boolean {
  const [, length = 0] = bytes;
  const start = length > 0x80 ? 2 + (length & 0x7f) : 2;
  return Buffer.from(bytes.subarray(start, start + 4)).toString('hex') === '02010330';
}

/** Recognises a structure; what is damaged may be recognised all the same, and is refused when it is read. */
export function structureOf(der: Uint8Array): Structure {
  try {
    return tell(new DerReader(der).sequence('structure'));
  } catch (error) {
    if (error instanceof DerError) return isBerStore(der) ? 'pkcs12' : 'unknown';
    throw error;
  }
}
