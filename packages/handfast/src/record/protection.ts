/** What the record layer asks of a key: one direction's records, sealed or opened, whatever the version of TLS. */
import type { AeadName, Awaitable } from '../crypto/provider.ts';
import {
  AES_CCM_KEY_UPDATE_RECORDS,
  AES_GCM_KEY_UPDATE_RECORDS,
  MAX_AES_CCM_RECORDS,
  MAX_AES_GCM_RECORDS,
  MAX_SEQUENCE_NUMBER,
} from '../policy/limits.ts';
import { TlsError } from '../wire/errors.ts';
import type { RawRecord } from './framing.ts';

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

const AES_CCM_LIMITS: KeyLimits = {
  updateAfter: AES_CCM_KEY_UPDATE_RECORDS,
  maxRecords: MAX_AES_CCM_RECORDS,
};

/**
 * The limits of RFC 9846 section 5.5, and of RFC 9147 section 4.5.3 for CCM, of which the former says nothing.
 * ChaCha20-Poly1305 has none below that of the sequence number.
 */
export const KEY_LIMITS: Readonly<Record<AeadName, KeyLimits>> = {
  'AES-128-GCM': AES_GCM_LIMITS,
  'AES-256-GCM': AES_GCM_LIMITS,
  'CHACHA20-POLY1305': { updateAfter: MAX_SEQUENCE_NUMBER, maxRecords: MAX_SEQUENCE_NUMBER },
  'AES-128-CCM': AES_CCM_LIMITS,
  'AES-256-CCM': AES_CCM_LIMITS,
  'AES-128-CCM-8': AES_CCM_LIMITS,
  'AES-256-CCM-8': AES_CCM_LIMITS,
};

/** A record ready for the wire, in two parts so that the larger one need not be copied. */
export interface SealedRecord {
  /** The header, and in TLS 1.2 what stands before the ciphertext. */
  readonly header: Uint8Array;
  /** The rest of the record. */
  readonly fragment: Uint8Array;
  /** Bytes of padding inside. */
  readonly padding: number;
}

/** What was inside a protected record. */
export interface OpenedRecord {
  /** The content type inside. */
  readonly type: number;
  /** The content without its padding; it may be a view of what the provider answered. */
  readonly content: Uint8Array;
  /** Bytes of padding inside. */
  readonly padding: number;
  /** Number of the record under its key. */
  readonly sequence: number;
}

/**
 * Seals or opens records with one key. Each object serves one direction; its sequence number starts at 0 and
 * is taken when an operation starts, so several may be under way with an asynchronous provider.
 */
export interface RecordProtection {
  /** The sequence number of the next record, which is also the number of records so far. */
  readonly sequence: number;
  /** Whether so many records were sealed that the key should be replaced; never in TLS 1.2, which cannot. */
  readonly needsKeyUpdate: boolean;
  /**
   * Seals one record.
   * @param padding zero bytes to add; content and padding must not exceed 2^14 bytes. 0 in TLS 1.2.
   * @throws {TlsError} `ERR_KEY_LIMIT` when the key has sealed all it may, `ERR_INTERNAL` when the provider fails.
   */
  seal(type: number, content: Uint8Array, padding: number): Awaitable<SealedRecord>;
  /**
   * Opens one record.
   * @throws {TlsError} `ERR_BAD_RECORD_MAC`, `ERR_RECORD_OVERFLOW`, `ERR_NO_CONTENT_TYPE` (TLS 1.3); `ERR_KEY_LIMIT` when
   * the sequence number would wrap, `ERR_INTERNAL` when the provider fails.
   */
  open(record: RawRecord): Awaitable<OpenedRecord>;
  /**
   * Opens one record if it was made with this key; one that was not is answered with `undefined`, and does not
   * count: early data may come first (RFC 9846 section 4.3.10). TLS 1.2 has nothing of the kind.
   * @throws {TlsError} as {@link open}, but for `ERR_BAD_RECORD_MAC`.
   */
  tryOpen?(record: RawRecord): Awaitable<OpenedRecord | undefined>;
}

/** The refusal of a record that its key did not make, or not for this place. */
export function badRecordMac(sequence: number): TlsError {
  return new TlsError(
    'ERR_BAD_RECORD_MAC',
    `record ${sequence} of this key does not decrypt: it was changed on the way, lost its place, or was made with another key`,
    { sequence },
  );
}

/** The refusal of a record that holds too much. */
export function plaintextOverflow(length: number, limit: number, sequence: number): TlsError {
  return new TlsError('ERR_RECORD_OVERFLOW', `expected at most ${limit} bytes in a record, found ${length}`, {
    sequence,
  });
}

/**
 * The refusal to seal one record more.
 * @param remedy what had to be done before.
 */
export function keyUsedUp(sequence: number, remedy: string): TlsError {
  return new TlsError(
    'ERR_KEY_LIMIT',
    `this key has sealed ${sequence} records, as many as it may: ${remedy}`,
  );
}

/** The refusal to open one record more: receivers enforce no other limit (RFC 9846 section 5.5). */
export function sequenceUsedUp(): TlsError {
  return new TlsError('ERR_KEY_LIMIT', 'the peer has used up the sequence numbers of this key');
}
