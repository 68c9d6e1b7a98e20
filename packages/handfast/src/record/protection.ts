/** Record protection of TLS 1.3: one traffic key, in one direction (RFC 9846 sections 5.2 to 5.5). */
import {
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type Aead,
  type AeadName,
  type Awaitable,
  isPromise,
} from '../crypto/provider.ts';
import {
  AES_GCM_KEY_UPDATE_RECORDS,
  MAX_AES_GCM_RECORDS,
  MAX_PLAINTEXT_LENGTH,
  MAX_SEQUENCE_NUMBER,
} from '../policy/limits.ts';
import { TlsError } from '../wire/errors.ts';
import { ContentType, ProtocolVersion } from '../wire/registry.ts';
import { type RawRecord, recordHeader } from './framing.ts';

/** How many records one key may seal. */
export interface KeyLimits {
  /** After this many records the key should be replaced. */
  readonly updateAfter: number;
  /** Not one record more than this. */
  readonly maxRecords: number;
}

const AES_GCM_LIMITS: KeyLimits = {
  updateAfter: AES_GCM_KEY_UPDATE_RECORDS,
  maxRecords: MAX_AES_GCM_RECORDS,
};

/** The limits of RFC 9846 section 5.5. ChaCha20-Poly1305 has none below that of the sequence number. */
export const KEY_LIMITS: Readonly<Record<AeadName, KeyLimits>> = {
  'AES-128-GCM': AES_GCM_LIMITS,
  'AES-256-GCM': AES_GCM_LIMITS,
  'CHACHA20-POLY1305': { updateAfter: MAX_SEQUENCE_NUMBER, maxRecords: MAX_SEQUENCE_NUMBER },
};

/** A record ready for the wire, in two parts so that the larger one need not be copied. */
export interface SealedRecord {
  readonly header: Uint8Array;
  readonly fragment: Uint8Array;
}

/** What was inside a protected record. */
export interface OpenedRecord {
  /** The content type inside. */
  readonly type: number;
  /** The content without its padding; a view of what the provider answered. */
  readonly content: Uint8Array;
  /** Zero bytes that followed the content type. */
  readonly padding: number;
  /** Number of the record under its key. */
  readonly sequence: number;
}

/**
 * Where the plaintext of a record is put together: one array for all keys, since allocating 16 KiB for each
 * record costs a fifth of sealing it. It is away while a provider reads it, for good if that takes a promise.
 */
let workspace: Uint8Array | undefined;

function takeWorkspace(length: number): Uint8Array {
  const space = workspace;
  workspace = undefined;
  return space !== undefined && space.length >= length ? space : new Uint8Array(length);
}

function brokenProvider(operation: string, cause: unknown): TlsError {
  return new TlsError(
    'ERR_INTERNAL',
    `the crypto provider could not ${operation} a record: ${cause}`,
    {},
    { cause },
  );
}

/** Calls the provider; what it throws or rejects with becomes `ERR_INTERNAL`. `use` runs at once where the value is there. */
function ask<T, U>(operation: string, call: () => Awaitable<T>, use: (value: T) => U): Awaitable<U> {
  let answer: Awaitable<T>;
  try {
    answer = call();
  } catch (cause) {
    throw brokenProvider(operation, cause);
  }
  if (!isPromise(answer)) return use(answer);
  // Only a genuine promise is sure to settle once; a provider may answer with any object that has a `then`.
  return Promise.resolve(answer).then(use, (cause) => {
    throw brokenProvider(operation, cause);
  });
}

/**
 * Seals or opens records with one key. Each object serves one direction; its sequence number starts at 0 and
 * is taken when an operation starts, so several may be under way with an asynchronous provider.
 */
export class RecordProtection {
  readonly #aead: Aead;
  readonly #iv: Uint8Array;
  readonly #limits: KeyLimits;
  #nonce = new Uint8Array(AEAD_NONCE_LENGTH);
  #sequence = 0;

  /**
   * @param options.iv the 12 bytes of `client_write_iv` or `server_write_iv` (RFC 9846 section 7.3).
   * @param options.limits see {@link KEY_LIMITS}.
   */
  constructor(options: { readonly aead: Aead; readonly iv: Uint8Array; readonly limits: KeyLimits }) {
    if (options.iv.length !== AEAD_NONCE_LENGTH) {
      throw new RangeError(`expected an iv of ${AEAD_NONCE_LENGTH} bytes, found ${options.iv.length}`);
    }
    this.#aead = options.aead;
    this.#iv = options.iv;
    this.#limits = options.limits;
  }

  /** The sequence number of the next record, which is also the number of records so far. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether so many records were sealed that the key should be replaced (RFC 9846 section 5.5). */
  get needsKeyUpdate(): boolean {
    return this.#sequence >= this.#limits.updateAfter;
  }

  /**
   * Seals one record.
   * @param padding zero bytes to add; content, type and padding must not exceed 2^14 + 1 bytes.
   * @throws {TlsError} `ERR_KEY_LIMIT` when the key has sealed all it may, `ERR_INTERNAL` when the provider fails.
   */
  seal(type: number, content: Uint8Array, padding: number): Awaitable<SealedRecord> {
    if (this.#sequence >= this.#limits.maxRecords) {
      throw new TlsError(
        'ERR_KEY_LIMIT',
        `this key has sealed ${this.#sequence} records, as many as it may: it had to be updated before`,
      );
    }
    const length = content.length + 1 + padding;
    const space = takeWorkspace(length);
    space.set(content);
    space[content.length] = type;
    space.fill(0, content.length + 1, length);
    const header = recordHeader(
      ContentType.application_data,
      ProtocolVersion['TLSv1.2'],
      length + AEAD_TAG_LENGTH,
    );
    const nonce = this.#nextNonce();
    return ask(
      'seal',
      () => {
        const answer = this.#keepNonce(this.#aead.seal(nonce, header, space.subarray(0, length)));
        if (!isPromise(answer)) workspace = space;
        return answer;
      },
      (fragment) => ({ header, fragment }),
    );
  }

  /**
   * Opens one record.
   * @throws {TlsError} `ERR_BAD_RECORD_MAC`, `ERR_RECORD_OVERFLOW`, `ERR_NO_CONTENT_TYPE`; `ERR_KEY_LIMIT` when the
   * sequence number would wrap, `ERR_INTERNAL` when the provider fails.
   */
  open(record: RawRecord): Awaitable<OpenedRecord> {
    return this.#open(record, (sequence) => {
      throw badMac(sequence);
    });
  }

  /**
   * Opens one record if it was made with this key; one that was not is answered with `undefined`, and does not
   * count: early data may come first (RFC 9846 section 4.3.10).
   * @throws {TlsError} as {@link open}, but for `ERR_BAD_RECORD_MAC`.
   */
  tryOpen(record: RawRecord): Awaitable<OpenedRecord | undefined> {
    return this.#open(record, (sequence) => {
      this.#sequence = sequence;
      return undefined;
    });
  }

  #open<T>(record: RawRecord, refuse: (sequence: number) => T): Awaitable<OpenedRecord | T> {
    // Receivers enforce no confidentiality limit (RFC 9846 section 5.5), only that no number comes twice.
    if (this.#sequence >= MAX_SEQUENCE_NUMBER) {
      throw new TlsError('ERR_KEY_LIMIT', 'the peer has used up the sequence numbers of this key');
    }
    const sequence = this.#sequence;
    if (record.fragment.length < AEAD_TAG_LENGTH) return refuse(sequence);
    const nonce = this.#nextNonce();
    return ask(
      'open',
      () => this.#keepNonce(this.#aead.open(nonce, record.header, record.fragment)),
      (inner) => (inner === undefined ? refuse(sequence) : unwrap(inner, sequence)),
    );
  }

  /** The nonce of the next record: the iv XOR the 64-bit sequence number (RFC 9846 section 5.3). */
  #nextNonce(): Uint8Array {
    const nonce = this.#nonce;
    nonce.set(this.#iv);
    let rest = this.#sequence++;
    for (let i = AEAD_NONCE_LENGTH - 1; rest > 0; i--) {
      nonce[i] = (nonce[i] as number) ^ (rest & 0xff);
      rest = Math.floor(rest / 256);
    }
    return nonce;
  }

  /** The array of the nonce is used again, unless an operation that is still under way may read it. */
  #keepNonce<T>(answer: Awaitable<T>): Awaitable<T> {
    if (isPromise(answer)) this.#nonce = new Uint8Array(AEAD_NONCE_LENGTH);
    return answer;
  }
}

function badMac(sequence: number): TlsError {
  return new TlsError(
    'ERR_BAD_RECORD_MAC',
    `record ${sequence} of this key does not decrypt: it was changed on the way, lost its place, or was made with another key`,
    { sequence },
  );
}

/** Takes TLSInnerPlaintext apart (RFC 9846 section 5.4). */
function unwrap(inner: Uint8Array, sequence: number): OpenedRecord {
  if (inner.length > MAX_PLAINTEXT_LENGTH + 1) {
    throw new TlsError(
      'ERR_RECORD_OVERFLOW',
      `expected at most ${MAX_PLAINTEXT_LENGTH + 1} bytes in a record, found ${inner.length}`,
      { sequence },
    );
  }
  let end = inner.length - 1;
  while (end >= 0 && inner[end] === 0) end--;
  if (end < 0) {
    throw new TlsError('ERR_NO_CONTENT_TYPE', `record ${sequence} of this key holds nothing but padding`, {
      sequence,
    });
  }
  return {
    type: inner[end] as number,
    content: inner.subarray(0, end),
    padding: inner.length - 1 - end,
    sequence,
  };
}
