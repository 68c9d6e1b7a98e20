/** Programs that run to their end, and servers that run until they are stopped. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const running = new Set<ChildProcess>();

/** Ends everything that is still there. */
export function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' }).status === 0;
}

/** What a program prints, whatever its exit code is; it is killed after `limit` milliseconds. */
export function output(program: string, args: readonly string[], limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = { timeout: limit, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const;
    const child = execFile(program, args, settings, (error, stdout) => {
      running.delete(child);
      if (error?.killed) reject(new Error(`${program} was not done after ${limit / 1000} s`));
      else resolve(stdout);
    });
    child.stdin?.end();
    running.add(child);
  });
}

/** A port of this machine that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const START_LIMIT = 20_000;

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A server that is running. */
export interface Running {
  readonly port: number;
  stop(): void;
}

/** Starts a server and waits until it takes connections. */
export async function start(
  program: string,
  args: readonly string[],
  port: number,
  env: NodeJS.ProcessEnv = {},
): Promise<Running> {
  // Its standard input stays open: some end with it.
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  let log = '';
  let ended = false;
  child.stderr.on('data', (bytes: Buffer) => {
    log = (log + bytes.toString('latin1')).slice(-4_000);
  });
  child.on('error', (error) => {
    log += error.message;
    ended = true;
  });
  child.on('close', () => {
    ended = true;
    running.delete(child);
  });
  child.stdin.on('error', () => {});
  running.add(child);
  const limit = Date.now() + START_LIMIT;
  while (!(await accepts(port))) {
    if (ended || Date.now() > limit) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start: ${log}`);
    }
    await delay(50);
  }
  return { port, stop: () => child.kill('SIGKILL') };
}
