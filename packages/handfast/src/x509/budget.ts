/** The work that one verdict may take, counted wherever it is done; a signature is checked once, whoever asks. */
import {
  type CryptoProvider,
  isPromise,
  type PublicKey,
  type SignatureAlgorithm,
} from '../crypto/provider.ts';
import { ConfigError } from '../wire/errors.ts';
import {
  MAX_CANDIDATE_ISSUERS,
  MAX_NAME_COMPARISONS,
  MAX_POLICY_STEPS,
  MAX_SIGNATURE_CHECKS,
} from './limits.ts';

/** How much work one verdict may take. */
export interface BudgetLimits {
  /** Signatures checked. Default: {@link MAX_SIGNATURE_CHECKS}. */
  readonly signatureChecks: number;
  /** Candidate issuers looked at. Default: {@link MAX_CANDIDATE_ISSUERS}. */
  readonly candidateIssuers: number;
  /** Comparisons of a name with a name constraint. Default: {@link MAX_NAME_COMPARISONS}. */
  readonly nameComparisons: number;
  /** Steps of certificate policy processing. Default: {@link MAX_POLICY_STEPS}. */
  readonly policySteps: number;
}

/** What holds where a caller says nothing. */
const DEFAULT_BUDGET: BudgetLimits = {
  signatureChecks: MAX_SIGNATURE_CHECKS,
  candidateIssuers: MAX_CANDIDATE_ISSUERS,
  nameComparisons: MAX_NAME_COMPARISONS,
  policySteps: MAX_POLICY_STEPS,
};

/** @throws {ConfigError} when a limit is not a positive integer, or of a name that is none of theirs. */
export function readBudget(given: Partial<BudgetLimits> = {}): BudgetLimits {
  for (const [name, limit] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_BUDGET, name)) {
      throw new ConfigError(
        'budget',
        `budget: expected ${Object.keys(DEFAULT_BUDGET).join(', ')}, found ${JSON.stringify(name)}`,
      );
    }
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
      throw new ConfigError('budget', `budget.${name}: expected a positive integer, found ${String(limit)}`);
    }
  }
  const { signatureChecks, candidateIssuers, nameComparisons, policySteps } = given;
  return {
    signatureChecks: signatureChecks ?? DEFAULT_BUDGET.signatureChecks,
    candidateIssuers: candidateIssuers ?? DEFAULT_BUDGET.candidateIssuers,
    nameComparisons: nameComparisons ?? DEFAULT_BUDGET.nameComparisons,
    policySteps: policySteps ?? DEFAULT_BUDGET.policySteps,
  };
}

/** Thrown where a budget is used up, and caught where the verdict is given: no caller ever sees it. */
export class BudgetError extends Error {}

/** What X.509 signs: certificates, revocation lists, OCSP responses. */
export interface Signed {
  /** The algorithm of the signature; `undefined` when it is not supported. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** The bytes that the signature covers. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
}

/** A part of a judgement: it yields promises of the provider, and is given what they resolve to. */
export type Judging<T> = Generator<PromiseLike<unknown>, T, unknown>;

export class Budget {
  readonly #provider: Pick<CryptoProvider, 'verify'>;
  readonly #known = new Map<Signed, Map<PublicKey, boolean>>();
  readonly #limits: BudgetLimits;
  #signatures = 0;
  #candidates = 0;
  #comparisons = 0;
  #policySteps = 0;

  /** @throws {ConfigError} as {@link readBudget}. */
  constructor(provider: Pick<CryptoProvider, 'verify'>, limits?: Partial<BudgetLimits>) {
    this.#provider = provider;
    this.#limits = readBudget(limits);
  }

  /** Pays for looking at a candidate issuer. */
  candidate(): void {
    const { candidateIssuers } = this.#limits;
    if (++this.#candidates > candidateIssuers)
      throw new BudgetError(`more than ${candidateIssuers} candidate issuers`);
  }

  /** Pays for comparing names. */
  readonly comparison = (count = 1): void => {
    this.#comparisons += count;
    const { nameComparisons } = this.#limits;
    if (this.#comparisons > nameComparisons)
      throw new BudgetError(`more than ${nameComparisons} name comparisons`);
  };

  /** Pays for a step of policy processing. */
  readonly policyStep = (): void => {
    const { policySteps } = this.#limits;
    if (++this.#policySteps > policySteps)
      throw new BudgetError(`more than ${policySteps} steps of certificate policies`);
  };

  /** Whether this key made the signature. */
  *isSigned(signed: Signed, key: PublicKey): Judging<boolean> {
    const { signatureAlgorithm, tbs, signature } = signed;
    if (signatureAlgorithm === undefined) return false;
    const known = this.#known.get(signed)?.get(key);
    if (known !== undefined) return known;
    const { signatureChecks } = this.#limits;
    if (++this.#signatures > signatureChecks) {
      throw new BudgetError(`more than ${signatureChecks} signatures to check`);
    }
    const answer = this.#provider.verify(signatureAlgorithm, key, tbs, signature);
    const valid = (isPromise(answer) ? yield answer : answer) === true;
    const ofSigned = this.#known.get(signed) ?? new Map<PublicKey, boolean>();
    this.#known.set(signed, ofSigned.set(key, valid));
    return valid;
  }
}
