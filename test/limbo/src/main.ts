/**
 * Judges every case of a file of C2SP/x509-limbo: `npm run limbo`, or `npm run limbo -- FILE...` for others than the one
 * among the test vectors. Prints a table by name space, and every case that does not end as expected with the reason;
 * exits with 1 when one of them is not explained.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { count, differences, type Tally, table } from './report.ts';
import { type CaseResult, LimboError, readLimbo, runCase, VECTORS_FOLDER } from './support.ts';

function usage(message: string): never {
  console.error(`${message}\nusage: npm run limbo -- [--only TEXT] [FILE...]`);
  process.exit(2);
}

function readArguments(): { readonly files: readonly string[]; readonly only?: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      options: { only: { type: 'string' } },
      allowPositionals: true,
    });
    return { files: positionals, only: values.only };
  } catch (error) {
    return usage((error as Error).message);
  }
}

function runFile(file: string, only: string | undefined): readonly CaseResult[] {
  try {
    const cases = readLimbo(readFileSync(file, 'utf8'));
    const asked = cases.filter(({ id }) => only === undefined || id.includes(only));
    if (asked.length === 0) usage(`${file}: no case has ${JSON.stringify(only)} in its id`);
    return asked.map((limbo) => runCase(limbo));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof LimboError) && code === undefined) throw error;
    return usage(`${file} cannot be used: ${(error as Error).message}`);
  }
}

function tell(file: string, results: readonly CaseResult[]): Tally {
  const tally = count(results);
  console.log(`x509-limbo: ${results.length} cases of ${file}\n`);
  console.log(table(results).join('\n'));
  const lines = differences(results);
  if (lines.length > 0) console.log(`\n${lines.join('\n')}`);
  console.log(`\n${tally.passed} passed, ${tally.failed} failed, 0 skipped`);
  if (tally.explained > 0) {
    console.log(
      `${tally.explained} differ on purpose, for the reasons above; they count neither as passed nor as failed`,
    );
  }
  return tally;
}

const { files, only } = readArguments();
const own = join(VECTORS_FOLDER, 'limbo.json');
if (files.length === 0 && !existsSync(own)) {
  console.log(`skipped: vectors not found (${own}; HANDFAST_VECTORS names their folder)`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}
const tallies = (files.length > 0 ? files : [own]).map((file) => tell(file, runFile(file, only)));
const sum = (key: keyof Tally): number => tallies.reduce((total, tally) => total + tally[key], 0);
if (process.env['HANDFAST_TALLY']) {
  appendFileSync(process.env['HANDFAST_TALLY'], `limbo ${sum('passed')} ${sum('failed')} 0\n`);
}
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
