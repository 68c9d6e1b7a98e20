/** What a connection is given besides its configuration: who listens to it, and whom a client wants to reach. */
import type { Observers } from './handshake/context.ts';
import type { Established } from './handshake/established.ts';
import type { TlsError } from './wire/errors.ts';

/** What a connection tells its owner. All are called synchronously, in the order of the wire. */
export interface ConnectionHandlers extends Observers {
  /** Decrypted application data. The array belongs to the handler. */
  readonly onData?: ((data: Uint8Array) => void) | undefined;
  /**
   * On a server that takes early data: what the client sent before the handshake was complete. Whoever recorded it may
   * send it again elsewhere, so it must not do anything that may not happen twice (RFC 9846 section 8). Without this handler
   * early data is refused.
   */
  readonly onEarlyData?: ((data: Uint8Array) => void) | undefined;
  /** The handshake is complete, and the peer is who it should be. */
  readonly onEstablished?: ((established: Established) => void) | undefined;
  /** The peer sent close_notify: it will send no more, but may still read. */
  readonly onEnd?: (() => void) | undefined;
  /**
   * The connection failed. The alert that tells the peer, if there is one, is among the outgoing bytes already, or
   * comes with a last {@link onOutgoing} where the provider seals with promises. Called once at most, and nothing
   * else follows it.
   */
  readonly onError?: ((error: TlsError) => void) | undefined;
  /** There may be something to take with `takeOutgoing()`. */
  readonly onOutgoing?: (() => void) | undefined;
}

/** Whom a client connects to. */
export interface ServerTarget {
  /** A host name or an IP address: the server's certificate must carry it. */
  readonly name: string;
  /** Tell the name to the server (SNI); IP addresses are never told (RFC 6066 section 3). Default: true. */
  readonly sendServerName?: boolean;
  /** What tells servers of one name apart, such as their port: sessions are kept by it, too. Default: nothing. */
  readonly sessionScope?: string;
  /**
   * What to send with the ClientHello already, where there is a session whose ticket allows it (0-RTT). Who records it can
   * send it again, to other connections, so it must be harmless when it happens twice, and it has no forward secrecy
   * (RFC 9846 section 2.3). `established.earlyData` says what became of it. Default: nothing.
   */
  readonly earlyData?: EarlyData;
}

/** Early data of a client. */
export interface EarlyData {
  readonly data: Uint8Array;
  /**
   * Send it as ordinary data, first of all, where it could not go early, or was refused. If the server then chose another
   * application protocol than it was sent early for, the connection fails with `ERR_NO_APPLICATION_PROTOCOL` (RFC 9846
   * section 4.3.10). Default: false, the caller decides.
   */
  readonly resend?: boolean;
}
