/** What `serve --echo` and `serve --proxy` do with a connection: bytes in, bytes out. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Address } from '../address.ts';

/** Sends everything back. Reads only as fast as the peer reads; when the peer ends, so does the echo. */
export function echo(socket: Duplex): void {
  socket.pipe(socket);
}

/** Whether both directions ended in order, with all bytes delivered. */
function complete(stream: Duplex): boolean {
  return stream.readableEnded && stream.writableFinished;
}

/**
 * Joins a connection to a new TCP connection to `target`. Each side is read as fast as the other takes it, the end
 * of one direction ends that direction only, and when one side breaks so does the other.
 * @param onUnreachable told when the target cannot be reached, or breaks.
 */
export function proxy(socket: Duplex, target: Address, onUnreachable: (error: Error) => void): void {
  const upstream = connect({ ...target, allowHalfOpen: true });
  socket.pipe(upstream).pipe(socket);
  upstream.on('error', onUnreachable);
  upstream.once('close', () => {
    if (!complete(upstream)) socket.destroy();
  });
  socket.once('close', () => {
    if (!complete(socket)) upstream.destroy();
  });
}
