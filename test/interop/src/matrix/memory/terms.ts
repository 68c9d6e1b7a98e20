/** What two sides in memory are told. */
import type { KeyKind } from '../../pki.ts';
import type { GroupName } from '../axes.ts';
import type { Terms } from '../cell.ts';

export interface Side extends Terms {
  /** The keys of its certificates, in order of preference. */
  readonly keys: readonly KeyKind[];
  readonly alpn: readonly string[];
}

export interface ClientSide extends Side {
  /** Groups that a share is sent for, in the order of `groups`. */
  readonly shares: readonly GroupName[];
}

export interface ServerSide extends Side {
  readonly preference: 'server' | 'client';
  readonly clientAuthentication: 'none' | 'request' | 'require';
}

/** One handshake to try. */
export interface Match {
  readonly client: ClientSide;
  readonly server: ServerSide;
}
