/** What the content of records means: handshake messages, alerts and data, and how much of nothing a peer may send. */
import { MAX_EMPTY_RECORDS, MAX_WARNING_ALERTS } from '../policy/limits.ts';
import { isErrorAlert } from '../wire/alerts.ts';
import { TlsError } from '../wire/errors.ts';
import { ContentType, contentTypeName } from '../wire/registry.ts';
import { HandshakeAssembler, type HandshakeMessage } from './handshake-assembler.ts';
import type { OpenedRecord } from './protection.ts';
import type { Epoch } from './types.ts';

/** What arrived, in wire order. */
export type Incoming =
  | { readonly type: 'handshake'; readonly epoch: Epoch; readonly message: HandshakeMessage }
  | {
      readonly type: 'alert';
      readonly epoch: Epoch;
      readonly level: number;
      readonly description: number;
      /** False when it came in plaintext, so that anyone on the path may have made it. */
      readonly isProtected: boolean;
    }
  | { readonly type: 'application_data'; readonly epoch: Epoch; readonly data: Uint8Array };

export const ALERT_LENGTH = 2;

/** The refusal of a ChangeCipherSpec that is malformed, or comes when it must not. */
export function unexpectedChangeCipherSpec(message: string): TlsError {
  return new TlsError('ERR_UNEXPECTED_CHANGE_CIPHER_SPEC', message);
}

/** Reads what was inside records, whatever protected them. */
export class ContentReader {
  readonly #assembler = new HandshakeAssembler();
  #isTls12 = false;
  #emptyRecords = 0;
  #alerts = 0;

  /** TLS 1.2 was negotiated. */
  useTls12(): void {
    this.#isTls12 = true;
  }

  /** The next whole handshake message of the records so far. */
  nextMessage(): HandshakeMessage | undefined {
    return this.#assembler.next();
  }

  /**
   * Takes the content of one record; handshake messages come out of {@link nextMessage}.
   * @param epoch of the keys that the record had.
   */
  take({ type, content }: OpenedRecord, epoch: Epoch): Incoming | undefined {
    if (type !== ContentType.handshake && type !== ContentType.alert) this.refuseInterleaving(type);
    if (content.length === 0) this.#countEmpty(type);
    else this.#emptyRecords = 0;
    switch (type) {
      case ContentType.handshake:
        this.#alerts = 0;
        this.#assembler.push(content);
        return undefined;
      case ContentType.alert:
        return this.#alert(content, epoch);
      case ContentType.application_data:
        return this.#applicationData(content, epoch);
      case ContentType.change_cipher_spec:
        throw unexpectedChangeCipherSpec('a ChangeCipherSpec inside a protected record');
      default:
        throw new TlsError(
          'ERR_RECORD_TYPE',
          `expected handshake, alert or application data in a protected record, found type ${type}`,
        );
    }
  }

  /** @throws {TlsError} `ERR_EXCESS_HANDSHAKE_DATA` when the last message did not end its record. */
  requireRecordBoundary(): void {
    if (this.#assembler.isEmpty) return;
    throw new TlsError(
      'ERR_EXCESS_HANDSHAKE_DATA',
      'expected the handshake message to end its record, because the keys change or the peer must wait after it; found more handshake data',
    );
  }

  /** @throws {TlsError} `ERR_INTERLEAVED_HANDSHAKE` when a record of this type stands inside a handshake message. */
  refuseInterleaving(type: number): void {
    if (this.#assembler.isEmpty) return;
    throw new TlsError(
      'ERR_INTERLEAVED_HANDSHAKE',
      `expected the rest of a handshake message, found a record of type ${contentTypeName(type)}`,
    );
  }

  #alert(content: Uint8Array, epoch: Epoch): Incoming {
    const [level, description] = content;
    if (content.length !== ALERT_LENGTH || level === undefined || description === undefined) {
      throw new TlsError(
        'ERR_DECODE',
        `expected an alert of 2 bytes alone in its record, found ${content.length}`,
      );
    }
    // In TLS 1.3 the level means nothing any more (RFC 9846 section 6).
    if (this.#isTls12 && level !== 1 && level !== 2) {
      throw new TlsError('ERR_ILLEGAL_PARAMETER', `expected an alert of level 1 or 2, found ${level}`);
    }
    // An error ends the connection even in the middle of a message, and its reason is worth more than that it was.
    if (!isErrorAlert(description)) this.refuseInterleaving(ContentType.alert);
    if (++this.#alerts > MAX_WARNING_ALERTS) {
      throw new TlsError('ERR_TOO_MANY_WARNING_ALERTS', `more than ${MAX_WARNING_ALERTS} alerts in a row`);
    }
    return { type: 'alert', epoch, level, description, isProtected: epoch !== 'plaintext' };
  }

  #applicationData(data: Uint8Array, epoch: Epoch): Incoming | undefined {
    if (epoch !== 'application' && epoch !== 'early') {
      throw new TlsError(
        'ERR_UNEXPECTED_APPLICATION_DATA',
        'expected the handshake to be complete, found application data',
      );
    }
    if (data.length === 0) return undefined;
    this.#alerts = 0;
    return { type: 'application_data', epoch, data };
  }

  #countEmpty(type: number): void {
    if (type !== ContentType.application_data) {
      throw new TlsError('ERR_EMPTY_FRAGMENT', `a record of type ${contentTypeName(type)} without content`);
    }
    if (++this.#emptyRecords > MAX_EMPTY_RECORDS) {
      throw new TlsError(
        'ERR_TOO_MANY_EMPTY_RECORDS',
        `more than ${MAX_EMPTY_RECORDS} records without content in a row`,
      );
    }
  }
}
