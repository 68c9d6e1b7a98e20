import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { before, describe, type TestContext, test } from 'node:test';
import { createSecureContext, TLSSocket, type TlsOptions } from 'node:tls';
import { folder, handfast } from './support/command.ts';
import { keyPem, makePki, type Pki, plainServer, tlsServer } from './support/peers.ts';

let pki: Pki;

before(async () => {
  pki = await makePki();
});

function serverOptions() {
  return {
    cert: pki.server.chain,
    key: keyPem(pki.server),
    minVersion: 'TLSv1.3' as const,
    allowHalfOpen: true,
  };
}

/** Answers when the client has ended: a close_notify of node:tls gets lost when ours comes before it. */
function answer(socket: TLSSocket, text: string): void {
  socket.resume();
  socket.on('end', () => socket.end(text));
}

/** Says something, then ends the TCP connection below TLS; answers its port. */
function plainServerBehindTls(t: TestContext, options: TlsOptions): Promise<number> {
  const secureContext = createSecureContext(options);
  return plainServer(t, (transport) => {
    const socket = new TLSSocket(transport, { isServer: true, secureContext });
    socket.on('error', () => {});
    socket.resume();
    socket.write('half of it', () => transport.end());
  });
}

describe('handfast connect', () => {
  test('carries input and output; what it says about the connection goes to stderr', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const input = Buffer.alloc(300_000, 'handfast ');
    const port = await tlsServer(t, serverOptions(), (socket) => socket.pipe(socket));
    const { code, stdout, stderr } = await handfast(['connect', `localhost:${port}`, '--ca', ca], { input });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, input.toString());
    assert.match(stderr, /connected to localhost:\d+/);
    assert.match(stderr, /TLSv1\.3/);
    assert.match(stderr, /anchor +CN=Test Root/);
  });

  test('ends when the peer ends, also where the input goes on', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const port = await tlsServer(t, serverOptions(), (socket) => {
      socket.once('data', (data: Buffer) => socket.end(`${data} yourself`));
    });
    const args = ['connect', `localhost:${port}`, '--ca', ca];
    const { code, stdout, stderr } = await handfast(args, { input: 'hello', keepInputOpen: true });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'hello yourself');
  });

  test('ends when the input ends, also with a peer that never closes', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const port = await tlsServer(t, serverOptions(), (socket) => socket.resume());
    const args = ['connect', `localhost:${port}`, '--ca', ca, '--timeout', '0.5'];
    const { code, stderr } = await handfast(args, { input: 'hello' });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /silent for 0\.5 s/);
  });

  test('gets a page: the body on stdout, or all of it as one JSON document', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const server = createHttpsServer(serverOptions(), (request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.end(`${request.method} ${request.url} ${request.headers.host}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const port = (server.address() as { readonly port: number }).port;
    const text = await handfast(['connect', `localhost:${port}`, '--ca', ca, '--get', '/a?b']);
    assert.equal(text.code, 0, text.stderr);
    assert.equal(text.stdout, `GET /a?b localhost:${port}`);
    assert.match(text.stderr, /HTTP\/1\.1 200 OK/);
    const { code, stdout, stderr } = await handfast([
      'connect',
      `localhost:${port}`,
      '--ca',
      ca,
      '--get',
      '/',
      '--json',
    ]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const document = JSON.parse(stdout);
    assert.equal(document.ok, true);
    assert.equal(document.version, 'TLSv1.3');
    assert.equal(document.applicationProtocol, 'http/1.1');
    assert.equal(document.verdict.ok, true);
    assert.equal(document.peer.certificates[0].subject, 'CN=localhost');
    assert.equal(document.response.status, 200);
    assert.equal(document.response.body, `GET / localhost:${port}`);
    assert.equal(document.response.bodyEncoding, 'utf8');
  });

  test('says what is wrong with an answer that is cut, missing, or no HTTP', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const cases: readonly (readonly [string, string, number, RegExp])[] = [
      ['HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart', 'part', 3, /\w/],
      ['', '', 3, /closed the connection without an answer/],
      ['220 mail.example ESMTP\r\n', '', 1, /did not answer with HTTP\/1\.1/],
    ];
    for (const [text, body, exitCode, message] of cases) {
      const port = await tlsServer(t, serverOptions(), (socket) =>
        socket.once('data', () => socket.end(text)),
      );
      const args = ['connect', `localhost:${port}`, '--ca', ca, '--get', '/'];
      const { code, stdout, stderr } = await handfast(args);
      assert.equal(code, exitCode, stderr);
      assert.equal(stdout, body);
      assert.match(stderr.split('handfast: ')[1] ?? '', message);
    }
  });

  test('traces every record and message, as text and as data', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const port = await tlsServer(t, serverOptions(), (socket) => answer(socket, 'bye'));
    const text = await handfast(['connect', `localhost:${port}`, '--ca', ca, '--trace']);
    assert.equal(text.code, 0, text.stderr);
    assert.equal(text.stdout, 'bye');
    for (const name of [
      'ClientHello',
      'ServerHello',
      'EncryptedExtensions',
      'Certificate',
      'CertificateVerify',
      'Finished',
    ]) {
      assert.match(text.stderr, new RegExp(`(sent|received) ${name} \\(`), name);
    }
    assert.match(text.stderr, /^ {2}0000 {2}01 00 [0-9a-f ]{8} +message type 1/m);
    assert.match(text.stderr, /name {2}"localhost"/);
    for (const line of text.stderr.split('\n')) assert.ok(line.length <= 80, line);
    const { stdout } = await handfast(['connect', `localhost:${port}`, '--ca', ca, '--trace', '--json']);
    const { events } = JSON.parse(stdout) as {
      readonly events: readonly { readonly type: string; readonly name?: string }[];
    };
    assert.deepEqual(events.flatMap(({ type, name }) => (type === 'message' ? [name] : [])).slice(0, 6), [
      'ClientHello',
      'ServerHello',
      'EncryptedExtensions',
      'Certificate',
      'CertificateVerify',
      'Finished',
    ]);
    assert.ok(events.every(({ type }) => type !== 'secret'));
  });

  test('shows a client certificate, and says what to do without one', async (t) => {
    const { file } = folder(t);
    const ca = file('ca.pem', pki.ca.certificate);
    const options = {
      ...serverOptions(),
      ca: pki.ca.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    };
    const port = await tlsServer(t, options, (socket) =>
      answer(socket, String(socket.getPeerCertificate().subject.CN)),
    );
    const base = ['connect', `localhost:${port}`, '--ca', ca];
    const own = ['--cert', file('ada.pem', pki.client.chain), '--key', file('ada.key', keyPem(pki.client))];
    const shown = await handfast([...base, ...own]);
    assert.equal(shown.code, 0, shown.stderr);
    assert.equal(shown.stdout, 'Ada');
    const refused = await handfast(base);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /certificate_required[\s\S]*--cert FILE and --key FILE/);
  });

  test('agrees on a protocol, and writes secrets only where it is told to', async (t) => {
    const { file, path } = folder(t);
    const ca = file('ca.pem', pki.ca.certificate);
    const port = await tlsServer(t, { ...serverOptions(), ALPNProtocols: ['two', 'one'] }, (socket) => {
      answer(socket, String(socket.alpnProtocol));
    });
    const base = ['connect', `localhost:${port}`, '--ca', ca];
    const env = { SSLKEYLOGFILE: `${path}/never` };
    const keylog = `${path}/keys`;
    const { code, stdout, stderr } = await handfast([...base, '--alpn', 'one,two', '--keylog', keylog], {
      env,
    });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'two');
    assert.match(readFileSync(keylog, 'utf8'), /^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]{64,96}$/m);
    assert.equal(statSync(keylog).mode & 0o777, 0o600);
    assert.throws(() => statSync(env.SSLKEYLOGFILE));
    const none = await handfast([...base, '--alpn', 'three']);
    assert.equal(none.code, 1, none.stderr);
    assert.match(none.stderr, /no_application_protocol/);
  });
});

describe('handfast connect with a peer that closes without a word', () => {
  test('is content where nothing was said, and warns where something was', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const { allowHalfOpen: _, ...options } = serverOptions();
    const silent = await tlsServer(t, options, (socket) => socket.on('end', () => socket.destroy()));
    const nothing = await handfast(['connect', `localhost:${silent}`, '--ca', ca]);
    assert.equal(nothing.code, 0, nothing.stderr);
    const json = await handfast(['connect', `localhost:${silent}`, '--ca', ca, '--json']);
    assert.equal(json.code, 0, json.stdout);
    const talking = await plainServerBehindTls(t, options);
    const cut = await handfast(['connect', `localhost:${talking}`, '--ca', ca]);
    assert.equal(cut.stdout, 'half of it');
    assert.equal(cut.code, 3, cut.stderr);
    assert.match(cut.stderr, /without close_notify/);
  });
});

describe('handfast connect refuses', () => {
  test('an authority that it does not know, and another name', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const port = await tlsServer(t, serverOptions(), (socket) => answer(socket, 'secret'));
    const unknown = await handfast(['connect', `localhost:${port}`]);
    assert.equal(unknown.code, 1, unknown.stderr);
    assert.equal(unknown.stdout, '');
    assert.match(unknown.stderr, /CN=Test Root[\s\S]*ERR_UNKNOWN_CA[\s\S]*--ca FILE/);
    const name = await handfast([
      'connect',
      `localhost:${port}`,
      '--ca',
      ca,
      '--servername',
      'other.example',
    ]);
    assert.equal(name.code, 1, name.stderr);
    assert.match(name.stderr, /other\.example[\s\S]*ERR_NAME_MISMATCH/);
    const json = await handfast(['connect', `localhost:${port}`, '--json']);
    assert.equal(json.code, 1);
    const { ok, error, verdict } = JSON.parse(json.stdout);
    assert.equal(ok, false);
    assert.equal(error.code, 'ERR_UNKNOWN_CA');
    assert.equal(error.alertSent, 'unknown_ca');
    assert.equal(verdict.ok, false);
  });

  test('plain HTTP, TLS 1.1 and nonsense', async (t) => {
    const http = await plainServer(t, (socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const answered = await handfast(['connect', `127.0.0.1:${http}`]);
    assert.equal(answered.code, 1, answered.stderr);
    assert.match(answered.stderr, /the peer answered with HTTP, not TLS/);
    const old = await tlsServer(
      t,
      {
        cert: pki.server.chain,
        key: keyPem(pki.server),
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      },
      () => {},
    );
    const older = await handfast(['connect', `127.0.0.1:${old}`]);
    assert.equal(older.code, 1, older.stderr);
    assert.match(older.stderr, /protocol_version/);
    const nonsense = await plainServer(t, (socket) => {
      socket.write(Buffer.alloc(64, 0xff));
      socket.resume();
    });
    const refused = await handfast(['connect', `127.0.0.1:${nonsense}`]);
    assert.equal(refused.code, 1, refused.stderr);
    for (const { stderr } of [answered, older, refused]) {
      assert.ok(!stderr.includes('    at '), stderr);
    }
  });
});

describe('handfast connect and the network', () => {
  test('nothing there, no such name, no answer, cut off', async (t) => {
    const port = await plainServer(t, (socket) => socket.resume());
    const silent = await handfast(['connect', `127.0.0.1:${port}`, '--timeout', '0.3']);
    assert.equal(silent.code, 3, silent.stderr);
    assert.match(silent.stderr, /did not finish the handshake within 0\.3 s/);
    const closing = await plainServer(t, (socket) => socket.destroy());
    const cut = await handfast(['connect', `127.0.0.1:${closing}`]);
    assert.equal(cut.code, 3, cut.stderr);
    const nothing = await handfast(['connect', '127.0.0.1:1']);
    assert.equal(nothing.code, 3, nothing.stderr);
    assert.match(nothing.stderr, /Nothing listens on 127\.0\.0\.1:1 /);
    const unresolved = await handfast(['connect', 'no-such-host.invalid']);
    assert.equal(unresolved.code, 3, unresolved.stderr);
    assert.match(unresolved.stderr, /no-such-host\.invalid:443 cannot be resolved/);
  });
});
