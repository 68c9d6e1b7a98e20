/** The code in the README runs as it stands there, but for the address. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createHttpsServer } from '../../src/node/index.ts';
import { accessInfo, evidenceServer } from '../node/fetch-support.ts';
import { listen, PKI, SERVER } from '../node/support.ts';
import { issue } from '../support/pki.ts';
import { makeOcspResponse } from '../support/revocation.ts';

/** The project's root, seen from `packages/handfast/dist/test/house`. */
const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const LIMIT = { timeout: 30_000 };

const snippets = Array.from(
  readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```/gms),
  ([, code]) => code as string,
);

/** Runs a snippet, which is JavaScript too, until its output matches all `patterns`. */
async function run(
  t: TestContext,
  snippet: string,
  patterns: readonly RegExp[],
  environment: NodeJS.ProcessEnv = {},
): Promise<void> {
  // Inside this package, which can import itself by its name.
  const folder = mkdtempSync(join(ROOT, 'packages/handfast/dist/snippet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'snippet.mjs'), snippet);
  writeFileSync(join(folder, 'server.pem'), PKI.serverChainPem + PKI.root.pem);
  writeFileSync(join(folder, 'server.key'), PKI.server.keyPem);
  writeFileSync(join(folder, 'root.pem'), PKI.root.pem);
  const child = spawn(process.execPath, ['snippet.mjs'], {
    cwd: folder,
    env: { ...process.env, ...environment },
  });
  t.after(() => child.kill());
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (patterns.every((pattern) => pattern.test(output))) child.kill();
    });
  }
  const giveUp = setTimeout(() => child.kill(), 15_000);
  await once(child, 'close');
  clearTimeout(giveUp);
  for (const pattern of patterns) assert.match(output, pattern);
}

test('a server and clients in Node', LIMIT, async (t) => {
  const [code] = snippets.filter((snippet) => snippet.includes('createHttpsServer'));
  assert.ok(code !== undefined);
  assert.ok(code.includes('server.listen(8443,'));
  const free = code
    .replace('server.listen(8443,', 'server.listen(0,')
    .replace("'https://localhost:8443/'", "'https://localhost:' + server.address().port")
    .replaceAll('port: 8443', 'port: server.address().port');
  await run(t, free, [
    /^hello$/m,
    /version: 'TLSv1\.3'/,
    /type: 'proof'/,
    /^TlsError: The certificate of '.*not among the trust anchors[\s\S]*code: 'ERR_UNKNOWN_CA'/m,
  ]);
});

test('the core without sockets', LIMIT, async (t) => {
  const [code] = snippets.filter((snippet) => snippet.includes('createClientConnection'));
  const port = await listen(
    t,
    createHttpsServer(SERVER, (_request, response) => response.end('hello\n')),
  );
  assert.ok(code !== undefined);
  assert.ok(code.includes("const name = 'example.org';") && code.includes('connect(443, name)'));
  const local = code
    .replace("'example.org'", "'localhost'")
    .replace('connect(443, name)', `connect(${port}, '127.0.0.1')`);
  await run(t, local, [/HTTP\/1\.1 200 OK[\s\S]*hello$/m], { NODE_EXTRA_CA_CERTS: 'root.pem' });
});

test('policies, and what they refuse', LIMIT, async (t) => {
  const [code] = snippets.filter((snippet) => snippet.includes('POLICIES'));
  const port = await listen(t, createHttpsServer(SERVER));
  assert.ok(code !== undefined);
  const local = code
    .replaceAll(/host: '(?:example\.org|old\.example)', port: 443/g, `host: 'localhost', port: ${port}`)
    .replaceAll(
      /^connect\((.*\bpolicy: .*)\);/gm,
      "connect($1).on('secureConnect', () => console.log('connected'));",
    );
  await run(t, local, [/ConfigError: allowRsaKeyExchange: there is no RSA key transport in TLSv1\.3/]);
  const [allowed] = local.split(/^connect\(\{ port: 8443/m);
  const made = /connected\n[\s\S]*connected\n/;
  await run(t, allowed as string, [made], { NODE_EXTRA_CA_CERTS: 'root.pem' });
});

test('what is fetched for a verdict, and told', LIMIT, async (t) => {
  const [code] = snippets.filter((snippet) => snippet.includes('evidenceFetcher'));
  assert.ok(code !== undefined);
  const evidence = await evidenceServer(t);
  const leaf = issue({
    subject: 'localhost',
    issuer: PKI.intermediate,
    dnsNames: ['localhost'],
    extraExtensions: [accessInfo({ ocsp: [`${evidence.base}/ocsp`], issuers: [`${evidence.base}/issuer`] })],
  });
  evidence.on('/ocsp', makeOcspResponse([{ certificate: leaf, issuer: PKI.intermediate }]));
  evidence.on('/issuer', PKI.intermediate.der);
  const port = await listen(t, createHttpsServer({ cert: leaf.pem, key: leaf.keyPem }));
  const local = code
    .replace("host: 'example.org', port: 443", `host: 'localhost', port: ${port}`)
    .replace('evidenceFetcher({ ', 'evidenceFetcher({ allowPrivateAddresses: true, ');
  const told = /ok: true[\s\S]*contacts: \[[\s\S]*purpose: 'issuer'[\s\S]*purpose: 'ocsp'/;
  await run(t, local, [told], { NODE_EXTRA_CA_CERTS: 'root.pem' });
});
