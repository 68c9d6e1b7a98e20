/** The pieces of which the demonstration's page is made. */
import { hexLines } from '../render/dump.ts';
import { beside, hanging, heading, pad, printable, wrap } from '../render/layout.ts';
import type { Style } from '../render/style.ts';
import type { ToldChoice, ToldMessage, ToldProof } from './story.ts';

/** In front of everything below a heading. */
export const INDENT = '  ';

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

/** Lines of text in the making, with the marks and columns of the demonstration. */
export class Page {
  readonly lines: string[] = [];
  readonly style: Style;

  constructor(style: Style) {
    this.style = style;
  }

  add(...lines: readonly string[]): void {
    this.lines.push(...lines.map((line) => line.trimEnd()));
  }

  /** A heading, and what the phase is about. */
  phase(title: string, about: string): void {
    this.add('', heading(this.style, title));
    this.paragraph(about);
    this.add('');
  }

  paragraph(text: string): void {
    this.add(...wrap(text, this.style.width - INDENT.length).map((line) => INDENT + line));
  }

  /** `label  text`, with the text wrapped in its own column. */
  item(label: string, text: string): void {
    this.add(...hanging(`${INDENT}${pad(label, LABEL_WIDTH)}`, text, this.style.width));
  }

  good(label: string, text: string): void {
    const { glyphs, paint } = this.style;
    this.item(`${paint('good', glyphs.good)} ${label}`, text);
  }

  /** What should not have come true. */
  weak(label: string, text: string): void {
    const { glyphs, paint } = this.style;
    this.item(`${paint('accent', glyphs.weak)} ${label}`, text);
  }

  quiet(text: string): void {
    this.item('', this.style.paint('quiet', text));
  }

  /** Bytes beside a label: as many lines as are worth looking at, and how many bytes there are. */
  hex(label: string, hex: string, lines: number): void {
    const { paint, width } = this.style;
    const column = width - INDENT.length - LABEL_WIDTH;
    const size = `${hex.length / 2} bytes`;
    const all = wrap(hex, column);
    const ending = ` ... ${size} in all`;
    const shown = all.length <= lines ? all : all.slice(0, lines);
    const last = shown.length - 1;
    if (all.length > lines) shown[last] = `${(shown[last] ?? '').slice(0, column - ending.length)}${ending}`;
    this.item(label, shown.map((line) => paint('quiet', line)).join('\n'));
  }

  /** `client ---- ClientHello, 253 bytes ----> server`, with a double line where it is encrypted. */
  arrow({ name, from, length, encrypted }: ToldMessage): void {
    const { glyphs, paint, width } = this.style;
    const line = encrypted ? glyphs.double : glyphs.horizontal;
    const label = ` ${name} ${glyphs.dot} ${length} ${length === 1 ? 'byte' : 'bytes'} `;
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

  /** Plaintext, as its two ends have it, beside what passed between them. */
  besideCiphertext(titles: readonly [string, string], plaintext: string, ciphertext: Uint8Array): void {
    const { paint, glyphs, width } = this.style;
    const half = Math.floor((width - INDENT.length - 3) / 2);
    const left = textLines(plaintext, half);
    const hex = hexLines(ciphertext, Math.floor((half + 1) / 3));
    const shown = hex.slice(0, Math.max(left.length, MIN_CIPHERTEXT_LINES));
    if (shown.length < hex.length) shown[shown.length - 1] = `... ${ciphertext.length} bytes in all`;
    const quiet = shown.map((line) => paint('quiet', line));
    const [leftTitle, rightTitle] = titles.map((title) => paint('title', title)) as [string, string];
    const gap = ` ${paint('quiet', glyphs.vertical)} `;
    const rows = beside([leftTitle, ...left], [rightTitle, ...quiet], half, gap);
    this.add(...rows.map((line) => INDENT + line), '');
  }
}

/** Text of an application, line by line. */
export function textLines(text: string, width: number): string[] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .flatMap((line) => wrap(printable(line), width));
}
