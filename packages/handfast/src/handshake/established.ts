/** What two sides agreed on, once the handshake is complete. */
import type { AuthenticatedPeer } from '../session/peer.ts';
import type { ChoiceEvent, Role } from '../trace/events.ts';
import type { CipherSuite, NamedGroup, SignatureScheme, TlsVersion } from '../wire/registry.ts';
import type { Identity } from './identity.ts';

export type { AuthenticatedPeer };

/** The identity that this side showed, and what it signed with: nothing where it decrypted a premaster secret. */
export interface OwnProof {
  readonly identity: Identity;
  readonly signatureScheme?: SignatureScheme;
}

/**
 * How both sides arrived at their secret: Diffie-Hellman over an elliptic curve or a finite field, ML-KEM, a hybrid of
 * a curve and ML-KEM, RSA key transport (TLS 1.2 only, RFC 5246 section 7.4.7.1), or a pre-shared key alone.
 */
export type KeyExchangeKind = 'ECDHE' | 'DHE' | 'ML-KEM' | 'hybrid' | 'RSA' | 'PSK';

/** The outcome of a handshake. */
export interface Established {
  /** Which side this is. */
  readonly role: Role;
  /** The protocol version. */
  readonly version: TlsVersion;
  /** See `cipherSuiteName` for its name. */
  readonly cipherSuite: CipherSuite;
  readonly keyExchange: KeyExchangeKind;
  /**
   * The group of the key exchange; see `groupName` for its name. Absent with RSA key transport, and where a TLS 1.2
   * server chose a finite field that has no name.
   */
  readonly group?: NamedGroup;
  /** Whether a TLS 1.2 master secret is bound to the whole handshake (RFC 7627); always true in TLS 1.3. */
  readonly extendedMasterSecret: boolean;
  /** With a CBC suite of TLS 1.2 only: whether its MAC is computed over the ciphertext (RFC 7366). */
  readonly encryptThenMac?: boolean;
  /** The application protocol (ALPN) that both speak, if they named any. */
  readonly applicationProtocol?: string;
  /** The server name that the client sent. */
  readonly serverName?: string;
  /** Whether the server asked for a second ClientHello. */
  readonly helloRetried: boolean;
  /** Whether this connection goes on with an earlier session; `peer` is then who was authenticated in that. */
  readonly resumed: boolean;
  /**
   * What became of the early data that the client sent: taken by the server, which this side then is told of with
   * `onEarlyData`, or refused. Absent where there was none.
   */
  readonly earlyData?: 'accepted' | 'rejected';
  /** The identity of the external pre-shared key that both sides proved to hold; there are no certificates then. */
  readonly pskIdentity?: Uint8Array;
  /** Absent on a server whose client showed no certificate, and with an external pre-shared key. */
  readonly peer?: AuthenticatedPeer;
  /** How this side proved itself; absent on a client that was not asked, or had nothing to show. */
  readonly own?: OwnProof;
  /** Every choice that was made on the way, with its reason. */
  readonly choices: readonly ChoiceEvent[];
}
