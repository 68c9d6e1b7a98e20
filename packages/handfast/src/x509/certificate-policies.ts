/**
 * Certificate policies along a path (RFC 5280 sections 6.1.2 to 6.1.5), with the policy graph of RFC 9618 in place of the
 * tree, whose size a chain could make grow exponentially.
 */
import { ConfigError } from '../wire/errors.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import { isObjectIdentifier, PolicyOid } from './oids.ts';
import type { PolicyMapping } from './policy-extensions.ts';
import { type Check, check } from './verdict.ts';

/** What a path must say about policies, in the words of RFC 5280 section 6.1.1 (c) and (e) to (g). */
export interface PolicyOptions {
  /**
   * The policies that are acceptable, as dotted object identifiers. It matters only where a policy is required: by
   * `initialExplicitPolicy`, or by an authority's policyConstraints. Default: any policy.
   */
  readonly userInitialPolicySet?: readonly string[];
  /** The path must be valid for a policy of that set. Default: false. */
  readonly initialExplicitPolicy?: boolean;
  /** Authorities may not say that one policy equals another. Default: false. */
  readonly initialPolicyMappingInhibit?: boolean;
  /** anyPolicy in a certificate stands for no policy. Default: false. */
  readonly initialAnyPolicyInhibit?: boolean;
}

/** The options, checked. */
export interface PolicyQuestion {
  /** `undefined`: any policy. */
  readonly acceptable: ReadonlySet<string> | undefined;
  readonly explicit: boolean;
  readonly inhibitMapping: boolean;
  readonly inhibitAny: boolean;
}

/** @throws {ConfigError} when the set is empty, or holds what is no object identifier. */
export function policyQuestion(options: PolicyOptions = {}): PolicyQuestion {
  const { userInitialPolicySet: wanted } = options;
  if (wanted?.length === 0) {
    throw new ConfigError(
      'policies',
      'policies.userInitialPolicySet: expected at least one policy; leave it out to accept any',
    );
  }
  for (const policy of wanted ?? []) {
    if (!isObjectIdentifier(policy)) {
      throw new ConfigError(
        'policies',
        `policies.userInitialPolicySet: expected dotted object identifiers such as 2.23.140.1.2.1, found ${JSON.stringify(policy)}`,
      );
    }
  }
  return {
    acceptable: wanted === undefined || wanted.includes(PolicyOid.anyPolicy) ? undefined : new Set(wanted),
    explicit: options.initialExplicitPolicy === true,
    inhibitMapping: options.initialPolicyMappingInhibit === true,
    inhibitAny: options.initialAnyPolicyInhibit === true,
  };
}

/** Counts one step of the work; throws when there were too many. */
export type PolicyBudget = () => void;

/** What a path is worth: the policies it is valid for, or which of its certificates broke a rule. */
export type PolicyOutcome =
  | {
      readonly ok: true;
      /** The user-constrained-policy-set: dotted, with anyPolicy (2.5.29.32.0) where nothing restricts them. */
      readonly policies: readonly string[];
      readonly check: Check;
    }
  | {
      readonly ok: false;
      /** Its place in the path, the leaf's being 0. */
      readonly index: number;
      readonly check: Check;
    };

interface PolicyNode {
  readonly policy: string;
  /** Either one node of anyPolicy, or one or more of other policies; none at the root. */
  readonly parents: readonly PolicyNode[];
  /** The expected_policy_set: which policies of the next certificate continue this one. */
  expected: readonly string[];
}

/** The nodes of one depth by their policy: RFC 9618 has at most one for each. An empty depth is a NULL graph. */
type Depth = Map<string, PolicyNode>;

/**
 * Judges a whole path.
 * @param path leaf first, without the anchor.
 * @param anchor its certificate where it has one: what that says of policies holds too, as it does of an intermediate. RFC
 * 5937 section 3.2 turns it into the caller's options, which cannot express its numbers.
 */
export function judgePolicies(
  path: readonly Certificate[],
  anchor: Certificate | undefined,
  question: PolicyQuestion,
  spend: PolicyBudget,
): PolicyOutcome {
  const state = new PolicyState(path.length, question, spend);
  if (anchor !== undefined) state.enterAnchor(anchor);
  for (let index = path.length - 1; index >= 0; index--) {
    const certificate = path[index] as Certificate;
    const isLeaf = index === 0;
    state.readPolicies(certificate, isLeaf);
    if (state.explicitPolicy === 0 && state.depth.size === 0) {
      return { ok: false, index, check: noPolicy(certificate, state.required) };
    }
    if (!isLeaf) state.prepareForNext(certificate);
  }
  const leaf = path[0] as Certificate;
  state.wrapUp(leaf);
  const policies = state.userConstrainedPolicies();
  if (state.explicitPolicy === 0 && policies.length === 0) {
    return { ok: false, index: 0, check: unwantedPolicies(state, question) };
  }
  return { ok: true, policies, check: check('certificatePolicies', true, accepted(policies)) };
}

/** The state variables of RFC 5280 section 6.1.2 that concern policies. */
class PolicyState {
  /** Nodes of the depth last processed. */
  depth: Depth = new Map([
    [PolicyOid.anyPolicy, { policy: PolicyOid.anyPolicy, parents: [], expected: [PolicyOid.anyPolicy] }],
  ]);
  explicitPolicy: number;
  /** Who required a policy, for messages. */
  required: string;
  readonly #question: PolicyQuestion;
  readonly #spend: PolicyBudget;
  #policyMapping: number;
  #inhibitAnyPolicy: number;

  constructor(length: number, question: PolicyQuestion, spend: PolicyBudget) {
    const never = length + 1;
    this.#question = question;
    this.#spend = spend;
    this.explicitPolicy = question.explicit ? 0 : never;
    this.required = 'is required here';
    this.#policyMapping = question.inhibitMapping ? 0 : never;
    this.#inhibitAnyPolicy = question.inhibitAny ? 0 : never;
  }

  /** An anchor is no certificate of the path, so it uses up none of the numbers. */
  enterAnchor(anchor: Certificate): void {
    if (anchor.certificatePolicies !== undefined) this.readPolicies(anchor, false);
    this.#applyMappings(anchor);
    this.#applyConstraints(anchor);
  }

  /** RFC 9618 section 5.3, steps (d) and (e). */
  readPolicies(certificate: Certificate, isLeaf: boolean): void {
    const { certificatePolicies = [] } = certificate;
    const above = this.depth;
    this.depth = new Map();
    if (certificatePolicies.length === 0 || above.size === 0) return;
    const expecting = this.#expecting(above);
    const anyAbove = above.get(PolicyOid.anyPolicy);
    for (const policy of certificatePolicies) {
      this.#spend();
      if (policy === PolicyOid.anyPolicy) continue;
      const parents = expecting.get(policy) ?? (anyAbove && [anyAbove]);
      if (parents !== undefined) this.#add(policy, parents);
    }
    const anyCounts = this.#inhibitAnyPolicy > 0 || (!isLeaf && isSelfIssued(certificate));
    if (!anyCounts || !certificatePolicies.includes(PolicyOid.anyPolicy)) return;
    for (const [policy, parents] of expecting) {
      this.#spend();
      if (!this.depth.has(policy)) this.#add(policy, parents);
    }
  }

  /** RFC 5280 section 6.1.4, steps (b) and (h) to (j); step (a) is a rule for the certificate alone. */
  prepareForNext(certificate: Certificate): void {
    this.#applyMappings(certificate);
    if (!isSelfIssued(certificate)) {
      this.explicitPolicy = Math.max(0, this.explicitPolicy - 1);
      this.#policyMapping = Math.max(0, this.#policyMapping - 1);
      this.#inhibitAnyPolicy = Math.max(0, this.#inhibitAnyPolicy - 1);
    }
    this.#applyConstraints(certificate);
  }

  /** RFC 5280 section 6.1.5, steps (a) and (b). */
  wrapUp({ policyConstraints, subject }: Certificate): void {
    this.explicitPolicy = Math.max(0, this.explicitPolicy - 1);
    if (policyConstraints?.requireExplicitPolicy === 0 && this.explicitPolicy > 0) {
      this.explicitPolicy = 0;
      this.required = requiredBy(subject.toString());
    }
  }

  /** RFC 9618 section 5.5. */
  userConstrainedPolicies(): string[] {
    const authority = this.authorityConstrainedPolicies();
    const { acceptable } = this.#question;
    if (acceptable === undefined) return [...authority];
    return [...acceptable].filter((policy) => authority.has(policy) || authority.has(PolicyOid.anyPolicy));
  }

  /** Policies in the words of the anchor: nodes right below anyPolicy that lead down to the leaf. */
  authorityConstrainedPolicies(): ReadonlySet<string> {
    const policies = new Set<string>();
    if (this.depth.has(PolicyOid.anyPolicy)) policies.add(PolicyOid.anyPolicy);
    const seen = new Set<PolicyNode>(this.depth.values());
    for (const { policy, parents } of seen) {
      if (policy === PolicyOid.anyPolicy) continue;
      for (const parent of parents) {
        this.#spend();
        if (parent.policy === PolicyOid.anyPolicy) policies.add(policy);
        // A set's iteration comes to what is added meanwhile.
        else seen.add(parent);
      }
    }
    return policies;
  }

  /** For each policy that nodes expect, those nodes. */
  #expecting(depth: Depth): Map<string, PolicyNode[]> {
    const expecting = new Map<string, PolicyNode[]>();
    for (const node of depth.values()) {
      for (const policy of node.expected) {
        this.#spend();
        const nodes = expecting.get(policy);
        if (nodes === undefined) expecting.set(policy, [node]);
        else nodes.push(node);
      }
    }
    return expecting;
  }

  #add(policy: string, parents: readonly PolicyNode[], expected: readonly string[] = [policy]): void {
    this.#spend();
    this.depth.set(policy, { policy, parents, expected });
  }

  /** RFC 9618 section 5.4. */
  #applyMappings({ policyMappings = [] }: Certificate): void {
    const any = this.depth.get(PolicyOid.anyPolicy);
    for (const [issuerDomain, subjectDomain] of this.#byIssuerDomain(policyMappings)) {
      const node = this.depth.get(issuerDomain);
      if (this.#policyMapping === 0) this.depth.delete(issuerDomain);
      else if (node !== undefined) node.expected = subjectDomain;
      // The root of the graph has no parent: a node beside it becomes its child.
      else if (any !== undefined) this.#add(issuerDomain, [any.parents[0] ?? any], subjectDomain);
    }
  }

  #byIssuerDomain(mappings: readonly PolicyMapping[]): Map<string, string[]> {
    const groups = new Map<string, Set<string>>();
    for (const { issuerDomainPolicy, subjectDomainPolicy } of mappings) {
      this.#spend();
      const group = groups.get(issuerDomainPolicy);
      if (group === undefined) groups.set(issuerDomainPolicy, new Set([subjectDomainPolicy]));
      else group.add(subjectDomainPolicy);
    }
    return new Map([...groups].map(([policy, group]) => [policy, [...group]]));
  }

  #applyConstraints({ policyConstraints = {}, inhibitAnyPolicy, subject }: Certificate): void {
    const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints;
    if (requireExplicitPolicy !== undefined && requireExplicitPolicy < this.explicitPolicy) {
      this.explicitPolicy = requireExplicitPolicy;
      this.required = requiredBy(subject.toString());
    }
    this.#policyMapping = Math.min(this.#policyMapping, inhibitPolicyMapping ?? Number.POSITIVE_INFINITY);
    this.#inhibitAnyPolicy = Math.min(this.#inhibitAnyPolicy, inhibitAnyPolicy ?? Number.POSITIVE_INFINITY);
  }
}

/** RFC 5280 section 6.1.4 (a), which section 4.2.1.5 says of every certificate. */
export function checkPolicyMappings({ policyMappings }: Certificate): readonly Check[] {
  if (policyMappings === undefined) return [];
  const ok = policyMappings.every(
    ({ issuerDomainPolicy, subjectDomainPolicy }) =>
      issuerDomainPolicy !== PolicyOid.anyPolicy && subjectDomainPolicy !== PolicyOid.anyPolicy,
  );
  return [
    check(
      'policyMappings',
      ok,
      ok
        ? 'it maps no policy to or from anyPolicy'
        : 'it maps a policy to or from anyPolicy, which would make every policy equal to it',
    ),
  ];
}

const MAX_LISTED_POLICIES = 8;

function listed(policies: readonly string[]): string {
  const shown = policies
    .slice(0, MAX_LISTED_POLICIES)
    .map((policy) => (policy === PolicyOid.anyPolicy ? 'anyPolicy' : policy));
  const more = policies.length - shown.length;
  return shown.join(', ') + (more > 0 ? `, and ${more} more` : '');
}

function accepted(policies: readonly string[]): string {
  return policies.length === 0
    ? 'the path is valid for no certificate policy, and none is required'
    : `the path is valid for the certificate policies ${listed(policies)}`;
}

function requiredBy(subject: string): string {
  return `is required by '${subject}' (policyConstraints)`;
}

function noPolicy({ certificatePolicies }: Certificate, required: string): Check {
  const found =
    certificatePolicies === undefined
      ? 'it has no certificate policies'
      : `its certificate policies (${listed(certificatePolicies)}) are not among those that the certificates above it allow`;
  return check('certificatePolicies', false, `${found}, and a valid policy for the whole path ${required}`);
}

function unwantedPolicies(state: PolicyState, { acceptable }: PolicyQuestion): Check {
  const valid = [...state.authorityConstrainedPolicies()];
  const found =
    valid.length === 0
      ? 'the path to it is valid for no certificate policy'
      : `the path to it is valid for the certificate policies ${listed(valid)}`;
  const wanted = acceptable === undefined ? 'one' : `one of ${listed([...acceptable])}`;
  return check(
    'certificatePolicies',
    false,
    `${found}, and ${wanted} ${state.required}`,
    'RFC 5280 section 6.1.5 (g)',
  );
}
