/** The transcript hash (RFC 9846 section 4.1): the handshake messages so far, headers included, as one digest. */
import type { CryptoProvider, Hash, HashName } from '../crypto/provider.ts';
import { concat } from '../wire/bytes.ts';
import { HandshakeType } from '../wire/registry.ts';

/** The synthetic message that stands for ClientHello1 after a HelloRetryRequest. */
function messageHash(clientHelloHash: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(HandshakeType.message_hash, 0, 0, clientHelloHash.length), clientHelloHash);
}

/**
 * A running transcript hash. Until the hash function is known, messages are kept; from then on only the state
 * of the hash is, unless {@link keepMessages} asked for more.
 */
export class Transcript {
  readonly #provider: CryptoProvider;
  #waiting: Uint8Array[] = [];
  /** All messages, where somebody wants them. */
  #kept: Uint8Array[] | undefined;
  #running: { readonly name: HashName; readonly hash: Hash } | undefined;
  #current: Uint8Array | undefined;

  constructor(provider: CryptoProvider) {
    this.#provider = provider;
  }

  /**
   * The transcript of a server that answered with a HelloRetryRequest and kept nothing but the hash of
   * ClientHello1, in its cookie. HelloRetryRequest and ClientHello2 are still to be added.
   */
  static afterHelloRetryRequest(
    provider: CryptoProvider,
    hash: HashName,
    clientHello1Hash: Uint8Array,
  ): Transcript {
    const transcript = new Transcript(provider);
    transcript.chooseHash(hash);
    transcript.add(messageHash(clientHello1Hash));
    return transcript;
  }

  /** The hash function, once chosen. */
  get hash(): HashName | undefined {
    return this.#running?.name;
  }

  /** Appends one whole handshake message, header included. */
  add(message: Uint8Array): void {
    this.#current = undefined;
    this.#kept?.push(message);
    if (this.#running === undefined) this.#waiting.push(message);
    else this.#running.hash.update(message);
  }

  /** Settles the hash function, which the cipher suite decides. A second choice must be the same as the first. */
  chooseHash(name: HashName): void {
    if (this.#running !== undefined) {
      if (this.#running.name === name) return;
      throw new RangeError(`the transcript is hashed with ${this.#running.name}, not with ${name}`);
    }
    const hash = this.#provider.hash(name);
    for (const message of this.#waiting) hash.update(message);
    this.#waiting = [];
    this.#running = { name, hash };
  }

  /**
   * Keeps the messages themselves, those that came before included, until {@link forgetMessages}: a client's
   * CertificateVerify in TLS 1.2 signs them with a hash function of its own choice (RFC 5246 section 7.4.8).
   * @throws {RangeError} when the hash function is chosen already, and the messages before are gone.
   */
  keepMessages(): void {
    if (this.#kept !== undefined) return;
    if (this.#running !== undefined) {
      throw new RangeError('the messages of the transcript are hashed already, and were not kept');
    }
    this.#kept = [...this.#waiting];
  }

  /**
   * All messages so far, joined.
   * @throws {RangeError} when they are not kept.
   */
  messages(): Uint8Array {
    if (this.#kept === undefined) throw new RangeError('the messages of the transcript are not kept');
    return concat(...this.#kept);
  }

  /** Keeps the messages no longer. */
  forgetMessages(): void {
    this.#kept = undefined;
  }

  /** Transcript-Hash of all messages so far; {@link chooseHash} comes first. Not to be written to. */
  current(): Uint8Array {
    this.#current ??= this.#chosen().hash.clone().digest();
    return this.#current;
  }

  /**
   * Transcript-Hash under the hash function `name` of all messages so far and `partial`, which is not added:
   * for the binders in a ClientHello (RFC 9846 section 4.3.11.2), where no hash function needs to be chosen yet.
   */
  hashWith(name: HashName, partial: Uint8Array): Uint8Array {
    if (this.#running !== undefined && this.#running.name !== name) {
      throw new RangeError(`the transcript is hashed with ${this.#running.name}, not with ${name}`);
    }
    const hash = this.#running?.hash.clone() ?? this.#provider.hash(name);
    for (const message of this.#waiting) hash.update(message);
    hash.update(partial);
    return hash.digest();
  }

  /**
   * Replaces all messages so far, which are ClientHello1 alone, with the synthetic message that holds their hash.
   * A HelloRetryRequest comes next, and so it is TLS 1.3: nobody wants the messages themselves any more.
   */
  replaceWithMessageHash(): void {
    const { name } = this.#chosen();
    const clientHelloHash = this.current();
    this.#running = { name, hash: this.#provider.hash(name) };
    this.forgetMessages();
    this.add(messageHash(clientHelloHash));
  }

  #chosen(): { readonly name: HashName; readonly hash: Hash } {
    if (this.#running === undefined)
      throw new RangeError('the hash function of the transcript is not chosen yet');
    return this.#running;
  }
}
