/** The DER of a structure as fields, for a dump: every element with its name, its type and its value. */
import { attributeName, DerError, DerReader, describeOid, describeTag, Tag } from 'handfast/x509';
import { MAX_DUMP_ELEMENTS } from '../limits.ts';
import { bmpText } from '../pkcs12/bags.ts';
import type { DumpField as DerField } from '../render/dump.ts';
import { isoTime } from '../times.ts';
import { PKCS_NAMES, SHAPES, type Shape } from './shapes.ts';

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
      const known = describeOid(oid) === oid ? attributeName(oid) : describeOid(oid);
      const name = PKCS_NAMES[oid] ?? known;
      return name === oid ? oid : `${oid} ${name}`;
    }
    case Tag.UTCTime:
    case Tag.GeneralizedTime:
      return isoTime(reader.time('value').time);
    case Tag.BMPString:
      return JSON.stringify(bmpText(element.rest()));
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

/** Counts the elements of a structure: what has more is shown as bytes from there on. */
class Count {
  #left = MAX_DUMP_ELEMENTS;

  /** The elements of a range, or `undefined` when it is not DER to its end, or has too many. */
  childrenOf(input: Uint8Array, start: number, end: number): DerReader[] | undefined {
    const reader = new DerReader(input, start, start, end);
    const found: DerReader[] = [];
    try {
      while (!reader.done) {
        if (found.length === this.#left) return undefined;
        found.push(reader.readAny('element'));
      }
      this.#left -= found.length;
      return found;
    } catch (error) {
      if (error instanceof DerError) return undefined;
      throw error;
    }
  }
}

/** DER inside an OCTET STRING or a BIT STRING is shown as what it is, if it is exactly one constructed element. */
function wrapped(element: DerReader, count: Count): DerReader[] | undefined {
  const skipped = element.tag === Tag.BIT_STRING ? 1 : 0;
  const inside = count.childrenOf(
    element.input,
    Math.min(element.position + skipped, element.end),
    element.end,
  );
  return inside?.length === 1 && ((inside[0] as DerReader).tag & CONSTRUCTED) !== 0 ? inside : undefined;
}

function contentsOf(element: DerReader, count: Count): DerReader[] | undefined {
  const { tag, input, position, end } = element;
  if ((tag & CONSTRUCTED) !== 0) return count.childrenOf(input, position, end);
  return tag === Tag.OCTET_STRING || tag === Tag.BIT_STRING ? wrapped(element, count) : undefined;
}

/** The elements that a shape expects. */
function expectedIn(elements: readonly DerReader[], parent: Shape | undefined): readonly Shape[] {
  const [first] = elements;
  if (parent?.choose === undefined) return parent?.fields ?? [];
  return parent.choose(first?.tag === Tag.OBJECT_IDENTIFIER ? safeOid(first) : '');
}

function safeOid(element: DerReader): string {
  try {
    return sameElement(element).oid('type');
  } catch (error) {
    if (error instanceof DerError) return '';
    throw error;
  }
}

/** Gives each element its shape: the next one whose tag fits. */
function shapesFor(elements: readonly DerReader[], parent: Shape | undefined): (Shape | undefined)[] {
  if (parent?.each !== undefined) return elements.map(() => parent.each);
  let next = 0;
  const fields = expectedIn(elements, parent);
  return elements.map(({ tag }) => {
    const at = fields.findIndex((field, i) => i >= next && (field.tag === undefined || field.tag === tag));
    if (at < 0) return undefined;
    next = at + 1;
    return fields[at];
  });
}

/** Whether an element of a structure with secrets may be shown: only what is known to be none. */
function isHidden(known: Shape | undefined, inside: readonly DerReader[] | undefined): boolean {
  if (known === undefined || known.hidden === true) return true;
  const expectsMore = known.fields ?? known.each ?? known.choose;
  return expectsMore !== undefined && inside === undefined;
}

/** What is the same for all elements of a structure. */
interface Walk {
  readonly count: Count;
  /** Whether it may hold secrets, so that only what is known to be none is shown. */
  readonly guarded: boolean;
}

function fieldOf(element: DerReader, known: Shape | undefined, depth: number, walk: Walk): DerField {
  const { start, end } = element;
  const type = describeTag(element.tag);
  const name = known === undefined ? type : `${known.name} ${type}`;
  const inside = depth < MAX_DEPTH ? contentsOf(element, walk.count) : undefined;
  const guarded = walk.guarded && known?.open !== true;
  if (guarded && isHidden(known, inside)) {
    return { name, start, end, text: `${end - start} bytes, not shown`, hidden: true };
  }
  if (inside !== undefined && inside.length > 0) {
    const shapes = shapesFor(inside, known);
    const fields = inside.map((child, i) => fieldOf(child, shapes[i], depth + 1, { ...walk, guarded }));
    return { name, start, end, fields };
  }
  const value = safeValue(element);
  return { name, start, end, text: `${value}${value === '' ? '' : ', '}${end - start} bytes` };
}

/**
 * The elements of a structure. Bytes that are not DER have no field.
 * @param kind as its description calls it.
 * @param guarded whether it may hold secrets; then what is not known to be none is hidden.
 */
export function derFields(kind: string, der: Uint8Array, guarded = false): readonly DerField[] {
  const walk: Walk = { count: new Count(), guarded };
  const all = walk.count.childrenOf(der, 0, der.length) ?? [];
  return all.map((element) => fieldOf(element, SHAPES[kind], 0, walk));
}
