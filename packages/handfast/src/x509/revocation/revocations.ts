/** Whether the certificates of a path were revoked: what is asked, in which order, and what the answers lead to. */
import { ConfigError } from '../../wire/errors.ts';
import type { Judging } from '../budget.ts';
import type { Certificate } from '../certificate.ts';
import { DEFAULT_CLOCK_TOLERANCE, MAX_INTERMEDIATES, MAX_REVOCATION_LISTS } from '../limits.ts';
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
  /** Certificates of those who sign revocation lists for others, where nobody else brings them. */
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
  certificates = [],
}: RevocationOptions = {}): string | undefined {
  if (crls.length > MAX_REVOCATION_LISTS) {
    return `${crls.length} revocation lists were given; at most ${MAX_REVOCATION_LISTS} are looked at`;
  }
  if (certificates.length > MAX_INTERMEDIATES) {
    return `${certificates.length} certificates of those who sign statuses were given; at most ${MAX_INTERMEDIATES} are looked at`;
  }
  return undefined;
}

/** The statuses of one verdict, for its path and for the paths of those who signed statuses. */
export class Revocations {
  readonly #options: RevocationOptions;
  readonly #lists: RevocationLists;
  /** Certificates that were found to be revoked: they are so in every path. */
  readonly #revoked = new Map<Certificate, readonly Check[]>();
  /**
   * Certificates whose status is just being asked for. Who signs a status may stand below, or be its subject; then the
   * question would go round in circles, and the status itself is the answer.
   */
  readonly #asked = new Set<Certificate>();

  constructor(options: RevocationOptions, context: Omit<StatusContext, 'clockTolerance'>) {
    const { crls = [], useDeltas = true, clockTolerance = DEFAULT_CLOCK_TOLERANCE } = options;
    if (!(clockTolerance >= 0)) {
      throw new ConfigError(
        'revocation.clockTolerance',
        `revocation.clockTolerance: expected milliseconds, 0 or more, found ${clockTolerance}`,
      );
    }
    this.#options = options;
    const isValid = (certificate: Certificate, anchor: Authority): Judging<boolean> =>
      this.#isValid(certificate, anchor, context.isValid);
    this.#lists = new RevocationLists(crls, useDeltas, { ...context, clockTolerance, isValid });
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
        const { require = 'never' } = this.#options;
        const isRequired = require === 'chain' || (require === 'leaf' && isMain && index === 0);
        const target = { certificate, issuer, authorities: [...authorities], anchor };
        this.#asked.add(certificate);
        const checks = yield* this.#check(target, isRequired);
        this.#asked.delete(certificate);
        found[index] = checks;
        if (checks.some(({ ok }) => !ok)) break;
      }
      authorities.unshift(...authority(certificate));
    }
    return found;
  }

  *#check(target: Target, isRequired: boolean): Judging<readonly Check[]> {
    const known = this.#revoked.get(target.certificate);
    if (known !== undefined) return known;
    const findings: Finding[] = [];
    if (this.#lists.any) findings.push(yield* this.#lists.statusOf(target));
    const checks = judgeFindings(findings, isRequired);
    if (findings.some(({ status }) => status === 'revoked')) this.#revoked.set(target.certificate, checks);
    return checks;
  }

  *#isValid(certificate: Certificate, anchor: Authority, search: StatusContext['isValid']): Judging<boolean> {
    return this.#asked.has(certificate) || (yield* search(certificate, anchor));
  }
}

/** Revoked by one is revoked; else good by one is good; else it depends on what is required. */
function judgeFindings(findings: readonly Finding[], isRequired: boolean): readonly Check[] {
  const told = (status: 'revoked' | 'good'): readonly Check[] =>
    findings.flatMap((finding) =>
      finding.status === status
        ? [check('revocation', status === 'good', finding.sentence, finding.source)]
        : [],
    );
  const revoked = told('revoked');
  if (revoked.length > 0) return revoked;
  const good = told('good');
  if (good.length > 0) return good;
  if (findings.length === 0 && !isRequired) return [];
  const reasons = findings.flatMap((finding) => (finding.status === 'unknown' ? finding.reasons : []));
  const why = reasons.length > 0 ? reasons.join('; ') : 'no revocation list and no OCSP response was given';
  return [
    check(
      'revocationStatus',
      !isRequired,
      `whether it was revoked is not known${isRequired ? ', and it must be' : ''}: ${why}`,
    ),
  ];
}
