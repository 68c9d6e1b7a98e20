import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, type TestContext, test } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { chainVerifier } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { loadCertificates } from 'handfast/node';
import { Authority, type Credential, DAY_MS, validFor } from '../src/authority.ts';
import { plainStyle } from '../src/render/style.ts';
import type { ScanFacts } from '../src/scan/facts.ts';
import { findingsOf } from '../src/scan/findings.ts';
import * as limits from '../src/scan/limits.ts';
import { Progress } from '../src/scan/progress.ts';
import { scanLines } from '../src/scan/text.ts';
import { folder, handfast, serving } from './support/command.ts';
import { keyPem, makePki, type Pki, serverCredential, tlsServer } from './support/peers.ts';
import { accepted, flight, ids, puppet, scanned, suites } from './support/scanned.ts';

const LIMIT = { timeout: 60_000 };

let pki: Pki;

before(async () => {
  pki = await makePki();
});

function identity({ server }: { readonly server: Credential } = pki): TlsOptions {
  return { cert: server.chain, key: keyPem(server) };
}

function trusting(ca: Authority) {
  const anchors = loadCertificates('ca', ca.certificate).map((certificate) => ({ certificate }));
  return { verifier: chainVerifier({ provider: nodeProvider, anchors }) };
}

/** Scans a server on node:tls. */
async function scanNode(t: TestContext, options: TlsOptions): Promise<ScanFacts> {
  const port = await tlsServer(t, { ...identity(), ...options }, (socket) => socket.resume());
  return scanned(port, trusting(pki.ca));
}

describe('a scan of node:tls', () => {
  test('with TLS 1.3 alone', LIMIT, async (t) => {
    const facts = await scanNode(t, { minVersion: 'TLSv1.3', ALPNProtocols: ['h2', 'http/1.1'] });
    assert.deepEqual(accepted(facts), ['TLSv1.3']);
    assert.deepEqual(suites(facts, 'TLSv1.3').toSorted(), [
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
    ]);
    assert.ok(facts.groups13?.accepted.includes('x25519') && facts.groups13.accepted.includes('secp256r1'));
    assert.equal(facts.curves, null);
    assert.equal(facts.schemes12, null);
    assert.deepEqual(facts.schemes13?.accepted, ['ecdsa_secp256r1_sha256']);
    assert.deepEqual(facts.protocols.accepted, ['h2', 'http/1.1']);
    assert.equal(facts.chains.length, 1);
    assert.equal(facts.chains[0]?.key, 'ECDSA P-256');
    assert.equal(facts.chains[0].verdict.ok, true);
    assert.equal(facts.tls13?.ok, true);
    assert.ok(facts.tls13.tickets > 0);
    assert.equal(facts.legacy.extendedMasterSecret, null);
    assert.deepEqual(
      findingsOf(facts).filter(({ severity }) => severity !== 'note'),
      [],
    );
  });

  test('with TLS 1.2 and 1.3, and a choice of suites', LIMIT, async (t) => {
    const facts = await scanNode(t, {
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:TLS_AES_128_GCM_SHA256',
      honorCipherOrder: true,
      ecdhCurve: 'X25519:P-384',
      ALPNProtocols: ['http/1.1', 'h2'],
    });
    assert.deepEqual(accepted(facts), ['TLSv1.3', 'TLSv1.2']);
    assert.deepEqual(suites(facts, 'TLSv1.3'), ['TLS_AES_128_GCM_SHA256']);
    assert.deepEqual(suites(facts, 'TLSv1.2'), [
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    ]);
    assert.equal(facts.versions[1]?.suites.order, 'server');
    assert.deepEqual(facts.groups13?.accepted.toSorted(), ['secp384r1', 'x25519']);
    assert.deepEqual(facts.protocols, { accepted: ['http/1.1', 'h2'], order: 'server', complete: true });
    assert.deepEqual(facts.chains[0]?.versions, ['TLSv1.3', 'TLSv1.2']);
    assert.equal(facts.legacy.downgradeSentinel, true);
    assert.equal(facts.legacy.extendedMasterSecret, true);
    assert.equal(facts.legacy.fallbackScsv, true);
    assert.deepEqual(
      findingsOf(facts).filter(({ severity }) => severity !== 'note'),
      [],
    );
  });

  test('with everything that is old and weak in it', LIMIT, async (t) => {
    const facts = await scanNode(t, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.2',
      ciphers: 'ALL:COMPLEMENTOFALL:@SECLEVEL=0',
    });
    assert.deepEqual(accepted(facts), ['TLSv1.2', 'TLSv1.1', 'TLSv1.0']);
    const found = ids(facts);
    for (const id of [
      'version-tlsv1.0',
      'version-tlsv1.1',
      'null-cipher',
      'anonymous-key-exchange',
      'no-tls13',
    ]) {
      assert.ok(found.includes(id), id);
    }
    assert.ok(suites(facts, 'TLSv1.0').includes('TLS_ECDH_anon_WITH_AES_128_CBC_SHA'));
    assert.ok(!suites(facts, 'TLSv1.0').some((name) => name.endsWith('GCM_SHA256')));
  });

  test('with certificates of two kinds shows both chains', LIMIT, async (t) => {
    const other = await serverCredential(pki.ca, ['localhost'], 'Ed25519');
    const facts = await scanNode(t, {
      cert: [pki.server.chain, other.chain],
      key: [keyPem(pki.server), keyPem(other)],
    });
    const keys = facts.chains.map(({ key, verdict }) => [key, verdict.ok]);
    assert.deepEqual(keys.toSorted(), [
      ['ECDSA P-256', true],
      ['Ed25519', true],
    ]);
    assert.deepEqual(facts.schemes13?.accepted.toSorted(), ['ecdsa_secp256r1_sha256', 'ed25519']);
  });

  test('that asks for a client certificate, or requires one', LIMIT, async (t) => {
    const asking = { ca: pki.ca.certificate, requestCert: true };
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const asked = await scanNode(t, { ...asking, rejectUnauthorized: false, maxVersion });
      assert.equal(asked.clientCertificate, 'asked for');
    }
    const required = await scanNode(t, { ...asking, rejectUnauthorized: true });
    assert.equal(required.clientCertificate, 'required');
    assert.equal(required.tls13?.ok, true);
  });
});

describe('certificates', () => {
  test('are judged by the name that was asked for', LIMIT, async (t) => {
    const port = await tlsServer(t, identity(), (socket) => socket.resume());
    const wrong = await scanned(port, {
      ...trusting(pki.ca),
      name: 'other.example',
      serverName: 'other.example',
    });
    assert.equal(wrong.chains[0]?.verdict.ok, false);
    assert.ok(ids(wrong).includes('certificate'));
    const address = await scanned(port, { ...trusting(pki.ca), name: '127.0.0.1', serverName: undefined });
    assert.equal(address.chains[0]?.verdict.ok, true);
  });

  test('that end soon are told', LIMIT, async (t) => {
    const server = await pki.ca.leaf({
      name: 'localhost',
      hosts: ['localhost'],
      usage: 'server',
      kind: 'ECDSA P-256',
      validity: {
        notBefore: new Date(Date.now() - 85 * DAY_MS),
        notAfter: new Date(Date.now() + 5 * DAY_MS),
      },
    });
    const port = await tlsServer(t, identity({ server }), (socket) => socket.resume());
    const facts = await scanned(port, trusting(pki.ca));
    const finding = findingsOf(facts).find(({ id }) => id === 'certificate-ends-soon');
    assert.match(finding?.sentence ?? '', /valid for [45] more days/);
  });
});

describe('handfast scan', () => {
  test('finds no fault with handfast serve', LIMIT, async (t) => {
    const ca = `${folder(t).path}/ca.pem`;
    const { port } = await serving(t, ['--ca-out', ca]);
    const { code, stdout, stderr } = await handfast(['scan', `localhost:${port}`, '--ca', ca, '--json']);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, '');
    const document = JSON.parse(stdout);
    assert.equal(document.ok, true);
    assert.equal(document.address.port, port);
    const faults = document.findings.filter(({ severity }: { severity: string }) => severity !== 'note');
    assert.deepEqual(faults, []);
    assert.ok(document.chains.every(({ verdict }: { verdict: { ok: boolean } }) => verdict.ok));
    const text = await handfast(['scan', `localhost:${port}`, '--ca', ca]);
    assert.equal(text.code, 0);
    assert.equal(text.stderr, '');
    assert.match(text.stdout, /^. localhost:\d+ \(.*\): (nothing to object to|\d notes?)$/m);
    for (const line of text.stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('ends with 1 where there are problems', LIMIT, async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const options = { ...identity(), minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    const port = await tlsServer(t, options, (socket) => socket.resume());
    const { code, stdout } = await handfast(['scan', `127.0.0.1:${port}`, '--name', 'localhost', '--ca', ca]);
    assert.equal(code, 1);
    assert.match(stdout, /^x 127\.0\.0\.1:\d+ as localhost: \d+ problems/);
    assert.match(stdout, /^ {2}x TLSv1\.0 +accepted$/m);
    assert.match(stdout, /^x TLS 1\.0 is accepted\.$/m);
    assert.match(stdout, /^ {2}> Switch it off; /m);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('says in plain words why there is nothing to scan, also as JSON', LIMIT, async (t) => {
    const nobody = await handfast(['scan', '127.0.0.1:1', '--json']);
    assert.equal(nobody.code, 3);
    assert.equal(JSON.parse(nobody.stdout).error.code, 'ECONNREFUSED');
    assert.match(nobody.stderr, /Nothing listens on 127\.0\.0\.1:1/);
    const server = createHttpServer((_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const plain = await handfast(['scan', `127.0.0.1:${port}`]);
    assert.equal(plain.code, 1);
    assert.equal(plain.stdout, '');
    assert.match(plain.stderr, /HTTP, not TLS.*Is this the right port\?/s);
  });

  test('makes no more connections than it is told', LIMIT, async (t) => {
    const { port, connections } = await puppet(t, () => flight({ version: 'TLSv1.2', suite: 0x002f }));
    const args = ['scan', `127.0.0.1:${port}`, '--max-connections', '4', '--json'];
    const { stdout } = await handfast(args);
    assert.equal(connections(), 4);
    assert.deepEqual(JSON.parse(stdout).connections, {
      used: 4,
      limit: 4,
      unanswered: 0,
      stopped: 'connections',
    });
  });
});

describe('the report', () => {
  test('shows nothing of a server that could steer the terminal', LIMIT, async (t) => {
    const name = 'evil\x1b[2J\u202e';
    const ca = await Authority.root(name, 'ECDSA P-256', validFor(2));
    const server = await ca.leaf({
      name,
      hosts: ['localhost'],
      usage: 'server',
      kind: 'ECDSA P-256',
      validity: validFor(2),
    });
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const port = await tlsServer(t, { ...identity({ server }), maxVersion }, (socket) => socket.resume());
      for (const settings of [trusting(ca), trusting(pki.ca)]) {
        const facts = await scanned(port, settings);
        const text = scanLines(plainStyle, facts, findingsOf(facts)).join('\n');
        assert.match(text, /evil\\1b\[2J\\u\{202e\}/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
      }
    }
  });

  test('a line of progress is drawn on a terminal, and taken away', () => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) > 0 };
    const progress = new Progress(stream, plainStyle, 'localhost:443');
    progress.stage('versions');
    progress.connection(1);
    progress.connection(2);
    progress.done();
    assert.ok(written[0]?.startsWith('\r\x1b[2K> localhost:443  versions  '));
    assert.ok(written[0]?.endsWith(' 1 connection') && written[1]?.endsWith(' 2 connections'));
    assert.equal(written[2], '\r\x1b[2K');
    const long = new Progress(stream, plainStyle, `${'a'.repeat(200)}:443`);
    long.stage('TLSv1.3 signature schemes');
    long.connection(1999);
    const [line = ''] = written.slice(-1);
    assert.ok(line.length - '\r\x1b[2K'.length < plainStyle.width, line);
    const silent = new Progress(undefined, plainStyle, 'localhost:443');
    silent.connection(1);
    silent.done();
  });

  test('docs/limits.md has every limit, with its value', () => {
    const page = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8');
    const [section = ''] = page.split('## Scans:')[1]?.split('\n## ') ?? [];
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)];
    const told = Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)]));
    assert.deepEqual(told, { ...limits });
  });
});
