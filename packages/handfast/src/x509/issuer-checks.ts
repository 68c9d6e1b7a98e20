/** The rules for an issuer in its place: what it must be itself, and what it may vouch for. */
import type { IssuerConstraints } from './anchors.ts';
import type { Budget, Judging } from './budget.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import {
  checkAnywhere,
  checkAuthority,
  checkKey,
  checkPathLength,
  checkSignatureAlgorithm,
  type Situation,
} from './checks.ts';
import type { NameConstraints } from './extensions.ts';
import { MAX_PATH_CERTIFICATES } from './limits.ts';
import { constraintViolation } from './name-constraints.ts';
import { describe, type Issuer, type Step } from './path-report.ts';
import { type Check, check } from './verdict.ts';

/** Of the number of intermediates that the caller accepts. */
export const INITIAL_PATH_LENGTH_SOURCE = 'RFC 5280 section 6.1.2 (k)';

/** What one question holds every issuer to. */
export interface IssuerRules {
  readonly situation: Situation;
  readonly budget: Budget;
  readonly maxPathLength: number;
  /** What the caller says of the names that any path may vouch for. */
  readonly nameConstraints: NameConstraints | undefined;
}

/** What was found about an issuer in its place, and about the certificate below it as one that this issuer signed. */
export interface IssuerFindings {
  readonly ofIssuer: readonly Check[];
  readonly ofIssued: readonly Check[];
}

/** Holds issuers to the rules, for one verdict. */
export class IssuerChecks {
  readonly #rules: IssuerRules;
  /** What was found about issuers, wherever they stand in a path. */
  readonly #alone = {
    intermediate: new Map<Certificate, readonly Check[]>(),
    anchor: new Map<Certificate, readonly Check[]>(),
  };

  constructor(rules: IssuerRules) {
    this.#rules = rules;
  }

  /** All rules for an issuer above these steps; the signature, which costs most, only when nothing else is wrong. */
  *judge(steps: readonly Step[], issuer: Issuer): Judging<IssuerFindings> {
    const { situation } = this.#rules;
    const below = steps.map(({ certificate }) => certificate);
    const issued = below.at(-1) as Certificate;
    const { certificate, constraints = {} } = issuer;
    const ofIssuer: Check[] =
      certificate === undefined
        ? [checkKey(issuer.key, situation.strength)]
        : [
            ...this.#checkAlone(certificate, issuer.role),
            checkPathLength(certificate.basicConstraints?.pathLength, below),
            this.#checkLength(steps, issuer),
            ...this.#checkNameConstraints(certificate.nameConstraints, below),
          ];
    if (constraints.pathLength !== undefined) ofIssuer.push(checkPathLength(constraints.pathLength, below));
    ofIssuer.push(...this.#checkNameConstraints(constraints.nameConstraints, below));
    const ofIssued = [checkSignatureAlgorithm(issued, situation)];
    if ([...ofIssuer, ...ofIssued].every(({ ok }) => ok)) {
      ofIssued.push(yield* this.#checkSignature(issued, issuer));
    }
    return { ofIssuer, ofIssued };
  }

  /** What the caller says of names, of any path or of a leaf that is an anchor itself. */
  checkOwnNames(certificate: Certificate, constraints: IssuerConstraints = {}): readonly Check[] {
    const { nameConstraints, budget } = this.#rules;
    const all = [nameConstraints, constraints.nameConstraints].filter((given) => given !== undefined);
    return all.map((given) => {
      const violation = constraintViolation(given, certificate, budget.comparison);
      return violation === undefined
        ? check('nameConstraints', true, 'its names are accepted here')
        : check(
            'nameConstraints',
            false,
            `its names are not accepted here: ${violation.sentence}`,
            violation.source,
          );
    });
  }

  #checkAlone(certificate: Certificate, role: Issuer['role']): readonly Check[] {
    let checks = this.#alone[role].get(certificate);
    if (checks === undefined) {
      const { situation } = this.#rules;
      checks = [
        ...checkAnywhere(certificate, situation, role),
        ...(isVersion1Anchor(certificate, role) ? [] : checkAuthority(certificate, situation)),
        ...(role === 'intermediate' && !isSelfIssued(certificate) ? this.checkOwnNames(certificate) : []),
      ];
      this.#alone[role].set(certificate, checks);
    }
    return checks;
  }

  #checkLength(steps: readonly Step[], { role, certificate }: Issuer): Check {
    const { maxPathLength } = this.#rules;
    const issuers = steps.slice(1).map((step) => step.certificate);
    if (role === 'intermediate' && certificate !== undefined) issuers.push(certificate);
    const count = issuers.filter((issuer) => !isSelfIssued(issuer)).length;
    const ok = count <= maxPathLength && steps.length < MAX_PATH_CERTIFICATES;
    return check(
      'pathLength',
      ok,
      ok
        ? `the path has ${count} ${count === 1 ? 'intermediate' : 'intermediates'} so far`
        : `with it the path would have ${count} ${count === 1 ? 'intermediate' : 'intermediates'}; ${maxPathLength} are accepted here, and ${MAX_PATH_CERTIFICATES} certificates in all`,
      INITIAL_PATH_LENGTH_SOURCE,
    );
  }

  #checkNameConstraints(
    nameConstraints: NameConstraints | undefined,
    below: readonly Certificate[],
  ): readonly Check[] {
    if (nameConstraints === undefined) return [];
    for (const [index, constrained] of below.entries()) {
      // Self-issued certificates are exempt, unless they are the leaf (RFC 5280 section 6.1.3 (b)).
      if (index > 0 && isSelfIssued(constrained)) continue;
      const violation = constraintViolation(nameConstraints, constrained, this.#rules.budget.comparison);
      if (violation !== undefined) {
        const { sentence, source } = violation;
        return [
          check(
            'nameConstraints',
            false,
            `it may not vouch for ${describe(constrained)}: ${sentence}`,
            source,
          ),
        ];
      }
    }
    return [check('nameConstraints', true, 'the names below it are within its name constraints')];
  }

  *#checkSignature(issued: Certificate, issuer: Issuer): Judging<Check> {
    const valid = issuer.key !== undefined && (yield* this.#rules.budget.isSigned(issued, issuer.key));
    return check(
      'signature',
      valid,
      valid
        ? `its signature was made by ${issuer.label}`
        : `its signature was not made by ${issuer.label}, although it bears that name as issuer`,
    );
  }
}

/** Version 1 certificates cannot say that they are authorities; a caller who makes one an anchor says it for them. */
function isVersion1Anchor({ version }: Certificate, role: Issuer['role']): boolean {
  return role === 'anchor' && version === 1;
}
