/** What the scenarios ask of a peer. */
import type { Duplex } from 'node:stream';
import type { Group } from '../ours.ts';
import type { Authority, Credentials } from '../pki.ts';
import type { PeerProcess } from './process.ts';

/** The side that handfast takes. */
export type Role = 'client' | 'server';

export interface PeerSetup {
  /** The only groups that the peer may use. Default: all that it knows. */
  readonly groups?: readonly Group[];
  readonly alpn?: readonly string[];
  readonly authority?: Authority;
  readonly credentials?: Credentials;
  /** Where the peer may put a file of its own. */
  readonly scratch: string;
  /** The scenario will give commands ({@link Peer.keyUpdate}) and looks for markers, not for exact bytes. */
  readonly commands?: boolean;
}

export interface PeerServerSetup extends PeerSetup {
  readonly credentials: Credentials;
  readonly demandClientCertificate?: boolean;
}

export interface PeerClientSetup extends PeerSetup {
  readonly port: number;
  readonly name: string;
  readonly authority: Authority;
}

/** Something that a peer cannot do, and why. */
export interface Limit {
  /** `column/name`, or a column for all of its scenarios. */
  readonly cases: readonly string[];
  /** The role of handfast in which it applies. Default: both. */
  readonly role?: Role;
  readonly reason: string;
}

/** What stands in the way of a scenario. */
export function limitFor(
  limits: readonly Limit[],
  role: Role,
  { column, name }: { readonly column: string; readonly name: string },
): Limit | undefined {
  const names = [column, `${column}/${name}`];
  return limits.find(
    (limit) =>
      (limit.role === undefined || limit.role === role) && limit.cases.some((entry) => names.includes(entry)),
  );
}

/** Names of scenarios, by handfast's role. */
export type Silence = Readonly<Partial<Record<Role, readonly string[]>>>;

export interface Peer {
  readonly name: string;
  readonly limits: readonly Limit[];
  /** Refusals in which the peer, always or at times, ends the connection without an alert. */
  readonly silentRefusals?: Silence;
  /** The version of the installed program, or `undefined` where there is none. */
  version(): string | undefined;
  /** The peer sends back what it receives, in place of giving it to us. */
  readonly echoes?: boolean;
  serve?(setup: PeerServerSetup): Promise<{ readonly process: PeerProcess; readonly port: number }>;
  dial(setup: PeerClientSetup): PeerProcess;
  /** Makes the peer send a KeyUpdate. Answers whether that asks for one in return. */
  keyUpdate?(process: PeerProcess, requestPeerUpdate: boolean): boolean;
  /** What has to stand between our socket and the bytes, for a client that speaks HTTP only. */
  frame?(socket: Duplex): Promise<Duplex>;
}
