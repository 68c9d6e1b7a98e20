/** A client process and a server process, and what is measured between them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Setup } from './setup.ts';
import type { Answer, Command } from './side.ts';
import type { StackName } from './stacks.ts';

const SIDE = fileURLToPath(new URL('./side.js', import.meta.url));

class Side {
  readonly #child: ChildProcess = fork(SIDE, { execArgv: [] });

  /** @throws what went wrong in the process. */
  async ask(command: Command): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the process ended with ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message: Answer) => {
        this.#child.off('exit', onExit);
        resolve(message);
      });
      this.#child.send(command);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** What one measurement took, per handshake or per byte as the caller divides it. */
export interface Sample {
  /** Milliseconds. */
  readonly wall: number;
  /** Microseconds of CPU time. */
  readonly client: number;
  readonly server: number;
}

export class Pairing {
  readonly client: StackName;
  readonly server: StackName;
  readonly #client = new Side();
  readonly #server = new Side();

  constructor(client: StackName, server: StackName) {
    this.client = client;
    this.server = server;
  }

  get name(): string {
    return `${this.client} > ${this.server}`;
  }

  async prepare(setup: Setup): Promise<void> {
    const { port = 0 } = await this.#server.ask({ do: 'listen', stack: this.server, setup });
    await this.#client.ask({ do: 'aim', stack: this.client, setup, port });
  }

  async measure(command: Command): Promise<Sample> {
    const before = await this.#server.ask({ do: 'cpu' });
    const { wall, cpu: client } = await this.#client.ask(command);
    const after = await this.#server.ask({ do: 'cpu' });
    return { wall, client, server: after.cpu - before.cpu };
  }

  stop(): void {
    this.#client.stop();
    this.#server.stop();
  }
}
