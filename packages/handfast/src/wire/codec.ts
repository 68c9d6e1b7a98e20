/**
 * Codec combinators: a struct of the RFC's presentation language (RFC 9846 section 3) is declared once, and
 * its TypeScript type, its decoder, its encoder, its byte ranges and its random samples all follow.
 */
import { toHex } from './bytes.ts';
import { TlsError } from './errors.ts';

/** One decoded field and the bytes it came from, for the trace. Offsets count from the start of the message. */
export interface Field {
  readonly name: string;
  readonly start: number;
  /** The offset after the last byte. */
  readonly end: number;
  /** A short rendering of the value; structs have none. */
  readonly text?: string;
  readonly fields?: readonly Field[];
}

/** `extensions.keyShare[1].group`: list elements are joined without a dot. */
function joinPath(name: string, inner: string): string {
  return inner === '' || inner.startsWith('[') ? name + inner : `${name}.${inner}`;
}

/** The path of names from the struct to the failing field is added while the error travels outward. */
class DecodeFailure extends Error {
  readonly offset: number;
  readonly code: 'ERR_DECODE' | 'ERR_DUPLICATE_EXTENSION' | 'ERR_ILLEGAL_PARAMETER';
  path = '';

  constructor(offset: number, message: string, code: DecodeFailure['code']) {
    super(message);
    this.offset = offset;
    this.code = code;
  }
}

/** Reads bytes from front to back; never beyond `end`, never allocating from a claimed length. */
export class Reader {
  readonly bytes: Uint8Array;
  offset: number;
  end: number;
  /** Where decoded fields are recorded, when they are. */
  fields: Field[] | undefined;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = bytes.length;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Fails at this place with the alert `decode_error`, or with the code given. */
  fail(message: string, code: DecodeFailure['code'] = 'ERR_DECODE'): never {
    throw new DecodeFailure(this.offset, message, code);
  }

  /** An unsigned integer of `size` bytes, big-endian. */
  uint(size: 1 | 2 | 3 | 4): number {
    if (this.remaining < size) this.fail(`expected ${plural(size, 'byte')}, found ${this.remaining}`);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + (this.bytes[this.offset++] as number);
    return value;
  }

  /** The integer that {@link uint} would read, which stays where it is. */
  peek(size: 1 | 2 | 3 | 4): number {
    const value = this.uint(size);
    this.offset -= size;
    return value;
  }

  /** The next `length` bytes, as a view of the input. */
  take(length: number): Uint8Array {
    if (this.remaining < length) this.fail(`expected ${plural(length, 'byte')}, found ${this.remaining}`);
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  /** Reads with `read` inside the next `length` bytes, all of which it must use. */
  within<T>(length: number, read: () => T): T {
    if (this.remaining < length) {
      this.fail(`expected ${plural(length, 'byte')} as its length says, found ${this.remaining}`);
    }
    const outerEnd = this.end;
    this.end = this.offset + length;
    const value = read();
    if (this.offset !== this.end) this.fail(`${plural(this.remaining, 'byte')} left over at its end`);
    this.end = outerEnd;
    return value;
  }

  /** Records what `read` reads as a field called `name`, and puts the name into the path of a failure. */
  field<T>(name: string, codec: Codec<T>): T {
    try {
      if (this.fields === undefined) return codec.read(this);
      const outer = this.fields;
      const fields: Field[] = [];
      this.fields = fields;
      const start = this.offset;
      const value = codec.read(this);
      this.fields = outer;
      const text = codec.show?.(value);
      outer.push({
        name,
        start,
        end: this.offset,
        ...(text === undefined ? {} : { text }),
        ...(fields.length === 0 ? {} : { fields }),
      });
      return value;
    } catch (error) {
      if (error instanceof DecodeFailure) {
        error.path = joinPath(name, error.path);
      }
      throw error;
    }
  }
}

/** Collects bytes; vector lengths are patched in once they are known. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  #reserve(count: number): number {
    const offset = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return offset;
  }

  #put(offset: number, size: number, value: number): void {
    let rest = value;
    for (let i = size - 1; i >= 0; i--) {
      this.#bytes[offset + i] = rest & 0xff;
      rest = Math.floor(rest / 256);
    }
  }

  uint(size: 1 | 2 | 3 | 4, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** size) {
      throw new RangeError(`${value} does not fit into ${plural(size, 'byte')}`);
    }
    this.#put(this.#reserve(size), size, value);
  }

  bytes(value: Uint8Array): void {
    const offset = this.#reserve(value.length); // first: it may replace the buffer
    this.#bytes.set(value, offset);
  }

  /** Writes with `write`, preceded by the length of what it wrote. */
  prefixed(size: 1 | 2 | 3 | 4, min: number, max: number, write: () => void): void {
    const offset = this.#reserve(size);
    write();
    const length = this.#length - offset - size;
    if (length < min || length > max)
      throw new RangeError(`a vector of ${length} bytes, expected ${min} to ${max}`);
    this.#put(offset, size, length);
  }

  /** What was written so far, as a view. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** A source of random choices for {@link Codec.sample}: `below(n)` is an integer from 0 to n - 1. */
export interface SampleSource {
  below(limit: number): number;
}

/** How one type travels as bytes. */
export interface Codec<T> {
  /** Reads one value. Failures carry the offset; only `decode` and its relatives turn them into a {@link TlsError}. */
  read(reader: Reader): T;
  /** Writes one value. @throws {RangeError} when the value does not fit the declaration. */
  write(writer: Writer, value: T): void;
  /** A random well-formed value. */
  sample(random: SampleSource): T;
  /** A short rendering of a value; structs have none. */
  show?(value: T): string;
}

/** The type that a codec reads and writes. */
export type Infer<C> = C extends Codec<infer T> ? T : never;

function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return count === 1 ? `1 ${noun}` : `${count} ${nouns}`;
}

function sampleBytes(random: SampleSource, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** Samples stay small, so that random messages look like messages. */
const SAMPLE_ELEMENTS = 5;

const MAX_SHOWN_BYTES = 40;
function showBytes(bytes: Uint8Array): string {
  const text = toHex(bytes.subarray(0, MAX_SHOWN_BYTES));
  return bytes.length > MAX_SHOWN_BYTES ? `${text}... (${bytes.length} bytes)` : text;
}

/** An unsigned integer; `name` renders it, as the registries do. */
export function uint(size: 1 | 2 | 3 | 4, name: (value: number) => string = String): Codec<number> {
  return {
    read: (reader) => reader.uint(size),
    write: (writer, value) => writer.uint(size, value),
    sample: (random) => random.below(256 ** size),
    show: name,
  };
}

export const uint8: Codec<number> = uint(1);
export const uint16: Codec<number> = uint(2);
export const uint32: Codec<number> = uint(4);

/** `opaque value[length]`. */
export function fixed(length: number): Codec<Uint8Array> {
  return {
    read: (reader) => reader.take(length),
    write: (writer, value) => {
      if (value.length !== length) throw new RangeError(`expected ${length} bytes, found ${value.length}`);
      writer.bytes(value);
    },
    sample: (random) => sampleBytes(random, length),
    show: showBytes,
  };
}

/** All bytes to the end of what encloses the field. */
export const rest: Codec<Uint8Array> = {
  read: (reader) => reader.take(reader.remaining),
  write: (writer, value) => writer.bytes(value),
  sample: (random) => sampleBytes(random, random.below(48)),
  show: showBytes,
};

/** The size of a vector's length, which follows from its ceiling (RFC 9846 section 3.4). */
function prefixSize(max: number): 1 | 2 | 3 {
  return max < 0x100 ? 1 : max < 0x10000 ? 2 : 3;
}

function readLength(reader: Reader, min: number, max: number): number {
  const length = reader.uint(prefixSize(max));
  if (length < min || length > max)
    reader.fail(`expected a length of ${min} to ${max} bytes, found ${length}`);
  return length;
}

/** `opaque value<min..max>`. */
export function opaque(min: number, max: number): Codec<Uint8Array> {
  return {
    read: (reader) => reader.take(readLength(reader, min, max)),
    write: (writer, value) => writer.prefixed(prefixSize(max), min, max, () => writer.bytes(value)),
    sample: (random) => sampleBytes(random, min + random.below(Math.min(max - min, 40) + 1)),
    show: showBytes,
  };
}

/** `T list<min..max>`, with the bounds in bytes as in the RFC. */
export function vector<T>(element: Codec<T>, min: number, max: number): Codec<readonly T[]> {
  return {
    read: (reader) =>
      reader.within(readLength(reader, min, max), () => {
        const list: T[] = [];
        while (reader.remaining > 0) list.push(reader.field(`[${list.length}]`, element));
        return list;
      }),
    write: (writer, list) =>
      writer.prefixed(prefixSize(max), min, max, () => {
        for (const value of list) element.write(writer, value);
      }),
    sample: (random) => {
      const count = min + random.below(SAMPLE_ELEMENTS);
      const list: T[] = [];
      while (list.length < count) list.push(element.sample(random));
      return list;
    },
    show: (list) =>
      element.show === undefined
        ? plural(list.length, 'entry', 'entries')
        : list.map(element.show).join(', '),
  };
}

/** A struct: its fields in their order. */
export function struct<F extends Readonly<Record<string, Codec<unknown>>>>(
  fields: F,
): Codec<{ readonly [K in keyof F]: Infer<F[K]> }> {
  type Value = { readonly [K in keyof F]: Infer<F[K]> };
  const entries = Object.entries(fields) as unknown as readonly (readonly [
    keyof F & string,
    Codec<unknown>,
  ])[];
  return {
    read: (reader) => {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) value[name] = reader.field(name, codec);
      return value as Value;
    },
    write: (writer, value) => {
      for (const [name, codec] of entries) codec.write(writer, value[name]);
    },
    sample: (random) =>
      Object.fromEntries(entries.map(([name, codec]) => [name, codec.sample(random)])) as Value,
  };
}

/** `value`, inside a vector that it fills exactly: how an extension carries its struct. */
export function enclosed<T>(codec: Codec<T>, min: number, max: number): Codec<T> {
  return {
    ...codec,
    read: (reader) => reader.within(readLength(reader, min, max), () => codec.read(reader)),
    write: (writer, value) => writer.prefixed(prefixSize(max), min, max, () => codec.write(writer, value)),
  };
}

/** A struct without fields, such as an extension whose presence says it all. */
export const empty: Codec<true> = {
  read: () => true,
  write: () => {},
  sample: () => true,
};

/** The same bytes with a different rendering. */
export function shown<T>(codec: Codec<T>, show: (value: T) => string): Codec<T> {
  return { ...codec, show };
}

/** The same bytes with a further rule that decoded values must meet; `rule` answers what is wrong. */
export function checked<T>(
  codec: Codec<T>,
  rule: (value: T) => string | undefined,
  sample: (random: SampleSource) => T = codec.sample,
): Codec<T> {
  return {
    ...codec,
    read: (reader) => {
      const value = codec.read(reader);
      const wrong = rule(value);
      if (wrong !== undefined) reader.fail(wrong, 'ERR_ILLEGAL_PARAMETER');
      return value;
    },
    sample,
  };
}

function run<T>(codec: Codec<T>, name: string, bytes: Uint8Array, fields: Field[] | undefined): T {
  const reader = new Reader(bytes);
  reader.fields = fields;
  try {
    const value = codec.read(reader);
    if (reader.remaining > 0) reader.fail(`${plural(reader.remaining, 'byte')} left over at its end`);
    return value;
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error;
    const path = joinPath(name, error.path);
    throw new TlsError(error.code, `${path}: ${error.message} (at byte ${error.offset})`, {
      message: name,
      field: path,
      offset: error.offset,
    });
  }
}

/**
 * Decodes exactly all of `bytes`.
 * @param name what is decoded, for the error's text.
 * @throws {TlsError} `ERR_DECODE` and its relatives, with the path and the offset of the failing field.
 */
export function decode<T>(codec: Codec<T>, name: string, bytes: Uint8Array): T {
  return run(codec, name, bytes, undefined);
}

/** Decodes like {@link decode}, and tells the byte range of every field. */
export function decodeWithFields<T>(
  codec: Codec<T>,
  name: string,
  bytes: Uint8Array,
): { value: T; fields: readonly Field[] } {
  const fields: Field[] = [];
  return { value: run(codec, name, bytes, fields), fields };
}

/**
 * Encodes one value into a new array.
 * @throws {RangeError} when the value does not fit its declaration.
 */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer();
  codec.write(writer, value);
  return writer.finish();
}
