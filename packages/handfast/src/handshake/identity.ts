/** How an endpoint proves who it is: a certificate chain and the private key of its leaf. */
import type { SigningKey } from '../crypto/provider.ts';
import { NO_ML_DSA_SCHEMES, schemeFitsVersion } from '../crypto/signature-schemes.ts';
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
  /** What `key` and the leaf can sign together, best first; none where the leaf's keyUsage allows no signatures. */
  readonly schemes: readonly SignatureScheme[];
  /** Whether `key` can decrypt, and the leaf allows it: for RSA key transport, where a server offers that. */
  readonly canDecrypt: boolean;
  /** A DER-encoded OCSP response for the leaf, stapled where the peer asks for one (RFC 6066 section 8). */
  readonly ocspResponse?: Uint8Array;
  /** Signed certificate timestamps for the leaf (RFC 6962 section 3.3). */
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/** What an identity is made of. */
export type IdentityOptions = Omit<Identity, 'schemes' | 'canDecrypt'>;

/**
 * Checks that a key and a chain belong together.
 * @throws {ConfigError} when the chain is empty, the leaf's key is not this one, may neither sign nor decrypt, or no
 * signature scheme of the key fits the leaf.
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
  if (certified.kind === 'ml-dsa') {
    throw new ConfigError('cert', `cert: ${leaf.subject.toString()}: ${NO_ML_DSA_SCHEMES}`);
  }
  if (publicKey !== undefined && !samePublicKey(publicKey, certified)) {
    throw new ConfigError(
      'key',
      `key: the private key does not belong to the certificate of ${leaf.subject.toString()}`,
    );
  }
  const maySign = leaf.keyUsage?.includes('digitalSignature') !== false;
  const mayDecrypt = leaf.keyUsage?.includes('keyEncipherment') !== false;
  const canDecrypt = mayDecrypt && certified.kind === 'rsa' && options.key.rsaDecryptRaw !== undefined;
  if (!maySign && !canDecrypt) {
    throw new ConfigError(
      'cert',
      `cert: the key of ${leaf.subject.toString()} may be used for ${leaf.keyUsage?.join(', ')} only; ` +
        'TLS needs a certificate whose keyUsage has digitalSignature (RFC 9846 section 4.5.1.2)',
    );
  }
  const fitting = options.key.schemes.filter(
    (scheme) =>
      schemeFitsVersion('TLSv1.3', scheme, certified) || schemeFitsVersion('TLSv1.2', scheme, certified),
  );
  if (fitting.length === 0) {
    throw new ConfigError(
      'key',
      `key: its signature schemes (${options.key.schemes.map(signatureSchemeName).join(', ') || 'none'}) do not fit ` +
        `the ${certified.kind} key in the certificate of ${leaf.subject.toString()}`,
    );
  }
  return { ...options, schemes: maySign ? fitting : [], canDecrypt };
}

/** Whether two public keys are the same, member by member. */
export function samePublicKey(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return Object.keys(left).every((name) => samePublicKey(left[name], right[name]));
}
