/**
 * handfast scan beside sslscan and testssl.sh. Prints a table; exits with 1 when they disagree, or when a fault was
 * found that is none, or the other way round; and, in CI, when a program is not installed.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Comparison, compare, compareFaults, PROPERTIES, type Property } from './compare.ts';
import { ours } from './ours.ts';
import { Workshop } from './pki.ts';
import { freePort, isInstalled, stopAll } from './run.ts';
import { SERVERS, type TestServer } from './servers.ts';
import { sslscan } from './sslscan.ts';
import { testssl } from './testssl.ts';

const PROGRAMS = ['sslscan', 'testssl', 'nginx', 'openssl', 'selfserv', 'certutil', 'pk12util'];
const SCANNERS = ['sslscan', 'testssl'] as const;
type Scanner = (typeof SCANNERS)[number];

/** Servers that are scanned at a time: testssl.sh keeps a processor busy. */
const AT_A_TIME = 2;

interface Result {
  readonly server: TestServer;
  readonly comparisons: Readonly<Record<Scanner, Comparison>>;
  readonly faults: readonly string[];
  readonly connections: number;
  readonly error?: string;
}

const NOTHING = Object.fromEntries(PROPERTIES.map((property) => [property, undefined])) as Comparison;

async function judge(server: TestServer, workshop: Workshop, withTestssl: boolean): Promise<Result> {
  const port = await freePort();
  const running = await server.start(workshop, port);
  try {
    const found = await ours(port, workshop.authorities);
    const file = join(workshop.folder, `testssl-${port}.json`);
    const first = await sslscan(port, server.withoutGroups === true);
    const second = withTestssl ? await testssl(port, file, server.compareOrder === true) : undefined;
    const comparisons = {
      sslscan: compare(found, first),
      testssl: second === undefined ? NOTHING : compare(found, second),
    };
    const faults = compareFaults(found.faults, server.faults);
    return { server, comparisons, faults, connections: found.connections };
  } finally {
    running.stop();
  }
}

/** Never rejects: what went wrong is the result. */
async function attempt(server: TestServer, workshop: Workshop, withTestssl: boolean): Promise<Result> {
  try {
    return await judge(server, workshop, withTestssl);
  } catch (error) {
    const comparisons = { sslscan: NOTHING, testssl: NOTHING };
    return { server, comparisons, faults: [], connections: 0, error: (error as Error).message };
  }
}

/** The differences that count: those that a scanner is known to be blind for are left out. */
function differences(
  { server, comparisons }: Result,
  scanner: Scanner,
  property: Property,
): readonly string[] | undefined {
  return server.blind?.[scanner]?.[property] === undefined ? comparisons[scanner][property] : undefined;
}

function mark(found: readonly string[] | undefined): string {
  return found === undefined ? '·' : found.length === 0 ? '✔' : '✘';
}

const NAME_WIDTH = 38;
const CELL_WIDTH = 9;

function row(result: Result): string {
  const cells = PROPERTIES.map((property) =>
    SCANNERS.map((scanner) => mark(differences(result, scanner, property))).join(' '),
  );
  const all = [...cells, mark(result.error === undefined ? result.faults : [result.error])];
  const name = result.server.name.padEnd(NAME_WIDTH);
  return `${name}${all.map((cell) => cell.padEnd(CELL_WIDTH)).join('')}${result.connections}`;
}

function complaints(result: Result): string[] {
  const { server, error, faults } = result;
  const lines = [
    ...(error === undefined ? [] : [error]),
    ...SCANNERS.flatMap((scanner) =>
      PROPERTIES.flatMap((property) =>
        (differences(result, scanner, property) ?? []).map((text) => `${scanner}: ${property}: ${text}`),
      ),
    ),
    ...faults,
  ];
  return lines.length === 0 ? [] : ['', `${server.name}:`, ...lines.map((line) => `  ${line}`)];
}

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } },
});
const chosen = SERVERS.filter(({ name }) => values.only?.some((text) => name.includes(text)) ?? true);
const missing = PROGRAMS.filter((program) => !isInstalled(program));
const workshop = new Workshop();
process.on('exit', () => {
  stopAll();
  workshop.remove();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const results: Result[] = [];
if (missing.length === 0) {
  const waiting = [...chosen];
  const worker = async (): Promise<void> => {
    for (let server = waiting.shift(); server !== undefined; server = waiting.shift()) {
      results.push(await attempt(server, workshop, !values.quick));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
results.sort((a, b) => SERVERS.indexOf(a.server) - SERVERS.indexOf(b.server));

console.log(
  'handfast scan beside sslscan and testssl.sh, in this order: ✔ they agree, ✘ they differ, · not told\n',
);
const headings = [...PROPERTIES, 'faults', 'connections'].map((text) => text.padEnd(CELL_WIDTH));
console.log(`${''.padEnd(NAME_WIDTH)}${headings.join('')}`.trimEnd());
for (const result of results) console.log(row(result));
for (const line of results.flatMap(complaints)) console.log(line);
for (const { server } of results) {
  for (const [scanner, reasons] of Object.entries(server.blind ?? {})) {
    for (const [property, reason] of Object.entries(reasons)) {
      console.log(`\n${server.name}: ${property} not compared with ${scanner}: ${reason}`);
    }
  }
}
if (missing.length > 0) console.log(`not run: ${missing.join(', ')} not installed (see install-tools.sh)`);

const outcomes = results.flatMap((result) => [
  result.error === undefined && result.faults.length === 0,
  ...SCANNERS.flatMap((scanner) =>
    PROPERTIES.flatMap((property) => {
      const found = differences(result, scanner, property);
      return found === undefined ? [] : [found.length === 0];
    }),
  ),
]);
const passed = outcomes.filter((ok) => ok).length;
const mustHaveAll = process.env['CI'] === 'true';
const failed = outcomes.length - passed + (mustHaveAll ? missing.length : 0);
const skipped = mustHaveAll ? 0 : missing.length;
console.log(`\n${passed} passed, ${failed} failed`);
const tally = process.env['HANDFAST_TALLY'];
if (tally) appendFileSync(tally, `scan ${passed} ${failed} ${skipped}\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
