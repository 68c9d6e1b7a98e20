/** Bytes that arrive in chunks of any size and leave in pieces of the reader's choice. */
import { EMPTY } from '../wire/bytes.ts';

/** Chunks below this size are gathered into one array, so that a single byte does not cost an object. */
const SMALL_CHUNK = 512;
const GATHER_LENGTH = 4096;

/**
 * A first-in, first-out queue of bytes. Each byte is copied at most twice however the stream is cut, and
 * memory follows what has arrived. Larger chunks are kept as they are and come out as views, so who pushes
 * them must not change them until they were taken and used.
 */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Index of the first chunk that still holds bytes. */
  #head = 0;
  #length = 0;
  /** Small chunks gather here; the bytes from `#gatherStart` to `#gatherEnd` are not in `#chunks` yet. */
  #gather: Uint8Array = EMPTY;
  #gatherStart = 0;
  #gatherEnd = 0;

  /** Bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (bytes.length >= SMALL_CHUNK) {
      this.#settle();
      this.#chunks.push(bytes);
      return;
    }
    if (this.#gatherEnd + bytes.length > this.#gather.length) {
      this.#settle();
      this.#gather = new Uint8Array(GATHER_LENGTH);
      this.#gatherStart = 0;
      this.#gatherEnd = 0;
    }
    this.#gather.set(bytes, this.#gatherEnd);
    this.#gatherEnd += bytes.length;
  }

  /** The byte at `index`, which must lie in the queue. Meant for the few bytes of a header. */
  at(index: number): number {
    this.#settle();
    let rest = index;
    for (let i = this.#head; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Uint8Array;
      if (rest < chunk.length) return chunk[rest] as number;
      rest -= chunk.length;
    }
    throw new RangeError(`byte ${index} of a queue of ${this.#length}`);
  }

  /** Removes the next `count` bytes, which must be there. They are a view where they lie in one chunk. */
  take(count: number): Uint8Array {
    if (count > this.#length) throw new RangeError(`${count} bytes of a queue of ${this.#length}`);
    this.#settle();
    this.#length -= count;
    const first = this.#chunks[this.#head];
    if (first === undefined) return EMPTY;
    if (first.length >= count) {
      this.#replaceHead(first, count);
      return first.subarray(0, count);
    }
    const taken = new Uint8Array(count);
    for (let offset = 0; offset < count; ) {
      const chunk = this.#chunks[this.#head] as Uint8Array;
      const part = chunk.subarray(0, count - offset);
      taken.set(part, offset);
      offset += part.length;
      this.#replaceHead(chunk, part.length);
    }
    return taken;
  }

  /** Moves what was gathered to the end of the chunks. */
  #settle(): void {
    if (this.#gatherStart === this.#gatherEnd) return;
    this.#chunks.push(this.#gather.subarray(this.#gatherStart, this.#gatherEnd));
    this.#gatherStart = this.#gatherEnd;
  }

  #replaceHead(chunk: Uint8Array, used: number): void {
    if (used < chunk.length) {
      this.#chunks[this.#head] = chunk.subarray(used);
      return;
    }
    this.#chunks[this.#head++] = EMPTY;
    // More than half are used up: moving the others costs no more than what was saved by not moving them before.
    if (this.#head > this.#chunks.length / 2) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }
}
