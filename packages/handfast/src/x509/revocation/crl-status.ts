/** The status of a certificate by revocation lists: RFC 5280 section 6.3, whose steps the comments name. */
import type { PublicKey } from '../../crypto/provider.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { BudgetError, type Judging } from '../budget.ts';
import type { Certificate } from '../certificate.ts';
import { checkKey, checkSignatureAlgorithm, isoTime } from '../checks.ts';
import type { GeneralName } from '../general-name.ts';
import { MAX_REVOCATION_SCOPES } from '../limits.ts';
import type { DistinguishedName } from '../name.ts';
import {
  authority,
  type Finding,
  outsideWindow,
  type StatusContext,
  type Target,
  type Window,
} from './context.ts';
import { type CertificateRevocationList, findEntry, type RevokedCertificate } from './crl.ts';
import {
  ALL_REASONS,
  type DistributionPoint,
  directoryNames,
  fullNames,
  reasonsMask,
  shareName,
} from './distribution-points.ts';

const SOURCE = 'RFC 5280 section 6.3';

/** Where a list was looked for: a distribution point of the certificate, or the one that section 6.3.3 has in the end. */
interface Scope {
  readonly point: DistributionPoint;
  readonly isImplied: boolean;
}

/** What is asked of one list, and what it can answer with: a refusal of step (b) is no news, the others are. */
type Usable =
  | {
      readonly entry: RevokedCertificate | undefined;
      readonly from: CertificateRevocationList;
      readonly mask: number;
    }
  | { readonly reason: string }
  | undefined;

/** The revocation lists of one verdict. */
export class RevocationLists {
  readonly #complete: readonly CertificateRevocationList[];
  readonly #deltas: readonly CertificateRevocationList[];
  readonly #context: StatusContext;
  #scopes = 0;

  constructor(lists: readonly CertificateRevocationList[], useDeltas: boolean, context: StatusContext) {
    // The newest is asked first: what it says replaces what older ones said.
    const newestFirst = lists.toSorted((a, b) => b.thisUpdate.time - a.thisUpdate.time);
    this.#complete = newestFirst.filter(({ deltaCRLIndicator }) => deltaCRLIndicator === undefined);
    this.#deltas = useDeltas
      ? newestFirst.filter(({ deltaCRLIndicator }) => deltaCRLIndicator !== undefined)
      : [];
    this.#context = context;
  }

  /** Whether there is anything to ask. */
  get any(): boolean {
    return this.#complete.length > 0;
  }

  *statusOf(target: Target): Judging<Finding> {
    const { certificate } = target;
    let reasonsCovered = 0;
    const asked = new Set<CertificateRevocationList>();
    const used: CertificateRevocationList[] = [];
    const reasons: string[] = [];
    for (const scope of scopesOf(target)) {
      for (const list of this.#complete) {
        if (reasonsCovered === ALL_REASONS) break;
        if (scope.isImplied && asked.has(list)) continue;
        if (++this.#scopes > MAX_REVOCATION_SCOPES) {
          throw new BudgetError(`more than ${MAX_REVOCATION_SCOPES} scopes of revocation lists`);
        }
        const found = yield* this.#ask(list, scope.point, reasonsCovered, target);
        if (found === undefined) continue;
        asked.add(list);
        if ('reason' in found) {
          reasons.push(`${describeList(list)} says nothing: ${found.reason}`);
          continue;
        }
        if (found.entry !== undefined) {
          return { status: 'revoked', sentence: tellRevoked(found.entry, found.from), source: SOURCE };
        }
        reasonsCovered |= found.mask;
        used.push(list);
      }
    }
    if (reasonsCovered === ALL_REASONS) {
      const lists = used.map(describeList).join(' and ');
      return { status: 'good', sentence: `it is not revoked, says ${lists}`, source: SOURCE };
    }
    if (used.length > 0) {
      reasons.push(`${used.map(describeList).join(' and ')} does not speak of all reasons for a revocation`);
    }
    if (reasons.length === 0) reasons.push(`no revocation list at hand speaks of '${certificate.issuer}'`);
    return { status: 'unknown', reasons };
  }

  /** Steps (a) to (k) for one list. */
  *#ask(
    list: CertificateRevocationList,
    point: DistributionPoint,
    reasonsCovered: number,
    target: Target,
  ): Judging<Usable> {
    const { certificate } = target;
    if (!this.#isInScope(list, point, certificate)) return undefined;
    // (d) and (e)
    const { onlySomeReasons } = list.issuingDistributionPoint ?? {};
    const mask = reasonsMask(point.reasons) & reasonsMask(onlySomeReasons);
    if ((mask & ~reasonsCovered) === 0) return undefined;
    // (a): a list that has run out still holds together with a delta that has not.
    const deltas = this.#deltasOf(list);
    const outside = outsideWindow(windowOf(list), this.#context);
    if (outside !== undefined && deltas.length === 0) return { reason: outside };
    const signer = yield* this.#signerOf(list, target);
    if ('reason' in signer) return signer;
    const delta = yield* this.#signedWith(deltas, signer.key);
    if (delta === undefined) {
      return outside === undefined
        ? { entry: findEntry(list, certificate), from: list, mask }
        : { reason: `${outside}, and no delta that builds on it is signed with the same key` };
    }
    const changed = findEntry(delta, certificate);
    if (changed === undefined) return { entry: findEntry(list, certificate), from: list, mask };
    return { entry: changed.reason === 'removeFromCRL' ? undefined : changed, from: delta, mask };
  }

  /** Step (h). */
  *#signedWith(
    deltas: readonly CertificateRevocationList[],
    key: PublicKey,
  ): Judging<CertificateRevocationList | undefined> {
    const { situation, budget } = this.#context;
    for (const delta of deltas) {
      if (!checkSignatureAlgorithm(delta, situation).ok) continue;
      if (yield* budget.isSigned(delta, key)) return delta;
    }
    return undefined;
  }

  /** Step (b): issuer and scope of a complete list. */
  #isInScope(list: CertificateRevocationList, point: DistributionPoint, certificate: Certificate): boolean {
    const { distributionPoint, cRLIssuer } = point;
    const scope = list.issuingDistributionPoint;
    if (cRLIssuer === undefined) {
      if (!list.issuer.equals(certificate.issuer)) return false;
    } else {
      const isNamed = directoryNames(cRLIssuer).some((name) => name.equals(list.issuer));
      if (!isNamed || scope?.indirectCRL !== true) return false;
    }
    if (scope === undefined) return true;
    if (scope.distributionPoint !== undefined) {
      const wanted: readonly GeneralName[] =
        distributionPoint === undefined
          ? (cRLIssuer ?? [])
          : fullNames(distributionPoint, relativeBase(point, certificate));
      const offered = fullNames(scope.distributionPoint, list.issuer);
      if (!shareName(offered, wanted, this.#context.budget.comparison)) return false;
    }
    const isAuthority = certificate.basicConstraints?.ca === true;
    if (scope.onlyContainsUserCerts && isAuthority) return false;
    if (scope.onlyContainsCACerts && !isAuthority) return false;
    return !scope.onlyContainsAttributeCerts;
  }

  /** Steps (a) (1) (i), (a) (2) and (c): the current deltas that update a list (section 5.2.4), the newest first. */
  #deltasOf(list: CertificateRevocationList): readonly CertificateRevocationList[] {
    const { cRLNumber } = list;
    if (cRLNumber === undefined) return [];
    return this.#deltas.filter((delta) => {
      const base = delta.deltaCRLIndicator;
      return (
        base !== undefined &&
        delta.issuer.equals(list.issuer) &&
        isSameScope(list, delta) &&
        hasSameKeyIdentifier(list, delta) &&
        base <= cRLNumber &&
        delta.cRLNumber !== undefined &&
        delta.cRLNumber > cRLNumber &&
        outsideWindow(windowOf(delta), this.#context) === undefined
      );
    });
  }

  /** Steps (f) and (g): the key that signed a list, of an issuer with a valid path to the same trust anchor. */
  *#signerOf(
    list: CertificateRevocationList,
    { authorities, anchor }: Target,
  ): Judging<{ readonly key: PublicKey } | { readonly reason: string }> {
    const { budget, certificates, isValid, situation } = this.#context;
    const algorithm = checkSignatureAlgorithm(list, situation);
    if (!algorithm.ok) return { reason: algorithm.sentence };
    const inPath = new Set(authorities.map(({ certificate }) => certificate));
    const beside = certificates.filter((certificate) => !inPath.has(certificate)).flatMap(authority);
    let reason = `no certificate of its issuer '${list.issuer}' is at hand`;
    for (const { name, key, certificate } of [...authorities, ...beside]) {
      if (!name.equals(list.issuer)) continue;
      budget.candidate();
      const isBeside = certificate !== undefined && !inPath.has(certificate);
      if (!checkKey(key, situation.strength).ok || !(yield* budget.isSigned(list, key))) {
        reason = `its signature was not made by '${list.issuer}'`;
      } else if (certificate?.keyUsage?.includes('cRLSign') === false) {
        reason = `the key of '${list.issuer}' may not sign revocation lists (keyUsage lacks cRLSign)`;
      } else if (isBeside && !(yield* isValid(certificate, anchor))) {
        reason = `its issuer '${list.issuer}' has no valid path to the same trust anchor`;
      } else {
        return { key };
      }
    }
    return { reason };
  }
}

function windowOf({ thisUpdate, nextUpdate }: CertificateRevocationList): Window {
  return { thisUpdate: thisUpdate.time, nextUpdate: nextUpdate?.time };
}

/** The distribution points of a certificate, and the implied one for lists that its issuer made without saying where. */
function scopesOf({ certificate }: Target): readonly Scope[] {
  const { issuer, issuerAltName = [], cRLDistributionPoints = [] } = certificate;
  const names: readonly GeneralName[] = [{ kind: 'directoryName', name: issuer }, ...issuerAltName];
  return [
    ...cRLDistributionPoints.map((point) => ({ point, isImplied: false })),
    { point: { distributionPoint: { kind: 'fullName', names } }, isImplied: true },
  ];
}

/** What a relative name of a distribution point is relative to: its cRLIssuer, which then is one name, else the issuer. */
function relativeBase(
  { cRLIssuer }: DistributionPoint,
  certificate: Certificate,
): DistinguishedName | undefined {
  if (cRLIssuer === undefined) return certificate.issuer;
  const names = directoryNames(cRLIssuer);
  return names.length === 1 ? names[0] : undefined;
}

function isSameScope(list: CertificateRevocationList, delta: CertificateRevocationList): boolean {
  const [one, other] = [list.issuingDistributionPoint, delta.issuingDistributionPoint];
  return one === undefined || other === undefined ? one === other : equalBytes(one.der, other.der);
}

function hasSameKeyIdentifier(list: CertificateRevocationList, delta: CertificateRevocationList): boolean {
  const [one, other] = [list.authorityKeyIdentifier, delta.authorityKeyIdentifier].map(
    (identifier) => identifier?.keyIdentifier,
  );
  return one === undefined || other === undefined ? one === other : equalBytes(one, other);
}

function describeList({ issuer, thisUpdate, deltaCRLIndicator }: CertificateRevocationList): string {
  const kind = deltaCRLIndicator === undefined ? 'revocation list' : 'delta revocation list';
  return `the ${kind} of '${issuer}' of ${isoTime(thisUpdate.time)}`;
}

function tellRevoked(
  { revocationDate, reason = 'unspecified' }: RevokedCertificate,
  list: CertificateRevocationList,
): string {
  return `it was revoked at ${isoTime(revocationDate)} (${reason}), says ${describeList(list)}`;
}
