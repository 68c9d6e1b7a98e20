/** How an endpoint proves who it is: a certificate chain and the private key of its leaf. */
import type { SigningKey } from '../crypto/provider.ts';
import { certificateVerifyAlgorithm, schemeFitsKey } from '../crypto/signature-schemes.ts';
import { equalBytes } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import { type SignatureScheme, signatureSchemeName } from '../wire/registry.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Made by {@link createIdentity}. */
export interface Identity {
  /** Leaf first; the trust anchor may be left out. */
  readonly chain: readonly Certificate[];
  /** The private key of the leaf. */
  readonly key: SigningKey;
  /** What `key` and the leaf can do together in TLS 1.3, best first. */
  readonly schemes: readonly SignatureScheme[];
  /** A DER-encoded OCSP response for the leaf, stapled where the peer asks for one (RFC 6066 section 8). */
  readonly ocspResponse?: Uint8Array;
  /** Signed certificate timestamps for the leaf (RFC 6962 section 3.3). */
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/** What an identity is made of. */
export type IdentityOptions = Omit<Identity, 'schemes'>;

/**
 * Checks that a key and a chain belong together.
 * @throws {ConfigError} when the chain is empty, the leaf's key may not sign or is not this one, or no signature
 * scheme of the key fits the leaf.
 */
export function createIdentity(options: IdentityOptions): Identity {
  const [leaf] = options.chain;
  if (leaf === undefined)
    throw new ConfigError('cert', 'cert: expected at least one certificate, found none');
  const certified = leaf.publicKeyInfo.key;
  const { publicKey } = options.key;
  if (certified === undefined) {
    throw new ConfigError(
      'cert',
      `cert: the public key of ${leaf.subject.toString()} is of a kind that handfast cannot use`,
    );
  }
  if (publicKey !== undefined && !samePublicKey(publicKey, certified)) {
    throw new ConfigError(
      'key',
      `key: the private key does not belong to the certificate of ${leaf.subject.toString()}`,
    );
  }
  if (leaf.keyUsage?.includes('digitalSignature') === false) {
    throw new ConfigError(
      'cert',
      `cert: the key of ${leaf.subject.toString()} may be used for ${leaf.keyUsage.join(', ')} only; ` +
        'TLS 1.3 needs a certificate whose keyUsage has digitalSignature (RFC 9846 section 4.5.1.2)',
    );
  }
  const schemes = options.key.schemes.filter(
    (scheme) => certificateVerifyAlgorithm(scheme) !== undefined && schemeFitsKey(scheme, certified),
  );
  if (schemes.length === 0) {
    throw new ConfigError(
      'key',
      `key: its signature schemes (${options.key.schemes.map(signatureSchemeName).join(', ') || 'none'}) do not fit ` +
        `the ${certified.kind} key in the certificate of ${leaf.subject.toString()}`,
    );
  }
  return { ...options, schemes };
}

/** Whether two public keys are the same, member by member. */
export function samePublicKey(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return Object.keys(left).every((name) => samePublicKey(left[name], right[name]));
}
