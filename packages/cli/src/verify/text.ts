/** What `handfast verify` prints: the chain from leaf to anchor, every check with its source, and what to do. */
import type { FetchedVerdict } from 'handfast/node';
import type { JudgedCertificate, Rule, Verdict } from 'handfast/x509';
import { contactLines } from '../fetching.ts';
import { briefly, hanging, printable } from '../render/layout.ts';
import type { Style } from '../render/style.ts';
import { triedPathLines } from '../render/tried-paths.ts';

/** What was asked, for people and for JSON. */
export interface Question {
  readonly files: readonly string[];
  /** How many the files hold. */
  readonly certificates: number;
  /** `server`, `client`, `any`, or an extended key usage. */
  readonly purpose: string;
  readonly name: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly revocation: {
    readonly lists: number;
    readonly ocspResponses: number;
    readonly stapled: boolean;
    readonly required: 'never' | 'leaf' | 'chain';
  };
  /** What is asked of transparency logs, if anything is. */
  readonly transparency: { readonly logs: number; readonly required: number } | null;
  readonly authorities: {
    /** The files of --ca; `null`: the public authorities. */
    readonly from: readonly string[] | null;
    readonly count: number;
  };
}

/** By which option the verdict's advice is followed here, where there is one. */
const OPTION: { readonly [R in Rule]?: string } = {
  anchors: 'Authorities to trust are named with --ca FILE.',
  issuer:
    'Intermediates are given as further files, or fetched with --fetch; authorities to trust are named with --ca FILE.',
  signature: 'Other intermediates are given as further files, other authorities with --ca FILE.',
  extendedKeyUsage: 'Another purpose is asked for with --purpose.',
  name: 'Another name is asked for with --name.',
  profile: 'Another profile is chosen with --profile.',
  revocationStatus:
    'Revocation lists are given with --crl FILE, OCSP responses with --ocsp FILE, and fetched with --fetch.',
  transparency:
    'A newer list of logs is given with --ct-logs FILE; how many must vouch with --require-scts N.',
};

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function headLines({ paint, width }: Style, asked: Question): string[] {
  const { files, certificates, purpose, name, at, authorities } = asked;
  const what = `${purposeText(purpose)}${name === null ? '' : ` named ${name}`}`;
  const from = authorities.from?.join(', ') ?? 'the public authorities';
  return [
    ...hanging('', paint('title', printable(files.join(', '))), width),
    ...hanging(
      '  ',
      printable(`${plural(certificates, 'certificate')}, the first of them judged ${what}, as of ${at}`),
      width,
    ),
    ...hanging('  ', printable(`trusted: ${from} (${plural(authorities.count, 'certificate')})`), width),
    ...revocationLines(asked, width),
    ...transparencyLines(asked, width),
    '',
  ];
}

function purposeText(purpose: string): string {
  if (purpose === 'server' || purpose === 'client') return `as the certificate of a ${purpose}`;
  return purpose === 'any' ? 'for any purpose' : `for the purpose ${purpose}`;
}

const REQUIRED = {
  never: 'it need not be known',
  leaf: 'it must be known of the leaf',
  chain: 'it must be known of the whole chain',
} as const;

function revocationLines({ revocation }: Question, width: number): string[] {
  const { lists, ocspResponses, stapled, required } = revocation;
  const evidence = [
    ...(lists === 0 ? [] : [plural(lists, 'revocation list')]),
    ...(ocspResponses === 0 ? [] : [plural(ocspResponses, 'OCSP response')]),
    ...(stapled ? ['a stapled OCSP response'] : []),
  ];
  if (evidence.length === 0 && required === 'never') return [];
  return hanging('  ', `status: ${evidence.join(', ') || 'nothing given'}; ${REQUIRED[required]}`, width);
}

function transparencyLines({ transparency }: Question, width: number): string[] {
  if (transparency === null) return [];
  const { logs, required } = transparency;
  const demand = required === 0 ? 'none must' : `${required} must`;
  return hanging('  ', `transparency: ${plural(logs, 'known log')}; ${demand} vouch for the leaf`, width);
}

/** A link of the chain: who it is, since and until when, and every check. */
function linkLines(style: Style, certificate: JudgedCertificate, isLast: boolean): string[] {
  const { paint, glyphs, width } = style;
  const { role, subject, serialNumber, notBefore, notAfter, fingerprint, checks } = certificate;
  const rail = isLast ? '   ' : `${paint('quiet', glyphs.vertical)}  `;
  const inner = width - 3;
  const detail = (label: string, text: string): string[] =>
    hanging(`${label} `, paint('quiet', briefly(text)), inner);
  const dates = notBefore === undefined ? [] : detail('valid ', `${notBefore} to ${notAfter}`);
  const below = [
    ...(serialNumber === undefined ? [] : detail('serial', serialNumber)),
    ...dates,
    ...(fingerprint === undefined ? [] : detail('sha256', fingerprint)),
    ...checks.flatMap(({ ok, sentence, source }) =>
      hanging(
        `${ok ? paint('good', glyphs.good) : paint('bad', glyphs.bad)} `,
        `${briefly(sentence)} ${paint('quiet', `(${source})`)}`,
        inner,
      ),
    ),
  ];
  return [
    ...hanging(
      `${paint('accent', 'o')}  `,
      `${paint('name', briefly(subject, 'name') || '(no subject)')} ${paint('quiet', `(${role})`)}`,
      width,
    ),
    ...below.map((line) => `${rail}${line}`),
    ...(isLast ? [] : [paint('quiet', glyphs.vertical)]),
  ];
}

/** The chain from the leaf to its anchor; where it did not get there, the issuer that is missing. */
function chainLines(style: Style, verdict: Verdict): string[] {
  const { path } = verdict;
  const { paint, glyphs, width } = style;
  const last = path.at(-1);
  const isWhole = last === undefined || last.role === 'anchor';
  const lines = path.flatMap((certificate) => linkLines(style, certificate, isWhole && certificate === last));
  if (isWhole) return lines;
  const end =
    verdict.ok || verdict.rule === 'issuer' ? 'no way to a trusted authority from here' : 'not gone on to';
  const issuer = `${briefly(last.issuer, 'name') || '(no issuer)'} ${paint('quiet', `(${end})`)}`;
  return [...lines, ...hanging(`${paint('bad', glyphs.bad)}  `, issuer, width)];
}

function verdictSentences({ paint, glyphs, width }: Style, verdict: Verdict): string[] {
  if (verdict.ok) {
    return hanging(`${paint('good', glyphs.good)} `, paint('good', briefly(verdict.sentence)), width);
  }
  const option = OPTION[verdict.rule];
  const advice = option === undefined ? verdict.advice : `${verdict.advice} ${option}`;
  return [
    ...hanging(
      `${paint('bad', glyphs.bad)} `,
      `${paint('bad', briefly(verdict.sentence))} ${paint('quiet', `(${verdict.source})`)}`,
      width,
    ),
    ...hanging('  ', briefly(advice), width),
  ];
}

/** Whom the verdict was asked of, where something was fetched or could be. */
function contactsLines(style: Style, verdict: Verdict | FetchedVerdict): string[] {
  if (!('contacts' in verdict)) return [];
  const { contacts } = verdict;
  const title =
    contacts.length === 0
      ? 'Nobody was asked: nothing was missing, or nothing says where to ask.'
      : 'Asked over the network:';
  return ['', style.paint('quiet', title), ...contacts.flatMap((contact) => contactLines(style, contact))];
}

/** The question, the chain, the verdict, and who was asked. */
export function verificationLines(
  style: Style,
  asked: Question,
  verdict: Verdict | FetchedVerdict,
): string[] {
  const chain = chainLines(style, verdict);
  const tried = triedPathLines(style, verdict);
  return [
    ...headLines(style, asked),
    ...chain,
    ...(chain.length === 0 ? [] : ['']),
    ...verdictSentences(style, verdict),
    ...(tried.length === 0 ? [] : ['', ...tried]),
    ...contactsLines(style, verdict),
  ];
}
