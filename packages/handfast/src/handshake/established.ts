/** What two sides agreed on, once the handshake is complete. */
import type { ChoiceEvent, Role } from '../trace/events.ts';
import type { CipherSuite, NamedGroup, SignatureScheme } from '../wire/registry.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { Verdict } from '../x509/verdict.ts';
import type { Identity } from './identity.ts';

/** A peer that proved who it is: its chain was accepted and it signed this very handshake. */
export interface AuthenticatedPeer {
  /** As the peer sent it, leaf first. */
  readonly chain: readonly Certificate[];
  /** The accepting verdict, with the path to the trust anchor. */
  readonly verdict: Verdict;
  /** The scheme of its CertificateVerify. */
  readonly signatureScheme: SignatureScheme;
  /** The stapled OCSP response, DER-encoded; carried, not judged. */
  readonly ocspResponse?: Uint8Array;
  /** The signed certificate timestamps that came with the leaf (RFC 6962 section 3.3); carried, not judged. */
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/** The outcome of a handshake. */
export interface Established {
  /** Which side this is. */
  readonly role: Role;
  /** The protocol version. */
  readonly version: 'TLSv1.3';
  /** See `cipherSuiteName` for its name. */
  readonly cipherSuite: CipherSuite;
  /** The group of the key exchange; see `groupName` for its name. */
  readonly group: NamedGroup;
  /** The application protocol (ALPN) that both speak, if they named any. */
  readonly applicationProtocol?: string;
  /** The server name that the client sent. */
  readonly serverName?: string;
  /** Whether the server asked for a second ClientHello. */
  readonly helloRetried: boolean;
  /** Absent on a server whose client showed no certificate. */
  readonly peer?: AuthenticatedPeer;
  /** How this side proved itself; absent on a client that was not asked, or had nothing to show. */
  readonly own?: { readonly identity: Identity; readonly signatureScheme: SignatureScheme };
  /** Every choice that was made on the way, with its reason. */
  readonly choices: readonly ChoiceEvent[];
}
