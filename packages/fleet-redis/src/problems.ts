/** What a fleet tells about what went wrong; nothing that is told stops a handshake. */
import { MAX_TOLD_PROBLEMS } from './limits.ts';

/** Something that whoever runs the servers should know. */
export interface FleetProblem {
  readonly part: 'redis' | 'ticket keys' | 'replay guard' | 'sessions';
  /** A sentence: what is wrong, and what follows. */
  readonly message: string;
  readonly cause?: unknown;
}

/** Takes note of problems, for a log. What it throws is ignored. */
export type ProblemListener = (problem: FleetProblem) => void;

/** Tells each problem once, until it is over. */
export class ProblemReport {
  readonly #part: FleetProblem['part'];
  readonly #listener: ProblemListener | undefined;
  readonly #told = new Set<string>();

  constructor(part: FleetProblem['part'], listener: ProblemListener | undefined) {
    this.#part = part;
    this.#listener = listener;
  }

  /** @param what tells this problem from others. */
  tell(what: string, message: string, cause?: unknown): void {
    if (this.#told.has(what) || this.#told.size >= MAX_TOLD_PROBLEMS) return;
    this.#told.add(what);
    try {
      this.#listener?.({ part: this.#part, message, ...(cause === undefined ? {} : { cause }) });
    } catch {
      // A log that fails is no reason to stop.
    }
  }

  /** The problem is over: when it comes again, it is told again. */
  over(what: string): void {
    this.#told.delete(what);
  }
}
