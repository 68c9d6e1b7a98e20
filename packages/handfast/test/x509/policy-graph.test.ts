import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Certificate } from '../../src/x509/certificate.ts';
import { judgePolicies, type PolicyOptions, policyQuestion } from '../../src/x509/certificate-policies.ts';
import { ANY, P } from './policy-values.ts';

// The policy graph of RFC 9618 against the policy tree of RFC 5280, written down as that document has it: every path has
// the same outcome, and the same valid policies.

/** What policy processing looks at. */
interface Policied extends Pick<Certificate, 'policyMappings' | 'policyConstraints' | 'inhibitAnyPolicy'> {
  readonly certificatePolicies: readonly string[] | undefined;
  readonly selfIssued: boolean;
}

const name = (text: string) => ({ equals: (other: object) => String(other) === text, toString: () => text });

function certificate({ selfIssued, certificatePolicies, ...rest }: Policied): Certificate {
  const known = certificatePolicies === undefined ? {} : { certificatePolicies };
  const issuer = name('A');
  return { ...rest, ...known, subject: selfIssued ? issuer : name('B'), issuer } as unknown as Certificate;
}

interface TreeNode {
  readonly policy: string;
  readonly depth: number;
  readonly parent: TreeNode | undefined;
  expected: readonly string[];
}

/** RFC 5280 sections 6.1.2 to 6.1.5 to the letter: the valid policies, or `undefined` for a path that fails. */
function byTree(path: readonly Policied[], options: PolicyOptions): string[] | undefined {
  const n = path.length;
  const initial = options.userInitialPolicySet ?? [ANY];
  let explicit = options.initialExplicitPolicy ? 0 : n + 1;
  let mapping = options.initialPolicyMappingInhibit ? 0 : n + 1;
  let inhibitAny = options.initialAnyPolicyInhibit ? 0 : n + 1;
  let tree: TreeNode[] | undefined = [{ policy: ANY, depth: 0, parent: undefined, expected: [ANY] }];
  const prune = (nodes: TreeNode[], depth: number): TreeNode[] | undefined => {
    for (;;) {
      const kept = nodes.filter(
        (node) => node.depth >= depth || nodes.some((child) => child.parent === node),
      );
      if (kept.length === 0) return undefined;
      if (kept.length === nodes.length) return kept;
      nodes = kept;
    }
  };
  for (const [index, certificate] of [...path].reverse().entries()) {
    const i = index + 1;
    const { certificatePolicies, policyMappings = [], policyConstraints = {}, selfIssued } = certificate;
    if (certificatePolicies === undefined) tree = undefined;
    else if (tree !== undefined) {
      const above: TreeNode[] = tree.filter(({ depth }) => depth === i - 1);
      const added: TreeNode[] = [];
      const add = (policy: string, parent: TreeNode) =>
        added.push({ policy, depth: i, parent, expected: [policy] });
      for (const policy of certificatePolicies.filter((one) => one !== ANY)) {
        const matches = above.filter(({ expected }) => expected.includes(policy));
        const any = above.find((node) => node.policy === ANY);
        for (const parent of matches) add(policy, parent);
        if (matches.length === 0 && any !== undefined) add(policy, any);
      }
      if (certificatePolicies.includes(ANY) && (inhibitAny > 0 || (i < n && selfIssued))) {
        for (const parent of above) {
          for (const policy of parent.expected) {
            if (!added.some((child) => child.parent === parent && child.policy === policy)) {
              add(policy, parent);
            }
          }
        }
      }
      tree = prune([...tree, ...added], i);
    }
    if (explicit === 0 && tree === undefined) return undefined;
    if (i === n) break;
    for (const policy of new Set(policyMappings.map(({ issuerDomainPolicy }) => issuerDomainPolicy))) {
      if (tree === undefined) break;
      const subjects = policyMappings
        .filter(({ issuerDomainPolicy }) => issuerDomainPolicy === policy)
        .map(({ subjectDomainPolicy }) => subjectDomainPolicy);
      const here: TreeNode[] = tree.filter(({ depth }) => depth === i);
      const mapped = here.filter((node) => node.policy === policy);
      const any = here.find((node) => node.policy === ANY);
      if (mapping === 0) {
        tree = prune(
          tree.filter((node) => !mapped.includes(node)),
          i,
        );
      } else if (mapped.length > 0) {
        for (const node of mapped) node.expected = [...new Set(subjects)];
      } else if (any !== undefined) {
        tree.push({ policy, depth: i, parent: any.parent, expected: [...new Set(subjects)] });
      }
    }
    if (!selfIssued) {
      explicit = Math.max(0, explicit - 1);
      mapping = Math.max(0, mapping - 1);
      inhibitAny = Math.max(0, inhibitAny - 1);
    }
    explicit = Math.min(explicit, policyConstraints.requireExplicitPolicy ?? explicit);
    mapping = Math.min(mapping, policyConstraints.inhibitPolicyMapping ?? mapping);
    inhibitAny = Math.min(inhibitAny, certificate.inhibitAnyPolicy ?? inhibitAny);
  }
  explicit = Math.max(0, explicit - 1);
  if (path[0]?.policyConstraints?.requireExplicitPolicy === 0) explicit = 0;
  // Section 6.1.5 (g) (iii): what is not acceptable leaves the tree, and a last anyPolicy becomes what is.
  if (tree !== undefined && !initial.includes(ANY)) {
    const isAny = (node: TreeNode | undefined) => node?.policy === ANY;
    const unwanted = new Set<TreeNode>(
      tree.filter((node) => isAny(node.parent) && !isAny(node) && !initial.includes(node.policy)),
    );
    for (const node of tree) {
      if (node.parent !== undefined && unwanted.has(node.parent)) unwanted.add(node);
    }
    let rest: TreeNode[] = tree.filter((node) => !unwanted.has(node));
    const last = rest.find((node) => node.depth === n && isAny(node));
    if (last?.parent !== undefined) {
      const { parent } = last;
      const there = new Set(rest.filter((node) => isAny(node.parent)).map(({ policy }) => policy));
      rest = rest.filter((node) => node !== last);
      for (const policy of initial) {
        if (!there.has(policy)) rest.push({ policy, depth: n, parent, expected: [policy] });
      }
    }
    tree = prune(rest, n);
  }
  if (explicit === 0 && tree === undefined) return undefined;
  const valid = (tree ?? []).filter(
    (node) => node.parent?.policy === ANY && (node.policy !== ANY || node.depth === n),
  );
  return [...new Set(valid.map(({ policy }) => policy))].sort();
}

const SOME = [P(1), P(2), P(3)];
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const skip = fc.option(fc.nat(3), { nil: undefined, freq: 1 });

const anyPolicied: fc.Arbitrary<Policied> = fc
  .record({
    policies: fc.option(fc.subarray([...SOME, ANY], { minLength: 1 }), { nil: undefined, freq: 9 }),
    pairs: fc.array(fc.tuple(fc.constantFrom(...SOME), fc.constantFrom(...SOME)), { maxLength: 5 }),
    require: skip,
    inhibit: skip,
    any: skip,
    selfIssued: fc.boolean(),
  })
  .map(({ policies, pairs, require, inhibit, any, selfIssued }) => ({
    certificatePolicies: policies,
    policyMappings: pairs.map(([issuerDomainPolicy, subjectDomainPolicy]) => ({
      issuerDomainPolicy,
      subjectDomainPolicy,
    })),
    policyConstraints: {
      ...(require !== undefined && { requireExplicitPolicy: require }),
      ...(inhibit !== undefined && { inhibitPolicyMapping: inhibit }),
    },
    ...(any !== undefined && { inhibitAnyPolicy: any }),
    selfIssued,
  }));

const anyOptions: fc.Arbitrary<PolicyOptions> = fc
  .record({
    set: optional(fc.subarray([...SOME, P(4)], { minLength: 1 })),
    initialExplicitPolicy: fc.boolean(),
    initialPolicyMappingInhibit: fc.constantFrom(false, false, true),
    initialAnyPolicyInhibit: fc.constantFrom(false, false, true),
  })
  .map(({ set, ...flags }) => (set === undefined ? flags : { ...flags, userInitialPolicySet: set }));

test('the graph and the tree agree about every path', { timeout: 60_000 }, () => {
  let accepted = 0;
  let withPolicies = 0;
  fc.assert(
    fc.property(fc.array(anyPolicied, { minLength: 1, maxLength: 5 }), anyOptions, (path, options) => {
      const expected = byTree(path, options);
      const outcome = judgePolicies(path.map(certificate), undefined, policyQuestion(options), () => {});
      assert.equal(outcome.ok, expected !== undefined);
      assert.equal(outcome.check.ok, outcome.ok);
      if (!outcome.ok) return;
      accepted++;
      if (outcome.policies.length > 0) withPolicies++;
      assert.deepEqual([...outcome.policies].sort(), expected);
    }),
    { numRuns: 4000, seed: 9618 },
  );
  // The paths are no trivial ones.
  assert.ok(accepted > 1000 && withPolicies > 500, `${accepted} accepted, ${withPolicies} with policies`);
});

/** Every policy mapped to every other, in each certificate: the tree would have `width ** length` leaves. */
function cartesian(width: number, length: number): Certificate[] {
  const all = Array.from({ length: width }, (_, i) => P(i));
  const policyMappings = all.flatMap((issuerDomainPolicy) =>
    all.map((subjectDomainPolicy) => ({ issuerDomainPolicy, subjectDomainPolicy })),
  );
  return Array.from({ length }, () =>
    certificate({ certificatePolicies: all, policyMappings, selfIssued: false }),
  );
}

test('work grows with the size of the extensions, not with the number of ways through them', () => {
  const steps = (width: number, length: number): number => {
    let count = 0;
    const outcome = judgePolicies(cartesian(width, length), undefined, policyQuestion(), () => count++);
    assert.ok(outcome.ok);
    assert.equal(outcome.policies.length, width);
    return count;
  };
  for (const [width, length] of [
    [2, 16],
    [10, 8],
    [40, 16],
  ] as const) {
    // Each mapping is looked at where it stands, as an expected policy, and as an edge.
    const mappings = width * width * length;
    const policies = width * length;
    const found = steps(width, length);
    assert.ok(found <= 3 * mappings + 5 * policies + 10, `${found} steps for ${mappings} mappings`);
  }
});
