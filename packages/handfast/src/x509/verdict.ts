/** The answer to "is this peer who it claims to be?": accepted with the path, or refused with rule, source and advice. */
import { TlsError, type TlsErrorCode } from '../wire/errors.ts';
import { generalAdvice } from './advice.ts';
import { MAX_SENTENCE_LENGTH } from './limits.ts';

/** Every rule that a path is held to, with its source and the error (and so the alert) that a breach becomes. */
export const RULES = {
  anchors: { source: 'RFC 5280 section 6.1.1 (d)', error: 'ERR_UNKNOWN_CA' },
  issuer: { source: 'RFC 5280 section 6.1.3 (a) (4)', error: 'ERR_UNKNOWN_CA' },
  signature: { source: 'RFC 5280 section 6.1.3 (a) (1)', error: 'ERR_BAD_CERTIFICATE' },
  signatureAlgorithm: { source: 'RFC 5280 section 4.1.1.2', error: 'ERR_UNSUPPORTED_CERTIFICATE' },
  weakSignature: { source: 'RFC 9325 section 4.5', error: 'ERR_BAD_CERTIFICATE' },
  publicKey: { source: 'RFC 5280 section 4.1.2.7', error: 'ERR_UNSUPPORTED_CERTIFICATE' },
  weakKey: { source: 'RFC 9325 section 4.5', error: 'ERR_BAD_CERTIFICATE' },
  serialNumber: { source: 'RFC 5280 section 4.1.2.2', error: 'ERR_BAD_CERTIFICATE' },
  emptyName: { source: 'RFC 5280 section 4.1.2.4', error: 'ERR_BAD_CERTIFICATE' },
  notBefore: { source: 'RFC 5280 section 4.1.2.5', error: 'ERR_CERTIFICATE_EXPIRED' },
  notAfter: { source: 'RFC 5280 section 4.1.2.5', error: 'ERR_CERTIFICATE_EXPIRED' },
  criticalExtension: { source: 'RFC 5280 section 4.2', error: 'ERR_UNSUPPORTED_CERTIFICATE' },
  basicConstraints: { source: 'RFC 5280 section 4.2.1.9', error: 'ERR_BAD_CERTIFICATE' },
  pathLength: { source: 'RFC 5280 section 4.2.1.9', error: 'ERR_BAD_CERTIFICATE' },
  keyUsage: { source: 'RFC 5280 section 4.2.1.3', error: 'ERR_BAD_CERTIFICATE' },
  extendedKeyUsage: { source: 'RFC 5280 section 4.2.1.12', error: 'ERR_UNSUPPORTED_CERTIFICATE' },
  nameConstraints: { source: 'RFC 5280 section 4.2.1.10', error: 'ERR_BAD_CERTIFICATE' },
  certificatePolicies: { source: 'RFC 5280 section 6.1.3 (f)', error: 'ERR_BAD_CERTIFICATE' },
  policyMappings: { source: 'RFC 5280 section 6.1.4 (a)', error: 'ERR_BAD_CERTIFICATE' },
  name: { source: 'RFC 9525 section 6', error: 'ERR_NAME_MISMATCH' },
  revocation: { source: 'RFC 5280 section 6.3', error: 'ERR_CERTIFICATE_REVOKED' },
  revocationStatus: { source: 'RFC 5280 section 6.3', error: 'ERR_CERTIFICATE_UNKNOWN' },
  stapledResponse: { source: 'RFC 6066 section 8', error: 'ERR_BAD_CERTIFICATE_STATUS' },
  mustStaple: { source: 'RFC 7633 section 4', error: 'ERR_BAD_CERTIFICATE_STATUS' },
  transparency: { source: 'RFC 6962 section 3.2', error: 'ERR_BAD_CERTIFICATE' },
  profile: { source: 'the profile asked for', error: 'ERR_BAD_CERTIFICATE' },
  budget: { source: 'RFC 5280 section 8', error: 'ERR_BAD_CERTIFICATE' },
  custom: { source: 'the application', error: 'ERR_CERTIFICATE_UNKNOWN' },
} as const satisfies Record<string, { readonly source: string; readonly error: TlsErrorCode }>;

export type Rule = keyof typeof RULES;

/** One rule, held to one certificate. */
export interface Check {
  readonly rule: Rule;
  readonly ok: boolean;
  /** Document and section of the rule. */
  readonly source: string;
  /** What was found, in one sentence of at most {@link MAX_SENTENCE_LENGTH} characters. */
  readonly sentence: string;
}

/** A certificate of a path, and how it was judged. */
export interface JudgedCertificate {
  readonly role: 'leaf' | 'intermediate' | 'anchor';
  /** Distinguished names in the form of RFC 4514. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal digits; absent for an anchor that is only a name and a key. */
  readonly serialNumber?: string;
  /** ISO 8601 times. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** SHA-256 of the certificate, hexadecimal digits. */
  readonly fingerprint?: string;
  /** Which key it has, and which key its issuer used, as hexadecimal digits; absent where it does not say so. */
  readonly subjectKeyIdentifier?: string;
  readonly authorityKeyIdentifier?: string;
  /** It is among the trust anchors, and no path may end at it all the same: it is no root, and partial chains are not allowed. */
  readonly amongAnchors?: true;
  readonly checks: readonly Check[];
}

/** A path that was tried and did not hold. */
export interface TriedPath {
  /** Leaf first; last the issuer that was tried, where there was one. Below an issuer that failed no more was looked at. */
  readonly path: readonly JudgedCertificate[];
  /** The place in {@link path} of the certificate at fault: the check that failed is among its checks. */
  readonly at: number;
  /** The rule that was broken. */
  readonly rule: Rule;
  /** Document and section of the rule. */
  readonly source: string;
  /** What is wrong with which certificate. */
  readonly sentence: string;
}

export interface Accepted {
  readonly ok: true;
  /** Leaf first, trust anchor last. */
  readonly path: readonly JudgedCertificate[];
  /**
   * The certificate policies that the path is valid for, in the words of its anchor: dotted object identifiers, of those that
   * were asked for; 2.5.29.32.0 is any policy. Verifiers of an application's own may leave it out.
   */
  readonly policies?: readonly string[];
  readonly sentence: string;
  /** The paths that were tried before, and did not hold; the one that explains best comes first. Absent when there were none. */
  readonly otherPaths?: readonly TriedPath[];
  /** How many more of them there were. */
  readonly pathsLeftOut?: number;
}

export interface Refused {
  readonly ok: false;
  /** The rule that was broken. */
  readonly rule: Rule;
  /** Document and section of the rule. */
  readonly source: string;
  /** The error that a connection fails with, which stands for one alert. */
  readonly error: TlsErrorCode;
  /** What is wrong with which certificate. */
  readonly sentence: string;
  /** What to do next, in words that name no option of any command line. */
  readonly advice: string;
  /** Subject of the certificate at fault, where one is. */
  readonly certificate?: string;
  /** The path that came nearest to being accepted, leaf first, as far as it was built. */
  readonly path: readonly JudgedCertificate[];
  /** Its place in {@link path}. */
  readonly at?: number;
  /** The other paths that were tried; the one that explains best comes first. At most {@link MAX_REPORTED_PATHS}. */
  readonly otherPaths: readonly TriedPath[];
  /** How many more were tried. */
  readonly pathsLeftOut: number;
}

/** Plain data: it can be stored, and printed as JSON. */
export type Verdict = Accepted | Refused;

/** A sentence of which the middle is left out where it is too long. */
export function limited(sentence: string): string {
  if (sentence.length <= MAX_SENTENCE_LENGTH) return sentence;
  const kept = MAX_SENTENCE_LENGTH / 2 - ROOM_FOR_GAP;
  const head = sentence.slice(0, kept).replace(/[\ud800-\udbff]$/, '');
  const tail = sentence.slice(-kept).replace(/^[\udc00-\udfff]/, '');
  return `${head} [... ${sentence.length - head.length - tail.length} more characters ...] ${tail}`;
}

/** Half of what the words about the gap take at most. */
const ROOM_FOR_GAP = 30;

/** One check's outcome. */
export function check(rule: Rule, ok: boolean, sentence: string, source: string = RULES[rule].source): Check {
  return { rule, ok, source, sentence: limited(sentence) };
}

/** What a refusal may say besides its rule and sentence. */
export type RefusalDetails = Partial<
  Pick<Refused, 'source' | 'certificate' | 'advice' | 'path' | 'at' | 'otherPaths' | 'pathsLeftOut'>
>;

/** A refusal under a rule. Verifiers of an application's own use the rule `custom`, and say what to do about it as `advice`. */
export function refused(rule: Rule, sentence: string, details: RefusalDetails = {}): Refused {
  const { source, error } = RULES[rule];
  return {
    ok: false,
    rule,
    source,
    error,
    sentence: limited(sentence),
    advice: generalAdvice(rule),
    path: [],
    otherPaths: [],
    pathsLeftOut: 0,
    ...details,
  };
}

/** The connection's error for a refusal: its message says what is wrong, and what to do. */
export function verdictError(verdict: Refused): TlsError {
  const { error, sentence, advice } = verdict;
  const closed = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
  return new TlsError(error, `${closed} ${advice}`, { message: 'Certificate', verdict });
}
