/** Who the other side of a session is. */
import type { SignatureScheme } from '../wire/registry.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { Verdict } from '../x509/verdict.ts';

/** A peer that proved who it is: its chain was accepted and it signed a handshake, or resumed one that it signed. */
export interface AuthenticatedPeer {
  /** As the peer sent it, leaf first. */
  readonly chain: readonly Certificate[];
  /** The accepting verdict, with the path to the trust anchor. A resumed session's no longer lists the checks. */
  readonly verdict: Verdict;
  /**
   * The scheme of its CertificateVerify, or of a TLS 1.2 server's ServerKeyExchange; absent where a server proved
   * itself by decrypting the premaster secret.
   */
  readonly signatureScheme?: SignatureScheme;
  /** The stapled OCSP response, DER-encoded, as the verifier judged it. */
  readonly ocspResponse?: Uint8Array;
  /** The signed certificate timestamps that came with the leaf (RFC 6962 section 3.3); carried, not judged. */
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/**
 * When the first certificate expires that vouches for a peer, in milliseconds since 1970: the smallest notAfter of the
 * verdict's path and of the leaf. A time that cannot be read counts as 0, long past; where there is no time at all,
 * `Infinity`.
 */
export function earliestExpiry({ chain: [leaf], verdict }: AuthenticatedPeer): number {
  const times = verdict.path.flatMap(({ notAfter }) =>
    notAfter === undefined ? [] : [Date.parse(notAfter) || 0],
  );
  return Math.min(leaf?.notAfter.time ?? Number.POSITIVE_INFINITY, ...times);
}
