/** What the judgement of a certificate's status works with, and what it can answer. */
import type { CryptoProvider, PublicKey } from '../../crypto/provider.ts';
import type { IssuerConstraints } from '../anchors.ts';
import type { Budget, Judging } from '../budget.ts';
import type { Certificate } from '../certificate.ts';
import { isoTime, type Situation } from '../checks.ts';
import type { DistinguishedName } from '../name.ts';
import type { Check } from '../verdict.ts';

/** Somebody who issued a certificate: another certificate, or an anchor that is only a name and a key. */
export interface Authority {
  readonly name: DistinguishedName;
  readonly key: PublicKey;
  readonly certificate?: Certificate;
  /** What the caller holds an anchor to. */
  readonly constraints?: IssuerConstraints;
}

/** What a certificate is as an authority: nothing when its key is not supported. */
export function authority(certificate: Certificate): readonly Authority[] {
  const { subject: name, publicKeyInfo } = certificate;
  return publicKeyInfo.key === undefined ? [] : [{ name, key: publicKeyInfo.key, certificate }];
}

/** A path to a trust anchor in which everything was checked but revocation. */
export interface ValidPath {
  /** Target first, without the anchor; never empty. */
  readonly certificates: readonly Certificate[];
  readonly anchor: Authority;
}

/** A certificate, and the issuers above it in a path. */
export interface Target {
  readonly certificate: Certificate;
  /** Whose key signed the certificate. */
  readonly issuer: Authority;
  /** All authorities above it, the nearest first, the anchor last. */
  readonly authorities: readonly Authority[];
  readonly anchor: Authority;
}

export interface StatusContext {
  readonly situation: Situation;
  readonly provider: Pick<CryptoProvider, 'hash'>;
  readonly budget: Budget;
  /** Milliseconds that clocks may differ by. */
  readonly clockTolerance: number;
  /** Certificates that may have signed a status without standing in the path. */
  readonly certificates: readonly Certificate[];
  /** Whether a certificate that stands beside the path has a valid path of its own to the same anchor. */
  readonly isValid: (certificate: Certificate, anchor: Authority) => Judging<boolean>;
  /** What the caller says of the names that any path may vouch for. */
  readonly checkOwnNames: (certificate: Certificate) => readonly Check[];
}

/** What one kind of evidence says about a certificate. */
export type Finding =
  | { readonly status: 'revoked' | 'good'; readonly sentence: string; readonly source: string }
  /** Nothing certain; each reason is why one piece of evidence that is about the certificate could not be used. */
  | { readonly status: 'unknown'; readonly reasons: readonly string[] };

/** When a status was made, and when a newer one will be. */
export interface Window {
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

/** Why a status does not hold now; `undefined` when it does. */
export function outsideWindow(
  { thisUpdate, nextUpdate }: Window,
  { situation: { at }, clockTolerance }: StatusContext,
): string | undefined {
  if (thisUpdate > at + clockTolerance) return `it is from ${isoTime(thisUpdate)}, which has not come yet`;
  if (nextUpdate === undefined) return 'it does not say until when it holds (no nextUpdate)';
  if (nextUpdate < thisUpdate) return 'it ends before it begins (nextUpdate is before thisUpdate)';
  if (nextUpdate < at - clockTolerance) return `it held until ${isoTime(nextUpdate)} only`;
  return undefined;
}
