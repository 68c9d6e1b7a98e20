/** Runs trials and keeps what came out. */
import type { Role } from './peers/peer.ts';

/** A trial that is running. */
export interface Attempt {
  readonly done: Promise<void>;
  readonly cell: {
    /** What is being waited for. */
    readonly step: string;
    /** The other side's own account, for a report. */
    readonly account: string;
    cleanUp(): void;
  };
}

/** One field of the matrix has one or more trials. */
export interface Trial {
  readonly peer: string;
  /** handfast's. */
  readonly role: Role;
  readonly column: string;
  readonly name: string;
  /** Milliseconds. */
  readonly limit: number;
  /** Why the peer cannot do it. */
  readonly notApplicable: string | undefined;
  start(): Attempt;
}

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'not applicable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: string; readonly account: string };

export interface Result {
  readonly trial: Trial;
  readonly outcome: Outcome;
}

/** Runs one trial. It always ends, and leaves no process behind. */
export async function runTrial(trial: Trial): Promise<Result> {
  const { notApplicable: reason, limit } = trial;
  if (reason !== undefined) return { trial, outcome: { kind: 'not applicable', reason } };
  const { cell, done } = trial.start();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit / 1000} s`)), limit);
  });
  try {
    await Promise.race([done, late]);
    return { trial, outcome: { kind: 'passed' } };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      trial,
      outcome: { kind: 'failed', error: `while ${cell.step}:\n${text}`, account: cell.account },
    };
  } finally {
    clearTimeout(timer);
    cell.cleanUp();
  }
}
