/**
 * The way to Redis that a handshake can rely on: each command has an answer or a refusal within its time, and a Redis that is
 * gone costs nothing, since nothing is asked of it.
 */
import { createHash } from 'node:crypto';
import { ConfigError } from 'handfast';
import { type Clock, systemClock } from './clock.ts';
import {
  DEFAULT_REDIS_TIMEOUT,
  FAILURES_BEFORE_PAUSE,
  FIRST_PAUSE,
  LONGEST_PAUSE,
  MAX_WAITING_COMMANDS,
} from './limits.ts';
import { requireWithin } from './option-checks.ts';

/**
 * What is needed of a client: one of node-redis (`redis`, `@redis/client`) has it. It should refuse commands while it has no
 * connection (`disableOfflineQueue`), and find its way back to Redis by itself.
 */
export interface RedisClient {
  /** Whether commands can be sent now. */
  readonly isReady: boolean;
  /** Sends one command, and answers as Redis does: texts as strings, lists as arrays, numbers as numbers, nothing as null. */
  sendCommand(command: readonly string[]): Promise<unknown>;
  /** Calls the listener whenever there is a new connection. */
  on(event: 'ready', listener: () => void): unknown;
}

export interface RedisLinkOptions {
  readonly client: RedisClient;
  /** How long a handshake waits for an answer, in milliseconds, 1 to 10,000. Default: 50. */
  readonly timeout?: number;
  /** Default: that of Node. */
  readonly clock?: Clock;
  /** What {@link RedisLink.close} does besides: closes the client, say. */
  readonly onClose?: () => void;
}

/** A program that Redis runs in one step. */
export interface RedisScript {
  readonly text: string;
  /** Its name for Redis, by which it is called once Redis has it. */
  readonly sha1: string;
}

/** A script and its name. */
export function redisScript(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** Why a command has no answer. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}

/** Commands to Redis, each within its time, and none while Redis keeps failing. */
export class RedisLink {
  readonly #client: RedisClient;
  readonly #timeout: number;
  readonly #clock: Clock;
  readonly #onClose: (() => void) | undefined;
  #waiting = 0;
  #failures = 0;
  #pause = FIRST_PAUSE;
  /** Ends the pause; undefined when there is none. */
  #endPause: (() => void) | undefined;
  /** After a pause one command goes first, and the others wait for how it fares. */
  #trial: 'none' | 'due' | 'under way' = 'none';
  #closed = false;

  /** @throws {ConfigError} when an option cannot work. */
  constructor({ client, timeout = DEFAULT_REDIS_TIMEOUT, clock = systemClock, onClose }: RedisLinkOptions) {
    requireWithin('timeout', timeout, 1, 10_000);
    if (typeof client?.sendCommand !== 'function' || typeof client.on !== 'function') {
      throw new ConfigError('client', 'client: expected a client of node-redis, with sendCommand() and on()');
    }
    this.#client = client;
    this.#timeout = timeout;
    this.#clock = clock;
    this.#onClose = onClose;
    client.on('ready', () => this.#succeeded());
  }

  /** The clock that all parts of the fleet go by. */
  get clock(): Clock {
    return this.#clock;
  }

  /** Whether a command would be sent now. */
  get isAvailable(): boolean {
    return this.#objection() === undefined;
  }

  /** Commands that were sent and have no answer yet, those that nobody waits for any more among them. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Calls the listener whenever there is a new connection. */
  onReady(listener: () => void): void {
    this.#client.on('ready', listener);
  }

  /**
   * Sends one command. It rejects, at once or within the time limit, when there is no answer.
   * @param timeout in milliseconds. Default: that of handshakes.
   */
  async call(command: readonly string[], timeout: number = this.#timeout): Promise<unknown> {
    const objection = this.#objection();
    if (objection !== undefined) throw new RedisUnavailable(objection);
    if (this.#trial === 'due') this.#trial = 'under way';
    this.#waiting++;
    let cancel: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `no answer within ${timeout} ms`;
      cancel = this.#clock.after(timeout, () => reject(new RedisUnavailable(message)));
    });
    const answer = this.#send(command);
    const settle = (): void => {
      this.#waiting--;
    };
    answer.then(settle, settle);
    try {
      const reply = await Promise.race([answer, late]);
      this.#succeeded();
      return reply;
    } catch (cause) {
      if (isAnswer(cause)) this.#succeeded();
      else this.#failed();
      throw cause;
    } finally {
      cancel?.();
    }
  }

  /** Runs a script, which Redis is given when it does not have it. */
  async run(
    { text, sha1 }: RedisScript,
    keys: readonly string[],
    values: readonly string[],
    timeout?: number,
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...values];
    try {
      return await this.call(['EVALSHA', sha1, ...rest], timeout);
    } catch (cause) {
      if (!isAnswer(cause)) throw cause;
      return await this.call(['EVAL', text, ...rest], timeout);
    }
  }

  /** Sends nothing from now on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endPause?.();
    this.#onClose?.();
  }

  /** Why no command is sent now. */
  #objection(): string | undefined {
    if (this.#closed) return 'the link to Redis was closed';
    if (!this.#client.isReady) return 'there is no connection to Redis';
    if (this.#endPause !== undefined || this.#trial === 'under way') return 'Redis failed a moment ago';
    return this.#waiting >= MAX_WAITING_COMMANDS ? `${this.#waiting} commands wait for Redis` : undefined;
  }

  /** A client that throws at once counts as one that rejects. */
  async #send(command: readonly string[]): Promise<unknown> {
    return this.#client.sendCommand(command);
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#pause = FIRST_PAUSE;
    this.#trial = 'none';
    this.#endPause?.();
  }

  #failed(): void {
    this.#failures++;
    if (this.#endPause !== undefined) return;
    if (this.#trial === 'none' && this.#failures < FAILURES_BEFORE_PAUSE) return;
    this.#trial = 'none';
    const cancel = this.#clock.after(this.#pause, () => {
      this.#endPause = undefined;
      this.#trial = 'due';
    });
    this.#endPause = () => {
      cancel();
      this.#endPause = undefined;
    };
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }
}

/** An error that says a script is not known comes from a Redis in good health. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
