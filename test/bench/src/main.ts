/**
 * handfast beside node:tls and node:crypto's X509Certificate, in one run. Prints absolute figures, and ratios to theirs, taken
 * round by round. Nothing here judges the figures.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { certificateContests, time } from './certificates.ts';
import { memoryHandshakes } from './memory.ts';
import { Pairing, type Sample } from './pairing.ts';
import { type Figure, table } from './report.ts';
import { makeSetup } from './setup.ts';
import { summarize } from './statistics.ts';

const USAGE = `usage: npm run bench -- [--quick] [--json] [--only certificates|memory|handshake|bulk]...
  --quick  a few rounds of little: shows that it runs, measures nothing
  --json   the figures as JSON`;

const PARTS = ['certificates', 'memory', 'handshake', 'bulk'] as const;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [...PARTS] },
      },
    });
    const stranger = values.only.find((part) => !PARTS.some((known) => known === part));
    if (stranger !== undefined) throw new Error(`there is no part called ${stranger}`);
    return values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return process.exit(2);
  }
}

const { quick, json, only } = options();
const SIZES = quick
  ? { rounds: 2, handshakes: 20, bytes: 2 << 20, memory: 20, warmUp: 10, certificates: 10 }
  : { rounds: 9, handshakes: 400, bytes: 64 << 20, memory: 500, warmUp: 1200, certificates: 3000 };

/** A quantity of a sample, and how it is called. */
interface Quantity {
  readonly what: string;
  readonly unit: string;
  of(sample: Sample): number;
}

const HANDSHAKE: readonly Quantity[] = [
  { what: 'Full handshakes', unit: 'per s', of: ({ wall }) => SIZES.handshakes / (wall / 1000) },
  { what: 'CPU of the client', unit: 'us', of: ({ client }) => client / SIZES.handshakes },
  { what: 'CPU of the server', unit: 'us', of: ({ server }) => server / SIZES.handshakes },
];

const MEGABYTE = 1e6;

function bulk(way: 'upload' | 'download'): readonly Quantity[] {
  const megabytes = SIZES.bytes / MEGABYTE;
  return [
    { what: `Bulk, ${way}`, unit: 'MB/s', of: ({ wall }) => megabytes / (wall / 1000) },
    { what: `CPU of the client, ${way}`, unit: 'us/MB', of: ({ client }) => client / megabytes },
    { what: `CPU of the server, ${way}`, unit: 'us/MB', of: ({ server }) => server / megabytes },
  ];
}

/** One sample of each pairing in each round. The order turns, so that none is always first. */
async function rounds(pairings: readonly Pairing[], measure: (pairing: Pairing) => Promise<Sample>) {
  const samples = pairings.map((): Sample[] => []);
  for (let round = 0; round < SIZES.rounds; round++) {
    for (let i = 0; i < pairings.length; i++) {
      const turn = (i + round) % pairings.length;
      const pairing = pairings[turn];
      if (pairing !== undefined) samples[turn]?.push(await measure(pairing));
    }
  }
  return samples;
}

function figures(
  pairings: readonly Pairing[],
  samples: readonly (readonly Sample[])[],
  quantities: readonly Quantity[],
): Figure[] {
  return quantities.flatMap(({ what, unit, of }) =>
    pairings.map(({ name }, i): Figure => {
      const values = (samples[i] ?? []).map(of);
      const base = (samples[0] ?? []).map(of);
      const ratios = values.map((value, round) => value / (base[round] ?? Number.NaN));
      return {
        what,
        unit,
        pairing: name,
        value: summarize(values),
        ...(i > 0 && { ratio: summarize(ratios) }),
      };
    }),
  );
}

const results: Figure[] = [];
const setup = makeSetup();

if (only.includes('certificates')) {
  for (const { what, contestants } of certificateContests()) {
    for (const contestant of contestants) time(contestant, SIZES.warmUp);
    const values = contestants.map((): number[] => []);
    for (let round = 0; round < SIZES.rounds; round++) {
      for (let i = 0; i < contestants.length; i++) {
        const turn = (i + round) % contestants.length;
        const contestant = contestants[turn];
        if (contestant !== undefined) values[turn]?.push(time(contestant, SIZES.certificates));
      }
    }
    for (const [i, { name }] of contestants.entries()) {
      const [own = [], base = []] = [values[i], values[0]];
      const ratios = own.map((value, round) => value / (base[round] ?? Number.NaN));
      results.push({
        what,
        unit: 'us',
        pairing: name,
        value: summarize(own),
        ...(i > 0 && { ratio: summarize(ratios) }),
      });
    }
  }
}

if (only.includes('memory')) {
  memoryHandshakes(setup, SIZES.warmUp);
  const samples = Array.from({ length: SIZES.rounds }, () => memoryHandshakes(setup, SIZES.memory));
  const add = (what: string, unit: string, values: readonly number[]): void => {
    results.push({ what, unit, pairing: 'handfast > handfast', value: summarize(values) });
  };
  add(
    'Handshakes in memory',
    'per CPU s',
    samples.map(({ client, server }) => 1e6 / (client + server)),
  );
  add(
    'CPU of the client, in memory',
    'us',
    samples.map(({ client }) => client),
  );
  add(
    'CPU of the server, in memory',
    'us',
    samples.map(({ server }) => server),
  );
}

if (only.includes('handshake') || only.includes('bulk')) {
  // The first is what the others are compared with.
  const pairings = [
    new Pairing('node:tls', 'node:tls'),
    new Pairing('handfast', 'node:tls'),
    new Pairing('node:tls', 'handfast'),
    new Pairing('handfast', 'handfast'),
    new Pairing('tcp', 'tcp'),
  ];
  try {
    for (const pairing of pairings) {
      await pairing.prepare(setup);
      await pairing.measure({ do: 'handshakes', count: SIZES.warmUp });
    }
    if (only.includes('handshake')) {
      const samples = await rounds(pairings, (pairing) =>
        pairing.measure({ do: 'handshakes', count: SIZES.handshakes }),
      );
      results.push(...figures(pairings, samples, HANDSHAKE));
    }
    if (only.includes('bulk')) {
      for (const way of ['upload', 'download'] as const) {
        for (const pairing of pairings) await pairing.measure({ do: way, bytes: SIZES.bytes });
        const samples = await rounds(pairings, (pairing) => pairing.measure({ do: way, bytes: SIZES.bytes }));
        results.push(...figures(pairings, samples, bulk(way)));
      }
    }
  } finally {
    for (const pairing of pairings) pairing.stop();
  }
}

if (json) {
  console.log(
    JSON.stringify({ node: process.versions.node, quick, sizes: SIZES, figures: results }, undefined, 2),
  );
} else {
  const [cpu] = cpus();
  console.log(
    `Certificates: CPU time. Connections: TLS 1.3, x25519, AES-128-GCM, ECDSA P-256 leaf and intermediate below a root; no resumption.
Node ${process.versions.node}, ${cpus().length} x ${cpu?.model ?? 'unknown CPU'}; medians of ${SIZES.rounds} rounds${quick ? '; --quick, so these are no measurements' : ''}.
Pairings are client > server, each side in its own process; ratios are to the first line of their block.`,
  );
  for (const line of table(results)) console.log(line);
}
