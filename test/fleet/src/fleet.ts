/** Server processes, as their parent sees them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Message, Settings } from './settings.ts';

const SERVER = fileURLToPath(new URL('./server.js', import.meta.url));
const START_LIMIT = 20_000;

export interface Fleet {
  readonly ports: readonly number[];
  /** Whether each had a shared ticket key when it began. */
  readonly shared: boolean;
  /** What came early, in all processes together, in the order in which it was told. */
  readonly early: string[];
  readonly problems: string[];
  stop(): void;
}

/** Starts so many processes, together. */
export async function startFleet(size: number, settings: Settings): Promise<Fleet> {
  const children: ChildProcess[] = [];
  const early: string[] = [];
  const problems: string[] = [];
  const stop = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  const start = (): Promise<{ port: number; shared: boolean }> =>
    new Promise((resolve, reject) => {
      const child = fork(SERVER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      children.push(child);
      const limit = setTimeout(() => reject(new Error('a server process did not start')), START_LIMIT);
      child.on('exit', (code) => reject(new Error(`a server process ended with ${code}`)));
      child.on('message', (message: Message) => {
        if (message.type === 'early') early.push(message.text);
        else if (message.type === 'problem') problems.push(message.text);
        else {
          clearTimeout(limit);
          resolve(message);
        }
      });
      child.send(settings);
    });
  try {
    const started = await Promise.all(Array.from({ length: size }, start));
    return {
      ports: started.map(({ port }) => port),
      shared: started.every(({ shared }) => shared),
      early,
      problems,
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}
