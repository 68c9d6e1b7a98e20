/** What the record layer tells whoever listens, in both directions. */

/**
 * Which keys protect a record. Early data (0-RTT) has keys of its own, of the client's direction only. Updated application
 * keys belong to the same epoch. TLS 1.2 has one key in a direction,
 * which belongs to the handshake until Finished was checked or sent.
 */
export type Epoch = 'plaintext' | 'early' | 'handshake' | 'application';

/** One record, as a listener sees it. */
export interface RecordInfo {
  readonly epoch: Epoch;
  /** Number of the record under its key, or in plaintext, from 0. */
  readonly sequence: number;
  /** The content type that an observer of the network sees. */
  readonly outerType: number;
  /** The content type inside the protection; the same as `outerType` in plaintext, in TLS 1.2, and where early data is skipped. */
  readonly innerType: number;
  /** Content bytes, after protection and padding were removed. */
  readonly contentLength: number;
  /** Bytes of padding: zeros in TLS 1.3, those of CBC in TLS 1.2. */
  readonly padding: number;
  /** Header and fragment as they stand on the wire. */
  readonly bytes: Uint8Array;
}

/** Receives each record in wire order. It must not change the bytes, which are not copied for it. */
export type RecordListener = (record: RecordInfo) => void;
