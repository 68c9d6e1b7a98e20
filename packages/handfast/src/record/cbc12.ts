/** Record protection of TLS 1.2 with AES-CBC and HMAC, in either order (RFC 5246 section 6.2.3.2, RFC 7366). */
import {
  type Awaitable,
  CBC_BLOCK_LENGTH,
  type Cbc,
  type CryptoProvider,
  HASH_LENGTH,
  type HashName,
} from '../crypto/provider.ts';
import { MAX_AES_CBC_RECORDS, MAX_PLAINTEXT_LENGTH } from '../policy/limits.ts';
import { concat, constantTimeEqual, EMPTY } from '../wire/bytes.ts';
import { ProtocolVersion } from '../wire/registry.ts';
import { areEqual, extractMac, unpad } from './cbc-unpadding.ts';
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

/** The hash function's block as a power of two, and the bytes that end its last block at least: a bit and the length (FIPS 180-4 section 5.1). */
const HASH_SHAPE: Readonly<Record<HashName, { readonly blockBits: number; readonly endLength: number }>> = {
  'SHA-1': { blockBits: 6, endLength: 9 },
  'SHA-256': { blockBits: 6, endLength: 9 },
  'SHA-384': { blockBits: 7, endLength: 17 },
  'SHA-512': { blockBits: 7, endLength: 17 },
};

/** What is hashed to make up for compressions that a shorter content saves: 256 bytes of padding, and one block. */
const ZEROS = new Uint8Array(512);

/** The keys of one direction, and which way they are used. */
export interface CbcProtection12Options {
  /** Hashes, and draws an iv for each record. */
  readonly provider: Pick<CryptoProvider, 'hash' | 'hmac' | 'random'>;
  readonly cbc: Cbc;
  readonly macHash: HashName;
  readonly macKey: Uint8Array;
  /** Whether the ciphertext is authenticated (RFC 7366), instead of the content. */
  readonly encryptThenMac: boolean;
}

/** What was inside a record that is right. */
type Inner = Pick<OpenedRecord, 'content' | 'padding'>;

/** One direction's keys of AES-CBC and HMAC. */
export class CbcProtection12 implements RecordProtection {
  readonly needsKeyUpdate = false;
  readonly #options: CbcProtection12Options;
  readonly #macLength: number;
  readonly #pseudoHeader = new Uint8Array(PSEUDO_HEADER_LENGTH);
  #sequence = 0;

  constructor(options: CbcProtection12Options) {
    this.#options = options;
    this.#macLength = HASH_LENGTH[options.macHash];
  }

  get sequence(): number {
    return this.#sequence;
  }

  seal(type: number, content: Uint8Array): Awaitable<SealedRecord> {
    requireSealable(type, this.#sequence, MAX_AES_CBC_RECORDS);
    const sequence = this.#sequence++;
    const { encryptThenMac } = this.#options;
    return ask(
      'seal',
      () =>
        encryptThenMac
          ? this.#encryptThenMac(sequence, type, content)
          : this.#encrypt(type, content, this.#mac(sequence, type, content.length, content), 0),
      (sealed) => sealed,
    );
  }

  #encryptThenMac(sequence: number, type: number, content: Uint8Array): SealedRecord {
    const { header, fragment, padding } = this.#encrypt(type, content, EMPTY, this.#macLength);
    const iv = header.subarray(RECORD_HEADER_LENGTH);
    const mac = this.#mac(sequence, type, iv.length + fragment.length, iv, fragment);
    return { header, fragment: concat(fragment, mac), padding };
  }

  /** Header and iv, and the ciphertext of content, MAC and padding; `rest` bytes are to follow. */
  #encrypt(type: number, content: Uint8Array, mac: Uint8Array, rest: number): SealedRecord {
    const { cbc, provider } = this.#options;
    const macEnd = content.length + mac.length;
    // As little as fills the last block, length byte included.
    const padding = CBC_BLOCK_LENGTH - 1 - (macEnd % CBC_BLOCK_LENGTH);
    const length = macEnd + padding + 1;
    const space = takeWorkspace(length);
    space.set(content);
    space.set(mac, content.length);
    // RFC 5246 section 6.2.3.2 "padding data vector MUST be filled with", "The padding length MUST be such
    // that"
    space.fill(padding, macEnd, length);
    const header = recordHeader(
      type,
      ProtocolVersion['TLSv1.2'],
      CBC_BLOCK_LENGTH + length + rest,
      CBC_BLOCK_LENGTH,
    );
    // A fresh iv, unpredictable for whoever chooses content (RFC 5246 section 6.2.3.2).
    // RFC 5246 section 6.2.3.2 "at random, and MUST be unpredictable"
    const iv = provider.random(CBC_BLOCK_LENGTH);
    header.set(iv, RECORD_HEADER_LENGTH);
    const fragment = cbc.encrypt(iv, space.subarray(0, length));
    returnWorkspace(space);
    return { header, fragment, padding };
  }

  open({ type, fragment }: RawRecord): Awaitable<OpenedRecord> {
    requireOpenable(this.#sequence);
    const sequence = this.#sequence++;
    return ask(
      'open',
      () =>
        this.#options.encryptThenMac
          ? this.#checkThenDecrypt(sequence, type, fragment)
          : this.#decryptThenCheck(sequence, type, fragment),
      (inner) => {
        // One answer to all that can be wrong: what differs would be an oracle.
        // RFC 5246 section 6.2.3.2 "The receiver MUST check this padding and MUST use the bad_record_mac
        // alert to"
        if (inner === undefined) throw badRecordMac(sequence);
        const { content, padding } = inner;
        if (content.length > MAX_PLAINTEXT_LENGTH) {
          throw plaintextOverflow(content.length, MAX_PLAINTEXT_LENGTH, sequence);
        }
        return { type, content, padding, sequence };
      },
    );
  }

  /** RFC 7366 section 3: what the peer did not make is never decrypted. */
  #checkThenDecrypt(sequence: number, type: number, fragment: Uint8Array): Inner | undefined {
    const end = fragment.length - this.#macLength;
    if (!isIvAndBlocks(end)) return undefined;
    const ciphertext = fragment.subarray(0, end);
    const expected = this.#mac(sequence, type, end, ciphertext);
    if (!constantTimeEqual(fragment.subarray(end), expected)) return undefined;
    const plaintext = this.#decrypt(ciphertext);
    const { isGood, contentLength, paddingLength } = unpad(plaintext, 0);
    if (isGood === 0) return undefined;
    return { content: plaintext.subarray(0, contentLength), padding: paddingLength };
  }

  /** RFC 5246 section 6.2.3.2: the MAC is computed whatever the padding says, and judged together with it. */
  #decryptThenCheck(sequence: number, type: number, fragment: Uint8Array): Inner | undefined {
    const macLength = this.#macLength;
    // These lengths stand on the wire, so there is nothing to hide about them.
    if (!isIvAndBlocks(fragment.length) || fragment.length <= CBC_BLOCK_LENGTH + macLength) return undefined;
    const plaintext = this.#decrypt(fragment);
    const { isGood, contentLength, paddingLength } = unpad(plaintext, macLength);
    const content = plaintext.subarray(0, contentLength);
    const mac = extractMac(plaintext, contentLength, macLength);
    // RFC 5246 section 6.2.3.2 "implementations MUST ensure that record processing time"
    const expected = this.#mac(sequence, type, contentLength, content);
    this.#makeUp(plaintext.length - macLength - 1, contentLength);
    return (isGood & areEqual(mac, expected)) === 0 ? undefined : { content, padding: paddingLength };
  }

  /** Hashes as many blocks more as a content of `length` bytes needs fewer than the longest possible (Lucky Thirteen). */
  #makeUp(maxLength: number, length: number): void {
    const { macHash, provider } = this.#options;
    const { blockBits, endLength } = HASH_SHAPE[macHash];
    const overhead = PSEUDO_HEADER_LENGTH + endLength - 1;
    const saved = ((maxLength + overhead) >> blockBits) - ((length + overhead) >> blockBits);
    // One block more in any case, so that the call itself costs the same.
    provider.hash(macHash).update(ZEROS.subarray(0, (saved + 1) << blockBits));
  }

  #decrypt(ivAndBlocks: Uint8Array): Uint8Array {
    return this.#options.cbc.decrypt(
      ivAndBlocks.subarray(0, CBC_BLOCK_LENGTH),
      ivAndBlocks.subarray(CBC_BLOCK_LENGTH),
    );
  }

  #mac(sequence: number, type: number, length: number, ...data: readonly Uint8Array[]): Uint8Array {
    const { macHash, macKey, provider } = this.#options;
    putPseudoHeader(this.#pseudoHeader, sequence, type, length);
    return provider.hmac(macHash, macKey, this.#pseudoHeader, ...data);
  }
}

/** Whether so many bytes can be an iv and at least one block of ciphertext. */
function isIvAndBlocks(length: number): boolean {
  return length >= 2 * CBC_BLOCK_LENGTH && length % CBC_BLOCK_LENGTH === 0;
}
