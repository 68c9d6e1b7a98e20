/** Verdicts about certificates of `pki.ts`, in one call. */
import assert from 'node:assert/strict';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { type Certificate, parseCertificate } from '../../src/x509/certificate.ts';
import type { Purpose } from '../../src/x509/checks.ts';
import { type VerifyOptions, verify } from '../../src/x509/path.ts';
import type { Accepted, Refused, Rule, Verdict } from '../../src/x509/verdict.ts';
import type { Issued } from '../support/pki.ts';

export const parse = ({ der }: { readonly der: Uint8Array }): Certificate => parseCertificate(der);

/** The rules to judge by, and what to be judged for. */
export interface Question
  extends Partial<
    Pick<
      VerifyOptions,
      | 'at'
      | 'maxPathLength'
      | 'strength'
      | 'profile'
      | 'provider'
      | 'policies'
      | 'nameConstraints'
      | 'keyUsage'
      | 'allowPartialChain'
      | 'budget'
      | 'revocation'
      | 'transparency'
      | 'budget'
    >
  > {
  /** Default: server. */
  readonly purpose?: Purpose;
  /** Default: `localhost` for a server, nothing for a client. */
  readonly name?: string | null;
}

/** What is thought of a chain, leaf first, with these certificates as trust anchors. */
export function judge(
  chain: readonly Issued[],
  anchors: readonly Issued[],
  question: Question = {},
): Verdict {
  const { purpose = 'server', name = purpose === 'server' ? 'localhost' : null, ...rules } = question;
  const [leaf, ...intermediates] = chain.map(parse);
  assert.ok(leaf);
  const verdict = verify({
    provider: nodeProvider,
    leaf,
    intermediates,
    anchors: anchors.map((anchor) => ({ certificate: parse(anchor) })),
    at: Date.now(),
    purpose,
    name,
    ...rules,
  } as VerifyOptions);
  assert.ok('ok' in verdict, 'a synchronous provider gives a verdict at once');
  return verdict;
}

export function accepts(chain: readonly Issued[], anchors: readonly Issued[], question?: Question): Accepted {
  const verdict = judge(chain, anchors, question);
  assert.ok(verdict.ok, verdict.sentence);
  return verdict;
}

/** Refused under this rule, in words that fit. */
export function refuses(
  rule: Rule,
  words: RegExp,
  chain: readonly Issued[],
  anchors: readonly Issued[],
  question?: Question,
): Refused {
  const verdict = judge(chain, anchors, question);
  assert.ok(!verdict.ok, `accepted: ${verdict.sentence}`);
  assert.equal(verdict.rule, rule, verdict.sentence);
  assert.match(verdict.sentence, words);
  return verdict;
}

/** The provider, and how many signatures it was asked to check. */
export function countingProvider(): { readonly provider: typeof nodeProvider; readonly count: () => number } {
  let count = 0;
  const verify: typeof nodeProvider.verify = (...args) => {
    count++;
    return nodeProvider.verify(...args);
  };
  return { provider: { ...nodeProvider, verify }, count: () => count };
}
