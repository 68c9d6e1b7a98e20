/** Sessions that all servers of a fleet share, for `tickets.store`. */
import { createHash } from 'node:crypto';
import type { SessionStore } from 'handfast';
import type { Clock } from './clock.ts';
import { KeyEncryption } from './key-encryption.ts';
import { MAX_STORED_SESSION_LENGTH } from './limits.ts';
import type { RedisLink } from './link.ts';
import { checkFleetOptions, DEFAULT_NAMESPACE, type FleetOptions, redisKey } from './options.ts';
import { ProblemReport } from './problems.ts';

export interface RedisSessionStoreOptions extends FleetOptions {
  /** As those of `RedisTicketKeys`: sessions in Redis are sealed under the first, and opened with any. Of 32 bytes each. */
  readonly keyEncryptionKeys: readonly Uint8Array[];
}

/**
 * Sessions in Redis, each sealed, and bound to its id, which does not stand there itself. When Redis is slow or gone there are
 * none, and handshakes are full ones.
 */
export class RedisSessionStore implements SessionStore {
  readonly #redis: RedisLink;
  readonly #clock: Clock;
  readonly #namespace: string;
  readonly #encryption: KeyEncryption;
  readonly #problems: ProblemReport;

  /** @throws {ConfigError} when an option cannot work. */
  constructor(options: RedisSessionStoreOptions) {
    checkFleetOptions(options);
    const { redis, namespace = DEFAULT_NAMESPACE, keyEncryptionKeys, onProblem } = options;
    this.#redis = redis;
    this.#clock = redis.clock;
    this.#namespace = namespace;
    this.#encryption = new KeyEncryption(keyEncryptionKeys);
    this.#problems = new ProblemReport('sessions', onProblem);
  }

  /** It rejects when Redis does not answer in time. */
  get(key: string): Promise<Uint8Array | undefined> {
    return this.#fetch('GET', key);
  }

  /** As {@link get}. `GETDEL` answers one caller alone. */
  take(key: string): Promise<Uint8Array | undefined> {
    return this.#fetch('GETDEL', key);
  }

  /** It rejects when the value was not kept: it is too long, has expired, or Redis does not answer in time. */
  async put(key: string, value: Uint8Array, expiresAt: number): Promise<void> {
    if (value.length > MAX_STORED_SESSION_LENGTH) {
      throw new RangeError(
        `a session of ${value.length} bytes is not stored: the limit is ${MAX_STORED_SESSION_LENGTH}`,
      );
    }
    const lifetime = Math.floor(expiresAt - this.#clock.now());
    if (!(lifetime >= 1)) throw new RangeError('a session that has expired is not stored');
    const name = this.#nameOf(key);
    const sealed = this.#encryption.seal('session', Buffer.from(name), value);
    await this.#call(['SET', name, Buffer.from(sealed).toString('base64'), 'PX', String(lifetime)]);
  }

  async #fetch(command: 'GET' | 'GETDEL', key: string): Promise<Uint8Array | undefined> {
    const name = this.#nameOf(key);
    const stored = await this.#call([command, name]);
    if (typeof stored !== 'string') return undefined;
    const opened = this.#encryption.open('session', Buffer.from(name), Buffer.from(stored, 'base64'));
    if (opened === undefined) {
      this.#problems.tell(
        'damaged',
        'a session in Redis is ignored: it is damaged, or sealed under a key-encryption key that this server does not have',
      );
    }
    return opened?.plaintext;
  }

  async #call(command: readonly string[]): Promise<unknown> {
    try {
      const reply = await this.#redis.call(command);
      this.#problems.over('redis');
      return reply;
    } catch (cause) {
      this.#problems.tell('redis', 'Redis did not answer: handshakes are full ones', cause);
      throw cause;
    }
  }

  #nameOf(key: string): string {
    const digest = createHash('sha256').update('handfast fleet session\n').update(key).digest('base64url');
    return redisKey(this.#namespace, 'session', digest);
  }
}
