/** What a finished handshake hands to the connection, and how the connection goes on with it. */
import type { Exporter } from '../keys/exporter.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import type { Established } from './established.ts';

/** The life of a connection after its handshake: the messages that may still come, and fresh keys. */
export interface PostHandshake {
  /** Application data arrived: what the peer sent in between was not a flood. */
  noteApplicationData(): void;
  /**
   * Acts on a message that arrived after the handshake.
   * @throws {TlsError} for every message that has no business here, and for floods.
   */
  receive(received: HandshakeMessage): void;
  /** Application data is about to be sent: what the peer asked for comes first. */
  beforeApplicationData(): void;
  /** Uses new keys from the next record on (RFC 9846 section 4.7.3); never asked of TLS 1.2. */
  updateKeys(requestPeerUpdate: boolean): void;
  /** Sends a whole message; never asked of TLS 1.2. */
  send(message: Uint8Array): void;
}

/** A completed handshake with what lives on. */
export interface Secured {
  readonly established: Established;
  readonly exporter: Exporter;
  readonly postHandshake: PostHandshake;
}
