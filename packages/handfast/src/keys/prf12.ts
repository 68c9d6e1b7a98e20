/** The pseudorandom function of TLS 1.2 (RFC 5246 section 5). */
import { type CryptoProvider, HASH_LENGTH, type HashName } from '../crypto/provider.ts';
import { ascii } from '../wire/bytes.ts';

/** PRF with one hash function: the key derivation of one cipher suite. */
export class Prf12 {
  readonly hash: HashName;
  /** Output length of the hash, in bytes. */
  readonly hashLength: number;
  readonly #provider: CryptoProvider;

  constructor(provider: CryptoProvider, hash: HashName) {
    this.#provider = provider;
    this.hash = hash;
    this.hashLength = HASH_LENGTH[hash];
  }

  /** The first `length` bytes of PRF(secret, label, seed), where the seed is all `seeds` joined. */
  prf(secret: Uint8Array, label: string, length: number, ...seeds: readonly Uint8Array[]): Uint8Array {
    const seed = [ascii(label), ...seeds];
    const output = new Uint8Array(Math.ceil(length / this.hashLength) * this.hashLength);
    let a = this.#hmac(secret, ...seed); // A(1)
    for (let offset = 0; offset < output.length; offset += this.hashLength) {
      if (offset > 0) a = this.#hmac(secret, a);
      output.set(this.#hmac(secret, a, ...seed), offset);
    }
    return output.slice(0, length);
  }

  #hmac(secret: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
    return this.#provider.hmac(this.hash, secret, ...data);
  }
}
