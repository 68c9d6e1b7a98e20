/** Cuts the incoming byte stream into records (RFC 9846 section 5.1). */
import { MAX_PLAINTEXT_LENGTH } from '../policy/limits.ts';
import { TlsError } from '../wire/errors.ts';
import { ContentType, contentTypeName } from '../wire/registry.ts';
import { ByteQueue } from './byte-queue.ts';
import { refuseForeignProtocol } from './not-tls.ts';

/** Type, version and length: 1 + 2 + 2 bytes. */
export const RECORD_HEADER_LENGTH = 5;

/** One TLSPlaintext or TLSCiphertext, as it stands on the wire. */
export interface RawRecord {
  /** The outer content type. */
  readonly type: number;
  readonly version: number;
  /** The first five bytes of {@link raw}. */
  readonly header: Uint8Array;
  /** What follows the header. */
  readonly fragment: Uint8Array;
  /** The whole record. */
  readonly raw: Uint8Array;
}

interface Header {
  readonly type: number;
  readonly version: number;
  readonly length: number;
}

/**
 * The header of an outgoing record.
 * @param room zero bytes to leave after it, for what stands before the ciphertext in TLS 1.2.
 */
export function recordHeader(type: number, version: number, length: number, room = 0): Uint8Array {
  const header = new Uint8Array(RECORD_HEADER_LENGTH + room);
  header[0] = type;
  header[1] = version >> 8;
  header[2] = version & 0xff;
  header[3] = length >> 8;
  header[4] = length & 0xff;
  return header;
}

/** A record that claims to be too long. */
export function recordOverflow(length: number, limit: number): TlsError {
  return new TlsError(
    'ERR_RECORD_OVERFLOW',
    `expected a record of at most ${limit} bytes, found a claim of ${length}`,
  );
}

/**
 * Collects bytes until whole records stand there. A header that cannot be right is refused as soon as its
 * five bytes are known, so nothing is ever allocated or awaited for the sake of a claimed length.
 */
export class RecordFramer {
  /** Bytes of a fragment: 2^14, or more once the peer's records are protected (RFC 9846 section 5.2, RFC 5246 section 6.2.3). */
  maxFragmentLength: number = MAX_PLAINTEXT_LENGTH;
  readonly #queue = new ByteQueue();
  #header: Header | undefined;
  #first = true;

  /** Adds bytes from the network. They are not copied where that can be avoided: do not change them afterwards. */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Bytes that arrived and belong to no whole record yet. */
  get pendingLength(): number {
    return this.#queue.length;
  }

  /**
   * The next whole record, or `undefined` when more bytes must arrive first.
   * @throws {TlsError} `ERR_NOT_TLS` at the start of a connection, `ERR_RECORD_TYPE`, `ERR_RECORD_VERSION`,
   * `ERR_RECORD_OVERFLOW`, `ERR_EMPTY_FRAGMENT`.
   */
  next(): RawRecord | undefined {
    this.#header ??= this.#readHeader();
    if (this.#header === undefined) return undefined;
    const { type, version, length } = this.#header;
    this.#check(type, version, length);
    if (this.#queue.length < RECORD_HEADER_LENGTH + length) return undefined;
    this.#header = undefined;
    this.#first = false;
    const raw = this.#queue.take(RECORD_HEADER_LENGTH + length);
    return {
      type,
      version,
      header: raw.subarray(0, RECORD_HEADER_LENGTH),
      fragment: raw.subarray(RECORD_HEADER_LENGTH),
      raw,
    };
  }

  #readHeader(): Header | undefined {
    const queue = this.#queue;
    if (queue.length < RECORD_HEADER_LENGTH) return undefined;
    if (this.#first)
      refuseForeignProtocol(Uint8Array.from({ length: RECORD_HEADER_LENGTH }, (_, i) => queue.at(i)));
    return {
      type: queue.at(0),
      version: (queue.at(1) << 8) | queue.at(2),
      length: (queue.at(3) << 8) | queue.at(4),
    };
  }

  #check(type: number, version: number, length: number): void {
    if (type < ContentType.change_cipher_spec || type > ContentType.application_data) {
      throw new TlsError('ERR_RECORD_TYPE', `expected a record of type 20 to 23, found type ${type}`);
    }
    // The rest of the version is for the reader: it depends on whether records are protected.
    if (version >> 8 !== 3) {
      throw new TlsError(
        'ERR_RECORD_VERSION',
        `expected a record of version 0x03xx, found 0x${version.toString(16).padStart(4, '0')}`,
      );
    }
    if (length > this.maxFragmentLength) throw recordOverflow(length, this.maxFragmentLength);
    if (length === 0 && type !== ContentType.application_data) {
      throw new TlsError('ERR_EMPTY_FRAGMENT', `a record of type ${contentTypeName(type)} without content`);
    }
  }
}
