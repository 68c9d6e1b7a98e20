/** Private keys on node:crypto as signing keys of TLS. */
import { constants, createPublicKey, type KeyObject, sign as nodeSign } from 'node:crypto';
import { ConfigError, TlsError } from '../../wire/errors.ts';
import { type SignatureScheme, signatureSchemeName } from '../../wire/registry.ts';
import type { EcCurve, HashName, PublicKey, SignatureAlgorithm, SigningKey } from '../provider.ts';
import { bitLength, SIGNATURE_SCHEMES, schemesForKey } from '../signature-schemes.ts';
import { plain } from './buffers.ts';
import { OPENSSL_HASH } from './hash.ts';
import { type PrivateKeyInput, readPrivateKey } from './private-key.ts';

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

const CURVES: Readonly<Record<string, EcCurve>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

const HASHES: Readonly<Record<string, HashName>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

type Details = NonNullable<KeyObject['asymmetricKeyDetails']>;

/** Big-endian without leading zeros. */
function bytesOf(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return plain(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

/** The modulus and exponent at the end of a SubjectPublicKeyInfo, which for PSS keys node:crypto exports no other way. */
function rsaNumbers(spki: Uint8Array, details: Details): { modulus: Uint8Array; exponent: Uint8Array } {
  const exponent = bytesOf(details.publicExponent ?? 0n);
  const signOctet = (exponent[0] ?? 0) >= 0x80 ? 1 : 0;
  const end = spki.length - (2 + signOctet + exponent.length);
  return { modulus: spki.slice(end - Math.ceil((details.modulusLength ?? 0) / 8), end), exponent };
}

function pssRestriction(
  details: Details,
  option: string,
): Pick<Extract<PublicKey, { kind: 'rsa-pss' }>, 'restriction'> {
  if (details.hashAlgorithm === undefined) return {};
  const hash = HASHES[details.hashAlgorithm];
  const mgfHash = HASHES[details.mgf1HashAlgorithm ?? details.hashAlgorithm];
  if (hash === undefined || mgfHash === undefined) {
    throw new ConfigError(
      option,
      `the RSA-PSS key is restricted to ${details.hashAlgorithm} with a ${details.mgf1HashAlgorithm} mask; TLS uses SHA-256, SHA-384 or SHA-512 for both`,
    );
  }
  return { restriction: { hash, mgfHash, minSaltLength: details.saltLength ?? 20 } };
}

/** The public half as plain data. */
function publicHalf(privateKey: KeyObject, option: string): PublicKey {
  const type = privateKey.asymmetricKeyType;
  const details = privateKey.asymmetricKeyDetails ?? {};
  const spki = plain(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  switch (type) {
    case 'rsa':
      return { kind: 'rsa', ...rsaNumbers(spki, details) };
    case 'rsa-pss':
      return { kind: 'rsa-pss', ...rsaNumbers(spki, details), ...pssRestriction(details, option) };
    case 'ec': {
      const curve = CURVES[details.namedCurve ?? ''];
      if (curve === undefined) {
        throw new ConfigError(
          option,
          `the key is on the curve ${details.namedCurve ?? 'with explicit parameters'}, which TLS 1.3 does not use; take P-256, P-384, P-521, Ed25519 or RSA`,
        );
      }
      const length = { 'P-256': 65, 'P-384': 97, 'P-521': 133 }[curve];
      return { kind: 'ec', curve, point: spki.slice(-length) };
    }
    case 'ed25519':
      return { kind: 'ed25519', key: spki.slice(-32) };
    case 'ed448':
      return { kind: 'ed448', key: spki.slice(-57) };
    default:
      throw new ConfigError(
        option,
        `a ${type} key cannot sign in TLS; take an ECDSA (P-256, P-384, P-521), Ed25519, Ed448 or RSA key`,
      );
  }
}

function signWith(key: KeyObject, algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
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
  const publicKey = publicHalf(privateKey, option);
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
