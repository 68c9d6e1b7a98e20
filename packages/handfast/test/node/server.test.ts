import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { createClientConnection } from '../../src/connection.ts';
import { signingKey } from '../../src/crypto/node/index.ts';
import type { SigningKey } from '../../src/crypto/provider.ts';
import { clientTlsConfig, createServer, loadIdentity, type TLSSocket } from '../../src/node/index.ts';
import { MAX_HANDSHAKE_BYTES } from '../../src/node/limits.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import type { TlsError } from '../../src/wire/errors.ts';
import { type Issued, issue } from '../support/pki.ts';
import {
  CLIENT_IDENTITY,
  connected,
  connectTo,
  duplexPair,
  failure,
  listen,
  PKI,
  readAll,
  SERVER,
} from './support.ts';

const LIMIT = { timeout: 10_000 };

function leaf(name: string): Issued {
  return issue({ subject: name, issuer: PKI.intermediate, dnsNames: [name] });
}

function identityOf(issued: Issued): { cert: string; key: string } {
  return { cert: issued.pem + PKI.intermediate.pem, key: issued.keyPem };
}

function commonName(socket: TLSSocket): string {
  return (socket.getPeerCertificate() as { subject: { CN: string } }).subject.CN;
}

test('setIdentities changes what new connections see, and no open one', LIMIT, async (t) => {
  const { client, server, tlsServer, port } = await connected(t);
  const renewed = leaf('localhost');
  assert.throws(
    () => tlsServer.setIdentities({ cert: renewed.pem, key: PKI.server.keyPem }),
    /does not belong/,
  );
  tlsServer.setIdentities(identityOf(renewed));
  const later = connectTo(t, port);
  await once(later, 'secureConnect');
  assert.deepEqual(later.getPeerX509Certificate()?.raw, Buffer.from(renewed.der));
  server.end('still open');
  assert.equal((await readAll(client)).toString(), 'still open');
});

test('the certificate is chosen by the server name', LIMIT, async (t) => {
  const server = createServer({ identities: ['one.test', 'two.test'].map((name) => identityOf(leaf(name))) });
  const port = await listen(t, server);
  for (const servername of ['two.test', 'one.test']) {
    const client = connectTo(t, port, { servername });
    await once(client, 'secureConnect');
    assert.equal(commonName(client), servername);
  }
});

test('setIdentities is refused where it could change nothing, or would leave nothing', LIMIT, () => {
  const chooses = createServer({ selectIdentity: () => undefined });
  assert.throws(() => chooses.setIdentities(identityOf(leaf('a.test'))), /selectIdentity chooses/);
  assert.throws(() => createServer(SERVER).setIdentities([]), /needs at least one identity/);
});

test('selectIdentity may answer later, sees the ClientHello, and may refuse', LIMIT, async (t) => {
  const server = createServer({
    selectIdentity: async (hello) => {
      await sleep(10);
      const name = hello.extensions.serverName;
      if (name === 'broken.test') throw new Error('the database is down');
      return name === 'late.test' ? identityOf(leaf(name)) : undefined;
    },
  });
  const port = await listen(t, server);
  const client = connectTo(t, port, { servername: 'late.test' });
  await once(client, 'secureConnect');
  assert.equal(commonName(client), 'late.test');

  const failed = once(server, 'tlsClientError') as Promise<[TlsError]>;
  const refused = (await failure(connectTo(t, port, { servername: 'other.test' }))) as TlsError;
  assert.equal(refused.context.alertReceived, 'unrecognized_name');
  assert.equal((await failed)[0].code, 'ERR_UNRECOGNIZED_NAME');

  const broken = once(server, 'tlsClientError') as Promise<[TlsError]>;
  const told = (await failure(connectTo(t, port, { servername: 'broken.test' }))) as TlsError;
  assert.equal(told.context.alertReceived, 'internal_error');
  assert.match((await broken)[0].message, /the database is down/);
});

/** A key that signs after a while, as a KMS does; it says which schemes it was asked for. */
function remoteKey(pem: string, asked: number[] = []): SigningKey {
  const local = signingKey(pem);
  return {
    schemes: local.schemes,
    sign: async (scheme, message) => {
      asked.push(scheme);
      await sleep(10);
      return local.sign(scheme, message);
    },
  };
}

test('private keys may sign later, on both sides; data sent meanwhile is kept', LIMIT, async (t) => {
  const asked: number[] = [];
  const server = createServer(
    {
      identities: [{ cert: PKI.serverChainPem, key: remoteKey(PKI.server.keyPem, asked) }],
      requestCert: true,
      ca: PKI.root.pem,
    },
    (socket) => socket.pipe(socket),
  );
  const client = connectTo(t, await listen(t, server), {
    cert: CLIENT_IDENTITY.cert,
    key: remoteKey(CLIENT_IDENTITY.key, asked),
  });
  client.end('kept');
  assert.equal((await readAll(client)).toString(), 'kept');
  assert.equal(asked.length, 2);
});

test('a key that fails to sign ends the handshake with internal_error', LIMIT, async (t) => {
  const key: SigningKey = {
    schemes: signingKey(PKI.server.keyPem).schemes,
    sign: () => Promise.reject(new Error('no access')),
  };
  const server = createServer({ identities: [{ cert: PKI.serverChainPem, key }] });
  const failed = once(server, 'tlsClientError') as Promise<[TlsError]>;
  const told = (await failure(connectTo(t, await listen(t, server)))) as TlsError;
  assert.equal(told.context.alertReceived, 'internal_error');
  const [error] = await failed;
  assert.equal(error.code, 'ERR_SIGNING_FAILED');
  assert.match(error.message, /no access/);
});

test('while a signature is awaited, a flood from the client is not read', LIMIT, async (t) => {
  const local = signingKey(PKI.server.keyPem);
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const key: SigningKey = {
    schemes: local.schemes,
    sign: async (scheme, message) => {
      await released;
      return local.sign(scheme, message);
    },
  };
  const server = createServer({ identities: [{ cert: PKI.serverChainPem, key }] });
  const failed = once(server, 'tlsClientError') as Promise<[TlsError]>;
  const port = await listen(t, server);
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const peer = net.connect(port, '127.0.0.1');
  t.after(() => peer.destroy());
  peer.on('error', () => {});
  peer.resume();
  const config = clientTlsConfig({ ca: PKI.root.pem });
  const hello = createClientConnection(config, { name: 'localhost' });
  for (const bytes of hello.takeOutgoing()) peer.write(bytes);
  peer.write(Buffer.alloc(32 << 20));
  const [transport] = await accepted;
  while (!transport.isPaused()) await sleep(5);
  await sleep(50);
  assert.ok(transport.bytesRead < 2 * MAX_HANDSHAKE_BYTES, `${transport.bytesRead} bytes were read`);
  release();
  assert.equal((await failed)[0].alert, 'unexpected_message');
});

test('a socket that is destroyed while a signature is awaited stays quiet', LIMIT, async (t) => {
  let signed: () => void = () => {};
  const local = signingKey(PKI.server.keyPem);
  const asked = new Promise<void>((resolve) => {
    signed = resolve;
  });
  const key: SigningKey = {
    schemes: local.schemes,
    sign: async (scheme, message) => {
      signed();
      await sleep(50);
      return local.sign(scheme, message);
    },
  };
  const server = createServer({ identities: [{ cert: PKI.serverChainPem, key }] });
  server.on('secureConnection', () => assert.fail('the handshake must not complete'));
  const client = connectTo(t, await listen(t, server));
  client.on('error', (error) => assert.fail(`unexpected ${error}`));
  await asked;
  client.destroy();
  await sleep(100);
});

test('application protocols: agreed, none, and nothing in common', LIMIT, async (t) => {
  const server = createServer({ ...SERVER, ALPNProtocols: ['h2', 'http/1.1'] });
  const port = await listen(t, server);
  for (const [offered, agreed] of [
    [['http/1.1', 'h2'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [undefined, false],
  ] as const) {
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const client = connectTo(t, port, { ALPNProtocols: offered });
    await once(client, 'secureConnect');
    assert.equal(client.alpnProtocol, agreed);
    assert.equal((await accepted)[0].alpnProtocol, agreed);
  }
  const failed = once(server, 'tlsClientError') as Promise<[TlsError]>;
  const told = (await failure(connectTo(t, port, { ALPNProtocols: ['spdy/1'] }))) as TlsError;
  assert.equal(told.context.alertReceived, 'no_application_protocol');
  assert.equal((await failed)[0].code, 'ERR_NO_APPLICATION_PROTOCOL');
});

test('a requested client certificate may be missing, but not wrong', LIMIT, async (t) => {
  const server = createServer({ ...SERVER, clientAuthentication: 'request', ca: PKI.root.pem });
  const port = await listen(t, server);
  for (const [identity, authorized] of [
    [{}, false],
    [CLIENT_IDENTITY, true],
  ] as const) {
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const client = connectTo(t, port, identity);
    const [socket] = await accepted;
    assert.equal(socket.authorized, authorized);
    assert.equal(socket.verdict !== undefined, authorized);
    client.destroy();
    socket.resume();
  }
  const stranger = issue({ subject: 'stranger' });
  const told = await failure(connectTo(t, port, { cert: stranger.pem, key: stranger.keyPem }));
  assert.equal(told.code, 'ERR_ALERT_RECEIVED');
});

test('a server cannot be asked for client certificates in two ways, or without identities', LIMIT, () => {
  assert.throws(
    () => createServer({ ...SERVER, requestCert: true, clientAuthentication: 'none' }),
    /requestCert: give either/,
  );
  assert.throws(() => createServer({}), /identities: a server needs/);
  assert.throws(() => createServer({ ...SERVER, SNICallback: () => {} } as never), /selectIdentity/);
});

test('any Duplex can be handed to a server', LIMIT, async (t) => {
  const server = createServer(SERVER, (socket) => socket.pipe(socket));
  const [near, far] = duplexPair();
  server.emit('connection', far);
  const client = connectTo(t, 0, { socket: near });
  client.end('over a pair of streams');
  assert.equal((await readAll(client)).toString(), 'over a pair of streams');
});

test(
  'key log lines and trace events are told on both sides, secrets only when asked for',
  LIMIT,
  async (t) => {
    const server = createServer(SERVER, (socket) => socket.end());
    const lines: string[] = [];
    const traced: TraceEvent[] = [];
    server.on('keylog', (line: Buffer, socket: TLSSocket) => {
      assert.equal(socket.encrypted, true);
      lines.push(line.toString());
    });
    server.on('trace', (event: TraceEvent) => traced.push(event));
    const port = await listen(t, server);

    const client = connectTo(t, port, { traceSecrets: true });
    const clientLines: string[] = [];
    const clientTrace: TraceEvent[] = [];
    client.on('keylog', (line: Buffer) => clientLines.push(line.toString()));
    client.on('trace', (event: TraceEvent) => clientTrace.push(event));
    await readAll(client);
    assert.deepEqual([...clientLines].sort(), [...lines].sort());
    assert.ok(lines.some((line) => /^SERVER_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]{64}\n$/.test(line)));
    const types = new Set(clientTrace.map(({ type }) => type));
    for (const type of [
      'record',
      'message',
      'choice',
      'keys',
      'verdict',
      'proof',
      'established',
      'secret',
    ] as const) {
      assert.ok(types.has(type), type);
    }
    assert.ok(traced.length > 0);
    assert.ok(!traced.some(({ type }) => type === 'secret'));
  },
);

test('loadIdentity makes identities that servers take as they are', LIMIT, async (t) => {
  const server = createServer({ identities: [loadIdentity(identityOf(leaf('made.test')))] });
  const client = tls.connect({
    port: await listen(t, server),
    host: '127.0.0.1',
    servername: 'made.test',
    ca: PKI.root.pem,
  });
  t.after(() => client.destroy());
  await once(client, 'secureConnect');
  assert.equal(client.authorized, true);
});
