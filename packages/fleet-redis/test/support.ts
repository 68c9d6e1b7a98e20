/** A clock that tests turn, and a Redis in memory whose faults they choose. */
import { createHash } from 'node:crypto';
import type { Clock } from '../src/clock.ts';
import { type RedisClient, RedisLink, type RedisLinkOptions } from '../src/link.ts';
import type { FleetProblem } from '../src/problems.ts';
import { COMMIT_KEYS, READ_KEYS, RECORD_HELLO } from '../src/scripts.ts';

export const LIMIT = { timeout: 30_000 };
export const NOW = Date.UTC(2026, 0, 1);
export const HOUR = 3_600_000;

/** Lets everything that is due in promises happen. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** A clock that stands still until it is turned. Servers may see it with an offset of their own. */
export class FakeClock implements Clock {
  #now = NOW;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, task: () => void): () => void {
    const timer = { at: this.#now + milliseconds, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, timer by timer. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settle();
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
      }
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
    }
    this.#now = end;
  }

  /** The same timers, with a wall clock that is ahead by so much. */
  ahead(milliseconds: number): Clock {
    return { now: () => this.now() + milliseconds, after: (delay, task) => this.after(delay, task) };
  }
}

type Value = string | Map<string, string>;

interface Stored {
  readonly value: Value;
  expiresAt: number;
}

export type Fault = 'none' | 'gone' | 'silent' | 'failing';

type Handler = (redis: FakeRedis, keys: readonly string[], values: readonly string[]) => unknown;

/** The scripts by their text, in JavaScript; test/fleet runs the texts themselves in Redis. */
const SCRIPTS = new Map<string, Handler>([
  [
    READ_KEYS.text,
    (redis, [hash = ''], [most]) => {
      const entries = [...redis.hash(hash).values()];
      return [String(redis.clock.now()), entries.length > Number(most) ? entries.length : entries];
    },
  ],
  [
    COMMIT_KEYS.text,
    (redis, [lease = '', name = ''], [token, expiry, count, ...rest]) => {
      if (redis.text(lease) !== token) return 0;
      redis.remove(lease);
      const hash = redis.hash(name);
      for (const removed of rest.splice(0, Number(count))) hash.delete(removed);
      for (let i = 0; i + 1 < rest.length; i += 2) hash.set(String(rest[i]), String(rest[i + 1]));
      redis.set(name, hash, Number(expiry));
      return 1;
    },
  ],
  [RECORD_HELLO.text, recordHello],
]);

function recordHello(
  redis: FakeRedis,
  [beginning = '', record]: readonly string[],
  values: readonly string[],
) {
  const now = redis.clock.now();
  const [time = 0, from = 0, until = 0, skew = 0] = values.map(Number);
  const memory = `${redis.runId} ${redis.evicted}`;
  const known = redis.hash(beginning);
  const since = Number(known.get('since') ?? Number.NaN);
  if (known.get('memory') !== memory || !(since <= now + skew)) {
    redis.set(
      beginning,
      new Map([
        ['memory', memory],
        ['since', String(now)],
      ]),
    );
    return known.size > 0 ? 'lost' : 'first';
  }
  if (record === undefined) return 'ready';
  if (Math.abs(time - now) > skew) return 'clock';
  if (from - 2 * skew <= since) return 'before';
  if (redis.get(record) !== undefined) return 'seen';
  redis.set(record, '', until + 2 * skew);
  return 'new';
}

/** A Redis server, with the commands that a fleet uses. */
export class FakeRedis {
  readonly clock: Clock;
  readonly clients: FakeClient[] = [];
  /** Every command that came, by its name. */
  readonly log: string[] = [];
  runId = 1;
  evicted = 0;
  #data = new Map<string, Stored>();
  readonly #scripts = new Set<string>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  client(): FakeClient {
    const client = new FakeClient(this);
    this.clients.push(client);
    return client;
  }

  link(clock: Clock, options: Partial<RedisLinkOptions> = {}): { link: RedisLink; client: FakeClient } {
    const client = this.client();
    return { client, link: new RedisLink({ client, clock, ...options }) };
  }

  /** Ends and starts again, with what it has saved, or with nothing. */
  restart(saved: ReadonlyMap<string, Stored> = new Map()): void {
    this.runId++;
    this.#scripts.clear();
    this.#data = new Map(saved);
    for (const client of this.clients) client.reconnect();
  }

  /** What a restart may bring back. */
  save(): ReadonlyMap<string, Stored> {
    return new Map(
      [...this.#data].map(([key, { value, expiresAt }]) => [
        key,
        { value: typeof value === 'string' ? value : new Map(value), expiresAt },
      ]),
    );
  }

  keys(): string[] {
    return [...this.#data.keys()].filter((key) => this.get(key) !== undefined);
  }

  get(key: string): Value | undefined {
    const stored = this.#data.get(key);
    return stored !== undefined && this.clock.now() < stored.expiresAt ? stored.value : undefined;
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  hash(key: string): Map<string, string> {
    const value = this.get(key);
    return value instanceof Map ? value : new Map();
  }

  set(key: string, value: Value, expiresAt: number = Number.POSITIVE_INFINITY): void {
    this.#data.set(key, { value, expiresAt });
  }

  remove(key: string): void {
    this.#data.delete(key);
  }

  run([name = '', ...words]: readonly string[]): unknown {
    this.log.push(name);
    switch (name) {
      case 'SET':
        return this.#set(words);
      case 'GET':
        return this.text(words[0] ?? '') ?? null;
      case 'GETDEL': {
        const [key = ''] = words;
        const value = this.text(key) ?? null;
        this.remove(key);
        return value;
      }
      case 'EVAL':
      case 'EVALSHA':
        return this.#evaluate(name, words);
      default:
        throw new Error(`ERR unknown command '${name}'`);
    }
  }

  #set([key = '', value = '', ...options]: readonly string[]): 'OK' | null {
    if (options.includes('NX') && this.get(key) !== undefined) return null;
    const at = options.indexOf('PX');
    const expiresAt = at < 0 ? Number.POSITIVE_INFINITY : this.clock.now() + Number(options[at + 1]);
    this.set(key, value, expiresAt);
    return 'OK';
  }

  #evaluate(name: string, [script = '', count, ...rest]: readonly string[]): unknown {
    const text =
      name === 'EVAL' ? script : [...this.#scripts].find((candidate) => sha1(candidate) === script);
    if (text === undefined) throw new Error('NOSCRIPT No matching script. Please use EVAL.');
    const handler = SCRIPTS.get(text);
    if (handler === undefined) throw new Error('ERR a script that the fake does not know');
    this.#scripts.add(text);
    return handler(this, rest.slice(0, Number(count)), rest.slice(Number(count)));
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** One connection to a {@link FakeRedis}. */
export class FakeClient implements RedisClient {
  fault: Fault = 'none';
  /** Answers come after so many milliseconds. The command itself is done at once. */
  delay = 0;
  sent = 0;
  #redis: FakeRedis;
  readonly #listeners: (() => void)[] = [];

  constructor(redis: FakeRedis) {
    this.#redis = redis;
  }

  get isReady(): boolean {
    return this.fault !== 'gone';
  }

  on(_event: 'ready', listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** There is a connection again, perhaps to another server. */
  reconnect(redis: FakeRedis = this.#redis): void {
    this.#redis = redis;
    this.fault = 'none';
    for (const listener of this.#listeners) listener();
  }

  async sendCommand(command: readonly string[]): Promise<unknown> {
    this.sent++;
    if (this.fault === 'gone') throw new Error('The client is closed');
    if (this.fault === 'silent') return new Promise(() => undefined);
    if (this.fault === 'failing') throw new Error('LOADING Redis is loading the dataset in memory');
    const reply = this.#redis.run(command);
    if (this.delay > 0) {
      await new Promise<void>((resolve) => this.#redis.clock.after(this.delay, resolve));
    }
    return reply;
  }
}

/** Takes down what is told. */
export function listen(): { problems: FleetProblem[]; onProblem: (problem: FleetProblem) => void } {
  const problems: FleetProblem[] = [];
  return { problems, onProblem: (problem) => void problems.push(problem) };
}

/** A key-encryption key of its own for each number. */
export function kek(number: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`kek ${number}`).digest());
}
