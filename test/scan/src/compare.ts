/** Two reports, property by property. */
import type { OurReport } from './ours.ts';
import type { Report, Version } from './report.ts';

/** What is compared, in the order of the table. */
export const PROPERTIES = ['versions', 'suites', 'groups', 'schemes', 'order', 'others'] as const;
export type Property = (typeof PROPERTIES)[number];

/** `undefined` where the other scanner says nothing; else the differences, none where both agree. */
export type Comparison = Readonly<Record<Property, readonly string[] | undefined>>;

function difference(what: string, ours: readonly string[], theirs: readonly string[]): string[] {
  const onlyOurs = ours.filter((value) => !theirs.includes(value));
  const onlyTheirs = theirs.filter((value) => !ours.includes(value));
  return [
    ...(onlyOurs.length === 0 ? [] : [`${what}: only handfast finds ${onlyOurs.join(', ')}`]),
    ...(onlyTheirs.length === 0 ? [] : [`${what}: handfast does not find ${onlyTheirs.join(', ')}`]),
  ];
}

type Lists = Readonly<Partial<Record<Version, readonly string[]>>>;

/** Compares what the other scanner lists; a version for which it has no list is one that it does not ask about. */
function lists(ours: Lists | undefined, theirs: Lists | undefined): string[] | undefined {
  const told = Object.entries(theirs ?? {}) as [Version, readonly string[]][];
  if (told.length === 0) return undefined;
  return told.flatMap(([version, list]) => difference(version, ours?.[version] ?? [], list));
}

function fact<T>(what: string, ours: T | undefined, theirs: T | undefined): string[] | undefined {
  if (theirs === undefined || ours === undefined) return undefined;
  return ours === theirs ? [] : [`${what}: handfast says ${ours}, the other ${theirs}`];
}

function all(...parts: readonly (string[] | undefined)[]): string[] | undefined {
  const told = parts.filter((part) => part !== undefined);
  return told.length === 0 ? undefined : told.flat();
}

/** With an empty list for every version that a scanner found without suites; suites of SSL are asked for by few. */
function suitesOf({ versions, suites }: Report): Lists {
  const asked = versions.filter((version) => version.startsWith('TLS'));
  return { ...Object.fromEntries(asked.map((version) => [version, []])), ...suites };
}

/** Scanners that name no hybrid group know none: they are older than those. */
function withoutHybrids({ groups = {} }: Report, theirs: Report): Lists {
  const isHybrid = (name: string): boolean => /MLKEM/.test(name);
  if (Object.values(theirs.groups ?? {}).some((list) => list.some(isHybrid))) return groups;
  return Object.fromEntries(
    Object.entries(groups).map(([version, list]) => [version, list.filter((name) => !isHybrid(name))]),
  );
}

export function compare(ours: OurReport, theirs: Report): Comparison {
  return {
    versions: difference('versions', ours.versions, theirs.versions),
    suites: lists(ours.suites, suitesOf(theirs)),
    groups: lists(withoutHybrids(ours, theirs), theirs.groups),
    schemes: lists(ours.schemes, theirs.schemes),
    order: fact("the server's order", ours.serverOrder, theirs.serverOrder),
    others: all(
      fact('compression', ours.compression, theirs.compression),
      fact('fallback SCSV', ours.fallbackScsv, theirs.fallbackScsv),
      fact('secure renegotiation', ours.secureRenegotiation, theirs.secureRenegotiation),
      fact('bits of the finite field', ours.fieldBits, theirs.fieldBits),
    ),
  };
}

/** What handfast found fault with, beside what it must. */
export function compareFaults(found: readonly string[], expected: readonly string[]): string[] {
  return difference('faults', found, expected).map((text) =>
    text.replace('only handfast finds', 'found without reason'),
  );
}
