/** How parts of a session are written that no message of TLS has. */
import { ascii, latin1 } from '../wire/bytes.ts';
import { type Codec, opaque } from '../wire/codec.ts';

/** A value that may be absent: 0, or 1 and the value. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    read: (reader) => (flag.read(reader) ? codec.read(reader) : undefined),
    write: (writer, value) => {
      flag.write(writer, value !== undefined);
      if (value !== undefined) codec.write(writer, value);
    },
    sample: (random) => (flag.sample(random) ? codec.sample(random) : undefined),
  };
}

/** 0 or 1. */
export const flag: Codec<boolean> = {
  read: (reader) => {
    const value = reader.uint(1);
    if (value > 1) reader.fail(`expected 0 or 1, found ${value}`);
    return value === 1;
  },
  write: (writer, value) => writer.uint(1, value ? 1 : 0),
  sample: (random) => random.below(2) === 1,
};

const HIGH = 2 ** 32;

/** Whole milliseconds since 1970 in six bytes: good for every time that a certificate can hold. */
export const milliseconds: Codec<number> = {
  read: (reader) => reader.uint(2) * HIGH + reader.uint(4),
  write: (writer, value) => {
    writer.uint(2, Math.floor(value / HIGH));
    writer.uint(4, value % HIGH);
  },
  sample: (random) => random.below(0x10000) * HIGH + random.below(HIGH),
};

/** Printable ASCII of `min` to `max` characters. */
export function text(min: number, max: number): Codec<string> {
  const bytes = opaque(min, max);
  const check = (value: string): string | undefined =>
    /^[\x20-\x7e]*$/.test(value) ? undefined : 'expected printable ASCII characters';
  return {
    read: (reader) => {
      const value = latin1(bytes.read(reader));
      const wrong = check(value);
      if (wrong !== undefined) reader.fail(wrong);
      return value;
    },
    write: (writer, value) => {
      const wrong = check(value);
      if (wrong !== undefined) throw new RangeError(wrong);
      bytes.write(writer, ascii(value));
    },
    sample: (random) => latin1(bytes.sample(random).map((byte) => 0x20 + (byte % 95))),
  };
}
