/** The question that the certificate phase asks: is the peer who it claims to be? */
import type { Awaitable } from '../crypto/provider.ts';
import type { Role } from '../trace/events.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { Verdict } from '../x509/verdict.ts';

/** What a verifier is told about the peer. */
export interface VerificationRequest {
  /** Whose certificate it is. */
  readonly peer: Role;
  /** As the peer sent it, leaf first; never empty. */
  readonly chain: readonly Certificate[];
  /** The name or address that the client wanted to reach; absent when a client is judged. */
  readonly name?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The stapled OCSP response, DER-encoded. */
  readonly ocspResponse?: Uint8Array;
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/** Decides whether a peer is who it claims to be. Nothing but an accepting verdict lets a handshake go on. */
export interface PeerVerifier {
  verify(request: VerificationRequest): Awaitable<Verdict>;
  /** DER-encoded names of the authorities that it trusts, for `certificate_authorities`. Default: none are named. */
  readonly authorities?: readonly Uint8Array[];
}
