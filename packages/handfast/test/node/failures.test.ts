import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { createClientConnection } from '../../src/connection.ts';
import { clientTlsConfig, connect, createServer, type TLSSocket } from '../../src/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { issue, testPki } from '../support/pki.ts';
import {
  activeResources,
  CLIENT,
  closed,
  connected,
  connectTo,
  failure,
  listen,
  PKI,
  readAll,
  SERVER,
} from './support.ts';

const LIMIT = { timeout: 10_000 };

/** The error and the socket of the next handshake that fails on a server. */
async function clientError(server: net.Server): Promise<TlsError> {
  const [error] = (await once(server, 'tlsClientError')) as [TlsError, TLSSocket];
  return error;
}

test('errors of the network pass as they are', LIMIT, async (t) => {
  const server = net.createServer();
  const port = await listen(t, server);
  const second = createServer(SERVER);
  second.listen(port, '127.0.0.1');
  const [inUse] = (await once(second, 'error')) as [NodeJS.ErrnoException];
  assert.equal(inUse.code, 'EADDRINUSE');
  await new Promise((resolve) => server.close(resolve));
  const refused = await failure(connectTo(t, port));
  assert.equal(refused.code, 'ECONNREFUSED');
  assert.equal((refused as NodeJS.ErrnoException).syscall, 'connect');
});

test('a peer that closes during the handshake', LIMIT, async (t) => {
  const hangsUp = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end());
  });
  const port = await listen(t, hangsUp);
  const error = await failure(connectTo(t, port));
  assert.equal(error.code, 'ERR_TRUNCATED');
  assert.match(error.message, /closed the connection before the handshake was complete/);

  const server = createServer(SERVER);
  const failed = clientError(server);
  net.connect(await listen(t, server), '127.0.0.1').end();
  assert.equal((await failed).code, 'ERR_TRUNCATED');
});

test('an end without close_notify is an error, after the data before it', LIMIT, async (t) => {
  const { client, server } = await connected(t);
  server.on('error', () => {});
  let received = '';
  client.on('data', (data) => {
    received += data;
  });
  server.write('half a me');
  server.transport.end();
  const error = await failure(client);
  assert.equal(error.code, 'ERR_TRUNCATED');
  assert.equal(received, 'half a me');
  assert.equal(client.destroyed, true);
});

test('a transport that is destroyed below an idle connection is an error', LIMIT, async (t) => {
  const { client } = await connected(t);
  const failed = failure(client);
  client.transport.destroy();
  assert.equal((await failed).code, 'ERR_TRUNCATED');
});

test('a client that refuses the certificate tells the server why', LIMIT, async (t) => {
  const stranger = issue({ subject: 'stranger', ca: true });
  for (const peer of ['handfast', 'node:tls'] as const) {
    const server =
      peer === 'handfast' ? createServer(SERVER) : tls.createServer({ ...SERVER } as tls.TlsOptions);
    const failed = clientError(server);
    const client = connectTo(t, await listen(t, server), { ca: stranger.pem });
    const error = await failure(client);
    assert.ok(error instanceof TlsError);
    assert.equal(error.code, 'ERR_UNKNOWN_CA');
    assert.equal(client.authorized, false);
    assert.equal(client.authorizationError, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
    assert.equal(client.verdict, error.context.verdict);
    assert.notEqual(client.verdict, undefined);
    assert.match(
      peer === 'handfast' ? JSON.stringify((await failed).context) : (await failed).code,
      /unknown_ca/i,
    );
  }
});

test('a missing client certificate: both sides know, although the client is writing', LIMIT, async (t) => {
  const server = createServer({ ...SERVER, requestCert: true, ca: PKI.root.pem });
  const port = await listen(t, server);

  const failed = clientError(server);
  const client = connectTo(t, port);
  client.write(Buffer.alloc(1 << 20));
  const error = await failure(client);
  assert.ok(error instanceof TlsError);
  assert.equal(error.context.alertReceived, 'certificate_required');
  assert.equal((await failed).code, 'ERR_CERTIFICATE_REQUIRED');

  const failedAgain = clientError(server);
  const nodeClient = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: PKI.root.pem });
  t.after(() => nodeClient.destroy());
  assert.match(String((await failure(nodeClient)).code), /CERTIFICATE_REQUIRED/);
  assert.equal((await failedAgain).code, 'ERR_CERTIFICATE_REQUIRED');
});

test('a client certificate of an unknown authority is refused', LIMIT, async (t) => {
  const others = testPki('ed25519');
  const server = createServer({ ...SERVER, requestCert: true, ca: PKI.root.pem });
  const failed = clientError(server);
  const client = connectTo(t, await listen(t, server), {
    cert: others.clientChainPem,
    key: others.client.keyPem,
  });
  const told = failure(client);
  const refusal = await failed;
  assert.equal(refusal.code, 'ERR_UNKNOWN_CA');
  assert.equal(((await told) as TlsError).context.alertReceived, 'unknown_ca');
});

test('a fatal alert reaches a peer that was still sending', LIMIT, async (t) => {
  const server = createServer(SERVER);
  const port = await listen(t, server);
  const failed = clientError(server);
  const peer = net.connect(port, '127.0.0.1');
  t.after(() => peer.destroy());
  // A record of an unknown type, and then far more than the server reads before it refuses.
  peer.write(Buffer.concat([Buffer.from('ff0303000100', 'hex'), randomBytes(2 << 20)]));
  peer.pause();
  await failed;
  const answer = await readAll(peer);
  assert.equal(answer.length, 7);
  assert.deepEqual([...answer.subarray(0, 6)], [21, 3, 3, 0, 2, 2]);
});

test('a peer that keeps its side open after an alert is cut off in the end', LIMIT, async (t) => {
  const server = createServer(SERVER);
  const port = await listen(t, server);
  const failed = once(server, 'tlsClientError') as Promise<[TlsError, TLSSocket]>;
  const peer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => peer.destroy());
  peer.on('error', () => {});
  peer.write('nonsense, and then silence');
  peer.resume();
  const [, socket] = await failed;
  const started = performance.now();
  await new Promise((resolve) => socket.once('close', resolve));
  assert.ok(performance.now() - started < 5_000);
  assert.equal(socket.transport.destroyed, true);
});

test('peers that speak plain HTTP', LIMIT, async (t) => {
  const plain = http.createServer();
  const error = await failure(connectTo(t, await listen(t, plain)));
  assert.equal(error.code, 'ERR_NOT_TLS');
  assert.match(error.message, /HTTP/);

  const server = createServer(SERVER);
  const failed = clientError(server);
  const request = http.get({ port: await listen(t, server), host: '127.0.0.1', agent: false });
  await once(request, 'error');
  const refusal = await failed;
  assert.equal(refusal.code, 'ERR_NOT_TLS');
  assert.match(refusal.message, /HTTP/);
});

/** OpenSSL speaks TLS 1.1 only if its own security level is lowered. */
const TLS11 = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

test('peers that speak TLS 1.1 at most', LIMIT, async (t) => {
  const old = tls.createServer({ ...SERVER, ...TLS11 } as tls.TlsOptions);
  old.on('tlsClientError', () => {});
  const error = await failure(connectTo(t, await listen(t, old)));
  assert.ok(error instanceof TlsError);
  assert.equal(error.context.alertReceived, 'protocol_version');

  const server = createServer(SERVER);
  const failed = clientError(server);
  const client = tls.connect({
    port: await listen(t, server),
    host: '127.0.0.1',
    ca: PKI.root.pem,
    ...TLS11,
  });
  t.after(() => client.destroy());
  assert.match(String((await failure(client)).code), /PROTOCOL_VERSION/);
  assert.equal((await failed).code, 'ERR_PROTOCOL_VERSION');
});

test('a peer that says nothing runs into the handshake timeout, in both roles', LIMIT, async (t) => {
  const quiet = net.createServer();
  const client = connectTo(t, await listen(t, quiet), { handshakeTimeout: 50 });
  const error = await failure(client);
  assert.ok(error instanceof TlsError);
  assert.equal(error.code, 'ERR_HANDSHAKE_TIMEOUT');
  assert.match(error.message, /50 ms/);

  const server = createServer({ ...SERVER, handshakeTimeout: 50 });
  const port = await listen(t, server);
  const failed = clientError(server);
  const peer = net.connect(port, '127.0.0.1');
  t.after(() => peer.destroy());
  peer.resume();
  assert.equal((await failed).code, 'ERR_HANDSHAKE_TIMEOUT');
  await closed(peer);
});

test('the handshake timeout ends with the handshake', LIMIT, async (t) => {
  const { client, server } = await connected(t, {
    client: { handshakeTimeout: 1_000 },
    server: { handshakeTimeout: 1_000 },
  });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  client.end('still here');
  assert.equal((await readAll(server)).toString(), 'still here');
});

test('a listener that throws is not mistaken for a failure of the connection', LIMIT, async (t) => {
  const { client, server } = await connected(t);
  const thrown = new Error('from a listener');
  const caught = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
  });
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  client.once('data', () => {
    throw thrown;
  });
  server.write('one');
  assert.equal(await caught, thrown);
  process.setUncaughtExceptionCaptureCallback(null);
  server.end('two');
  assert.equal((await readAll(client)).toString(), 'two');
  assert.equal(client.errored, null);
});

test('a listener may answer data that came together with a bad record', LIMIT, async (t) => {
  const heard: unknown[] = [];
  const server = createServer(SERVER, (socket) => {
    socket.on('error', (error: TlsError) => heard.push(error.code));
    socket.on('data', (data) => {
      heard.push(String(data));
      socket.write(data);
      socket.updateKeys();
      if (heard.length === 2) socket.end();
    });
  });
  const port = await listen(t, server);
  const peer = net.connect(port, '127.0.0.1');
  t.after(() => peer.destroy());
  peer.on('error', () => {});
  const connection = createClientConnection(clientTlsConfig({ ca: PKI.root.pem }), { name: 'localhost' });
  const flush = (...more: Uint8Array[]): boolean =>
    peer.write(Buffer.concat([...connection.takeOutgoing(), ...more]));
  flush();
  peer.on('data', (data) => {
    connection.receive(data);
    if (connection.established === undefined) return;
    if (heard.length === 0) {
      connection.send(Buffer.from('first'));
      flush();
    } else {
      peer.removeAllListeners('data').resume();
      connection.send(Buffer.from('second'));
      flush(Buffer.from(`1703030020${'00'.repeat(32)}`, 'hex'));
    }
  });
  await closed(peer);
  assert.deepEqual(heard, ['first', 'second', 'ERR_BAD_RECORD_MAC']);
});

test('a server goes on after every kind of failure', LIMIT, async (t) => {
  const server = createServer({ ...SERVER, handshakeTimeout: 1_000 }, (socket) => socket.end('fine'));
  const port = await listen(t, server);
  const inputs = [
    Buffer.alloc(0),
    Buffer.alloc(5),
    randomBytes(500),
    Buffer.from('160301000401000000', 'hex'),
  ];
  await Promise.all(
    inputs.map(async (input) => {
      const peer = net.connect(port, '127.0.0.1');
      peer.on('error', () => {});
      peer.resume();
      peer.end(input);
      await closed(peer);
    }),
  );
  assert.equal((await readAll(connectTo(t, port))).toString(), 'fine');
});

test('options that cannot work are refused before anything is opened', LIMIT, () => {
  const before = activeResources();
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ port: undefined }, /port: expected/],
    [{ servername: undefined, host: undefined, path: '/x' }, /servername: expected/],
    [{ servername: 'not a name' }, /name/],
    [{ rejectUnauthorized: false }, /rejectUnauthorized: peers are always verified/],
    [{ checkServerIdentity: () => undefined }, /checkServerIdentity: .*verifier/],
    [{ ciphers: 'ALL' }, /ciphers: .*cipherSuites/],
    [{ maxVersion: 'TLSv1.1' }, /maxVersion: .*none of them lies between/],
    [{ minVersion: 'SSLv3' }, /minVersion/],
    [{ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, /maxVersion/],
    [{ minVersion: 'TLSv1.2', versions: ['TLSv1.3'] }, /either versions, or minVersion/],
    [{ ALPNProtocols: 'h2' }, /ALPNProtocols: expected a list/],
    [{ ALPNProtocols: [''] }, /1 to 255/],
    [{ handshakeTimeout: -1 }, /handshakeTimeout/],
    [{ handshakeTimeout: 2 ** 31 }, /handshakeTimeout/],
    [{ config: clientTlsConfig({ ca: PKI.root.pem }), checkServerIdentity: () => undefined }, /verifier/],
    [{ cipherSuites: [] }, /cipherSuites/],
    [{ ca: null }, /ca: expected a certificate/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => connect({ ...CLIENT, port: 1, ...options } as never), message);
  }
  assert.deepEqual(activeResources(), before);
});

test('a server that asks for certificates says who may vouch for clients: the root store is no answer', () => {
  for (const asks of [{ requestCert: true }, { clientAuthentication: 'request' as const }]) {
    assert.throws(() => createServer({ ...SERVER, ca: undefined, ...asks }), {
      name: 'ConfigError',
      option: 'ca',
    });
    createServer({ ...SERVER, ca: PKI.root.pem, ...asks });
  }
});

test('nothing switches verification off', LIMIT, async (t) => {
  const stranger = issue({ subject: 'stranger', ca: true });
  const received: string[] = [];
  const server = createServer(SERVER, (socket) => socket.on('data', (data) => received.push(String(data))));
  const port = await listen(t, server);
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  t.after(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const refused: Readonly<Record<string, object>> = {
    ERR_UNKNOWN_CA: { ca: stranger.pem },
    ERR_NAME_MISMATCH: { servername: 'other.test' },
    ERR_CERTIFICATE_EXPIRED: { now: () => Date.now() + 365 * 86_400_000 },
    ERR_INTERNAL: { verifier: { verify: () => Promise.reject(new Error('the judge is away')) } },
  };
  for (const [code, options] of Object.entries(refused)) {
    const client = connectTo(t, port, options);
    client.on('secureConnect', () => assert.fail('not a secure connection'));
    client.write('a secret');
    assert.equal((await failure(client)).code, code);
    assert.equal(client.authorized, false);
    assert.equal(client.established, undefined);
  }
  assert.deepEqual(received, []);
});
