/** Runs the real command as a child process, with a time limit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const LAUNCHER: string = fileURLToPath(new URL('../../../bin/handfast.js', import.meta.url));

/** Every run ends by then, in milliseconds. */
const RUN_LIMIT = 30_000;

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What stdin gives before it ends; without it stdin is empty. */
  readonly input?: string | Buffer;
  /** Leaves stdin open, as a terminal does. */
  readonly keepInputOpen?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

function plainEnvironment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NO_COLOR: _no, FORCE_COLOR: _force, HANDFAST_DEBUG: _debug, ...rest } = process.env;
  return { ...rest, ...env };
}

function start(args: readonly string[], env?: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { env: plainEnvironment(env) });
  const output = { stdout: '', stderr: '' };
  const bytes: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    bytes.push(chunk);
    output.stdout += chunk.toString('latin1');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  child.stdin.on('error', () => {}); // the command may end before it has read everything
  return { child, output, bytes };
}

async function ended(child: ChildProcess, limit: number): Promise<number | null> {
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return code;
}

/** Runs the command to its end. A run that had to be killed has the exit code `null`. */
export async function handfast(
  args: readonly string[],
  { input, keepInputOpen, env }: RunOptions = {},
): Promise<Result> {
  const { child, output, bytes } = start(args, env);
  if (input !== undefined) child.stdin.write(input);
  if (!keepInputOpen) child.stdin.end();
  const code = await ended(child, RUN_LIMIT);
  return { code, stdout: Buffer.concat(bytes).toString('utf8'), stderr: output.stderr };
}

/** A `handfast serve` that listens. */
export interface Serving {
  readonly port: number;
  /** What it printed so far. */
  readonly log: () => string;
  /** Resolves when its output matches. */
  readonly logged: (pattern: RegExp) => Promise<void>;
  /** Sends SIGTERM and waits for the end. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Result>;
}

/** Starts `handfast serve` on a free port of 127.0.0.1, to be stopped at the end of the test. */
export async function serving(t: TestContext, args: readonly string[]): Promise<Serving> {
  const { child, output } = start(['serve', '--port', '0', ...args]);
  child.stdin.end();
  const end = ended(child, 2 * RUN_LIMIT);
  let hasEnded = false;
  void end.then(() => {
    hasEnded = true;
  });
  const logged = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(output.stdout)) {
      if (hasEnded)
        throw new Error(`serve ended before ${pattern} was printed: ${output.stdout}${output.stderr}`);
      await Promise.race([once(child.stdout, 'data'), end]);
    }
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<Result> => {
    child.kill(signal);
    return { code: await end, ...output };
  };
  t.after(() => (hasEnded ? undefined : stop('SIGKILL')));
  await logged(/listening on .*:(\d+): .*\n/);
  const port = Number(/listening on .*:(\d+): /.exec(output.stdout)?.[1]);
  return { port, log: () => output.stdout, logged, stop };
}

/** A folder that exists during one test, and a way to put files into it. */
export function folder(t: TestContext): {
  readonly path: string;
  readonly file: (name: string, content: string) => string;
} {
  const path = mkdtempSync(join(tmpdir(), 'handfast-test-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    file: (name, content) => {
      const full = join(path, name);
      writeFileSync(full, content);
      return full;
    },
  };
}
