/** A peer's certificates in the shapes that callers of `node:tls` know. */
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import type { AuthenticatedPeer } from '../handshake/established.ts';

/** The leaf as node:crypto's class; `undefined` where the peer showed none. */
export function nodeCertificate(peer: AuthenticatedPeer | undefined): X509Certificate | undefined {
  const leaf = peer?.chain[0];
  return leaf && new X509Certificate(leaf.der);
}

/**
 * The leaf as the plain object of `node:tls`, or `{}` where the peer showed none.
 * @param detailed link the chain as the peer sent it through `issuerCertificate`; a self-signed certificate links
 * to itself.
 */
export function legacyCertificate(
  peer: AuthenticatedPeer | undefined,
  detailed: boolean,
): PeerCertificate | Record<string, never> {
  const chain = (peer?.chain ?? []).map(({ der }) => new X509Certificate(der));
  const legacy = chain.map((certificate) => certificate.toLegacyObject() as DetailedPeerCertificate);
  const [leaf] = legacy;
  if (leaf === undefined) return {};
  if (detailed) {
    legacy.forEach((certificate, i) => {
      const issuer = legacy[i + 1];
      if (issuer !== undefined) certificate.issuerCertificate = issuer;
      else if (chain[i]?.checkIssued(chain[i] as X509Certificate))
        certificate.issuerCertificate = certificate;
    });
  }
  return leaf;
}
