/** What both sides of TLS 1.2 share of its older key exchanges. */
import { isSameField, withoutLeadingZeros } from '../crypto/finite-field.ts';
import { ffdheParameters } from '../crypto/groups.ts';
import { NamedGroup } from '../wire/registry.ts';

/** `PreMasterSecret` of RSA key transport in bytes (RFC 5246 section 7.4.7.1). */
export const PREMASTER_LENGTH = 48;

/** The groups of RFC 7919 by the length of their primes in bytes. */
const FFDHE_GROUPS: ReadonlyMap<number, NamedGroup> = new Map([
  [256, NamedGroup.ffdhe2048],
  [384, NamedGroup.ffdhe3072],
  [512, NamedGroup.ffdhe4096],
  [768, NamedGroup.ffdhe6144],
  [1024, NamedGroup.ffdhe8192],
]);

/** The name of a finite field, if RFC 7919 gives it one. */
export function finiteFieldGroup(dhP: Uint8Array, dhG: Uint8Array): NamedGroup | undefined {
  const field = { prime: withoutLeadingZeros(dhP), generator: withoutLeadingZeros(dhG) };
  const group = FFDHE_GROUPS.get(field.prime.length);
  const known = group === undefined ? undefined : ffdheParameters(group);
  return known !== undefined && isSameField(known, field) ? group : undefined;
}
