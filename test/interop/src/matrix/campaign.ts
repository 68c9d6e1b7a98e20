/** All cells of one peer, a few at a time. */
import type { Pki } from '../pki.ts';
import { type Outcome, runTrial } from '../run.ts';
import { startAttempt } from './attempt.ts';
import { type Cell, describe, type Role } from './cell.ts';
import { cover } from './cover.ts';
import { type Peer, reasonAgainst } from './peers/peer.ts';

/** Milliseconds: groups of 8192 bits are slow, and a JVM is slow to start. */
const LIMIT = 20_000;

/** How many cells are under way at once: our side computes in one thread, and each peer in another. */
const AT_ONCE = 3;

const ROLES: readonly Role[] = ['client', 'server'];

export interface CellOutcome {
  readonly cell: Cell;
  /** handfast's. */
  readonly role: Role;
  readonly outcome: Outcome;
}

export interface PeerResults {
  readonly peer: Peer;
  readonly version: string;
  readonly outcomes: readonly CellOutcome[];
  readonly seconds: number;
}

export interface CampaignOptions {
  /** Texts of which one must be in the description of a cell. */
  readonly only: readonly string[];
  readonly progress: boolean;
}

/** Runs the cells of one peer in both roles. */
export async function runPeer(
  peer: Peer,
  version: string,
  pki: Pki,
  { only, progress }: CampaignOptions,
): Promise<PeerResults> {
  const start = performance.now();
  const outcomes: CellOutcome[] = [];
  const waiting: { readonly cell: Cell; readonly role: Role }[] = [];
  const isMeant = (cell: Cell): boolean =>
    only.length === 0 || only.some((text) => describe(cell).includes(text));
  for (const [i, role] of ROLES.entries()) {
    const { cells, impossible } = cover(i + 1, (cell) => reasonAgainst(peer.lacks, role, cell));
    waiting.push(...cells.filter(isMeant).map((cell) => ({ cell, role })));
    outcomes.push(
      ...impossible
        .filter(({ cell }) => isMeant(cell))
        .map(({ cell, reason }) => ({ cell, role, outcome: { kind: 'not applicable', reason } as const })),
    );
  }
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { cell, role } = next;
      const { outcome } = await runTrial({
        peer: peer.name,
        role,
        column: cell.suite.name,
        name: describe(cell),
        limit: LIMIT,
        notApplicable: undefined,
        start: () => startAttempt(peer, role, cell, pki),
      });
      outcomes.push({ cell, role, outcome });
      if (progress) console.log(`${peer.name} ${role} ${describe(cell)}: ${outcome.kind}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { peer, version, outcomes, seconds: (performance.now() - start) / 1000 };
}
