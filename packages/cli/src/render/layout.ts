/** Lines, columns and boxes: text that may be coloured, laid out by its visible width. */
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { Style, Tone } from './style.ts';

/**
 * Text from a peer or a file, safe to print: control characters, which could steer the terminal, and characters
 * that turn the direction of writing become escapes.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) as number;
    return `\\u{${code.toString(16).padStart(2, '0')}}`;
  });
}

/** What is shown of a text, in characters: longer ones come from those who want to fill a screen. */
const MOST_SHOWN = { name: 200, sentence: 2_000 } as const;

/** Printable text of which only beginning and end are shown where it is very long. */
export function briefly(text: string, kind: keyof typeof MOST_SHOWN = 'sentence'): string {
  const most = MOST_SHOWN[kind];
  if (text.length <= most) return printable(text);
  const part = most / 2;
  const leftOut = text.length - 2 * part;
  return printable(`${text.slice(0, part)} [... ${leftOut} more characters ...] ${text.slice(-part)}`);
}

/** Fills up with spaces to `width` visible columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** Breaks text into lines of at most `width` columns, between words where it can. */
export function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, width, { hard: true }).split('\n');
}

/** Wraps `text` behind `label`; the following lines stand under the first word of the text. */
export function hanging(label: string, text: string, width: number): string[] {
  const indent = stringWidth(label);
  return wrap(text, width - indent).map((line, i) => (i === 0 ? label : ' '.repeat(indent)) + line);
}

/** Two texts side by side, the left one `width` columns wide, with `gap` between them. */
export function beside(
  left: readonly string[],
  right: readonly string[],
  width: number,
  gap: string,
): string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    `${pad(left[i] ?? '', width)}${gap}${right[i] ?? ''}`.trimEnd(),
  );
}

/** A heading inside a line across the page. */
export function heading(style: Style, text: string): string {
  const { heavy } = style.glyphs;
  const rest = style.width - stringWidth(text) - 4;
  return style.paint('title', `${heavy}${heavy} ${text} ${heavy.repeat(Math.max(0, rest))}`);
}

/** A box across the page around text that is wrapped to fit. */
export function box(style: Style, texts: readonly string[], tone: Tone): string[] {
  const { horizontal, vertical, corners } = style.glyphs;
  const inner = style.width - 2;
  const lines = texts.flatMap((text) => wrap(text, inner - 2));
  const side = style.paint(tone, vertical);
  return [
    style.paint(tone, `${corners[0]}${horizontal.repeat(inner)}${corners[1]}`),
    ...lines.map((line) => `${side} ${pad(line, inner - 2)} ${side}`),
    style.paint(tone, `${corners[2]}${horizontal.repeat(inner)}${corners[3]}`),
  ];
}
