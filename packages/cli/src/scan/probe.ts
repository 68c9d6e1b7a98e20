/** One connection of a scan: send a hello, listen for the answer, and leave. It always ends. */
import { connect, type Socket } from 'node:net';
import type { Listener } from './flight.ts';
import { GOODBYE_TIME, MAX_ANSWER_BYTES } from './limits.ts';

/** Where to, and how long and how much to wait for. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** Milliseconds for connecting and for the answer together. */
  readonly timeout: number;
}

/** How a connection ended without an answer. */
export type Ending =
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'endless' }
  | { readonly kind: 'unreachable'; readonly error: Error };

/** The outcome, and the address that answered, which stays the same for the whole scan. */
export interface Probed<T> {
  readonly answer: T | Ending;
  readonly remoteAddress: string | undefined;
}

/**
 * Connects, sends `hello`, and gives what arrives to `listener` until it answers, the server closes, or a limit is met.
 * @param goodbye sent before closing.
 */
export async function probe<T>(
  { host, port, timeout }: ProbeTarget,
  hello: Uint8Array,
  listener: Listener<T>,
  goodbye: Uint8Array,
): Promise<Probed<T>> {
  const socket = connect({ host, port, noDelay: true });
  let remoteAddress: string | undefined;
  const answer = await new Promise<T | Ending>((resolve) => {
    const timer = setTimeout(() => resolve(late(socket, timeout)), timeout);
    const settle = (outcome: T | Ending): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    let received = 0;
    socket.once('connect', () => {
      remoteAddress = socket.remoteAddress;
      socket.write(hello);
    });
    socket.on('data', (bytes) => {
      received += bytes.length;
      const found = listener.push(bytes);
      if (found !== undefined) settle(found);
      else if (received > MAX_ANSWER_BYTES) settle({ kind: 'endless' });
    });
    socket.once('end', () => settle({ kind: 'closed' }));
    socket.on('error', (error) =>
      settle(remoteAddress === undefined ? { kind: 'unreachable', error } : { kind: 'closed' }),
    );
  });
  if (remoteAddress !== undefined) await leave(socket, goodbye);
  socket.destroy();
  return { answer, remoteAddress };
}

function late(socket: Socket, timeout: number): Ending {
  if (!socket.connecting) return { kind: 'silent' };
  const error = Object.assign(new Error(`no connection within ${timeout} ms`), { code: 'ETIMEDOUT' });
  return { kind: 'unreachable', error };
}

/** Says goodbye and waits a moment for the server to close, so that it sees an end and not a reset. */
async function leave(socket: Socket, goodbye: Uint8Array): Promise<void> {
  if (socket.destroyed) return;
  socket.removeAllListeners('data');
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GOODBYE_TIME);
    const leave = (): void => {
      clearTimeout(timer);
      resolve();
    };
    let received = 0;
    socket.once('close', leave);
    socket.on('data', (bytes) => {
      received += bytes.length;
      if (received > MAX_ANSWER_BYTES) leave();
    });
    socket.end(goodbye);
  });
}
