/** Certificates, and the decision about them, for people and for JSON. */
import type { Certificate, JudgedCertificate, Rule, Verdict } from 'handfast/x509';
import { briefly, hanging, pad } from './layout.ts';
import type { Style } from './style.ts';

/** A certificate as plain data. */
export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
}

export function describeCertificate({
  subject,
  issuer,
  notBefore,
  notAfter,
}: Certificate): CertificateSummary {
  return {
    subject: String(subject),
    issuer: String(issuer),
    notBefore: new Date(notBefore.time).toISOString(),
    notAfter: new Date(notAfter.time).toISOString(),
  };
}

const ROLE_WIDTH = 14;

/** Rules whose own names would not say that they held. */
const RULE_NAMES: { readonly [R in Rule]?: string } = {
  weakSignature: 'signature strength',
  weakKey: 'key strength',
  notBefore: 'validity',
  notAfter: 'validity',
  criticalExtension: 'critical extensions',
  emptyName: 'subject',
};

/** `basic constraints` for `basicConstraints`. */
function ruleName(rule: Rule): string {
  return RULE_NAMES[rule] ?? rule.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Checks that are told in full; the others are only named where they held. */
const TOLD: ReadonlySet<Rule> = new Set<Rule>(['signature', 'name']);

/** The last day of a certificate's validity. */
function untilText({ paint }: Style, notAfter: string | undefined): string {
  return notAfter === undefined ? '' : paint('quiet', `, valid until ${notAfter.slice(0, 10)}`);
}

/** One certificate of a path and its checks. */
function judgedLines(style: Style, { role, subject, notAfter, checks }: JudgedCertificate): string[] {
  const { paint, glyphs, width } = style;
  const mark = (ok: boolean): string =>
    `${' '.repeat(ROLE_WIDTH)}${ok ? paint('good', glyphs.good) : paint('bad', glyphs.bad)} `;
  const held = new Set(
    checks.filter(({ ok, rule }) => ok && !TOLD.has(rule)).map(({ rule }) => ruleName(rule)),
  );
  const told = checks.filter(({ ok, rule }) => !ok || TOLD.has(rule));
  return [
    ...hanging(
      pad(role, ROLE_WIDTH),
      `${paint('name', briefly(subject, 'name'))}${untilText(style, notAfter)}`,
      width,
    ),
    ...told.flatMap(({ ok, sentence, source }) =>
      hanging(mark(ok), ok ? briefly(sentence) : `${briefly(sentence)} (${source})`, width),
    ),
    ...(held.size === 0 ? [] : hanging(mark(true), paint('quiet', [...held].join(', ')), width)),
  ];
}

function sentenceLines({ paint, glyphs, width }: Style, { ok, sentence }: Verdict): string[] {
  return hanging(`${ok ? paint('good', glyphs.good) : paint('bad', glyphs.bad)} `, briefly(sentence), width);
}

/**
 * The path with every check, and the decision.
 * @param known subjects of certificates that the reader has seen judged: they are only named.
 */
export function verdictLines(
  style: Style,
  verdict: Verdict,
  known: ReadonlySet<string> = new Set(),
): string[] {
  const unknown = verdict.path.filter(({ subject }) => !known.has(subject));
  const others = verdict.path
    .filter(({ subject }) => known.has(subject))
    .map(({ subject }) => briefly(subject, 'name'));
  return [
    ...unknown.flatMap((judged) => judgedLines(style, judged)),
    ...(others.length === 0 ? [] : [`${pad('above it', ROLE_WIDTH)}${others.join(', ')}: the same checks`]),
    ...sentenceLines(style, verdict),
  ];
}

/** The path in a line for each certificate. */
export function pathLines(style: Style, { path }: Verdict): string[] {
  return path.flatMap(({ role, subject, notAfter }) =>
    hanging(
      `  ${style.paint('quiet', pad(role, SHORT_ROLE_WIDTH))}`,
      `${briefly(subject, 'name')}${untilText(style, notAfter)}`,
      style.width,
    ),
  );
}

/** The path in a line for each certificate, and the decision. */
export function shortVerdictLines(style: Style, verdict: Verdict): string[] {
  return [...pathLines(style, verdict), ...sentenceLines(style, verdict)];
}

const SHORT_ROLE_WIDTH = 16;
