/** What is said of connections that are weaker than they could be. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { CipherSuite, type KeyExchangeKind } from 'handfast';
import { weakPoints } from '../src/render/weak-points.ts';
import { folder, handfast } from './support/command.ts';
import { keyPem, makePki, type Pki, serverCredential, tlsServer } from './support/peers.ts';

const FULL = {
  version: 'TLSv1.2',
  cipherSuite: CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  keyExchange: 'ECDHE' as KeyExchangeKind,
  extendedMasterSecret: true,
} as const;

const ids = (negotiated: Parameters<typeof weakPoints>[0]): string[] =>
  weakPoints(negotiated).map(({ id }) => id);

test('each weakness by itself, and none where there is none', { timeout: 5_000 }, () => {
  assert.deepEqual(ids(FULL), []);
  assert.deepEqual(ids({ ...FULL, version: 'TLSv1.3', keyExchange: 'hybrid' }), []);
  assert.deepEqual(ids({ ...FULL, version: 'TLSv1.3', keyExchange: 'DHE' }), []);
  assert.deepEqual(ids({ ...FULL, keyExchange: 'RSA' }), ['no-forward-secrecy']);
  assert.deepEqual(ids({ ...FULL, keyExchange: 'DHE' }), ['finite-field']);
  assert.deepEqual(ids({ ...FULL, extendedMasterSecret: false }), ['no-extended-master-secret']);
  assert.deepEqual(ids({ ...FULL, encryptThenMac: true }), ['cbc']);
  assert.deepEqual(ids({ ...FULL, encryptThenMac: false }), ['cbc-mac-then-encrypt']);
  const short = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8;
  assert.deepEqual(ids({ ...FULL, cipherSuite: short }), ['short-tag']);
  const worst = { ...FULL, keyExchange: 'RSA', extendedMasterSecret: false, encryptThenMac: false } as const;
  assert.deepEqual(ids(worst), ['no-forward-secrecy', 'no-extended-master-secret', 'cbc-mac-then-encrypt']);
});

describe('handfast connect with a TLS 1.2 server', { timeout: 60_000 }, () => {
  let pki: Pki;
  before(async () => {
    pki = await makePki();
  });

  test('traces the classic handshake, and says what is weak about it', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const rsa = await serverCredential(pki.ca, ['localhost'], 'RSA 2048');
    const options = {
      cert: rsa.chain,
      key: keyPem(rsa),
      maxVersion: 'TLSv1.2',
      ciphers: 'AES128-SHA256',
    } as const;
    const port = await tlsServer(t, options, (socket) => socket.end('bye'));
    const args = ['connect', `localhost:${port}`, '--ca', ca, '--tls', '1.2', '--policy', 'legacy'];
    const { code, stdout, stderr } = await handfast([...args, '--trace']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'bye');
    const told = ['ClientHello', 'Certificate', 'ServerHelloDone', 'ClientKeyExchange', 'Finished'];
    for (const name of told) assert.match(stderr, new RegExp(`(sent|received) ${name} \\(`), name);
    assert.match(stderr, /encryptedPreMasterSecret/);
    assert.match(stderr, /ChangeCipherSpec: from here on what we send is encrypted/);
    assert.match(stderr, /ChangeCipherSpec: from here on what we receive is encrypted/);
    assert.match(stderr, /bytes of padding/);
    assert.match(stderr, /signed with +nothing: the server decrypted the premaster secret/);
    assert.match(stderr, /RSA key transport has no forward secrecy/);
    for (const line of stderr.split('\n')) assert.ok(line.length <= 80, line);
    const report = JSON.parse((await handfast([...args, '--json'])).stdout) as Readonly<
      Record<string, unknown>
    >;
    const { version, keyExchange, group, weaknesses } = report;
    assert.deepEqual([version, keyExchange, group], ['TLSv1.2', 'RSA', null]);
    assert.deepEqual(
      (weaknesses as readonly { readonly id: string }[]).map(({ id }) => id),
      ['no-forward-secrecy', 'cbc'],
    );
  });
});
