/** Programs that judge one chain each time they run: a shell runs them one after another, and several shells side by side. */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** What was printed, and whether the program was content. */
export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

const BATCH = 100;
/** Milliseconds for a batch: a hundred times what it takes. */
const BATCH_LIMIT = 120_000;
const MARK = '=== exit ';

function runBatch(commands: readonly string[], folder: string, script: string): Promise<readonly Outcome[]> {
  const lines = commands.map((command) => `${command} 2>&1; status=$?; echo; echo "${MARK}$status"\n`);
  writeFileSync(script, lines.join(''));
  return new Promise((resolve, reject) => {
    execFile(
      'sh',
      [script],
      { cwd: folder, timeout: BATCH_LIMIT, maxBuffer: 1 << 26, encoding: 'latin1' },
      (error, stdout) => {
        if (error?.killed) return reject(new Error(`a batch was not done after ${BATCH_LIMIT / 1000} s`));
        const outcomes: Outcome[] = [];
        let text = '';
        for (const line of stdout.split('\n')) {
          if (line.startsWith(MARK)) {
            outcomes.push({ ok: line === `${MARK}0`, output: text.trim() });
            text = '';
          } else text += `${line}\n`;
        }
        if (outcomes.length !== commands.length) {
          return reject(new Error(`${commands.length} commands were run, and ${outcomes.length} answered`));
        }
        resolve(outcomes);
      },
    );
  });
}

/** Runs all commands. @throws when one does not end, or when answers are missing. */
export async function runAll(commands: readonly string[], folder: string, label: string): Promise<Outcome[]> {
  const batches: string[][] = [];
  for (let i = 0; i < commands.length; i += BATCH) batches.push(commands.slice(i, i + BATCH));
  const results: (readonly Outcome[])[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < batches.length) {
      const index = next++;
      results[index] = await runBatch(batches[index] ?? [], folder, join(folder, `${label}-${index}.sh`));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results.flat();
}

/** The first line in which a program tells its version that matches. */
export function programVersion(path: string, args: readonly string[], pattern: RegExp): string | undefined {
  const { stdout } = spawnSync(path, args, {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return pattern.exec(stdout ?? '')?.[1];
}
