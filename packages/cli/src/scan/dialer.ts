/** Makes the connections of a scan: a few at a time, never more than promised, and always to the same address. */
import { setTimeout as delay } from 'node:timers/promises';
import { TlsError } from 'handfast/wire';
import type { Answer, Listener } from './flight.ts';
import { FlightReader } from './flight.ts';
import { closeNotify, helloRecord, type Offer } from './hello.ts';
import { MAX_UNANSWERED, SECOND_CHANCE_DELAY } from './limits.ts';
import { type Ending, probe } from './probe.ts';

/**
 * Why a scan stopped before it had asked everything; or, in the case of `changed`, why its answers may be wrong: the
 * server refused at the end what it accepted at first.
 */
export type StopReason = 'connections' | 'time' | 'unresponsive' | 'changed';

export interface DialerSettings {
  readonly host: string;
  readonly port: number;
  /** For SNI; `undefined` sends none. */
  readonly serverName: string | undefined;
  /** Milliseconds for one connection. */
  readonly timeout: number;
  /** Milliseconds for all of them. */
  readonly maxTime: number;
  readonly maxConnections: number;
  /** How many at a time. */
  readonly parallel: number;
  /** Milliseconds from the start of one to the start of the next. */
  readonly delay: number;
  /** Told whenever a connection begins. */
  readonly onConnection?: (used: number) => void;
}

export class Dialer {
  readonly settings: DialerSettings;
  /** Connections so far. */
  used = 0;
  /** Questions that the server did not answer, although asked twice. */
  unanswered = 0;
  /** Why there will be no more of them. */
  stopped: StopReason | undefined;
  /** The address that answered the first. */
  remoteAddress: string | undefined;
  readonly #deadline: number;
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #silentInRow = 0;
  #nextStart = 0;

  constructor(settings: DialerSettings) {
    this.settings = settings;
    this.#deadline = performance.now() + settings.maxTime;
  }

  /** The address to connect to: the name at first, then what it turned out to be. */
  get host(): string {
    return this.remoteAddress ?? this.settings.host;
  }

  /** The offer as a ClientHello, and what came back; `undefined` when no more connections may be made. */
  ask(offer: Offer): Promise<Answer | undefined> {
    const hello = helloRecord(offer, this.settings.serverName);
    return this.#insist(async () => {
      const answer = await this.#probe(hello, new FlightReader(), closeNotify(offer.version));
      return answer.kind === 'endless' ? { kind: 'garbled', error: endless() } : answer;
    });
  }

  /** Sends any bytes; `undefined` when no more connections may be made. */
  send<T extends { readonly kind: string }>(
    bytes: Uint8Array,
    listener: Listener<T>,
  ): Promise<T | Ending | undefined> {
    return this.within(() => this.#probe(bytes, listener, new Uint8Array(0)));
  }

  /** Counts `job` as one connection, and waits until it may be made; `undefined` when it may not. */
  async within<T>(job: () => Promise<T>): Promise<T | undefined> {
    if (this.#active >= this.settings.parallel) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#active++;
    try {
      return (await this.#mayStart()) ? await job() : undefined;
    } finally {
      const next = this.#waiting.shift(); // which takes this place
      if (next === undefined) this.#active--;
      else next();
    }
  }

  async #mayStart(): Promise<boolean> {
    const wait = this.#nextStart - performance.now();
    this.#nextStart = Math.max(this.#nextStart, performance.now()) + this.settings.delay;
    if (wait > 0) await delay(wait);
    if (this.stopped === undefined) {
      if (this.used >= this.settings.maxConnections) this.stopped = 'connections';
      else if (performance.now() >= this.#deadline) this.stopped = 'time';
    }
    if (this.stopped !== undefined) return false;
    this.used++;
    this.settings.onConnection?.(this.used);
    return true;
  }

  /** One more try where there was no connection, or no answer: servers that are busy miss some. */
  async #insist(job: () => Promise<Answer>): Promise<Answer | undefined> {
    const answer = await this.within(job);
    const isMissed = answer?.kind === 'silent' || answer?.kind === 'unreachable';
    if (!isMissed || this.remoteAddress === undefined) return answer;
    await delay(SECOND_CHANCE_DELAY);
    const again = (await this.within(job)) ?? answer;
    if (again.kind === 'silent') this.unanswered++;
    return again;
  }

  async #probe<T extends { readonly kind: string }>(
    hello: Uint8Array,
    listener: Listener<T>,
    goodbye: Uint8Array,
  ): Promise<T | Ending> {
    const { port, timeout } = this.settings;
    const target = { host: this.host, port, timeout: Math.min(timeout, this.#timeLeft()) };
    const { answer, remoteAddress } = await probe(target, hello, listener, goodbye);
    this.remoteAddress ??= remoteAddress;
    const isAnswered = answer.kind !== 'silent' && answer.kind !== 'unreachable';
    this.#silentInRow = isAnswered ? 0 : this.#silentInRow + 1;
    if (this.#silentInRow >= MAX_UNANSWERED) this.stopped ??= 'unresponsive';
    return answer;
  }

  #timeLeft(): number {
    return Math.max(1, this.#deadline - performance.now());
  }
}

function endless(): TlsError {
  return new TlsError('ERR_UNEXPECTED_MESSAGE', 'the server sent far more than any handshake needs');
}
