/** The character strings of ASN.1 that names are written in (RFC 5280 section 4.1.2.4). */
import { latin1 } from '../wire/bytes.ts';
import { DerError, type DerReader, describeTag, Tag } from './der.ts';

/**
 * The text of a string element, or `undefined` when the element is of no string type.
 * @throws {DerError} `string-encoding` when the bytes are not what the type allows.
 */
export function decodeString(element: DerReader, what: string): string | undefined {
  const { tag } = element;
  switch (tag) {
    case Tag.UTF8String:
      return decodeUtf8(element, what);
    case Tag.PrintableString:
    case Tag.IA5String:
    case Tag.NumericString:
    case Tag.VisibleString:
      return decodeAscii(element, what);
    case Tag.TeletexString:
      // T.61 in theory; in practice ISO 8859-1.
      return latin1(element.rest());
    case Tag.BMPString:
      return decodeFixedWidth(element, 2, what);
    case Tag.UniversalString:
      return decodeFixedWidth(element, 4, what);
    default:
      return undefined;
  }
}

/** ASCII text; the smaller alphabets of PrintableString and others are not enforced, as nobody keeps to them. */
export function decodeAscii(element: DerReader, what: string): string {
  const { input, position, end } = element;
  let text = '';
  for (let i = position; i < end; i++) {
    const byte = input[i] as number;
    if (byte > 0x7f) throw notEncoded(element, i, what);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** UTF-8 without overlong forms, surrogates, or characters beyond U+10FFFF (RFC 3629). */
function decodeUtf8(element: DerReader, what: string): string {
  const { input, position, end } = element;
  let text = '';
  for (let i = position; i < end; ) {
    const first = input[i] as number;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      i++;
      continue;
    }
    const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    let point = first & (0x3f >> more);
    let wellFormed = first >= 0xc2 && first <= 0xf4 && i + more < end;
    for (let k = 1; wellFormed && k <= more; k++) {
      const next = input[i + k] as number;
      wellFormed = (next & 0xc0) === 0x80;
      point = (point << 6) | (next & 0x3f);
    }
    const smallest = more === 3 ? 0x10000 : more === 2 ? 0x800 : 0x80;
    if (!wellFormed || point < smallest || !isScalar(point)) throw notEncoded(element, i, what);
    text += String.fromCodePoint(point);
    i += more + 1;
  }
  return text;
}

function decodeFixedWidth(element: DerReader, width: 2 | 4, what: string): string {
  const { input, position, end } = element;
  if ((end - position) % width !== 0) throw notEncoded(element, end, what);
  let text = '';
  for (let i = position; i < end; i += width) {
    let point = 0;
    for (let k = 0; k < width; k++) point = point * 256 + (input[i + k] as number);
    // A BMPString holds one UTF-16 unit per character: it has no surrogate pairs.
    if (!isScalar(point)) throw notEncoded(element, i, what);
    text += String.fromCodePoint(point);
  }
  return text;
}

function isScalar(point: number): boolean {
  return point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
}

function notEncoded(element: DerReader, offset: number, what: string): DerError {
  return new DerError(
    'string-encoding',
    offset,
    `${what}: the bytes are not the characters of a ${describeTag(element.tag)}`,
  );
}
