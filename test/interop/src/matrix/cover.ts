/** Which cells to try with a peer: every suite with every group, and every pair of the other values in some cell. */
import {
  clientSchemesOf,
  GROUPS,
  type Group,
  type GroupName,
  groupsOf,
  isCbc,
  SCHEMES,
  type Scheme,
  type SchemeName,
  SUITES,
  type Suite,
  type SuiteName,
  schemesOf,
} from './axes.ts';
import type { Cell } from './cell.ts';

/** Numbers that look random and are the same in every run (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** What a cell stands for in each of its respects: pairs of these are what is covered. */
function values(cell: Cell): string[] {
  const { suite } = cell;
  const exchange = `${suite.version} ${suite.keyExchange ?? ''}`;
  return [
    `exchange ${exchange}`,
    `group ${cell.group?.name}`,
    `scheme ${cell.scheme?.name}`,
    `client ${cell.client?.name}`,
    `narrow ${cell.narrow}`,
    `last ${cell.last}`,
    `alpn ${cell.alpn}`,
    ...(isCbc(suite) ? [`etm ${cell.encryptThenMac}`, suite.name] : []),
    ...(suite.version === 'TLSv1.2' ? [`ems ${cell.extendedMasterSecret}`] : []),
  ];
}

function pairs(cell: Cell): string[] {
  const all = values(cell);
  return all.flatMap((a, i) => all.slice(i + 1).map((b) => `${a}/${b}`));
}

/** How many random completions of a row are compared. */
const CANDIDATES = 40;
/** How many rows are added for pairs that the others leave out; what is left then cannot be had. */
const EXTRA_TRIES = 400;

/** Slow groups come with the first suite of each key exchange only. */
export function isWorth(suite: Suite, group: Cell['group']): boolean {
  if (group?.isSlow !== true) return true;
  const first = SUITES.find(
    ({ version, keyExchange }) => version === suite.version && keyExchange === suite.keyExchange,
  );
  return suite === first;
}

/** All pairs of suite and group. */
function skeleton(): Pick<Cell, 'suite' | 'group'>[] {
  return SUITES.flatMap((suite) =>
    groupsOf(suite)
      .filter((group) => isWorth(suite, group))
      .map((group) => ({ suite, group })),
  );
}

/** A cell with nothing special in it but what is given. */
export function plainCell(suite: Suite, group: Cell['group'], special: Partial<Cell> = {}): Cell {
  return {
    suite,
    group,
    scheme: schemesOf(suite)[0],
    client: undefined,
    narrow: 'ours',
    last: false,
    alpn: false,
    encryptThenMac: false,
    extendedMasterSecret: true,
    ...special,
  };
}

const suiteNamed = (name: SuiteName): Suite => SUITES.find((suite) => suite.name === name) as Suite;
const groupNamed = (name: GroupName): Group => GROUPS.find((group) => group.name === name) as Group;
const schemeNamed = (name: SchemeName): Scheme => SCHEMES.find((scheme) => scheme.name === name) as Scheme;

/**
 * Whose preference counts. No ChaCha20, which some servers move to the front for clients that have it there; and
 * groups in TLS 1.2 only, since in TLS 1.3 the key shares decide.
 */
function contests(): Cell[] {
  const group = groupNamed('secp256r1');
  const modern = plainCell(suiteNamed('TLS_AES_256_GCM_SHA384'), group, {
    scheme: schemeNamed('ecdsa_secp256r1_sha256'),
  });
  const classic = plainCell(suiteNamed('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'), group, {
    scheme: schemeNamed('rsa_pss_rsae_sha256'),
  });
  return (['server', 'client'] as const).flatMap((preference): Cell[] => [
    { ...modern, contest: { over: 'suite', preference, loser: 'TLS_AES_128_GCM_SHA256' } },
    { ...classic, contest: { over: 'suite', preference, loser: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' } },
    { ...classic, contest: { over: 'group', preference, loser: 'secp384r1' } },
  ]);
}

export interface Cover {
  /** Cells to try. */
  readonly cells: readonly Cell[];
  /** Pairs of suite and group in which nothing can be tried, and contests, each with the reason against it. */
  readonly impossible: readonly { readonly cell: Cell; readonly reason: string }[];
}

/** The cells for a peer that can do those to which `against` has no reason. */
export function cover(seed: number, against: (cell: Cell) => string | undefined): Cover {
  const random = randomNumbers(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const complete = (row: Pick<Cell, 'suite' | 'group'>): Cell => ({
    ...row,
    scheme: pick(schemesOf(row.suite)),
    client: random(2) === 0 ? undefined : pick(clientSchemesOf(row.suite)),
    narrow: pick(['ours', 'theirs'] as const),
    last: random(3) === 0,
    alpn: random(3) === 0,
    encryptThenMac: random(2) === 0,
    extendedMasterSecret: random(8) !== 0,
  });
  const covered = new Set<string>();
  const gain = (cell: Cell): number => pairs(cell).filter((pair) => !covered.has(pair)).length;
  const best = (row: Pick<Cell, 'suite' | 'group'>): Cell | undefined => {
    const candidates = Array.from({ length: CANDIDATES }, () => complete(row));
    const possible = candidates.filter((cell) => against(cell) === undefined);
    return possible.reduce<Cell | undefined>(
      (chosen, cell) => (chosen === undefined || gain(cell) > gain(chosen) ? cell : chosen),
      undefined,
    );
  };
  const cells: Cell[] = [];
  const impossible: { cell: Cell; reason: string }[] = [];
  const add = (cell: Cell): void => {
    cells.push(cell);
    for (const pair of pairs(cell)) covered.add(pair);
  };
  const rows = skeleton();
  for (const row of rows) {
    const cell = best(row);
    if (cell !== undefined) add(cell);
    else {
      const cell = plainCell(row.suite, row.group);
      impossible.push({ cell, reason: against(cell) ?? 'no kind of key goes with it' });
    }
  }
  for (let i = 0; i < EXTRA_TRIES; i++) {
    const cell = best(pick(rows.filter(({ group }) => group?.isSlow !== true)));
    // A row of its own must be worth it.
    if (cell !== undefined && gain(cell) >= 3) add(cell);
  }
  for (const cell of contests()) {
    const reason = against(cell);
    if (reason === undefined) cells.push(cell);
    else impossible.push({ cell, reason });
  }
  return { cells, impossible };
}
