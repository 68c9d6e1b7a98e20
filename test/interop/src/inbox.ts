/** What arrived from a stream: counted, hashed, and its beginning kept as text. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** How much is kept for searching, in bytes. Larger transfers are compared by hash. */
const KEPT = 1 << 20;

/** The other side ended the stream in good order. */
export class HungUp extends Error {
  constructor(before: string) {
    super(`the stream ended before ${before}`);
  }
}

export class Inbox {
  #text = '';
  #bytes = 0;
  #ended: boolean;
  #error: Error | undefined;
  #waiting: (() => void)[] = [];
  readonly #hash = createHash('sha256');

  constructor(source: Readable) {
    // Both may have happened before those who waited for the stream got to run.
    this.#ended = source.readableEnded;
    this.#error = source.errored ?? undefined;
    source.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      this.#hash.update(chunk);
      if (this.#text.length < KEPT) this.#text += chunk.toString('latin1');
      this.#wake();
    });
    source.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
    source.on('error', (error) => {
      this.#error = error;
      this.#wake();
    });
    source.on('close', () => this.#wake());
  }

  get text(): string {
    return this.#text;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** SHA-256 of all that came, in hexadecimal. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /**
   * @param from where to look, as an index into {@link text}.
   * @throws the stream's error, or one that says that the stream ended first.
   */
  async holds(marker: string, from = 0): Promise<void> {
    await this.#until(() => this.#text.includes(marker, from), `"${marker}"`);
  }

  async reaches(bytes: number): Promise<void> {
    await this.#until(() => this.#bytes >= bytes, `${bytes} bytes`);
  }

  /** Resolves at a clean end. @throws the stream's error. */
  async end(): Promise<void> {
    while (!this.#ended) {
      if (this.#error !== undefined) throw this.#error;
      await this.#change();
    }
  }

  /** Resolves with the stream's error, or with {@link HungUp}. */
  async failure(): Promise<Error> {
    while (this.#error === undefined) {
      if (this.#ended) return new HungUp('it failed');
      await this.#change();
    }
    return this.#error;
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) throw new HungUp(`${what} came; ${this.#bytes} bytes did`);
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
