/** The work that one verdict may take, counted wherever it is done; a signature is checked once, whoever asks. */
import {
  type CryptoProvider,
  isPromise,
  type PublicKey,
  type SignatureAlgorithm,
} from '../crypto/provider.ts';
import {
  MAX_CANDIDATE_ISSUERS,
  MAX_NAME_COMPARISONS,
  MAX_POLICY_STEPS,
  MAX_SIGNATURE_CHECKS,
} from './limits.ts';

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
  #signatures = 0;
  #candidates = 0;
  #comparisons = 0;
  #policySteps = 0;

  constructor(provider: Pick<CryptoProvider, 'verify'>) {
    this.#provider = provider;
  }

  /** Pays for looking at a candidate issuer. */
  candidate(): void {
    if (++this.#candidates > MAX_CANDIDATE_ISSUERS)
      throw new BudgetError(`more than ${MAX_CANDIDATE_ISSUERS} candidate issuers`);
  }

  /** Pays for comparing names. */
  readonly comparison = (count = 1): void => {
    this.#comparisons += count;
    if (this.#comparisons > MAX_NAME_COMPARISONS)
      throw new BudgetError(`more than ${MAX_NAME_COMPARISONS} name comparisons`);
  };

  /** Pays for a step of policy processing. */
  readonly policyStep = (): void => {
    if (++this.#policySteps > MAX_POLICY_STEPS)
      throw new BudgetError(`more than ${MAX_POLICY_STEPS} steps of certificate policies`);
  };

  /** Whether this key made the signature. */
  *isSigned(signed: Signed, key: PublicKey): Judging<boolean> {
    const { signatureAlgorithm, tbs, signature } = signed;
    if (signatureAlgorithm === undefined) return false;
    const known = this.#known.get(signed)?.get(key);
    if (known !== undefined) return known;
    if (++this.#signatures > MAX_SIGNATURE_CHECKS) {
      throw new BudgetError(`more than ${MAX_SIGNATURE_CHECKS} signatures to check`);
    }
    const answer = this.#provider.verify(signatureAlgorithm, key, tbs, signature);
    const valid = (isPromise(answer) ? yield answer : answer) === true;
    const ofSigned = this.#known.get(signed) ?? new Map<PublicKey, boolean>();
    this.#known.set(signed, ofSigned.set(key, valid));
    return valid;
  }
}
