/**
 * Path building and validation (RFC 5280 section 6): from a leaf, over intermediates that anyone may have sent, to
 * an anchor that the caller trusts. What can be asked, and how; the search itself is in path-search.ts. Nothing is
 * remembered from one verdict to the next.
 */
import type { Awaitable, CryptoProvider } from '../crypto/provider.ts';
import { Anchors, type TrustAnchor } from './anchors.ts';
import { type BudgetLimits, type Judging, readBudget } from './budget.ts';
import type { Certificate } from './certificate.ts';
import { type PolicyOptions, policyQuestion } from './certificate-policies.ts';
import type { Purpose, StrengthPolicy } from './checks.ts';
import type { KeyUsage } from './extensions.ts';
import type { MAX_PATH_LENGTH } from './limits.ts';
import { callersConstraints, type NameSubtrees } from './name-constraints.ts';
import { PathSearch } from './path-search.ts';
import type { DEFAULT_PROFILE, ProfileRule } from './profiles.ts';
import { type RevocationOptions, readClockTolerance } from './revocation/revocations.ts';
import { readTransparency, type TransparencyOptions } from './transparency/transparency.ts';
import type { Verdict } from './verdict.ts';

interface CommonOptions {
  /** Checks the signatures. */
  readonly provider: Pick<CryptoProvider, 'verify' | 'hash' | 'mlDsa'>;
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
  /** How much work the verdict may take; a search that needs more is refused. Default: the limits of handfast. */
  readonly budget?: Partial<BudgetLimits>;
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
  budget,
}: Pick<
  VerifyOptions,
  'anchors' | 'nameConstraints' | 'policies' | 'provider' | 'revocation' | 'transparency' | 'budget'
>): void {
  new Anchors(anchors, [], true, provider);
  policyQuestion(policies);
  readClockTolerance(revocation);
  readBudget(budget);
  if (transparency !== undefined) readTransparency(transparency, provider);
  if (nameConstraints !== undefined) callersConstraints(nameConstraints, 'nameConstraints');
}
