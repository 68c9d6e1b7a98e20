/** What a handshake coroutine works with: it sends, receives, switches keys, and tells what it does. */
import type { CryptoProvider } from '../crypto/provider.ts';
import type { CipherSuite12Info, CipherSuite13Info } from '../keys/cipher-suites.ts';
import { Hkdf } from '../keys/hkdf.ts';
import { type KeyLogLabel, keyLogLine } from '../keys/key-log.ts';
import { Prf12 } from '../keys/prf12.ts';
import { trafficKeys } from '../keys/traffic.ts';
import { Transcript } from '../keys/transcript.ts';
import { MAX_RENEGOTIATION_ATTEMPTS } from '../policy/limits.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import { KEY_LIMITS, type RecordProtection } from '../record/protection.ts';
import { Protection13 } from '../record/protection13.ts';
import type { Epoch } from '../record/types.ts';
import type { ClientSession } from '../session/session.ts';
import type { ChoiceEvent, Direction, Phase, Role, TraceListener } from '../trace/events.ts';
import type { AlertName } from '../wire/alerts.ts';
import { EMPTY, equalBytes } from '../wire/bytes.ts';
import { type Codec, decode } from '../wire/codec.ts';
import { TlsError } from '../wire/errors.ts';
import { helloRequest } from '../wire/messages/hello-request.ts';
import {
  encodeHandshake,
  HANDSHAKE_HEADER_LENGTH,
  type MessageContext,
  messageFields,
} from '../wire/messages/index.ts';
import { HELLO_RETRY_REQUEST_RANDOM } from '../wire/messages/server-hello.ts';
import { HandshakeType, messageName, type TlsVersion } from '../wire/registry.ts';
import { type Handshake, NEXT_MESSAGE } from './driver.ts';
import { type Customization, MESSAGES, type MessageName, type Messages } from './messages.ts';
import { MessageOrder } from './order.ts';

/** What the record layer does for a handshake. */
export interface RecordPort {
  /** Queues a handshake message under the current keys; messages of one flight share records. */
  sendHandshake(message: Uint8Array): void;
  /** TLS 1.2 was negotiated, so records follow its rules from here on, in both directions. */
  useTls12(): void;
  /**
   * Queues a ChangeCipherSpec: in TLS 1.2 the last record before new keys (RFC 5246 section 7.1), in TLS 1.3 what makes
   * the handshake look like TLS 1.2 (RFC 9846 appendix E.4).
   */
  sendChangeCipherSpec(): void;
  /** TLS 1.2: insists that the peer's next record is a ChangeCipherSpec, after which this key is in use. */
  expectChangeCipherSpec(protection: RecordProtection, onChange: () => void): void;
  /** From here on one direction uses new keys. Received data must end at a record boundary here. */
  changeKeys(direction: Direction, epoch: Epoch, protection: RecordProtection): void;
  /** Insists that the last message ended its record, where the peer must wait for an answer (RFC 9846 section 5.1). */
  requireRecordBoundary(): void;
  /**
   * Skips what the client sends before its next readable record: early data, which this server does not take.
   * @param allowed bytes of it that tickets allow here.
   */
  skipEarlyData(allowed: number): void;
  /** Whether anybody would be told of early data. */
  readonly hearsEarlyData: boolean;
  /**
   * Early data is taken after all: application data may come before the handshake is complete.
   * @param maxLength bytes of it (RFC 9846 section 4.7.1).
   */
  takeEarlyData(maxLength: number): void;
  /** Sends application data under the keys of early data. */
  sendEarlyData(data: Uint8Array): void;
  /** Early data is over before the server has answered it: this side goes on without protection. */
  leaveEarlyData(): void;
  /** Sends an alert of the level warning, which ends nothing; TLS 1.2 only (RFC 5246 section 7.2). */
  sendWarning(name: AlertName): void;
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
  /** On a client: told each session that can be resumed later. It holds secrets. */
  readonly onSession?: ((session: ClientSession) => void) | undefined;
}

const PHASES: Readonly<Record<number, Phase>> = {
  [HandshakeType.client_hello]: 'hello',
  [HandshakeType.server_hello]: 'hello',
  [HandshakeType.encrypted_extensions]: 'hello',
  [HandshakeType.certificate_request]: 'certificate',
  [HandshakeType.certificate]: 'certificate',
  [HandshakeType.certificate_status]: 'certificate',
  [HandshakeType.certificate_verify]: 'certificate',
  [HandshakeType.server_key_exchange]: 'key exchange',
  [HandshakeType.server_hello_done]: 'key exchange',
  [HandshakeType.client_key_exchange]: 'key exchange',
  [HandshakeType.finished]: 'key exchange',
};

/** The name of a message, with a HelloRetryRequest told from a ServerHello by its random. */
export function receivedName({ type, body }: { readonly type: number; readonly body: Uint8Array }): string {
  return type === HandshakeType.server_hello && equalBytes(body.subarray(2, 34), HELLO_RETRY_REQUEST_RANDOM)
    ? 'HelloRetryRequest'
    : messageName(type);
}

/**
 * A handshake message that was sent or received, told to the listener with its fields.
 * @param context what decides how the body is read: the version, and in TLS 1.2 the key exchange.
 */
function traceMessage(
  onTrace: TraceListener | undefined,
  direction: Direction,
  message: Uint8Array,
  context?: MessageContext,
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
    fields: fieldsIfWellFormed(message, context),
  });
}

function fieldsIfWellFormed(message: Uint8Array, context: MessageContext | undefined) {
  try {
    return messageFields(message, context) ?? [];
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

/** The chosen cipher suite, with its key derivation. */
type ChosenSuite =
  | { readonly info: CipherSuite13Info; readonly hkdf: Hkdf }
  | { readonly info: CipherSuite12Info; readonly prf: Prf12 };

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
  #version: TlsVersion | undefined;
  #suite: ChosenSuite | undefined;
  #helloRequests = 0;

  constructor(role: Role, config: Config, records: RecordPort, observers: Observers) {
    this.role = role;
    this.config = config;
    this.provider = config.provider;
    this.records = records;
    this.observers = observers;
    this.transcript = new Transcript(config.provider);
    this.order = new MessageOrder(role);
  }

  /** The version, once it is chosen. */
  get version(): TlsVersion | undefined {
    return this.#version;
  }

  /** Settles the version, and with it the order of messages and the rules for records. */
  useVersion(version: TlsVersion): void {
    this.#version = version;
    this.order.follow(version);
    if (version === 'TLSv1.2') this.records.useTls12();
  }

  /** Sends a handshake message and adds it to the transcript. Answers what was sent, after customization. */
  send<N extends MessageName>(name: N, value: Messages[N]): Messages[N] {
    const { message, final } = this.encode(name, value);
    this.sendEncoded(message);
    return final;
  }

  /** Sends a message after the handshake, which counts in no transcript. */
  sendLate<N extends MessageName>(name: N, value: Messages[N]): void {
    const { message } = this.encode(name, value);
    this.records.sendHandshake(message);
    this.traceMessage('sent', message);
  }

  /** Sends a message that {@link encode} made. */
  sendEncoded(message: Uint8Array): void {
    this.transcript.add(message);
    this.records.sendHandshake(message);
    this.traceMessage('sent', message);
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
   * @throws {TlsError} `ERR_UNEXPECTED_MESSAGE`, `ERR_TOO_MANY_RENEGOTIATIONS`.
   */
  *receive(): Handshake<HandshakeMessage> {
    for (;;) {
      const message = (yield NEXT_MESSAGE) as HandshakeMessage;
      this.traceMessage('received', message.message);
      if (this.#ignoresHelloRequest(message)) continue;
      this.order.admit(receivedName(message));
      return message;
    }
  }

  /** HelloRequest asks for what is under way already, and counts in no transcript (RFC 5246 section 7.4.1.1). */
  #ignoresHelloRequest({ type, body }: HandshakeMessage): boolean {
    const isIgnored =
      type === HandshakeType.hello_request && this.#version === 'TLSv1.2' && this.role === 'client';
    if (!isIgnored) return false;
    decode(helloRequest, 'HelloRequest', body);
    if (++this.#helloRequests > MAX_RENEGOTIATION_ATTEMPTS) {
      throw new TlsError(
        'ERR_TOO_MANY_RENEGOTIATIONS',
        `more than ${MAX_RENEGOTIATION_ATTEMPTS} HelloRequests in one handshake`,
        { message: 'HelloRequest' },
      );
    }
    return true;
  }

  /** Tells a message to the listener, with its fields read as this handshake reads them. */
  traceMessage(direction: Direction, message: Uint8Array): void {
    const { onTrace } = this.observers;
    if (onTrace === undefined) return;
    const info = this.#suite?.info;
    const context: MessageContext | undefined =
      this.#version === 'TLSv1.2' && info?.version === 'TLSv1.2'
        ? { version: 'TLSv1.2', keyExchange: info.keyExchange }
        : undefined;
    traceMessage(onTrace, direction, message, context);
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

  /** Settles the cipher suite of TLS 1.3, and with it the hash of transcript and key schedule. */
  useCipherSuite(info: CipherSuite13Info): void {
    this.transcript.chooseHash(info.hash);
    this.#suite = { info, hkdf: new Hkdf(this.provider, info.hash) };
  }

  /** Settles the cipher suite of TLS 1.2, and with it the hash of transcript and PRF. */
  useCipherSuite12(info: CipherSuite12Info): void {
    this.transcript.chooseHash(info.hash);
    this.#suite = { info, prf: new Prf12(this.provider, info.hash) };
  }

  /** The key derivation of the chosen TLS 1.3 cipher suite. */
  get hkdf(): Hkdf {
    return this.#suite13().hkdf;
  }

  /** The pseudorandom function of the chosen TLS 1.2 cipher suite. */
  get prf(): Prf12 {
    return this.#suite12().prf;
  }

  /**
   * Switches one direction to the keys of a traffic secret.
   * @param generation how often the secret was updated (RFC 9846 section 7.2).
   */
  useTrafficSecret(direction: Direction, epoch: Epoch, secret: Uint8Array, generation = 0): void {
    this.#useSecret(direction, epoch, secret, generation, this.#suite13());
  }

  /** Switches one direction to the keys of early data, whose suite is that of the session. */
  useEarlyTrafficSecret(direction: Direction, info: CipherSuite13Info, secret: Uint8Array): void {
    this.tellSecret('CLIENT_EARLY_TRAFFIC_SECRET', secret);
    this.#useSecret(direction, 'early', secret, 0, { info, hkdf: new Hkdf(this.provider, info.hash) });
  }

  #useSecret(
    direction: Direction,
    epoch: Epoch,
    secret: Uint8Array,
    generation: number,
    { info, hkdf }: Extract<ChosenSuite, { hkdf: Hkdf }>,
  ): void {
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

  /** TLS 1.2: sends ChangeCipherSpec, and uses this key from the next record on (RFC 5246 section 7.1). */
  sendChangeCipherSpec(protection: RecordProtection): void {
    this.records.sendChangeCipherSpec();
    this.records.changeKeys('sent', 'handshake', protection);
    this.#tellKeys12('sent');
  }

  /** TLS 1.2: the peer's next record must be its ChangeCipherSpec; this key is what follows it. */
  expectChangeCipherSpec(protection: RecordProtection): void {
    this.records.expectChangeCipherSpec(protection, () => this.#tellKeys12('received'));
  }

  #tellKeys12(direction: Direction): void {
    const { info } = this.#suite12();
    const event = { type: 'keys', direction, epoch: 'handshake', generation: 0 } as const;
    this.observers.onTrace?.({ ...event, cipherSuite: info.name });
  }

  #suite13(): Extract<ChosenSuite, { hkdf: Hkdf }> {
    if (this.#suite === undefined || !('hkdf' in this.#suite)) throw notChosen();
    return this.#suite;
  }

  #suite12(): Extract<ChosenSuite, { prf: Prf12 }> {
    if (this.#suite === undefined || !('prf' in this.#suite)) throw notChosen();
    return this.#suite;
  }
}

function notChosen(): TlsError {
  return new TlsError('ERR_INTERNAL', 'the cipher suite is not chosen yet');
}
