/** What the scenarios of sessions ask of a peer. */
import type { Duplex } from 'node:stream';
import type { Inbox } from '../../inbox.ts';
import type { Limit } from '../../peers/peer.ts';
import type { Report, Setup } from '../terms.ts';

/** A path for files of the peer's own. */
export interface PeerSetup extends Setup {
  readonly scratch: string;
}

export interface PeerClientSetup extends PeerSetup {
  readonly port: number;
  readonly name: string;
}

/** One connection, as the peer has it. */
export interface Visit {
  /** Something each way. Where `early` is given, the peer must show it, once. */
  exchange(ours: Duplex, received: Inbox, early: string | undefined): Promise<void>;
  /** What the peer says of the connection; asked when data has been exchanged. */
  report(): Promise<Report>;
  /** Makes the peer end first, where it does not answer our close_notify with its own. */
  endFirst?(): void;
  /** Our side has ended; waits until the peer has as well. */
  ended(): Promise<void>;
  /** Rejects when the peer fails or goes away. */
  readonly failure: Promise<never>;
  /** Waits until the peer says that it failed. */
  fails(): Promise<unknown>;
}

/** A peer with its connections. */
export interface Party {
  /** The next of them; a client connects now. */
  visit(): Promise<Visit>;
  /** What the peer did and said, for a report of a failure. */
  readonly account: string;
  stop(): void;
}

export interface Host extends Party {
  readonly port: number;
}

export interface Peer {
  readonly name: string;
  /** Tried where the machine has it; nothing installs it. */
  readonly isOptional?: true;
  readonly limits: readonly Limit[];
  /** What it says of every connection that the scenario is about. */
  readonly tells: readonly (keyof Report)[];
  /** As a server, does not show what came early. */
  readonly hidesEarlyData?: true;
  version(): string | undefined;
  serve(setup: PeerSetup): Promise<Host>;
  dial(setup: PeerClientSetup): Party;
  /** Ends what still runs. */
  stop(): void;
}
