import assert from 'node:assert/strict';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { before, describe, type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { folder, handfast, serving } from './support/command.ts';
import { keyPem, makePki, type Pki, plainServer, serverCredential } from './support/peers.ts';

let pki: Pki;

before(async () => {
  pki = await makePki();
});

/** The options that make `serve` show the server certificate of the test's authority. */
function identity({ file }: ReturnType<typeof folder>): string[] {
  return ['--cert', file('server.pem', pki.server.chain), '--key', file('server.key', keyPem(pki.server))];
}

async function secureConnection(
  t: TestContext,
  port: number,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: pki.ca.certificate,
    ...options,
  });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => {}); // the server is stopped at the end of the test
  return socket;
}

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

async function get(port: number, path: string, options: RequestOptions = {}): Promise<Reply> {
  const agent = new Agent({ ca: pki.ca.certificate });
  const sent = request({ port, host: '127.0.0.1', servername: 'localhost', path, agent, ...options });
  sent.end();
  const [response] = await once(sent, 'response');
  const body = (await buffer(response)).toString();
  return { status: response.statusCode, body, headers: response.headers };
}

describe('handfast serve', () => {
  test('makes a certificate on the spot, says how to trust it, and cleans up', async (t) => {
    const server = await serving(t, []);
    const connectLine = /^ {2}handfast (connect localhost:\d+ --ca (\S+) --get \/)$/m.exec(server.log());
    const caPath = connectLine?.[2] ?? '';
    assert.match(
      server.log(),
      new RegExp(`^ {2}curl --cacert ${caPath} https://localhost:${server.port}/$`, 'm'),
    );
    assert.ok(new X509Certificate(readFileSync(caPath)).ca);
    assert.ok(!readFileSync(caPath, 'utf8').includes('PRIVATE'));
    const { code, stdout, stderr } = await handfast((connectLine?.[1] ?? '').split(' '));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Your handshake\n[\s\S]*TLSv1\.3[\s\S]*X25519MLKEM768/);
    const ca = readFileSync(caPath);
    for (const servername of ['localhost', '127.0.0.1']) {
      const { status } = await get(server.port, '/', {
        agent: new Agent({ ca }),
        ...(servername === 'localhost' ? { servername } : { servername: '' }),
      });
      assert.equal(status, 200, servername);
    }
    const html = await get(server.port, '/', { agent: new Agent({ ca }), headers: { accept: 'text/html' } });
    assert.match(html.body, /<h1>Your handshake<\/h1>/);
    const stopped = await server.stop();
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(existsSync(dirname(caPath)), false);
  });

  test('writes the authority where it is told to', async (t) => {
    const { path } = folder(t);
    const server = await serving(t, ['--ca-out', `${path}/my ca.pem`, '--echo']);
    assert.ok(server.log().includes(`handfast connect localhost:${server.port} --ca '${path}/my ca.pem'\n`));
    await server.stop('SIGINT');
    assert.ok(existsSync(`${path}/my ca.pem`));
  });

  test('serves the files of a folder, and nothing else', async (t) => {
    const files = folder(t);
    const root = `${files.path}/public`;
    mkdirSync(`${root}/sub`, { recursive: true });
    writeFileSync(`${root}/index.html`, '<p>home');
    writeFileSync(`${root}/sub/index.html`, 'sub');
    writeFileSync(`${root}/a b.txt`, 'spaced');
    writeFileSync(`${root}/.hidden`, 'hidden');
    mkdirSync(`${files.path}/public-not`);
    writeFileSync(`${files.path}/public-not/secret.txt`, 'secret');
    files.file('secret.txt', 'secret');
    symlinkSync(`${files.path}/secret.txt`, `${root}/link.txt`);
    symlinkSync(files.path, `${root}/up`);
    symlinkSync(`${root}/a b.txt`, `${root}/inside.txt`);
    const { port } = await serving(t, [...identity(files), '--root', root]);
    const home = await get(port, '/');
    assert.equal(home.body, '<p>home');
    assert.match(String(home.headers['content-type']), /^text\/html/);
    assert.equal((await get(port, '/sub/')).body, 'sub');
    assert.equal((await get(port, '/a%20b.txt?query')).body, 'spaced');
    assert.equal((await get(port, '/inside.txt')).body, 'spaced');
    assert.equal((await get(port, '/a%20b.txt', { headers: { range: 'bytes=-3' } })).body, 'ced');
    assert.equal((await get(port, '/', { method: 'POST' })).status, 405);
    const outside = [
      '/none.txt',
      '/.hidden',
      '/link.txt',
      '/up/secret.txt',
      '/../secret.txt',
      '/sub/../../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/%2e%2e%2fpublic-not/secret.txt',
      '/..\\secret.txt',
      '//etc/passwd',
      '/%00',
      '/%',
      '/%252e%252e/secret.txt',
    ];
    for (const path of outside) {
      const { status, body } = await get(port, path);
      assert.ok(status === 404 || status === 400 || status === 403, `${path}: ${status}`);
      assert.ok(!/secret|root:|hidden/.test(body), path);
    }
  });

  test('echoes everything, and ends when the client ends', async (t) => {
    const server = await serving(t, [...identity(folder(t)), '--echo', '--alpn', 'echo']);
    const socket = await secureConnection(t, server.port, { ALPNProtocols: ['echo'] });
    assert.equal(socket.alpnProtocol, 'echo');
    const sent = randomBytes(1_000_000);
    socket.end(sent);
    assert.deepEqual(await buffer(socket), sent);
    assert.match(server.log(), /127\.0\.0\.1:\d+ TLSv1\.3 TLS_AES_\S+ x25519 name=localhost protocol=echo\n/);
  });

  test('proxies both directions, each with its own end', async (t) => {
    // Answers only after the client has ended: the end of one direction must not close the other.
    const target = await plainServer(t, (socket) => {
      const hash = createHash('sha256');
      socket.on('data', (chunk) => hash.update(chunk));
      socket.on('end', () => socket.end(hash.digest('hex')));
    });
    const { port } = await serving(t, [...identity(folder(t)), '--proxy', `127.0.0.1:${target}`]);
    const socket = await secureConnection(t, port);
    const sent = randomBytes(2_000_000);
    socket.end(sent);
    const answer = (await buffer(socket)).toString();
    assert.equal(answer, createHash('sha256').update(sent).digest('hex'));
  });

  test('a proxy reads no faster than its target', async (t) => {
    let upstream: Socket | undefined;
    const target = await plainServer(t, (socket) => {
      upstream = socket;
      socket.pause();
    });
    const { port } = await serving(t, [...identity(folder(t)), '--proxy', `127.0.0.1:${target}`]);
    const socket = await secureConnection(t, port);
    const chunk = Buffer.alloc(1 << 20);
    // The buffers of the kernel and of the streams are a few MiB; far more than that must not be swallowed.
    const limit = 64;
    let accepted = 0;
    const stalled = await new Promise<boolean>((resolve) => {
      let timer = setTimeout(() => resolve(true), 1_000);
      const writeMore = (): void => {
        socket.write(chunk, (error) => {
          if (error) return;
          accepted++;
          clearTimeout(timer);
          if (accepted === limit) {
            resolve(false);
            return;
          }
          timer = setTimeout(() => resolve(true), 1_000);
          writeMore();
        });
      };
      writeMore();
    });
    assert.ok(stalled, `${accepted} MiB were swallowed while nobody read them`);
    upstream?.destroy();
  });

  test('a proxy says so when its target cannot be reached', async (t) => {
    const server = await serving(t, [...identity(folder(t)), '--proxy', '127.0.0.1:1']);
    const socket = await secureConnection(t, server.port);
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close');
    await server.logged(/failed: proxy: Nothing listens on 127\.0\.0\.1:1 /);
  });

  test('chooses the certificate by the name that the client asks for', async (t) => {
    const files = folder(t);
    const other = await serverCredential(pki.ca, ['other.example'], 'Ed25519');
    const second = [
      '--cert',
      files.file('other.pem', other.chain),
      '--key',
      files.file('other.key', keyPem(other)),
    ];
    const { port } = await serving(t, [...identity(files), ...second, '--echo']);
    for (const servername of ['localhost', 'other.example']) {
      const socket = await secureConnection(t, port, { servername });
      assert.equal(socket.getPeerCertificate().subject.CN, servername);
    }
  });

  test('asks for client certificates, and requires them when told to', async (t) => {
    const files = folder(t);
    const ca = files.file('ca.pem', pki.ca.certificate);
    const own = { cert: pki.client.chain, key: keyPem(pki.client) };
    const asking = await serving(t, [...identity(files), '--client-ca', ca]);
    const base = { ca: pki.ca.certificate };
    assert.match((await get(asking.port, '/')).body, /your certificate +none shown/);
    assert.match(
      (await get(asking.port, '/', { agent: new Agent({ ...base, ...own }) })).body,
      /your certificate +Ada/,
    );
    await asking.logged(/client="Ada"/);
    const requiring = await serving(t, [...identity(files), '--client-ca', ca, '--require-client-cert']);
    await assert.rejects(get(requiring.port, '/'), /certificate required|ECONNRESET|hang up/i);
    await requiring.logged(/failed: .*ERR_CERTIFICATE_REQUIRED/);
    const stranger = await makePki('Other Root');
    const foreign = { cert: stranger.client.chain, key: keyPem(stranger.client) };
    await assert.rejects(get(requiring.port, '/', { agent: new Agent({ ...base, ...foreign }) }));
    await requiring.logged(/failed: .*ERR_UNKNOWN_CA/);
    assert.match((await get(requiring.port, '/', { agent: new Agent({ ...base, ...own }) })).body, /Ada/);
  });

  test('logs failed handshakes in a line each, and goes on', async (t) => {
    const server = await serving(t, identity(folder(t)));
    const http = connectPlain(server.port, '127.0.0.1');
    http.on('error', () => {});
    http.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await server.logged(/failed: .*HTTP.*\(ERR_NOT_TLS\)\.\n/);
    http.destroy();
    const old = connectTls({
      port: server.port,
      host: '127.0.0.1',
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      ca: pki.ca.certificate,
    });
    old.on('error', () => {});
    await server.logged(/failed: .*offers TLSv1\.1.*TLSv1\.3 and TLSv1\.2 only.*\n/);
    assert.equal((await get(server.port, '/')).status, 200);
    const { code, stderr } = await server.stop();
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
  });

  test('finishes open requests before it stops', async (t) => {
    const files = folder(t);
    const content = randomBytes(4_000_000);
    writeFileSync(`${files.path}/large.bin`, content);
    const server = await serving(t, [...identity(files), '--root', files.path]);
    const agent = new Agent({ ca: pki.ca.certificate });
    const sent = request({
      port: server.port,
      host: '127.0.0.1',
      servername: 'localhost',
      path: '/large.bin',
      agent,
    });
    sent.end();
    const [response] = await once(sent, 'response');
    const stopped = server.stop();
    await server.logged(/stopping; 1 connections still open/);
    assert.deepEqual(await buffer(response), content);
    assert.equal((await stopped).code, 0);
  });
});

describe('handfast serve refuses', () => {
  test('a port in use, an address of another machine', async (t) => {
    const port = await plainServer(t, (socket) => socket.destroy());
    const inUse = await handfast(['serve', '--port', String(port)]);
    assert.equal(inUse.code, 3, inUse.stderr);
    assert.match(inUse.stderr, /The port in 127\.0\.0\.1:\d+ is in use/);
    const elsewhere = await handfast(['serve', '--port', '0', '--host', '192.0.2.1']);
    assert.equal(elsewhere.code, 3, elsewhere.stderr);
    assert.match(elsewhere.stderr, /192\.0\.2\.1:0 is not an address of this machine/);
  });

  test('files and options that do not fit', async (t) => {
    const files = folder(t);
    const [, certificate = '', , key = ''] = identity(files);
    const otherKey = files.file('other.key', keyPem(pki.client));
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--cert', certificate], /--cert and --key belong together/],
      [['--cert', certificate, '--key', otherKey], /cannot be used: .*(belong|match)/],
      [['--cert', key, '--key', key], /--cert .* cannot be used: /],
      [['--cert', `${files.path}/none`, '--key', key], /there is no such file/],
      [['--root', `${files.path}/none`], /--root .* cannot be used: there is no such folder/],
      [['--root', certificate], /--root .* cannot be used: it is a file, not a folder/],
      [['--echo', '--root', files.path], /cannot be used with option/],
      [['--echo', '--proxy', 'a:1'], /cannot be used with option/],
      [['--proxy', 'localhost'], /has no port/],
      [['--require-client-cert'], /needs --client-ca/],
      [['--client-ca', key], /--client-ca .* cannot be used/],
      [['--port', '70000'], /not a port/],
      [['--alpn', 'h2,http/1.1'], /over HTTP\/1\.1/],
      [['--ca-out', `${files.path}/no/place`], /--ca-out .* cannot be used/],
      [['--ca-out', 'x', '--cert', certificate, '--key', key], /--ca-out belongs to/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await handfast(['serve', ...args]);
      assert.equal(code, 2, `${args}: ${stderr}${stdout}`);
      assert.match(stderr, message);
      assert.ok(!stderr.includes('    at '), stderr);
    }
  });
});
