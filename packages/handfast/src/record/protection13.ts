/** Record protection of TLS 1.3: one traffic key, in one direction (RFC 9846 sections 5.2 to 5.5). */
import {
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type Aead,
  type AeadName,
  type Awaitable,
  isPromise,
} from '../crypto/provider.ts';
import { MAX_PLAINTEXT_LENGTH, MAX_SEQUENCE_NUMBER } from '../policy/limits.ts';
import { TlsError } from '../wire/errors.ts';
import { ContentType, ProtocolVersion } from '../wire/registry.ts';
import { type RawRecord, recordHeader } from './framing.ts';
import {
  badRecordMac,
  type KeyLimits,
  keyUsedUp,
  type OpenedRecord,
  plaintextOverflow,
  type RecordProtection,
  type SealedRecord,
  sequenceUsedUp,
} from './protection.ts';
import { ask, returnWorkspace, takeWorkspace } from './provider-calls.ts';
import { xorSequence } from './sequence-number.ts';

/** One traffic key of TLS 1.3. */
export class Protection13 implements RecordProtection {
  readonly #aead: Aead;
  readonly #iv: Uint8Array;
  readonly #limits: KeyLimits;
  readonly #tagLength: number;
  #nonce = new Uint8Array(AEAD_NONCE_LENGTH);
  #sequence = 0;

  /**
   * @param options.iv the 12 bytes of `client_write_iv` or `server_write_iv` (RFC 9846 section 7.3).
   * @param options.limits see {@link KEY_LIMITS}.
   */
  constructor(options: {
    readonly aead: Aead;
    readonly aeadName: AeadName;
    readonly iv: Uint8Array;
    readonly limits: KeyLimits;
  }) {
    if (options.iv.length !== AEAD_NONCE_LENGTH) {
      throw new RangeError(`expected an iv of ${AEAD_NONCE_LENGTH} bytes, found ${options.iv.length}`);
    }
    this.#aead = options.aead;
    this.#iv = options.iv;
    this.#limits = options.limits;
    this.#tagLength = AEAD_TAG_LENGTH[options.aeadName];
  }

  get sequence(): number {
    return this.#sequence;
  }

  get needsKeyUpdate(): boolean {
    return this.#sequence >= this.#limits.updateAfter;
  }

  seal(type: number, content: Uint8Array, padding: number): Awaitable<SealedRecord> {
    // RFC 9846 section 5.5 "Implementations MUST either close the connection or do", "implementations MUST
    // NOT exceed the limits when sending early data"
    if (this.#sequence >= this.#limits.maxRecords) {
      throw keyUsedUp(this.#sequence, 'it had to be updated before');
    }
    const length = content.length + 1 + padding;
    const space = takeWorkspace(length);
    space.set(content);
    space[content.length] = type;
    space.fill(0, content.length + 1, length);
    const header = recordHeader(
      ContentType.application_data,
      ProtocolVersion['TLSv1.2'],
      length + this.#tagLength,
    );
    const nonce = this.#nextNonce();
    return ask(
      'seal',
      () => {
        const answer = this.#keepNonce(this.#aead.seal(nonce, header, space.subarray(0, length)));
        if (!isPromise(answer)) returnWorkspace(space);
        return answer;
      },
      (fragment) => ({ header, fragment, padding }),
    );
  }

  open(record: RawRecord): Awaitable<OpenedRecord> {
    return this.#open(record, (sequence) => {
      throw badRecordMac(sequence);
    });
  }

  tryOpen(record: RawRecord): Awaitable<OpenedRecord | undefined> {
    return this.#open(record, (sequence) => {
      this.#sequence = sequence;
      return undefined;
    });
  }

  #open<T>(record: RawRecord, refuse: (sequence: number) => T): Awaitable<OpenedRecord | T> {
    // RFC 9846 section 5.3 "it MUST either rekey (key-update) or terminate"
    if (this.#sequence >= MAX_SEQUENCE_NUMBER) throw sequenceUsedUp();
    const sequence = this.#sequence;
    if (record.fragment.length < this.#tagLength) return refuse(sequence);
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
    xorSequence(nonce, this.#sequence++);
    return nonce;
  }

  /** The array of the nonce is used again, unless an operation that is still under way may read it. */
  #keepNonce<T>(answer: Awaitable<T>): Awaitable<T> {
    if (isPromise(answer)) this.#nonce = new Uint8Array(AEAD_NONCE_LENGTH);
    return answer;
  }
}

/** Takes TLSInnerPlaintext apart (RFC 9846 section 5.4). */
function unwrap(inner: Uint8Array, sequence: number): OpenedRecord {
  if (inner.length > MAX_PLAINTEXT_LENGTH + 1) {
    throw plaintextOverflow(inner.length, MAX_PLAINTEXT_LENGTH + 1, sequence);
  }
  // RFC 9846 section 5.4 "Implementations MUST limit their scanning to the cleartext"
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
