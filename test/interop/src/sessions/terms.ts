/** What the two sides of a scenario are told. */
import type { Group } from '../ours.ts';
import type { Authority, Credentials } from '../pki.ts';

/** An external pre-shared key. */
export interface Psk {
  readonly identity: string;
  /** In hexadecimal. */
  readonly key: string;
}

/** What one scenario is about. The first connection makes a session, the second wants to go on with it. */
export interface Terms {
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** How a session of TLS 1.2 is found again. */
  readonly by: 'ticket' | 'id';
  /** The second connection sends early data; servers take it, unless they forget. */
  readonly early?: true;
  /** What the second connection's client sent is sent again by somebody else. Our side is the server. */
  readonly replayed?: true;
  /** The server does not know its session when it comes back. */
  readonly serverForgets?: true;
  /** The client begins with a group that the server does not take. */
  readonly retry?: true;
  /** The only suite on our side, where its hash function is to be another than that of our first. */
  readonly suite?: 'TLS_AES_256_GCM_SHA384' | 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';
  /** Clients show a certificate. */
  readonly mutual?: true;
  /** In place of sessions: one connection, with a key on each side. */
  readonly psk?: { readonly client: Psk; readonly server: Psk };
}

/** What is sent early. */
export const EARLY = 'said before the handshake\n';

/** How much a server takes early, in bytes. */
export const MAX_EARLY = 1000;

export const EXPORT_LABEL = 'EXPERIMENTAL-sessions';
export const EXPORT_LENGTH = 32;

/** The groups of clients, best first for all that have an order of their own, and those of servers. */
export function groupsOf({ retry }: Terms, side: 'client' | 'server'): readonly [Group, ...Group[]] {
  if (retry !== true) return ['secp256r1'];
  return side === 'client' ? ['secp256r1', 'secp384r1'] : ['secp384r1'];
}

/** What a side is given. */
export interface Setup {
  readonly terms: Terms;
  readonly credentials: Credentials | undefined;
  /** Whom it trusts; on a server, it then demands a certificate. */
  readonly authority: Authority | undefined;
}

/** What a side says of a connection; absent is what it does not tell. */
export interface Report {
  readonly resumed?: boolean | undefined;
  readonly early?: 'accepted' | 'rejected' | undefined;
  /** Keying material of {@link EXPORT_LABEL}, in hexadecimal. */
  readonly exported?: string | undefined;
}
