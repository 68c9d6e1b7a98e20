/**
 * The search for a path: from the leaf to issuers by their names, depth first, until one is an anchor and everything holds. It
 * goes back and tries other candidates where a path fails, within a budget, and keeps what failed for the verdict.
 */
import { equalBytes } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import { Anchors, type TrustAnchor } from './anchors.ts';
import { Budget, BudgetError, type Judging } from './budget.ts';
import type { Certificate } from './certificate.ts';
import { judgePolicies, type PolicyQuestion, policyQuestion } from './certificate-policies.ts';
import { checkAnywhere, checkLeaf, DEFAULT_STRENGTH, readPurpose, type Situation } from './checks.ts';
import { type HostName, parseHostName } from './host-name.ts';
import { IssuerChecks } from './issuer-checks.ts';
import { MAX_INTERMEDIATES, MAX_PATH_LENGTH } from './limits.ts';
import { callersConstraints } from './name-constraints.ts';
import type { VerifyOptions } from './path.ts';
import {
  capital,
  describe,
  type Failure,
  type JudgedIssuer,
  judged,
  judgedPath,
  missingIssuer,
  rank,
  refusal,
  report,
  type Step,
} from './path-report.ts';
import { DEFAULT_PROFILE } from './profiles.ts';
import { type Authority, authority, type ValidPath } from './revocation/context.ts';
import { Revocations, tooMuchEvidence } from './revocation/revocations.ts';
import { Transparency } from './transparency/transparency.ts';
import { type Check, type JudgedCertificate, limited, refused, type Verdict } from './verdict.ts';

/** A path from leaf to anchor that keeps to every rule. */
interface WholePath {
  readonly certificates: readonly JudgedCertificate[];
  readonly policies: readonly string[];
}

export class PathSearch {
  readonly #options: VerifyOptions;
  readonly #situation: Situation;
  readonly #name: HostName | undefined;
  readonly #policies: PolicyQuestion;
  readonly #anchors: Anchors;
  readonly #issuers: IssuerChecks;
  readonly #failures: Failure[] = [];
  readonly #budget: Budget;
  readonly #revocations: Revocations | undefined;
  readonly #transparency: Transparency | undefined;
  /** The search that this one serves: for the path of somebody who signed a status. */
  readonly #parent: PathSearch | undefined;

  constructor(options: VerifyOptions, parent?: PathSearch) {
    const { purpose, at, strength = DEFAULT_STRENGTH, profile = DEFAULT_PROFILE, name } = options;
    const isTls = purpose === 'server' || purpose === 'client';
    const { keyUsage = isTls ? 'digitalSignature' : undefined, allowPartialChain = true } = options;
    const { anchors, intermediates, provider, nameConstraints, maxPathLength = MAX_PATH_LENGTH } = options;
    if (!Number.isFinite(new Date(at).getTime())) {
      throw new ConfigError('at', `at: expected a time in milliseconds since 1970, found ${at}`);
    }
    if (purpose === 'server' && name === undefined) {
      throw new ConfigError(
        'name',
        'name: expected the host name or address of the server; give null to check it elsewhere',
      );
    }
    this.#options = options;
    this.#parent = parent;
    this.#budget = parent === undefined ? new Budget(provider, options.budget) : parent.#budget;
    this.#situation = {
      purpose: readPurpose(purpose),
      at,
      strength,
      profile,
      mlDsa: provider.mlDsa ?? new Set(),
      ...(keyUsage && { keyUsage }),
    };
    this.#anchors = new Anchors(anchors, intermediates, allowPartialChain, provider);
    this.#issuers = new IssuerChecks({
      situation: this.#situation,
      budget: this.#budget,
      maxPathLength,
      nameConstraints: nameConstraints && callersConstraints(nameConstraints, 'nameConstraints'),
    });
    this.#name = typeof name === 'string' ? parseHostName(name) : undefined;
    this.#policies = policyQuestion(options.policies);
    this.#revocations = parent === undefined ? this.#prepareRevocations() : parent.#revocations;
    this.#transparency = parent === undefined ? this.#prepareTransparency() : undefined;
  }

  *run(): Judging<Verdict> {
    const { leaf, anchors, intermediates, provider, revocation } = this.#options;
    const pinned = this.#anchors.pinned(leaf);
    const leafChecks = [
      ...checkAnywhere(leaf, this.#situation, pinned?.role ?? 'leaf'),
      ...checkLeaf(leaf, this.#situation, this.#name),
    ];
    const start: Step = { certificate: leaf, checks: leafChecks };
    if (anchors.length === 0) return this.#withoutAnchors(start);
    if (intermediates.length > MAX_INTERMEDIATES) {
      return this.#overBudget(
        start,
        `${intermediates.length} certificates were sent; at most ${MAX_INTERMEDIATES} are looked at`,
      );
    }
    const tooMuch = tooMuchEvidence(revocation);
    if (tooMuch !== undefined) return this.#overBudget(start, tooMuch);
    let path: WholePath | undefined;
    try {
      leafChecks.push(...this.#issuers.checkOwnNames(leaf, pinned?.constraints));
      path = pinned === undefined ? yield* this.#extend([start]) : this.#complete([start]);
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      return this.#overBudget(start, error.message);
    }
    const ranked = rank(this.#failures);
    const [best, ...others] = ranked;
    if (path === undefined) return refusal(best as Failure, others, this.#options);
    const { certificates, policies } = path;
    const failed = leafChecks.find(({ ok }) => !ok);
    if (failed !== undefined) {
      return refusal({ steps: [start], failed, at: 0 }, ranked, this.#options, certificates);
    }
    const sentence = limited(
      `${capital(describe(leaf))} is accepted: ${acceptance(certificates, this.#name)}.`,
    );
    const tried = ranked.length === 0 ? {} : report(ranked, provider);
    return { ok: true, path: certificates, policies, sentence, ...tried };
  }

  /** Looks for a way from the last step to an anchor, depth first. */
  *#extend(steps: readonly Step[]): Judging<WholePath | undefined> {
    const { certificate: last, checks: lastChecks } = steps.at(-1) as Step;
    let found = false;
    for (const of of this.#anchors.issuersOf(last, steps)) {
      found = true;
      this.#budget.candidate();
      const { ofIssuer, ofIssued } = yield* this.#issuers.judge(steps, of);
      const issuer: JudgedIssuer = { of, checks: ofIssuer };
      const signed: Step = { certificate: last, checks: [...lastChecks, ...ofIssued] };
      const path = [...steps.slice(0, -1), signed];
      const broken = ofIssuer.find(({ ok }) => !ok);
      const failed = broken ?? ofIssued.find(({ ok }) => !ok);
      if (failed !== undefined) {
        const at = broken === undefined ? steps.length - 1 : steps.length;
        this.#failures.push({ steps: path, issuer, failed, at });
        continue;
      }
      const whole =
        of.role === 'anchor'
          ? yield* this.#finish(path, issuer)
          : yield* this.#extend([...path, { certificate: of.certificate as Certificate, checks: ofIssuer }]);
      if (whole !== undefined) return whole;
    }
    if (!found) this.#failWithoutIssuer(steps);
    return undefined;
  }

  #failWithoutIssuer(steps: readonly Step[]): void {
    const { certificate, checks } = steps.at(-1) as Step;
    const { anchors, intermediates } = this.#options;
    const isAmongAnchors = anchors.some(
      (anchor) => 'certificate' in anchor && equalBytes(anchor.certificate.der, certificate.der),
    );
    const failed = missingIssuer(certificate, intermediates, isAmongAnchors);
    const last: Step = {
      certificate,
      checks: [...checks, failed],
      ...(isAmongAnchors && { amongAnchors: true }),
    };
    this.#failures.push({ steps: [...steps.slice(0, -1), last], failed, at: steps.length - 1 });
  }

  #prepareRevocations(): Revocations | undefined {
    const { revocation, intermediates, provider } = this.#options;
    return (
      revocation &&
      new Revocations(revocation, {
        situation: this.#situation,
        provider,
        budget: this.#budget,
        certificates: [...intermediates, ...(revocation.certificates ?? [])],
        isValid: (certificate, anchor) => this.#isValid(certificate, anchor),
        checkOwnNames: (certificate) => this.#issuers.checkOwnNames(certificate),
      })
    );
  }

  #prepareTransparency(): Transparency | undefined {
    const { transparency, revocation: { ocspResponses = [], stapled } = {}, provider, at } = this.#options;
    if (transparency === undefined) return undefined;
    return new Transparency(transparency, { at, provider, budget: this.#budget, ocspResponses, stapled });
  }

  /** Whether a certificate that signed a status has a path to this anchor; what it may be used for is another question. */
  *#isValid(certificate: Certificate, anchor: Authority): Judging<boolean> {
    const { certificate: same, constraints = {} } = anchor;
    const anchors: TrustAnchor[] = [same === undefined ? anchor : { certificate: same, constraints }];
    const { policies: _, ...options } = this.#options;
    const search = new PathSearch({ ...options, leaf: certificate, anchors, allowPartialChain: true }, this);
    const checks = [
      ...checkAnywhere(certificate, { ...this.#situation, profile: [] }, 'leaf'),
      ...this.#issuers.checkOwnNames(certificate),
    ];
    if (!checks.every(({ ok }) => ok)) return false;
    return (yield* search.#extend([{ certificate, checks }])) !== undefined;
  }

  /**
   * What is left to ask when a path has reached an anchor: whether a certificate was revoked, which logs vouch for the leaf, and
   * the policies.
   */
  *#finish(steps: readonly Step[], issuer: JudgedIssuer): Judging<WholePath | undefined> {
    const isRefused = steps[0]?.checks.some(({ ok }) => !ok);
    const { name, key, certificate, constraints = {} } = issuer.of;
    if (isRefused || key === undefined) return this.#complete(steps, issuer);
    const certificates = steps.map((step) => step.certificate);
    const anchor: Authority = { name, key, constraints, ...(certificate && { certificate }) };
    const found = yield* this.#askAbout({ certificates, anchor });
    const whole = steps.map((step, i) => ({ ...step, checks: [...step.checks, ...(found[i] ?? [])] }));
    for (const [at, { checks }] of whole.entries()) {
      const failed = checks.find(({ ok }) => !ok);
      if (failed === undefined) continue;
      this.#failures.push({ steps: whole, issuer, failed, at, isWhole: true });
      return undefined;
    }
    return this.#complete(whole, issuer);
  }

  /** What only a whole path can answer, of each certificate by its place: statuses, and whether logs vouch for the leaf. */
  *#askAbout(path: ValidPath): Judging<readonly (readonly Check[])[]> {
    const statuses = this.#revocations
      ? yield* this.#revocations.judge(path, this.#parent === undefined)
      : [];
    const [leaf, next] = path.certificates;
    const isRefused = statuses.some((checks) => checks.some(({ ok }) => !ok));
    if (this.#transparency === undefined || leaf === undefined || isRefused) return statuses;
    const [issuer = path.anchor] = next === undefined ? [] : authority(next);
    const [ofLeaf = [], ...others] = statuses;
    return [[...ofLeaf, ...(yield* this.#transparency.judge(leaf, issuer))], ...others];
  }

  /** The rules for a path as a whole; without an issuer the leaf is itself the anchor. */
  #complete(steps: readonly Step[], issuer?: JudgedIssuer): WholePath | undefined {
    const { provider } = this.#options;
    const path = steps.map(({ certificate }) => certificate);
    const spend = this.#budget.policyStep;
    const outcome = judgePolicies(path, issuer?.of.certificate, this.#policies, spend);
    const at = outcome.ok ? 0 : outcome.index;
    const whole = steps.map((step, i) =>
      i === at ? { ...step, checks: [...step.checks, outcome.check] } : step,
    );
    if (!outcome.ok) {
      this.#failures.push({
        steps: whole,
        failed: outcome.check,
        at,
        isWhole: true,
        ...(issuer && { issuer }),
      });
      return undefined;
    }
    const { policies } = outcome;
    const certificates =
      issuer === undefined
        ? whole.map((step) => judged(step, 'anchor', provider))
        : judgedPath(whole, issuer, provider);
    return { certificates, policies };
  }

  #withoutAnchors(start: Step): Verdict {
    const { certificate } = start;
    return refused(
      'anchors',
      `No authority is trusted here (the list of trust anchors is empty), so ${describe(certificate)} cannot be accepted.`,
      {
        certificate: certificate.subject.toString(),
        path: judgedPath([start], undefined, this.#options.provider),
      },
    );
  }

  /** What was tried until then is told all the same. */
  #overBudget(start: Step, what: string): Verdict {
    const { certificate } = start;
    const { provider } = this.#options;
    return refused(
      'budget',
      `${capital(describe(certificate))} would take too much work to judge: ${what}.`,
      {
        certificate: certificate.subject.toString(),
        path: judgedPath([start], undefined, provider),
        ...report(rank(this.#failures), provider),
      },
    );
  }
}

function acceptance(path: readonly JudgedCertificate[], name: HostName | undefined): string {
  const anchor = path.at(-1)?.subject ?? '';
  return `${name === undefined ? 'it' : `it carries the name ${name.text} and`} leads to the trust anchor '${anchor}'`;
}
