/** What both kinds of protection of TLS 1.2 share: the bytes authenticated beside the content, and how long a key lasts. */
import { MAX_SEQUENCE_NUMBER } from '../policy/limits.ts';
import { ContentType, ProtocolVersion } from '../wire/registry.ts';
import { keyUsedUp, sequenceUsedUp } from './protection.ts';
import { putSequence } from './sequence-number.ts';

/** Sequence number, type, version and length: 8 + 1 + 2 + 2 bytes. */
export const PSEUDO_HEADER_LENGTH = 13;

/** Writes what is authenticated before the content (RFC 5246 sections 6.2.3.1 and 6.2.3.3). */
export function putPseudoHeader(bytes: Uint8Array, sequence: number, type: number, length: number): void {
  putSequence(bytes, 0, sequence);
  bytes[8] = type;
  bytes[9] = ProtocolVersion['TLSv1.2'] >> 8;
  bytes[10] = ProtocolVersion['TLSv1.2'] & 0xff;
  bytes[11] = length >> 8;
  bytes[12] = length & 0xff;
}

/**
 * Refuses to seal more than the key may. TLS 1.2 has no KeyUpdate, so connections do come to this end; the alert that
 * says so is the one record that is still sealed.
 * @throws {TlsError} `ERR_KEY_LIMIT`.
 */
export function requireSealable(type: number, sequence: number, maxRecords: number): void {
  const limit = type === ContentType.alert ? MAX_SEQUENCE_NUMBER : maxRecords;
  if (sequence >= limit) throw keyUsedUp(sequence, 'TLS 1.2 cannot update it, a new connection is needed');
}

/** @throws {TlsError} `ERR_KEY_LIMIT` when the sequence number of the next record would not be exact. */
export function requireOpenable(sequence: number): void {
  if (sequence >= MAX_SEQUENCE_NUMBER) throw sequenceUsedUp();
}
