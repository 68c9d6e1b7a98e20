/**
 * The matrix: version, suite, group, signature, client authentication and preference in every combination that means
 * something, handfast with itself in memory and with other stacks in both roles. Prints a table for each; exits with
 * 1 when a cell failed, or, in CI, when a peer that can be installed is not.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { killAll } from '../peers/process.ts';
import { Pki } from '../pki.ts';
import { type PeerResults, runPeer } from './campaign.ts';
import { runMemory } from './memory/index.ts';
import { PEERS } from './peers/index.ts';
import type { Peer } from './peers/peer.ts';
import { failureLines, peerTables, summary } from './table.ts';

const USAGE = `usage: npm run matrix -- [--peer NAME]... [--only TEXT]... [--memory-only] [--progress]
  --peer         with this one only, and not in memory: one of: ${PEERS.map(({ name }) => name).join(', ')}
  --only         cells whose description has this text, such as "ffdhe2048" or "client ed25519"; in memory,
                 sections whose name has it
  --memory-only  handfast with itself, and nobody else`;

function usage(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      options: {
        peer: { type: 'string', multiple: true },
        only: { type: 'string', multiple: true, default: [] },
        'memory-only': { type: 'boolean', default: false },
        progress: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return usage((error as Error).message);
  }
}

const { peer: names, only, progress, 'memory-only': memoryOnly } = options();
const stranger = names?.find((name) => !PEERS.some((peer) => peer.name === name));
if (stranger !== undefined) usage(`no peer is called ${stranger}`);

const pki = new Pki();
process.on('exit', () => {
  killAll();
  for (const peer of PEERS) peer.stop();
  pki.remove();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const memory = names === undefined ? runMemory(only) : { passed: 0, failed: 0 };

const results: PeerResults[] = [];
const missing: Peer[] = [];
const isMeant = ({ name }: Peer): boolean => names?.includes(name) ?? !memoryOnly;
for (const peer of PEERS.filter(isMeant)) {
  const version = peer.version();
  if (version === undefined) {
    missing.push(peer);
    continue;
  }
  const result = await runPeer(peer, version, pki, { only, progress });
  results.push(result);
  peer.stop();
  for (const line of peerTables(result)) console.log(line);
  for (const line of failureLines(result)) console.log(line);
}
if (results.length > 0) for (const line of summary(results)) console.log(line);
for (const { name, isOptional } of missing) {
  console.log(
    `${name}: not run, since ${isOptional ? 'this machine has none' : 'it is not installed (see install-peers.sh)'}`,
  );
}

const count = (kind: string): number =>
  results.flatMap(({ outcomes }) => outcomes).filter(({ outcome }) => outcome.kind === kind).length;
const missed = process.env['CI'] === 'true' ? missing.filter(({ isOptional }) => isOptional !== true) : [];
const passed = memory.passed + count('passed');
const failed = memory.failed + count('failed') + missed.length;
console.log(`\n${passed} passed, ${failed} failed`);
const tally = process.env['HANDFAST_TALLY'];
if (tally) appendFileSync(tally, `matrix ${passed} ${failed} ${missing.length - missed.length}\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
