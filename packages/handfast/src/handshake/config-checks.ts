/** How options are checked: each says which option is at fault, what was expected, and what was found. */
import { type Codec, encode } from '../wire/codec.ts';
import { ConfigError } from '../wire/errors.ts';

export { requireWithin } from '../policy/option-checks.ts';

/** Callers in JavaScript have no compiler that tells them. */
export function requireGiven(option: string, value: unknown, advice: string): void {
  if (value === undefined || value === null) {
    throw new ConfigError(option, `${option}: needed, ${advice}`);
  }
}

/** A list with at least one value, and none twice. */
export function requireList<T>(option: string, list: readonly T[], name: (value: T) => string): readonly T[] {
  if (!Array.isArray(list)) throw new ConfigError(option, `${option}: expected a list, found ${typeof list}`);
  if (list.length === 0)
    throw new ConfigError(option, `${option}: expected at least one, found an empty list`);
  const twice = list.find((value, i) => list.indexOf(value) < i);
  if (twice !== undefined) throw new ConfigError(option, `${option}: ${name(twice)} is listed twice`);
  return list;
}

/** A list of values that all are there. */
export function requireKnown<T>(
  option: string,
  list: readonly T[],
  name: (value: T) => string,
  known: (value: T) => boolean,
  by: string,
): readonly T[] {
  requireList(option, list, name);
  const unknown = list.find((value) => !known(value));
  if (unknown !== undefined)
    throw new ConfigError(option, `${option}: ${name(unknown)} is not offered by ${by}`);
  return list;
}

/** A list that does not fit its extension is found here, and not in each handshake. */
export function requireFitting<T>(option: string, codec: Codec<T>, value: T): void {
  try {
    encode(codec, value);
  } catch (cause) {
    throw new ConfigError(option, `${option}: it does not fit its extension: ${String(cause)}`, { cause });
  }
}

/** One of a few values. */
export function requireOneOf<T>(option: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value;
  const found = typeof value === 'string' ? `'${value}'` : String(value);
  throw new ConfigError(option, `${option}: expected ${values.join(', ')}, found ${found}`);
}
