/** The lists that peers send, as choices and errors tell them. */
import { MAX_LISTED_NAMES } from '../policy/limits.ts';

/**
 * The names of the first `MAX_LISTED_NAMES` values, and how many more there are. A list can have tens of thousands
 * of values, and the result of the handshake keeps these names for as long as the connection lives.
 */
export function listed<T>(values: readonly T[], name: (value: T) => string): readonly string[] {
  const names = values.slice(0, MAX_LISTED_NAMES).map(name);
  const more = values.length - names.length;
  return more === 0 ? names : [...names, `and ${more} more`];
}
