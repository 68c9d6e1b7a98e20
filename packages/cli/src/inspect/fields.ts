/** The DER of a structure as fields, for a dump: every element with its name, its type and its value. */
import type { Field } from 'handfast';
import { attributeName, DerError, DerReader, describeOid, describeTag, Tag } from 'handfast/x509';
import { isoTime } from '../times.ts';

/** What an element is called, and what stands inside it. */
interface Shape {
  readonly name: string;
  /** The identifier octet; without it any element fits. */
  readonly tag?: number;
  /** The elements in their order; those whose tag does not fit were left out, as they may be. */
  readonly fields?: readonly Shape[];
  /** All elements are of one shape. */
  readonly each?: Shape;
}

const shape = (name: string, fields?: readonly Shape[], tag?: number): Shape => ({
  name,
  ...(fields && { fields }),
  ...(tag !== undefined && { tag }),
});
const list = (name: string, each: Shape, tag?: number): Shape => ({
  name,
  each,
  ...(tag !== undefined && { tag }),
});

const ALGORITHM = (name: string): Shape => shape(name, [shape('algorithm'), shape('parameters')]);
const NAME = (name: string): Shape =>
  list(
    name,
    list('RelativeDistinguishedName', shape('attribute', [shape('type'), shape('value')])),
    Tag.SEQUENCE,
  );
const PUBLIC_KEY = (name: string): Shape =>
  shape(name, [ALGORITHM('algorithm'), shape('subjectPublicKey')], Tag.SEQUENCE);
const EXTENSION = shape('Extension', [
  shape('extnID', undefined, Tag.OBJECT_IDENTIFIER),
  shape('critical', undefined, Tag.BOOLEAN),
  shape('extnValue', undefined, Tag.OCTET_STRING),
]);
const TIME = (name: string): readonly Shape[] => [
  shape(name, undefined, Tag.UTCTime),
  shape(name, undefined, Tag.GeneralizedTime),
];

const CERTIFICATE = shape('Certificate', [
  shape('tbsCertificate', [
    shape('version', [shape('version')], 0xa0),
    shape('serialNumber', undefined, Tag.INTEGER),
    ALGORITHM('signature'),
    NAME('issuer'),
    shape('validity', [shape('notBefore'), shape('notAfter')], Tag.SEQUENCE),
    NAME('subject'),
    PUBLIC_KEY('subjectPublicKeyInfo'),
    shape('issuerUniqueID', undefined, 0x81),
    shape('subjectUniqueID', undefined, 0x82),
    shape('extensions', [list('Extensions', EXTENSION)], 0xa3),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signature'),
]);

const REQUEST = shape('CertificationRequest', [
  shape('certificationRequestInfo', [
    shape('version', undefined, Tag.INTEGER),
    NAME('subject'),
    PUBLIC_KEY('subjectPKInfo'),
    list(
      'attributes',
      shape('attribute', [shape('type'), list('values', list('Extensions', EXTENSION))]),
      0xa0,
    ),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signature'),
]);

const REVOCATION_LIST = shape('CertificateList', [
  shape('tbsCertList', [
    shape('version', undefined, Tag.INTEGER),
    ALGORITHM('signature'),
    NAME('issuer'),
    shape('thisUpdate'),
    ...TIME('nextUpdate'),
    list(
      'revokedCertificates',
      shape('entry', [
        shape('userCertificate'),
        shape('revocationDate'),
        list('crlEntryExtensions', EXTENSION),
      ]),
      Tag.SEQUENCE,
    ),
    shape('crlExtensions', [list('Extensions', EXTENSION)], 0xa0),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signatureValue'),
]);

const CERTIFICATE_ID = shape('certID', [
  ALGORITHM('hashAlgorithm'),
  shape('issuerNameHash'),
  shape('issuerKeyHash'),
  shape('serialNumber'),
]);

const EXTENSIONS = (name: string, tag: number): Shape => shape(name, [list('Extensions', EXTENSION)], tag);

const SINGLE_RESPONSE = shape('SingleResponse', [
  CERTIFICATE_ID,
  shape('certStatus good', undefined, 0x80),
  shape(
    'certStatus revoked',
    [shape('revocationTime'), shape('revocationReason', [shape('reason')], 0xa0)],
    0xa1,
  ),
  shape('certStatus unknown', undefined, 0x82),
  shape('thisUpdate', undefined, Tag.GeneralizedTime),
  shape('nextUpdate', [shape('nextUpdate')], 0xa0),
  EXTENSIONS('singleExtensions', 0xa1),
]);

const BASIC_OCSP_RESPONSE = shape('BasicOCSPResponse', [
  shape('tbsResponseData', [
    shape('version', [shape('version')], 0xa0),
    shape('responderID byName', [NAME('name')], 0xa1),
    shape('responderID byKey', [shape('keyHash')], 0xa2),
    shape('producedAt', undefined, Tag.GeneralizedTime),
    list('responses', SINGLE_RESPONSE, Tag.SEQUENCE),
    EXTENSIONS('responseExtensions', 0xa1),
  ]),
  ALGORITHM('signatureAlgorithm'),
  shape('signature'),
  shape('certs', [list('certs', CERTIFICATE)], 0xa0),
]);

const OCSP_RESPONSE = shape('OCSPResponse', [
  shape('responseStatus'),
  shape(
    'responseBytes',
    [shape('ResponseBytes', [shape('responseType'), shape('response', [BASIC_OCSP_RESPONSE])])],
    0xa0,
  ),
]);

const OCSP_REQUEST = shape('OCSPRequest', [
  shape('tbsRequest', [
    shape('version', [shape('version')], 0xa0),
    shape('requestorName', [NAME('directoryName')], 0xa1),
    list(
      'requestList',
      shape('Request', [CERTIFICATE_ID, EXTENSIONS('singleRequestExtensions', 0xa0)]),
      Tag.SEQUENCE,
    ),
    EXTENSIONS('requestExtensions', 0xa2),
  ]),
  shape(
    'optionalSignature',
    [
      shape('Signature', [
        ALGORITHM('signatureAlgorithm'),
        shape('signature'),
        shape('certs', [list('certs', CERTIFICATE)], 0xa0),
      ]),
    ],
    0xa0,
  ),
]);

const SHAPES: Readonly<Record<string, Shape>> = {
  certificate: CERTIFICATE,
  'certificate request': REQUEST,
  'revocation list': REVOCATION_LIST,
  'OCSP response': OCSP_RESPONSE,
  'OCSP request': OCSP_REQUEST,
  'public key': PUBLIC_KEY('SubjectPublicKeyInfo'),
};

/** Elements inside elements: certificates have some twelve; what goes deeper is shown as bytes. */
const MAX_DEPTH = 32;

const CONSTRUCTED = 0x20;

function sameElement(element: DerReader): DerReader {
  return new DerReader(element.input, element.start, element.start, element.end);
}

/** Strings whose bytes are characters, as Latin-1 and safe to print later. */
const STRINGS: ReadonlySet<number> = new Set([
  Tag.PrintableString,
  Tag.IA5String,
  Tag.VisibleString,
  Tag.NumericString,
  Tag.TeletexString,
]);

/** Names in certificates are primitive elements with tags of their context: characters, most of them. */
function isContextText({ tag, input, position, end }: DerReader): boolean {
  const bytes = input.subarray(position, end);
  return (tag & 0xe0) === 0x80 && bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

/** The value of a primitive element; empty where the bytes beside it say it best. */
function valueText(element: DerReader): string {
  const reader = sameElement(element);
  const { tag } = element;
  switch (tag) {
    case Tag.BOOLEAN:
      return reader.boolean('value') ? 'TRUE' : 'FALSE';
    case Tag.INTEGER:
      return element.end - element.position <= 4 ? String(reader.smallInteger('value')) : '';
    case Tag.ENUMERATED:
      return String(reader.enumerated('value'));
    case Tag.OBJECT_IDENTIFIER: {
      const oid = reader.oid('value');
      const name = describeOid(oid) === oid ? attributeName(oid) : describeOid(oid);
      return name === oid ? oid : `${oid} ${name}`;
    }
    case Tag.UTCTime:
    case Tag.GeneralizedTime:
      return isoTime(reader.time('value').time);
    case Tag.UTF8String:
      return JSON.stringify(Buffer.from(element.rest()).toString('utf8'));
    default:
      return STRINGS.has(tag) || isContextText(element)
        ? JSON.stringify(Buffer.from(element.rest()).toString('latin1'))
        : '';
  }
}

function safeValue(element: DerReader): string {
  try {
    return valueText(element);
  } catch (error) {
    if (error instanceof DerError) return error.message;
    throw error;
  }
}

/** The elements of a range, or `undefined` when it is not DER to its end. */
function childrenOf(input: Uint8Array, start: number, end: number): DerReader[] | undefined {
  const reader = new DerReader(input, start, start, end);
  const found: DerReader[] = [];
  try {
    while (!reader.done) found.push(reader.readAny('element'));
    return found;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** DER inside an OCTET STRING or a BIT STRING is shown as what it is, if it is exactly one constructed element. */
function wrapped(element: DerReader): DerReader[] | undefined {
  const skipped = element.tag === Tag.BIT_STRING ? 1 : 0;
  const inside = childrenOf(element.input, Math.min(element.position + skipped, element.end), element.end);
  return inside?.length === 1 && ((inside[0] as DerReader).tag & CONSTRUCTED) !== 0 ? inside : undefined;
}

function contentsOf(element: DerReader): DerReader[] | undefined {
  const { tag, input, position, end } = element;
  if ((tag & CONSTRUCTED) !== 0) return childrenOf(input, position, end);
  return tag === Tag.OCTET_STRING || tag === Tag.BIT_STRING ? wrapped(element) : undefined;
}

/** Gives each element its shape: the next one whose tag fits. */
function shapesFor(elements: readonly DerReader[], parent: Shape | undefined): (Shape | undefined)[] {
  if (parent?.each !== undefined) return elements.map(() => parent.each);
  let next = 0;
  const fields = parent?.fields ?? [];
  return elements.map(({ tag }) => {
    const at = fields.findIndex((field, i) => i >= next && (field.tag === undefined || field.tag === tag));
    if (at < 0) return undefined;
    next = at + 1;
    return fields[at];
  });
}

function fieldOf(element: DerReader, known: Shape | undefined, depth: number): Field {
  const { start, end } = element;
  const type = describeTag(element.tag);
  const name = known === undefined ? type : `${known.name} ${type}`;
  const inside = depth < MAX_DEPTH ? contentsOf(element) : undefined;
  if (inside !== undefined && inside.length > 0) {
    const shapes = shapesFor(inside, known);
    return { name, start, end, fields: inside.map((child, i) => fieldOf(child, shapes[i], depth + 1)) };
  }
  const value = safeValue(element);
  return { name, start, end, text: `${value}${value === '' ? '' : ', '}${end - start} bytes` };
}

/**
 * The elements of a structure. Bytes that are not DER have no field.
 * @param kind as its description calls it.
 */
export function derFields(kind: string, der: Uint8Array): readonly Field[] {
  return (childrenOf(der, 0, der.length) ?? []).map((element) => fieldOf(element, SHAPES[kind], 0));
}
