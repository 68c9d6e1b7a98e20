/** How text looks: coloured and drawn with box characters on a terminal, plain ASCII everywhere else. */
import { styleText } from 'node:util';

/** What a piece of text means; each meaning has one look. */
export type Tone = 'title' | 'good' | 'bad' | 'name' | 'quiet' | 'accent';

const LOOKS = {
  title: ['bold'],
  good: ['green'],
  bad: ['red'],
  name: ['cyan'],
  quiet: ['dim'],
  accent: ['yellow'],
} as const satisfies Record<Tone, readonly Parameters<typeof styleText>[0][]>;

const UNICODE = {
  horizontal: '─',
  heavy: '━',
  double: '═',
  vertical: '│',
  corners: ['╭', '╮', '╰', '╯'],
  branch: '├─',
  lastBranch: '└─',
  right: '▶',
  left: '◀',
  good: '✔',
  weak: '▲',
  bad: '✘',
  dot: '·',
} as const;

type Glyphs = { readonly [K in keyof typeof UNICODE]: K extends 'corners' ? readonly string[] : string };

const ASCII: Glyphs = {
  horizontal: '-',
  heavy: '=',
  double: '=',
  vertical: '|',
  corners: ['+', '+', '+', '+'],
  branch: '|-',
  lastBranch: '`-',
  right: '>',
  left: '<',
  good: '+',
  weak: '!',
  bad: 'x',
  dot: '-',
};

export interface Style {
  /** Columns to fill, at most 80. */
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly paint: (tone: Tone, text: string) => string;
}

const MAX_WIDTH = 80;
const MIN_WIDTH = 60;

/** No colour, ASCII only, 80 columns. */
export const plainStyle: Style = { width: MAX_WIDTH, glyphs: ASCII, paint: (_tone, text) => text };

/** Colours and box characters. */
export function fancyStyle(columns: number): Style {
  return {
    width: Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, columns)),
    glyphs: UNICODE,
    paint: (tone, text) => styleText([...LOOKS[tone]], text, { validateStream: false }),
  };
}

/**
 * The style for a stream: fancy on a terminal, plain when piped, with NO_COLOR, or on a terminal that says it
 * cannot (TERM=dumb). FORCE_COLOR asks for the fancy one in any case.
 */
export function styleFor(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: NodeJS.ProcessEnv,
): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0';
  const able = stream.isTTY === true && TERM !== 'dumb';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return plainStyle;
  return forced || able ? fancyStyle(stream.columns ?? MAX_WIDTH) : plainStyle;
}
