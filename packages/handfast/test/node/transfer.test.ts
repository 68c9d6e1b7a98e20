import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { connect, createServer, type TLSSocket } from '../../src/node/index.ts';
import type { KeysEvent, TraceEvent } from '../../src/trace/events.ts';
import {
  CLIENT,
  closed,
  connected,
  connectTo,
  duplexPair,
  exchange,
  listen,
  readAll,
  SERVER,
} from './support.ts';

const LIMIT = { timeout: 30_000 };
/** More than sockets may hold in either direction: a slice of records and what one read brings. */
const BOUND = 1 << 19;

test('64 MiB each way at once, in bounded memory', LIMIT, async (t) => {
  const { client, server } = await connected(t, {
    client: { allowHalfOpen: true },
    server: { allowHalfOpen: true },
  });
  let most = 0;
  const look = setInterval(() => {
    for (const socket of [client, server]) {
      most = Math.max(most, socket.readableLength, socket.writableLength, socket.transport.writableLength);
    }
  }, 1);
  t.after(() => clearInterval(look));
  assert.ok(await exchange(client, server, 64 << 20));
  assert.ok(most > 0 && most < BOUND, `at most ${most} bytes were held`);
  assert.equal(client.bytesRead, 64 << 20);
  assert.equal(client.bytesWritten, 64 << 20);
});

test('keys are updated by both sides in the middle of a transfer', LIMIT, async (t) => {
  const tlsServer = createServer({ ...SERVER, allowHalfOpen: true });
  const port = await listen(t, tlsServer);
  const accepted = once(tlsServer, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connectTo(t, port, { allowHalfOpen: true });
  const generations = { sent: 0, received: 0 };
  client.on('trace', (event: TraceEvent) => {
    if (event.type === 'keys') {
      const { direction, generation }: KeysEvent = event;
      generations[direction] = Math.max(generations[direction], generation);
    }
  });
  await once(client, 'secureConnect');
  const [server] = await accepted;
  let updates = 0;
  // Each update, or the answer to it, brings the client one new key of the server's; the next begins when that is there, since an
  // answer comes before the next data, and two that were due at once would be one.
  client.on('data', () => {
    if (client.bytesRead > (updates + 1) << 20 && updates < 6 && generations.received >= updates) {
      updates++;
      if (updates % 2 === 0) client.updateKeys(true);
      else server.updateKeys(updates === 5);
    }
  });
  assert.ok(await exchange(client, server, 64 << 20));
  assert.equal(updates, 6);
  // Of six updates each side began three; the client asked three times for an answer, the server once. The last answer may
  // not have been due.
  assert.equal(generations.sent, 4);
  assert.ok([5, 6].includes(generations.received), `${generations.received}`);
});

test('streams that deliver single bytes', LIMIT, async (t) => {
  const server = createServer({ ...SERVER, allowHalfOpen: true });
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const [near, far] = duplexPair(1);
  server.emit('connection', far);
  const client = connectTo(t, 0, { socket: near, allowHalfOpen: true });
  const [peer] = await accepted;
  assert.ok(await exchange(client, peer, 200_000));
});

test('records as small as they may be', LIMIT, async (t) => {
  const { client, server } = await connected(t, {
    client: { maxFragmentLength: 64, allowHalfOpen: true },
    server: { maxFragmentLength: 64, padding: () => 7, allowHalfOpen: true },
  });
  assert.ok(await exchange(client, server, 500_000));
});

test('TLS inside of TLS, also begun before the outer handshake is complete', LIMIT, async (t) => {
  const inner = createServer({ ...SERVER, allowHalfOpen: true });
  const outer = createServer({ ...SERVER, allowHalfOpen: true }, (socket) =>
    inner.emit('connection', socket),
  );
  const port = await listen(t, outer);
  const accepted = once(inner, 'secureConnection') as Promise<[TLSSocket]>;
  const tunnel = connectTo(t, port, { allowHalfOpen: true });
  const client = connect({ ...CLIENT, socket: tunnel, allowHalfOpen: true });
  t.after(() => client.destroy());
  assert.equal(client.connecting, true);
  const [peer] = await accepted;
  assert.equal(client.remotePort, port);
  assert.ok(await exchange(client, peer, 4 << 20));
});

test('a connection that goes to TLS after plain text (STARTTLS)', LIMIT, async (t) => {
  const server = createServer(SERVER, (socket) => socket.pipe(socket));
  const [near, far] = duplexPair();
  far.once('data', (line: Buffer) => {
    assert.equal(line.toString(), 'STARTTLS\n');
    far.write('GO\n');
    server.emit('connection', far);
  });
  near.write('STARTTLS\n');
  const [go] = (await once(near, 'data')) as [Buffer];
  assert.equal(go.toString(), 'GO\n');
  const client = connectTo(t, 0, { socket: near });
  client.end('now secured');
  assert.equal((await readAll(client)).toString(), 'now secured');
});

test(
  'nothing waits for acknowledgements: an exchange after a handshake is not held back',
  LIMIT,
  async (t) => {
    const server = createServer(SERVER, (socket) => socket.pipe(socket));
    const port = await listen(t, server);
    let fastest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 10; i++) {
      const client = connectTo(t, port);
      await once(client, 'connect');
      const started = performance.now();
      client.write('ping');
      await once(client, 'data');
      fastest = Math.min(fastest, performance.now() - started);
      client.destroy();
    }
    // Delayed acknowledgements would cost 40 ms each time.
    assert.ok(fastest < 35, `${fastest} ms`);
  },
);

test('what came before an orderly end can be read after the transport has closed', LIMIT, async (t) => {
  const { client, server } = await connected(t);
  const data = randomBytes(10_000);
  server.resume();
  server.end(data);
  client.end();
  await once(client.transport, 'close');
  await immediate();
  assert.equal(client.destroyed, false);
  assert.deepEqual(await readAll(client), data);
  await closed(client);
  assert.equal(client.errored, null);
});
