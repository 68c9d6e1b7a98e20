/** The record of ClientHellos with early data, for a whole fleet (RFC 9846 section 8.2). */
import type { ReplayGuard } from 'handfast';
import { BACKGROUND_TIMEOUT, DEFAULT_CLOCK_SKEW, DEFAULT_REPLAY_WINDOW } from './limits.ts';
import type { RedisLink } from './link.ts';
import { requireWithin } from './option-checks.ts';
import { checkFleetOptions, DEFAULT_NAMESPACE, type FleetOptions, redisKey } from './options.ts';
import { ProblemReport } from './problems.ts';
import { RECORD_HELLO } from './scripts.ts';

export interface RedisReplayGuardOptions extends FleetOptions {
  /**
   * How long before its `expiresAt` a ClientHello may come at the earliest, in milliseconds: twice the `earlyData.window` of the
   * servers, or more. Default: 20 s.
   */
  readonly window?: number;
  /**
   * How far the clock of a server may be from that of Redis for its early data to be taken, in milliseconds, 1 to 60,000. Records are kept
   * for twice as long beyond their time. The same on all servers. Default: 5 s.
   */
  readonly maxClockSkew?: number;
}

const KEY_LENGTH = 32;

/** What the answers other than `new` and `seen` mean, for those who run the servers. */
const PROBLEMS: Readonly<Record<string, string>> = {
  lost: 'Redis was started again, took over from another, or evicts keys for want of memory (set maxmemory-policy noeviction): early data is refused until what came before has expired',
  clock:
    'the clock of this server and that of Redis are further apart than maxClockSkew: early data is refused',
  unknown: 'Redis does not tell when it was started (INFO server, INFO stats): early data is refused',
};

/**
 * Takes each ClientHello once, among all servers that share a Redis. Whenever it cannot be sure, the answer is no: without a
 * connection, after the time limit, after Redis may have lost records, while clocks are apart. The handshake goes on without
 * early data then.
 *
 * All servers must write to the same Redis at a time. A replica that takes over begins with an empty memory, but while two
 * take themselves for the primary, each would take a ClientHello once; `min-replicas-to-write` keeps that short.
 */
export class RedisReplayGuard implements ReplayGuard {
  readonly #redis: RedisLink;
  readonly #window: number;
  readonly #maxClockSkew: number;
  readonly #namespace: string;
  readonly #memoryKey: string;
  readonly #problems: ProblemReport;

  /** @throws {ConfigError} when an option cannot work. */
  constructor(options: RedisReplayGuardOptions) {
    checkFleetOptions(options);
    const { redis, namespace = DEFAULT_NAMESPACE, onProblem } = options;
    const { window = DEFAULT_REPLAY_WINDOW, maxClockSkew = DEFAULT_CLOCK_SKEW } = options;
    requireWithin('window', window, 1, 2 * 604_800_000);
    requireWithin('maxClockSkew', maxClockSkew, 1, 60_000);
    this.#redis = redis;
    this.#window = window;
    this.#maxClockSkew = maxClockSkew;
    this.#namespace = namespace;
    this.#memoryKey = redisKey(namespace, 'replay');
    this.#problems = new ProblemReport('replay guard', onProblem);
    // The sooner Redis knows when its memory begins, the sooner early data is taken.
    redis.onReady(() => void this.#prepare());
    void this.#prepare();
  }

  isNew(key: Uint8Array, expiresAt: number, now: number): boolean | Promise<boolean> {
    if (key.length !== KEY_LENGTH) {
      throw new RangeError(`expected a key of ${KEY_LENGTH} bytes, found ${key.length}`);
    }
    const from = expiresAt - this.#window;
    const isInTime = from <= now && now <= expiresAt;
    if (!isInTime || !this.#redis.isAvailable) return false;
    const record = redisKey(this.#namespace, 'replay', Buffer.from(key).toString('base64url'));
    const times = [Math.round(now), Math.floor(from), Math.ceil(expiresAt)];
    return this.#ask([this.#memoryKey, record], times);
  }

  async #prepare(): Promise<void> {
    if (this.#redis.isAvailable) await this.#ask([this.#memoryKey], [0, 0, 0], BACKGROUND_TIMEOUT);
  }

  async #ask(keys: readonly string[], times: readonly number[], timeout?: number): Promise<boolean> {
    let answer: unknown;
    try {
      const values = [...times, this.#maxClockSkew].map(String);
      answer = await this.#redis.run(RECORD_HELLO, keys, values, timeout);
    } catch (cause) {
      this.#problems.tell('redis', 'Redis did not answer: early data is refused', cause);
      return false;
    }
    this.#problems.over('redis');
    if (answer === 'new') for (const what of Object.keys(PROBLEMS)) this.#problems.over(what);
    const problem = PROBLEMS[String(answer)];
    if (problem !== undefined) this.#problems.tell(String(answer), problem);
    return answer === 'new';
  }
}
