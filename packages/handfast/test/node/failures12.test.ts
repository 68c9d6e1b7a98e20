/** Failures of TLS 1.2 connections: each side learns why, from handfast and from node:tls alike. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { createServer } from '../../src/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { CipherSuite } from '../../src/wire/registry.ts';
import { issue, testPki } from '../support/pki.ts';
import { connected, connectTo, failure, listen, PKI, readAll, SERVER } from './support.ts';

const LIMIT = { timeout: 10_000 };
const TLS12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

/** How a failed handshake ended on a server of either make. */
async function clientError(server: Server): Promise<Error & { readonly code?: string }> {
  const [error] = (await once(server, 'tlsClientError')) as [Error & { code?: string }];
  return error;
}

/** A client of node:tls that speaks TLS 1.2. */
function nodeClient(t: TestContext, port: number, options: tls.ConnectionOptions = {}): tls.TLSSocket {
  const where = { port, host: '127.0.0.1', servername: 'localhost', ca: PKI.root.pem };
  const client = tls.connect({ ...where, ...TLS12, ...options });
  t.after(() => client.destroy());
  return client;
}

test('a client that refuses the certificate tells the server why', LIMIT, async (t) => {
  const stranger = issue({ subject: 'stranger', ca: true });
  for (const server of [
    createServer({ ...SERVER, ...TLS12 }),
    tls.createServer({ ...SERVER, ...TLS12 } as tls.TlsOptions),
  ]) {
    const failed = clientError(server);
    const client = connectTo(t, await listen(t, server), { ca: stranger.pem });
    const error = await failure(client);
    assert.equal(error.code, 'ERR_UNKNOWN_CA');
    assert.equal(client.authorizationError, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
    assert.equal(client.authorized, false);
    const told = await failed;
    const alert = told instanceof TlsError ? String(told.context.alertReceived) : told.code;
    assert.match(String(alert), /unknown_ca/i);
  }
});

test('a missing client certificate: the handshake fails on both sides', LIMIT, async (t) => {
  const server = createServer({ ...SERVER, ...TLS12, requestCert: true, ca: PKI.root.pem });
  const port = await listen(t, server);
  for (const client of [connectTo(t, port), nodeClient(t, port)]) {
    const [error, refusal] = await Promise.all([failure(client), clientError(server)]);
    assert.equal(refusal.code, 'ERR_NO_CERTIFICATE');
    const alert = error instanceof TlsError ? String(error.context.alertReceived) : error.code;
    assert.match(String(alert), /handshake_failure/i);
  }
});

test('a client certificate of an unknown authority is refused', LIMIT, async (t) => {
  const { clientChainPem: cert, client } = testPki('ed25519');
  const server = createServer({ ...SERVER, ...TLS12, requestCert: true, ca: PKI.root.pem });
  const port = await listen(t, server);
  const identity = { cert, key: client.keyPem };
  for (const socket of [connectTo(t, port, identity), nodeClient(t, port, identity)]) {
    const [error, refusal] = await Promise.all([failure(socket), clientError(server)]);
    assert.equal(refusal.code, 'ERR_UNKNOWN_CA');
    const alert = error instanceof TlsError ? String(error.context.alertReceived) : error.code;
    assert.match(String(alert), /unknown_ca/i);
  }
});

test('nothing in common: the server says what both sides have', LIMIT, async (t) => {
  const suite = CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;
  const server = createServer({ ...SERVER, ...TLS12, cipherSuites: [suite] });
  const port = await listen(t, server);
  const failed = clientError(server);
  const error = await failure(nodeClient(t, port, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }));
  assert.match(String(error.code), /HANDSHAKE_FAILURE/);
  const refusal = await failed;
  assert.equal(refusal.code, 'ERR_NO_SHARED_CIPHER_SUITE');
  assert.match(refusal.message, /AES_128_GCM_SHA256.*; the server takes \w+CHACHA20_POLY1305_SHA256$/);
});

test('an end without close_notify is an error, after the data before it', LIMIT, async (t) => {
  const { client, server } = await connected(t, { server: TLS12 });
  assert.equal(client.getProtocol(), 'TLSv1.2');
  server.write('half of it', () => server.transport.destroy());
  const [data, error] = await Promise.all([
    once(client, 'data').then(([chunk]) => String(chunk)),
    failure(client),
  ]);
  assert.equal(data, 'half of it');
  assert.equal(error.code, 'ERR_TRUNCATED');
});

test('keys cannot be renewed, and the connection goes on', LIMIT, async (t) => {
  const { client, server } = await connected(t, { server: TLS12 });
  assert.throws(() => client.updateKeys(), { code: 'ERR_CONFIG', message: /needs TLSv1\.3/ });
  server.pipe(server);
  client.end('all the same');
  assert.equal((await readAll(client)).toString(), 'all the same');
});
