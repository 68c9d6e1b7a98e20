/** Sessions over sockets: kept by configuration, handed over by `session`, and with node:tls on the other side. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import {
  connect as connectNodeTls,
  createServer as createNodeTlsServer,
  type TLSSocket as NodeTlsSocket,
} from 'node:tls';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { MemoryReplayGuard } from '../../src/index.ts';
import {
  Agent,
  clientTlsConfig,
  connect,
  createHttpsServer,
  createServer,
  httpsRequest,
  type TLSSocket,
  type TlsServerOptions,
} from '../../src/node/index.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { CLIENT, CLIENT_IDENTITY, closed, connectTo, listen, PKI, SERVER } from './support.ts';

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** A server that greets and ends, so that tickets have been read when the client has read it all. */
async function greeter(t: TestContext, options: TlsServerOptions = {}): Promise<number> {
  const server = createServer({ ...SERVER, ...options }, (socket) => socket.end('hello'));
  return listen(t, server);
}

/** Reads to the end; answers what was sent, and whether a session went on. */
async function readAll(socket: TLSSocket | NodeTlsSocket): Promise<{ text: string; reused: boolean }> {
  let text = '';
  socket.on('data', (data: Buffer) => {
    text += data.toString();
  });
  await once(socket, 'end');
  const reused = socket.isSessionReused();
  socket.end();
  return { text, reused };
}

for (const maxVersion of VERSIONS) {
  test(`${maxVersion}: connections of one configuration go on with each other's sessions`, async (t) => {
    const port = await greeter(t);
    const config = clientTlsConfig({ ca: PKI.root.pem, maxVersion });
    const outcomes: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      const socket = connectTo(t, port, { config });
      outcomes.push((await readAll(socket)).reused);
      assert.equal(socket.authorized, true);
      assert.equal(socket.getPeerCertificate().subject?.CN, 'localhost');
      await closed(socket);
    }
    assert.deepEqual(outcomes, [false, true, true]);
  });

  test(`${maxVersion}: a session handed over as bytes is used once, and only where it fits`, async (t) => {
    const port = await greeter(t);
    const first = connectTo(t, port, { maxVersion });
    const kept: Buffer[] = [];
    first.on('session', (session: Buffer) => kept.push(session));
    assert.equal((await readAll(first)).reused, false);
    const session = first.getSession();
    assert.ok(session && kept.at(-1)?.equals(session));
    assert.equal((await readAll(connectTo(t, port, { maxVersion, session }))).reused, true);
    assert.equal(
      (await readAll(connectTo(t, port, { maxVersion, session, ...CLIENT_IDENTITY }))).reused,
      false,
    );
    const wrong = connectTo(t, port, { maxVersion, session, ca: [] });
    await assert.rejects(once(wrong, 'secureConnect'), { code: 'ERR_UNKNOWN_CA' });
  });

  test(`${maxVersion}: a node:tls client goes on with its session at a handfast server`, async (t) => {
    const port = await greeter(t);
    const open = (session?: Buffer): NodeTlsSocket =>
      connectNodeTls({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: PKI.root.pem,
        maxVersion,
        ...(session && { session }),
      });
    const first = open();
    let session: Buffer | undefined;
    first.on('session', (one) => {
      session = one;
    });
    assert.equal((await readAll(first)).reused, false);
    assert.ok(session);
    assert.equal((await readAll(open(session))).reused, true);
  });

  test(`${maxVersion}: a handfast client goes on with its session at a node:tls server`, async (t) => {
    const server = createNodeTlsServer({ ...(SERVER as object), maxVersion }, (socket) =>
      socket.end('hello'),
    );
    const port = await listen(t, server);
    const config = clientTlsConfig({ ca: PKI.root.pem });
    const outcomes: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      // Node 20's server ends its transport without close_notify, so the greeting has to do.
      const socket = connectTo(t, port, { config });
      await once(socket, 'data');
      outcomes.push(socket.isSessionReused());
      socket.destroy();
    }
    assert.deepEqual(outcomes, [false, true, true]);
  });
}

test('sessions go on after the certificates of a server were replaced', async (t) => {
  const server = createServer(SERVER, (socket) => socket.end('hello'));
  const port = await listen(t, server);
  const config = clientTlsConfig({ ca: PKI.root.pem });
  await readAll(connectTo(t, port, { config }));
  server.setIdentities({ cert: PKI.serverChainPem, key: PKI.server.keyPem });
  assert.equal((await readAll(connectTo(t, port, { config }))).reused, true);
});

test('an agent resumes, and a server with client certificates still knows its client', async (t) => {
  const reused: boolean[] = [];
  const server = createHttpsServer(
    { ...SERVER, requestCert: true, ca: PKI.root.pem },
    (request, response) => {
      const socket = request.socket as unknown as TLSSocket;
      reused.push(socket.isSessionReused());
      response.end(String(socket.getPeerCertificate().subject?.CN));
    },
  );
  const port = await listen(t, server);
  const agent = new Agent({ keepAlive: false, ca: PKI.root.pem, ...CLIENT_IDENTITY });
  const names: string[] = [];
  for (let i = 0; i < 3; i++) {
    names.push(
      await new Promise((resolve, reject) => {
        const call = httpsRequest({ agent, host: '127.0.0.1', port, servername: 'localhost' }, (response) => {
          let text = '';
          response.on('data', (data: Buffer) => {
            text += data.toString();
          });
          response.on('end', () => resolve(text));
        });
        call.on('error', reject).end();
      }),
    );
  }
  assert.equal(new Set(names).size, 1);
  assert.notEqual(names[0], 'undefined');
  assert.deepEqual(reused, [false, true, true]);
});

/** A server that takes early data, up for long enough to tell what is new. */
function earlyServer(): TlsServerOptions {
  const keys = new TicketKeyRing({ provider: nodeProvider });
  const guard = new MemoryReplayGuard({ startedAt: Date.now() - 60_000 });
  return { ...SERVER, tickets: { keys }, earlyData: { maxSize: 1000, guard } };
}

test('early data: told as it comes to who listens, else read first when the handshake is complete', async (t) => {
  for (const listens of [true, false]) {
    const early: string[] = [];
    const server = createServer(earlyServer(), (socket) => {
      let text = '';
      socket.on('data', (data: Buffer) => {
        text += data.toString();
        if (text.endsWith('.')) socket.end(text);
      });
    });
    if (listens) server.on('earlyData', (data: Buffer) => early.push(data.toString()));
    const port = await listen(t, server);
    const config = clientTlsConfig({ ca: PKI.root.pem });
    const first = connectTo(t, port, { config });
    first.write('first.');
    await readAll(first);
    const socket = connect({ ...CLIENT, port, config, earlyData: { data: Buffer.from('early ') } });
    t.after(() => socket.destroy());
    socket.write('late.');
    assert.equal((await readAll(socket)).text, listens ? 'late.' : 'early late.');
    assert.equal(socket.established?.earlyData, 'accepted');
    assert.deepEqual(early, listens ? ['early '] : []);
  }
});

test('bytes that are no session are refused', () => {
  assert.throws(() => connect({ ...CLIENT, port: 1, session: Buffer.from('not a session') }), {
    option: 'session',
  });
});
