/** Ticket keys that all servers of a fleet share: one makes them, all adopt them, and no handshake waits for Redis. */
import { randomBytes, randomInt } from 'node:crypto';
import { ConfigError, type TicketKey, TicketKeyRing, type TicketKeys } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import type { Clock } from './clock.ts';
import { KeyEncryption } from './key-encryption.ts';
import { nameOf, readEntry, readHead, writeEntry } from './key-entries.ts';
import {
  BACKGROUND_TIMEOUT,
  DEFAULT_CLOCK_SKEW,
  DEFAULT_POLL_INTERVAL,
  DEFAULT_PUBLISH_AHEAD,
  DEFAULT_SERVERS,
  FIRST_KEY_RETRY,
  LEASE_TIME,
  MAX_KEY_ENTRIES,
} from './limits.ts';
import type { RedisLink } from './link.ts';
import { requireWithin } from './option-checks.ts';
import { checkFleetOptions, DEFAULT_NAMESPACE, type FleetOptions, redisKey } from './options.ts';
import { ProblemReport } from './problems.ts';
import { COMMIT_KEYS, READ_KEYS } from './scripts.ts';

const HOUR = 3_600_000;
const WEEK = 168 * HOUR;
/** Tickets of one key whose nonces are random (NIST SP 800-38D section 8.3), by all servers together. */
const MAX_TICKETS_PER_KEY = 2 ** 32;
const KEY_NAME_LENGTH = 16;
const KEY_LENGTH = 32;

export interface RedisTicketKeysOptions extends FleetOptions {
  /**
   * Thirty-two random bytes each, which never come near Redis: the ticket keys there are sealed under the first, and opened with any.
   * To replace one, give every server the new one as the second, then as the first, and drop the old one when all have done so.
   */
  readonly keyEncryptionKeys: readonly Uint8Array[];
  /** How often a new key takes over, in milliseconds, up to seven days. Each goes on for as long again when no other comes. Default: twelve hours. */
  readonly rotateAfter?: number;
  /** How long a ticket may be opened in milliseconds, up to seven days. Default: seven days. */
  readonly lifetime?: number;
  /** How long before its first use a key is published, in milliseconds. Default: five minutes, or a quarter of `rotateAfter`. */
  readonly publishAhead?: number;
  /** How often to look for new keys, in milliseconds. Default: 30 s, or a tenth of `publishAhead`. */
  readonly pollInterval?: number;
  /** How far the clocks of servers and Redis may be apart for this server to make keys, in milliseconds, up to half of `publishAhead`. Default: 5 s, or a quarter of it. */
  readonly maxClockSkew?: number;
  /** How many servers the fleet has at most, 1 to 65,536: each seals its part of the tickets that a key is good for. Default: 64. */
  readonly servers?: number;
  /** Without a shared key: `local` makes tickets that are good on this server alone, `none` makes none. Default: `local`. */
  readonly fallback?: 'local' | 'none';
}

/** What a look at Redis has found. */
interface Found {
  /** Its clock. */
  readonly time: number;
  /** Names of keys that this server could read. */
  readonly readable: ReadonlySet<string>;
  /** Of those, the ones that another key-encryption key seals. */
  readonly stale: ReadonlySet<string>;
  /** Names of keys that open nothing any more. */
  readonly expired: readonly string[];
}

interface Plan {
  readonly removed: readonly string[];
  readonly written: readonly TicketKey[];
  /** Among them, when there is one. */
  readonly made?: TicketKey;
}

/**
 * Ticket keys from Redis, for `tickets.keys`. All answers come from memory; Redis is asked in the background alone. When it is
 * gone, the keys that are known go on for `rotateAfter` beyond their time, and then `fallback` tells what happens.
 */
export class RedisTicketKeys implements TicketKeys {
  readonly #redis: RedisLink;
  readonly #clock: Clock;
  readonly #namespace: string;
  readonly #encryption: KeyEncryption;
  readonly #rotateAfter: number;
  readonly #lifetime: number;
  readonly #publishAhead: number;
  readonly #pollInterval: number;
  readonly #maxClockSkew: number;
  readonly #shared: TicketKeyRing;
  readonly #local: TicketKeyRing | undefined;
  readonly #problems: ProblemReport;
  readonly #leaseKey: string;
  readonly #hashKey: string;
  #cancelPoll: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  /** Begins to look for keys. @throws {ConfigError} when an option cannot work. */
  constructor(options: RedisTicketKeysOptions) {
    checkFleetOptions(options);
    const { redis, namespace = DEFAULT_NAMESPACE, keyEncryptionKeys, onProblem } = options;
    const { rotateAfter = 12 * HOUR, lifetime = WEEK, fallback = 'local' } = options;
    const { publishAhead = Math.min(DEFAULT_PUBLISH_AHEAD, Math.ceil(rotateAfter / 4)) } = options;
    const { pollInterval = Math.min(DEFAULT_POLL_INTERVAL, Math.ceil(publishAhead / 10)) } = options;
    const { maxClockSkew = Math.min(DEFAULT_CLOCK_SKEW, Math.ceil(publishAhead / 4)) } = options;
    const { servers = DEFAULT_SERVERS } = options;
    requireWithin('rotateAfter', rotateAfter, 1, WEEK);
    requireWithin('publishAhead', publishAhead, 1, Math.max(1, Math.floor(rotateAfter / 2)));
    requireWithin('pollInterval', pollInterval, 1, Math.max(1, Math.floor(publishAhead / 2)));
    requireWithin('maxClockSkew', maxClockSkew, 1, Math.max(1, Math.floor(publishAhead / 2)));
    requireWithin('servers', servers, 1, 65_536);
    const needed = Math.ceil(lifetime / rotateAfter) + 4;
    if (needed > MAX_KEY_ENTRIES) {
      throw new ConfigError(
        'rotateAfter',
        `rotateAfter: tickets that live ${lifetime} ms need ${needed} keys at a time, and a fleet has at most ${MAX_KEY_ENTRIES}; rotate less often, or let tickets live less long`,
      );
    }
    if (fallback !== 'local' && fallback !== 'none') {
      throw new ConfigError('fallback', `fallback: expected local or none, found ${String(fallback)}`);
    }
    this.#encryption = new KeyEncryption(keyEncryptionKeys);
    this.#shared = new TicketKeyRing({
      provider: nodeProvider,
      rotateAfter,
      lifetime,
      generate: false,
      maxTicketsPerKey: Math.floor(MAX_TICKETS_PER_KEY / servers),
    });
    if (fallback === 'local') {
      this.#local = new TicketKeyRing({ provider: nodeProvider, rotateAfter, lifetime });
    }
    this.#redis = redis;
    this.#clock = redis.clock;
    this.#namespace = namespace;
    this.#rotateAfter = rotateAfter;
    this.#lifetime = lifetime;
    this.#publishAhead = publishAhead;
    this.#pollInterval = pollInterval;
    this.#maxClockSkew = maxClockSkew;
    this.#problems = new ProblemReport('ticket keys', onProblem);
    this.#leaseKey = redisKey(namespace, 'ticket-keys', 'lease');
    this.#hashKey = redisKey(namespace, 'ticket-keys');
    redis.onReady(() => void this.refresh());
    void this.refresh();
  }

  current(now: number): TicketKey | undefined {
    return this.#shared.current(now) ?? this.#local?.current(now);
  }

  find(name: Uint8Array, now: number): TicketKey | undefined {
    return this.#shared.find(name, now) ?? this.#local?.find(name, now);
  }

  /** Whether there is a shared key that seals now. */
  get isShared(): boolean {
    return this.#sealsAt(this.#clock.now());
  }

  /**
   * Waits until there is a shared key, but not for long: a server that begins to serve then makes tickets for all from the first.
   * @param timeout in milliseconds. Default: 1 s.
   * @returns whether there is one. It never rejects.
   */
  ready(timeout = 1_000): Promise<boolean> {
    if (this.isShared || this.#closed) return Promise.resolve(this.isShared);
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#waiting.delete(finish);
        resolve(this.isShared);
      };
      const cancel = this.#clock.after(timeout, finish);
      this.#waiting.add(finish);
    });
  }

  /** Looks for new keys now, and makes one if it is time. Settles when that is done; it never rejects. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.isShared) for (const finish of this.#waiting) finish();
      this.#scheduleNext();
    });
    return this.#looking;
  }

  /** Asks nothing of Redis from now on. The keys that are known go on. */
  close(): void {
    this.#closed = true;
    this.#cancelPoll?.();
    for (const finish of this.#waiting) finish();
  }

  #scheduleNext(): void {
    this.#cancelPoll?.();
    if (this.#closed) return;
    const interval = this.isShared ? this.#pollInterval : Math.min(FIRST_KEY_RETRY, this.#pollInterval);
    // Servers that were started together do not go on asking together.
    const delay = interval - randomInt(Math.floor(interval / 5) + 1);
    this.#cancelPoll = this.#clock.after(delay, () => void this.refresh());
  }

  async #look(): Promise<void> {
    if (this.#closed || !this.#redis.isAvailable) return;
    try {
      const found = await this.#read();
      if (found !== undefined && !isEmpty(this.#plan(found))) await this.#change();
      this.#problems.over('redis');
    } catch (cause) {
      this.#problems.tell('redis', 'Redis did not answer for ticket keys; those that are known go on', cause);
    }
  }

  /** Adopts all keys that are there. */
  async #read(): Promise<Found | undefined> {
    const reply = await this.#redis.run(
      READ_KEYS,
      [this.#hashKey],
      [String(MAX_KEY_ENTRIES)],
      BACKGROUND_TIMEOUT,
    );
    const [time, entries] = Array.isArray(reply) ? reply : [];
    if (!Array.isArray(entries)) {
      const count = `expected at most ${MAX_KEY_ENTRIES} entries, found ${String(entries)}`;
      this.#problems.tell('too many', `${this.#hashKey} in Redis is not read: ${count}`);
      return undefined;
    }
    this.#problems.over('too many');
    const readable = new Set<string>();
    const stale = new Set<string>();
    const expired: string[] = [];
    const now = this.#clock.now();
    for (const entry of entries) {
      const head = readHead(entry);
      const read = readEntry(this.#encryption, this.#namespace, entry);
      if (head !== undefined && head.opensUntil + this.#maxClockSkew <= Math.min(now, Number(time))) {
        expired.push(head.name);
      } else if (head === undefined || read === undefined || !this.#adopt(read.key)) {
        this.#problems.tell(
          `entry ${head?.name}`,
          `an entry of ${this.#hashKey} in Redis is ignored: it is damaged, or sealed under a key-encryption key that this server does not have`,
        );
      } else {
        readable.add(head.name);
        if (!read.isCurrent) stale.add(head.name);
      }
    }
    return { time: Number(time), readable, stale, expired };
  }

  #adopt(key: TicketKey): boolean {
    try {
      this.#shared.adopt(key);
      return true;
    } catch {
      return false;
    }
  }

  /** What is to be changed in Redis: keys that it lost or that are to be sealed anew, a new one, and what has expired. */
  #plan({ time, readable, stale, expired }: Found): Plan {
    const now = this.#clock.now();
    const live = this.#shared.keys().filter((key) => now < key.opensUntil);
    const written = live.filter((key) => !readable.has(nameOf(key)) || stale.has(nameOf(key)));
    const sealsFrom = this.#nextSealsFrom(live, now);
    if (sealsFrom === undefined) return { removed: expired, written };
    if (!(Math.abs(time - now) <= this.#maxClockSkew)) {
      this.#problems.tell(
        'clock',
        `this server makes no ticket keys: its clock and that of Redis are ${Math.abs(time - now)} ms apart`,
      );
      return { removed: expired, written };
    }
    this.#problems.over('clock');
    const made = this.#make(sealsFrom, now);
    return { removed: expired, written: [...written, made], made };
  }

  /** From when on the next key seals, if it is time to publish it. */
  #nextSealsFrom(live: readonly TicketKey[], now: number): number | undefined {
    const newest = Math.max(...live.map((key) => key.sealsFrom));
    if (!live.some((key) => now < key.sealsUntil)) return now - this.#maxClockSkew;
    const due = newest + this.#rotateAfter;
    return due - this.#publishAhead <= now ? Math.max(due, now + this.#publishAhead) : undefined;
  }

  #make(sealsFrom: number, now: number): TicketKey {
    const sealsUntil = Math.max(sealsFrom, now) + 2 * this.#rotateAfter;
    return {
      name: new Uint8Array(randomBytes(KEY_NAME_LENGTH)),
      key: new Uint8Array(randomBytes(KEY_LENGTH)),
      sealsFrom,
      sealsUntil,
      opensUntil: sealsUntil + this.#lifetime,
    };
  }

  /** Changes what is in Redis, under the lease, by what is there once it is held. */
  async #change(): Promise<void> {
    const token = randomBytes(16).toString('hex');
    const lease = ['SET', this.#leaseKey, token, 'NX', 'PX', String(LEASE_TIME)];
    if ((await this.#redis.call(lease, BACKGROUND_TIMEOUT)) !== 'OK') return;
    const found = await this.#read();
    const { removed, written, made } = found === undefined ? NOTHING : this.#plan(found);
    const entries = written.flatMap((key) => [
      nameOf(key),
      writeEntry(this.#encryption, this.#namespace, key),
    ]);
    const ends = [...this.#shared.keys(), ...written].map((key) => key.opensUntil);
    const expiry = Math.max(this.#clock.now() + this.#maxClockSkew, ...ends) + this.#maxClockSkew;
    const values = [token, String(expiry), String(removed.length), ...removed, ...entries];
    const held = await this.#redis.run(
      COMMIT_KEYS,
      [this.#leaseKey, this.#hashKey],
      values,
      BACKGROUND_TIMEOUT,
    );
    if (held === 1 && made !== undefined) this.#shared.adopt(made);
  }

  #sealsAt(now: number): boolean {
    return this.#shared.keys().some(({ sealsFrom, sealsUntil }) => sealsFrom <= now && now < sealsUntil);
  }
}

const NOTHING: Plan = { removed: [], written: [] };

function isEmpty({ removed, written }: Plan): boolean {
  return removed.length === 0 && written.length === 0;
}
