/** Record protection of TLS 1.2 with an authenticated cipher (RFC 5246 section 6.2.3.3). */
import {
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type Aead,
  type AeadName,
  type Awaitable,
  isPromise,
} from '../crypto/provider.ts';
import { MAX_PLAINTEXT_LENGTH } from '../policy/limits.ts';
import { ProtocolVersion } from '../wire/registry.ts';
import { type RawRecord, RECORD_HEADER_LENGTH, recordHeader } from './framing.ts';
import {
  badRecordMac,
  type OpenedRecord,
  plaintextOverflow,
  type RecordProtection,
  type SealedRecord,
} from './protection.ts';
import { ask, returnWorkspace, takeWorkspace } from './provider-calls.ts';
import { PSEUDO_HEADER_LENGTH, putPseudoHeader, requireOpenable, requireSealable } from './pseudo-header.ts';
import { xorSequence } from './sequence-number.ts';

/** Bytes of `client_write_iv` or `server_write_iv`: the salt of GCM and CCM (RFC 5288 section 3, RFC 6655 section 3), a whole nonce for ChaCha20-Poly1305 (RFC 7905 section 2). */
export function fixedIvLength(name: AeadName): number {
  return name === 'CHACHA20-POLY1305' ? AEAD_NONCE_LENGTH : 4;
}

/** One direction's key of an authenticated cipher. The explicit part of its nonces is the sequence number. */
export class AeadProtection12 implements RecordProtection {
  readonly needsKeyUpdate = false;
  readonly #aead: Aead;
  readonly #tagLength: number;
  readonly #maxRecords: number;
  /** The fixed part of the nonce, filled up with zeros. */
  readonly #iv = new Uint8Array(AEAD_NONCE_LENGTH);
  readonly #fixedLength: number;
  /** Bytes of the nonce that travel with each record. */
  readonly #explicitLength: number;
  #nonce = new Uint8Array(AEAD_NONCE_LENGTH);
  #additionalData = new Uint8Array(PSEUDO_HEADER_LENGTH);
  // RFC 5246 section 6.1 "The sequence number MUST be set to zero", "connection state MUST use sequence
  // number 0"
  #sequence = 0;

  /**
   * @param options.iv see {@link fixedIvLength}.
   * @param options.maxRecords how many records the key may seal.
   */
  constructor(options: {
    readonly aead: Aead;
    readonly aeadName: AeadName;
    readonly iv: Uint8Array;
    readonly maxRecords: number;
  }) {
    const { aead, aeadName, iv, maxRecords } = options;
    this.#fixedLength = fixedIvLength(aeadName);
    if (iv.length !== this.#fixedLength) {
      throw new RangeError(
        `expected an iv of ${this.#fixedLength} bytes for ${aeadName}, found ${iv.length}`,
      );
    }
    this.#aead = aead;
    this.#tagLength = AEAD_TAG_LENGTH[aeadName];
    this.#maxRecords = maxRecords;
    this.#iv.set(iv);
    this.#explicitLength = AEAD_NONCE_LENGTH - this.#fixedLength;
  }

  get sequence(): number {
    return this.#sequence;
  }

  seal(type: number, content: Uint8Array): Awaitable<SealedRecord> {
    requireSealable(type, this.#sequence, this.#maxRecords);
    const nonce = this.#nonce;
    nonce.set(this.#iv);
    xorSequence(nonce, this.#sequence);
    const additionalData = this.#additionalData;
    // RFC 5246 section 6.1 "These current states MUST be updated for each"
    putPseudoHeader(additionalData, this.#sequence++, type, content.length);
    const header = recordHeader(
      type,
      ProtocolVersion['TLSv1.2'],
      this.#explicitLength + content.length + this.#tagLength,
      this.#explicitLength,
    );
    header.set(nonce.subarray(this.#fixedLength), RECORD_HEADER_LENGTH);
    // A copy, since a provider that answers late reads late, and the caller may reuse its array.
    const space = takeWorkspace(content.length);
    space.set(content);
    return ask(
      'seal',
      () => {
        const plaintext = space.subarray(0, content.length);
        const answer = this.#keepArrays(this.#aead.seal(nonce, additionalData, plaintext));
        if (!isPromise(answer)) returnWorkspace(space);
        return answer;
      },
      (fragment) => ({ header, fragment, padding: 0 }),
    );
  }

  open({ type, fragment }: RawRecord): Awaitable<OpenedRecord> {
    requireOpenable(this.#sequence);
    const sequence = this.#sequence++;
    const length = fragment.length - this.#explicitLength - this.#tagLength;
    if (length < 0) throw badRecordMac(sequence);
    const nonce = this.#nonce;
    nonce.set(this.#iv);
    // What the peer chose as the explicit part is the peer's affair: it need not be the sequence number.
    if (this.#explicitLength > 0) nonce.set(fragment.subarray(0, this.#explicitLength), this.#fixedLength);
    else xorSequence(nonce, sequence);
    const additionalData = this.#additionalData;
    putPseudoHeader(additionalData, sequence, type, length);
    const ciphertext = fragment.subarray(this.#explicitLength);
    return ask(
      'open',
      () => this.#keepArrays(this.#aead.open(nonce, additionalData, ciphertext)),
      (content) => {
        // RFC 5246 section 6.2.3.3 "a fatal bad_record_mac alert MUST be generated"
        if (content === undefined) throw badRecordMac(sequence);
        if (length > MAX_PLAINTEXT_LENGTH) throw plaintextOverflow(length, MAX_PLAINTEXT_LENGTH, sequence);
        return { type, content, padding: 0, sequence };
      },
    );
  }

  /** Nonce and additional data are used again, unless an operation that is still under way may read them. */
  #keepArrays<T>(answer: Awaitable<T>): Awaitable<T> {
    if (isPromise(answer)) {
      this.#nonce = new Uint8Array(AEAD_NONCE_LENGTH);
      this.#additionalData = new Uint8Array(PSEUDO_HEADER_LENGTH);
    }
    return answer;
  }
}
