/** What a handshake coroutine works with: it sends, receives, switches keys, and tells what it does. */
import type { CryptoProvider } from '../crypto/provider.ts';
import type { CipherSuite13Info } from '../keys/cipher-suites.ts';
import { Hkdf } from '../keys/hkdf.ts';
import { type KeyLogLabel, keyLogLine } from '../keys/key-log.ts';
import { trafficKeys } from '../keys/traffic.ts';
import { Transcript } from '../keys/transcript.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import { KEY_LIMITS, type RecordProtection } from '../record/protection.ts';
import { Protection13 } from '../record/protection13.ts';
import type { Epoch } from '../record/types.ts';
import type { ChoiceEvent, Direction, Phase, Role, TraceListener } from '../trace/events.ts';
import { EMPTY, equalBytes } from '../wire/bytes.ts';
import { type Codec, decode } from '../wire/codec.ts';
import { TlsError } from '../wire/errors.ts';
import { encodeHandshake, HANDSHAKE_HEADER_LENGTH, messageFields } from '../wire/messages/index.ts';
import { HELLO_RETRY_REQUEST_RANDOM } from '../wire/messages/server-hello.ts';
import { HandshakeType, messageName } from '../wire/registry.ts';
import { type Handshake, NEXT_MESSAGE } from './driver.ts';
import { type Customization, MESSAGES, type MessageName, type Messages } from './messages.ts';
import { MessageOrder } from './order.ts';

/** What the record layer does for a handshake. */
export interface RecordPort {
  /** Queues a handshake message under the current keys; messages of one flight share records. */
  sendHandshake(message: Uint8Array): void;
  /** Queues the record that makes the handshake look like TLS 1.2 (RFC 9846 appendix E.4). */
  sendChangeCipherSpec(): void;
  /** From here on one direction uses new keys. Received data must end at a record boundary here. */
  changeKeys(direction: Direction, epoch: Epoch, protection: RecordProtection): void;
  /** Insists that the last message ended its record, where the peer must wait for an answer (RFC 9846 section 5.1). */
  requireRecordBoundary(): void;
  /** Skips what the client sends before its next readable record: early data, which this server does not take. */
  skipEarlyData(): void;
  /** Hands everything queued to the network, before a wait. */
  flush(): void;
}

/** Who listens to a connection. */
export interface Observers {
  /** Told of every event of the connection, in order. Default: nobody is told, and nothing is prepared for it. */
  readonly onTrace?: TraceListener | undefined;
  /** Whether `onTrace` is told the secrets, too. Default: false. */
  readonly traceSecrets?: boolean | undefined;
  /** Told each secret as a line of a key-log file, without a line break (RFC 9850). Who has them can read everything. */
  readonly onKeyLog?: ((line: string) => void) | undefined;
}

const PHASES: Readonly<Record<number, Phase>> = {
  [HandshakeType.client_hello]: 'hello',
  [HandshakeType.server_hello]: 'hello',
  [HandshakeType.encrypted_extensions]: 'hello',
  [HandshakeType.certificate_request]: 'certificate',
  [HandshakeType.certificate]: 'certificate',
  [HandshakeType.certificate_verify]: 'certificate',
  [HandshakeType.finished]: 'key exchange',
};

/** The name of a message, with a HelloRetryRequest told from a ServerHello by its random. */
export function receivedName({ type, body }: { readonly type: number; readonly body: Uint8Array }): string {
  return type === HandshakeType.server_hello && equalBytes(body.subarray(2, 34), HELLO_RETRY_REQUEST_RANDOM)
    ? 'HelloRetryRequest'
    : messageName(type);
}

/** A handshake message that was sent or received, told to the listener with its fields. */
export function traceMessage(
  onTrace: TraceListener | undefined,
  direction: Direction,
  message: Uint8Array,
): void {
  if (onTrace === undefined) return;
  const messageType = message[0] as number;
  onTrace({
    type: 'message',
    direction,
    phase: PHASES[messageType] ?? 'application',
    messageType,
    name: receivedName({ type: messageType, body: message.subarray(HANDSHAKE_HEADER_LENGTH) }),
    bytes: message,
    fields: fieldsIfWellFormed(message),
  });
}

function fieldsIfWellFormed(message: Uint8Array) {
  try {
    return messageFields(message) ?? [];
  } catch {
    return []; // the handshake refuses the message itself, with the reason
  }
}

/** What every configuration has that a handshake needs. */
export interface BaseConfig {
  readonly provider: CryptoProvider;
  readonly customize?: Customization;
  readonly recordsPerKey?: number;
}

/** One side of one handshake. */
export class HandshakeContext<Config extends BaseConfig = BaseConfig> {
  readonly role: Role;
  readonly config: Config;
  readonly provider: CryptoProvider;
  readonly records: RecordPort;
  readonly observers: Observers;
  transcript: Transcript;
  readonly order: MessageOrder;
  readonly choices: ChoiceEvent[] = [];
  /** `ClientHello.random`, which names this connection in key logs. */
  clientRandom: Uint8Array = EMPTY;
  #suite: { readonly info: CipherSuite13Info; readonly hkdf: Hkdf } | undefined;

  constructor(role: Role, config: Config, records: RecordPort, observers: Observers) {
    this.role = role;
    this.config = config;
    this.provider = config.provider;
    this.records = records;
    this.observers = observers;
    this.transcript = new Transcript(config.provider);
    this.order = new MessageOrder(role);
  }

  /** Sends a handshake message and adds it to the transcript. Answers what was sent, after customization. */
  send<N extends MessageName>(name: N, value: Messages[N]): Messages[N] {
    const { message, final } = this.encode(name, value);
    this.transcript.add(message);
    this.records.sendHandshake(message);
    traceMessage(this.observers.onTrace, 'sent', message);
    return final;
  }

  /** The bytes of a message of this side's, after the caller's customization. */
  encode<N extends MessageName>(name: N, value: Messages[N]): { message: Uint8Array; final: Messages[N] } {
    const final = this.config.customize?.[name]?.(value) ?? value;
    const { type, codec } = MESSAGES[name];
    return { message: encodeHandshake(type, codec as unknown as Codec<Messages[N]>, final), final };
  }

  /**
   * Waits for the next handshake message, which must be one that the order of messages allows now. The caller
   * adds it to the transcript, when it has taken from there what it needs.
   * @throws {TlsError} `ERR_UNEXPECTED_MESSAGE`.
   */
  *receive(): Handshake<HandshakeMessage> {
    const message = (yield NEXT_MESSAGE) as HandshakeMessage;
    traceMessage(this.observers.onTrace, 'received', message.message);
    this.order.admit(receivedName(message));
    return message;
  }

  /** Decodes a received message by its declaration. */
  decode<T>(codec: Codec<T>, { type, body }: HandshakeMessage): T {
    return decode(codec, messageName(type), body);
  }

  /** Notes a choice, for the result and for listeners. */
  choose(choice: Omit<ChoiceEvent, 'type'>): void {
    const event: ChoiceEvent = { type: 'choice', ...choice };
    this.choices.push(event);
    this.observers.onTrace?.(event);
  }

  /** Tells a derived secret to those who asked for it. */
  tellSecret(label: KeyLogLabel, secret: Uint8Array): void {
    const { onKeyLog, onTrace, traceSecrets } = this.observers;
    onKeyLog?.(keyLogLine(label, this.clientRandom, secret));
    if (traceSecrets) onTrace?.({ type: 'secret', label, clientRandom: this.clientRandom, secret });
  }

  /** Settles the cipher suite, and with it the hash of transcript and key schedule. */
  useCipherSuite(info: CipherSuite13Info): void {
    this.transcript.chooseHash(info.hash);
    this.#suite = { info, hkdf: new Hkdf(this.provider, info.hash) };
  }

  /** The key derivation of the chosen cipher suite. */
  get hkdf(): Hkdf {
    return this.#chosen().hkdf;
  }

  /**
   * Switches one direction to the keys of a traffic secret.
   * @param generation how often the secret was updated (RFC 9846 section 7.2).
   */
  useTrafficSecret(direction: Direction, epoch: Epoch, secret: Uint8Array, generation = 0): void {
    const { info, hkdf } = this.#chosen();
    const { key, iv } = trafficKeys(hkdf, secret, info.aead);
    const aead = this.provider.aead(info.aead, key);
    const { maxRecords, updateAfter } = KEY_LIMITS[info.aead];
    const limits = {
      maxRecords,
      updateAfter: Math.min(updateAfter, this.config.recordsPerKey ?? updateAfter),
    };
    this.records.changeKeys(direction, epoch, new Protection13({ aead, aeadName: info.aead, iv, limits }));
    this.observers.onTrace?.({ type: 'keys', direction, epoch, generation, cipherSuite: info.name });
  }

  #chosen(): { readonly info: CipherSuite13Info; readonly hkdf: Hkdf } {
    if (this.#suite === undefined) throw new TlsError('ERR_INTERNAL', 'the cipher suite is not chosen yet');
    return this.#suite;
  }
}
