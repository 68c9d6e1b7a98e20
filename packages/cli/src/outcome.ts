/** How a command ends: its exit code, and what it says when it failed. */

/** The exit codes of every command. */
export const ExitCode = {
  /** All went as it must. */
  fine: 0,
  /** The peer was refused, or refused us. */
  refused: 1,
  /** The command line, or a file that it names, cannot be used. */
  usage: 2,
  /** The network failed: nothing listens there, the name is unknown, time ran out. */
  network: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A failure that is already told in plain words: what happened, and what to do about it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
