/** What came out with a peer, as tables of at most 120 columns. */
import { styleText } from 'node:util';
import { GROUPS, isCbc, SCHEMES, type Scheme, SUITES, type Suite, VERSIONS, type Version } from './axes.ts';
import type { CellOutcome, PeerResults } from './campaign.ts';
import { type Cell, describe, type Role } from './cell.ts';
import { plainCell } from './cover.ts';
import { reasonAgainst } from './peers/peer.ts';

const LABEL = 33;
/** TLS 1.3 has more groups and shorter names. */
const SHORT_LABEL = 26;
const FIELD = 6;

type Style = Parameters<typeof styleText>[0];

/** Colours on a terminal only. */
export function paint(style: Style, text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text;
}

type Select = (cell: Cell) => boolean;

const count = (outcomes: readonly CellOutcome[], kind: string): number =>
  outcomes.filter(({ outcome }) => outcome.kind === kind).length;

/**
 * How many passed with handfast as client and as server: `2/2`, `1!/2` where something failed, `-` where the peer
 * cannot, and nothing where nothing is meant.
 */
function field(
  outcomes: readonly CellOutcome[],
  select: Select,
  cannot: (role: Role) => boolean = () => false,
  width = FIELD,
): string {
  const selected = outcomes.filter(({ cell }) => select(cell));
  const half = (role: Role): string => {
    const own = selected.filter((entry) => entry.role === role);
    const passed = count(own, 'passed');
    if (count(own, 'failed') > 0) return `${passed}!`;
    if (passed > 0) return String(passed);
    return count(own, 'not applicable') > 0 || cannot(role) ? '-' : '';
  };
  const [client, server] = [half('client'), half('server')];
  const text = (client === '' && server === '' ? '' : `${client}/${server}`).padStart(width);
  if (text.includes('!')) return paint('red', text);
  return paint(/\d/.test(text) ? 'green' : 'dim', text);
}

function heading(label: string, columns: readonly string[], width = LABEL): string {
  return paint('bold', label.padEnd(width) + columns.map((column) => column.padStart(FIELD)).join(''));
}

/** The suite's name without what every name has, and without what the cipher implies. */
function label({ keyExchange, authentication, cipher, hash }: Suite): string {
  const exchange = keyExchange === 'RSA' ? 'RSA ' : keyExchange && `${keyExchange}_${authentication} `;
  return `  ${exchange ?? ''}${cipher}${cipher.endsWith('CBC') ? `_${hash}` : ''}`;
}

function suiteTable(version: Version, { outcomes }: PeerResults): string[] {
  const isNew = version === 'TLSv1.3';
  const width = isNew ? SHORT_LABEL : LABEL;
  const named = GROUPS.filter(({ kind }) => isNew || kind === 'ecdhe' || kind === 'ffdhe');
  const groups = isNew ? named : [...named, undefined];
  const heads = groups.map((group) => group?.short ?? 'RSA');
  const line = (suite: Suite): string => {
    const own = outcomes.filter(({ cell }) => cell.suite === suite && cell.contest === undefined);
    const fields = groups.map((group) => field(own, (cell) => cell.group === group));
    return (label(suite).padEnd(width) + fields.join('')).trimEnd();
  };
  return [heading(version, heads, width), ...SUITES.filter((suite) => suite.version === version).map(line)];
}

/** Columns of the table of signatures: who signs, in which kind of handshake. */
const SIGNATURES: readonly (readonly [
  head: string,
  by: 'scheme' | 'client',
  of: (suite: Suite) => boolean,
])[] = (['scheme', 'client'] as const).flatMap((by) => [
  ['1.3', by, ({ version }: Suite) => version === 'TLSv1.3'] as const,
  ['ECDHE', by, ({ keyExchange }: Suite) => keyExchange === 'ECDHE'] as const,
  ['DHE', by, ({ keyExchange }: Suite) => keyExchange === 'DHE'] as const,
  ...(by === 'client' ? [['RSA', by, ({ keyExchange }: Suite) => keyExchange === 'RSA'] as const] : []),
]);

/** Whether a peer can do none of these suites with something special. */
function cannotAll(
  { peer }: PeerResults,
  role: Role,
  suites: readonly Suite[],
  special: Partial<Cell>,
): boolean {
  return suites.every(
    (suite) => reasonAgainst(peer.lacks, role, plainCell(suite, undefined, special)) !== undefined,
  );
}

function signatureTable(result: PeerResults): string[] {
  const { outcomes } = result;
  const line = (scheme: Scheme): string => {
    const fields = SIGNATURES.map(([, by, of]) => {
      const meant = SUITES.filter((suite) => of(suite) && scheme.versions.includes(suite.version));
      return field(
        // What nobody can is counted by its suite and group, and stands for no scheme.
        outcomes.filter(({ outcome }) => outcome.kind !== 'not applicable'),
        (cell) => of(cell.suite) && cell[by] === scheme,
        (role) => meant.length > 0 && cannotAll(result, role, meant, { [by]: scheme }),
      );
    });
    return (`  ${scheme.name}`.padEnd(LABEL) + fields.join('')).trimEnd();
  };
  const who = 'the server signs'.padStart(LABEL + 3 * FIELD) + 'the client signs'.padStart(4 * FIELD);
  return [
    paint('bold', who),
    heading(
      'signature',
      SIGNATURES.map(([head]) => head),
    ),
    ...SCHEMES.map(line),
  ];
}

/** What else a cell can have; `special` is the least of it, to ask whether a peer can. */
const OPTIONS: readonly {
  readonly name: string;
  readonly select: Select;
  readonly special?: Partial<Cell>;
  readonly suites?: (suite: Suite) => boolean;
}[] = [
  {
    name: 'one choice here, all there',
    select: ({ narrow, contest }) => narrow === 'ours' && contest === undefined,
  },
  { name: 'all here, one choice there', select: ({ narrow }) => narrow === 'theirs' },
  { name: 'right group last', select: ({ last }) => last },
  { name: 'application protocol', select: ({ alpn }) => alpn, special: { alpn: true } },
  { name: 'client authentication', select: ({ client }) => client !== undefined },
  { name: "server's preference", select: ({ contest }) => contest?.preference === 'server' },
  { name: "client's preference", select: ({ contest }) => contest?.preference === 'client' },
  {
    name: 'encrypt-then-MAC',
    select: ({ suite, encryptThenMac }) => isCbc(suite) && encryptThenMac,
    special: { encryptThenMac: true },
    suites: isCbc,
  },
  {
    name: 'MAC-then-encrypt',
    select: ({ suite, encryptThenMac }) => isCbc(suite) && !encryptThenMac,
    special: { encryptThenMac: false },
    suites: isCbc,
  },
  {
    name: 'no extended master secret',
    select: ({ suite, extendedMasterSecret }) => suite.version === 'TLSv1.2' && !extendedMasterSecret,
    special: { extendedMasterSecret: false },
    suites: ({ version }) => version === 'TLSv1.2',
  },
];

function optionTable(result: PeerResults): string[] {
  const { outcomes } = result;
  const lines = OPTIONS.map(({ name, select, special, suites = () => true }) => {
    const fields = VERSIONS.map((version) => {
      const meant = SUITES.filter((suite) => suite.version === version && suites(suite));
      const cannot = (role: Role): boolean =>
        special !== undefined && meant.length > 0 && cannotAll(result, role, meant, special);
      return field(outcomes, (cell) => cell.suite.version === version && select(cell), cannot, 2 * FIELD);
    });
    return (`  ${name}`.padEnd(LABEL) + fields.join('')).trimEnd();
  });
  const heads = VERSIONS.map((version) => version.padStart(2 * FIELD)).join('');
  return [paint('bold', 'options'.padEnd(LABEL) + heads), ...lines];
}

/** Every reason that stands against something, once, in lines of this width. */
const WIDTH = 118;

function cannotLines({ peer }: PeerResults): string[] {
  const reasons = peer.lacks.map(({ reason, role }) =>
    role === undefined ? reason : `${reason} (handfast as ${role})`,
  );
  const lines: string[] = [];
  for (const reason of [...new Set(reasons)].map((text, i, all) =>
    i < all.length - 1 ? `${text};` : text,
  )) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + reason.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${reason}`;
    else lines.push(lines.length === 0 ? `cannot (-): ${reason}` : `  ${reason}`);
  }
  return lines;
}

/** All tables of one peer. */
export function peerTables(result: PeerResults): string[] {
  const { peer, version, outcomes, seconds } = result;
  const passed = count(outcomes, 'passed');
  const failed = count(outcomes, 'failed');
  const head = `${peer.name} ${version} (${peer.library}): ${passed} passed, ${failed} failed in ${seconds.toFixed(0)} s; each field: handfast as client/as server`;
  return [
    '',
    paint(failed > 0 ? ['bold', 'red'] : 'bold', head),
    ...suiteTable('TLSv1.3', result),
    ...suiteTable('TLSv1.2', result),
    ...signatureTable(result),
    ...optionTable(result),
    ...cannotLines(result),
  ];
}

const SHOWN_FAILURES = 10;

/** The first failures, with what both sides say. */
export function failureLines({ peer, outcomes }: PeerResults): string[] {
  const failed = outcomes.filter(({ outcome }) => outcome.kind === 'failed');
  const indent = (text: string, by: string): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) => `${by}${line}`);
  const lines = failed
    .slice(0, SHOWN_FAILURES)
    .flatMap(({ cell, role, outcome }) =>
      outcome.kind !== 'failed'
        ? []
        : [
            '',
            `FAILED ${peer.name}, handfast as ${role}: ${describe(cell)}`,
            ...indent(outcome.error, '  '),
            ...indent(outcome.account, '  | '),
          ],
    );
  const more = failed.length - SHOWN_FAILURES;
  return more > 0 ? [...lines, '', `${more} more failures with ${peer.name}`] : lines;
}

/** A row for each peer. */
export function summary(results: readonly PeerResults[]): string[] {
  const columns: readonly (readonly [string, Select])[] = [
    ['1.3', ({ suite }) => suite.version === 'TLSv1.3'],
    ['ECDHE', ({ suite }) => suite.keyExchange === 'ECDHE'],
    ['DHE', ({ suite }) => suite.keyExchange === 'DHE'],
    ['RSA', ({ suite }) => suite.keyExchange === 'RSA'],
    ['CBC', ({ suite }) => isCbc(suite)],
    ['mutual', ({ client }) => client !== undefined],
  ];
  const width = 2 * FIELD;
  const heads = columns.map(([name]) => name.padStart(width)).join('');
  return [
    '',
    paint('bold', 'as client/as server'.padEnd(LABEL) + heads),
    ...results.map(({ peer, version, outcomes }) => {
      const fields = columns.map(([, select]) => field(outcomes, select, undefined, width));
      return `${peer.name} ${version} (${peer.library})`.padEnd(LABEL) + fields.join('');
    }),
  ];
}
