/**
 * The crypto contract: what the protocol needs from a platform. A provider is a plain value that is handed
 * in; nothing in the core imports one. Hashing and HMAC are always synchronous, the rest may answer with a
 * promise: one handshake text serves synchronous and asynchronous providers.
 */
import type { NamedGroup, SignatureScheme } from '../wire/registry.ts';

/** A value, or the promise of one. */
export type Awaitable<T> = T | PromiseLike<T>;

/** Whether a value must be waited for. */
export function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * Hash functions by their FIPS 180-4 names. SHA-1 exists for the HMAC of CBC suites and for key identifiers, and to
 * name what is refused.
 */
export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/** Output lengths in bytes. */
export const HASH_LENGTH: Readonly<Record<HashName, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};

/** A running hash. */
export interface Hash {
  update(data: Uint8Array): void;
  /** The digest of all that was given so far. The object must not be used afterwards; clone it first to go on. */
  digest(): Uint8Array;
  /** An independent copy of the running state. */
  clone(): Hash;
}

/** Authenticated ciphers (RFC 5116, RFC 8439); those that end in `-8` have the short tag of RFC 6655 section 4. */
export type AeadName =
  | 'AES-128-GCM'
  | 'AES-256-GCM'
  | 'CHACHA20-POLY1305'
  | 'AES-128-CCM'
  | 'AES-256-CCM'
  | 'AES-128-CCM-8'
  | 'AES-256-CCM-8';

/** Key lengths in bytes. */
export const AEAD_KEY_LENGTH: Readonly<Record<AeadName, number>> = {
  'AES-128-GCM': 16,
  'AES-256-GCM': 32,
  'CHACHA20-POLY1305': 32,
  'AES-128-CCM': 16,
  'AES-256-CCM': 32,
  'AES-128-CCM-8': 16,
  'AES-256-CCM-8': 32,
};

/** Tag lengths in bytes. */
export const AEAD_TAG_LENGTH: Readonly<Record<AeadName, number>> = {
  'AES-128-GCM': 16,
  'AES-256-GCM': 16,
  'CHACHA20-POLY1305': 16,
  'AES-128-CCM': 16,
  'AES-256-CCM': 16,
  'AES-128-CCM-8': 8,
  'AES-256-CCM-8': 8,
};

/** The nonce length in bytes that all of them share. */
export const AEAD_NONCE_LENGTH = 12;

/**
 * One key of an authenticated cipher. The arrays that it is given are its to read until its answer is there,
 * and are used for the next record then; the arrays that it answers with are the caller's.
 */
export interface Aead {
  /** Ciphertext followed by its tag, which is {@link AEAD_TAG_LENGTH} bytes. `nonce` is 12 bytes. */
  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array): Awaitable<Uint8Array>;
  /** The plaintext, or `undefined` when the tag does not match. `ciphertext` ends with the tag. */
  open(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    ciphertext: Uint8Array,
  ): Awaitable<Uint8Array | undefined>;
}

/** Block ciphers in CBC mode (NIST SP 800-38A), for the CBC suites of TLS 1.2. */
export type CbcName = 'AES-128-CBC' | 'AES-256-CBC';

/** Key lengths in bytes. */
export const CBC_KEY_LENGTH: Readonly<Record<CbcName, number>> = {
  'AES-128-CBC': 16,
  'AES-256-CBC': 32,
};

/** The length in bytes of a block, and of an initial vector. */
export const CBC_BLOCK_LENGTH = 16;

/**
 * One key of a block cipher in CBC mode. It takes and gives whole blocks: padding belongs to the record layer. Always
 * synchronous, so that a record can be checked without a branch between decryption and MAC.
 */
export interface Cbc {
  /** @throws {RangeError} when `iv` is no block, or `plaintext` no whole number of blocks. */
  encrypt(iv: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** @throws {RangeError} when `iv` is no block, or `ciphertext` no whole number of blocks. */
  decrypt(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

/** What a client made for one group: the share it sends, and the way to finish with the server's. */
export interface KeyExchangeOffer {
  /** `KeyShareEntry.key_exchange` of the ClientHello. */
  readonly share: Uint8Array;
  /**
   * The shared secret.
   * @throws {TlsError} `ERR_BAD_KEY_SHARE` when the peer's share is malformed, off the curve, out of the group's range,
   * or gives an all-zero secret (RFC 9846 sections 4.3.8.1, 4.3.8.2 and 7.4.2).
   */
  finish(peerShare: Uint8Array): Awaitable<Uint8Array>;
  /**
   * The classical half of a hybrid as a share of its own, made of the same key: a client that sends both shares spares
   * a key generation and loses no round trip with servers that know the classical group only.
   */
  readonly component?: { readonly group: NamedGroup; readonly offer: KeyExchangeOffer };
}

/** A KEM-shaped key exchange, so that Diffie-Hellman, ML-KEM and hybrids fit one interface. */
export interface KeyExchange {
  readonly group: NamedGroup;
  /** The client's half: a fresh key pair. */
  start(): Awaitable<KeyExchangeOffer>;
  /**
   * The server's half: its share, and the secret.
   * @throws {TlsError} `ERR_BAD_KEY_SHARE` as in {@link KeyExchangeOffer.finish}.
   */
  respond(peerShare: Uint8Array): Awaitable<{ readonly share: Uint8Array; readonly secret: Uint8Array }>;
}

/** Curves of ECDSA keys. */
export type EcCurve = 'P-256' | 'P-384' | 'P-521';

/** Parameter sets of ML-DSA (FIPS 204 section 4). */
export type MlDsaParameterSet = 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87';

/** Public key lengths in bytes (FIPS 204 table 2). */
export const ML_DSA_KEY_LENGTH: Readonly<Record<MlDsaParameterSet, number>> = {
  'ML-DSA-44': 1312,
  'ML-DSA-65': 1952,
  'ML-DSA-87': 2592,
};

/** A subject public key, parsed: plain data, comparable and serialisable. */
export type PublicKey =
  | {
      readonly kind: 'rsa';
      /** Big-endian without leading zeros. */
      readonly modulus: Uint8Array;
      readonly exponent: Uint8Array;
    }
  | {
      /** id-RSASSA-PSS: a key for PSS only (RFC 4055). */
      readonly kind: 'rsa-pss';
      readonly modulus: Uint8Array;
      readonly exponent: Uint8Array;
      /** Restrictions in the key's parameters; absent means any. */
      readonly restriction?: {
        readonly hash: HashName;
        readonly mgfHash: HashName;
        readonly minSaltLength: number;
      };
    }
  | {
      readonly kind: 'ec';
      readonly curve: EcCurve;
      /** Uncompressed point: 0x04 || x || y. */
      readonly point: Uint8Array;
    }
  | { readonly kind: 'ed25519' | 'ed448'; readonly key: Uint8Array }
  | { readonly kind: 'ml-dsa'; readonly parameterSet: MlDsaParameterSet; readonly key: Uint8Array };

/** How a signature is made, independent of TLS: certificates use combinations that TLS has no number for. */
export type SignatureAlgorithm =
  | { readonly kind: 'rsa-pkcs1'; readonly hash: HashName }
  | {
      readonly kind: 'rsa-pss';
      readonly hash: HashName;
      readonly mgfHash: HashName;
      readonly saltLength: number;
    }
  | { readonly kind: 'ecdsa'; readonly hash: HashName }
  | { readonly kind: 'ed25519' | 'ed448' }
  /** Pure ML-DSA with an empty context, for certificates (RFC 9881); TLS has no scheme for it here. */
  | { readonly kind: 'ml-dsa'; readonly parameterSet: MlDsaParameterSet };

/**
 * A private key: held here, in a KMS, or in an HSM. Only the first two members are needed; `publicKey` lets a
 * configuration be checked against its certificate when it is built.
 */
export interface SigningKey {
  /** TLS schemes that the key can sign with, best first. */
  readonly schemes: readonly SignatureScheme[];
  /** Signs `message` itself (not its hash). ECDSA signatures are DER, as in RFC 9846 section 4.3.3. */
  sign(scheme: SignatureScheme, message: Uint8Array): Awaitable<Uint8Array>;
  /** The public half, where it is known. */
  readonly publicKey?: PublicKey;
  /**
   * The private-key operation of an RSA key (RSADP, RFC 8017 section 5.1.2) without any padding, for RSA key transport
   * of TLS 1.2: the encoded message, exactly as long as the modulus. A ciphertext that is no representative (of another
   * length, or not below the modulus) gives some bytes of that length. It never throws because of the ciphertext: how
   * one was malformed must not show. Only keys of kind `rsa` have it.
   */
  rsaDecryptRaw?(ciphertext: Uint8Array): Awaitable<Uint8Array>;
}

/** Everything that the protocol asks of a platform. */
export interface CryptoProvider {
  /** For messages and reports, such as `node`. */
  readonly name: string;
  /** A new running hash. */
  hash(name: HashName): Hash;
  /** HMAC of the concatenation of `data` (RFC 2104). */
  hmac(name: HashName, key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array;
  /** The ciphers that {@link aead} offers. */
  readonly aeads: ReadonlySet<AeadName>;
  /** A cipher with one key, whose length in bytes is the cipher's (16 or 32). */
  aead(name: AeadName, key: Uint8Array): Aead;
  /** The block ciphers that {@link cbc} offers. */
  readonly cbcs: ReadonlySet<CbcName>;
  /** A block cipher with one key, whose length in bytes is {@link CBC_KEY_LENGTH}. */
  cbc(name: CbcName, key: Uint8Array): Cbc;
  /** The key-exchange groups that it offers. */
  readonly groups: ReadonlyMap<NamedGroup, KeyExchange>;
  /**
   * Diffie-Hellman in a group that a peer named by its numbers, both big-endian (DHE of TLS 1.2, RFC 5246 section
   * 7.4.3). Shares and secrets are as long as the prime: TLS 1.2 strips the secret's leading zeros afterwards. Whether
   * the prime is one is not tested: that takes seconds, and who signs a bad group gives away only its own secrets.
   * @throws {TlsError} `ERR_BAD_KEY_SHARE` for a prime that is even, shorter than 2048 bits or longer than 8192, and for
   * a generator outside 2..p-2; `start`, `respond` and `finish` throw it for shares outside 2..p-2.
   */
  finiteField(prime: Uint8Array, generator: Uint8Array): Pick<KeyExchange, 'start' | 'respond'>;
  /**
   * The parameter sets of ML-DSA whose signatures {@link verify} checks. What is signed with another is refused as not
   * verifiable here, which says nothing about the signature. Default: none.
   */
  readonly mlDsa?: ReadonlySet<MlDsaParameterSet>;
  /**
   * Checks a signature over `message`. Anything malformed (key, signature, a key that does not fit the
   * algorithm) is `false`, never an exception.
   */
  verify(
    algorithm: SignatureAlgorithm,
    key: PublicKey,
    message: Uint8Array,
    signature: Uint8Array,
  ): Awaitable<boolean>;
  /**
   * Encrypts for an RSA key: RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.1), for RSA key transport of TLS 1.2.
   * @throws {TlsError} `ERR_BAD_CERTIFICATE` when the key cannot encrypt the message: it is malformed, or too short.
   */
  rsaEncrypt(key: Extract<PublicKey, { kind: 'rsa' }>, message: Uint8Array): Awaitable<Uint8Array>;
  /** Cryptographically secure random bytes. */
  random(length: number): Uint8Array;
}
