/** HKDF (RFC 5869) with the labels of TLS 1.3 (RFC 9846 section 7.1). */
import { type CryptoProvider, HASH_LENGTH, type HashName } from '../crypto/provider.ts';
import { ascii } from '../wire/bytes.ts';

const LABEL_PREFIX = 'tls13 ';

/** The longest label, in characters, that fits a HkdfLabel after its prefix. */
export const MAX_LABEL_LENGTH = 255 - LABEL_PREFIX.length;

/** `struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel`, and one spare byte at its end. */
function hkdfLabel(label: string, context: Uint8Array, length: number): Uint8Array {
  const name = ascii(LABEL_PREFIX + label);
  if (label.length === 0 || name.length > 255 || context.length > 255 || length > 0xffff) {
    throw new RangeError(
      `expected a label of 1 to ${MAX_LABEL_LENGTH} characters, a context up to 255 bytes and a length up to 65535, ` +
        `found ${label.length}, ${context.length} and ${length}`,
    );
  }
  const info = new Uint8Array(2 + 1 + name.length + 1 + context.length + 1);
  info[0] = length >> 8;
  info[1] = length;
  info[2] = name.length;
  info.set(name, 3);
  info[3 + name.length] = context.length;
  info.set(context, 4 + name.length);
  return info;
}

/** HKDF with one hash function: the key derivation of one cipher suite. */
export class Hkdf {
  readonly hash: HashName;
  /** `Hash.length` of the RFC, in bytes. */
  readonly hashLength: number;
  readonly #provider: CryptoProvider;

  constructor(provider: CryptoProvider, hash: HashName) {
    this.#provider = provider;
    this.hash = hash;
    this.hashLength = HASH_LENGTH[hash];
  }

  /** HKDF-Extract (RFC 5869 section 2.2). */
  extract(salt: Uint8Array, inputKeyingMaterial: Uint8Array): Uint8Array {
    return this.hmac(salt, inputKeyingMaterial);
  }

  /**
   * HKDF-Expand (RFC 5869 section 2.3).
   * @throws {RangeError} when `length` exceeds 255 times the hash length.
   */
  expand(pseudorandomKey: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    const block = new Uint8Array(info.length + 1);
    block.set(info);
    return this.#expand(pseudorandomKey, block, length);
  }

  /**
   * HKDF-Expand-Label; `label` comes without its `tls13 ` prefix.
   * @throws {RangeError} when a part does not fit the HkdfLabel, or as {@link expand}.
   */
  expandLabel(secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
    return this.#expand(secret, hkdfLabel(label, context, length), length);
  }

  /** Derive-Secret, given `Transcript-Hash(Messages)`. */
  deriveSecret(secret: Uint8Array, label: string, transcriptHash: Uint8Array): Uint8Array {
    return this.expandLabel(secret, label, transcriptHash, this.hashLength);
  }

  /** HMAC with this hash function. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
    return this.#provider.hmac(this.hash, key, data);
  }

  /** The hash of one piece of data. */
  digest(data: Uint8Array): Uint8Array {
    const hash = this.#provider.hash(this.hash);
    hash.update(data);
    return hash.digest();
  }

  /** `block` is the info with one spare byte at its end, for the counter. */
  #expand(key: Uint8Array, block: Uint8Array, length: number): Uint8Array {
    const { hashLength } = this;
    const rounds = Math.ceil(length / hashLength);
    if (rounds > 255) {
      throw new RangeError(`expected at most ${255 * hashLength} bytes of output, found ${length}`);
    }
    block[block.length - 1] = 1;
    let previous = this.hmac(key, block);
    if (rounds <= 1) return previous.slice(0, length);
    const output = new Uint8Array(rounds * hashLength);
    output.set(previous);
    for (let round = 2; round <= rounds; round++) {
      block[block.length - 1] = round;
      previous = this.#provider.hmac(this.hash, key, previous, block);
      output.set(previous, (round - 1) * hashLength);
    }
    return output.slice(0, length);
  }
}
