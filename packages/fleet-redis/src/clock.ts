/** Time, handed in so that tests decide what it is. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs a task once, in so many milliseconds, without keeping the process alive. Answers how to call it off. */
  after(milliseconds: number, task: () => void): () => void;
}

/** The clock and timers of Node. */
export const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, task) {
    const timer = setTimeout(task, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};
