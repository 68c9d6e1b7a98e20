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
import { PEERS as SESSION_PEERS } from './sessions/peers/index.ts';
import { sessionTrials } from './sessions/scenarios.ts';
import { TSHARK, tsharkTrials, tsharkVersion } from './tshark.ts';

interface Contestant {
  readonly name: string;
  /** Nothing installs it. */
  readonly isOptional?: true;
  version(): string | undefined;
  trials(pki: Pki): Trial[];
}

const contestants: readonly Contestant[] = [
  ...PEERS.map((peer) => ({
    name: peer.name,
    version: peer.version,
    trials: (pki: Pki) => peerTrials(peer, pki),
  })),
  { name: TSHARK, version: tsharkVersion, trials: tsharkTrials },
  ...SESSION_PEERS.map((peer) => ({
    ...peer,
    trials: (pki: Pki) => sessionTrials(peer, pki),
  })),
];

/** Those who are tried with handfast, in the order of the matrix; who is there for both is one. */
const CONTESTANTS: readonly Contestant[] = [...new Set(contestants.map(({ name }) => name))].flatMap(
  (name) => {
    const [first, ...others] = contestants.filter((contestant) => contestant.name === name);
    return first === undefined
      ? []
      : [{ ...first, trials: (pki: Pki) => [first, ...others].flatMap(({ trials }) => trials(pki)) }];
  },
);

const USAGE = `usage: npm run interop -- [--peer NAME]... [--only COLUMN[/SCENARIO]]... [--progress]
peers: ${CONTESTANTS.map(({ name }) => name).join(', ')}`;

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
const missing: Contestant[] = [];
const trials: Trial[] = [];
const pki = new Pki();
process.on('exit', () => {
  killAll();
  for (const peer of SESSION_PEERS) peer.stop();
  pki.remove();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

for (const contestant of CONTESTANTS.filter(({ name }) => names.includes(name))) {
  const version = contestant.version();
  if (version === undefined) {
    missing.push(contestant);
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
for (const { name, isOptional } of missing)
  console.log(
    `\n${name}: not run, since ${isOptional ? 'this machine has none' : 'it is not installed (see install-peers.sh)'}`,
  );
for (const result of results) printFailure(result);

const count = (kind: string): number => results.filter(({ outcome }) => outcome.kind === kind).length;
const missed = process.env['CI'] === 'true' ? missing.filter(({ isOptional }) => isOptional !== true) : [];
const passed = count('passed');
const failed = count('failed') + missed.length;
const skipped = missing.length - missed.length;
console.log(`\n${passed} passed, ${failed} failed`);
const tally = process.env['HANDFAST_TALLY'];
if (tally) appendFileSync(tally, `interop ${passed} ${failed} ${skipped}\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
