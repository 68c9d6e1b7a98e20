import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { signingKey } from '../../src/crypto/node/index.ts';
import type { SigningKey } from '../../src/crypto/provider.ts';
import {
  type CredentialOptions,
  createServer,
  loadCertificates,
  loadIdentities,
  loadIdentity,
} from '../../src/node/index.ts';
import { ConfigError, type TlsError } from '../../src/wire/errors.ts';
import { KEY_KINDS, makeKey, testPki, toPem } from '../support/pki.ts';
import { connectTo, failure, listen, PKI, SERVER } from './support.ts';

const LIMIT = { timeout: 20_000 };

/** Checks the option and the message of a ConfigError. */
function refused(action: () => unknown, option: string, message: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.option, option);
    assert.match(error.message, message);
    return true;
  });
}

test('certificates and keys in every form', LIMIT, () => {
  const { server, intermediate, serverChain, serverChainPem } = PKI;
  const certificates: readonly CredentialOptions['cert'][] = [
    serverChainPem,
    Buffer.from(serverChainPem),
    new TextEncoder().encode(serverChainPem),
    [server.pem, intermediate.pem],
    serverChain,
    [new X509Certificate(server.der), new X509Certificate(intermediate.der)],
    loadCertificates('cert', serverChainPem),
    `Bag Attributes\n  friendlyName: x\n${serverChainPem}`.replaceAll('\n', '\r\n'),
    server.keyPem + serverChainPem,
  ];
  const keys: readonly CredentialOptions['key'][] = [
    server.keyPem,
    Buffer.from(server.keyPem),
    server.key.export({ type: 'pkcs8', format: 'der' }),
    server.key.export({ type: 'sec1', format: 'pem' }),
    createPrivateKey(server.keyPem),
    signingKey(server.keyPem),
    { pem: server.keyPem },
    [server.keyPem],
    serverChainPem + server.keyPem,
  ];
  const check = (cert: CredentialOptions['cert'], key: CredentialOptions['key']): void => {
    const [identity, ...others] = loadIdentities({ cert, key });
    assert.equal(others.length, 0);
    assert.deepEqual(
      identity?.chain.map(({ der }) => Buffer.from(der)),
      serverChain.map((der) => Buffer.from(der)),
    );
    // ECDSA with each hash: TLS 1.2 binds none to the curve.
    assert.equal(identity?.schemes.length, 3);
  };
  for (const cert of certificates) check(cert, server.keyPem);
  for (const key of keys) check(serverChainPem, key);
});

test('every kind of key', LIMIT, () => {
  for (const kind of KEY_KINDS) {
    const { serverChainPem, server } = testPki(kind);
    assert.equal(loadIdentities({ cert: serverChainPem, key: server.keyPem }).length, 1, kind);
  }
});

test('several chains and keys find each other, in any order', LIMIT, () => {
  const [ec, rsa] = [testPki('p256'), testPki('rsa2048')];
  for (const key of [
    [ec.server.keyPem, rsa.server.keyPem],
    [rsa.server.keyPem, ec.server.keyPem],
  ]) {
    const identities = loadIdentities({ cert: [ec.serverChainPem, rsa.serverChainPem], key });
    assert.deepEqual(
      identities.map(({ chain }) => chain.map(({ der }) => Buffer.from(der))),
      [ec, rsa].map(({ serverChain }) => serverChain.map((der) => Buffer.from(der))),
    );
  }
});

test('encrypted keys', LIMIT, () => {
  const { server, serverChainPem } = PKI;
  const encrypted = server.key
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString();
  assert.equal(loadIdentities({ cert: serverChainPem, key: encrypted, passphrase: 'secret' }).length, 1);
  const key = { pem: encrypted, passphrase: 'secret' };
  assert.equal(loadIdentities({ cert: serverChainPem, key, passphrase: 'of another' }).length, 1);
  refused(
    () => loadIdentities({ cert: serverChainPem, key: encrypted }),
    'key',
    /encrypted; give its passphrase/,
  );
  refused(
    () => loadIdentities({ cert: serverChainPem, key: encrypted, passphrase: 'wrong' }),
    'key',
    /passphrase is wrong/,
  );
});

test('mistakes are named, with the option and what to do', LIMIT, () => {
  const { server, serverChainPem: cert } = PKI;
  const key = server.keyPem;
  const otherKey = makeKey('p256').export({ type: 'pkcs8', format: 'pem' }).toString();
  const silent: SigningKey = { schemes: signingKey(key).schemes, sign: () => new Uint8Array(0) };
  const cases: readonly (readonly [unknown, string, RegExp])[] = [
    [{ cert }, 'key', /expected the private key for `cert`/],
    [{ key }, 'cert', /expected the certificate for `key`/],
    [{ cert, key: otherKey }, 'key', /does not belong to the certificate of .*localhost/],
    [{ cert: 'server.pem', key }, 'cert', /"server\.pem", which looks like a file name; read the file/],
    [{ cert: '/etc/tls/server', key }, 'cert', /looks like a file name/],
    [{ cert, key: './server.key' }, 'key', /"\.\/server\.key", which looks like a file name/],
    [{ cert: 'no PEM at all', key }, 'cert', /found "no PEM at all"/],
    [{ cert: '', key }, 'cert', /found nothing/],
    [{ cert: key, key }, 'cert', /found only other PEM blocks/],
    [{ cert, key: cert }, 'key', /found a certificate/],
    [{ cert: cert.slice(0, 300), key }, 'cert', /no END line/],
    [{ cert: toPem('CERTIFICATE', server.der.subarray(0, 99)), key }, 'cert', /malformed|cannot be read/],
    [{ cert: Buffer.from('xx'), key }, 'cert', /found "xx"/],
    [{ cert: 7, key }, 'cert', /found number/],
    [{ cert: null, key }, 'cert', /found null/],
    [{ cert, key: null }, 'key', /found null/],
    [{ cert, key: { sign: () => {} } }, 'key', /list of schemes/],
    [{ identities: [null] }, 'identities', /expected \{ cert, key \}, found null/],
    [{ identities: 'server.pem' }, 'identities', /found string/],
    [{ identities: [{ cert }] }, 'key', /found undefined/],
    [{ identities: { key } }, 'cert', /found undefined/],
    [{ cert, key: [] }, 'key', /empty list/],
    [{ cert: [], key }, 'cert', /found none/],
    [{ cert, key: [key, otherKey] }, 'key', /1 of 2 keys/],
    [
      { cert: [PKI.intermediate.pem, server.pem], key: [key, otherKey] },
      'cert',
      /no key belongs to the first/,
    ],
    [{ cert, key: [key, silent] }, 'key', /pair them in identities/],
    [{ cert, key: testPki('rsa2048').server.keyPem }, 'key', /does not belong/],
  ];
  for (const [options, option, message] of cases) {
    refused(() => loadIdentities(options as CredentialOptions), option, message);
  }
  refused(() => loadIdentity({ cert, key: otherKey }), 'key', /does not belong/);
});

test('a key without a public half is taken at its word', LIMIT, () => {
  const silent: SigningKey = {
    schemes: signingKey(PKI.server.keyPem).schemes,
    sign: () => new Uint8Array(0),
  };
  assert.equal(loadIdentities({ cert: PKI.serverChainPem, key: silent }).length, 1);
});

test('without `ca` the root store decides; an empty list trusts nobody', LIMIT, async (t) => {
  const server = createServer(SERVER);
  const port = await listen(t, server);
  for (const ca of [undefined, []]) {
    const error = (await failure(connectTo(t, port, { ca }))) as TlsError;
    assert.equal(error.code, 'ERR_UNKNOWN_CA');
  }
});
