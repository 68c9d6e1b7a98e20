/** Clients: whole connections, and flights of early data that are recorded and played again. */
import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { decodeClientSession } from 'handfast';
import { connect } from 'handfast/node';
import type * as TestPki from '../../../packages/handfast/test/support/pki.ts';

// The library's test support lies outside of its public entries, and is found beside them.
const support = new URL('../test/support/pki.js', import.meta.resolve('handfast'));
const { testPki } = (await import(support.href)) as typeof TestPki;
export const PKI: TestPki.TestPki = testPki();
const TARGET = { host: '127.0.0.1', servername: 'localhost', ca: PKI.root.pem };
const LIMIT = 10_000;

export interface Visit {
  readonly reused: boolean;
  readonly session: Buffer | undefined;
  /** The first bytes of the ticket: the name of its key. */
  readonly keyName: string;
}

/** Connects, reads to the end, and answers what there is to go on with. @throws when anything fails. */
export async function visit(port: number, session?: Buffer): Promise<Visit> {
  const socket = connect({ ...TARGET, port, ...(session && { session }) });
  let next: Buffer | undefined;
  socket.on('session', (given: Buffer) => {
    next = given;
  });
  socket.resume();
  try {
    await once(socket, 'end', { signal: AbortSignal.timeout(LIMIT) });
    const ticket = next === undefined ? new Uint8Array() : decodeClientSession(next).ticket;
    const keyName = Buffer.from(ticket.subarray(0, 16)).toString('hex');
    return { reused: socket.isSessionReused(), session: next, keyName };
  } finally {
    socket.destroy();
  }
}

/** The first flight of a client that sends early data, which reaches no server. */
export async function recordFlight(session: Buffer, text: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  const trap = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      parts.push(data);
      trap.emit('bytes');
    });
  });
  trap.listen(0, '127.0.0.1');
  await once(trap, 'listening');
  const { port } = trap.address() as { readonly port: number };
  const client = connect({ ...TARGET, port, session, earlyData: { data: Buffer.from(text) } });
  client.on('error', () => undefined);
  try {
    while (!isComplete(Buffer.concat(parts))) {
      await once(trap, 'bytes', { signal: AbortSignal.timeout(LIMIT) });
    }
    return Buffer.concat(parts);
  } finally {
    client.destroy();
    trap.close();
  }
}

/** Whether whole records are there, the last of them encrypted: the early data. */
function isComplete(bytes: Buffer): boolean {
  let last = 0;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    if (at + 5 > bytes.length || at + 5 + bytes.readUInt16BE(at + 3) > bytes.length) return false;
    last = bytes[at] ?? 0;
  }
  return last === 23;
}

/** Plays a flight to a server, and waits for its first answer, which comes after its decision. */
export async function play(port: number, flight: Buffer): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => undefined);
  try {
    socket.write(flight);
    await once(socket, 'data', { signal: AbortSignal.timeout(LIMIT) });
  } finally {
    socket.destroy();
  }
}
