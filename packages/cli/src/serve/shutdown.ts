/** How a server stops: no new connections, then an orderly end of the open ones, then at once. */
import type { Server } from 'node:net';
import type { TLSSocket } from 'handfast/node';

/** How long open connections may take to end, in milliseconds. */
const GRACE_TIME = 3_000;

export interface StopOptions {
  /** End connections at once, where no request has to be finished first; an HTTP server ends its idle ones itself. */
  readonly endOpen: boolean;
  readonly write: (line: string) => void;
}

/** Ctrl-C, a service manager, and a terminal that is closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Waits for a signal, then stops `server`; a second signal stops it at once. */
export async function untilStopped(server: Server, { endOpen, write }: StopOptions): Promise<void> {
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await nextSignal();
  write(
    sockets.size === 0
      ? 'stopping'
      : `stopping; ${sockets.size} connections still open (Ctrl-C again ends them at once)`,
  );
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if (endOpen) for (const socket of sockets) socket.end();
  const timer = setTimeout(breakAll, GRACE_TIME);
  void nextSignal().then(breakAll);
  await closed;
  clearTimeout(timer);
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
      resolve();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
  });
}
