/** The extension block of a message: `Extension extensions<min..2^16-1>` as one object (RFC 9846 section 4.2). */
import { type Codec, type Infer, type Reader, rest, type Writer } from '../codec.ts';
import { extensionName } from '../registry.ts';
import { EXTENSIONS } from './index.ts';

/** The messages that carry extensions. A TLS 1.2 ServerHello has rules of its own. */
export type ExtensionContext =
  | 'ClientHello'
  | 'ServerHello'
  | 'ServerHello12'
  | 'HelloRetryRequest'
  | 'EncryptedExtensions'
  | 'CertificateRequest'
  | 'Certificate'
  | 'NewSessionTicket';

type Table = typeof EXTENSIONS;

/** An extension whose number is not in the table, as it came. */
export interface RawExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** The extensions of one message: each decoded value under the extension's name. */
export type Extensions<M extends ExtensionContext> = {
  readonly [K in keyof Table as Table[K]['in'] extends { readonly [P in M]: unknown }
    ? K
    : never]?: Table[K]['in'] extends {
    readonly [P in M]: infer C;
  }
    ? Infer<C>
    : never;
} & {
  /** Extensions that handfast does not decode. */
  readonly unknown?: readonly RawExtension[];
  /**
   * Extension numbers in wire order. Decoding sets it; encoding follows it, with extensions that it does not
   * name after the others, in the order in which the object was made.
   */
  readonly order?: readonly number[];
};

interface Entry {
  readonly name: string;
  readonly type: number;
  readonly codec: Codec<unknown>;
}

/** What stands in the block, seen without types: how the generic code below handles it. */
interface LooseBlock {
  unknown?: readonly RawExtension[];
  order?: readonly number[];
  [name: string]: unknown;
}

/** The numbers of the extensions in a block that was not decoded but made. */
export function extensionTypes(block: Extensions<ExtensionContext>): readonly number[] {
  const known = Object.entries(EXTENSIONS).filter(([name]) => (block as LooseBlock)[name] !== undefined);
  return [...known.map(([, { type }]) => type), ...(block.unknown ?? []).map(({ type }) => type)];
}

/**
 * The codec of an extension block.
 * Decoding refuses a repeated extension, and one that the table knows but not for this message
 * (`illegal_parameter`, RFC 9846 section 4.2); pre_shared_key must come last (section 4.2.11).
 */
export function extensionBlock<M extends ExtensionContext>(message: M, min = 0): Codec<Extensions<M>> {
  const byType = new Map<number, Entry | 'elsewhere'>();
  const byName = new Map<string, Entry>();
  for (const [name, definition] of Object.entries(EXTENSIONS)) {
    const codec = (definition.in as { readonly [context: string]: Codec<unknown> | undefined })[message];
    // A TLS 1.2 ServerHello may carry extensions that TLS 1.3 moved elsewhere: they stay raw.
    if (codec === undefined && message !== 'ServerHello12') byType.set(definition.type, 'elsewhere');
    if (codec === undefined) continue;
    const entry = { name, type: definition.type, codec };
    byType.set(definition.type, entry);
    byName.set(name, entry);
  }

  const readOne = (reader: Reader, block: LooseBlock, unknown: RawExtension[], order: number[]): void => {
    const type = reader.uint(2);
    if (order.includes(type)) {
      reader.fail(`${extensionName(type)} appears twice`, 'ERR_DUPLICATE_EXTENSION');
    }
    if (order.at(-1) === EXTENSIONS.preSharedKey.type && message === 'ClientHello') {
      reader.fail('expected pre_shared_key to be the last extension', 'ERR_ILLEGAL_PARAMETER');
    }
    order.push(type);
    const entry = byType.get(type);
    if (entry === 'elsewhere') {
      reader.fail(`${extensionName(type)} may not appear in this message`, 'ERR_ILLEGAL_PARAMETER');
    }
    const length = reader.uint(2);
    reader.within(length, () => {
      if (entry === undefined) unknown.push({ type, data: reader.field(extensionName(type), rest) });
      else block[entry.name] = reader.field(entry.name, entry.codec);
    });
  };

  const writeOne = (writer: Writer, type: number, write: () => void): void => {
    writer.uint(2, type);
    writer.prefixed(2, 0, 0xffff, write);
  };

  return {
    read: (reader) => {
      const block: LooseBlock = {};
      const unknown: RawExtension[] = [];
      const order: number[] = [];
      const length = reader.uint(2);
      if (length < min) reader.fail(`expected at least ${min} bytes of extensions, found ${length}`);
      reader.within(length, () => {
        while (reader.remaining > 0) readOne(reader, block, unknown, order);
      });
      if (unknown.length > 0) block.unknown = unknown;
      block.order = order;
      return block as Extensions<M>;
    },
    write: (writer, value) => {
      const pending = new Map<number, () => void>();
      for (const [name, content] of Object.entries(value as LooseBlock)) {
        const entry = byName.get(name);
        if (entry !== undefined && content !== undefined) {
          pending.set(entry.type, () => entry.codec.write(writer, content));
        }
      }
      for (const { type, data } of value.unknown ?? []) pending.set(type, () => writer.bytes(data));
      writer.prefixed(2, min, 0xffff, () => {
        for (const type of new Set([...(value.order ?? []), ...pending.keys()])) {
          const write = pending.get(type);
          if (write !== undefined) writeOne(writer, type, write);
        }
      });
    },
    sample: (random) => {
      const block: LooseBlock = {};
      const order: number[] = [];
      for (const { name, type, codec } of byName.values()) {
        if (random.below(2) === 0) continue;
        block[name] = codec.sample(random);
        order.push(type);
      }
      if (min > 0 && order.length === 0) {
        block.unknown = [{ type: 0xfffa, data: new Uint8Array(8) }];
        order.push(0xfffa);
      }
      block.order = order;
      return block as Extensions<M>;
    },
  };
}
