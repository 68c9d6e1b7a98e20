/** What a search for a path tells of it: the certificates as they were judged, and the failures, the best explanation first. */
import type { CryptoProvider, PublicKey } from '../crypto/provider.ts';
import { toHex } from '../wire/bytes.ts';
import { type AdviceContext, adviceFor } from './advice.ts';
import { type IssuerConstraints, isRoot } from './anchors.ts';
import { type Certificate, fingerprint, isSelfIssued, serialNumberText } from './certificate.ts';
import { isoTime } from './checks.ts';
import { MAX_PATH_CERTIFICATES, MAX_REPORTED_PATHS } from './limits.ts';
import type { DistinguishedName } from './name.ts';
import {
  type Check,
  check,
  type JudgedCertificate,
  limited,
  type Refused,
  refused,
  type TriedPath,
} from './verdict.ts';

/** An issuer that a path may go on with. */
export interface Issuer {
  readonly role: 'intermediate' | 'anchor';
  readonly name: DistinguishedName;
  readonly key: PublicKey | undefined;
  readonly certificate?: Certificate;
  /** What the caller holds it to. */
  readonly constraints?: IssuerConstraints;
  /** For sentences. */
  readonly label: string;
}

/** A step of a path: the certificate, and what was checked about it. */
export interface Step {
  readonly certificate: Certificate;
  readonly checks: readonly Check[];
  /** It is among the anchors, and may not end a path all the same. */
  readonly amongAnchors?: true;
}

/** An issuer, and what was checked about it in its place. */
export interface JudgedIssuer {
  readonly of: Issuer;
  readonly checks: readonly Check[];
}

/** A path that failed. */
export interface Failure {
  /** Never empty. */
  readonly steps: readonly Step[];
  /** The issuer that was to be the next step, when there was one. */
  readonly issuer?: JudgedIssuer;
  readonly failed: Check;
  /** Who is at fault: one of the steps, or (their number) the issuer. */
  readonly at: number;
  /** Whether everything up to an anchor held but what is asked of the path as a whole. Default: false. */
  readonly isWhole?: true;
}

export type Hasher = Pick<CryptoProvider, 'hash'>;

/** What a verdict shows of a certificate wherever it stands: written once, since it may stand in many paths. */
type Shown = Omit<JudgedCertificate, 'role' | 'checks' | 'amongAnchors'>;

const shownCertificates = new WeakMap<Certificate, Shown>();

function show(certificate: Certificate, provider: Hasher): Shown {
  let shown = shownCertificates.get(certificate);
  if (shown === undefined) {
    const { subjectKeyIdentifier, authorityKeyIdentifier: { keyIdentifier } = {} } = certificate;
    shown = {
      subject: certificate.subject.toString(),
      issuer: certificate.issuer.toString(),
      serialNumber: serialNumberText(certificate),
      notBefore: isoTime(certificate.notBefore.time),
      notAfter: isoTime(certificate.notAfter.time),
      fingerprint: fingerprint(certificate, provider),
      ...(subjectKeyIdentifier && { subjectKeyIdentifier: toHex(subjectKeyIdentifier) }),
      ...(keyIdentifier && { authorityKeyIdentifier: toHex(keyIdentifier) }),
    };
    shownCertificates.set(certificate, shown);
  }
  return shown;
}

/** A certificate of a path as the verdict shows it. */
export function judged(
  { certificate, checks, amongAnchors }: Step,
  role: JudgedCertificate['role'],
  provider: Hasher,
): JudgedCertificate {
  return { role, ...show(certificate, provider), ...(amongAnchors && { amongAnchors }), checks };
}

/** A path as the verdict shows it, with the issuer that it ends with or failed at. */
export function judgedPath(
  steps: readonly Step[],
  issuer: JudgedIssuer | undefined,
  provider: Hasher,
): JudgedCertificate[] {
  const below = steps.map((step, index) => judged(step, index === 0 ? 'leaf' : 'intermediate', provider));
  if (issuer === undefined) return below;
  const { of, checks } = issuer;
  if (of.certificate !== undefined) {
    return [...below, judged({ certificate: of.certificate, checks }, of.role, provider)];
  }
  const name = of.name.toString();
  return [...below, { role: of.role, subject: name, issuer: name, checks }];
}

function lastStep({ steps }: Failure): Step {
  return steps.at(-1) as Step;
}

/** Failures, the one that explains best first: the closest to being accepted; among equals the first that was found. */
export function rank(failures: readonly Failure[]): readonly Failure[] {
  // Certificates that a path went on from: somebody did sign them, so that others did not explains nothing.
  const wentOn = new Set(
    failures.flatMap(({ steps }) => steps.slice(0, -1).map(({ certificate }) => certificate)),
  );
  return failures
    .map((failure) => ({ failure, closeness: closeness(failure, wentOn) }))
    .sort((a, b) => b.closeness - a.closeness)
    .map(({ failure }) => failure);
}

/**
 * How near a path came: a rule broken by the whole path, a rule broken at an anchor, a rule broken at an intermediate, a
 * candidate that had not signed, no candidate at all; and then the number of its certificates.
 */
function closeness(failure: Failure, wentOn: ReadonlySet<Certificate>): number {
  const { issuer, failed, steps, isWhole } = failure;
  const stage = (): number => {
    if (isWhole) return 5;
    if (issuer === undefined) return 1;
    if (failed.rule === 'signature') return wentOn.has(lastStep(failure).certificate) ? 0 : 2;
    return issuer.of.role === 'anchor' ? 4 : 3;
  };
  return stage() * MAX_PATH_CERTIFICATES + steps.length;
}

/** Paths that did not hold as a verdict shows them. */
export interface Report {
  readonly otherPaths: readonly TriedPath[];
  readonly pathsLeftOut: number;
}

/** @param ranked the failures in the order of {@link rank}. */
export function report(ranked: readonly Failure[], provider: Hasher): Report {
  const otherPaths = ranked.slice(0, MAX_REPORTED_PATHS).map((failure): TriedPath => {
    const { steps, issuer, failed, at } = failure;
    const { rule, source } = failed;
    return { path: judgedPath(steps, issuer, provider), at, rule, source, sentence: limited(tell(failure)) };
  });
  return { otherPaths, pathsLeftOut: ranked.length - otherPaths.length };
}

/**
 * The verdict that tells one failure.
 * @param others the other failures, in the order of {@link rank}.
 * @param wholePath the path to show, where the failure is not that of a path.
 */
export function refusal(
  failure: Failure,
  others: readonly Failure[],
  context: AdviceContext & { readonly provider: Hasher },
  wholePath?: readonly JudgedCertificate[],
): Refused {
  const { steps, issuer, failed, at } = failure;
  const { provider } = context;
  const certificate = at < steps.length ? steps[at]?.certificate.subject : issuer?.of.name;
  return refused(failed.rule, tell(failure), {
    source: failed.source,
    advice: limited(adviceFor(failure, context)),
    ...(certificate && { certificate: certificate.toString() }),
    path: wholePath ?? judgedPath(steps, issuer, provider),
    at,
    ...report(others, provider),
  });
}

function tell({ steps, issuer, failed, at }: Failure): string {
  const step = steps[at];
  const subject = step === undefined ? (issuer?.of.label ?? '') : describe(step.certificate);
  return `${capital(subject)}: ${failed.sentence}.`;
}

/** The failed check of a certificate for whose issuer there is no candidate. */
export function missingIssuer(
  certificate: Certificate,
  intermediates: readonly Certificate[],
  isAmongAnchors: boolean,
): Check {
  const missing = tellMissingIssuer(certificate, intermediates);
  return check(
    'issuer',
    false,
    isAmongAnchors
      ? `it is among the trust anchors itself, but is no root, and only at a root may a path end here; ${missing}`
      : missing,
  );
}

function tellMissingIssuer(certificate: Certificate, intermediates: readonly Certificate[]): string {
  const { issuer } = certificate;
  if (isRoot(certificate)) {
    return 'it is self-signed (it names itself as its issuer), and is not among the trust anchors';
  }
  if (isSelfIssued(certificate)) {
    return 'it names itself as its issuer, with another key that is neither among the trust anchors nor among those of the certificates that were sent';
  }
  if (intermediates.length === 0) {
    return `its issuer '${issuer}' is not among the trust anchors, and no intermediates came with it`;
  }
  return intermediates.some(({ subject }) => subject.equals(issuer))
    ? `its issuer '${issuer}' is not among the trust anchors, and stands below it in the path already (a circle)`
    : `its issuer '${issuer}' is neither among the trust anchors nor among the certificates that were sent`;
}

/** A certificate in the middle of a sentence. */
export function describe({ subject }: Certificate): string {
  return subject.empty ? 'the certificate without a subject' : `the certificate of '${subject}'`;
}

/** The beginning of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
