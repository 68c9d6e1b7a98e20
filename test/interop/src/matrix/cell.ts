/** One combination, and what each side is told for it. */

import type { KeyKind } from '../pki.ts';
import {
  GROUPS,
  type Group,
  type GroupName,
  isCbc,
  SCHEMES,
  type Scheme,
  type SchemeName,
  SUITES,
  type Suite,
  type SuiteName,
  schemesOf,
  VERSIONS,
  type Version,
} from './axes.ts';

/** The side that handfast takes. */
export type Role = 'client' | 'server';

/**
 * A combination that must be agreed on. One side knows nothing else (`narrow`), and the other side knows all that it
 * can, so both a choice and an offer of handfast are tried.
 */
export interface Cell {
  readonly suite: Suite;
  /** Absent in RSA key transport, as `scheme` is. */
  readonly group: Group | undefined;
  /** What the server signs with. */
  readonly scheme: Scheme | undefined;
  /** What the client signs with; without it, clients are not asked. */
  readonly client: Scheme | undefined;
  readonly narrow: 'ours' | 'theirs';
  /** The wide side has the right group last, which in TLS 1.3 makes for a HelloRetryRequest where it is the client. */
  readonly last: boolean;
  readonly alpn: boolean;
  /** CBC suites: whether the peer is to know encrypt-then-MAC. */
  readonly encryptThenMac: boolean;
  /** TLS 1.2: whether the peer is to know the extended master secret. */
  readonly extendedMasterSecret: boolean;
  /** Both sides know two suites or groups, in opposite orders, and nothing else. */
  readonly contest?: Contest;
}

/** The cell's own suite or group wins, since whose order counts has it first. */
export type Contest = { readonly preference: 'server' | 'client' } & (
  | { readonly over: 'suite'; readonly loser: SuiteName }
  | { readonly over: 'group'; readonly loser: GroupName }
);

/** What one side may use, each list best first. */
export interface Terms {
  readonly versions: readonly Version[];
  readonly suites: readonly SuiteName[];
  readonly groups: readonly GroupName[];
  /** What the other side may sign with; where a stack has one list, also what this side may. */
  readonly schemes: readonly SchemeName[];
}

/** What a stack knows. */
export type Knowledge = Terms;

export const EVERYTHING: Knowledge = {
  versions: VERSIONS,
  suites: SUITES.map(({ name }) => name),
  groups: GROUPS.map(({ name }) => name),
  schemes: SCHEMES.map(({ name }) => name),
};

/** The list with one entry at its end, or at its beginning. */
function placed<T>(list: readonly T[], entry: T | undefined, last: boolean): readonly T[] {
  if (entry === undefined) return list;
  const others = list.filter((other) => other !== entry);
  return last ? [...others, entry] : [entry, ...others];
}

/** The curve of a key, as a group. */
export const CURVES: Readonly<Partial<Record<KeyKind, GroupName>>> = {
  p256: 'secp256r1',
  p384: 'secp384r1',
  p521: 'secp521r1',
};

/**
 * Curves that must stand beside the cell's group: in TLS 1.2 the list of groups speaks for the keys in certificates
 * too (RFC 8422 section 5.1.1).
 */
export function certificateCurves({ suite, group, scheme, client }: Cell): readonly GroupName[] {
  if (suite.version === 'TLSv1.3') return [];
  const curves = [scheme, client].flatMap((entry) => (entry && CURVES[entry.key]) ?? []);
  return [...new Set(curves)].filter((curve) => curve !== group?.name);
}

/** What the certificates of RSA keys are signed with. */
const RSA_CHAIN: SchemeName = 'rsa_pkcs1_sha256';

/** Only what the cell asks for, and what the client's certificates are signed with where that is wanted. */
export function narrowTerms(cell: Cell, withChain = false): Terms {
  const { suite, group, scheme, client } = cell;
  // Some servers want a client that could verify their certificate, although RSA key transport signs nothing.
  const schemes = [scheme?.name ?? RSA_CHAIN, ...(client === undefined ? [] : [client.name])];
  return {
    versions: [suite.version],
    suites: [suite.name],
    // A list of groups cannot be empty; nobody looks at it in RSA key transport.
    groups: [group?.name ?? 'x25519', ...certificateCurves(cell)],
    schemes: [...new Set(withChain && client?.key === 'rsa2048' ? [...schemes, RSA_CHAIN] : schemes)],
  };
}

/** All that a stack knows, with the cell's choice where it is not simply the first. */
export function wideTerms(cell: Cell, knowledge: Knowledge): Terms {
  const { suite, group } = cell;
  // Where the narrow side has two groups, both must want the same one.
  const last = cell.last && certificateCurves(cell).length === 0;
  return {
    versions: knowledge.versions,
    suites: placed(knowledge.suites, suite.name, true),
    groups: placed(knowledge.groups, group?.name, last),
    schemes: placed(knowledge.schemes, cell.scheme?.name, true),
  };
}

/**
 * The terms without the suites that do not go with the rest of them, and without versions that no suite is left for. A
 * suite says how the server signs, so a server's schemes, which are its clients', do not matter to it.
 */
export function consistent({ versions, suites, groups, schemes }: Terms, role: Role): Terms {
  const hasGroup = (kind: Group['kind']): boolean =>
    GROUPS.some((group) => group.kind === kind && groups.includes(group.name));
  const works = (suite: Suite): boolean =>
    suites.includes(suite.name) &&
    versions.includes(suite.version) &&
    (suite.keyExchange !== 'ECDHE' || hasGroup('ecdhe')) &&
    (suite.keyExchange !== 'DHE' || hasGroup('ffdhe')) &&
    ((role === 'server' && suite.version === 'TLSv1.2') ||
      schemesOf(suite).some((scheme) => scheme === undefined || schemes.includes(scheme.name)));
  const working = SUITES.filter(works);
  return {
    versions: versions.filter((version) => working.some((suite) => suite.version === version)),
    suites: suites.filter((name) => working.some((suite) => suite.name === name)),
    groups,
    schemes,
  };
}

/** What one side knows in a contest. */
export function contestTerms(cell: Cell, contest: Contest, side: Role): Terms {
  const narrow = narrowTerms(cell);
  const order = <T>(winners: readonly T[], loser: T): readonly T[] =>
    contest.preference === side ? [...winners, loser] : [loser, ...winners];
  return contest.over === 'suite'
    ? { ...narrow, suites: order(narrow.suites, contest.loser) }
    : { ...narrow, groups: order(narrow.groups, contest.loser) };
}

/** Says what the cell is about, in a line. */
export function describe(cell: Cell): string {
  const { suite, group, scheme, client, contest } = cell;
  if (contest !== undefined) {
    const [winner, side] = [contest.over === 'suite' ? suite.name : group?.name, contest.preference];
    return `${suite.version}, ${winner} before ${contest.loser} by the ${side}'s preference`;
  }
  return [
    suite.name,
    ...(group === undefined ? [] : [group.name]),
    ...(scheme === undefined ? [] : [scheme.name]),
    ...(client === undefined ? [] : [`client ${client.name}`]),
    `narrow ${cell.narrow}`,
    ...(cell.last ? ['group last'] : []),
    ...(cell.alpn ? ['alpn'] : []),
    ...(isCbc(suite) && !cell.encryptThenMac ? ['no encrypt-then-MAC'] : []),
    ...(suite.version === 'TLSv1.2' && !cell.extendedMasterSecret ? ['no extended master secret'] : []),
  ].join(', ');
}
