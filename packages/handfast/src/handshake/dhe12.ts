/** What both sides of TLS 1.2 share of its older key exchanges. */
import { ffdheParameters } from '../crypto/groups.ts';
import { equalBytes } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { NamedGroup } from '../wire/registry.ts';

/** `PreMasterSecret` of RSA key transport in bytes (RFC 5246 section 7.4.7.1). */
export const PREMASTER_LENGTH = 48;

/** The groups of RFC 7919, smallest first. */
export const FFDHE_GROUPS: readonly NamedGroup[] = [
  NamedGroup.ffdhe2048,
  NamedGroup.ffdhe3072,
  NamedGroup.ffdhe4096,
  NamedGroup.ffdhe6144,
  NamedGroup.ffdhe8192,
];

/** The name of a finite field, if RFC 7919 gives it one. */
export function finiteFieldGroup(prime: Uint8Array, generator: Uint8Array): NamedGroup | undefined {
  const [p, g] = [withoutLeadingZeros(prime), withoutLeadingZeros(generator)];
  return FFDHE_GROUPS.find((group) => {
    const known = ffdheParameters(group);
    return (
      known !== undefined && equalBytes(known.prime, p) && equalBytes(withoutLeadingZeros(known.generator), g)
    );
  });
}

/** Leading zero bytes are no part of the premaster secret, nor of any integer (RFC 5246 section 8.1.2). */
export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? bytes.subarray(bytes.length) : bytes.subarray(start);
}

/**
 * A public value in the length of its prime: in TLS 1.2 both forms travel.
 * @throws {TlsError} `ERR_BAD_KEY_SHARE` when it is longer than the prime.
 */
export function padded(value: Uint8Array, prime: Uint8Array): Uint8Array {
  const [significant, { length }] = [withoutLeadingZeros(value), withoutLeadingZeros(prime)];
  if (significant.length > length) {
    throw new TlsError(
      'ERR_BAD_KEY_SHARE',
      `expected a Diffie-Hellman value of at most ${length} bytes, found ${significant.length}`,
    );
  }
  const bytes = new Uint8Array(length);
  bytes.set(significant, length - significant.length);
  return bytes;
}
