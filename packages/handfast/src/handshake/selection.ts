/** Which identity a peer can use, in either role: the rules of RFC 9846 section 4.5.1.2. */
import { groupKind } from '../crypto/groups.ts';
import { schemeFitsVersion, schemesOfSignature } from '../crypto/signature-schemes.ts';
import { equalBytes, latin1 } from '../wire/bytes.ts';
import type { Extensions } from '../wire/extensions/block.ts';
import type { NamedGroup, SignatureScheme, TlsVersion } from '../wire/registry.ts';
import { type Certificate, isSelfIssued } from '../x509/certificate.ts';
import type { KeyExchangeKind } from './established.ts';
import type { Identity } from './identity.ts';

/** What a ClientHello or a CertificateRequest says about the certificates that its sender takes. */
export type Wishes = Pick<
  Extensions<'CertificateRequest'>,
  'signatureAlgorithms' | 'signatureAlgorithmsCert' | 'certificateAuthorities'
>;

/** An identity whose chain the peer can use, and how well. */
export interface Presentable {
  readonly identity: Identity;
  /** Whether every signature in the chain is of a kind that the peer says it can verify. */
  readonly isVerifiable: boolean;
}

/** An identity that can prove itself to the peer, too. */
export interface Suited extends Presentable {
  readonly signatureScheme: SignatureScheme;
}

/**
 * The identity to show to a peer: one whose chain it can verify; then one issued by an authority that it names; then the
 * first. A chain that it may be unable to verify is better than none, unless SHA-1 is in it.
 */
export function mostPresentable(identities: readonly Identity[], wishes: Wishes): Presentable | undefined {
  const { signatureAlgorithms = [], signatureAlgorithmsCert = signatureAlgorithms } = wishes;
  const chainSchemes = new Set(signatureAlgorithmsCert);
  const isNamed = issuedBy(wishes);
  let best: Presentable | undefined;
  let bestRank = -1;
  for (const identity of identities) {
    const unverifiable = signedCertificates(identity).filter(
      (signed) => !signatureSchemes(signed).some((scheme) => chainSchemes.has(scheme)),
    );
    if (unverifiable.some(({ certificate }) => isSha1(certificate))) continue;
    const isVerifiable = unverifiable.length === 0;
    const rank = (isVerifiable ? 2 : 0) + (isNamed(identity) ? 1 : 0);
    if (rank > bestRank) [best, bestRank] = [{ identity, isVerifiable }, rank];
  }
  return best;
}

/** The identity to show to a peer among those whose keys can sign as it wishes, and what it signs with. */
export function bestSuited(
  identities: readonly Identity[],
  wishes: Wishes,
  version: TlsVersion,
): Suited | undefined {
  const schemes = new Set(wishes.signatureAlgorithms);
  const schemeOf = (identity: Identity): SignatureScheme | undefined =>
    schemesIn(version, identity).find((scheme) => schemes.has(scheme));
  const best = mostPresentable(
    identities.filter((identity) => schemeOf(identity) !== undefined),
    wishes,
  );
  const signatureScheme = best && schemeOf(best.identity);
  return best === undefined || signatureScheme === undefined ? undefined : { ...best, signatureScheme };
}

/** The schemes that an identity can sign with, as a version understands them; best first. */
export function schemesIn(
  version: TlsVersion,
  { chain: [leaf], schemes }: Identity,
): readonly SignatureScheme[] {
  const key = leaf?.publicKeyInfo.key;
  return key === undefined ? [] : schemes.filter((scheme) => schemeFitsVersion(version, scheme, key));
}

/** Whether an identity's chain leads to one of the authorities that the peer names; any does where it names none. */
export function issuedBy({ certificateAuthorities = [] }: Wishes): (identity: Identity) => boolean {
  const names = new Set(certificateAuthorities.map(latin1)); // a list can be as long as the message
  return ({ chain }) => names.size === 0 || chain.some(({ issuer }) => names.has(latin1(issuer.der)));
}

interface SignedCertificate {
  readonly certificate: Certificate;
  /** The one behind it in the chain, if that is its issuer. */
  readonly issuer: Certificate | undefined;
}

/** The certificates of a chain whose signatures the peer must verify: all but those that begin a path. */
function signedCertificates({ chain }: Identity): SignedCertificate[] {
  return chain
    .map((certificate, i) => {
      const next = chain[i + 1];
      const isIssuer = next !== undefined && equalBytes(next.subject.der, certificate.issuer.der);
      return { certificate, issuer: isIssuer ? next : undefined };
    })
    .filter(({ certificate }) => !isSelfIssued(certificate));
}

function signatureSchemes({ certificate, issuer }: SignedCertificate): readonly SignatureScheme[] {
  const { signatureAlgorithm } = certificate;
  if (signatureAlgorithm === undefined) return [];
  return schemesOfSignature(signatureAlgorithm, issuer?.publicKeyInfo.key);
}

function isSha1({ signatureAlgorithm }: Certificate): boolean {
  return (
    signatureAlgorithm !== undefined && 'hash' in signatureAlgorithm && signatureAlgorithm.hash === 'SHA-1'
  );
}

const KINDS = { ecdhe: 'ECDHE', ffdhe: 'DHE', kem: 'ML-KEM', hybrid: 'hybrid' } as const;

/** How a group's two sides arrive at their secret. */
export function keyExchangeOf(group: NamedGroup): KeyExchangeKind {
  const kind = groupKind(group);
  return kind === undefined ? 'ECDHE' : KINDS[kind];
}
