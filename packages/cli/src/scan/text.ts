/** A scan for people. */
import { formatAddress } from '../address.ts';
import { briefly, hanging, heading, pad, printable, wrap } from '../render/layout.ts';
import type { Style } from '../render/style.ts';
import { pathLines, shortVerdictLines } from '../render/verdict.ts';
import type { Accepted, ChainFacts, Order, ScanFacts, SuiteFacts, VersionFacts } from './facts.ts';
import { type Finding, suiteFlaws } from './findings.ts';
import { isWeakGroup } from './registries.ts';
import { FLAWS, type Severity } from './weaknesses.ts';

const LABEL_WIDTH = 16;
/** The longest names of suites that one meets, and a space. */
const SUITE_WIDTH = 47;
/** Names that are listed below a finding; the others are counted. */
const MAX_NAMED = 6;

/** What is to be said about a list that is `best first` only to those who ask in our order. */
const ORDERS: Readonly<Record<Order, string>> = {
  server: '',
  client: "the client's order decides",
  mixed: "partly the client's order",
};

const COUNTED: Readonly<Record<Severity, readonly [one: string, many: string]>> = {
  problem: ['problem', 'problems'],
  weak: ['weakness', 'weaknesses'],
  note: ['note', 'notes'],
};

function mark({ paint, glyphs }: Style, severity: Severity | 'good'): string {
  switch (severity) {
    case 'problem':
      return paint('bad', glyphs.bad);
    case 'weak':
      return paint('accent', glyphs.weak);
    case 'note':
      return paint('name', glyphs.dot);
    case 'good':
      return paint('good', glyphs.good);
  }
}

function item(style: Style, label: string, text: string): string[] {
  return hanging(`  ${style.paint('quiet', pad(label, LABEL_WIDTH))}`, text, style.width);
}

function summary(findings: readonly Finding[]): string {
  const counts = (['problem', 'weak', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${COUNTED[severity][count === 1 ? 0 : 1]}`];
  });
  return counts.length === 0 ? 'nothing to object to' : counts.join(', ');
}

function severityOfVersion(version: VersionFacts['version']): Severity | 'good' {
  return version === 'TLSv1.3' || version === 'TLSv1.2' ? 'good' : 'problem';
}

function versionLine(style: Style, { version, accepted, refusal }: VersionFacts): string {
  const { paint, glyphs } = style;
  if (accepted === undefined) return `  ? ${pad(version, 10)}${paint('quiet', 'not asked')}`;
  if (accepted) return `  ${mark(style, severityOfVersion(version))} ${pad(version, 10)}accepted`;
  const told =
    refusal === 'silent'
      ? 'no answer'
      : refusal === undefined || refusal === 'refused'
        ? 'refused'
        : `refused (${printable(refusal)})`;
  return `  ${paint('quiet', `${glyphs.dot} ${pad(version, 10)}${told}`)}`;
}

function suiteLine(style: Style, facts: ScanFacts, suite: SuiteFacts): string {
  const flaws = suiteFlaws(facts, suite).map((id) => FLAWS[id]);
  const severity = flaws[0]?.severity ?? 'good';
  const field = suite.bits === undefined ? [] : [`${suite.bits} bits`];
  const remark =
    flaws.length === 0
      ? field.map((bits) => style.paint('quiet', bits)).join()
      : style.paint(severity === 'problem' ? 'bad' : 'accent', flaws.map(({ label }) => label).join(', '));
  const name = remark === '' ? suite.name : pad(suite.name, SUITE_WIDTH);
  return `  ${mark(style, severity)} ${name}${remark}`;
}

function sameSuites(a: VersionFacts, b: VersionFacts): boolean {
  const names = ({ suites }: VersionFacts): string => suites.accepted.map(({ number }) => number).join();
  return names(a) === names(b);
}

function suiteLines(style: Style, facts: ScanFacts): string[] {
  const spoken = facts.versions.filter(({ suites }) => suites.accepted.length > 0);
  return spoken.flatMap((version, i) => {
    const { order, accepted, complete } = version.suites;
    const like = spoken.slice(0, i).find((other) => sameSuites(version, other));
    const told = [
      `${accepted.length} ${accepted.length === 1 ? 'suite' : 'suites'}`,
      ...(like === undefined ? [] : [`the same as ${like.version}`]),
      ...(order === null || order === 'server' ? [] : [ORDERS[order]]),
      ...(complete ? [] : ['perhaps more']),
    ].join(', ');
    const title = `${style.paint('title', version.version)}${style.paint('quiet', `: ${told}`)}`;
    const lines = like === undefined ? accepted.map((suite) => suiteLine(style, facts, suite)) : [];
    return [title, ...lines];
  });
}

function list(style: Style, found: Accepted<string> | null, isWeak: (name: string) => boolean): string {
  if (found === null) return '';
  const names = found.accepted.map((name) =>
    isWeak(name) ? style.paint('accent', printable(name)) : printable(name),
  );
  const told = found.order === null ? '' : ORDERS[found.order];
  const order = told === '' ? '' : style.paint('quiet', ` (${told})`);
  return names.length === 0 ? style.paint('quiet', 'none') : `${names.join(', ')}${order}`;
}

function choiceLines(style: Style, facts: ScanFacts): string[] {
  const { groups13, curves, schemes13, schemes12, protocols } = facts;
  const isWeakScheme = (name: string): boolean => /_(sha1|md5)$/.test(name);
  const rows: readonly (readonly [string, string])[] = [
    ['TLSv1.3 groups', list(style, groups13, isWeakGroup)],
    [`${curves?.version} curves`, list(style, curves, isWeakGroup)],
    ['TLSv1.3 signs', list(style, schemes13, isWeakScheme)],
    ['TLSv1.2 signs', list(style, schemes12, isWeakScheme)],
    ['protocols', list(style, protocols, () => false)],
  ];
  if (facts.versions.every(({ suites }) => suites.accepted.length === 0)) return [];
  return rows.flatMap(([label, text]) => (text === '' ? [] : item(style, label, text)));
}

function chainLines(style: Style, chain: ChainFacts): string[] {
  const { key, versions, verdict, ocspStaple, timestamps } = chain;
  const extras = [
    ...(ocspStaple ? ['OCSP response stapled'] : []),
    ...(timestamps.inCertificate ? ['certificate timestamps inside'] : []),
    ...(timestamps.inHandshake > 0 ? [`${timestamps.inHandshake} certificate timestamps sent`] : []),
  ];
  return [
    `${style.paint('title', key)}${style.paint('quiet', `: shown in ${versions.join(', ')}`)}`,
    ...(verdict.path.length === 0 && chain.certificates[0] !== undefined
      ? item(style, 'leaf', briefly(chain.certificates[0].subject, 'name'))
      : []),
    ...(verdict.ok
      ? shortVerdictLines(style, verdict)
      : [...pathLines(style, verdict), `${mark(style, 'problem')} refused, see the findings`]),
    ...(extras.length === 0 ? [] : hanging('  ', style.paint('quiet', extras.join(', ')), style.width)),
  ];
}

/** What is as it should be; what is not stands among the findings. */
function featureLines(style: Style, { legacy, tls13, clientCertificate }: ScanFacts): string[] {
  const features: readonly (readonly [boolean | null, string])[] = [
    [legacy.secureRenegotiation, 'secure renegotiation'],
    [legacy.extendedMasterSecret, 'extended master secret'],
    [legacy.encryptThenMac, 'encrypt-then-MAC'],
    [legacy.fallbackScsv, 'refuses fallbacks'],
    [legacy.downgradeSentinel, 'downgrade sentinel'],
    [legacy.compression === false, 'no compression'],
  ];
  const held = features.flatMap(([holds, name]) => (holds === true ? [name] : []));
  const resumption = [
    ...(legacy.sessionTicket ? ['session tickets'] : []),
    ...(legacy.sessionId ? ['session ids'] : []),
    ...(tls13 === null || tls13.tickets === 0
      ? []
      : [
          `${tls13.tickets} TLSv1.3 tickets for ${tls13.ticketLifetime} s${tls13.earlyData > 0 ? ', with 0-RTT' : ''}`,
        ]),
  ];
  return [
    ...(held.length === 0 ? [] : item(style, 'safeguards', held.join(', '))),
    ...(resumption.length === 0 ? [] : item(style, 'resumption', resumption.join(', '))),
    ...(clientCertificate === 'not asked for'
      ? []
      : item(style, 'client', `a certificate is ${clientCertificate}`)),
  ];
}

function findingLines(style: Style, finding: Finding): string[] {
  const { severity, sentence, why, advice, where = [] } = finding;
  const { paint, glyphs, width } = style;
  const named = where.slice(0, MAX_NAMED).join(', ');
  const more = where.length > MAX_NAMED ? ` and ${where.length - MAX_NAMED} more` : '';
  return [
    ...hanging(`${mark(style, severity)} `, paint('title', printable(sentence)), width),
    ...hanging('  ', briefly(why), width),
    ...hanging(`  ${paint('name', glyphs.right)} `, briefly(advice), width),
    ...(where.length === 0 ? [] : hanging('  ', paint('quiet', `${named}${more}`), width)),
  ];
}

/** The whole report. */
export function scanLines(style: Style, facts: ScanFacts, findings: readonly Finding[]): string[] {
  const { host, port, name, remoteAddress, versions, chains, connections } = facts;
  const at = remoteAddress === null || remoteAddress === host ? '' : ` (${remoteAddress})`;
  const as = name === host ? '' : ` as ${printable(name)}`;
  const worst = findings[0]?.severity ?? 'good';
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', heading(style, title), ...lines];
  return [
    ...wrap(
      `${mark(style, worst)} ${style.paint('title', `${formatAddress({ host, port })}${at}${as}: ${summary(findings)}`)}`,
      style.width,
    ),
    ...section(
      'Versions',
      versions.map((version) => versionLine(style, version)),
    ),
    ...section('Cipher suites, best first', suiteLines(style, facts)),
    ...section('Key exchange and signatures, best first', choiceLines(style, facts)),
    ...section(
      'Certificates',
      chains.flatMap((chain) => chainLines(style, chain)),
    ),
    ...section('Extensions', featureLines(style, facts)),
    ...section(
      `Findings: ${summary(findings)}`,
      findings.flatMap((finding) => findingLines(style, finding)),
    ),
    '',
    style.paint('quiet', `${connections.used} connections`),
  ];
}
