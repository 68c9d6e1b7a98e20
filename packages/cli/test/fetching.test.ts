import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createServer, type FetchedVerdict } from 'handfast/node';
import { folder, handfast } from './support/command.ts';
import { accessInfo, evidenceServer, issue, makeOcspResponse, testPki } from './support/library.ts';

const LIMIT = { timeout: 110_000 };
const LOCAL = ['--fetch', '--allow-private-addresses'];

/** A leaf whose issuer and status are to be asked for, the server where they are, and files. */
async function leafWithEvidence(t: TestContext, status: 'good' | { reason: number } = 'good') {
  const { root, intermediate } = testPki();
  const evidence = await evidenceServer(t);
  const { base } = evidence;
  const leaf = issue({
    subject: 'localhost',
    issuer: intermediate,
    dnsNames: ['localhost'],
    extKeyUsage: ['serverAuth'],
    extraExtensions: [accessInfo({ ocsp: [`${base}/ocsp`], issuers: [`${base}/issuer`] })],
  });
  evidence.on('/issuer', intermediate.der);
  evidence.on('/ocsp', makeOcspResponse([{ certificate: leaf, issuer: intermediate, status }]));
  const { file } = folder(t);
  return { evidence, leaf, root, leafFile: file('leaf.pem', leaf.pem), rootFile: file('root.pem', root.pem) };
}

describe('handfast verify --fetch', LIMIT, () => {
  test('finds the issuer and the status, and tells whom it asked', async (t) => {
    const { evidence, leafFile, rootFile } = await leafWithEvidence(t);
    const question = [
      'verify',
      leafFile,
      '--name',
      'localhost',
      '--ca',
      rootFile,
      '--require-status',
      'leaf',
    ];
    const without = await handfast(question);
    assert.equal(without.code, 1);
    assert.match(without.stdout.replace(/\s+/g, ' '), /or fetched with --fetch/);
    assert.deepEqual(evidence.asked, []);
    const { code, stdout, stderr } = await handfast([...question, ...LOCAL]);
    assert.equal(code, 0, stdout + stderr);
    const [, told = ''] = stdout.split('Asked over the network:\n');
    const words = told.replace(/\s+/g, ' ');
    assert.match(
      words,
      /^\+ the server of issuers' certificates for the certificate of 'CN=localhost' at http:/,
    );
    assert.match(words, /\+ the OCSP responder for .* sent \d+ bytes \(\d+ ms\)/);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80 || line.includes('http:'), line);
    assert.deepEqual(evidence.asked, ['GET /issuer', 'GET /ocsp']);
  });

  test('prints the contacts with --json', async (t) => {
    const { leafFile, rootFile } = await leafWithEvidence(t, { reason: 1 });
    const question = ['verify', leafFile, '--name', 'localhost', '--ca', rootFile, '--json'];
    const { code, stdout } = await handfast([...question, ...LOCAL]);
    assert.equal(code, 1);
    const { verdict } = JSON.parse(stdout) as { readonly verdict: FetchedVerdict };
    assert.ok(!verdict.ok && verdict.rule === 'revocation');
    assert.deepEqual(
      verdict.contacts.map(({ purpose, outcome }) => [purpose, outcome]),
      [
        ['issuer', 'fetched'],
        ['ocsp', 'fetched'],
      ],
    );
  });

  test('does not ask in its own networks unless it is told to', async (t) => {
    const { evidence, leafFile, rootFile } = await leafWithEvidence(t);
    const question = ['verify', leafFile, '--name', 'localhost', '--ca', rootFile];
    const { code, stdout } = await handfast([...question, '--fetch']);
    assert.equal(code, 1);
    assert.match(
      stdout.replace(/\s+/g, ' '),
      /! the server .* its address is not one of the public Internet/,
    );
    assert.deepEqual(evidence.asked, []);
    const alone = await handfast([...question, '--allow-private-addresses']);
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /without --fetch nobody is asked/);
  });

  test('asks nobody where nothing is missing', async (t) => {
    const { evidence, rootFile } = await leafWithEvidence(t);
    const { serverChainPem } = testPki();
    const chain = folder(t).file('chain.pem', serverChainPem);
    const args = ['verify', chain, '--name', 'localhost', '--ca', rootFile, ...LOCAL];
    const { code, stdout } = await handfast(args);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /Nobody was asked: nothing was missing, or nothing says where to ask\./);
    assert.deepEqual(evidence.asked, []);
  });
});

describe('handfast connect --fetch', LIMIT, () => {
  /** A server that sends nothing but its leaf. */
  async function serve(
    t: TestContext,
    leaf: { readonly pem: string; readonly keyPem: string },
  ): Promise<number> {
    const server = createServer({ cert: leaf.pem, key: leaf.keyPem }, (socket) => socket.end('hello'));
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    return (server.address() as { port: number }).port;
  }

  test('tells whom it asked, and connects', async (t) => {
    const { leaf, rootFile, evidence } = await leafWithEvidence(t);
    const port = await serve(t, leaf);
    const args = ['connect', `localhost:${port}`, '--ca', rootFile];
    const without = await handfast(args);
    assert.equal(without.code, 1);
    assert.deepEqual(evidence.asked, []);
    const { code, stdout, stderr } = await handfast([...args, ...LOCAL]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'hello');
    assert.match(
      stderr.replace(/\s+/g, ' '),
      /\+ the server of issuers' .*\+ the OCSP responder .*connected to/,
    );
  });

  test('refuses what must be known and is not, and says whom it asked', async (t) => {
    const { leaf, rootFile, evidence } = await leafWithEvidence(t);
    evidence.on('/ocsp', (_request, response) => response.writeHead(503).end());
    const port = await serve(t, leaf);
    const args = ['connect', `localhost:${port}`, '--ca', rootFile, ...LOCAL];
    assert.equal((await handfast(args)).code, 0);
    const { code, stderr } = await handfast([...args, '--require-status', 'leaf']);
    assert.equal(code, 1);
    assert.match(
      stderr.replace(/\s+/g, ' '),
      /is not known, and it must be: .*at http:\S+\/ocsp answered 503 \(Service Unavailable\) \(ERR_CERTIFICATE_UNKNOWN\)/,
    );
  });

  test('refuses a certificate whose responder says that it was revoked', async (t) => {
    const { root } = testPki();
    const evidence = await evidenceServer(t);
    const leaf = issue({
      subject: 'localhost',
      issuer: root,
      dnsNames: ['localhost'],
      extraExtensions: [accessInfo({ ocsp: [`${evidence.base}/ocsp`] })],
    });
    evidence.on('/ocsp', makeOcspResponse([{ certificate: leaf, issuer: root, status: { reason: 4 } }]));
    const port = await serve(t, leaf);
    const ca = folder(t).file('root.pem', root.pem);
    const { code, stderr } = await handfast(['connect', `localhost:${port}`, '--ca', ca, ...LOCAL]);
    assert.equal(code, 1);
    assert.match(stderr, /revoked/);
    assert.deepEqual(evidence.asked, ['GET /ocsp']);
  });
});
