/** Something between the two sides, on TCP: it chops, it changes, it records. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Which way bytes go. */
export type Way = 'to server' | 'to client';

/** Passes on what comes: as often and in what pieces as it likes. */
export type Course = (chunk: Buffer, way: Way, forward: (piece: Buffer) => void) => void | Promise<void>;

export interface Relay {
  readonly port: number;
  close(): void;
}

/** Listens on loopback and connects to `target` for each connection. */
export async function startRelay(target: number, course: Course): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    join(client, upstream, 'to server', course);
    join(upstream, client, 'to client', course);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // A reset on one side becomes a reset on the other.
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function join(from: Socket, to: Socket, way: Way, course: Course): void {
  let last: Promise<void> = Promise.resolve();
  from.on('data', (chunk) => {
    last = last.then(() => course(chunk, way, (piece) => to.write(piece)));
  });
  from.on('end', () => {
    last = last.then(() => {
      to.end();
    });
  });
}

/** Forwards the first `bytes` of each direction one by one, each in its own turn of the event loop. */
export function byteByByte(bytes: number): Course {
  const left = { 'to server': bytes, 'to client': bytes };
  return async (chunk, way, forward) => {
    const slow = Math.min(left[way], chunk.length);
    left[way] -= slow;
    for (let i = 0; i < slow; i++) {
      forward(chunk.subarray(i, i + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (slow < chunk.length) forward(chunk.subarray(slow));
  };
}

const APPLICATION_DATA = 23;
const HEADER = 5;

/** Flips one bit in the first protected record that the server sends. */
export function tampering(): Course {
  let pending: Buffer = Buffer.alloc(0);
  let done = false;
  return (chunk, way, forward) => {
    if (way === 'to server' || done) {
      forward(chunk);
      return;
    }
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER) {
      const length = HEADER + pending.readUInt16BE(3);
      if (pending.length < length) return;
      const record = Buffer.from(pending.subarray(0, length));
      pending = pending.subarray(length);
      if (!done && record[0] === APPLICATION_DATA) {
        record[HEADER] = (record[HEADER] ?? 0) ^ 1;
        done = true;
      }
      forward(record);
    }
    if (done && pending.length > 0) forward(pending);
  };
}
