/** A peer's process: its standard input and output are the connection's, its standard error is its log. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Inbox } from '../inbox.ts';

/** How to read a peer's log. */
export interface LogReading {
  /** A handshake or a connection failed. */
  readonly failure: RegExp;
  /** Our close_notify came, for peers that do not end at it. */
  readonly ended?: RegExp;
  /** A file into which the peer logs besides standard error. */
  readonly file?: string;
}

const running = new Set<PeerProcess>();

/** Ends every process that is still there, whatever became of the run. */
export function killAll(): void {
  for (const peer of running) peer.kill();
}

export class PeerProcess {
  readonly command: string;
  readonly received: Inbox;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reading: LogReading;
  #log = '';
  #exited = false;

  constructor(path: string, args: readonly string[], reading: LogReading) {
    this.command = [path, ...args].join(' ');
    this.#reading = reading;
    this.#child = spawn(path, args, { stdio: 'pipe' });
    this.received = new Inbox(this.#child.stdout);
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString('latin1');
    });
    this.#child.on('error', (error) => {
      this.#log += `${error.message}\n`;
      this.#exited = true;
    });
    this.#child.on('close', () => {
      this.#exited = true;
      running.delete(this);
    });
    // A peer that has gone closes its standard input; its log says why.
    this.#child.stdin.on('error', () => undefined);
    running.add(this);
  }

  get log(): string {
    const { file } = this.#reading;
    return file !== undefined && existsSync(file) ? this.#log + readFileSync(file, 'latin1') : this.#log;
  }

  write(data: string | Uint8Array): void {
    this.#child.stdin.write(data);
  }

  end(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    running.delete(this);
    this.#child.kill('SIGKILL');
  }

  /** Waits for something in the log. */
  async logs(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.log);
      if (match !== null) return match;
      if (this.#exited) throw new Error(`the peer ended without logging ${pattern}`);
      await delay(5);
    }
  }

  /** Waits until the peer says that it failed. */
  async fails(): Promise<string> {
    const [line] = await this.logs(this.#reading.failure);
    return line;
  }

  /** Waits until the peer has seen our close_notify: it says so, or it ends. */
  async ends(): Promise<void> {
    while (!this.#exited && !this.#reading.ended?.test(this.log)) await delay(5);
  }

  /** The peer's complaint so far. */
  get complaint(): string | undefined {
    return this.#reading.failure.exec(this.log)?.[0];
  }

  /** Waits until the process has gone. */
  async exit(): Promise<void> {
    while (!this.#exited) await delay(5);
  }

  /** Rejects when the process has gone, for those who wait for something from it. */
  async gone(): Promise<never> {
    await this.exit();
    throw new Error(`the peer has ended: ${this.complaint ?? 'without a complaint'}`);
  }

  /** The port on which the process listens for IPv4, as the kernel chose it. */
  async listeningPort(): Promise<number> {
    for (;;) {
      const port = findListeningPort(this.#child.pid);
      if (port !== undefined) return port;
      if (this.#exited) throw new Error('the peer ended before it listened');
      await delay(5);
    }
  }
}

/** Looks a process's listening socket up in Linux's /proc. A socket for IPv6 takes IPv4 as well. */
function findListeningPort(pid: number | undefined): number | undefined {
  const folder = `/proc/${pid}/fd`;
  let inodes: Set<string>;
  try {
    inodes = new Set(
      readdirSync(folder).flatMap((fd) => {
        const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`));
        return match?.[1] === undefined ? [] : [match[1]];
      }),
    );
  } catch {
    return undefined; // the process has gone, or has just closed a descriptor
  }
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'latin1').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === '0A' && inode !== undefined && inodes.has(inode)) {
        return Number.parseInt(local?.split(':')[1] ?? '', 16);
      }
    }
  }
  return undefined;
}
