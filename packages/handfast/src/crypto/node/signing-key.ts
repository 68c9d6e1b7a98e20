/** Private keys on node:crypto as signing keys of TLS. */
import { constants, createPublicKey, type KeyObject, sign as nodeSign } from 'node:crypto';
import { ConfigError, TlsError } from '../../wire/errors.ts';
import { type SignatureScheme, signatureSchemeName } from '../../wire/registry.ts';
import { readPublicKeyInfo } from '../../x509/algorithms.ts';
import { DerError, DerReader } from '../../x509/der.ts';
import type { PublicKey, SigningKey } from '../provider.ts';
import {
  bitLength,
  NO_ML_DSA_SCHEMES,
  SIGNATURE_SCHEMES,
  type SignatureSchemeInfo,
  schemesForKey,
} from '../signature-schemes.ts';
import { plain } from './buffers.ts';
import { OPENSSL_HASH } from './hash.ts';
import { type PrivateKeyInput, readPrivateKey } from './private-key.ts';
import { rsaDecryptRaw } from './rsa-encryption.ts';

/** A private key: PEM text, PEM or DER bytes (PKCS #8, PKCS #1, SEC 1), or a KeyObject. */
export type SigningKeyInput = PrivateKeyInput;

/** How {@link signingKey} reads and judges a key. */
export interface SigningKeyOptions {
  /** For an encrypted key. */
  readonly passphrase?: string | Uint8Array;
  /** The shortest RSA modulus that is accepted, in bits; 2048 unless given (RFC 9325 section 4.5). */
  readonly minRsaBits?: number;
  /** The name of the caller's option, for error messages; `key` unless given. */
  readonly option?: string;
}

/** What a key is, for a caller who must replace it. */
function describe({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { namedCurve, hashAlgorithm } = asymmetricKeyDetails ?? {};
  const curve = namedCurve === undefined ? '' : ` on the curve ${namedCurve}`;
  return `${asymmetricKeyType} key${curve}${hashAlgorithm === undefined ? '' : ` for ${hashAlgorithm}`}`;
}

/** The public half, read as it would be from a certificate, so that the two can be compared. */
function publicHalf(privateKey: KeyObject): PublicKey | undefined {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  try {
    return readPublicKeyInfo(new DerReader(plain(spki))).key;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function signWith(
  key: KeyObject,
  algorithm: SignatureSchemeInfo['algorithm'],
  message: Uint8Array,
): Uint8Array {
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return nodeSign(OPENSSL_HASH[algorithm.hash], message, { key, padding: constants.RSA_PKCS1_PADDING });
    case 'rsa-pss': {
      const { hash, saltLength } = algorithm;
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return nodeSign(OPENSSL_HASH[hash], message, { key, padding, saltLength });
    }
    case 'ecdsa':
      return nodeSign(OPENSSL_HASH[algorithm.hash], message, key);
    case 'ed25519':
    case 'ed448':
      return nodeSign(null, message, key);
  }
}

/**
 * A private key that signs at once, in this process. Its schemes are those that fit the key, best first: the
 * PKCS #1 schemes of TLS 1.2 come after PSS.
 * @throws {ConfigError} when the input is no private key, cannot be decrypted, or is of a kind or size that TLS
 * does not use; the message says what was found and what to do.
 */
export function signingKey(input: SigningKeyInput, options: SigningKeyOptions = {}): SigningKey {
  const { option = 'key', minRsaBits = 2048 } = options;
  const privateKey = readPrivateKey(input, option, options.passphrase);
  const publicKey = publicHalf(privateKey);
  if (publicKey === undefined) {
    throw new ConfigError(
      option,
      `TLS 1.3 cannot sign with this ${describe(privateKey)}; take an ECDSA (P-256, P-384, P-521), Ed25519, Ed448 or RSA key`,
    );
  }
  if (publicKey.kind === 'ml-dsa') throw new ConfigError(option, NO_ML_DSA_SCHEMES);
  const bits = 'modulus' in publicKey ? bitLength(publicKey.modulus) : undefined;
  if (bits !== undefined && bits < minRsaBits) {
    throw new ConfigError(
      option,
      `the RSA key has ${bits} bits, at least ${minRsaBits} are required; make a new key, or lower minRsaBits`,
    );
  }
  const schemes = schemesForKey(publicKey);
  if (schemes.length === 0) {
    throw new ConfigError(
      option,
      'no signature scheme of TLS fits the parameters of the RSA-PSS key; make a new key',
    );
  }
  return {
    schemes,
    publicKey,
    ...(publicKey.kind === 'rsa' && {
      rsaDecryptRaw: (ciphertext: Uint8Array) => rsaDecryptRaw(privateKey, publicKey.modulus, ciphertext),
    }),
    sign(scheme: SignatureScheme, message: Uint8Array): Uint8Array {
      const info = SIGNATURE_SCHEMES.get(scheme);
      if (info === undefined || !schemes.includes(scheme)) {
        const usable = schemes.map(signatureSchemeName).join(', ');
        throw new TlsError(
          'ERR_SIGNING_FAILED',
          `the key cannot sign with ${signatureSchemeName(scheme)}, only with ${usable}`,
        );
      }
      try {
        return plain(signWith(privateKey, info.algorithm, message));
      } catch (cause) {
        throw new TlsError(
          'ERR_SIGNING_FAILED',
          `signing with ${signatureSchemeName(scheme)} failed: ${(cause as Error).message}`,
          {},
          { cause },
        );
      }
    },
  };
}
