/** The demonstration as text for people, 80 columns wide. */
import { box, hanging, pad, printable } from '../render/layout.ts';
import type { Style } from '../render/style.ts';
import { verdictLines } from '../render/verdict.ts';
import { INDENT, Page, textLines } from './page.ts';
import type { Tampering } from './relay.ts';
import type { Afterwards, CastMember, DemoReport, Exchange, Refusal } from './report.ts';
import type { Story } from './story.ts';
import { AFTERWARDS, hybridText, type Words, wordsFor } from './words.ts';

/** Lines of a key, or of a ciphertext, that are shown of more. */
const KEY_LINES = 2;

/** The style for what stands indented. */
function narrower(style: Style): Style {
  return { ...style, width: style.width - INDENT.length };
}

function introduction(page: Page, words: Words, members: readonly CastMember[]): void {
  const { style } = page;
  const { glyphs, paint } = style;
  page.add(
    ...box(style, [paint('title', words.title), words.introduction], 'accent'),
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

function helloPhase(page: Page, words: Words, { messages, serverName, choices }: Story['hello']): void {
  page.phase('1 Hello', words.hello);
  for (const message of messages) page.arrow(message);
  page.add('');
  if (serverName !== null) {
    page.good('server name', page.style.paint('title', printable(serverName)));
    page.quiet('whom the client asks for; the observer reads it too');
  }
  for (const choice of choices) page.choice(choice);
}

function certificatePhase(
  page: Page,
  words: Words,
  { messages, choices, verdicts, proofs }: Story['certificate'],
): void {
  page.phase('2 Certificate', words.certificate);
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

/** The public halves, and for a hybrid what they consist of. */
function shares(page: Page, told: Story['keyExchange']['shares']): void {
  for (const { from, keyHex } of told) page.hex(`${from}'s half`, keyHex, KEY_LINES);
  const [client, server] = told;
  if (client === undefined || server === undefined || client.group !== HYBRID) return;
  const kem = ({ keyHex }: { readonly keyHex: string }): number => keyHex.length / 2 - X25519_LENGTH;
  page.add('');
  page.paragraph(hybridText(HYBRID, { client: kem(client), server: kem(server) }));
}

const HYBRID = 'X25519MLKEM768';
/** Bytes of an X25519 key (RFC 7748), which stands behind the part of ML-KEM. */
const X25519_LENGTH = 32;

function premaster(page: Page, { encryptedHex }: NonNullable<Story['keyExchange']['premaster']>): void {
  page.item('premaster secret', '48 bytes: the version that the client offered, and 46 random ones');
  page.hex('encrypted', encryptedHex, KEY_LINES);
  page.quiet('all that the observer sees of it');
  page.item('decrypted', 'by the server, with its private key: the same 48 bytes');
}

function keyExchangePhase(page: Page, words: Words, story: Story['keyExchange']): void {
  const { messages, choices, secrets, proofs } = story;
  const { paint, glyphs } = page.style;
  page.phase('3 Key exchange', words.keyExchange);
  for (const choice of choices) page.choice(choice);
  shares(page, story.shares);
  if (story.premaster !== undefined) premaster(page, story.premaster);
  page.add(
    '',
    `${INDENT}${paint('title', 'Secrets that both sides derive from it')}, and what each protects`,
  );
  const column = Math.max(...secrets.map(({ label }) => label.length)) + 2;
  secrets.forEach(({ label, protects }, i) => {
    const branch = i < secrets.length - 1 ? glyphs.branch : glyphs.lastBranch;
    page.add(`${INDENT}${paint('quiet', branch)} ${pad(paint('name', label), column)}${protects}`);
  });
  page.add('');
  for (const message of messages) page.arrow(message);
  for (const proof of proofs) page.proof(proof);
}

function exchange(page: Page, { from, plaintext, recordsHex }: Exchange): void {
  const to = from === 'client' ? 'server' : 'client';
  const titles = [`the ${from} writes, the ${to} reads`, 'the observer sees'] as const;
  page.besideCiphertext(titles, plaintext, Buffer.from(recordsHex.join(''), 'hex'));
}

function lookBack(page: Page, { records, bytes, premasterHex, plaintext }: Afterwards): void {
  const { width, paint } = page.style;
  page.phase('Afterwards', AFTERWARDS.question);
  page.weak('recorded', `${records} records, ${bytes} bytes, as they passed`);
  page.weak('decrypted', 'the premaster secret, with the private key');
  page.hex('', premasterHex, KEY_LINES);
  page.weak('derived', 'both keys, as the client and the server did');
  for (const side of ['client', 'server'] as const) {
    page.weak('read', paint('title', `what the ${side} sent`));
    for (const line of textLines(plaintext[side], width - READ_INDENT)) page.item('', line);
  }
  page.add('');
  page.paragraph(AFTERWARDS.answer);
}

/** Columns before the text of an item. */
const READ_INDENT = 22;

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

function ending({ style }: Page, words: Words, { ok, refusals, failures }: DemoReport): string[] {
  const { paint, glyphs, width } = style;
  if (!ok) return failures.flatMap((failure) => hanging(`${paint('bad', glyphs.bad)} `, failure, width));
  const summary = `${glyphs.good} One connection made, ${refusals.length} refused: everything as it must be.`;
  const next = [
    ...words.next,
    ['every byte of a real one', 'handfast connect example.com --trace --get /'],
    ['a server to play with', 'handfast serve'],
  ] as const;
  return [
    paint('good', summary),
    '',
    ...next.map(([what, command]) => `  ${paint('quiet', `${pad(`${what}:`, 27)}${command}`)}`),
  ];
}

/** The whole demonstration. */
export function demoText(style: Style, report: DemoReport): string {
  const page = new Page(style);
  const words = wordsFor(report);
  introduction(page, words, report.cast);
  helloPhase(page, words, report.handshake.hello);
  certificatePhase(page, words, report.handshake.certificate);
  keyExchangePhase(page, words, report.handshake.keyExchange);
  page.phase('Application data', 'The keys are there: now HTTP, as every page of the web travels.');
  for (const one of report.exchanges) exchange(page, one);
  page.lines.pop();
  if (report.afterwards !== undefined) lookBack(page, report.afterwards);
  page.phase(
    'Refusals',
    'What makes a handshake worth anything: whoever cannot prove who they are is refused, and so is every changed byte.',
  );
  for (const [i, one] of report.refusals.entries()) refusal(page, one, i + 1);
  page.add('', ...ending(page, words, report));
  return `${page.lines.join('\n')}\n`;
}
