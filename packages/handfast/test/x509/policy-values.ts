/** The extensions about certificate policies, as {@link issue} takes them. */
import * as der from '../support/der.ts';
import type { ExtensionSpec } from '../support/pki.ts';

export const ANY = '2.5.29.32.0';

/** A short name for a policy: `P(1)`. */
export const P = (n: number): string => `1.3.6.1.4.1.99999.${n}`;

export const policiesValue = (policies: readonly string[], ...more: readonly Uint8Array[]): Uint8Array =>
  der.sequence(...policies.map((policy) => der.sequence(der.oid(policy))), ...more);

export const policies = (...list: readonly string[]): ExtensionSpec => ({
  oid: '2.5.29.32',
  value: policiesValue(list),
});

export const mappings = (...pairs: readonly (readonly [string, string])[]): ExtensionSpec => ({
  oid: '2.5.29.33',
  critical: true,
  value: der.sequence(...pairs.map(([from, to]) => der.sequence(der.oid(from), der.oid(to)))),
});

const skipCerts = (tag: number, value: number | undefined): Uint8Array[] =>
  value === undefined ? [] : [der.contextPrimitive(tag, der.integer(value).subarray(2))];

export const constraints = (values: {
  readonly require?: number;
  readonly inhibit?: number;
}): ExtensionSpec => ({
  oid: '2.5.29.36',
  critical: true,
  value: der.sequence(...skipCerts(0, values.require), ...skipCerts(1, values.inhibit)),
});

export const inhibitAny = (value: number): ExtensionSpec => ({
  oid: '2.5.29.54',
  critical: true,
  value: der.integer(value),
});
