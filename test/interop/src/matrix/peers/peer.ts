/** What the matrix asks of a peer. */
import type { Duplex } from 'node:stream';
import type { Inbox } from '../../inbox.ts';
import type { Authority, Credentials } from '../../pki.ts';
import type { Suite } from '../axes.ts';
import { type Cell, EVERYTHING, type Knowledge, type Role, type Terms } from '../cell.ts';

/** What the peer is told for one cell. */
export interface Job {
  readonly cell: Cell;
  readonly terms: Terms;
  /** The peer's own certificate: always there for a server. */
  readonly credentials: Credentials | undefined;
  /** Whose certificates it accepts: always there for a client, and for a server that demands them. */
  readonly authority: Authority | undefined;
  readonly alpn: readonly string[];
  /** A path that nothing else uses, for files of the peer's own. */
  readonly scratch: string;
  /** Whose order counts, where the peer is the server. */
  readonly preference: 'server' | 'client';
}

export interface DialJob extends Job {
  readonly port: number;
  readonly name: string;
}

/** What a peer says that was agreed; absent is what it does not tell. */
export interface Report {
  readonly version?: string | undefined;
  readonly suite?: string | undefined;
  readonly group?: string | undefined;
  readonly alpn?: string | undefined;
  /** Keying material of {@link EXPORT_LABEL}, in hexadecimal. */
  readonly exported?: string | undefined;
  /** Whether an earlier session went on. */
  readonly resumed?: boolean | undefined;
}

/** What both sides export: without a context, since not every peer can give one. */
export const EXPORT_LABEL = 'EXPERIMENTAL-matrix';
export const EXPORT_LENGTH = 32;

/** A peer in one cell. */
export interface Engagement {
  /** Sends something through our side and back, or both ways, and compares it. */
  converse(ours: Duplex, received: Inbox): Promise<void>;
  /** What the peer says was agreed. */
  report(): Promise<Report>;
  /** Whether the peer answers our close_notify with its own. */
  readonly closes: boolean;
  /** Rejects when the peer fails or goes away. */
  readonly failure: Promise<never>;
  /** What the peer did and said, for a report of a failure. */
  readonly account: string;
  stop(): void;
}

export interface ServerEngagement extends Engagement {
  readonly port: number;
}

/** Something that a peer does not have, and why a cell that needs it cannot be tried. One of the four is given. */
export interface Lack {
  readonly suites?: RegExp;
  readonly groups?: RegExp;
  readonly schemes?: RegExp;
  /** What is no matter of one list. */
  readonly when?: (cell: Cell) => boolean;
  /** handfast's role in which it applies. Default: both. */
  readonly role?: Role;
  readonly reason: string;
}

/** All that there is, without what is lacking in both roles. */
export function knowledgeWithout(lacks: readonly Lack[]): Knowledge {
  const without = <T extends string>(list: readonly T[], of: 'suites' | 'groups' | 'schemes'): T[] =>
    list.filter((name) => !lacks.some((lack) => lack.role === undefined && lack[of]?.test(name)));
  return {
    versions: EVERYTHING.versions,
    suites: without(EVERYTHING.suites, 'suites'),
    groups: without(EVERYTHING.groups, 'groups'),
    schemes: without(EVERYTHING.schemes, 'schemes'),
  };
}

/** Why a peer cannot do a cell; `undefined` where it can. */
export function reasonAgainst(lacks: readonly Lack[], role: Role, cell: Cell): string | undefined {
  const { suite, group, scheme, client } = cell;
  return lacks.find(
    (lack) =>
      (lack.role === undefined || lack.role === role) &&
      (lack.suites?.test(suite.name) === true ||
        (group !== undefined && lack.groups?.test(group.name) === true) ||
        (scheme !== undefined && lack.schemes?.test(scheme.name) === true) ||
        (client !== undefined && lack.schemes?.test(client.name) === true) ||
        lack.when?.(cell) === true),
  )?.reason;
}

/** Which lists of {@link Terms} a peer can be told; where it cannot, handfast's side is the narrow one. */
export type Tellable = (suite: Suite, role: Role) => readonly (keyof Terms)[];

export interface Peer {
  readonly name: string;
  /** The TLS library, for the head of the table. */
  readonly library: string;
  /** Tried where the machine has it; nothing installs it. */
  readonly isOptional?: true;
  /** The version of the installed program, or `undefined` where there is none. */
  version(): string | undefined;
  readonly lacks: readonly Lack[];
  readonly tellable: Tellable;
  /**
   * As a TLS 1.2 client, shows only certificates that are signed as CertificateRequest says, which has one list for
   * them and for CertificateVerify (RFC 5246 section 7.4.4).
   */
  readonly wantsSchemesOfChains?: true;
  serve(job: Job): Promise<ServerEngagement>;
  dial(job: DialJob): Promise<Engagement>;
  /** Ends what still runs. */
  stop(): void;
}
