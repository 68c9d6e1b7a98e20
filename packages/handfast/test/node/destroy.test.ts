import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type TLSSocket } from '../../src/node/index.ts';
import {
  activeResources,
  activeTimers,
  closed,
  connected,
  connectTo,
  duplexPair,
  listen,
  SERVER,
} from './support.ts';

const LIMIT = { timeout: 10_000 };

/** Closes everything of a connection whose client was destroyed, and checks that nothing is left over. */
async function nothingLeft(server: net.Server, client: TLSSocket): Promise<void> {
  await closed(client);
  assert.equal(client.transport.destroyed, true);
  await new Promise((resolve) => server.close(resolve));
  // The other side's transports close when the kernel says so.
  while (activeResources().length > 0) await sleep(5);
}

const STATES: Readonly<Record<string, (client: TLSSocket, server: net.Server) => Promise<unknown>>> = {
  'while connecting': async () => {},
  'right after the transport is connected': (client) => once(client, 'connect'),
  'during the handshake': async (_client, server) => {
    const [transport] = (await once(server, 'connection')) as [net.Socket];
    await once(transport, 'data');
  },
  'when the handshake is complete': (client) => once(client, 'secureConnect'),
  'with data on its way': async (client) => {
    client.write(Buffer.alloc(8 << 20));
    await once(client, 'secureConnect');
  },
  'when data arrives': async (client) => {
    await once(client, 'data');
  },
  'after end()': async (client) => {
    client.end('x');
    await once(client, 'finish');
  },
};

for (const [state, reach] of Object.entries(STATES)) {
  test(`destroy() ${state} leaves nothing behind`, LIMIT, async (t) => {
    const server = createServer(SERVER, (socket) => {
      socket.resume();
      socket.write('welcome');
    });
    const client = connectTo(t, await listen(t, server));
    client.on('error', (error) => assert.fail(`unexpected ${error}`));
    await reach(client, server);
    client.destroy();
    assert.equal(client.destroyed, true);
    await nothingLeft(server, client);
  });
}

test('destroy() inside the listeners of secureConnect and data stops everything there', LIMIT, async (t) => {
  for (const event of ['secureConnect', 'data']) {
    const server = createServer(SERVER, (socket) => socket.write(Buffer.alloc(1 << 20)));
    const client = connectTo(t, await listen(t, server));
    let data = 0;
    client.on('data', () => data++);
    client.once(event, () => client.destroy());
    await closed(client);
    assert.equal(data, event === 'data' ? 1 : 0);
  }
});

test('a server may destroy a socket as soon as it gets it', LIMIT, async (t) => {
  const server = createServer(SERVER, (socket) => socket.destroy());
  const client = connectTo(t, await listen(t, server));
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  assert.match(String(error.code), /^(ERR_TRUNCATED|ECONNRESET)$/);
  await nothingLeft(server, client);
});

test('destroy(error) emits the error, then close with true', LIMIT, async (t) => {
  const { client } = await connected(t);
  const reason = new Error('enough');
  const seen: unknown[] = [];
  client.on('error', (error) => seen.push(error));
  client.destroy(reason);
  await new Promise((resolve) => client.on('close', (hadError) => resolve(seen.push(hadError))));
  assert.deepEqual(seen, [reason, true]);
});

test('callbacks of writes that were not made hear of the destruction', LIMIT, async (t) => {
  const { client } = await connected(t);
  const outcomes: unknown[] = [];
  const done = (error?: Error | null): void => void outcomes.push(error);
  client.write(Buffer.alloc(8 << 20), done);
  client.write('waiting', done);
  client.end(done);
  client.destroy();
  await closed(client);
  assert.equal(outcomes.length, 3);
  for (const outcome of outcomes) assert.ok(outcome instanceof Error);

  const [near, far] = duplexPair();
  t.after(() => far.destroy());
  const early = connectTo(t, 0, { socket: near });
  const held = new Promise((resolve) => early.write('before the handshake', resolve));
  early.destroy();
  assert.ok((await held) instanceof Error);
});

test('a destroyed socket closes its transport, whatever that is', LIMIT, async (t) => {
  const [near, far] = duplexPair();
  t.after(() => far.destroy());
  const client = connectTo(t, 0, { socket: near });
  client.destroy();
  await closed(client);
  assert.equal(near.destroyed, true);
});

test('resetAndDestroy() resets the transport', LIMIT, async (t) => {
  const { client, server } = await connected(t);
  server.on('error', () => {});
  client.resetAndDestroy();
  const [error] = (await once(server, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});

test('an abort signal ends a connection that is being made', LIMIT, async (t) => {
  const quiet = net.createServer();
  const controller = new AbortController();
  const client = connectTo(t, await listen(t, quiet), { signal: controller.signal });
  await once(client, 'connect');
  controller.abort();
  const [error] = (await once(client, 'error')) as [Error];
  assert.equal(error.name, 'AbortError');
});

test('no timer keeps the process alive', LIMIT, async (t) => {
  const before = activeTimers();
  const { client, server } = await connected(t);
  client.setTimeout(60_000);
  server.setTimeout(60_000);
  const quiet = net.createServer();
  const waiting = connectTo(t, await listen(t, quiet));
  await once(waiting, 'connect');
  assert.equal(activeTimers(), before);
});
