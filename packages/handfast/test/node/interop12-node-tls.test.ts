/**
 * TLS 1.2 against the running Node's own node:tls, in both roles: every key exchange with every kind of cipher, with
 * client certificates and without. What both sides of handfast could get wrong alike shows here.
 */
import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { createServer, type TLSSocket } from '../../src/node/index.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import { CipherSuite, type CipherSuiteName, cipherSuiteName } from '../../src/wire/registry.ts';
import { issue, testPki } from '../support/pki.ts';
import { CLIENT_IDENTITY, connectTo, listen, PKI, readAll } from './support.ts';

const LIMIT = { timeout: 60_000 };
const policy = POLICIES['legacy-2026'];

const RSA_PKI = testPki('rsa2048');
/** A key that signs, and decrypts premaster secrets. */
const RSA = issue({
  subject: 'localhost',
  key: RSA_PKI.server.key,
  issuer: RSA_PKI.intermediate,
  dnsNames: ['localhost'],
  keyUsage: ['digitalSignature', 'keyEncipherment'],
});
const ECDSA_SERVER = { cert: PKI.serverChainPem, key: PKI.server.keyPem };
const RSA_SERVER = { cert: RSA.pem + RSA_PKI.intermediate.pem, key: RSA.keyPem };
const ROOTS = [PKI.root.pem, RSA_PKI.root.pem];

/** OpenSSL's name; whether the MAC goes inside, where OpenSSL is told to leave out encrypt-then-MAC. */
const SUITES: readonly (readonly [CipherSuiteName, string, isMacInside?: boolean])[] = [
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE-RSA-AES256-SHA384', true],
  ['TLS_DHE_RSA_WITH_AES_256_GCM_SHA384', 'DHE-RSA-AES256-GCM-SHA384'],
  ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA256', 'DHE-RSA-AES128-SHA256'],
  ['TLS_DHE_RSA_WITH_AES_256_CBC_SHA', 'DHE-RSA-AES256-SHA', true],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA256', 'AES256-SHA256'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA', true],
];

function theirs(ciphers: string, isMacInside: boolean | undefined): tls.SecureContextOptions {
  return {
    ca: ROOTS,
    ciphers,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    dhparam: 'auto',
    ...(isMacInside && { secureOptions: constants.SSL_OP_NO_ENCRYPT_THEN_MAC }),
  } as tls.SecureContextOptions;
}

const TEXT = 'to the peer and back';
const LABEL = 'EXPORTER-test';

/** Both makes of client say the same of the ephemeral key, where there is one. */
function checkKey(info: object | null, suite: CipherSuiteName): void {
  const { type } = { type: undefined, ...info };
  assert.equal(type, suite.startsWith('TLS_ECDHE') ? 'ECDH' : suite.startsWith('TLS_DHE') ? 'DH' : undefined);
}

/** Both sides agree, and each can read what the other sends. */
async function check(ours: TLSSocket, peer: tls.TLSSocket, suite: CipherSuiteName): Promise<void> {
  const { established } = ours;
  assert.equal(established?.version, 'TLSv1.2');
  assert.equal(cipherSuiteName(established.cipherSuite), suite);
  assert.equal(peer.getProtocol(), 'TLSv1.2');
  assert.equal(peer.getCipher().standardName, suite);
  assert.equal(ours.getCipher()?.standardName, suite);
  checkKey(established.role === 'client' ? ours.getEphemeralKeyInfo() : peer.getEphemeralKeyInfo(), suite);
  assert.ok(established.extendedMasterSecret);
  assert.deepEqual(
    Buffer.from(ours.exportKeyingMaterial(32, LABEL, Buffer.from('context'))),
    peer.exportKeyingMaterial(32, LABEL, Buffer.from('context')),
  );
  peer.pipe(peer);
  ours.end(TEXT);
  assert.equal((await readAll(ours)).toString(), TEXT);
}

async function asClient(
  t: TestContext,
  [suite, ciphers, isMacInside]: (typeof SUITES)[number],
  hasCertificate: boolean,
): Promise<void> {
  const server = tls.createServer({
    ...(suite.includes('ECDSA') ? ECDSA_SERVER : RSA_SERVER),
    ...theirs(ciphers, isMacInside),
    requestCert: hasCertificate,
    rejectUnauthorized: true,
  });
  const port = await listen(t, server);
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const ours = connectTo(t, port, { ca: ROOTS, policy, ...(hasCertificate && CLIENT_IDENTITY) });
  const [[peer]] = await Promise.all([accepted, once(ours, 'secureConnect')]);
  assert.equal(peer.authorized, hasCertificate);
  await check(ours, peer, suite);
  server.close();
}

async function asServer(
  t: TestContext,
  [suite, ciphers, isMacInside]: (typeof SUITES)[number],
  hasCertificate: boolean,
): Promise<void> {
  const server = createServer({
    ...(suite.includes('ECDSA') ? ECDSA_SERVER : RSA_SERVER),
    ca: ROOTS,
    requestCert: hasCertificate,
    policy: { ...policy, cipherSuites: [CipherSuite[suite]], versions: ['TLSv1.2'] },
  });
  const port = await listen(t, server);
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const peer = tls.connect({
    ...theirs(ciphers, isMacInside),
    ...(hasCertificate && CLIENT_IDENTITY),
    port,
    host: '127.0.0.1',
    servername: 'localhost',
  });
  t.after(() => peer.destroy());
  const [[ours]] = await Promise.all([accepted, once(peer, 'secureConnect')]);
  assert.equal(peer.authorized, true);
  assert.equal(ours.authorized, hasCertificate);
  await check(ours, peer, suite);
  server.close();
}

for (const entry of SUITES) {
  const [suite, , isMacInside] = entry;
  const name = `${suite}${isMacInside ? ', MAC inside' : ''}`;
  for (const hasCertificate of [false, true]) {
    const how = hasCertificate ? `${name}, client certificate` : name;
    test(`a server of node:tls: ${how}`, LIMIT, (t) => asClient(t, entry, hasCertificate));
    test(`a client of node:tls: ${how}`, LIMIT, (t) => asServer(t, entry, hasCertificate));
  }
}
