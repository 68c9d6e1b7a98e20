import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type ClientRequest, type IncomingMessage, type RequestListener } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { Agent as UndiciAgent, request as undiciRequest } from 'undici';
import {
  Agent,
  connect,
  createHttpsServer,
  createServer,
  type HttpsServerOptions,
  httpsRequest,
  TLSSocket,
  undiciConnector,
} from '../../src/node/index.ts';
import { issue } from '../support/pki.ts';
import { CLIENT, CLIENT_IDENTITY, listen, PKI, readAll, SERVER, testData } from './support.ts';

const LIMIT = { timeout: 15_000 };
const TARGET = { host: 'localhost', family: 4 } as const;

/** Answers with method, path and body, and says who asked. */
const tell: RequestListener = async (request, response) => {
  const body = await readAll(request);
  const socket = request.socket as TLSSocket;
  response.setHeader('x-alpn', String(socket.alpnProtocol));
  response.setHeader('x-authorized', String(socket.authorized));
  response.end(`${request.method} ${request.url} ${body}`);
};

async function serve(
  t: TestContext,
  options: HttpsServerOptions = {},
  onRequest: RequestListener = tell,
): Promise<number> {
  const server = createHttpsServer({ ...SERVER, ...options }, onRequest);
  t.after(() => server.closeAllConnections());
  return listen(t, server);
}

/** What a request answers: the text, the response, and whether the connection had been used before. */
async function answer(
  request: ClientRequest,
  body?: string,
): Promise<{ text: string; response: IncomingMessage; reused: boolean }> {
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { text: (await readAll(response)).toString(), response, reused: request.reusedSocket };
}

test('httpsRequest: GET and POST, by URL and by options', LIMIT, async (t) => {
  const port = await serve(t);
  const agent = new Agent({ ca: PKI.root.pem });
  t.after(() => agent.destroy());
  const got = await answer(httpsRequest(`https://localhost:${port}/a?b=c`, { agent, family: 4 }));
  assert.equal(got.text, 'GET /a?b=c ');
  assert.equal(got.response.statusCode, 200);
  assert.equal(got.response.headers['x-alpn'], 'http/1.1');
  assert.ok(got.response.socket instanceof TLSSocket || got.response.socket === null);
  const posted = await answer(
    httpsRequest({ ...TARGET, port, agent, path: '/p', method: 'POST' }),
    'content',
  );
  assert.equal(posted.text, 'POST /p content');
  const called = new Promise<IncomingMessage>((resolve) => {
    httpsRequest(new URL(`https://localhost:${port}/`), { agent, family: 4 }, resolve).end();
  });
  assert.equal((await readAll(await called)).toString(), 'GET / ');
});

test('httpsRequest refuses a server that is not who it should be', LIMIT, async (t) => {
  const port = await serve(t);
  const stranger = issue({ subject: 'stranger', ca: true });
  for (const [options, code] of [
    [{ ...TARGET, port }, 'ERR_UNKNOWN_CA'],
    [{ ...TARGET, port, ca: stranger.pem }, 'ERR_UNKNOWN_CA'],
    [{ ...TARGET, port, ca: PKI.root.pem, servername: 'other.test' }, 'ERR_NAME_MISMATCH'],
  ] as const) {
    const request = httpsRequest(options);
    request.end();
    const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, code);
  }
  assert.throws(() => httpsRequest({ ...TARGET, port, rejectUnauthorized: false }), /rejectUnauthorized/);
});

test('http.request and https.request with createConnection', LIMIT, async (t) => {
  const port = await serve(t);
  for (const module of [http, https]) {
    const request = module.request({
      host: 'localhost',
      port,
      path: '/x',
      createConnection: () => connect({ ...CLIENT, port }),
    });
    assert.equal((await answer(request)).text, 'GET /x ');
  }
});

test('connections are kept alive and used again', LIMIT, async (t) => {
  const port = await serve(t);
  const agent = new Agent({ ca: PKI.root.pem, keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const reused: boolean[] = [];
  for (let i = 0; i < 3; i++) {
    reused.push((await answer(https.request({ ...TARGET, port, agent }))).reused);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(reused, [false, true, true]);
});

test('connections are not shared between different TLS options', LIMIT, async (t) => {
  const port = await serve(t, { clientAuthentication: 'request', ca: PKI.root.pem });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const base = { ...TARGET, port, agent, ca: PKI.root.pem };
  const ask = async (options: object): Promise<string> => {
    const { response, reused } = await answer(httpsRequest({ ...base, ...options }));
    await new Promise((resolve) => setImmediate(resolve));
    return `${response.headers['x-authorized']} ${reused ? 'reused' : 'new'}`;
  };
  assert.equal(await ask({}), 'false new');
  assert.equal(await ask(CLIENT_IDENTITY), 'true new');
  assert.equal(await ask({}), 'false reused');
  assert.equal(await ask({ ...CLIENT_IDENTITY }), 'true reused');
  assert.equal(await ask({ ca: Buffer.from(PKI.root.pem) }), 'false new');
  assert.equal(await ask({ groups: [0x0017] }), 'false new');
  assert.equal(await ask({ groups: [0x0017] }), 'false reused');
  assert.throws(() => httpsRequest({ ...base, checkServerIdentity: () => undefined } as never), /verifier/);
  assert.throws(() => httpsRequest({ ...base, rejectUnauthorized: false }), /rejectUnauthorized/);

  const names = new Set(
    [
      {},
      { ca: PKI.root.pem },
      { ca: [PKI.root.pem] },
      { ca: [PKI.root.pem, PKI.root.pem] },
      CLIENT_IDENTITY,
      { passphrase: 'x' },
      { servername: 'x' },
      { ALPNProtocols: ['a'] },
      { verifier: {} },
      { verifier: { a: 1 } },
      { key: PKI.server.key },
      { cipherSuites: [0x1301] },
      { groups: [0x1301] },
      { handshakeTimeout: 1 },
    ].map((options) => agent.getName({ ...TARGET, port, ...options } as never)),
  );
  assert.equal(names.size, 14);
  assert.ok(![...names].some((name) => name.includes('PRIVATE KEY')));
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`node:https is a client of our server, and a server for our client: ${version}`, LIMIT, async (t) => {
    const versions = { minVersion: version, maxVersion: version };
    const port = await serve(t, { ...versions, requestCert: true, ca: PKI.root.pem });
    const ours = https.request({
      ...TARGET,
      port,
      ca: PKI.root.pem,
      ...CLIENT_IDENTITY,
      agent: false,
      ...versions,
      path: '/n',
    });
    const { text, response } = await answer(ours);
    assert.equal(text, 'GET /n ');
    assert.equal(response.headers['x-authorized'], 'true');

    const theirs = https.createServer(
      { ...versions, cert: PKI.serverChainPem, key: PKI.server.keyPem },
      (_request, reply) => {
        reply.end('from node:https');
      },
    );
    const agent = new Agent({ ca: PKI.root.pem });
    const target = { ...TARGET, agent, port: await listen(t, theirs) };
    const request = httpsRequest(target);
    const connecting = once(request, 'socket') as Promise<[TLSSocket]>;
    assert.equal((await answer(request)).text, 'from node:https');
    const [socket] = await connecting;
    assert.equal(socket.getProtocol(), version);

    // Both ends are ours, and the connection is used again.
    const both = new Agent({ ca: PKI.root.pem, keepAlive: true });
    t.after(() => both.destroy());
    const own = { ...TARGET, agent: both, port: await serve(t, versions) };
    assert.equal((await answer(httpsRequest(own))).text, 'GET / ');
    const again = await answer(httpsRequest({ ...own, path: '/again', method: 'POST' }), 'content');
    assert.equal(again.text, 'POST /again content');
    assert.equal(again.reused, true);
  });
}

test('http.Server is fed by a TLS server', LIMIT, async (t) => {
  const web = http.createServer(tell);
  const port = await listen(
    t,
    createServer(SERVER, (socket) => web.emit('connection', socket)),
  );
  const request = httpsRequest({ ...TARGET, port, agent: new Agent({ ca: PKI.root.pem }) });
  assert.equal((await answer(request)).text, 'GET / ');
});

test('a large upload and a large download, by hash', LIMIT, async (t) => {
  const upload = testData(16 << 20);
  const download = testData(16 << 20);
  const port = await serve(t, {}, async (request, response) => {
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk as Buffer);
    response.setHeader('x-digest', hash.digest('hex'));
    download.stream.pipe(response);
  });
  const agent = new Agent({ ca: PKI.root.pem });
  const request = httpsRequest({ ...TARGET, port, agent, method: 'PUT' });
  upload.stream.pipe(request);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.headers['x-digest'], upload.digest);
  const body = await readAll(response);
  assert.equal(createHash('sha256').update(body).digest('hex'), download.digest);
});

test('a response that is cut off is an error', LIMIT, async (t) => {
  const port = await serve(t, {}, (_request, response) => {
    response.write('the first half');
    setImmediate(() => response.socket?.destroy());
  });
  const request = httpsRequest({ ...TARGET, port, agent: new Agent({ ca: PKI.root.pem }) });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const failed = once(request, 'error') as Promise<[NodeJS.ErrnoException]>;
  await assert.rejects(readAll(response));
  assert.equal((await failed)[0].code, 'ERR_TRUNCATED');
});

test('close() of an HTTPS server waits for requests, and ends idle connections', LIMIT, async (t) => {
  const server = createHttpsServer(SERVER, tell);
  const port = await listen(t, server);
  const agent = new Agent({ ca: PKI.root.pem, keepAlive: true });
  t.after(() => agent.destroy());
  await answer(httpsRequest({ ...TARGET, port, agent }));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => server.close(resolve));
});

test('setIdentities of an HTTPS server', LIMIT, async (t) => {
  const server = createHttpsServer(SERVER, tell);
  const port = await listen(t, server);
  const renewed = issue({ subject: 'renewed', issuer: PKI.intermediate, dnsNames: ['localhost'] });
  server.setIdentities({ cert: renewed.pem + PKI.intermediate.pem, key: renewed.keyPem });
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: PKI.root.pem });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  assert.equal(socket.getPeerCertificate().subject.CN, 'renewed');
});

test('undici: GET, POST, keep-alive, and refusals', LIMIT, async (t) => {
  const port = await serve(t);
  const agent = new UndiciAgent({ connect: undiciConnector({ ca: PKI.root.pem }) });
  t.after(() => agent.destroy());
  const url = `https://127.0.0.1:${port}`;
  const sockets = new Set<unknown>();
  for (const [method, body] of [
    ['GET', null],
    ['POST', 'content'],
  ] as const) {
    const { body: text, context } = await undiciRequest(`${url}/u`, { dispatcher: agent, method, body });
    sockets.add(context);
    assert.equal(await text.text(), `${method} /u ${body ?? ''}`);
  }
  const strict = new UndiciAgent({ connect: undiciConnector({ ca: [] }) });
  t.after(() => strict.destroy());
  await assert.rejects(undiciRequest(url, { dispatcher: strict }), { code: 'ERR_UNKNOWN_CA' });
  const other = new UndiciAgent({ connect: undiciConnector({ ca: PKI.root.pem, servername: 'other.test' }) });
  t.after(() => other.destroy());
  await assert.rejects(undiciRequest(url, { dispatcher: other }), { code: 'ERR_NAME_MISMATCH' });
});

test(
  'undici: plain HTTP goes past TLS, and a connection that is not ready in time fails',
  LIMIT,
  async (t) => {
    const connector = undiciConnector({ ca: PKI.root.pem, timeout: 50 });
    const agent = new UndiciAgent({ connect: connector });
    t.after(() => agent.destroy());
    const plain = http.createServer((_request, response) => response.end('plain'));
    const plainPort = await listen(t, plain);
    const { body } = await undiciRequest(`http://127.0.0.1:${plainPort}/`, { dispatcher: agent });
    assert.equal(await body.text(), 'plain');

    const quiet = net.createServer();
    const port = await listen(t, quiet);
    await assert.rejects(undiciRequest(`https://127.0.0.1:${port}/`, { dispatcher: agent }), {
      code: 'ERR_HANDSHAKE_TIMEOUT',
    });
    assert.throws(() => undiciConnector({ ca: 'root.pem' }), /looks like a file name/);
  },
);

test('HTTP/2, with node:http2 on both sides and with undici', LIMIT, async (t) => {
  const web = http2.createServer((request, response) => response.end(`h2 ${request.url}`));
  const server = createServer({ ...SERVER, ALPNProtocols: ['h2'] }, (socket) =>
    web.emit('connection', socket),
  );
  const port = await listen(t, server);
  const session = http2.connect(`https://localhost:${port}`, {
    createConnection: () => connect({ ...CLIENT, port, ALPNProtocols: ['h2'] }),
  });
  t.after(() => session.destroy());
  assert.equal((await readAll(session.request({ ':path': '/node' }))).toString(), 'h2 /node');

  const agent = new UndiciAgent({
    allowH2: true,
    connect: undiciConnector({ ca: PKI.root.pem, allowH2: true }),
  });
  t.after(() => agent.destroy());
  const { body } = await undiciRequest(`https://127.0.0.1:${port}/undici`, { dispatcher: agent });
  assert.equal(await body.text(), 'h2 /undici');
});
