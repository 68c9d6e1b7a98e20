/** Mutations: small changes to any element of a certificate, most of which are against DER. What is changed is signed anew. */
import { Tag } from 'handfast/x509';
import { type CertificateTree, type Element, walk } from './tree.ts';

export interface Mutation {
  readonly name: string;
  /** Whether it is always against DER, so that it must be refused wherever handfast reads the element. */
  readonly breaksDer: boolean;
  fits(at: Element, parent: Element | undefined): boolean;
  apply(at: Element, parent: Element | undefined, choice: number): void;
}

const isLeafElement = ({ children }: Element): boolean => children === undefined;
const hasTag =
  (...tags: readonly number[]) =>
  ({ tag, children }: Element): boolean =>
    tags.includes(tag) && children === undefined;
const isConstructed = ({ tag }: Element): boolean => (tag & 0x20) !== 0;

/** Types of strings, which BER lets be written in segments. */
const STRINGS: readonly number[] = [0x03, 0x04, 0x0c, 0x13, 0x16, 0x81, 0x82, 0x86];

function content(
  name: string,
  breaksDer: boolean,
  fits: Mutation['fits'],
  change: (old: Uint8Array, choice: number) => Uint8Array,
): Mutation {
  return {
    name,
    breaksDer,
    fits,
    apply: (at, _, choice) => {
      at.content = change(at.content, choice);
    },
  };
}

function times(name: string, change: (text: string) => string): Mutation {
  return content(name, true, hasTag(Tag.UTCTime, Tag.GeneralizedTime), (old) =>
    Buffer.from(change(Buffer.from(old).toString('latin1')), 'latin1'),
  );
}

function siblings(
  name: string,
  breaksDer: boolean,
  change: (list: Element[], index: number) => void,
): Mutation {
  return {
    name,
    breaksDer,
    fits: (_, parent) => parent?.children !== undefined,
    apply: (at, parent) => {
      if (parent?.children !== undefined) change(parent.children, parent.children.indexOf(at));
    },
  };
}

const concat = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'length longer than needed',
    breaksDer: true,
    fits: () => true,
    apply: (at) => {
      at.form = 'long';
    },
  },
  {
    name: 'indefinite length',
    breaksDer: true,
    fits: isConstructed,
    apply: (at) => {
      at.form = 'indefinite';
    },
  },
  {
    name: 'string in segments',
    breaksDer: true,
    fits: (at) => STRINGS.includes(at.tag),
    apply: (at) => {
      const { children, content: old, field, form } = at;
      const inner: Element = {
        tag: at.tag & 0x80 ? Tag.OCTET_STRING : at.tag,
        field,
        form,
        content: old,
        ...(children && { children }),
      };
      at.tag |= 0x20;
      at.content = new Uint8Array(0);
      at.children = [inner];
    },
  },
  {
    name: 'tag of another class',
    breaksDer: false,
    fits: () => true,
    apply: (at) => {
      at.tag ^= 0x40;
    },
  },
  {
    name: 'tag of another type',
    breaksDer: false,
    fits: ({ tag }) => (tag & 0xc0) === 0,
    apply: (at, _, choice) => {
      const others = [0x02, 0x04, 0x05, 0x0c, 0x13, 0x16, 0x30, 0x31].filter((tag) => tag !== at.tag);
      at.tag = others[choice % others.length] ?? 0x05;
    },
  },
  {
    name: 'tag in the long form',
    breaksDer: true,
    fits: () => true,
    apply: (at) => {
      at.identifier = Uint8Array.of(at.tag | 0x1f, at.tag & 0x1f);
    },
  },
  content('integer padded', true, hasTag(Tag.INTEGER), (old) =>
    concat(Uint8Array.of((old[0] ?? 0) < 0x80 ? 0 : 0xff), old),
  ),
  content('integer without content', true, hasTag(Tag.INTEGER), () => new Uint8Array(0)),
  content('boolean that is neither 00 nor FF', true, hasTag(Tag.BOOLEAN), () => Uint8Array.of(1)),
  content('boolean of two octets', true, hasTag(Tag.BOOLEAN), () => Uint8Array.of(0xff, 0xff)),
  content(
    'unused bits that are not zero',
    true,
    (at) => hasTag(Tag.BIT_STRING)(at) && at.content.length > 1,
    (old) => concat(Uint8Array.of(1), old.subarray(1, -1), Uint8Array.of((old.at(-1) ?? 0) | 1)),
  ),
  content('eight unused bits', true, hasTag(Tag.BIT_STRING), (old) =>
    concat(Uint8Array.of(8), old.subarray(1)),
  ),
  content('object identifier padded', true, hasTag(Tag.OBJECT_IDENTIFIER), (old) =>
    concat(Uint8Array.of(0x80), old),
  ),
  content('object identifier cut', true, hasTag(Tag.OBJECT_IDENTIFIER), (old) =>
    concat(old.subarray(0, -1), Uint8Array.of((old.at(-1) ?? 0) | 0x80)),
  ),
  content('NULL with content', true, hasTag(Tag.NULL), () => Uint8Array.of(0)),
  times('time without seconds', (text) => `${text.slice(0, -3)}Z`),
  times('time with an offset', (text) => `${text.slice(0, -1)}+0000`),
  times('time without Z', (text) => text.slice(0, -1)),
  content(
    'emptied',
    false,
    (at) => isLeafElement(at) && at.content.length > 0,
    () => new Uint8Array(0),
  ),
  content(
    'octet changed',
    false,
    (at) => isLeafElement(at) && at.content.length > 0,
    (old, choice) => {
      const changed = old.slice();
      const index = choice % changed.length;
      changed[index] = (changed[index] ?? 0) ^ (1 << (choice % 8));
      return changed;
    },
  ),
  content(
    'octet left out',
    false,
    (at) => isLeafElement(at) && at.content.length > 0,
    (old) => old.subarray(0, -1),
  ),
  content('octet added', false, isLeafElement, (old, choice) => concat(old, Uint8Array.of(choice & 0xff))),
  siblings('left out', false, (list, index) => {
    list.splice(index, 1);
  }),
  siblings('twice', false, (list, index) => {
    list.splice(index, 0, ...list.slice(index, index + 1));
  }),
  siblings('swapped with the next', false, (list, index) => {
    list.splice(index, 2, ...list.slice(index, index + 2).reverse());
  }),
  {
    name: 'an element more inside',
    breaksDer: false,
    fits: ({ children }) => children !== undefined,
    apply: ({ children }) => {
      children?.push({ tag: Tag.NULL, field: 'beyond', form: 'shortest', content: new Uint8Array(0) });
    },
  },
];

/** A mutation in its place. */
export interface Aimed {
  readonly field: string;
  /** Whether the element is under the signature. */
  readonly isSigned: boolean;
  apply(): void;
}

/** One of the places that the mutation fits; `undefined` when there is none. */
export function aim(mutation: Mutation, tree: CertificateTree, choice: number): Aimed | undefined {
  const fitting = [...walk(tree.certificate)].filter(({ element, parent }) => mutation.fits(element, parent));
  const found = fitting[choice % Math.max(fitting.length, 1)];
  if (found === undefined) return undefined;
  const { element, parent } = found;
  const isSigned = [...walk(tree.tbs)].some((inside) => inside.element === element);
  return {
    field: element.field,
    isSigned,
    apply: () => mutation.apply(element, parent, Math.floor(choice / 7)),
  };
}
