/** Somebody on the way who keeps what a client sends, and plays it to the server again. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Relay, startRelay } from '../relay.ts';
import type { Listener } from './ours.ts';
import { EARLY } from './terms.ts';

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;

export interface Recorder extends Relay {
  /** What the client of the last connection sent. */
  recorded(): Buffer;
}

export async function startRecorder(target: number): Promise<Recorder> {
  let chunks: Buffer[] = [];
  const relay = await startRelay(target, (chunk, way, forward) => {
    if (way === 'to server') {
      if (chunk[0] === HANDSHAKE_RECORD && chunk[5] === CLIENT_HELLO) chunks = [];
      chunks.push(chunk);
    }
    forward(chunk);
  });
  return { ...relay, recorded: () => Buffer.concat(chunks) };
}

/** Plays a connection with early data again. The server must not take it for new, and nothing of it may arrive. */
export async function replay(listener: Listener, recorded: Buffer): Promise<void> {
  assert.equal(listener.earlyData(), EARLY);
  const socket = connect({ port: listener.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume().end(recorded);
  await assert.rejects(listener.next(), { name: 'TlsError' });
  assert.equal(listener.earlyData(), EARLY);
  const [taken, refused, ...others] = listener.decisions;
  assert.deepEqual(others, []);
  assert.match(String(taken), /not seen before/);
  assert.match(String(refused), /may have been seen before/);
}
