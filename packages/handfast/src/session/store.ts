/** Where sessions wait for the next connection: on servers as bytes under a key, on clients by server. */
import type { Awaitable } from '../crypto/provider.ts';
import { requireWithin } from '../policy/option-checks.ts';
import { concat } from '../wire/bytes.ts';
import {
  DEFAULT_CLIENT_SESSION_BYTES,
  DEFAULT_CLIENT_SESSION_SERVERS,
  DEFAULT_SESSIONS_PER_SERVER,
  DEFAULT_STORED_SESSION_BYTES,
  DEFAULT_STORED_SESSIONS,
} from './limits.ts';
import type { ClientSession } from './session.ts';

/**
 * A server's sessions by key, shared with other servers or not. What they hold is as secret as a private key. Each method may
 * answer at once or later; a rejected promise or a throw counts as "nothing there", and the handshake is a full one.
 */
export interface SessionStore {
  /** The value under this key, unless it was forgotten or has expired. */
  get(key: string): Awaitable<Uint8Array | undefined>;
  /** Keeps a value, in place of what was under the key. @param expiresAt milliseconds since 1970. */
  put(key: string, value: Uint8Array, expiresAt: number): Awaitable<void>;
  /** Like {@link get}, and forgets it in the same step: of several who take at a time, one gets the value. */
  take(key: string): Awaitable<Uint8Array | undefined>;
}

export interface MemorySessionStoreOptions {
  /** Default: 20,480. */
  readonly maxEntries?: number;
  /** Bytes of keys and values together. Default: 32 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds since 1970, such as `Date.now`. */
  readonly now: () => number;
}

interface StoredValue {
  readonly value: Uint8Array;
  readonly expiresAt: number;
}

/**
 * Sessions in memory. When there are too many, those go that were not used for the longest time. What has expired goes when it
 * is asked for, or when its turn comes: there is no timer.
 */
export class MemorySessionStore implements SessionStore {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #now: () => number;
  /** Those that were used last stand last. */
  readonly #entries = new Map<string, StoredValue>();
  /** Stands before the one to go next. A new iterator would begin with all the gaps that others left. */
  #oldest: Iterator<string> = this.#entries.keys();
  #bytes = 0;

  /** @throws {ConfigError} when a limit is not a whole number of at least 1. */
  constructor({
    maxEntries = DEFAULT_STORED_SESSIONS,
    maxBytes = DEFAULT_STORED_SESSION_BYTES,
    now,
  }: MemorySessionStoreOptions) {
    requireWithin('maxEntries', maxEntries, 1, Number.MAX_SAFE_INTEGER);
    requireWithin('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** How many values are kept; expired ones count until they go. */
  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of their keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The array is the store's own, and not to be changed. */
  get(key: string): Uint8Array | undefined {
    const entry = this.#remove(key);
    if (entry === undefined || !this.#isLive(entry.expiresAt)) return undefined;
    this.#add(key, entry);
    return entry.value;
  }

  /** A value that is longer than all together may be, or has expired already, is not kept. */
  put(key: string, value: Uint8Array, expiresAt: number): void {
    this.#remove(key);
    if (!this.#isLive(expiresAt) || weightOf(key, value) > this.#maxBytes) return;
    this.#add(key, { value: concat(value), expiresAt });
    while (this.#entries.size > this.#maxEntries || this.#bytes > this.#maxBytes) this.#removeOldest();
  }

  take(key: string): Uint8Array | undefined {
    const entry = this.#remove(key);
    return entry !== undefined && this.#isLive(entry.expiresAt) ? entry.value : undefined;
  }

  #isLive(expiresAt: number): boolean {
    return this.#now() < expiresAt;
  }

  #add(key: string, entry: StoredValue): void {
    this.#entries.set(key, entry);
    this.#bytes += weightOf(key, entry.value);
  }

  #removeOldest(): void {
    let next = this.#oldest.next();
    if (next.done) {
      this.#oldest = this.#entries.keys();
      next = this.#oldest.next();
    }
    this.#remove(next.value);
  }

  #remove(key: string): StoredValue | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#bytes -= weightOf(key, entry.value);
    }
    return entry;
  }
}

function weightOf(key: string, value: Uint8Array): number {
  return key.length + value.length;
}

/**
 * What a client keeps of servers: several sessions of each, since one of TLS 1.3 serves once (RFC 9846 appendix C.4). Each
 * method may answer at once or later; a rejected promise or a throw counts as "nothing there".
 */
export interface ClientSessionStore {
  /** Keeps a session under the key of its server. */
  put(key: string, session: ClientSession): Awaitable<void>;
  /** The newest session of this server, which is forgotten in the same step. It may have expired: that is the caller's to see. */
  take(key: string): Awaitable<ClientSession | undefined>;
}

export interface MemoryClientSessionsOptions {
  /** Default: 256. */
  readonly maxServers?: number;
  /** Default: 8. */
  readonly maxPerServer?: number;
  /** Bytes of tickets, certificates and staples together. Default: 32 MiB. */
  readonly maxBytes?: number;
}

/**
 * A client's sessions in memory. Of a server with too many, the oldest goes; when there are too many servers or bytes, the
 * server goes that was not used for the longest time.
 */
export class MemoryClientSessions implements ClientSessionStore {
  readonly #maxServers: number;
  readonly #maxPerServer: number;
  readonly #maxBytes: number;
  /** Servers that were used last stand last, and so do sessions that came last. */
  readonly #servers = new Map<string, ClientSession[]>();
  #bytes = 0;

  /** @throws {ConfigError} when a limit is not a whole number of at least 1. */
  constructor({
    maxServers = DEFAULT_CLIENT_SESSION_SERVERS,
    maxPerServer = DEFAULT_SESSIONS_PER_SERVER,
    maxBytes = DEFAULT_CLIENT_SESSION_BYTES,
  }: MemoryClientSessionsOptions = {}) {
    requireWithin('maxServers', maxServers, 1, Number.MAX_SAFE_INTEGER);
    requireWithin('maxPerServer', maxPerServer, 1, Number.MAX_SAFE_INTEGER);
    requireWithin('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
    this.#maxServers = maxServers;
    this.#maxPerServer = maxPerServer;
    this.#maxBytes = maxBytes;
  }

  /** How many sessions are kept, of all servers. */
  get size(): number {
    let size = 0;
    for (const sessions of this.#servers.values()) size += sessions.length;
    return size;
  }

  /** Bytes of their tickets, certificates and staples. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A session that alone is longer than all together may be is not kept. */
  put(key: string, session: ClientSession): void {
    const length = lengthOf(session);
    if (length > this.#maxBytes) return;
    const sessions = this.#servers.get(key) ?? [];
    this.#servers.delete(key);
    this.#servers.set(key, sessions);
    sessions.push(session);
    this.#bytes += length;
    if (sessions.length > this.#maxPerServer) this.#dropOldest(sessions);
    if (this.#servers.size > this.#maxServers) this.#dropServer();
    while (this.#bytes > this.#maxBytes) {
      if (this.#servers.size > 1) this.#dropServer();
      else this.#dropOldest(sessions);
    }
  }

  take(key: string): ClientSession | undefined {
    const sessions = this.#servers.get(key);
    const session = sessions?.pop();
    if (sessions === undefined || session === undefined) return undefined;
    this.#bytes -= lengthOf(session);
    this.#servers.delete(key);
    if (sessions.length > 0) this.#servers.set(key, sessions);
    return session;
  }

  #dropOldest(sessions: ClientSession[]): void {
    const oldest = sessions.shift();
    if (oldest !== undefined) this.#bytes -= lengthOf(oldest);
  }

  /** The one that was not used for the longest time. */
  #dropServer(): void {
    for (const [key, sessions] of this.#servers) {
      for (const session of sessions) this.#bytes -= lengthOf(session);
      this.#servers.delete(key);
      return;
    }
  }
}

/** What a server decides the length of. */
function lengthOf({ ticket, peer }: ClientSession): number {
  let length = ticket.length + (peer?.ocspResponse?.length ?? 0);
  for (const { der } of peer?.chain ?? []) length += der.length;
  for (const timestamp of peer?.signedCertificateTimestamps ?? []) length += timestamp.length;
  return length;
}
