/** The demonstration as text for people, 80 columns wide. */
import { hexLines } from '../render/dump.ts';
import { beside, box, hanging, heading, pad, printable, wrap } from '../render/layout.ts';
import type { Style } from '../render/style.ts';
import { verdictLines } from '../render/verdict.ts';
import type { Tampering } from './relay.ts';
import type { CastMember, DemoReport, Exchange, Refusal } from './report.ts';
import type { Story, ToldChoice, ToldMessage, ToldProof } from './story.ts';

const INDENT = '  ';

/** Width of the column with what is told, its mark included. */
const LABEL_WIDTH = 20;

/** Offered values are named where they fit into this many lines, and counted otherwise. */
const OFFER_LINES = 2;

/** Least lines of ciphertext beside a plaintext. */
const MIN_CIPHERTEXT_LINES = 4;

const CHOICE_LABELS: { readonly [W in ToldChoice['what']]?: string } = {
  'application protocol': 'protocol (ALPN)',
  certificate: 'server shows',
  'signature scheme': 'and signs with',
  'client authentication': 'client signs with',
};

/** The style for what stands indented. */
function narrower(style: Style): Style {
  return { ...style, width: style.width - INDENT.length };
}

class Page {
  readonly lines: string[] = [];
  readonly style: Style;

  constructor(style: Style) {
    this.style = style;
  }

  add(...lines: readonly string[]): void {
    this.lines.push(...lines);
  }

  /** A heading, and what the phase is about. */
  phase(title: string, about: string): void {
    this.add('', heading(this.style, title), ...this.#wrapped(about), '');
  }

  #wrapped(text: string): string[] {
    return wrap(text, this.style.width - INDENT.length).map((line) => INDENT + line);
  }

  /** `label  text`, with the text wrapped in its own column. */
  item(label: string, text: string): void {
    this.add(...hanging(`${INDENT}${pad(label, LABEL_WIDTH)}`, text, this.style.width));
  }

  good(label: string, text: string): void {
    const { glyphs, paint } = this.style;
    this.item(`${paint('good', glyphs.good)} ${label}`, text);
  }

  quiet(text: string): void {
    this.item('', this.style.paint('quiet', text));
  }

  /** `client ---- ClientHello, 253 bytes ----> server`, with a double line where it is encrypted. */
  arrow({ name, from, length, encrypted }: ToldMessage): void {
    const { glyphs, paint, width } = this.style;
    const line = encrypted ? glyphs.double : glyphs.horizontal;
    const label = ` ${name} ${glyphs.dot} ${length} bytes `;
    const fill = width - 2 * INDENT.length - 'client  server'.length - label.length - 4;
    const shaft = line.repeat(Math.max(1, fill));
    const drawn =
      from === 'client'
        ? `${line.repeat(3)}${paint('name', label)}${shaft}${glyphs.right}`
        : `${glyphs.left}${line.repeat(2)}${paint('name', label)}${shaft}${line}`;
    this.add(`${INDENT}client ${drawn} server`);
  }

  choice({ what, chosen, offered, reason }: ToldChoice): void {
    const { paint, width } = this.style;
    const names = printable(offered.join(', '));
    const fits = wrap(`out of ${names}`, width - INDENT.length - LABEL_WIDTH).length <= OFFER_LINES;
    this.good(CHOICE_LABELS[what] ?? what, paint('title', printable(chosen)));
    if (offered.length > 1)
      this.quiet(`out of ${fits ? names : `${offered.length} that the other side takes`}`);
    this.quiet(printable(reason));
  }

  proof({ what, proves }: ToldProof): void {
    this.good(what, printable(proves));
  }
}

function introduction(page: Page, members: readonly CastMember[]): void {
  const { style } = page;
  const { glyphs, paint } = style;
  page.add(
    ...box(
      style,
      [
        paint('title', 'A TLS 1.3 handshake, told in three phases'),
        'A real client and a real HTTPS server meet on this machine, with an observer on the line between them. They prove who they are, agree on keys that nobody else has, and talk in private.',
      ],
      'accent',
    ),
    '',
    `${INDENT}${paint('title', 'Certificates, made a moment ago')}`,
  );
  const depths = { root: 0, intermediate: 1, server: 2, client: 2 };
  members.forEach(({ part, name, keyType }, i) => {
    const depth = depths[part];
    const isLast = members.slice(i + 1).every((later) => depths[later.part] !== depth);
    const branch =
      depth === 0 ? '' : `${'   '.repeat(depth - 1)}${isLast ? glyphs.lastBranch : glyphs.branch} `;
    const note =
      depth === 0 ? 'trusted by both ends' : `signed by the ${depth === 1 ? 'root' : 'intermediate'}`;
    const columns = [pad(paint('quiet', branch) + part, 19), pad(paint('name', name), 19), pad(keyType, 13)];
    page.add(`${INDENT}${columns.join('')}${paint('quiet', note)}`);
  });
}

function helloPhase(page: Page, { messages, serverName, choices }: Story['hello']): void {
  page.phase(
    '1 Hello',
    'The client says what it can do, and the server chooses. Both hellos are there for all to read. They carry the halves of a key agreement (see 3), so everything after them is encrypted: double lines.',
  );
  for (const message of messages) page.arrow(message);
  page.add('');
  if (serverName !== null) {
    page.good('server name', page.style.paint('title', printable(serverName)));
    page.quiet('whom the client asks for; the observer reads it too');
  }
  for (const choice of choices) page.choice(choice);
}

function certificatePhase(page: Page, { messages, choices, verdicts, proofs }: Story['certificate']): void {
  page.phase(
    '2 Certificate',
    'Who is there? Each side shows its certificate and signs this very handshake with the key in it. The other side follows the issuers up to an authority that it trusts.',
  );
  for (const message of messages) page.arrow(message);
  page.add('');
  for (const choice of choices) page.choice(choice);
  const known = new Set<string>();
  for (const { of, by, verdict } of verdicts) {
    page.add('', `${INDENT}${page.style.paint('title', `The ${by} judges the ${of}'s certificate`)}`);
    page.add(...verdictLines(narrower(page.style), verdict, known).map((line) => INDENT + line));
    for (const { subject } of verdict.path) known.add(subject);
    for (const proof of proofs) if (proof.by === of) page.proof(proof);
  }
}

function keyExchangePhase(
  page: Page,
  { messages, choices, shares, secrets, proofs }: Story['keyExchange'],
): void {
  const { paint, glyphs } = page.style;
  page.phase(
    '3 Key exchange',
    "Each side keeps one half of its key pair to itself and sends the other. Own secret half and the peer's public half give both sides the same secret; the observer, who saw both public halves, cannot compute it.",
  );
  for (const choice of choices) page.choice(choice);
  for (const { from, keyHex } of shares) {
    page.add(...hanging(`${INDENT}${`${from}'s half`.padEnd(14)}`, paint('quiet', keyHex), page.style.width));
  }
  page.add(
    '',
    `${INDENT}${paint('title', 'Secrets that both sides derive from it')}, and what each protects`,
  );
  secrets.forEach(({ label, protects }, i) => {
    const branch = i < secrets.length - 1 ? glyphs.branch : glyphs.lastBranch;
    page.add(`${INDENT}${paint('quiet', branch)} ${pad(paint('name', label), 33)}${protects}`);
  });
  page.add('');
  for (const message of messages) page.arrow(message);
  for (const proof of proofs) page.proof(proof);
}

function exchange(page: Page, { from, plaintext, recordsHex }: Exchange): void {
  const { paint, glyphs, width } = page.style;
  const half = Math.floor((width - INDENT.length - 3) / 2);
  const to = from === 'client' ? 'server' : 'client';
  const left = plaintext
    .trimEnd()
    .split(/\r?\n/)
    .flatMap((line) => wrap(printable(line), half));
  const record = Buffer.from(recordsHex.join(''), 'hex');
  const hex = hexLines(record, Math.floor((half + 1) / 3));
  const shown = hex.slice(0, Math.max(left.length, MIN_CIPHERTEXT_LINES));
  if (shown.length < hex.length) shown[shown.length - 1] = `... ${record.length} bytes in all`;
  const titles = [
    paint('title', `the ${from} writes, the ${to} reads`),
    paint('title', 'the observer sees'),
  ] as const;
  const quiet = shown.map((line) => paint('quiet', line));
  const rows = beside(
    [titles[0], ...left],
    [titles[1], ...quiet],
    half,
    ` ${paint('quiet', glyphs.vertical)} `,
  );
  page.add(...rows.map((line) => INDENT + line), '');
}

function refusal(page: Page, told: Refusal, number: number): void {
  const { paint, glyphs, width } = page.style;
  const { name, situation, refusedBy, code, message, alertHeard, otherSideCode, asExpected, tampering } =
    told;
  const refused = paint(asExpected ? 'bad' : 'accent', `${glyphs.bad} the ${refusedBy} refuses:`);
  const other = refusedBy === 'client' ? 'server' : 'client';
  const heard =
    alertHeard === null
      ? `fails too (${otherSideCode ?? 'without an error'})`
      : `hears the alert ${alertHeard}`;
  const indent = ' '.repeat(INDENT.length + 3);
  page.add(
    ...hanging(`${INDENT}${number}  `, `${paint('title', name)}: ${situation}`, width),
    ...hanging(indent, `${refused} ${printable(message)}`, width),
    ...hanging(indent, paint('quiet', `${code ?? 'no error'}; the ${other} ${heard}`), width),
    ...(tampering === undefined ? [] : hanging(indent, paint('quiet', tamperingText(tampering)), width)),
  );
}

function tamperingText({ from, offset, recordLength, before, after }: Tampering): string {
  const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;
  return `byte ${offset} of a record of ${recordLength} bytes from the ${from}: ${hex(before)} became ${hex(after)}`;
}

function ending({ style }: Page, { ok, refusals, failures }: DemoReport): string[] {
  const { paint, glyphs, width } = style;
  if (!ok) return failures.flatMap((failure) => hanging(`${paint('bad', glyphs.bad)} `, failure, width));
  const summary = `${glyphs.good} One connection made, ${refusals.length} refused: everything as it must be.`;
  return [
    paint('good', summary),
    '',
    `  ${paint('quiet', 'every byte of a real one:  handfast connect example.com --trace --get /')}`,
    `  ${paint('quiet', 'a server to play with:     handfast serve')}`,
  ];
}

/** The whole demonstration. */
export function demoText(style: Style, report: DemoReport): string {
  const page = new Page(style);
  introduction(page, report.cast);
  helloPhase(page, report.handshake.hello);
  certificatePhase(page, report.handshake.certificate);
  keyExchangePhase(page, report.handshake.keyExchange);
  page.phase('Application data', 'The keys are there: now HTTP, as every page of the web travels.');
  for (const one of report.exchanges) exchange(page, one);
  page.lines.pop();
  page.phase(
    'Refusals',
    'What makes a handshake worth anything: whoever cannot prove who they are is refused, and so is every changed byte.',
  );
  for (const [i, one] of report.refusals.entries()) refusal(page, one, i + 1);
  page.add('', ...ending(page, report));
  return `${page.lines.join('\n')}\n`;
}
