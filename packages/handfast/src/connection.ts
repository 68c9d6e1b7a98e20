/**
 * The sans-I/O connection: bytes from the network go in, bytes for the network come out, and everything that
 * happens is an event. It reads no clock, opens no socket and starts no timer.
 */
import type { ConnectionHandlers, ServerTarget } from './connection-options.ts';
import { endedByAlert, truncated } from './connection-refusals.ts';
import { type Awaitable, isPromise } from './crypto/provider.ts';
import { clientHandshake } from './handshake/client/handshake.ts';
import type { ClientConfig, ServerConfig } from './handshake/config.ts';
import { type BaseConfig, HandshakeContext, type Observers, type RecordPort } from './handshake/context.ts';
import { type Handshake, HandshakeDriver } from './handshake/driver.ts';
import type { Established } from './handshake/established.ts';
import { encodeTicket } from './handshake/post-handshake13.ts';
import type { PostHandshake, Secured } from './handshake/secured.ts';
import { serverHandshake } from './handshake/server/handshake.ts';
import type { Exporter } from './keys/exporter.ts';
import { type Incoming, RecordReader } from './record/reader.ts';
import type { RecordInfo } from './record/types.ts';
import { type PaddingPolicy, RecordWriter } from './record/writer.ts';
import type { Direction, Role, TraceEvent } from './trace/events.ts';
import { AlertDescription, AlertLevel, type AlertName, alertLevel, alertName } from './wire/alerts.ts';
import { copy } from './wire/bytes.ts';
import { ConfigError, TlsError } from './wire/errors.ts';
import type { NewSessionTicket } from './wire/messages/new-session-ticket.ts';
import type { TlsVersion } from './wire/registry.ts';
import { parseHostName } from './x509/host-name.ts';

export type { ConnectionHandlers, EarlyData, ServerTarget } from './connection-options.ts';

interface RecordOptions extends BaseConfig {
  readonly maxFragmentLength: number;
  readonly padding?: PaddingPolicy;
  readonly versions: readonly TlsVersion[];
  /** A server that has it may be sent a ClientHello that is the second. */
  readonly cookieSecret?: Uint8Array;
}

/** Something to send, when it is its turn. */
type SendStep = (post: PostHandshake) => void;

/** One TLS connection. Made by {@link createClientConnection} or {@link createServerConnection}. */
export class TlsConnection {
  readonly role: Role;
  readonly #handlers: ConnectionHandlers;
  readonly #observers: Observers;
  readonly #reader: RecordReader;
  readonly #writer: RecordWriter;
  readonly #driver: HandshakeDriver<Secured>;
  readonly #context: HandshakeContext;
  readonly #versions: readonly TlsVersion[];
  #established: Established | undefined;
  #exporter: Exporter | undefined;
  #postHandshake: PostHandshake | undefined;
  #error: TlsError | undefined;
  /**
   * What the owner sends waits here for the handshake, and for what is being sent already: a handler may send from
   * anywhere, and nothing may land between the pieces of something else, or between a KeyUpdate and its new key.
   */
  readonly #waiting: SendStep[] = [];
  #isSending = false;
  /** Early data that is sent again where it was not taken. */
  readonly #resend: Uint8Array | undefined;
  #sendState: 'open' | 'closing' | 'closed' = 'open';
  /** How the peer's direction ended: orderly, or by the network alone. */
  #receiveState: 'open' | 'network ended' | 'ended' = 'open';
  /** Bytes of early data that the client may still send. */
  #earlyDataLeft = 0;
  #isPumping = false;
  #isOpeningRecord = false;
  /** Listeners hear nothing after the error. */
  #isSilent = false;
  /** The owner has no reference yet while the constructor runs, so it is not called back. */
  #isConstructed = false;

  /** For the functions below only. */
  constructor(
    role: Role,
    config: RecordOptions,
    handlers: ConnectionHandlers,
    resend: Uint8Array | undefined,
    run: (
      records: RecordPort,
      observers: Observers,
    ) => {
      readonly context: HandshakeContext;
      readonly handshake: Handshake<Secured>;
    },
  ) {
    this.role = role;
    this.#versions = config.versions;
    this.#handlers = handlers;
    this.#resend = resend;
    this.#observers = {
      onTrace: this.#guarded(handlers.onTrace?.bind(handlers)),
      onKeyLog: this.#guarded(handlers.onKeyLog?.bind(handlers)),
      onSession: this.#guarded(handlers.onSession?.bind(handlers)),
      traceSecrets: handlers.traceSecrets,
    };
    this.#reader = new RecordReader({
      role,
      isStateless: config.cookieSecret !== undefined,
      onRecord: this.#recordListener('received'),
    });
    this.#writer = new RecordWriter({
      role,
      maxFragmentLength: config.maxFragmentLength,
      padding: config.padding,
      onRecord: this.#recordListener('sent'),
      onOutgoing: () => this.#notifyOutgoing(),
      onKeyUpdateDue: () => this.#postHandshake?.updateKeys(false),
      onError: (error) => this.#fail(error),
    });
    const { context, handshake } = run(
      {
        sendHandshake: (message) => this.#writer.handshake(message),
        sendChangeCipherSpec: () => this.#writer.changeCipherSpec(),
        changeKeys: (direction, epoch, protection) => {
          (direction === 'sent' ? this.#writer : this.#reader).changeKeys(epoch, protection);
        },
        useTls12: () => {
          this.#reader.useTls12();
          this.#writer.useTls12();
        },
        expectChangeCipherSpec: (protection, onChange) =>
          this.#reader.expectChangeCipherSpec(protection, onChange),
        requireRecordBoundary: () => this.#reader.requireRecordBoundary(),
        skipEarlyData: (allowed) => this.#reader.skipEarlyData(allowed),
        hearsEarlyData: handlers.onEarlyData !== undefined,
        takeEarlyData: (maxLength) => {
          this.#reader.takeEarlyData();
          this.#earlyDataLeft = maxLength;
        },
        sendEarlyData: (data) => {
          this.#trace({ type: 'data', direction: 'sent', length: data.length });
          this.#writer.applicationData(data);
          this.#flush();
        },
        leaveEarlyData: () => this.#writer.leaveEarlyData(),
        sendWarning: (name) => {
          if (this.#sendState === 'closed') return;
          this.#sendAlert(name, AlertLevel.warning);
          this.#notifyOutgoing();
        },
        flush: () => this.#flush(),
      },
      this.#observers,
    );
    this.#context = context;
    this.#driver = new HandshakeDriver(handshake, {
      onDone: (secured) => this.#attempt(() => this.#complete(secured)),
      onError: (error) => this.#fail(error),
      onWantsMessage: () => this.#pump(),
    });
    this.#driver.start();
    this.#isConstructed = true;
  }

  /** What was agreed on; `undefined` until the handshake is complete. */
  get established(): Established | undefined {
    return this.#established;
  }

  /** Why the connection failed, if it did. */
  get error(): TlsError | undefined {
    return this.#error;
  }

  /** Whether the peer's close_notify arrived. */
  get hasEnded(): boolean {
    return this.#receiveState === 'ended';
  }

  /** Takes bytes from the network, cut anywhere. They must not be changed afterwards. */
  receive(bytes: Uint8Array): void {
    if (this.#error !== undefined || this.#receiveState !== 'open') return;
    this.#reader.push(bytes);
    this.#pump();
  }

  /** The network ended. Without a close_notify before it, the connection fails with `ERR_TRUNCATED`. */
  receiveEnd(): void {
    if (this.#receiveState !== 'open') return;
    this.#receiveState = 'network ended';
    this.#pump();
  }

  /**
   * Sends application data; it is copied. Before the handshake is complete it is kept, and sent then.
   * @throws {TlsError} `ERR_CLOSED` after {@link close}, or the connection's own error after it failed.
   */
  send(data: Uint8Array): void {
    this.#requireSendable();
    const mustWait = this.#isSending || this.#postHandshake === undefined;
    const bytes = mustWait ? copy(data) : data;
    this.#inTurn((post) => this.#sendData(post, bytes));
  }

  /** Removes and answers what is to be written to the network now, in order. */
  takeOutgoing(): Uint8Array[] {
    return this.#writer.takeOutgoing();
  }

  /** Says close_notify: this side sends no more, but still receives. Before the handshake is complete it waits for it. */
  close(): void {
    if (this.#error !== undefined || this.#sendState !== 'open') return;
    this.#sendState = 'closing';
    this.#sendWaiting();
  }

  /** Ends the connection with the alert of `error`, unless it has failed already. */
  abort(error: TlsError): void {
    this.#fail(error);
  }

  /**
   * Renews this side's keys (RFC 9846 section 4.7.3), and asks the peer to renew its own if so wanted; a request
   * that the peer has not answered yet is not repeated.
   * @throws {ConfigError} in TLS 1.2, whose keys cannot be renewed.
   * @throws {TlsError} `ERR_CLOSED` when this side has closed or the handshake is not complete.
   */
  updateKeys(requestPeerUpdate: boolean): void {
    this.#requireEstablished('keys cannot be updated');
    this.#require13('a KeyUpdate', 'open another connection for fresh keys');
    this.#inTurn((post) => post.updateKeys(requestPeerUpdate));
  }

  /**
   * Sends a NewSessionTicket that the caller made, for callers that keep sessions themselves.
   * @throws {ConfigError} on a client, or when the ticket cannot be encoded; `ERR_CLOSED` as {@link updateKeys}.
   */
  sendNewSessionTicket(ticket: NewSessionTicket): void {
    if (this.role === 'client') throw new ConfigError('role', 'only a server sends tickets');
    this.#requireEstablished('a ticket cannot be sent');
    this.#require13('a ticket', 'a TLS 1.2 server sends one during its handshake only');
    const message = encodeTicket(ticket);
    this.#inTurn((post) => post.send(message));
  }

  /**
   * Keying material for another protocol (RFC 9846 section 7.5).
   * @throws {TlsError} `ERR_CLOSED` before the handshake is complete; the connection's own error after it failed.
   * @throws {ConfigError} when the label or the length is out of range.
   */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (this.#error !== undefined) throw this.#error;
    if (this.#exporter === undefined) {
      throw new TlsError('ERR_CLOSED', 'keying material cannot be exported before the handshake is complete');
    }
    return this.#exporter.exportKeyingMaterial(label, context, length);
  }

  #requireSendable(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#sendState !== 'open')
      throw new TlsError('ERR_CLOSED', 'this side has closed the connection for sending');
  }

  #requireEstablished(what: string): void {
    this.#requireSendable();
    if (this.#established === undefined) {
      throw new TlsError('ERR_CLOSED', `${what} before the handshake is complete`);
    }
  }

  #require13(what: string, advice: string): void {
    if (this.#established?.version === 'TLSv1.3') return;
    throw new ConfigError('version', `${what} needs TLSv1.3, and this connection is TLSv1.2; ${advice}`);
  }

  /** A listener that may end the connection: whoever told it goes no further then. */
  #guarded<E>(listener: ((event: E) => void) | undefined): ((event: E) => void) | undefined {
    return (
      listener &&
      ((event) => {
        if (this.#isSilent) return;
        const before = this.#error;
        listener(event);
        if (this.#error !== before) throw this.#error;
      })
    );
  }

  #recordListener(direction: Direction): ((record: RecordInfo) => void) | undefined {
    const { onTrace } = this.#observers;
    return onTrace && ((record) => onTrace({ type: 'record', direction, ...record }));
  }

  #trace(event: TraceEvent): void {
    this.#observers.onTrace?.(event);
  }

  #traceAlert(direction: Direction, level: number, description: AlertName | number): void {
    this.#trace({ type: 'alert', direction, level: level === 1 ? 'warning' : 'fatal', description });
  }

  #flush(): void {
    this.#writer.flush();
    this.#notifyOutgoing();
  }

  #notifyOutgoing(): void {
    if (this.#isConstructed) this.#handlers.onOutgoing?.();
  }

  /** Whatever goes wrong in `step`, be it in the peer's bytes or in a handler, ends the connection. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Reads as far as bytes, keys and the handshake allow, after `first`, which was read already. */
  #pump(first?: Incoming): void {
    if (this.#isPumping) return; // a handler of ours called: what it brought is read when it is done
    this.#isPumping = true;
    this.#attempt(() => {
      if (first !== undefined) this.#handle(first);
      while (this.#canRead) {
        const incoming: Awaitable<Incoming | undefined> = this.#reader.next();
        if (incoming === undefined) break;
        if (isPromise(incoming)) this.#await(incoming);
        else this.#handle(incoming);
      }
      if (this.#receiveState === 'network ended' && this.#canRead) {
        throw truncated(this.role, this.#postHandshake !== undefined);
      }
    });
    this.#isPumping = false;
  }

  /** Nothing is read while the handshake waits for a promise: the keys for what follows may not be there yet. */
  get #canRead(): boolean {
    return (
      this.#error === undefined &&
      this.#receiveState !== 'ended' &&
      !this.#isOpeningRecord &&
      (this.#postHandshake !== undefined || this.#driver.wantsMessage)
    );
  }

  #await(incoming: PromiseLike<Incoming | undefined>): void {
    this.#isOpeningRecord = true;
    incoming.then(
      (settled) => {
        this.#isOpeningRecord = false;
        if (this.#error === undefined) this.#pump(settled);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #handle(incoming: Incoming): void {
    switch (incoming.type) {
      case 'handshake':
        if (this.#postHandshake === undefined) this.#driver.deliver(incoming.message);
        else this.#postHandshake.receive(incoming.message);
        break;
      case 'application_data':
        this.#postHandshake?.noteApplicationData();
        this.#trace({ type: 'data', direction: 'received', length: incoming.data.length });
        if (this.#postHandshake === undefined) this.#receiveEarlyData(incoming.data);
        else this.#handlers.onData?.(incoming.data);
        break;
      case 'alert':
        this.#receiveAlert(incoming);
        break;
    }
  }

  #receiveEarlyData(data: Uint8Array): void {
    this.#earlyDataLeft -= data.length;
    if (this.#earlyDataLeft < 0) {
      throw new TlsError('ERR_TOO_MUCH_EARLY_DATA', 'more early data than the ticket allows');
    }
    this.#handlers.onEarlyData?.(data);
  }

  /**
   * In TLS 1.3 every alert but two ends the connection, whatever its level says (RFC 9846 section 6); in TLS 1.2, and
   * while a server may still choose it, a warning ends nothing (RFC 5246 section 7.2).
   */
  #receiveAlert({ level, description, isProtected }: Incoming & { readonly type: 'alert' }): void {
    const name = alertName(description) ?? description;
    this.#traceAlert('received', level, name);
    if (name === 'user_canceled' || this.#isMereWarning(level, name)) return;
    if (name === 'close_notify' && this.#postHandshake !== undefined) {
      this.#receiveState = 'ended';
      this.#reader.close();
      this.#handlers.onEnd?.();
      return;
    }
    throw endedByAlert(this.role, this.#postHandshake !== undefined, description, isProtected);
  }

  #isMereWarning(level: number, name: AlertName | number): boolean {
    const mayBe12 = this.#versions.includes('TLSv1.2') && (this.#context.version ?? 'TLSv1.2') === 'TLSv1.2';
    return mayBe12 && level === AlertLevel.warning && name !== 'close_notify';
  }

  /** The handshake is complete: what waited for it goes out. */
  #complete({ established, exporter, postHandshake }: Secured): void {
    this.#established = established;
    this.#exporter = exporter;
    this.#trace({ type: 'established' });
    this.#handlers.onEstablished?.(established);
    if (this.#error !== undefined) return;
    const resent = this.#resend;
    if (resent !== undefined && established.earlyData !== 'accepted') {
      this.#waiting.unshift((post) => this.#sendData(post, resent));
    }
    this.#postHandshake = postHandshake;
    this.#sendWaiting();
    this.#pump();
  }

  #inTurn(step: SendStep): void {
    this.#waiting.push(step);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    const post = this.#postHandshake;
    if (this.#isSending || post === undefined) return;
    this.#isSending = true;
    this.#attempt(() => {
      for (const step of this.#waiting) step(post); // a step may add others
      if (this.#sendState === 'closing') this.#sendCloseNotify();
      this.#waiting.length = 0;
      this.#isSending = false;
      this.#flush();
    });
  }

  #sendData(post: PostHandshake, data: Uint8Array): void {
    if (data.length > 0) post.beforeApplicationData();
    this.#trace({ type: 'data', direction: 'sent', length: data.length });
    this.#writer.applicationData(data);
  }

  #sendCloseNotify(): void {
    this.#sendState = 'closed';
    this.#sendAlert('close_notify');
    this.#writer.close();
  }

  #sendAlert(name: AlertName, level = alertLevel(AlertDescription[name])): void {
    this.#writer.alert(name, level);
    this.#traceAlert('sent', level, name);
  }

  #fail(cause: unknown): void {
    if (this.#error !== undefined) return;
    const error =
      cause instanceof TlsError
        ? cause
        : new TlsError('ERR_INTERNAL', `an unexpected error: ${String(cause)}`, {}, { cause });
    this.#error = error;
    const { alert } = error;
    if (alert !== null && this.#sendState !== 'closed') {
      this.#quietly(() => this.#sendAlert(alert));
      // It is no error alert, so the end is still to be told (RFC 9846 section 6.1).
      if (alert === 'user_canceled') this.#quietly(() => this.#sendAlert('close_notify'));
    }
    this.#forget();
    this.#quietly(() => this.#trace({ type: 'error', error }));
    this.#isSilent = true;
    this.#quietly(() => this.#notifyOutgoing());
    if (!this.#isConstructed) throw error;
    this.#handlers.onError?.(error);
  }

  /** Secrets and keys do not outlive the connection (RFC 9846 section 6), and nothing can be sent or read any more. */
  #forget(): void {
    this.#driver.stop();
    this.#writer.close();
    this.#reader.close();
    this.#exporter = undefined;
    this.#postHandshake = undefined;
    this.#waiting.length = 0;
  }

  /**
   * The connection is lost already, and the error that is reported stays the first one: if the alert cannot be
   * sealed, the peer sees the transport end; a listener that fails is the cause already, or of no more use.
   */
  #quietly(step: () => void): void {
    try {
      step();
    } catch {}
  }
}

/**
 * Begins a connection as a client; the ClientHello can be taken at once.
 * @throws {ConfigError} when `target.name` is neither a host name nor an IP address.
 * @throws {TlsError} `ERR_INTERNAL` when the provider cannot make a key share.
 */
export function createClientConnection(
  config: ClientConfig,
  target: ServerTarget,
  handlers: ConnectionHandlers = {},
): TlsConnection {
  const name = parseHostName(target.name);
  const serverName = name.kind === 'dns' && target.sendServerName !== false ? name.text : undefined;
  const { name: reached, sessionScope, earlyData } = target;
  const early = earlyData && copy(earlyData.data);
  const resend = earlyData?.resend === true && early?.length ? early : undefined;
  return new TlsConnection('client', config, handlers, resend, (records, observers) => {
    const context = new HandshakeContext('client', config, records, observers);
    const resendsEarlyData = resend !== undefined;
    const whole = { name: reached, serverName, sessionScope, earlyData: early, resendsEarlyData };
    return { context, handshake: clientHandshake(context, whole) };
  });
}

/** Begins a connection as a server, which waits for a ClientHello. */
export function createServerConnection(
  config: ServerConfig,
  handlers: ConnectionHandlers = {},
): TlsConnection {
  return new TlsConnection('server', config, handlers, undefined, (records, observers) => {
    const context = new HandshakeContext('server', config, records, observers);
    return { context, handshake: serverHandshake(context) };
  });
}
