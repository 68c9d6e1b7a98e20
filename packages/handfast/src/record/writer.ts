/** The sending half of the record layer: messages, alerts and data in; records out (RFC 9846 section 5). */
import { type Awaitable, isPromise } from '../crypto/provider.ts';
import { MAX_PLAINTEXT_LENGTH } from '../policy/limits.ts';
import { AlertDescription, AlertLevel, type AlertName, alertLevel } from '../wire/alerts.ts';
import { concat, copy } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { ContentType, ProtocolVersion } from '../wire/registry.ts';
import { recordHeader } from './framing.ts';
import type { RecordProtection, SealedRecord } from './protection.ts';
import type { Epoch, RecordInfo, RecordListener } from './types.ts';

/**
 * How many zero bytes to add to a protected record. What would exceed the record's limit is left out.
 * @param contentLength bytes of content.
 * @param contentType the type inside, see `ContentType`.
 */
export type PaddingPolicy = (contentLength: number, contentType: number) => number;

/**
 * Pads content and its type to a multiple of `size` bytes, as far as the record has room.
 * @throws {RangeError} when `size` is not a whole number of at least 1.
 */
export function padToMultipleOf(size: number): PaddingPolicy {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`expected a size of at least 1, found ${size}`);
  return (contentLength) => (size - ((contentLength + 1) % size)) % size;
}

export interface RecordWriterOptions {
  /** Who writes: a client's first ClientHello travels in a record of version 0x0301. */
  readonly role: 'client' | 'server';
  /** Content bytes in one record, 1 to 2^14; 2^14 by default. */
  readonly maxFragmentLength?: number | undefined;
  /** No padding by default. */
  readonly padding?: PaddingPolicy | undefined;
  readonly onRecord?: RecordListener | undefined;
  /** Told when records that waited for the provider can be taken. */
  readonly onOutgoing?: (() => void) | undefined;
  /**
   * Told, before a record of application data, that its key has sealed as many records as it should: the moment
   * to send a KeyUpdate and {@link RecordWriter.changeKeys} (RFC 9846 section 5.5).
   */
  readonly onKeyUpdateDue?: (() => void) | undefined;
  /** Told when the provider failed to seal a record after a promise, or a listener failed then. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const CHANGE_CIPHER_SPEC: Uint8Array = Uint8Array.of(1);

/** Below this size header and fragment leave as one chunk: then a copy costs less than another write. */
const JOIN_BELOW = 2048;

/** A record in the queue; `sealed` is missing while the provider is at work, and an error where it failed. */
interface Queued {
  sealed: SealedRecord | TlsError | undefined;
  readonly info: Omit<RecordInfo, 'bytes' | 'padding'> | undefined;
}

/**
 * Writes records in order. Handshake messages are held back and share records until {@link flush}, a change of
 * keys, or anything that must come after them.
 */
export class RecordWriter {
  readonly #options: RecordWriterOptions;
  readonly #maxFragmentLength: number;
  #epoch: Epoch = 'plaintext';
  #protection: RecordProtection | undefined;
  #plaintextSequence = 0;
  #version: number;
  #isTls12 = false;
  /** Handshake messages of the current flight. */
  #flight: Uint8Array[] = [];
  /** Records from the first unsealed one on. */
  #queue: Queued[] = [];
  #outgoing: Uint8Array[] = [];
  /** Records that no listener has heard of. */
  #untold: RecordInfo[] = [];
  #failure: TlsError | undefined;
  #isClosed = false;

  /** @throws {RangeError} when `maxFragmentLength` is out of range. */
  constructor(options: RecordWriterOptions) {
    const { maxFragmentLength = MAX_PLAINTEXT_LENGTH, role } = options;
    if (
      !(
        Number.isInteger(maxFragmentLength) &&
        maxFragmentLength >= 1 &&
        maxFragmentLength <= MAX_PLAINTEXT_LENGTH
      )
    ) {
      throw new RangeError(
        `expected a maxFragmentLength of 1 to ${MAX_PLAINTEXT_LENGTH}, found ${maxFragmentLength}`,
      );
    }
    this.#options = options;
    this.#maxFragmentLength = maxFragmentLength;
    // Some servers refuse a first record of a version that they do not know (RFC 9846 section 5.1).
    this.#version = role === 'client' ? ProtocolVersion['TLSv1.0'] : ProtocolVersion['TLSv1.2'];
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  /** Whether records wait for the provider. */
  get isSealing(): boolean {
    return this.#queue.length > 0;
  }

  /**
   * TLS 1.2 was negotiated: content types stand outside, records are not padded, and a ChangeCipherSpec means that the
   * next record has the key of {@link changeKeys}.
   */
  useTls12(): void {
    this.#isTls12 = true;
  }

  /** Adds a whole handshake message to the flight. It is not copied: do not change it before {@link flush}. */
  handshake(message: Uint8Array): void {
    this.#requireOpen();
    this.#flight.push(message);
  }

  /** Turns the handshake messages that were held back into records. */
  flush(): void {
    this.#flush();
    this.#tell();
  }

  #flush(): void {
    if (this.#flight.length === 0) return;
    const [only] = this.#flight;
    const bytes = this.#flight.length === 1 && only !== undefined ? only : concat(...this.#flight);
    this.#flight = [];
    this.#fragment(ContentType.handshake, bytes);
    // RFC 9846 section 5.1 "MUST be set to 0x0303 for all records generated", "or a ServerHello MUST have
    // version 0x0303"
    this.#version = ProtocolVersion['TLSv1.2'];
  }

  /**
   * Sends the record that announces new keys in TLS 1.2 (RFC 5246 section 7.1), and makes a handshake of TLS 1.3 look
   * like one (RFC 9846 appendix E.4). It is never protected.
   */
  changeCipherSpec(): void {
    this.#flush();
    this.#plaintext(ContentType.change_cipher_spec, CHANGE_CIPHER_SPEC);
    this.#tell();
  }

  /**
   * Sends an alert. Messages that were held back follow nothing but close_notify and warnings: a handshake that fails
   * shall not seem to go on, and the peer might change its keys for them.
   * @param level 1 for an alert of TLS 1.2 that is only a warning. Default: close_notify and user_canceled are
   * warnings, all others are fatal (RFC 9846 section 6).
   */
  alert(name: AlertName, level?: AlertLevel): void {
    if (name === 'close_notify' || level === AlertLevel.warning) this.#flush();
    else this.#flight = [];
    // RFC 9846 section 6 "in error-alerts MUST be sent with AlertLevel=fatal"
    // RFC 9846 section 6.1 "This alert MUST be sent with AlertLevel=warning"
    const description = AlertDescription[name];
    // RFC 9846 section 5.1 "Alert messages (alert-protocol) MUST NOT be fragmented", "multiple alert
    // messages MUST NOT be coalesced"
    this.#write(ContentType.alert, Uint8Array.of(level ?? alertLevel(description), description));
    this.#tell();
  }

  /**
   * Sends data, cut into records. It is copied before this returns. Empty data sends nothing.
   * @throws {TlsError} `ERR_INTERNAL` while there are neither application keys nor those of early data, `ERR_KEY_LIMIT`.
   */
  applicationData(data: Uint8Array): void {
    // RFC 9846 section 2 "Application Data MUST NOT be sent prior"
    // RFC 5246 section 7.3 "Application data MUST NOT be sent prior"
    if (this.#epoch !== 'application' && this.#epoch !== 'early') {
      throw new TlsError('ERR_INTERNAL', `application data cannot be sent in the epoch ${this.#epoch}`);
    }
    this.#flush();
    this.#fragment(ContentType.application_data, data, () => {
      if (this.#epoch === 'application' && this.#protection?.needsKeyUpdate) this.#options.onKeyUpdateDue?.();
    });
    this.#tell();
  }

  /**
   * From the next record on, this key is used. What was held back is sent first, with the old one. A key of TLS 1.2
   * comes here twice, and counts on: after the ChangeCipherSpec, and when the handshake is complete.
   */
  changeKeys(epoch: Epoch, protection: RecordProtection): void {
    // RFC 9846 section 5.1 "implementations MUST send these messages in alignment"
    // RFC 9846 section 4.7.3 "MUST encrypt their KeyUpdate messages with the old keys", "the sender SHALL
    // send all its traffic using the next"
    // RFC 5246 section 7.1 "the sender MUST instruct the record layer", "the new CipherSpec MUST be used"
    this.#requireOpen();
    this.#flush();
    this.#epoch = epoch;
    this.#protection = protection;
    this.#tell();
  }

  /** The server wants another ClientHello, so early data is over: what follows is not protected (RFC 9846 section 4.3.10). */
  leaveEarlyData(): void {
    this.#requireOpen();
    this.#flush();
    this.#epoch = 'plaintext';
    this.#protection = undefined;
    this.#tell();
  }

  /** Ends sending: the key is forgotten, and nothing is taken any more. What was handed over before still goes out. */
  close(): void {
    this.#isClosed = true;
    this.#flight = [];
    this.#protection = undefined;
  }

  /** Removes and answers what can be written to the network now, in order. Handshake messages must be flushed first. */
  takeOutgoing(): Uint8Array[] {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return outgoing;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new TlsError('ERR_CLOSED', 'nothing is sent any more');
  }

  #fragment(type: number, bytes: Uint8Array, beforeEach?: () => void): void {
    // RFC 9846 section 5.1 "The length MUST NOT exceed 2^14 bytes"
    // RFC 5246 section 6.2.1 "The length MUST NOT exceed 2^14", "Implementations MUST NOT send zero-length
    // fragments of Handshake"
    for (let start = 0; start < bytes.length; start += this.#maxFragmentLength) {
      beforeEach?.();
      this.#write(type, bytes.subarray(start, start + this.#maxFragmentLength));
    }
  }

  #write(type: number, content: Uint8Array): void {
    const protection = this.#protection;
    if (protection === undefined) {
      this.#plaintext(type, content);
      return;
    }
    const info = this.#describe(this.#epoch, protection.sequence, type, content.length);
    this.#enqueue(protection.seal(type, content, this.#padding(type, content.length)), info);
  }

  #plaintext(type: number, content: Uint8Array): void {
    const info = this.#describe('plaintext', this.#plaintextSequence++, type, content.length);
    // The caller may reuse its array; what is sealed was copied anyway.
    const header = recordHeader(type, this.#version, content.length);
    this.#enqueue({ header, fragment: copy(content), padding: 0 }, info);
  }

  #padding(type: number, contentLength: number): number {
    const wanted = this.#isTls12 ? 0 : (this.#options.padding?.(contentLength, type) ?? 0);
    if (!Number.isInteger(wanted)) {
      throw new TlsError(
        'ERR_INTERNAL',
        `expected the padding policy to answer a whole number, found ${wanted}`,
      );
    }
    return Math.max(0, Math.min(wanted, this.#maxFragmentLength - contentLength));
  }

  #describe(epoch: Epoch, sequence: number, innerType: number, contentLength: number): Queued['info'] {
    if (this.#options.onRecord === undefined) return undefined;
    const isHidden = epoch !== 'plaintext' && !this.#isTls12;
    const outerType = isHidden ? ContentType.application_data : innerType;
    return { epoch, sequence, outerType, innerType, contentLength };
  }

  #enqueue(sealed: Awaitable<SealedRecord>, info: Queued['info']): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#requireOpen();
    if (!isPromise(sealed) && this.#queue.length === 0) {
      this.#put(sealed, info);
      return;
    }
    const queued: Queued = { sealed: undefined, info };
    this.#queue.push(queued);
    if (!isPromise(sealed)) {
      queued.sealed = sealed;
      return;
    }
    const settle = (outcome: SealedRecord | TlsError): void => {
      queued.sealed = outcome;
      try {
        this.#drain();
      } catch (error) {
        this.#options.onError?.(error); // a listener's: nobody else stands above a promise to catch it
      }
    };
    sealed.then(settle, settle);
  }

  /** Sends from the front of the queue, up to the first record that is not sealed yet or cannot be. */
  #drain(): void {
    let count = 0;
    for (const { sealed, info } of this.#queue) {
      if (sealed === undefined || this.#failure !== undefined) break;
      if (sealed instanceof TlsError) this.#failure = sealed;
      else this.#put(sealed, info);
      count++;
    }
    if (count === 0) return;
    this.#queue.splice(0, count);
    this.#tell();
    if (this.#outgoing.length > 0) this.#options.onOutgoing?.();
    if (this.#failure !== undefined) this.#options.onError?.(this.#failure);
  }

  #put({ header, fragment, padding }: SealedRecord, info: Queued['info']): void {
    if (info === undefined && fragment.length >= JOIN_BELOW) {
      this.#outgoing.push(header, fragment);
      return;
    }
    const bytes = concat(header, fragment);
    this.#outgoing.push(bytes);
    if (info !== undefined) this.#untold.push({ ...info, padding, bytes });
  }

  /** Tells of new records when all is in place, the next key too: a listener may send in turn. */
  #tell(): void {
    const records = this.#untold;
    this.#untold = [];
    for (const record of records) this.#options.onRecord?.(record);
  }
}
