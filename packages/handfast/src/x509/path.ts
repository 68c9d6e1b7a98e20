/**
 * Path building and validation (RFC 5280 section 6): from a leaf, over intermediates that anyone may have sent, to
 * an anchor that the caller trusts. The search goes back and tries other candidates where a path fails, within a
 * budget; nothing is remembered from one verdict to the next.
 */
import { type CryptoProvider, isPromise, type PublicKey } from '../crypto/provider.ts';
import { equalBytes } from '../wire/bytes.ts';
import { type Certificate, fingerprint, isSelfIssued, serialNumberText } from './certificate.ts';
import {
  checkAnywhere,
  checkAuthority,
  checkKey,
  checkLeaf,
  checkSignatureAlgorithm,
  DEFAULT_STRENGTH,
  isoTime,
  type Purpose,
  type Situation,
  type StrengthPolicy,
} from './checks.ts';
import { type HostName, parseHostName } from './host-name.ts';
import {
  MAX_CANDIDATE_ISSUERS,
  MAX_INTERMEDIATES,
  MAX_NAME_COMPARISONS,
  MAX_PATH_CERTIFICATES,
  MAX_PATH_LENGTH,
  MAX_REPORTED_PATHS,
  MAX_SIGNATURE_CHECKS,
} from './limits.ts';
import type { DistinguishedName } from './name.ts';
import { constraintViolation } from './name-constraints.ts';
import { type Check, check, type JudgedCertificate, refused, type Verdict } from './verdict.ts';

/** An authority that the caller trusts: a certificate, or only its name and key. */
export type TrustAnchor =
  | { readonly certificate: Certificate }
  | { readonly name: DistinguishedName; readonly key: PublicKey };

export interface VerifyOptions {
  readonly provider: Pick<CryptoProvider, 'verify' | 'hash'>;
  readonly leaf: Certificate;
  /** In any order; more than are needed do no harm. */
  readonly intermediates: readonly Certificate[];
  /** An empty list refuses everything. */
  readonly anchors: readonly TrustAnchor[];
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The host name or address that the leaf must carry. Default: none is asked for. */
  readonly name?: string;
  readonly purpose: Purpose;
  /** Default: RSA from 2048 bits, signatures with SHA-2. */
  readonly strength?: StrengthPolicy;
}

/**
 * Judges a certificate. The generator yields promises of the provider and must be given what they resolve to; with a
 * synchronous provider it yields nothing.
 * @throws {ConfigError} when `name` is neither a host name nor an IP address.
 */
export function* verifyPath(options: VerifyOptions): Generator<PromiseLike<unknown>, Verdict, unknown> {
  return yield* new PathSearch(options).run();
}

/** An issuer that a path may go on with. */
interface Issuer {
  readonly role: 'intermediate' | 'anchor';
  readonly key: PublicKey | undefined;
  readonly certificate?: Certificate;
  readonly label: string;
}

/** A step of a path: the certificate, and what was checked about it. */
interface Step {
  readonly certificate: Certificate;
  readonly checks: readonly Check[];
}

/** A path that failed. */
interface Failure {
  readonly steps: readonly Step[];
  /** The issuer that failed, when it was one. */
  readonly issuer?: { readonly of: Issuer; readonly checks: readonly Check[] };
  readonly failed: Check;
  readonly subject: string;
}

/** Thrown inside the search when a budget is used up; it never leaves {@link PathSearch.run}. */
class BudgetError extends Error {}

class PathSearch {
  readonly #options: VerifyOptions;
  readonly #situation: Situation;
  readonly #name: HostName | undefined;
  readonly #failures: Failure[] = [];
  #signatures = 0;
  #candidates = 0;
  #comparisons = 0;

  constructor(options: VerifyOptions) {
    const { purpose, at, strength = DEFAULT_STRENGTH, name } = options;
    this.#options = options;
    this.#situation = { purpose, at, strength };
    this.#name = name === undefined ? undefined : parseHostName(name);
  }

  *run(): Generator<PromiseLike<unknown>, Verdict, unknown> {
    const { leaf, anchors, intermediates } = this.#options;
    const subject = describe(leaf);
    if (anchors.length === 0) {
      return refused(
        'anchors',
        `No authority is trusted here (the list of trust anchors is empty), so ${subject} cannot be accepted.`,
        {
          certificate: leaf.subject.toString(),
        },
      );
    }
    if (intermediates.length > MAX_INTERMEDIATES) {
      return this.#overBudget(
        `${intermediates.length} certificates were sent; at most ${MAX_INTERMEDIATES} are looked at`,
      );
    }
    const isPinned = anchors.some(
      (anchor) => 'certificate' in anchor && equalBytes(anchor.certificate.der, leaf.der),
    );
    const leafChecks = [
      ...checkAnywhere(leaf, this.#situation),
      ...checkLeaf(leaf, this.#situation, this.#name, isPinned),
    ];
    const start: Step = { certificate: leaf, checks: leafChecks };
    let path: readonly JudgedCertificate[] | undefined;
    try {
      path = isPinned ? [this.#judged(start, 'anchor')] : yield* this.#extend([start]);
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      return this.#overBudget(error.message);
    }
    if (path === undefined) return this.#noPath();
    const failed = leafChecks.find(({ ok }) => !ok);
    if (failed !== undefined) return this.#refusal({ steps: [start], failed, subject }, path);
    return { ok: true, path, sentence: `${subject} is accepted: ${acceptance(path, this.#name)}.` };
  }

  /** Looks for a way from the last step to an anchor, depth first. */
  *#extend(
    steps: readonly Step[],
  ): Generator<PromiseLike<unknown>, readonly JudgedCertificate[] | undefined, unknown> {
    const last = (steps.at(-1) as Step).certificate;
    let found = false;
    for (const issuer of this.#issuers(steps, last)) {
      found = true;
      if (++this.#candidates > MAX_CANDIDATE_ISSUERS)
        throw new BudgetError(`more than ${MAX_CANDIDATE_ISSUERS} candidate issuers`);
      const checks = yield* this.#judgeIssuer(steps, last, issuer);
      const failed = checks.find(({ ok }) => !ok);
      if (failed !== undefined) {
        const culprit =
          failed.rule === 'signature' ||
          failed.rule === 'signatureAlgorithm' ||
          failed.rule === 'weakSignature';
        this.#failures.push({
          steps,
          issuer: { of: issuer, checks },
          failed,
          subject: culprit ? describe(last) : issuer.label,
        });
        continue;
      }
      if (issuer.role === 'anchor') return this.#complete(steps, issuer, checks);
      const certificate = issuer.certificate as Certificate;
      const path = yield* this.#extend([...steps, { certificate, checks }]);
      if (path !== undefined) return path;
    }
    if (!found) this.#failures.push({ steps, failed: this.#missingIssuer(last), subject: describe(last) });
    return undefined;
  }

  /** Candidates by name: anchors first, then intermediates that the path does not hold already. */
  *#issuers(steps: readonly Step[], last: Certificate): Generator<Issuer, void, undefined> {
    for (const anchor of this.#options.anchors) {
      if ('certificate' in anchor) {
        const { certificate } = anchor;
        if (!certificate.subject.equals(last.issuer)) continue;
        yield {
          role: 'anchor',
          key: certificate.publicKeyInfo.key,
          certificate,
          label: `the trust anchor '${certificate.subject}'`,
        };
      } else if (anchor.name.equals(last.issuer)) {
        yield { role: 'anchor', key: anchor.key, label: `the trust anchor '${anchor.name}'` };
      }
    }
    for (const certificate of this.#options.intermediates) {
      // The same name with the same key again is a loop, whatever else differs.
      const loops = steps.some(
        (step) =>
          step.certificate.subject.equals(certificate.subject) &&
          equalBytes(step.certificate.publicKeyInfo.der, certificate.publicKeyInfo.der),
      );
      if (loops || !certificate.subject.equals(last.issuer)) continue;
      yield {
        role: 'intermediate',
        key: certificate.publicKeyInfo.key,
        certificate,
        label: `the intermediate '${certificate.subject}'`,
      };
    }
  }

  /** All rules for an issuer in its place; the signature, which costs most, only when nothing else is wrong. */
  *#judgeIssuer(
    steps: readonly Step[],
    last: Certificate,
    issuer: Issuer,
  ): Generator<PromiseLike<unknown>, readonly Check[], unknown> {
    const below = steps.map(({ certificate }) => certificate);
    const { certificate } = issuer;
    const checks: Check[] =
      certificate === undefined
        ? [checkKey(issuer.key, this.#situation.strength)]
        : [
            ...checkAnywhere(certificate, this.#situation),
            ...(isVersion1Anchor(issuer) ? [] : checkAuthority(certificate, this.#situation, below)),
            this.#checkLength(steps, issuer),
            ...this.#checkNameConstraints(certificate, below),
          ];
    checks.push(checkSignatureAlgorithm(last, this.#situation.strength));
    if (checks.every(({ ok }) => ok)) checks.push(yield* this.#checkSignature(last, issuer));
    return checks;
  }

  #checkLength(steps: readonly Step[], issuer: Issuer): Check {
    const intermediates = steps.slice(1).filter(({ certificate }) => !isSelfIssued(certificate)).length;
    const count = intermediates + (issuer.role === 'intermediate' ? 1 : 0);
    const ok = count <= MAX_PATH_LENGTH && steps.length < MAX_PATH_CERTIFICATES;
    return check(
      'pathLength',
      ok,
      ok
        ? `the path has ${count} intermediates so far`
        : `the path is longer than ${MAX_PATH_LENGTH} intermediates`,
    );
  }

  #checkNameConstraints(certificate: Certificate, below: readonly Certificate[]): readonly Check[] {
    const { nameConstraints } = certificate;
    if (nameConstraints === undefined) return [];
    const spend = (): void => {
      if (++this.#comparisons > MAX_NAME_COMPARISONS)
        throw new BudgetError(`more than ${MAX_NAME_COMPARISONS} name comparisons`);
    };
    for (const [index, constrained] of below.entries()) {
      // Self-issued certificates are exempt, unless they are the leaf (RFC 5280 section 6.1.3 (b)).
      if (index > 0 && isSelfIssued(constrained)) continue;
      const violation = constraintViolation(nameConstraints, constrained, spend);
      if (violation !== undefined) {
        return [
          check('nameConstraints', false, `it may not vouch for ${describe(constrained)}: ${violation}`),
        ];
      }
    }
    return [check('nameConstraints', true, 'the names below it are within its name constraints')];
  }

  *#checkSignature(last: Certificate, issuer: Issuer): Generator<PromiseLike<unknown>, Check, unknown> {
    if (++this.#signatures > MAX_SIGNATURE_CHECKS)
      throw new BudgetError(`more than ${MAX_SIGNATURE_CHECKS} signatures to check`);
    const { signatureAlgorithm } = last;
    let valid: unknown = false;
    if (signatureAlgorithm !== undefined && issuer.key !== undefined) {
      const answer = this.#options.provider.verify(signatureAlgorithm, issuer.key, last.tbs, last.signature);
      valid = isPromise(answer) ? yield answer : answer;
    }
    return check(
      'signature',
      valid === true,
      valid === true
        ? `it signed ${describe(last)}`
        : `its signature was not made by ${issuer.label}, although it bears that name as issuer`,
    );
  }

  #complete(steps: readonly Step[], issuer: Issuer, checks: readonly Check[]): readonly JudgedCertificate[] {
    const below = steps.map((step, index) => this.#judged(step, index === 0 ? 'leaf' : 'intermediate'));
    if (issuer.certificate !== undefined)
      return [...below, this.#judged({ certificate: issuer.certificate, checks }, 'anchor')];
    const name = (steps.at(-1) as Step).certificate.issuer.toString();
    return [...below, { role: 'anchor', subject: name, issuer: name, checks }];
  }

  #judged({ certificate, checks }: Step, role: JudgedCertificate['role']): JudgedCertificate {
    return {
      role,
      subject: certificate.subject.toString(),
      issuer: certificate.issuer.toString(),
      serialNumber: serialNumberText(certificate),
      notBefore: isoTime(certificate.notBefore.time),
      notAfter: isoTime(certificate.notAfter.time),
      fingerprint: fingerprint(certificate, this.#options.provider),
      checks,
    };
  }

  #missingIssuer(last: Certificate): Check {
    if (isSelfIssued(last)) {
      return check(
        'issuer',
        false,
        'it is self-signed, and is not among the trust anchors; if you know it to be right, add it to them',
      );
    }
    return check(
      'issuer',
      false,
      `its issuer '${last.issuer}' is neither among the trust anchors nor among the certificates that were sent; ` +
        'if that is an intermediate, its server should send it too; if it is an authority that you trust, add it to the anchors',
    );
  }

  /** The path that came furthest explains best; among equals the first. */
  #noPath(): Verdict {
    const weight = (failure: Failure): number =>
      2 * failure.steps.length + (failure.issuer === undefined ? 0 : 1);
    const best = this.#failures.reduce((a, b) => (weight(b) > weight(a) ? b : a));
    return this.#refusal(best);
  }

  #refusal(failure: Failure, path?: readonly JudgedCertificate[]) {
    const { steps, issuer, failed, subject } = failure;
    const judged = steps.map((step, index) => this.#judged(step, index === 0 ? 'leaf' : 'intermediate'));
    const last = issuer?.of.certificate;
    if (issuer !== undefined && last !== undefined)
      judged.push(this.#judged({ certificate: last, checks: issuer.checks }, issuer.of.role));
    const others = this.#failures.filter((other) => other !== failure);
    return refused(failed.rule, sentence(subject, failed.sentence), {
      certificate: (subject === issuer?.of.label
        ? (last ?? (steps.at(-1) as Step).certificate)
        : (steps.at(-1) as Step).certificate
      ).subject.toString(),
      path: path ?? judged,
      otherPaths: others
        .slice(0, MAX_REPORTED_PATHS)
        .map((other) => sentence(other.subject, other.failed.sentence)),
    });
  }

  #overBudget(what: string): Verdict {
    const { leaf } = this.#options;
    return refused('budget', `${capital(describe(leaf))} would take too much work to judge: ${what}.`, {
      certificate: leaf.subject.toString(),
    });
  }
}

/** Version 1 certificates cannot say that they are authorities; a caller who makes one an anchor says it for them. */
function isVersion1Anchor({ role, certificate }: Issuer): boolean {
  return role === 'anchor' && certificate?.version === 1;
}

function describe({ subject }: Certificate): string {
  return subject.empty ? 'the certificate without a subject' : `the certificate of '${subject}'`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(subject: string, what: string): string {
  return `${capital(subject)}: ${what}.`;
}

function acceptance(path: readonly JudgedCertificate[], name: HostName | undefined): string {
  const anchor = path.at(-1)?.subject ?? '';
  return `${name === undefined ? 'it' : `it carries the name ${name.text} and`} leads to the trust anchor '${anchor}'`;
}
