/** Checks of options that several rooms share. */
import { ConfigError } from '../wire/errors.ts';

/** A whole number within bounds. */
export function requireWithin(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new ConfigError(option, `${option}: expected a whole number ${bounds}, found ${value}`);
}
