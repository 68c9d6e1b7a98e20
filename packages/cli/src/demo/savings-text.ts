/** What sessions save, as a table for people, 80 columns wide. */
import { box, hanging, pad } from '../render/layout.ts';
import type { Style } from '../render/style.ts';
import type { Saving, SavingsReport } from './savings.ts';

const LABEL_WIDTH = 34;
const COLUMN_WIDTH = 14;

const ROWS: readonly (readonly [string, (saving: Saving) => number])[] = [
  ['round trips before the request', ({ roundTrips }) => roundTrips],
  ['bytes of the handshake', ({ bytes }) => bytes],
  ['handshake messages', ({ messages }) => messages],
  ['signatures made and checked', ({ signatures }) => signatures],
  ['microseconds of both ends', ({ microseconds }) => microseconds],
];

const INTRODUCTION = {
  'TLSv1.3':
    'The server seals what both ends know into a ticket. A client that shows it proves with a MAC that it holds the session: no certificate, no signature, and still a fresh key exchange.',
  'TLSv1.2':
    'The server seals the master secret into a ticket. A client that shows it needs neither certificates nor a key exchange: both ends go on with the secret that they have.',
} as const;

const EARLY_DATA =
  'Early data goes out with the first message. Whoever records it can play it again, so the server takes a ClientHello once only, and only what may happen twice belongs into it.';

/** The table, with what it means. */
export function savingsText(style: Style, { ok, version, runs, savings, failures }: SavingsReport): string {
  const { paint, glyphs, width } = style;
  const cell = (text: string): string => ' '.repeat(Math.max(0, COLUMN_WIDTH - text.length)) + text;
  const head = pad('', LABEL_WIDTH) + savings.map(({ kind }) => cell(kind)).join('');
  const lines = [
    ...box(
      style,
      [paint('title', `Sessions: what ${version} saves the second time`), INTRODUCTION[version]],
      'accent',
    ),
    '',
    `  ${paint('quiet', head)}`,
    ...ROWS.map(
      ([label, value]) =>
        `  ${pad(label, LABEL_WIDTH)}${savings.map((saving) => cell(value(saving).toLocaleString('en'))).join('')}`,
    ),
    '',
    ...hanging(
      '  ',
      paint('quiet', `Counted in memory; times are the median of ${runs} connections.`),
      width,
    ),
    ...(savings.some(({ kind }) => kind === 'early data') ? ['', ...hanging('  ', EARLY_DATA, width)] : []),
    '',
    ...(ok
      ? [paint('good', `${glyphs.good} Every connection was what it should be.`)]
      : failures.flatMap((failure) => hanging(`${paint('bad', glyphs.bad)} `, failure, width))),
  ];
  return `${lines.join('\n')}\n`;
}
