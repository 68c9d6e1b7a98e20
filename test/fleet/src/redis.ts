/** A real Redis that can be killed and started again, with what it saved or without. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_LIMIT = 10_000;

export function isRedisInstalled(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'handfast-fleet-'));
  #port = 0;
  #child: ChildProcess | undefined;

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#port ||= await freePort();
    const settings = [
      '--port',
      String(this.#port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.#folder,
      '--save',
      '',
    ];
    this.#child = spawn('redis-server', settings, { stdio: 'ignore' });
    const end = Date.now() + START_LIMIT;
    while ((await this.#ask('PING').catch(() => '')) !== '+PONG\r\n') {
      if (Date.now() > end) throw new Error('redis-server did not start');
      await delay(10);
    }
  }

  /** Writes what it has to its disk, for the next start. */
  async save(): Promise<void> {
    const answer = await this.#ask('SAVE');
    if (answer !== '+OK\r\n') throw new Error(`redis-server did not save: ${answer}`);
  }

  /** Without a chance to save anything. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** What was saved is gone. */
  forget(): void {
    rmSync(join(this.#folder, 'dump.rdb'), { force: true });
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask(command: string): Promise<string> {
    const socket = connect(this.#port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write(`${command}\r\n`);
      const [data] = (await once(socket, 'data')) as [Buffer];
      return data.toString();
    } finally {
      socket.destroy();
    }
  }
}
