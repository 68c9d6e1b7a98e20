/** What `handfast connect` does on a connection: the handshake, and then input and output, or just the end. */
import { once } from 'node:events';
import type { TLSSocket } from 'handfast/node';
import { type Address, formatAddress } from '../address.ts';
import { ExitCode, Failure } from '../outcome.ts';

/** How long the server may take, after a complete handshake, to refuse our certificate, in milliseconds. */
const AFTERTHOUGHT_TIME = 1_000;

export type Tell = (lines: readonly string[]) => void;

/**
 * Waits for the handshake.
 * @throws {Failure} when it takes longer than `limit` milliseconds; the socket's error when it fails.
 */
export async function handshake(socket: TLSSocket, address: Address, limit: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const what = socket.connecting ? 'does not answer' : 'did not finish the handshake';
      reject(
        new Failure(
          ExitCode.network,
          `${formatAddress(address)} ${what} within ${limit / 1000} s. Is it a TLS server? (--timeout SECONDS waits longer.)`,
        ),
      );
    }, limit);
  });
  try {
    await Promise.race([once(socket, 'secureConnect'), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the socket has closed or the peer has ended; rejects when it failed. */
function over(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
}

/** Resolves once the socket was silent for `limit` milliseconds. */
function silence(socket: TLSSocket, limit: number): Promise<'silent'> {
  return new Promise((resolve) => socket.setTimeout(limit, () => resolve('silent')));
}

/** Whether the peer just closed: without saying so (no close_notify), but also without an alert. */
function isMereClosing(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ERR_TRUNCATED' || code === 'ECONNRESET' || code === 'EPIPE';
}

/**
 * Ends our direction, and waits a moment for a refusal that comes after the handshake. Nothing is expected from the
 * peer here, so how it closes does not matter.
 */
export async function linger(socket: TLSSocket): Promise<void> {
  const ended = over(socket);
  socket.resume();
  socket.end();
  try {
    await Promise.race([ended, silence(socket, AFTERTHOUGHT_TIME)]);
  } catch (error) {
    if (!isMereClosing(error)) throw error;
  }
}

/** Input to the peer, and the peer to the output, until the peer ends, or is silent after the input ended. */
export async function converseOnStreams(
  socket: TLSSocket,
  { timeout, tell }: { readonly timeout: number; readonly tell: Tell },
): Promise<void> {
  let saidNothing = true;
  const ended = over(socket);
  const inputEnded = once(process.stdin, 'end').then(() => silence(socket, timeout));
  socket.once('data', () => {
    saidNothing = false;
  });
  process.stdin.once('data', () => {
    saidNothing = false;
  });
  socket.pipe(process.stdout, { end: false });
  process.stdin.pipe(socket);
  try {
    const outcome = await Promise.race([ended, inputEnded]);
    if (outcome === 'silent')
      tell([`closed: the peer was silent for ${timeout / 1000} s after the end of the input`]);
  } catch (error) {
    // Where neither side said anything, nothing can be incomplete.
    if (!(saidNothing && isMereClosing(error))) throw error;
  } finally {
    process.stdin.unpipe(socket);
    process.stdin.destroy();
  }
}
