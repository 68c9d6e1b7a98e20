/** One verdict with the evidence that can be fetched for it: judge, look for what is missing, judge again. */
import type { PublicKey } from '../../crypto/provider.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { type Certificate, fingerprint, isSelfIssued } from '../../x509/certificate.ts';
import { MAX_INTERMEDIATES } from '../../x509/limits.ts';
import { type VerifyOptions, verify } from '../../x509/path.ts';
import type { CertificateRevocationList } from '../../x509/revocation/crl.ts';
import type { DistributionPoint } from '../../x509/revocation/distribution-points.ts';
import type { OcspResponse } from '../../x509/revocation/ocsp.ts';
import { encodeOcspRequest } from '../../x509/revocation/ocsp-request.ts';
import type { JudgedCertificate, Rule, Verdict } from '../../x509/verdict.ts';
import { MAX_JUDGEMENTS, MAX_URLS } from '../limits.ts';
import type { Evidence, Exchanges } from './exchanges.ts';
import type { Fetched, Ledger } from './ledger.ts';
import {
  deltaPoints,
  issuersAt,
  issuerUrls,
  listAt,
  ocspResponseAt,
  ocspUrls,
  pointUrls,
} from './sources.ts';

/** What is fetched. */
export interface Wanted {
  readonly ocsp: boolean;
  readonly crls: boolean;
  readonly issuers: boolean;
  /** Bytes of a revocation list. */
  readonly maxListBytes: number;
  /** For the requests to OCSP responders. */
  readonly nonce: Uint8Array | undefined;
}

/** A certificate of a path whose status is asked for, and who issued it. */
interface Link {
  readonly certificate: Certificate;
  readonly issuer: Pick<Certificate, 'publicKeyInfo'> | PublicKey;
}

/** One way to learn a status; it answers whether something came that was not there before. */
type Stage = (link: Link) => Promise<boolean>;

/** Rules whose breach says that the right issuer was not there. */
const ABOUT_ISSUERS: ReadonlySet<Rule> = new Set([
  'issuer',
  'signature',
  'signatureAlgorithm',
  'weakSignature',
]);

/** Rules whose breach no other issuer can mend. */
const BEYOND_ISSUERS: ReadonlySet<Rule> = new Set([
  'anchors',
  'budget',
  'revocationStatus',
  'stapledResponse',
  'mustStaple',
]);

export class Inquiry {
  readonly #question: VerifyOptions;
  readonly #wanted: Wanted;
  readonly #exchanges: Exchanges;
  readonly #ledger: Ledger;
  readonly #intermediates: Certificate[];
  readonly #ocspResponses: OcspResponse[];
  readonly #lists: CertificateRevocationList[];
  /** Certificates by the fingerprint that a verdict names them by. */
  readonly #known = new Map<string, Certificate>();
  /** What is left to try for each certificate's status. */
  readonly #stages = new Map<Certificate, Stage[]>();
  readonly #askedIssuers = new Set<string>();
  /** Evidence that the next verdict may prove good, and how to tell. */
  #unconfirmed: { readonly isGood: (verdict: Verdict) => boolean; readonly confirm: () => void }[] = [];

  constructor(question: VerifyOptions, wanted: Wanted, exchanges: Exchanges, ledger: Ledger) {
    const { leaf, intermediates, anchors, revocation = {} } = question;
    this.#question = question;
    this.#wanted = wanted;
    this.#exchanges = exchanges;
    this.#ledger = ledger;
    this.#intermediates = [...intermediates];
    this.#ocspResponses = [...(revocation.ocspResponses ?? [])];
    this.#lists = [...(revocation.crls ?? [])];
    const trusted = anchors.flatMap((anchor) => ('certificate' in anchor ? [anchor.certificate] : []));
    for (const certificate of [leaf, ...intermediates, ...trusted]) this.#learn(certificate);
  }

  /** The last verdict that evidence led to. */
  async run(): Promise<Verdict> {
    let verdict = await this.#judge();
    for (let judgements = 1; judgements < MAX_JUDGEMENTS; judgements++) {
      if (!(await this.#lookFor(verdict))) break;
      const next = await this.#judge();
      // What strangers send must not make it too much work to find out what was known before.
      if (!next.ok && next.rule === 'budget') break;
      verdict = next;
    }
    this.#confirm(verdict);
    return verdict;
  }

  #learn(certificate: Certificate): void {
    this.#known.set(fingerprint(certificate, this.#question.provider), certificate);
  }

  async #judge(): Promise<Verdict> {
    const { revocation = {} } = this.#question;
    return verify({
      ...this.#question,
      intermediates: this.#intermediates,
      revocation: { ...revocation, ocspResponses: this.#ocspResponses, crls: this.#lists },
    });
  }

  /** Fetches what could change the verdict; false when there is nothing more to be had. */
  async #lookFor(verdict: Verdict): Promise<boolean> {
    this.#confirm(verdict);
    if (verdict.ok || verdict.rule === 'revocationStatus') return this.#askStatuses(verdict.path);
    return this.#wanted.issuers && isMendable(verdict) ? this.#askIssuers() : false;
  }

  #confirm(verdict: Verdict): void {
    for (const { isGood, confirm } of this.#unconfirmed) if (isGood(verdict)) confirm();
    this.#unconfirmed = [];
  }

  #confirmLater<T extends Evidence>(fetched: Fetched<T>, isGood: (verdict: Verdict) => boolean): void {
    const confirm = (): void => this.#exchanges.confirm(fetched.question, fetched.answer);
    this.#unconfirmed.push({ isGood, confirm });
  }

  // The status of a path's certificates

  /** Asks about all certificates of a path at a time, each by the next of its ways, until one of them brings something. */
  async #askStatuses(path: readonly JudgedCertificate[]): Promise<boolean> {
    const links = path.flatMap((judged, index) => this.#unknownLink(judged, path[index + 1]));
    for (;;) {
      const open = links.flatMap((link) => {
        const stage = this.#stagesOf(link.certificate).shift();
        return stage === undefined ? [] : [stage(link)];
      });
      if (open.length === 0) return false;
      if ((await Promise.all(open)).some(Boolean)) return true;
    }
  }

  /** The certificate and its issuer, if its status is not known yet. */
  #unknownLink(judged: JudgedCertificate, above: JudgedCertificate | undefined): readonly Link[] {
    const certificate = this.#known.get(judged.fingerprint ?? '');
    if (judged.role === 'anchor' || certificate === undefined || isStatusKnown(judged)) return [];
    const byCertificate = this.#known.get(above?.fingerprint ?? '');
    if (byCertificate !== undefined) return [{ certificate, issuer: byCertificate }];
    const anchor = this.#question.anchors.find((one) => 'name' in one && one.name.equals(certificate.issuer));
    return anchor !== undefined && 'key' in anchor ? [{ certificate, issuer: anchor.key }] : [];
  }

  #stagesOf(certificate: Certificate): Stage[] {
    let stages = this.#stages.get(certificate);
    if (stages === undefined) {
      const { ocsp, crls } = this.#wanted;
      stages = [
        ...(ocsp ? [(link: Link) => this.#askResponder(link)] : []),
        ...(crls ? [(link: Link) => this.#fetchLists(link)] : []),
      ];
      this.#stages.set(certificate, stages);
    }
    return stages;
  }

  async #askResponder({ certificate, issuer }: Link): Promise<boolean> {
    const { nonce } = this.#wanted;
    const { provider } = this.#question;
    const request = encodeOcspRequest(certificate, issuer, { provider, ...(nonce && { nonce }) });
    for (const url of ocspUrls(certificate).slice(0, MAX_URLS)) {
      const fetched = await this.#ledger.fetch({
        purpose: 'ocsp',
        about: certificate,
        url,
        question: (base) => ocspResponseAt(base, certificate, request, nonce),
      });
      if (fetched === undefined) continue;
      this.#ocspResponses.push(fetched.evidence);
      const name = fingerprint(certificate, provider);
      this.#confirmLater(fetched, ({ path }) =>
        path.some((judged) => judged.fingerprint === name && isStatusKnown(judged)),
      );
      return true;
    }
    return false;
  }

  /** Lists of all points, and the deltas that they or the certificate name. */
  async #fetchLists(link: Link): Promise<boolean> {
    const { certificate } = link;
    const lists = await this.#fetchPoints(link, 'crl', certificate.cRLDistributionPoints);
    if (lists.length === 0) return false;
    if (this.#question.revocation?.useDeltas !== false) {
      const points = [...lists.flatMap(({ freshestCRL = [] }) => freshestCRL), ...deltaPoints(certificate)];
      await this.#fetchPoints(link, 'delta', points);
    }
    return true;
  }

  /** One list of each point, within the number of URLs that are tried. */
  async #fetchPoints(
    { certificate, issuer }: Link,
    purpose: 'crl' | 'delta',
    points: readonly DistributionPoint[] | undefined,
  ): Promise<readonly CertificateRevocationList[]> {
    const found: CertificateRevocationList[] = [];
    const tried = new Set<string>();
    for (const urls of pointUrls(points)) {
      for (const url of urls) {
        if (tried.has(url)) break;
        if (tried.size === MAX_URLS) return found;
        tried.add(url);
        const fetched = await this.#ledger.fetch({
          purpose,
          about: certificate,
          url,
          question: (at) => listAt(at, this.#wanted.maxListBytes),
        });
        if (fetched === undefined) continue;
        const { evidence } = fetched;
        if (!this.#lists.includes(evidence)) this.#lists.push(evidence);
        found.push(evidence);
        if (await this.#isSigned(evidence, issuer)) this.#exchanges.confirm(fetched.question, fetched.answer);
        break;
      }
    }
    return found;
  }

  /** Whether a list is remembered for as long as it says; the verdict asks this itself, and more. */
  async #isSigned(
    { signatureAlgorithm, tbs, signature }: CertificateRevocationList,
    issuer: Link['issuer'],
  ): Promise<boolean> {
    const key = 'publicKeyInfo' in issuer ? issuer.publicKeyInfo.key : issuer;
    if (signatureAlgorithm === undefined || key === undefined) return false;
    return (await this.#question.provider.verify(signatureAlgorithm, key, tbs, signature)) === true;
  }

  // Issuers

  /** Fetches issuers of one certificate: whatever comes is one more candidate for a place in the path. */
  async #askIssuers(): Promise<boolean> {
    for (const certificate of this.#withoutWayUp()) {
      for (const url of issuerUrls(certificate).slice(0, MAX_URLS)) {
        if (this.#askedIssuers.has(url)) continue;
        this.#askedIssuers.add(url);
        const fetched = await this.#ledger.fetch({
          purpose: 'issuer',
          about: certificate,
          url,
          question: issuersAt,
        });
        if (fetched !== undefined && this.#addCandidates(certificate, fetched)) return true;
      }
    }
    return false;
  }

  #addCandidates(certificate: Certificate, fetched: Fetched<readonly Certificate[]>): boolean {
    const room = MAX_INTERMEDIATES - this.#intermediates.length;
    const isIssuer = ({ subject }: Certificate): boolean => subject.equals(certificate.issuer);
    const candidates = fetched.evidence
      .filter(({ der }) => !this.#intermediates.some((known) => equalBytes(known.der, der)))
      .toSorted((a, b) => Number(isIssuer(b)) - Number(isIssuer(a)))
      .slice(0, room);
    if (!candidates.some(isIssuer)) return false;
    for (const candidate of candidates) this.#learn(candidate);
    this.#intermediates.push(...candidates);
    const names = new Set(candidates.map((candidate) => fingerprint(candidate, this.#question.provider)));
    this.#confirmLater(
      fetched,
      ({ ok, path }) => ok && path.some((judged) => names.has(judged.fingerprint ?? '')),
    );
    return true;
  }

  /** The leaf and the intermediates that may be above it: first those for whose issuer there is no candidate. */
  #withoutWayUp(): readonly Certificate[] {
    const { leaf, anchors } = this.#question;
    const reached = new Set([leaf]);
    const dead: Certificate[] = [];
    const others: Certificate[] = [];
    for (const certificate of reached) {
      if (isSelfIssued(certificate)) continue;
      const above = this.#intermediates.filter(({ subject }) => subject.equals(certificate.issuer));
      for (const issuer of above) reached.add(issuer);
      const isBelowAnchor = anchors.some((anchor) => nameOf(anchor)?.equals(certificate.issuer));
      if (above.length > 0 || isBelowAnchor) others.push(certificate);
      else dead.push(certificate);
    }
    return [...dead, ...others];
  }
}

function nameOf(anchor: VerifyOptions['anchors'][number]): Certificate['subject'] | undefined {
  if ('certificate' in anchor) return anchor.certificate.subject;
  return 'name' in anchor ? anchor.name : undefined;
}

function isStatusKnown({ checks }: JudgedCertificate): boolean {
  return checks.some(({ rule }) => rule === 'revocation');
}

/** Whether another issuer could make a difference: nothing is wrong with the leaf itself. */
function isMendable(verdict: Verdict): boolean {
  if (verdict.ok || BEYOND_ISSUERS.has(verdict.rule)) return false;
  const [leaf] = verdict.path;
  return leaf?.checks.every(({ ok, rule }) => ok || ABOUT_ISSUERS.has(rule)) ?? false;
}
