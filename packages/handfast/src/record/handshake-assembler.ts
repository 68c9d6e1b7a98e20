/** Puts handshake messages together from the fragments of records (RFC 9846 section 5.1). */

import { MAX_CERTIFICATE_MESSAGE_LENGTH, MAX_HANDSHAKE_MESSAGE_LENGTH } from '../policy/limits.ts';
import { copy } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { HANDSHAKE_HEADER_LENGTH } from '../wire/messages/index.ts';
import { HandshakeType, messageName } from '../wire/registry.ts';
import { ByteQueue } from './byte-queue.ts';

/** One whole handshake message. */
export interface HandshakeMessage {
  readonly type: number;
  /** Header and body, as the transcript hashes them; an own copy. */
  readonly message: Uint8Array;
  /** What follows the four bytes of the header; a view of {@link message}. */
  readonly body: Uint8Array;
}

/** The length of a message's body that is accepted, header excluded. */
function maxLength(type: number): number {
  return type === HandshakeType.certificate ? MAX_CERTIFICATE_MESSAGE_LENGTH : MAX_HANDSHAKE_MESSAGE_LENGTH;
}

/** Reassembles handshake messages: many in one record, or one over many. */
export class HandshakeAssembler {
  readonly #queue = new ByteQueue();
  /** The header of the message at the front, once its four bytes are there. */
  #header: { readonly type: number; readonly length: number } | undefined;

  /** Adds the content of one record. */
  push(fragment: Uint8Array): void {
    this.#queue.push(fragment);
  }

  /** Whether the bytes so far end at the end of a message that was taken. */
  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /**
   * The next whole message, or `undefined` when more bytes must arrive first.
   * @throws {TlsError} `ERR_HANDSHAKE_TOO_LARGE` as soon as a header claims too much.
   */
  next(): HandshakeMessage | undefined {
    this.#header ??= this.#readHeader();
    if (this.#header === undefined) return undefined;
    const { type, length } = this.#header;
    if (this.#queue.length < HANDSHAKE_HEADER_LENGTH + length) return undefined;
    this.#header = undefined;
    const message = copy(this.#queue.take(HANDSHAKE_HEADER_LENGTH + length));
    return { type, message, body: message.subarray(HANDSHAKE_HEADER_LENGTH) };
  }

  #readHeader(): { readonly type: number; readonly length: number } | undefined {
    const queue = this.#queue;
    if (queue.length < HANDSHAKE_HEADER_LENGTH) return undefined;
    const type = queue.at(0);
    const length = (queue.at(1) << 16) | (queue.at(2) << 8) | queue.at(3);
    if (length > maxLength(type)) {
      throw new TlsError(
        'ERR_HANDSHAKE_TOO_LARGE',
        `expected a ${messageName(type)} of at most ${maxLength(type)} bytes, found a claim of ${length}`,
        { message: messageName(type) },
      );
    }
    return { type, length };
  }
}
