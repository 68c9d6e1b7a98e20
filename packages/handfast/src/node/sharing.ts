/**
 * Sessions for all processes of `node:cluster`, or all worker threads, on one machine: the parent makes ticket keys and keeps the
 * record of ClientHellos, children get them by messages. Redis is not needed for that.
 */
import { nodeProvider } from '../crypto/node/index.ts';
import { requireWithin } from '../policy/option-checks.ts';
import { DEFAULT_TICKET_ROTATION, MAX_TICKET_LIFETIME } from '../session/limits.ts';
import { MemoryReplayGuard, type MemoryReplayGuardOptions, type ReplayGuard } from '../session/replay.ts';
import { type TicketKey, TicketKeyRing, type TicketKeys } from '../session/tickets.ts';
import { ConfigError } from '../wire/errors.ts';
import { DEFAULT_SHARING_TIMEOUT, MAX_WAITING_REPLAY_CHECKS, TICKET_KEY_LEAD } from './limits.ts';

/**
 * The other side: a worker of `node:cluster`, a child process or `process` itself, a `Worker` or `MessagePort` of worker threads. Other
 * messages may go the same way.
 */
export interface SharingChannel {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'exit' | 'close', listener: () => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
  /** Of worker threads. */
  postMessage?(message: unknown): void;
  /** Of processes. */
  send?(message: object, callback: (error: Error | null) => void): unknown;
}

export interface SessionSharingOptions {
  /** How often a new ticket key takes over, in milliseconds, up to seven days. Default: twelve hours. */
  readonly rotateAfter?: number;
  /** How long a ticket may be opened in milliseconds. Default, and at most: seven days. */
  readonly lifetime?: number;
  /** Of the record of ClientHellos: see {@link MemoryReplayGuard}. */
  readonly replays?: Omit<MemoryReplayGuardOptions, 'startedAt'>;
}

/** Marks our messages among others. */
const MARK = 'handfast session sharing';

/** A ticket key in a message: processes exchange JSON. */
interface WrittenKey {
  readonly name: string;
  readonly key: string;
  readonly sealsFrom: number;
  readonly sealsUntil: number;
  readonly opensUntil: number;
}

/** What goes to and fro. */
type Message =
  | { readonly type: 'join' }
  | { readonly type: 'keys'; readonly keys: readonly WrittenKey[] }
  | { readonly type: 'ask'; readonly id: number; readonly key: string; readonly expiresAt: number }
  | { readonly type: 'answer'; readonly id: number; readonly isNew: boolean };

/**
 * The parent's side. Whoever is attached can read tickets of all, as the processes of one server do. It may serve with
 * {@link SessionSharing.keys} and {@link SessionSharing.guard} itself.
 */
export class SessionSharing {
  readonly #keys: TicketKeyRing;
  readonly #rotateAfter: number;
  readonly #lifetime: number;
  readonly #channels = new Map<SharingChannel, (message: unknown) => void>();
  #timer: NodeJS.Timeout | undefined;

  /** The record of ClientHellos. */
  readonly guard: ReplayGuard;

  /** @throws {ConfigError} when an option cannot work. */
  constructor(options: SessionSharingOptions = {}) {
    const { rotateAfter = DEFAULT_TICKET_ROTATION, lifetime = MAX_TICKET_LIFETIME, replays } = options;
    this.#keys = new TicketKeyRing({ provider: nodeProvider, rotateAfter, lifetime, generate: false });
    this.#rotateAfter = rotateAfter;
    this.#lifetime = lifetime;
    this.guard = new MemoryReplayGuard({ ...replays, startedAt: Date.now() });
    this.#rotate();
  }

  /** The ticket keys. */
  get keys(): TicketKeys {
    return this.#keys;
  }

  /** Shares with a child from now on. Attach it before it runs; attaching it again changes nothing. */
  attach(child: SharingChannel): void {
    if (this.#channels.has(child)) return;
    const listener = (message: unknown): void => this.#read(child, message);
    this.#channels.set(child, listener);
    child.on('message', listener);
    // Which of them there is, is told by what the child is.
    for (const end of ['exit', 'close'] as const) child.on(end, () => this.detach(child));
  }

  /** Shares no more with a child. One that ends needs no such call. */
  detach(child: SharingChannel): void {
    const listener = this.#channels.get(child);
    if (listener !== undefined) child.off('message', listener);
    this.#channels.delete(child);
  }

  /** Shares no more. */
  close(): void {
    clearTimeout(this.#timer);
    for (const child of [...this.#channels.keys()]) this.detach(child);
  }

  #read(child: SharingChannel, received: unknown): void {
    const message = ours(received);
    if (message?.type === 'join') {
      this.#rotate();
      post(child, this.#keysMessage());
    } else if (message?.type === 'ask') {
      const { id, key, expiresAt } = message;
      void this.#ask(key, expiresAt).then((isNew) => post(child, { type: 'answer', id, isNew }));
    }
  }

  async #ask(key: string, expiresAt: number): Promise<boolean> {
    try {
      return await this.guard.isNew(fromHex(key), expiresAt, Date.now());
    } catch {
      return false;
    }
  }

  /** Makes the next key when its time comes, and tells it before it is used. */
  #rotate(): void {
    const now = Date.now();
    const lead = Math.min(TICKET_KEY_LEAD, Math.floor(this.#rotateAfter / 4));
    let newest = this.#newest();
    if (newest === undefined || newest.sealsFrom + this.#rotateAfter - lead <= now) {
      const isCovered = newest !== undefined && now < newest.sealsUntil;
      const sealsFrom =
        isCovered && newest ? Math.max(newest.sealsFrom + this.#rotateAfter, now + lead) : now;
      // It goes on for as long again, so that none is missing when this process is late.
      const sealsUntil = sealsFrom + 2 * this.#rotateAfter;
      newest = {
        name: nodeProvider.random(16),
        key: nodeProvider.random(32),
        sealsFrom,
        sealsUntil,
        opensUntil: sealsUntil + this.#lifetime,
      };
      this.#keys.adopt(newest);
      for (const child of this.#channels.keys()) post(child, this.#keysMessage());
    }
    clearTimeout(this.#timer);
    const next = newest.sealsFrom + this.#rotateAfter - lead - now;
    this.#timer = setTimeout(() => this.#rotate(), Math.max(next, 1)).unref();
  }

  #newest(): TicketKey | undefined {
    const [newest] = [...this.#keys.keys()].sort((a, b) => b.sealsFrom - a.sealsFrom);
    return newest;
  }

  #keysMessage(): Message {
    const now = Date.now();
    const live = this.#keys.keys().filter(({ opensUntil }) => now < opensUntil);
    return {
      type: 'keys',
      keys: live.map((key) => ({ ...key, name: toHex(key.name), key: toHex(key.key) })),
    };
  }
}

export interface SharedSessionsOptions {
  /** How long early data waits for the parent in milliseconds, 1 to 60,000; then it is refused. Default: 1 s. */
  readonly timeout?: number;
}

/** A child's side, for `tickets.keys` and `earlyData.guard`. Without its parent, the keys that it knows go on until they end. */
export class SharedSessions {
  readonly #keys = new TicketKeyRing({ provider: nodeProvider, generate: false });
  readonly #parent: SharingChannel;
  readonly #timeout: number;
  readonly #listener: (message: unknown) => void;
  readonly #asked = new Map<number, (isNew: boolean) => void>();
  readonly #waiting = new Set<() => void>();
  #asks = 0;
  #closed = false;

  /** Asks the parent once, which takes early data once among all of its children. */
  readonly guard: ReplayGuard = {
    isNew: (key, expiresAt) => this.#isNew(key, expiresAt),
  };

  /**
   * Joins the parent, which is to have this child attached. Until {@link close}, listening may keep a thread alive.
   * @param parent `process`, or `parentPort` or another port of worker threads.
   * @throws {ConfigError} when there is no parent.
   */
  constructor(
    parent: SharingChannel | null,
    { timeout = DEFAULT_SHARING_TIMEOUT }: SharedSessionsOptions = {},
  ) {
    requireWithin('timeout', timeout, 1, 60_000);
    if (typeof parent?.postMessage !== 'function' && typeof parent?.send !== 'function') {
      throw new ConfigError(
        'parent',
        'parent: expected process in a child process, or parentPort in a worker thread; this one has no parent',
      );
    }
    this.#parent = parent;
    this.#timeout = timeout;
    this.#listener = (message) => this.#read(message);
    parent.on('message', this.#listener);
    post(parent, { type: 'join' });
  }

  /** The ticket keys. */
  get keys(): TicketKeys {
    return this.#keys;
  }

  /** Waits for the first keys. @param timeout in milliseconds. Default: 1 s. @returns whether they came in time. */
  ready(timeout = 1_000): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(finish);
        resolve(this.#keys.keys().length > 0);
      };
      const timer = setTimeout(finish, timeout);
      this.#waiting.add(finish);
      if (this.#keys.keys().length > 0 || this.#closed) finish();
    });
  }

  /** Listens no more, and refuses early data. */
  close(): void {
    this.#closed = true;
    this.#parent.off('message', this.#listener);
    for (const finish of this.#waiting) finish();
    for (const answer of this.#asked.values()) answer(false);
  }

  #isNew(key: Uint8Array, expiresAt: number): boolean | Promise<boolean> {
    if (this.#closed || this.#asked.size >= MAX_WAITING_REPLAY_CHECKS) return false;
    const id = this.#asks++;
    return new Promise((resolve) => {
      const answer = (isNew: boolean): void => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(isNew);
      };
      const timer = setTimeout(() => answer(false), this.#timeout).unref();
      this.#asked.set(id, answer);
      post(this.#parent, { type: 'ask', id, key: toHex(key), expiresAt });
    });
  }

  #read(received: unknown): void {
    const message = ours(received);
    if (message?.type === 'answer') this.#asked.get(message.id)?.(message.isNew === true);
    else if (message?.type === 'keys') {
      for (const key of message.keys) {
        this.#keys.adopt({ ...key, name: fromHex(key.name), key: fromHex(key.key) });
      }
      for (const finish of this.#waiting) finish();
    }
  }
}

/** Sends a message. Whoever has gone does not get it, and that is all. */
function post(channel: SharingChannel, message: Message): void {
  const marked = { mark: MARK, message };
  try {
    if (channel.postMessage !== undefined) channel.postMessage(marked);
    else channel.send?.(marked, () => undefined);
  } catch {
    // Its end is told elsewhere.
  }
}

/** One of our messages among all that come. Both sides are of one application and one version. */
function ours(received: unknown): Message | undefined {
  const marked = received as { readonly mark?: unknown; readonly message?: Message } | null | undefined;
  return marked?.mark === MARK ? marked.message : undefined;
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
