/** Whether the certificates of a path were revoked: what is asked, in which order, and what the answers lead to. */
import { ConfigError, TlsError } from '../../wire/errors.ts';
import type { Judging } from '../budget.ts';
import type { Certificate } from '../certificate.ts';
import {
  DEFAULT_CLOCK_TOLERANCE,
  MAX_INTERMEDIATES,
  MAX_OCSP_RESPONSES,
  MAX_REVOCATION_LISTS,
} from '../limits.ts';
import { type Check, check } from '../verdict.ts';
import {
  type Authority,
  authority,
  type Finding,
  type StatusContext,
  type Target,
  type ValidPath,
} from './context.ts';
import type { CertificateRevocationList } from './crl.ts';
import { RevocationLists } from './crl-status.ts';
import { type OcspResponse, parseOcspResponse } from './ocsp.ts';
import { OcspStatus } from './ocsp-status.ts';

/**
 * What is known about the status of certificates. Nothing is ever fetched. Whatever is required, a certificate that is
 * known to be revoked is refused; a status that cannot be used (it is for others, too old, or not signed by who may)
 * says nothing.
 */
export interface RevocationOptions {
  /** In any order; lists about others do no harm. */
  readonly crls?: readonly CertificateRevocationList[];
  /** Apply delta lists to the lists that they build on. Default: true. */
  readonly useDeltas?: boolean;
  /** In any order; responses about others do no harm. */
  readonly ocspResponses?: readonly OcspResponse[];
  /** The nonce of the requests; responses without it are not used. Default: requests had none. */
  readonly nonce?: Uint8Array;
  /**
   * The response that the peer stapled to the leaf, DER-encoded. It must be a good one, about the leaf: RFC 6066 section 8
   * wants everything else refused.
   */
  readonly stapled?: Uint8Array;
  /**
   * Refuse a leaf that demands a stapled response (RFC 7633) and came without one. Default: false, since only who asked for
   * one can know that it is missing.
   */
  readonly mustStaple?: boolean;
  /** Certificates of those who sign statuses for others, where nobody else brings them. */
  readonly certificates?: readonly Certificate[];
  /**
   * Of which certificates the status must be known: of none, of the leaf, or of all but the anchor (and then of those who
   * signed revocation lists, too). Default: `never`.
   */
  readonly require?: 'never' | 'leaf' | 'chain';
  /** Milliseconds that clocks may differ by. Default: {@link DEFAULT_CLOCK_TOLERANCE}. */
  readonly clockTolerance?: number;
}

/** Says what is beyond the limits, if anything is. */
export function tooMuchEvidence({
  crls = [],
  ocspResponses = [],
  certificates = [],
}: RevocationOptions = {}): string | undefined {
  if (ocspResponses.length > MAX_OCSP_RESPONSES) {
    return `${ocspResponses.length} OCSP responses were given; at most ${MAX_OCSP_RESPONSES} are looked at`;
  }
  if (crls.length > MAX_REVOCATION_LISTS) {
    return `${crls.length} revocation lists were given; at most ${MAX_REVOCATION_LISTS} are looked at`;
  }
  if (certificates.length > MAX_INTERMEDIATES) {
    return `${certificates.length} certificates of those who sign statuses were given; at most ${MAX_INTERMEDIATES} are looked at`;
  }
  return undefined;
}

/** @throws {ConfigError} when the option makes no sense. */
export function readClockTolerance({
  clockTolerance = DEFAULT_CLOCK_TOLERANCE,
}: RevocationOptions = {}): number {
  if (!(clockTolerance >= 0 && clockTolerance < Number.POSITIVE_INFINITY)) {
    throw new ConfigError(
      'revocation.clockTolerance',
      `revocation.clockTolerance: expected milliseconds, 0 or more, found ${clockTolerance}`,
    );
  }
  return clockTolerance;
}

/** The statuses of one verdict, for its path and for the paths of those who signed statuses. */
export class Revocations {
  readonly #options: RevocationOptions;
  readonly #lists: RevocationLists;
  readonly #ocsp: OcspStatus;
  /** Certificates that were found to be revoked: they are so in every path. */
  readonly #revoked = new Map<Certificate, readonly Check[]>();
  /**
   * Certificates whose status is just being asked for. Who signs a status may stand below, or be its subject; then the
   * question would go round in circles, and the status itself is the answer.
   */
  readonly #asked = new Set<Certificate>();

  constructor(options: RevocationOptions, context: Omit<StatusContext, 'clockTolerance'>) {
    const { crls = [], useDeltas = true } = options;
    const clockTolerance = readClockTolerance(options);
    this.#options = options;
    const isValid = (certificate: Certificate, anchor: Authority): Judging<boolean> =>
      this.#isValid(certificate, anchor, context.isValid);
    const whole = { ...context, clockTolerance, isValid };
    this.#lists = new RevocationLists(crls, useDeltas, whole);
    this.#ocsp = new OcspStatus(whole, (target) => this.#objectionTo(target));
  }

  /**
   * The checks of each certificate of a path, by its place, from the anchor downwards: below one that fails there are
   * none.
   * @param isMain whether it is the path of the leaf, and not that of somebody who signed a status.
   */
  *judge({ certificates, anchor }: ValidPath, isMain: boolean): Judging<readonly (readonly Check[])[]> {
    const found: (readonly Check[])[] = certificates.map(() => []);
    const authorities: Authority[] = [anchor];
    for (const [index, certificate] of [...certificates.entries()].reverse()) {
      const [issuer = anchor] = authorities;
      if (!this.#asked.has(certificate)) {
        const target = { certificate, issuer, authorities: [...authorities], anchor };
        this.#asked.add(certificate);
        const checks = yield* this.#check(target, isMain && index === 0);
        this.#asked.delete(certificate);
        found[index] = checks;
        if (checks.some(({ ok }) => !ok)) break;
      }
      authorities.unshift(...authority(certificate));
    }
    return found;
  }

  /** Revoked by one is revoked; else good by one is good; else it depends on what is required. */
  *#check(target: Target, isLeaf: boolean): Judging<readonly Check[]> {
    const known = this.#revoked.get(target.certificate);
    if (known !== undefined) return known;
    const { ocspResponses = [], nonce, stapled, require = 'never' } = this.#options;
    const findings: Finding[] = [];
    for (const response of ocspResponses) {
      const found = yield* this.#ocsp.ask(response, target, nonce);
      if (found !== undefined) findings.push(found);
    }
    if (this.#lists.any) findings.push(yield* this.#lists.statusOf(target));
    const ofStaple = isLeaf && stapled !== undefined ? yield* this.#readStaple(stapled, target) : undefined;
    if (ofStaple !== undefined) findings.push(ofStaple);

    const revoked = tell(findings, 'revoked');
    if (revoked.length > 0) {
      this.#revoked.set(target.certificate, revoked);
      return revoked;
    }
    if (ofStaple?.status === 'unknown') return [refuseStaple(ofStaple.reasons)];
    if (isLeaf && stapled === undefined && this.#demandsStaple(target.certificate)) return [MISSING_STAPLE];
    const isRequired = require === 'chain' || (require === 'leaf' && isLeaf);
    const good = tell(findings, 'good');
    return good.length > 0 ? good : tellUnknown(findings, isRequired);
  }

  *#readStaple(der: Uint8Array, target: Target): Judging<Finding> {
    let response: OcspResponse;
    try {
      response = parseOcspResponse(der);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      return { status: 'unknown', reasons: [error.message] };
    }
    const found = yield* this.#ocsp.ask(response, target);
    return found ?? { status: 'unknown', reasons: ['it is about another certificate'] };
  }

  #demandsStaple({ tlsFeature = [] }: Certificate): boolean {
    return this.#options.mustStaple === true && tlsFeature.includes(STATUS_REQUEST);
  }

  /** Whether the certificate of a responder may be believed, as far as the revocation lists at hand know. */
  *#objectionTo(target: Target): Judging<string | undefined> {
    const { certificate } = target;
    const isRequired = this.#options.require === 'chain';
    if (this.#asked.has(certificate) || (!this.#lists.any && !isRequired)) return undefined;
    this.#asked.add(certificate);
    const found = yield* this.#lists.statusOf(target);
    this.#asked.delete(certificate);
    if (found.status !== 'unknown') return found.status === 'revoked' ? found.sentence : undefined;
    if (!isRequired) return undefined;
    return `whether it was revoked is not known: ${found.reasons.join('; ')}`;
  }

  *#isValid(certificate: Certificate, anchor: Authority, search: StatusContext['isValid']): Judging<boolean> {
    return this.#asked.has(certificate) || (yield* search(certificate, anchor));
  }
}

/** The number of the TLS extension status_request, by which a certificate demands a stapled response. */
const STATUS_REQUEST = 5;

const MISSING_STAPLE = check(
  'mustStaple',
  false,
  'it demands that an OCSP response is stapled to it (TLS feature status_request), and none was',
);

function refuseStaple(reasons: readonly string[]): Check {
  return check(
    'stapledResponse',
    false,
    `the OCSP response that was stapled to it is not acceptable: ${reasons.join('; ')}`,
  );
}

/** What those say who know. */
function tell(findings: readonly Finding[], status: 'revoked' | 'good'): readonly Check[] {
  return findings.flatMap((finding) =>
    finding.status === status
      ? [check('revocation', status === 'good', finding.sentence, finding.source)]
      : [],
  );
}

/** Nobody knows: whether that matters depends on what is required. */
function tellUnknown(findings: readonly Finding[], isRequired: boolean): readonly Check[] {
  if (findings.length === 0 && !isRequired) return [];
  const reasons = findings.flatMap((finding) => (finding.status === 'unknown' ? finding.reasons : []));
  const why =
    reasons.length > 0 ? reasons.join('; ') : 'no revocation list and no OCSP response speaks of it';
  const demand = isRequired ? ', and it must be' : '';
  return [check('revocationStatus', !isRequired, `whether it was revoked is not known${demand}: ${why}`)];
}
