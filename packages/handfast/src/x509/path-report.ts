/** What a search for a path tells of it: the certificates as they were judged, and the failure that explains best. */
import type { CryptoProvider, PublicKey } from '../crypto/provider.ts';
import type { IssuerConstraints } from './anchors.ts';
import { type Certificate, fingerprint, isSelfIssued, serialNumberText } from './certificate.ts';
import { isoTime } from './checks.ts';
import { MAX_PATH_CERTIFICATES, MAX_REPORTED_PATHS } from './limits.ts';
import type { DistinguishedName } from './name.ts';
import { type Check, check, type JudgedCertificate, type Refused, type Rule, refused } from './verdict.ts';

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
}

/** A path that failed. */
export interface Failure {
  /** Never empty. */
  readonly steps: readonly Step[];
  /** The issuer that was to be the next step, when there was one. */
  readonly issuer?: { readonly of: Issuer; readonly checks: readonly Check[] };
  readonly failed: Check;
  /** Which of the steps is at fault for what was found of the whole path. Default: the last, or the issuer. */
  readonly at?: number;
}

export type Hasher = Pick<CryptoProvider, 'hash'>;

/** A certificate of a path as the verdict shows it. */
export function judged(
  { certificate, checks }: Step,
  role: JudgedCertificate['role'],
  provider: Hasher,
): JudgedCertificate {
  return {
    role,
    subject: certificate.subject.toString(),
    issuer: certificate.issuer.toString(),
    serialNumber: serialNumberText(certificate),
    notBefore: isoTime(certificate.notBefore.time),
    notAfter: isoTime(certificate.notAfter.time),
    fingerprint: fingerprint(certificate, provider),
    checks,
  };
}

/** The steps below an issuer. */
export function judgedSteps(steps: readonly Step[], provider: Hasher): JudgedCertificate[] {
  return steps.map((step, index) => judged(step, index === 0 ? 'leaf' : 'intermediate', provider));
}

/** The failed check of a certificate for whose issuer there is no candidate. */
export function missingIssuer(certificate: Certificate): Check {
  const advice = isSelfIssued(certificate)
    ? 'it is self-signed (it names itself as its issuer), and is not among the trust anchors; ' +
      'if you know it to be right, add it to them'
    : `its issuer '${certificate.issuer}' is neither among the trust anchors nor among the certificates that were sent; ` +
      'if that is an intermediate, its server should send it too; if it is an authority that you trust, add it to the anchors';
  return check('issuer', false, advice);
}

/** Rules that an issuer's candidate answers for, but whose breach is a fault of the certificate below it. */
const ABOUT_THE_SIGNATURE: ReadonlySet<Rule> = new Set(['signature', 'signatureAlgorithm', 'weakSignature']);

/** The issuer that is to blame for a failure, if it is one. */
function issuerAtFault({ issuer, failed, at }: Failure): Issuer | undefined {
  return at !== undefined || ABOUT_THE_SIGNATURE.has(failed.rule) ? undefined : issuer?.of;
}

/** The step that is to blame when no issuer is. */
function stepAtFault({ steps, at = -1 }: Failure): Step {
  return steps.at(at) as Step;
}

function lastStep({ steps }: Failure): Step {
  return steps.at(-1) as Step;
}

/** The failure that explains best: the closest to being accepted; among equals the first. */
export function bestFailure(failures: readonly Failure[]): Failure {
  // Steps that led on: somebody did sign them, so that others did not explains nothing.
  const ledOn = new Set(failures.flatMap(({ steps }) => steps.slice(0, -1)));
  return failures.reduce((best, next) => (closeness(next, ledOn) > closeness(best, ledOn) ? next : best));
}

/**
 * How near a path came: a rule broken by the whole path, a rule broken at an anchor, a rule broken at an intermediate, a candidate that had not signed, no
 * candidate at all; and then the number of its certificates.
 */
function closeness(failure: Failure, ledOn: ReadonlySet<Step>): number {
  const { issuer, failed, steps } = failure;
  const rank = (): number => {
    if (failure.at !== undefined) return 5;
    if (issuer === undefined) return 1;
    if (failed.rule === 'signature') return ledOn.has(lastStep(failure)) ? 0 : 2;
    return issuer.of.role === 'anchor' ? 4 : 3;
  };
  return rank() * MAX_PATH_CERTIFICATES + steps.length;
}

/** The verdict that tells one failure, with the others beside it. */
export function refusal(
  failure: Failure,
  failures: readonly Failure[],
  provider: Hasher,
  wholePath?: readonly JudgedCertificate[],
): Refused {
  const { steps, issuer, failed } = failure;
  const path = judgedSteps(steps, provider);
  if (issuer?.of.certificate !== undefined) {
    const { certificate, role } = issuer.of;
    path.push(judged({ certificate, checks: issuer.checks }, role, provider));
  }
  const atFault = issuerAtFault(failure)?.certificate ?? stepAtFault(failure).certificate;
  return refused(failed.rule, tell(failure), {
    source: failed.source,
    certificate: atFault.subject.toString(),
    path: wholePath ?? path,
    otherPaths: failures
      .filter((other) => other !== failure)
      .slice(0, MAX_REPORTED_PATHS)
      .map(tell),
  });
}

function tell(failure: Failure): string {
  const subject = issuerAtFault(failure)?.label ?? describe(stepAtFault(failure).certificate);
  return `${capital(subject)}: ${failure.failed.sentence}.`;
}

/** A certificate in the middle of a sentence. */
export function describe({ subject }: Certificate): string {
  return subject.empty ? 'the certificate without a subject' : `the certificate of '${subject}'`;
}

/** The beginning of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
