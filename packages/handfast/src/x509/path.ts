/**
 * Path building and validation (RFC 5280 section 6): from a leaf, over intermediates that anyone may have sent, to
 * an anchor that the caller trusts. The search goes back and tries other candidates where a path fails, within a
 * budget; nothing is remembered from one verdict to the next.
 */
import type { Awaitable, CryptoProvider } from '../crypto/provider.ts';
import { ConfigError } from '../wire/errors.ts';
import { Anchors, type IssuerConstraints, type TrustAnchor } from './anchors.ts';
import { Budget, BudgetError, type Judging } from './budget.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import {
  judgePolicies,
  type PolicyOptions,
  type PolicyQuestion,
  policyQuestion,
} from './certificate-policies.ts';
import {
  checkAnywhere,
  checkAuthority,
  checkKey,
  checkLeaf,
  checkPathLength,
  checkSignatureAlgorithm,
  DEFAULT_STRENGTH,
  type Purpose,
  readPurpose,
  type Situation,
  type StrengthPolicy,
} from './checks.ts';
import type { KeyUsage, NameConstraints } from './extensions.ts';
import { type HostName, parseHostName } from './host-name.ts';
import { MAX_INTERMEDIATES, MAX_PATH_CERTIFICATES, MAX_PATH_LENGTH } from './limits.ts';
import { callersConstraints, constraintViolation, type NameSubtrees } from './name-constraints.ts';
import {
  bestFailure,
  capital,
  describe,
  type Failure,
  type Issuer,
  judged,
  judgedSteps,
  missingIssuer,
  refusal,
  type Step,
} from './path-report.ts';
import { DEFAULT_PROFILE, type ProfileRule } from './profiles.ts';
import { type Authority, authority, type ValidPath } from './revocation/context.ts';
import {
  type RevocationOptions,
  Revocations,
  readClockTolerance,
  tooMuchEvidence,
} from './revocation/revocations.ts';
import { readTransparency, Transparency, type TransparencyOptions } from './transparency/transparency.ts';
import { type Check, check, type JudgedCertificate, refused, type Verdict } from './verdict.ts';

interface CommonOptions {
  /** Checks the signatures. */
  readonly provider: Pick<CryptoProvider, 'verify' | 'hash'>;
  /** The certificate to judge. */
  readonly leaf: Certificate;
  /** In any order; more than are needed do no harm. */
  readonly intermediates: readonly Certificate[];
  /**
   * An empty list refuses everything. Any certificate may be one: a path ends at the first anchor that it reaches, and a leaf
   * that is one, byte for byte or by its key, is accepted for the names, times and purposes that it says.
   */
  readonly anchors: readonly TrustAnchor[];
  /**
   * Whether a certificate among the anchors that somebody else issued may end a path, or be a pinned leaf. Otherwise it is one
   * more intermediate. Default: true, since the caller trusts it (RFC 5280 section 6.1.1 (d)).
   */
  readonly allowPartialChain?: boolean;
  /**
   * The names that any path may vouch for: initial-permitted-subtrees and initial-excluded-subtrees of RFC 5280 section 6.1.1.
   * Default: all.
   */
  readonly nameConstraints?: NameSubtrees;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Intermediates that a path may have, self-issued ones not counted. Default: {@link MAX_PATH_LENGTH}. */
  readonly maxPathLength?: number;
  /** Default: RSA from 2048 bits, signatures with SHA-2. */
  readonly strength?: StrengthPolicy;
  /**
   * What the leaf's key is to do, which its keyUsage must allow where it has one. Default: `digitalSignature` for servers and
   * clients, nothing in particular for other purposes.
   */
  readonly keyUsage?: KeyUsage;
  /** Rules for how certificates are made. Default: {@link DEFAULT_PROFILE}. */
  readonly profile?: readonly ProfileRule[];
  /** Certificate policies. Default: any are accepted, and none is required unless an authority requires it. */
  readonly policies?: PolicyOptions;
  /**
   * What is known about the status of certificates, and what must be known. Default: nothing is known, and nothing is
   * required. A leaf that is an anchor itself has no issuer to ask about it.
   */
  readonly revocation?: RevocationOptions;
  /**
   * The transparency logs that are believed, and how many must vouch for the leaf (RFC 6962). Default: none is asked.
   */
  readonly transparency?: TransparencyOptions;
}

/** The question that {@link verify} answers. */
export type VerifyOptions = CommonOptions &
  (
    | {
        readonly purpose: 'server';
        /** The host name or address that the leaf must carry; `null` when somebody else checks it. */
        readonly name: string | null;
      }
    | { readonly purpose: Exclude<Purpose, 'server'>; readonly name?: string | null }
  );

/** What {@link verifyPath} yields are promises of the provider, and it must be given what they resolve to. */
export type Verification = Judging<Verdict>;

/**
 * Judges a certificate, step by step: with a synchronous provider nothing is yielded. {@link verify} does the same in one call.
 * @throws {ConfigError} when `name` is neither a host name nor an IP address, or is left out for a server, or when another
 * option makes no sense; its `option` says which.
 */
export function* verifyPath(options: VerifyOptions): Verification {
  return yield* new PathSearch(options).run();
}

/**
 * Judges a certificate: at once if the provider is synchronous, else the promise of a verdict.
 * @throws {ConfigError} as {@link verifyPath}.
 */
export function verify(options: VerifyOptions): Awaitable<Verdict> {
  const steps = verifyPath(options);
  const resume = (result: IteratorResult<PromiseLike<unknown>, Verdict>): Awaitable<Verdict> =>
    result.done
      ? result.value
      : result.value.then(
          (value) => resume(steps.next(value)),
          (error: unknown) => resume(steps.throw(error)),
        );
  return resume(steps.next());
}

/**
 * Checks rules before there is a certificate to judge by them.
 * @throws {ConfigError} as {@link verifyPath}.
 */
export function checkRules({
  anchors,
  nameConstraints,
  policies,
  provider,
  revocation,
  transparency,
}: Pick<
  VerifyOptions,
  'anchors' | 'nameConstraints' | 'policies' | 'provider' | 'revocation' | 'transparency'
>): void {
  new Anchors(anchors, [], true, provider);
  policyQuestion(policies);
  readClockTolerance(revocation);
  if (transparency !== undefined) readTransparency(transparency, provider);
  if (nameConstraints !== undefined) callersConstraints(nameConstraints, 'nameConstraints');
}

/** A path from leaf to anchor that keeps to every rule. */
interface WholePath {
  readonly certificates: readonly JudgedCertificate[];
  readonly policies: readonly string[];
}

class PathSearch {
  readonly #options: VerifyOptions;
  readonly #situation: Situation;
  readonly #name: HostName | undefined;
  readonly #maxPathLength: number;
  readonly #policies: PolicyQuestion;
  readonly #anchors: Anchors;
  readonly #nameConstraints: NameConstraints | undefined;
  readonly #failures: Failure[] = [];
  /** What was found for this verdict about issuers, wherever they stand in a path. */
  readonly #alone = {
    intermediate: new Map<Certificate, readonly Check[]>(),
    anchor: new Map<Certificate, readonly Check[]>(),
  };
  readonly #budget: Budget;
  readonly #revocations: Revocations | undefined;
  readonly #transparency: Transparency | undefined;
  /** The search that this one serves: for the path of somebody who signed a status. */
  readonly #parent: PathSearch | undefined;

  constructor(options: VerifyOptions, parent?: PathSearch) {
    const { purpose, at, strength = DEFAULT_STRENGTH, profile = DEFAULT_PROFILE, name } = options;
    const isTls = purpose === 'server' || purpose === 'client';
    const { keyUsage = isTls ? 'digitalSignature' : undefined, allowPartialChain = true } = options;
    const { anchors, intermediates, provider, nameConstraints } = options;
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
    this.#budget = parent === undefined ? new Budget(provider) : parent.#budget;
    this.#situation = { purpose: readPurpose(purpose), at, strength, profile, ...(keyUsage && { keyUsage }) };
    this.#anchors = new Anchors(anchors, intermediates, allowPartialChain, provider);
    this.#nameConstraints = nameConstraints && callersConstraints(nameConstraints, 'nameConstraints');
    this.#name = typeof name === 'string' ? parseHostName(name) : undefined;
    this.#maxPathLength = options.maxPathLength ?? MAX_PATH_LENGTH;
    this.#policies = policyQuestion(options.policies);
    this.#revocations = parent === undefined ? this.#prepareRevocations() : parent.#revocations;
    this.#transparency = parent === undefined ? this.#prepareTransparency() : undefined;
  }

  *run(): Verification {
    const { leaf, anchors, intermediates, provider, revocation } = this.#options;
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
    const tooMuch = tooMuchEvidence(revocation);
    if (tooMuch !== undefined) return this.#overBudget(tooMuch);
    const pinned = this.#anchors.pinned(leaf);
    const leafChecks = [
      ...checkAnywhere(leaf, this.#situation, pinned?.role ?? 'leaf'),
      ...checkLeaf(leaf, this.#situation, this.#name),
    ];
    const start: Step = { certificate: leaf, checks: leafChecks };
    let path: WholePath | undefined;
    try {
      leafChecks.push(...this.#checkOwnNames(leaf, pinned?.constraints));
      path = pinned === undefined ? yield* this.#extend([start]) : this.#complete([start]);
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      return this.#overBudget(error.message);
    }
    if (path === undefined) return refusal(bestFailure(this.#failures), this.#failures, provider);
    const failed = leafChecks.find(({ ok }) => !ok);
    const { certificates, policies } = path;
    if (failed !== undefined)
      return refusal({ steps: [start], failed }, this.#failures, provider, certificates);
    const sentence = `${capital(subject)} is accepted: ${acceptance(certificates, this.#name)}.`;
    return { ok: true, path: certificates, policies, sentence };
  }

  /** Looks for a way from the last step to an anchor, depth first. */
  *#extend(steps: readonly Step[]): Judging<WholePath | undefined> {
    const last = (steps.at(-1) as Step).certificate;
    let found = false;
    for (const issuer of this.#anchors.issuersOf(last, steps)) {
      found = true;
      this.#budget.candidate();
      const checks = yield* this.#judgeIssuer(steps, last, issuer);
      const failed = checks.find(({ ok }) => !ok);
      if (failed !== undefined) {
        this.#failures.push({ steps, issuer: { of: issuer, checks }, failed });
        continue;
      }
      const certificate = issuer.certificate as Certificate;
      const path =
        issuer.role === 'anchor'
          ? yield* this.#finish(steps, { of: issuer, checks })
          : yield* this.#extend([...steps, { certificate, checks }]);
      if (path !== undefined) return path;
    }
    if (!found) this.#failures.push({ steps, failed: missingIssuer(last) });
    return undefined;
  }

  /** All rules for an issuer in its place; the signature, which costs most, only when nothing else is wrong. */
  *#judgeIssuer(steps: readonly Step[], last: Certificate, issuer: Issuer): Judging<readonly Check[]> {
    const below = steps.map(({ certificate }) => certificate);
    const { certificate, constraints = {} } = issuer;
    const checks: Check[] =
      certificate === undefined
        ? [checkKey(issuer.key, this.#situation.strength)]
        : [
            ...this.#checkAlone(certificate, issuer.role),
            checkPathLength(certificate.basicConstraints?.pathLength, below),
            this.#checkLength(steps, issuer),
            ...this.#checkNameConstraints(certificate.nameConstraints, below),
          ];
    if (constraints.pathLength !== undefined) checks.push(checkPathLength(constraints.pathLength, below));
    checks.push(...this.#checkNameConstraints(constraints.nameConstraints, below));
    checks.push(checkSignatureAlgorithm(last, this.#situation.strength));
    if (checks.every(({ ok }) => ok)) checks.push(yield* this.#checkSignature(last, issuer));
    return checks;
  }

  #checkAlone(certificate: Certificate, role: Issuer['role']): readonly Check[] {
    let checks = this.#alone[role].get(certificate);
    if (checks === undefined) {
      checks = [
        ...checkAnywhere(certificate, this.#situation, role),
        ...(isVersion1Anchor(certificate, role) ? [] : checkAuthority(certificate, this.#situation)),
        ...(role === 'intermediate' && !isSelfIssued(certificate) ? this.#checkOwnNames(certificate) : []),
      ];
      this.#alone[role].set(certificate, checks);
    }
    return checks;
  }

  #checkLength(steps: readonly Step[], { role, certificate }: Issuer): Check {
    const issuers = steps.slice(1).map((step) => step.certificate);
    if (role === 'intermediate' && certificate !== undefined) issuers.push(certificate);
    const count = issuers.filter((issuer) => !isSelfIssued(issuer)).length;
    const ok = count <= this.#maxPathLength && steps.length < MAX_PATH_CERTIFICATES;
    return check(
      'pathLength',
      ok,
      ok
        ? `the path has ${count} ${count === 1 ? 'intermediate' : 'intermediates'} so far`
        : `with it the path would have ${count} intermediates; ${this.#maxPathLength} are accepted here, and ${MAX_PATH_CERTIFICATES} certificates in all`,
    );
  }

  /** What the caller says of names, of any path or of a leaf that is an anchor itself. */
  #checkOwnNames(certificate: Certificate, constraints: IssuerConstraints = {}): readonly Check[] {
    const all = [this.#nameConstraints, constraints.nameConstraints].filter((given) => given !== undefined);
    return all.map((given) => {
      const violation = constraintViolation(given, certificate, this.#budget.comparison);
      const sentence =
        violation === undefined ? 'its names are accepted here' : `not accepted here: ${violation}`;
      return check('nameConstraints', violation === undefined, sentence, 'RFC 5280 section 6.1.3 (b)');
    });
  }

  #checkNameConstraints(
    nameConstraints: NameConstraints | undefined,
    below: readonly Certificate[],
  ): readonly Check[] {
    if (nameConstraints === undefined) return [];
    for (const [index, constrained] of below.entries()) {
      // Self-issued certificates are exempt, unless they are the leaf (RFC 5280 section 6.1.3 (b)).
      if (index > 0 && isSelfIssued(constrained)) continue;
      const violation = constraintViolation(nameConstraints, constrained, this.#budget.comparison);
      if (violation !== undefined) {
        return [
          check('nameConstraints', false, `it may not vouch for ${describe(constrained)}: ${violation}`),
        ];
      }
    }
    return [check('nameConstraints', true, 'the names below it are within its name constraints')];
  }

  *#checkSignature(last: Certificate, issuer: Issuer): Judging<Check> {
    const valid = issuer.key !== undefined && (yield* this.#budget.isSigned(last, issuer.key));
    return check(
      'signature',
      valid,
      valid
        ? `it signed ${describe(last)}`
        : `its signature was not made by ${issuer.label}, although it bears that name as issuer`,
    );
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
    const checks = checkAnywhere(certificate, { ...this.#situation, profile: [] }, 'leaf');
    if (!checks.every(({ ok }) => ok)) return false;
    return (yield* search.#extend([{ certificate, checks }])) !== undefined;
  }

  /**
   * What is left to ask when a path has reached an anchor: whether a certificate was revoked, which logs vouch for the leaf, and
   * the policies.
   */
  *#finish(steps: readonly Step[], issuer: NonNullable<Failure['issuer']>): Judging<WholePath | undefined> {
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
      this.#failures.push({ steps: whole, issuer, failed, at });
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
  #complete(steps: readonly Step[], issuer?: Failure['issuer']): WholePath | undefined {
    const { provider } = this.#options;
    const path = steps.map(({ certificate }) => certificate);
    const spend = this.#budget.policyStep;
    const outcome = judgePolicies(path, issuer?.of.certificate, this.#policies, spend);
    const index = outcome.ok ? 0 : outcome.index;
    const whole = steps.map((step, i) =>
      i === index ? { ...step, checks: [...step.checks, outcome.check] } : step,
    );
    if (!outcome.ok) {
      const failed = { steps: whole, failed: outcome.check, at: index };
      this.#failures.push(issuer === undefined ? failed : { ...failed, issuer });
      return undefined;
    }
    const { policies } = outcome;
    if (issuer === undefined) {
      return { certificates: whole.map((step) => judged(step, 'anchor', provider)), policies };
    }
    const below = judgedSteps(whole, provider);
    const { of, checks } = issuer;
    if (of.certificate !== undefined) {
      const { certificate } = of;
      return { certificates: [...below, judged({ certificate, checks }, 'anchor', provider)], policies };
    }
    const name = (steps.at(-1) as Step).certificate.issuer.toString();
    const anchor: JudgedCertificate = { role: 'anchor', subject: name, issuer: name, checks };
    return { certificates: [...below, anchor], policies };
  }

  #overBudget(what: string): Verdict {
    const { leaf } = this.#options;
    return refused('budget', `${capital(describe(leaf))} would take too much work to judge: ${what}.`, {
      certificate: leaf.subject.toString(),
    });
  }
}

/** Version 1 certificates cannot say that they are authorities; a caller who makes one an anchor says it for them. */
function isVersion1Anchor({ version }: Certificate, role: Issuer['role']): boolean {
  return role === 'anchor' && version === 1;
}

function acceptance(path: readonly JudgedCertificate[], name: HostName | undefined): string {
  const anchor = path.at(-1)?.subject ?? '';
  return `${name === undefined ? 'it' : `it carries the name ${name.text} and`} leads to the trust anchor '${anchor}'`;
}
