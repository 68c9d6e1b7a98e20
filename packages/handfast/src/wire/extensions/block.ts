/** The extension block of a message: `Extension extensions<min..2^16-1>` as one object (RFC 9846 section 4.3). */
import { type Codec, type Infer, type Reader, rest } from '../codec.ts';
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
   * Extension numbers in wire order. Decoding sets it where there is a block at all; encoding follows it, with extensions that it does not
   * name after the others, in the order in which the object was made.
   */
  readonly order?: readonly number[];
};

/** One extension of the table, as it stands in a block. */
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

/** `Extension`: the number, the length, and the data, which fill that length exactly. */
function extension<T>(type: number, data: Codec<T>): Codec<T> {
  return {
    ...data,
    read: (reader) => {
      reader.uint(2);
      return reader.within(reader.uint(2), () => data.read(reader));
    },
    write: (writer, value) => {
      writer.uint(2, type);
      writer.prefixed(2, 0, 0xffff, () => data.write(writer, value));
    },
  };
}

/** A number that no registry gives a meaning, for samples (RFC 9846 section 11: private use). */
const UNKNOWN_TYPE = 0xff77;

/**
 * The codec of an extension block.
 * Decoding refuses a repeated extension, and one that the table knows but not for this message
 * (`illegal_parameter`, RFC 9846 section 4.3); in a ClientHello pre_shared_key must come last (section
 * 4.3.11), and encoding puts it there.
 */
export function extensionBlock<M extends ExtensionContext>(message: M): Codec<Extensions<M>> {
  const byType = new Map<number, Entry | 'elsewhere'>();
  const byName = new Map<string, Entry>();
  for (const [name, { type, in: contexts }] of Object.entries(EXTENSIONS)) {
    const data = (contexts as { readonly [context: string]: Codec<unknown> | undefined })[message];
    if (data !== undefined) {
      const entry = { name, type, codec: extension(type, data) };
      byType.set(type, entry);
      byName.set(name, entry);
    } else if (message !== 'ServerHello12') {
      // A TLS 1.2 ServerHello may carry extensions that TLS 1.3 moved elsewhere: they stay raw.
      byType.set(type, 'elsewhere');
    }
  }
  const lastType = message === 'ClientHello' ? EXTENSIONS.preSharedKey.type : undefined;

  const readOne = (reader: Reader, block: LooseBlock, unknown: RawExtension[], seen: Set<number>): void => {
    const type = reader.peek(2);
    if (seen.has(type)) {
      reader.fail(`${extensionName(type)} appears twice`, 'ERR_DUPLICATE_EXTENSION');
    }
    if (lastType !== undefined && seen.has(lastType)) {
      reader.fail(`expected ${extensionName(lastType)} to be the last extension`, 'ERR_ILLEGAL_PARAMETER');
    }
    seen.add(type);
    const entry = byType.get(type);
    if (entry === 'elsewhere') {
      reader.fail(`${extensionName(type)} may not appear in this message`, 'ERR_ILLEGAL_PARAMETER');
    }
    if (entry === undefined) {
      unknown.push({ type, data: reader.field(extensionName(type), extension(type, rest)) });
    } else block[entry.name] = reader.field(entry.name, entry.codec);
  };

  return {
    read: (reader) => {
      const block: LooseBlock = {};
      const unknown: RawExtension[] = [];
      const seen = new Set<number>();
      reader.within(reader.uint(2), () => {
        while (reader.remaining > 0) readOne(reader, block, unknown, seen);
      });
      if (unknown.length > 0) block.unknown = unknown;
      block.order = [...seen];
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
      for (const { type, data } of value.unknown ?? []) {
        pending.set(type, () => extension(type, rest).write(writer, data));
      }
      const order = new Set([...(value.order ?? []), ...pending.keys()]);
      if (lastType !== undefined && order.delete(lastType)) order.add(lastType);
      writer.prefixed(2, 0, 0xffff, () => {
        for (const type of order) pending.get(type)?.();
      });
    },
    sample: (random) => {
      const block: LooseBlock = {};
      const order: number[] = [];
      if (random.below(2) === 0) {
        block.unknown = [{ type: UNKNOWN_TYPE, data: rest.sample(random) }];
        order.push(UNKNOWN_TYPE);
      }
      for (const { name, type, codec } of byName.values()) {
        if (random.below(2) === 0) continue;
        block[name] = codec.sample(random);
        order.push(type);
      }
      block.order = order;
      return block as Extensions<M>;
    },
  };
}

/**
 * The block of a hello that TLS 1.2 may know: there it may be missing altogether, which is not the same as empty
 * (RFC 5246 sections 7.4.1.2 and 7.4.1.3). An object without members stands for the missing one.
 */
export function optionalExtensionBlock<M extends ExtensionContext>(message: M): Codec<Extensions<M>> {
  const block = extensionBlock(message);
  return {
    ...block,
    read: (reader) => (reader.remaining === 0 ? ({} as Extensions<M>) : block.read(reader)),
    write: (writer, value) => {
      if (Object.values(value).some((member) => member !== undefined)) block.write(writer, value);
    },
    sample: (random) => (random.below(8) === 0 ? ({} as Extensions<M>) : block.sample(random)),
  };
}
