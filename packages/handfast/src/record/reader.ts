/** The receiving half of the record layer: bytes in; messages, alerts and data out (RFC 9846 section 5; RFC 5246 sections 6 and 7). */
import { type Awaitable, isPromise } from '../crypto/provider.ts';
import {
  MAX_CHANGE_CIPHER_SPECS,
  MAX_CIPHERTEXT_LENGTH,
  MAX_CIPHERTEXT_LENGTH_12,
  MAX_PLAINTEXT_LENGTH,
  MAX_SKIPPED_EARLY_DATA,
} from '../policy/limits.ts';
import { TlsError } from '../wire/errors.ts';
import { ContentType, contentTypeName, HandshakeType, ProtocolVersion } from '../wire/registry.ts';
import { ALERT_LENGTH, ContentReader, type Incoming, unexpectedChangeCipherSpec } from './content.ts';
import { type RawRecord, RecordFramer, recordOverflow } from './framing.ts';
import type { OpenedRecord, RecordProtection } from './protection.ts';
import type { Epoch, RecordListener } from './types.ts';

export type { Incoming } from './content.ts';

export interface RecordReaderOptions {
  /** Who reads. */
  readonly role: 'client' | 'server';
  /**
   * A server that keeps nothing of a first ClientHello reads the second as if it were the first, and must ignore
   * the ChangeCipherSpec between the two (RFC 9846 section 4.3.2). Default: false.
   */
  readonly isStateless?: boolean | undefined;
  readonly onRecord?: RecordListener | undefined;
}

/**
 * Reads the peer's records. Use it by pulling: call {@link next}, act on what it gives (which may be to change
 * the keys), and only then call it again; so nothing is ever read with keys of the wrong epoch.
 */
export class RecordReader {
  #framer = new RecordFramer();
  readonly #content = new ContentReader();
  readonly #role: 'client' | 'server';
  readonly #onRecord: RecordListener | undefined;
  #epoch: Epoch = 'plaintext';
  #protection: RecordProtection | undefined;
  #isTls12 = false;
  /** The key that the peer's ChangeCipherSpec will put in force, in TLS 1.2. */
  #pendingProtection: RecordProtection | undefined;
  #onChange: (() => void) | undefined;
  #plaintextSequence = 0;
  /** The client has sent its ClientHello before it reads; a server must have read one, here or elsewhere. */
  #helloSeen: boolean;
  /** Whether the peer has proved that it uses protection: from then on nothing else is taken from it. */
  #hasOpened = false;
  /** Bytes of early data that may still be skipped, while there may be any. */
  #earlyDataBudget: number | undefined;
  /** What that was at first. */
  #mostSkipped = 0;
  #isWaiting = false;
  #isClosed = false;
  #changeCipherSpecs = 0;

  constructor(options: RecordReaderOptions) {
    this.#role = options.role;
    this.#onRecord = options.onRecord;
    this.#helloSeen = options.role === 'client' || options.isStateless === true;
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  /** Bytes of a record that is not whole yet: when the transport ends and this is not 0, something was cut off. */
  get pendingLength(): number {
    return this.#framer.pendingLength;
  }

  /** Adds bytes from the network, cut anywhere. Do not change them afterwards: they are not always copied. */
  push(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#framer.push(bytes);
  }

  /** Ends reading: the key is forgotten, and so is what was not read yet. */
  close(): void {
    this.#isClosed = true;
    this.#protection = undefined;
    this.#pendingProtection = undefined;
    this.#framer = new RecordFramer();
  }

  /**
   * The next message, alert or piece of data; `undefined` when more bytes must arrive first. It is a promise
   * (of one of these) only where the provider's `open` gives one; `next` must then not be called again before
   * it has settled.
   * @throws {TlsError} for every rule of the record layer that the peer breaks; the connection is over then.
   */
  next(): Awaitable<Incoming | undefined> {
    if (this.#isWaiting) {
      throw new TlsError('ERR_INTERNAL', 'the record before this one is still being decrypted');
    }
    while (!this.#isClosed) {
      const message = this.#content.nextMessage();
      if (message !== undefined) {
        if (message.type === HandshakeType.client_hello) this.#helloSeen = true;
        return { type: 'handshake', epoch: this.#epoch, message };
      }
      const record = this.#framer.next();
      if (record === undefined) return undefined;
      const incoming = this.#process(record);
      if (incoming !== undefined) return incoming;
    }
    return undefined;
  }

  /**
   * From the next record on, the peer uses this key. In TLS 1.2 that is the key of {@link expectChangeCipherSpec}, in
   * its new epoch.
   * @throws {TlsError} `ERR_EXCESS_HANDSHAKE_DATA` when the message before the change does not end its record.
   */
  changeKeys(epoch: Epoch, protection: RecordProtection): void {
    this.#requireOpen();
    if (this.#isTls12 && protection !== this.#protection) {
      throw new TlsError(
        'ERR_INTERNAL',
        'a key of TLS 1.2 is in force from a ChangeCipherSpec on, not before',
      );
    }
    this.#content.requireRecordBoundary();
    this.#epoch = epoch;
    this.#protection = protection;
    this.#framer.maxFragmentLength = this.#isTls12 ? MAX_CIPHERTEXT_LENGTH_12 : MAX_CIPHERTEXT_LENGTH;
  }

  /**
   * TLS 1.2 was negotiated: content types stand outside, every version is 0x0303, and a ChangeCipherSpec is what its
   * name says.
   * @throws {TlsError} `ERR_UNEXPECTED_CHANGE_CIPHER_SPEC` when one was taken for the decoration of TLS 1.3 before.
   */
  useTls12(): void {
    this.#requireOpen();
    if (this.#changeCipherSpecs > 0) {
      throw unexpectedChangeCipherSpec('a ChangeCipherSpec record before TLS 1.2 was negotiated');
    }
    this.#isTls12 = true;
    this.#content.useTls12();
    this.#framer.maxFragmentLength = MAX_PLAINTEXT_LENGTH;
  }

  /**
   * The peer's next record, alerts aside, must be a ChangeCipherSpec; from there on the peer uses this key, in the
   * epoch `handshake` (RFC 5246 section 7.1). At any other time a ChangeCipherSpec is refused: keys that are not
   * settled yet must never be put in force by a peer, or by whoever is between (CVE-2014-0224).
   * @param onChange told when the ChangeCipherSpec came.
   * @throws {TlsError} `ERR_EXCESS_HANDSHAKE_DATA` when the message before the change does not end its record.
   */
  expectChangeCipherSpec(protection: RecordProtection, onChange?: () => void): void {
    this.#requireOpen();
    if (!this.#isTls12 || this.#protection !== undefined) {
      throw new TlsError('ERR_INTERNAL', 'a ChangeCipherSpec is expected once, in a handshake of TLS 1.2');
    }
    this.#content.requireRecordBoundary();
    this.#pendingProtection = protection;
    this.#onChange = onChange;
  }

  /**
   * Insists that the last message ended its record, as it must before a change of keys or of direction
   * (RFC 9846 section 5.1).
   * @throws {TlsError} `ERR_EXCESS_HANDSHAKE_DATA`.
   */
  requireRecordBoundary(): void {
    this.#content.requireRecordBoundary();
  }

  /**
   * The client has offered early data, which this side does not take: records that cannot be read are skipped, up
   * to the first that can, or to a second ClientHello (RFC 9846 section 4.3.10).
   * @param allowed bytes of early data that this side's tickets allow: the client may have sent as much. Small records take
   * up to as many bytes again for what is around the data.
   */
  skipEarlyData(allowed = 0): void {
    this.#earlyDataBudget = Math.max(MAX_SKIPPED_EARLY_DATA, 2 * allowed);
    this.#mostSkipped = this.#earlyDataBudget;
    this.#framer.maxFragmentLength = MAX_CIPHERTEXT_LENGTH;
  }

  /** The client's early data is taken after all, under keys that are about to be used. */
  takeEarlyData(): void {
    this.#earlyDataBudget = undefined;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new TlsError('ERR_CLOSED', 'nothing is read any more');
  }

  /** One record; `undefined` when it holds nothing for the caller. */
  #process(record: RawRecord): Awaitable<Incoming | undefined> {
    return this.#isTls12 ? this.#process12(record) : this.#process13(record);
  }

  #process13(record: RawRecord): Awaitable<Incoming | undefined> {
    const protection = this.#protection;
    if (record.type === ContentType.change_cipher_spec) {
      this.#report(record, this.#plaintextRecord(record), 'plaintext');
      this.#dropChangeCipherSpec(record.fragment);
      return undefined;
    }
    if (protection === undefined || this.#mayBePlaintextAlert(record)) {
      const isEarlyData = record.type === ContentType.application_data && this.#earlyDataBudget !== undefined;
      if (isEarlyData) return this.#skip(record);
      return this.#accept(record, this.#plaintextRecord(record), 'plaintext');
    }
    if (record.type !== ContentType.application_data) {
      // As BoringSSL does: what is not a TLSCiphertext cannot be deprotected.
      throw new TlsError(
        'ERR_BAD_RECORD_MAC',
        `expected a protected record, found one of type ${contentTypeName(record.type)} in plaintext`,
      );
    }
    requireVersion12(record);
    const opened =
      this.#earlyDataBudget === undefined || protection.tryOpen === undefined
        ? protection.open(record)
        : protection.tryOpen(record);
    return this.#open(record, opened);
  }

  #process12(record: RawRecord): Awaitable<Incoming | undefined> {
    requireVersion12(record);
    if (record.type === ContentType.change_cipher_spec) {
      this.#changeCipherSpec(record);
      return undefined;
    }
    if (this.#protection !== undefined) return this.#open(record, this.#protection.open(record));
    if (this.#pendingProtection !== undefined && record.type === ContentType.handshake) {
      throw new TlsError('ERR_UNEXPECTED_MESSAGE', 'expected a ChangeCipherSpec, found a handshake message');
    }
    return this.#accept(record, this.#plaintextRecord(record), 'plaintext');
  }

  #open(record: RawRecord, opened: Awaitable<OpenedRecord | undefined>): Awaitable<Incoming | undefined> {
    if (!isPromise(opened)) return this.#acceptOpened(record, opened);
    this.#isWaiting = true;
    return opened.then((inner) => {
      this.#isWaiting = false;
      return this.#acceptOpened(record, inner) ?? this.next();
    });
  }

  #acceptOpened(record: RawRecord, opened: OpenedRecord | undefined): Incoming | undefined {
    if (opened === undefined) return this.#skip(record);
    this.#hasOpened = true;
    return this.#accept(record, opened, this.#epoch);
  }

  #skip(record: RawRecord): undefined {
    const unread = { type: record.type, content: record.fragment, padding: 0, sequence: 0 };
    this.#report(record, unread, this.#protection === undefined ? 'plaintext' : this.#epoch);
    this.#earlyDataBudget = (this.#earlyDataBudget ?? 0) - record.raw.length;
    if (this.#earlyDataBudget < 0) {
      throw new TlsError(
        'ERR_TOO_MUCH_EARLY_DATA',
        `more than ${this.#mostSkipped} bytes of early data, which this server does not take`,
      );
    }
  }

  #plaintextRecord({ type, fragment }: RawRecord): OpenedRecord {
    if (fragment.length > MAX_PLAINTEXT_LENGTH) throw recordOverflow(fragment.length, MAX_PLAINTEXT_LENGTH);
    return { type, content: fragment, padding: 0, sequence: this.#plaintextSequence++ };
  }

  /**
   * A client that cannot process our ServerHello has no keys and says so in plaintext, when we already expect
   * protected records. OpenSSL and rustls allow it too: one alert, until the first record that decrypts.
   */
  #mayBePlaintextAlert(record: RawRecord): boolean {
    return (
      record.type === ContentType.alert &&
      record.fragment.length === ALERT_LENGTH &&
      this.#role === 'server' &&
      this.#epoch === 'handshake' &&
      !this.#hasOpened
    );
  }

  /** RFC 9846 section 5: exactly 0x01, between the first ClientHello and the peer's Finished; dropped. */
  #dropChangeCipherSpec(fragment: Uint8Array): void {
    requireChangeCipherSpec(fragment);
    if (!this.#helloSeen) {
      throw unexpectedChangeCipherSpec('expected a ClientHello, found a ChangeCipherSpec record');
    }
    if (this.#epoch === 'application') {
      throw unexpectedChangeCipherSpec('a ChangeCipherSpec record after the handshake');
    }
    this.#content.refuseInterleaving(ContentType.change_cipher_spec);
    if (++this.#changeCipherSpecs > MAX_CHANGE_CIPHER_SPECS) {
      throw unexpectedChangeCipherSpec(
        `more than ${MAX_CHANGE_CIPHER_SPECS} ChangeCipherSpec records in one handshake`,
      );
    }
  }

  /** Puts the key in force that waited for it (RFC 5246 section 7.1). */
  #changeCipherSpec(record: RawRecord): void {
    const protection = this.#pendingProtection;
    if (protection === undefined) {
      throw unexpectedChangeCipherSpec('a ChangeCipherSpec record when it was not its turn');
    }
    this.#report(record, this.#plaintextRecord(record), 'plaintext');
    requireChangeCipherSpec(record.fragment);
    this.#pendingProtection = undefined;
    this.#protection = protection;
    this.#epoch = 'handshake';
    this.#framer.maxFragmentLength = MAX_CIPHERTEXT_LENGTH_12;
    this.#onChange?.();
  }

  #report(record: RawRecord, opened: OpenedRecord, epoch: Epoch): void {
    this.#onRecord?.({
      epoch,
      sequence: opened.sequence,
      outerType: record.type,
      innerType: opened.type,
      contentLength: opened.content.length,
      padding: opened.padding,
      bytes: record.raw,
    });
  }

  #accept(record: RawRecord, opened: OpenedRecord, epoch: Epoch): Incoming | undefined {
    this.#earlyDataBudget = undefined;
    this.#report(record, opened, epoch);
    return this.#content.take(opened, epoch);
  }
}

function requireVersion12({ version }: RawRecord): void {
  if (version === ProtocolVersion['TLSv1.2']) return;
  throw new TlsError(
    'ERR_RECORD_VERSION',
    `expected a record of version 0x0303, found 0x${version.toString(16).padStart(4, '0')}`,
  );
}

function requireChangeCipherSpec(fragment: Uint8Array): void {
  if (fragment.length === 1 && fragment[0] === 1) return;
  throw unexpectedChangeCipherSpec('expected a ChangeCipherSpec record to hold the single byte 01');
}
