import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { connect, createServer, type TLSSocket } from '../../src/node/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { ContentType } from '../../src/wire/registry.ts';
import { issue } from '../support/pki.ts';
import {
  CLIENT_IDENTITY,
  closed,
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

test('events come in the order of net and tls', LIMIT, async (t) => {
  const server = createServer(SERVER, (socket) => {
    socket.resume();
    socket.end('hello');
  });
  const client = connectTo(t, await listen(t, server));
  const seen: string[] = [];
  for (const event of ['connect', 'ready', 'secure', 'secureConnect', 'data', 'end', 'finish', 'close']) {
    client.on(event, () => seen.push(event));
  }
  await closed(client);
  assert.deepEqual(seen, ['connect', 'ready', 'secure', 'secureConnect', 'data', 'end', 'finish', 'close']);
});

test('what a socket says about itself, before, during and after', LIMIT, async (t) => {
  const server = createServer({ ...SERVER, ALPNProtocols: ['proto'], requestCert: true, ca: PKI.root.pem });
  const port = await listen(t, server);
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connectTo(t, port, { ...CLIENT_IDENTITY, ALPNProtocols: ['other', 'proto'] });

  assert.equal(client.connecting, true);
  assert.equal(client.pending, true);
  assert.equal(client.readyState, 'opening');
  assert.equal(client.encrypted, true);
  assert.equal(client.authorized, false);
  assert.equal(client.alpnProtocol, null);
  assert.equal(client.getProtocol(), null);
  assert.equal(client.getCipher(), undefined);
  assert.deepEqual(client.getEphemeralKeyInfo(), {});
  assert.deepEqual(client.getPeerCertificate(), {});
  assert.equal(client.getPeerX509Certificate(), undefined);
  assert.equal(client.established, undefined);
  assert.throws(() => client.exportKeyingMaterial(32, 'label'), TlsError);
  assert.throws(() => client.updateKeys(), TlsError);

  await once(client, 'connect');
  assert.equal(client.connecting, false);
  assert.equal(client.secureConnecting, true);
  assert.equal(client.readyState, 'open');

  await once(client, 'secureConnect');
  const [peer] = await accepted;
  for (const socket of [client, peer]) {
    assert.equal(socket.secureConnecting, false);
    assert.equal(socket.pending, false);
    assert.equal(socket.authorized, true);
    assert.equal(socket.authorizationError, null);
    assert.equal(socket.alpnProtocol, 'proto');
    assert.equal(socket.servername, 'localhost');
    assert.equal(socket.getProtocol(), 'TLSv1.3');
    assert.equal(socket.getCipher()?.standardName, 'TLS_AES_128_GCM_SHA256');
    assert.equal(socket.remoteAddress, '127.0.0.1');
    assert.equal(socket.remoteFamily, 'IPv4');
    assert.equal(socket.verdict, socket.established?.peer?.verdict);
    assert.notEqual(socket.verdict, undefined);
  }
  assert.deepEqual(client.getEphemeralKeyInfo(), {}); // a hybrid is neither ECDH nor DH
  assert.equal(peer.getEphemeralKeyInfo(), null);
  assert.equal(client.remotePort, port);
  assert.equal(peer.localPort, port);
  assert.equal(client.localPort, peer.remotePort);
  assert.equal((client.address() as AddressInfo).port, client.localPort);
  assert.equal((client.getPeerCertificate() as { subject: { CN: string } }).subject.CN, 'localhost');
  assert.deepEqual(client.getPeerX509Certificate()?.raw, Buffer.from(PKI.server.der));
  assert.deepEqual(peer.getPeerX509Certificate()?.raw, Buffer.from(PKI.client.der));
  const detailed = client.getPeerCertificate(true) as unknown as { issuerCertificate: { raw: Buffer } };
  assert.deepEqual(detailed.issuerCertificate.raw, Buffer.from(PKI.intermediate.der));
  assert.deepEqual(
    client.exportKeyingMaterial(32, 'EXPERIMENTAL test', Buffer.from('c')),
    peer.exportKeyingMaterial(32, 'EXPERIMENTAL test', Buffer.from('c')),
  );

  client.end('12345');
  assert.equal((await readAll(peer)).toString(), '12345');
  assert.equal(client.bytesWritten, 5);
  assert.equal(peer.bytesRead, 5);
  await closed(client);
  assert.equal(client.readyState, 'closed');
});

test('what is written before the handshake is kept, and its callbacks wait', LIMIT, async (t) => {
  const server = createServer(SERVER);
  const port = await listen(t, server);
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connectTo(t, port);
  const order: string[] = [];
  client.on('secureConnect', () => order.push('secureConnect'));
  client.write('one ', () => order.push('one'));
  client.write('t\u00e9o ', 'latin1', () => order.push('two'));
  client.end('74687265650a', 'hex');
  const [peer] = await accepted;
  assert.equal((await readAll(peer)).toString('latin1'), 'one t\u00e9o three\n');
  assert.deepEqual(order, ['secureConnect', 'one', 'two']);
});

test('the side that ended goes on receiving, in both roles', LIMIT, async (t) => {
  for (const first of ['client', 'server'] as const) {
    const sides = await connected(t, { client: { allowHalfOpen: true }, server: { allowHalfOpen: true } });
    const [ending, other] = first === 'client' ? [sides.client, sides.server] : [sides.server, sides.client];
    ending.end('bye');
    assert.equal((await readAll(other)).toString(), 'bye');
    assert.equal(other.writable, true, 'half-open');
    assert.equal(ending.readyState, 'readOnly');
    other.end(Buffer.alloc(300_000, 'x'));
    assert.equal((await readAll(ending)).length, 300_000);
    await Promise.all([closed(ending), closed(other)]);
  }
});

test(
  'without allowHalfOpen the peer\u2019s end ends our side too, after what was written',
  LIMIT,
  async (t) => {
    const { client, server } = await connected(t);
    const received = readAll(client);
    server.resume();
    server.on('end', () => server.write(', and the last words'));
    server.write('before');
    client.end();
    assert.equal((await received).toString(), 'before, and the last words');
    await Promise.all([closed(client), closed(server)]);
  },
);

test('a reader that does not read stops the writer; nothing is lost', LIMIT, async (t) => {
  const { client, server } = await connected(t);
  client.pause();
  const piece = Buffer.alloc(1 << 16, 'z');
  let written = 0;
  // The kernel's buffers fill up first; then nothing moves any more.
  for (let idle = 0; idle < 50; idle++) {
    if (!server.writableNeedDrain) {
      server.write(piece);
      written += piece.length;
      idle = 0;
    }
    await immediate();
  }
  assert.ok(server.transport.writableLength < 1 << 18, 'the transport holds few records');
  assert.ok(client.readableLength < 1 << 18, 'the reader holds few records');
  assert.ok(client.transport.isPaused(), 'the reader stopped its transport');
  server.end();
  assert.equal((await readAll(client)).length, written);
});

test('one huge write is sealed slice by slice', LIMIT, async (t) => {
  const { client, server } = await connected(t);
  client.pause();
  const length = 32 << 20;
  let accepted = false;
  server.write(Buffer.alloc(length), () => {
    accepted = true;
  });
  server.end();
  for (let i = 0; i < 50; i++) await immediate();
  assert.equal(accepted, false, 'the callback waits for the transport');
  assert.ok(server.bytesWritten < length, 'not everything was sealed at once');
  assert.ok(server.transport.writableLength < 1 << 18);
  assert.equal((await readAll(client)).length, length);
  assert.equal(accepted, true);
});

test('corked writes share a record', LIMIT, async (t) => {
  const tlsServer = createServer(SERVER, (socket) => {
    socket.cork();
    for (let i = 0; i < 1000; i++) socket.write('x');
    socket.uncork();
    socket.end();
  });
  const client = connectTo(t, await listen(t, tlsServer));
  const lengths: number[] = [];
  client.on('trace', (event: TraceEvent) => {
    if (
      event.type === 'record' &&
      event.direction === 'received' &&
      event.innerType === ContentType.application_data
    ) {
      lengths.push(event.contentLength);
    }
  });
  assert.equal((await readAll(client)).length, 1000);
  assert.deepEqual(lengths, [1000]);
});

test('setTimeout tells of silence once, and traffic puts it off', LIMIT, async (t) => {
  const { client, server } = await connected(t);
  server.pipe(server);
  client.resume();
  let timeouts = 0;
  const started = performance.now();
  client.setTimeout(150, () => timeouts++);
  assert.equal(client.timeout, 150);
  for (let i = 0; i < 3; i++) {
    client.write('x');
    await once(client, 'data');
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.equal(timeouts, 0);
  await once(client, 'timeout');
  assert.ok(performance.now() - started > 250);
  assert.equal(timeouts, 1);
  assert.equal(client.destroyed, false, 'what to do is up to the listener');
  client.setTimeout(0);
  assert.throws(() => client.setTimeout(Number.NaN), RangeError);
});

test('options of the transport are passed on, and missing methods are no error', LIMIT, async (t) => {
  const calls: unknown[][] = [];
  const [near, far] = duplexPair();
  t.after(() => {
    near.destroy();
    far.destroy();
  });
  const plain = connectTo(t, 0, { socket: near });
  assert.equal(plain.setKeepAlive(true).setNoDelay(true).ref().unref(), plain);
  assert.deepEqual(plain.address(), {});
  assert.equal(plain.remoteAddress, undefined);

  const socket = new net.Socket();
  for (const method of ['setKeepAlive', 'setNoDelay', 'ref', 'unref'] as const) {
    socket[method] = (...args: unknown[]) => {
      calls.push([method, ...args]);
      return socket;
    };
  }
  const wrapped = connectTo(t, 0, { socket });
  wrapped.setKeepAlive(true, 5).setNoDelay(false).ref().unref();
  assert.deepEqual(calls, [['setKeepAlive', true, 5], ['setNoDelay', false], ['ref'], ['unref']]);
  assert.throws(() => wrapped.connect(), /connect\(\) of handfast\/node/);
});

test('a transport that gives text is an error', LIMIT, async (t) => {
  const [near, far] = duplexPair();
  t.after(() => far.destroy());
  near.setEncoding('utf8');
  const client = connectTo(t, 0, { socket: near });
  far.write('some text');
  const error = await failure(client);
  assert.equal(error.code, 'ERR_CONFIG');
  assert.match(error.message, /^socket: expected a stream of bytes, found one of text/);
});

test('a transport that fails when both sides have ended is no error', LIMIT, async (t) => {
  const [near, far] = duplexPair();
  const server = createServer(SERVER, (socket) => socket.end('all'));
  server.emit('connection', far);
  const client = connectTo(t, 0, { socket: near });
  client.on('end', () => {
    near._write = (_chunk, _encoding, callback) => callback(new Error('reset'));
  });
  assert.equal((await readAll(client)).toString(), 'all');
  await closed(client);
  assert.equal(client.errored, null);
});

test('a socket in the file system', LIMIT, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'handfast-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'socket');
  const server = createServer(SERVER, (socket) => socket.end('by path'));
  server.listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  const client = connect({ path, servername: 'localhost', ca: PKI.root.pem });
  assert.equal((await readAll(client)).toString(), 'by path');
});

test('names: addresses are not sent, others in ASCII and without a final dot', LIMIT, async (t) => {
  const leaf = issue({
    subject: 'names',
    issuer: PKI.intermediate,
    dnsNames: ['xn--bcher-kva.example', 'localhost'],
    ipAddresses: ['127.0.0.1'],
  });
  const server = createServer({ cert: leaf.pem + PKI.intermediate.pem, key: leaf.keyPem });
  const port = await listen(t, server);
  for (const [options, sent] of [
    [{ servername: undefined }, false],
    [{ servername: '' }, false],
    [{ servername: '127.0.0.1' }, false],
    [{ servername: 'LocalHost.' }, 'localhost'],
    [{ servername: 'b\u00fccher.example' }, 'xn--bcher-kva.example'],
    [{ servername: '', host: 'localhost', family: 4 }, false],
  ] as const) {
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const client = connectTo(t, port, options);
    await once(client, 'secureConnect');
    assert.equal(client.servername, sent);
    assert.equal((await accepted)[0].servername, sent);
  }
});

test('connect(port, host, options, listener), as in node:tls', LIMIT, async (t) => {
  const server = createServer(SERVER, (socket) => socket.end());
  const port = await listen(t, server);
  const options = { servername: 'localhost', ca: PKI.root.pem };
  let called = 0;
  for (const client of [
    connect(port, '127.0.0.1', options, () => called++),
    connect(port, { ...options, host: '127.0.0.1' }, () => called++),
    connect({ ...options, host: '127.0.0.1', port }, () => called++),
  ]) {
    await readAll(client);
  }
  assert.equal(called, 3);
});
