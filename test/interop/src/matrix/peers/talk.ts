/** The data of a cell. */
import type { Duplex } from 'node:stream';
import type { Inbox } from '../../inbox.ts';
import type { PeerProcess } from '../../peers/process.ts';

/** One TLS record of a byte, some that end at each edge of a block, one longer than a record; in lines, for peers that echo lines. */
const PIECES: readonly number[] = [1, 14, 15, 16, 17, 31, 32, 33, 255, 256, 1000, 16_384 + 1000];
const LINE = 500;

/** Text of so many bytes whose lines say where they are. */
function lines(mark: string, length: number): string {
  let text = '';
  while (text.length < length) text += `${mark} ${text.length} `.padEnd(LINE - 1, '.').concat('\n');
  return `${text.slice(0, length - 1)}\n`;
}

const OURS = PIECES.map((length) => lines('ours', length));
const THEIRS = lines('theirs', 17_000);

/** How data is exchanged with a peer. */
export type Talk = (ours: Duplex, received: Inbox) => Promise<void>;

/** What we send comes back, byte for byte. */
export async function echo(ours: Duplex, received: Inbox): Promise<void> {
  for (const piece of OURS) ours.write(piece);
  const text = OURS.join('');
  await received.reaches(text.length);
  if (received.text !== text) throw new Error('what came back is not what was sent');
}

/** What we send reaches the peer's output, and its input reaches us. */
export async function bothWays(ours: Duplex, received: Inbox, process: PeerProcess): Promise<void> {
  for (const piece of OURS) ours.write(piece);
  process.write(THEIRS);
  await process.received.holds(OURS.join(''));
  await received.holds(THEIRS);
}

/** What a server for HTTP takes as a head: selfserv has 10 KiB for it, and answers with what it got. */
const REQUEST = `GET / HTTP/1.0\r\n${OURS.slice(0, -1)
  .map((text, i) => `X-${i}: ${text.trimEnd().replaceAll('\n', ' ')}\r\n`)
  .join('')}\r\n`;

/** A request whose answer holds it. */
export async function request(ours: Duplex, received: Inbox): Promise<void> {
  ours.write(REQUEST.slice(0, 1));
  ours.write(REQUEST.slice(1));
  await received.holds(REQUEST);
}
