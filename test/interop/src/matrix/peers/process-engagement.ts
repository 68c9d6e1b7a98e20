/** Peers that are programs for one connection, between standard input and output. */
import type { PeerProcess } from '../../peers/process.ts';
import type { Engagement, Report, ServerEngagement } from './peer.ts';
import { bothWays, type Talk } from './talk.ts';

export interface ProcessTraits {
  /** Default: what we send goes to standard output, and standard input comes to us. */
  readonly talk?: Talk;
  /** The peer answers our close_notify with its own. */
  readonly closes?: boolean;
  /** Reads what was agreed from the log, once data has been exchanged. */
  readonly report?: (process: PeerProcess) => Report;
}

class ProcessEngagement implements Engagement {
  readonly closes: boolean;
  readonly failure: Promise<never>;
  readonly converse: Engagement['converse'];
  readonly #process: PeerProcess;
  readonly #traits: ProcessTraits;

  constructor(process: PeerProcess, traits: ProcessTraits) {
    const { talk } = traits;
    this.#process = process;
    this.#traits = traits;
    this.closes = traits.closes ?? false;
    this.failure = process.gone();
    this.failure.catch(() => undefined);
    this.converse = talk ?? ((ours, received) => bothWays(ours, received, process));
  }

  get account(): string {
    return `${this.#process.command}\n${this.#process.log}`;
  }

  async report(): Promise<Report> {
    return this.#traits.report?.(this.#process) ?? {};
  }

  stop(): void {
    this.#process.kill();
  }
}

export function engage(process: PeerProcess, traits: ProcessTraits = {}): Engagement {
  return new ProcessEngagement(process, traits);
}

/** The same for a server, when it listens. */
export async function engageServer(
  process: PeerProcess,
  traits: ProcessTraits = {},
): Promise<ServerEngagement> {
  const engagement = new ProcessEngagement(process, traits);
  try {
    return Object.assign(engagement, { port: await process.listeningPort() });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${engagement.account}`);
  }
}
