/** Distinguished names: reading, comparing (RFC 5280 section 7.1) and showing them (RFC 4514). */
import { equalBytes, toHex } from '../wire/bytes.ts';
import { DerError, DerReader, Tag } from './der.ts';
import { encodeElement } from './der-writer.ts';
import { AttributeOid, attributeName } from './oids.ts';
import { decodeString } from './strings.ts';

/** One attribute of a relative distinguished name. */
export interface NameAttribute {
  /** The attribute type, dotted. */
  readonly type: string;
  /** The value as text; `undefined` when it is of no string type. */
  readonly text: string | undefined;
  /** The whole value as DER. */
  readonly encoding: Uint8Array;
}

/** One step of a distinguished name: nearly always a single attribute. */
export type RelativeName = readonly NameAttribute[];

/** A distinguished name as it stands in a certificate. */
export class DistinguishedName {
  /** The Name as DER. */
  readonly der: Uint8Array;
  /** The steps in wire order, most significant first. */
  readonly steps: readonly RelativeName[];
  #stepKeys: readonly string[] | undefined;
  #key: string | undefined;
  #text: string | undefined;

  constructor(der: Uint8Array, steps: readonly RelativeName[]) {
    this.der = der;
    this.steps = steps;
  }

  get empty(): boolean {
    return this.steps.length === 0;
  }

  /**
   * For each step a text that is the same for names that RFC 5280 section 7.1 calls equal: characters are compared
   * without regard to case, width and extra white space, whatever string type they were written in.
   */
  get stepKeys(): readonly string[] {
    this.#stepKeys ??= this.steps.map((step) => step.map(attributeKey).sort().join());
    return this.#stepKeys;
  }

  /** The same for the whole name: equal keys are equal names. */
  get key(): string {
    this.#key ??= this.stepKeys.map((key) => `${key.length}:${key}`).join('');
    return this.#key;
  }

  equals(other: DistinguishedName): boolean {
    return equalBytes(this.der, other.der) || this.key === other.key;
  }

  /** True when the first steps of this name are those of `base` (RFC 5280 section 4.2.1.10, directoryName). */
  isWithin(base: DistinguishedName): boolean {
    return (
      base.steps.length <= this.steps.length &&
      base.stepKeys.every((key, index) => key === this.stepKeys[index])
    );
  }

  /**
   * This name with one more step (RFC 5280 section 4.2.1.13, nameRelativeToCRLIssuer).
   * @param contents the step's attributes as DER, without the header of their SET.
   */
  extended(step: RelativeName, contents: Uint8Array): DistinguishedName {
    const own = this.steps.length === 0 ? [] : [new DerReader(this.der).sequence('name').rest()];
    const der = encodeElement(Tag.SEQUENCE, ...own, encodeElement(Tag.SET, contents));
    return new DistinguishedName(der, [...this.steps, step]);
  }

  /** The texts of all attributes of one type, in wire order. */
  texts(type: string): string[] {
    return this.steps.flatMap((step) =>
      step.flatMap((attribute) =>
        attribute.type === type && attribute.text !== undefined ? [attribute.text] : [],
      ),
    );
  }

  /** The string form of RFC 4514: last step first, separated by commas. The empty name is the empty string. */
  toString(): string {
    this.#text ??= this.steps
      .map((step) => step.map(showAttribute).join('+'))
      .reverse()
      .join(',');
    return this.#text;
  }

  /** The shortest text that tells people who is meant: the common name, else the organisation, else everything. */
  get label(): string {
    const text = [AttributeOid.CN, AttributeOid.OU, AttributeOid.O].map((type) => this.texts(type).at(-1));
    return escapeText(text.find((found) => found !== undefined) ?? '') || this.toString();
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Reads a Name (RFC 5280 section 4.1.2.4) out of `reader`. */
export function readName(reader: DerReader, what: string): DistinguishedName {
  const name = reader.sequence(what);
  const der = name.encoding();
  const steps: RelativeName[] = [];
  while (!name.done) {
    const set = name.read(Tag.SET, what);
    steps.push(readRelativeName(set, what));
  }
  return new DistinguishedName(der, steps);
}

/** Reads the attributes of one step until the end of `set`. */
export function readRelativeName(set: DerReader, what: string): RelativeName {
  if (set.done) throw new DerError('empty-list', set.start, `${what}: a step of the name has no attribute`);
  const attributes: NameAttribute[] = [];
  while (!set.done) {
    const pair = set.sequence(what);
    const type = pair.oid(what);
    const value = pair.readAny(what);
    pair.finish(what);
    attributes.push({ type, text: decodeString(value, what), encoding: value.encoding() });
  }
  return attributes;
}

/** Lengths in front keep keys unambiguous, whatever characters the values hold. */
function attributeKey(attribute: NameAttribute): string {
  const { type, text, encoding } = attribute;
  const value = text === undefined ? `#${toHex(encoding)}` : `=${prepare(text)}`;
  return `${type}${value.length}${value}`;
}

const PLAIN = /^[ -~]*$/;
/** Spaces of any kind (RFC 4518 section 2.2). */
const SPACE = /[\t-\r\x85\p{Z}]/gu;
/** Characters that RFC 4518 section 2.2 maps to nothing: controls, and marks that nobody sees. */
const UNSEEN =
  /\u034f|[\u180b-\u180e]|[\ufe00-\ufe0f]|[\p{Cc}\u00ad\u06dd\u070f\u1806\u200b-\u200f\u202a-\u202e\u2060-\u2063\u206a-\u206f\ufeff\ufff9-\ufffc\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/gu;

/**
 * String preparation (RFC 4518 section 2, with the case folding of RFC 5280 section 7.1): what is left of two equal values is
 * the same.
 */
function prepare(text: string): string {
  // Of what nearly all names are made of, only case and spaces matter.
  if (PLAIN.test(text)) return text.toLowerCase().replace(/ {2,}/g, ' ').trim();
  const seen = text.replace(SPACE, ' ').replace(UNSEEN, '').normalize('NFKC');
  const folded = Array.from(seen, foldCase).join('').normalize('NFKC');
  return folded.replace(/ +/g, ' ').trim();
}

/** A character without its case; there and back again, since some have a partner on the way only (\u00df is SS is ss). */
function foldCase(character: string): string {
  // The dotless i is no other form of i (RFC 3454 appendix B.2), though it shares a capital with it.
  return character === '\u0131' ? character : character.toLowerCase().toUpperCase().toLowerCase();
}

function showAttribute(attribute: NameAttribute): string {
  const name = attributeName(attribute.type);
  // RFC 4514 section 2.4: without a string form, or without a known name, the value is shown as hexadecimal DER.
  if (attribute.text === undefined || name === attribute.type) return `${name}=#${toHex(attribute.encoding)}`;
  return `${name}=${escapeValue(attribute.text)}`;
}

/** RFC 4514 section 2.4. */
function escapeValue(text: string): string {
  return escapeText(text.replace(/[\\",+<>;]|^[ #]| $/g, '\\$&'));
}

/** Hides what could trick a terminal or a reader: controls, and invisible or direction-changing characters. */
export function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x100 ? `\\${point.toString(16).padStart(2, '0')}` : `\\u{${point.toString(16)}}`;
  });
}
