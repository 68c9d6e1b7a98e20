/** A number of turns, for which all others wait in the order in which they came. */
export class Turns {
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when it is one's turn; what it resolves to must be called when that is over. */
  async take(orAborted: <T>(value: PromiseLike<T>) => Promise<T>): Promise<() => void> {
    const pass = (): void => this.#pass();
    if (this.#free > 0) {
      this.#free--;
      return pass;
    }
    let grant: (() => void) | undefined;
    const granted = new Promise<void>((resolve) => {
      grant = resolve;
      this.#queue.push(resolve);
    });
    try {
      await orAborted(granted);
    } catch (error) {
      const place = this.#queue.indexOf(grant as () => void);
      if (place >= 0) this.#queue.splice(place, 1);
      else pass(); // the turn came in the same moment
      throw error;
    }
    return pass;
  }

  #pass(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
