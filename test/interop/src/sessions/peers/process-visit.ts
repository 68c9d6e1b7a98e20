/** A connection with a program that has standard input and output. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import type { Inbox } from '../../inbox.ts';
import type { PeerProcess } from '../../peers/process.ts';
import type { Report } from '../terms.ts';
import type { Visit } from './peer.ts';

export interface Manner {
  /** Default: what we send goes to standard output, and standard input comes to us. `none`: it takes and says nothing. */
  readonly talk?: 'echo' | 'none';
  /** The program ends when its input does, and otherwise without a close_notify. */
  readonly endsFirst?: boolean;
  report(): Promise<Report>;
  ended(): Promise<void>;
}

let exchanges = 0;

export class ProcessVisit implements Visit {
  readonly failure: Promise<never>;
  readonly endFirst?: () => void;
  readonly #process: PeerProcess;
  readonly #manner: Manner;
  /** Where this connection begins in what the process has said. */
  readonly #from: number;

  constructor(process: PeerProcess, manner: Manner) {
    this.#process = process;
    this.#manner = manner;
    this.#from = process.received.text.length;
    if (manner.endsFirst === true) this.endFirst = () => process.end();
    this.failure = process.gone();
    this.failure.catch(() => undefined);
  }

  async exchange(ours: Duplex, received: Inbox, early: string | undefined): Promise<void> {
    const { talk } = this.#manner;
    if (talk === 'none') return;
    const line = `line ${++exchanges} from our side\n`;
    ours.write(line);
    const theirs = talk === 'echo' ? received : this.#process.received;
    const from = talk === 'echo' ? 0 : this.#from;
    await theirs.holds(line, from);
    if (early !== undefined) {
      await theirs.holds(early, from);
      assert.equal(theirs.text.slice(from).split(early).length, 2, 'early data came more than once');
    }
    if (talk === 'echo') return;
    const answer = `line ${exchanges} from the peer\n`;
    this.#process.write(answer);
    await received.holds(answer);
  }

  async fails(): Promise<unknown> {
    return await this.#process.fails();
  }

  report = (): Promise<Report> => this.#manner.report();
  ended = (): Promise<void> => this.#manner.ended();
}

/** The commands and logs of several processes. */
export function accountOf(processes: readonly PeerProcess[]): string {
  return processes.map(({ command, log, received }) => `${command}\n${log}${received.text}`).join('\n');
}
