/** What the tables of verdicts are made of. */
import { parseCertificateRevocationList } from '../../../src/x509/revocation/crl.ts';
import { parseOcspResponse } from '../../../src/x509/revocation/ocsp.ts';
import type { RevocationOptions } from '../../../src/x509/revocation/revocations.ts';
import type { Verdict } from '../../../src/x509/verdict.ts';
import { type Issued, type IssueOptions, issue, testPki } from '../../support/pki.ts';
import { judge, type Question } from '../support.ts';

/** Verdicts by what they are about. */
export type Cases = Readonly<Record<string, () => Verdict>>;

export const { root, intermediate, server, client } = testPki();

const DAY = 86_400_000;
export const days = (count: number): Date => new Date(Date.now() + count * DAY);
export const PAST = { notBefore: days(-20), notAfter: days(-10) };
export const FUTURE = { notBefore: days(10), notAfter: days(20) };

export const leaf = (more: Partial<IssueOptions> = {}): Issued =>
  issue({ subject: 'localhost', issuer: intermediate, dnsNames: ['localhost'], ...more });
export const authority = (subject: string, more: Partial<IssueOptions> = {}): Issued =>
  issue({ subject, issuer: root, ca: true, ...more });
export const ownRoot = (subject: string, more: Partial<IssueOptions> = {}): Issued =>
  issue({ subject, ca: true, ...more });

/** The verdict about a chain below the root. */
export const of = (chain: readonly Issued[], question?: Question, anchors = [root]): Verdict =>
  judge(chain, anchors, question);
/** About a leaf below the intermediate. */
export const ofLeaf = (more: Partial<IssueOptions>, question?: Question): Verdict =>
  of([leaf(more), intermediate], question);
/** About a right leaf below an authority. */
export const below = (more: Partial<IssueOptions>, question?: Question): Verdict => {
  const made = authority('A', more);
  return of([leaf({ issuer: made }), made], question);
};
/** About a right chain, with lists and OCSP responses in DER. */
export const withStatus = (
  {
    lists = [],
    ocsp = [],
    ...more
  }: RevocationOptions & { readonly lists?: readonly Uint8Array[]; readonly ocsp?: readonly Uint8Array[] },
  chain: readonly Issued[] = [server, intermediate],
): Verdict =>
  of(chain, {
    revocation: {
      crls: lists.map((list) => parseCertificateRevocationList(list)),
      ocspResponses: ocsp.map((response) => parseOcspResponse(response)),
      require: 'leaf',
      ...more,
    },
  });
