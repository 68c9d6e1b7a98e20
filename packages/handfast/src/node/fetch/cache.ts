/** What a fetcher remembers: the least recently used goes first, and nothing stays longer than it holds. */

interface Entry<T> {
  readonly value: T;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What an entry counts besides its value, so that empty ones cannot become too many. */
const ENTRY_OVERHEAD = 1_024;

export class Cache<T> {
  readonly #capacity: number;
  readonly #now: () => number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>();
  #size = 0;

  /** @param capacity bytes of all values together. */
  constructor(capacity: number, now: () => number) {
    this.#capacity = capacity;
    this.#now = now;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.delete(key);
    if (entry.until <= this.#now()) return undefined;
    this.#entries.set(key, entry);
    this.#size += entry.size;
    return entry.value;
  }

  /** Remembers a value of `bytes` bytes, in place of an older one. What has run out already is not kept. */
  set(key: string, value: T, bytes: number, until: number): void {
    this.delete(key);
    const size = bytes + key.length + ENTRY_OVERHEAD;
    if (until <= this.#now() || size > this.#capacity) return;
    this.#entries.set(key, { value, size, until });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#capacity) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#size -= entry.size;
  }
}
