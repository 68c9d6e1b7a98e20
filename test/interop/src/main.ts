/**
 * handfast against other TLS stacks, in both roles. Prints a matrix; exits with 1 when a trial failed, or, in CI,
 * when a peer is not installed.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { matrix } from './matrix.ts';
import { PEERS } from './peers/index.ts';
import { killAll } from './peers/process.ts';
import { Pki } from './pki.ts';
import { type Result, runTrial, type Trial } from './run.ts';
import { peerTrials } from './scenarios.ts';
import { TSHARK, tsharkTrials, tsharkVersion } from './tshark.ts';

const USAGE = `usage: npm run interop -- [--peer NAME]... [--only COLUMN[/SCENARIO]]... [--progress]
peers: ${[...PEERS.map(({ name }) => name), TSHARK].join(', ')}`;

/** Those who are tried with handfast, in the order of the matrix. */
const CONTESTANTS: readonly {
  readonly name: string;
  version(): string | undefined;
  trials(pki: Pki): Trial[];
}[] = [
  ...PEERS.map((peer) => ({
    name: peer.name,
    version: () => peer.version(),
    trials: (pki: Pki) => peerTrials(peer, pki),
  })),
  { name: TSHARK, version: tsharkVersion, trials: tsharkTrials },
];

function usage(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      options: {
        peer: { type: 'string', multiple: true, default: CONTESTANTS.map(({ name }) => name) },
        only: { type: 'string', multiple: true },
        progress: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return usage((error as Error).message);
  }
}

function printFailure({ trial, outcome }: Result): void {
  if (outcome.kind !== 'failed') return;
  console.log(`\nFAILED ${trial.peer}, our side as ${trial.role}: ${trial.column}/${trial.name}`);
  console.log(`  ${outcome.error.trim().replaceAll('\n', '\n  ')}`);
  if (outcome.account !== '')
    console.log(`  the other side:\n  | ${outcome.account.trim().replaceAll('\n', '\n  | ')}`);
}

const { peer: names, only, progress } = options();
const stranger = names.find((name) => !CONTESTANTS.some((contestant) => contestant.name === name));
if (stranger !== undefined) usage(`no peer is called ${stranger}`);

const versions = new Map<string, string>();
const missing: string[] = [];
const trials: Trial[] = [];
const pki = new Pki();
process.on('exit', () => {
  killAll();
  pki.remove();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

for (const contestant of CONTESTANTS.filter(({ name }) => names.includes(name))) {
  const version = contestant.version();
  if (version === undefined) {
    missing.push(contestant.name);
    continue;
  }
  versions.set(contestant.name, version);
  trials.push(
    ...contestant
      .trials(pki)
      .filter(
        ({ column, name }) => only?.some((text) => text === column || text === `${column}/${name}`) ?? true,
      ),
  );
}

const results: Result[] = [];
for (const trial of trials) {
  const result = await runTrial(trial);
  results.push(result);
  if (progress)
    console.log(`${trial.peer} ${trial.role} ${trial.column}/${trial.name}: ${result.outcome.kind}`);
}

for (const line of matrix(versions, results)) console.log(line);
for (const name of missing)
  console.log(`\n${name}: not run, since it is not installed (see install-peers.sh)`);
for (const result of results) printFailure(result);

const count = (kind: string): number => results.filter(({ outcome }) => outcome.kind === kind).length;
const mustHaveAll = process.env['CI'] === 'true';
const passed = count('passed');
const failed = count('failed') + (mustHaveAll ? missing.length : 0);
const skipped = mustHaveAll ? 0 : missing.length;
console.log(`\n${passed} passed, ${failed} failed`);
const tally = process.env['HANDFAST_TALLY'];
if (tally) appendFileSync(tally, `interop ${passed} ${failed} ${skipped}\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
