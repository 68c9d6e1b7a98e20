/** Checks of options. */
import { ConfigError } from 'handfast';

/** A whole number within bounds. */
export function requireWithin(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new ConfigError(option, `${option}: expected a whole number from ${min} to ${max}, found ${value}`);
}

/** A name that stands before each key in Redis. Braces would change which of them lie together. */
export function requireNamespace(namespace: string): void {
  if (typeof namespace === 'string' && /^[\w.:-]{1,64}$/.test(namespace)) return;
  throw new ConfigError(
    'namespace',
    `namespace: expected 1 to 64 letters, digits, or . : - _, found ${JSON.stringify(namespace)}`,
  );
}
