/**
 * A certificate as a tree of elements that can be changed and written again: rightly by default, and in forms that are BER
 * but not DER. Each element knows by name where in the certificate it stands.
 */
import { describeOid, Tag } from 'handfast/x509';
import { der } from './support.ts';

/** How the length is written. */
export type Form = 'shortest' | 'long' | 'indefinite';

export interface Element {
  /** The identifier octet. */
  tag: number;
  /** Such as `validity.notBefore` or `keyUsage.value`; what a change to it concerns. */
  field: string;
  form: Form;
  /** Octets in front of the children, such as the first one of a BIT STRING that wraps them; without children, the content. */
  content: Uint8Array;
  children?: Element[];
  /** Octets in place of the identifier octet. */
  identifier?: Uint8Array;
}

const CONSTRUCTED = 0x20;

/** Makes an element that has no place of its own. */
export function element(encoding: Uint8Array, field: string): Element {
  return read(encoding, 0, field).element;
}

function read(input: Uint8Array, start: number, field: string): { element: Element; end: number } {
  const tag = input[start] ?? 0;
  let at = start + 2;
  let length = input[start + 1] ?? 0;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    length = 0;
    for (const stop = at + octets; at < stop; at++) length = length * 256 + (input[at] ?? 0);
  }
  const content = input.slice(at, at + length);
  const found: Element = { tag, field, form: 'shortest', content };
  if ((tag & CONSTRUCTED) !== 0) open(found);
  return { element: found, end: at + length };
}

/** Reads the content as elements, behind some octets that are none. */
function open(into: Element, lead = 0): Element[] {
  const { content, field } = into;
  const children: Element[] = [];
  for (let at = lead; at < content.length; ) {
    const next = read(content, at, `${field}.inside`);
    children.push(next.element);
    at = next.end;
  }
  into.content = content.slice(0, lead);
  into.children = children;
  return children;
}

/** The element as it stands in a file. */
export function encode({ tag, identifier, form, content, children }: Element): Uint8Array {
  const inside = Buffer.concat([content, ...(children ?? []).map(encode)]);
  const start = identifier ?? Uint8Array.of(tag);
  switch (form) {
    case 'indefinite':
      return Buffer.concat([start, Uint8Array.of(0x80), inside, Uint8Array.of(0, 0)]);
    case 'long': {
      const shortest = der.lengthOctets(inside.length);
      const digits = shortest.length === 1 ? shortest : shortest.subarray(1);
      return Buffer.concat([start, Uint8Array.of(0x80 | (digits.length + 1), 0), digits, inside]);
    }
    default:
      return Buffer.concat([start, der.lengthOctets(inside.length), inside]);
  }
}

/** This element and all within. */
export function* walk(from: Element): Generator<{ readonly element: Element; readonly parent?: Element }> {
  yield { element: from };
  for (const child of from.children ?? []) {
    for (const found of walk(child)) yield { parent: from, ...found };
  }
}

/** A certificate, each of whose elements is named. The certificate must be well-formed. */
export interface CertificateTree {
  readonly certificate: Element;
  readonly tbs: Element;
}

const AFTER_VERSION = ['serialNumber', 'signature', 'issuer', 'validity', 'subject', 'publicKey'];
const TAGGED: Readonly<Record<number, string>> = {
  160: 'version',
  129: 'issuerUniqueID',
  130: 'subjectUniqueID',
  163: 'extensions',
};

export function readTree(encoding: Uint8Array): CertificateTree {
  const certificate = element(encoding, 'certificate');
  const [tbs, algorithm, signature] = certificate.children ?? [];
  if (tbs === undefined || algorithm === undefined || signature === undefined) {
    throw new Error('a certificate has three parts');
  }
  nameAlgorithm(algorithm, 'signatureAlgorithm');
  signature.field = 'signatureValue';
  tbs.field = 'tbs';
  const untagged = [...AFTER_VERSION];
  for (const part of tbs.children ?? []) {
    part.field = TAGGED[part.tag] ?? untagged.shift() ?? 'beyond';
    nameParts(part);
  }
  return { certificate, tbs };
}

function nameAlgorithm(part: Element, field: string): void {
  part.field = field;
  const [oid, parameters] = part.children ?? [];
  if (oid !== undefined) oid.field = `${field}.oid`;
  if (parameters !== undefined) nameAll(parameters, `${field}.parameters`);
}

function nameAll(part: Element, field: string): void {
  for (const { element: found } of walk(part)) found.field = field;
}

function nameParts(part: Element): void {
  const { field, children = [] } = part;
  switch (field) {
    case 'version':
      nameAll(part, field);
      break;
    case 'signature':
      nameAlgorithm(part, field);
      break;
    case 'issuer':
    case 'subject':
      for (const step of children) {
        step.field = `${field}.step`;
        for (const attribute of step.children ?? []) {
          attribute.field = `${field}.attribute`;
          const [type, value] = attribute.children ?? [];
          if (type !== undefined) type.field = `${field}.type`;
          if (value !== undefined) value.field = `${field}.value`;
        }
      }
      break;
    case 'validity':
      for (const [index, time] of children.entries())
        time.field = `validity.${index === 0 ? 'notBefore' : 'notAfter'}`;
      break;
    case 'publicKey': {
      const [algorithm, bits] = children;
      if (algorithm !== undefined) nameAlgorithm(algorithm, 'publicKey.algorithm');
      if (bits !== undefined) {
        bits.field = 'publicKey.bits';
        // Only the key of RSA is a structure; others are short, and may begin with the same octet.
        if (bits.content[1] === Tag.SEQUENCE && bits.content.length > 100)
          for (const key of open(bits, 1)) nameAll(key, 'publicKey.rsa');
      }
      break;
    }
    case 'extensions':
      for (const list of children) {
        list.field = 'extensions';
        for (const extension of list.children ?? []) nameExtension(extension);
      }
      break;
    default:
      break;
  }
}

function nameExtension(extension: Element): void {
  const [oid] = extension.children ?? [];
  const name = oid === undefined ? 'unknown' : describeOid(readOid(oid));
  extension.field = `${name}.frame`;
  for (const part of extension.children ?? []) {
    if (part.tag === Tag.OBJECT_IDENTIFIER) part.field = `${name}.oid`;
    else if (part.tag === Tag.BOOLEAN) part.field = `${name}.critical`;
    else {
      part.field = `${name}.wrapper`;
      for (const value of open(part)) {
        nameAll(value, `${name}.inside`);
        value.field = `${name}.value`;
      }
    }
  }
}

function readOid({ content }: Element): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join('.');
}

/** The first element of this name. @throws when there is none. */
export function find(tree: CertificateTree, field: string): Element {
  for (const { element: found } of walk(tree.certificate)) if (found.field === field) return found;
  throw new Error(`the certificate has no ${field}`);
}
