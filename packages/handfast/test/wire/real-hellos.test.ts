/** Hellos that others wrote decode, and encode to the same bytes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { type Codec, decode, encode } from '../../src/wire/codec.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import { HANDSHAKE_HEADER_LENGTH, messageFields } from '../../src/wire/messages/index.ts';
import {
  decodeServerHello,
  helloRetryRequest,
  serverHello,
  serverHello12,
} from '../../src/wire/messages/server-hello.ts';
import { HandshakeType } from '../../src/wire/registry.ts';
import { readTraces, TRACES_FILE } from '../support/rfc8448.ts';
import { vectorTest } from '../support/vectors.ts';

const SERVER_HELLOS = {
  ServerHello: serverHello,
  HelloRetryRequest: helloRetryRequest,
  ServerHello12: serverHello12,
};

function assertSameBytes(message: Uint8Array): void {
  const body = message.slice(HANDSHAKE_HEADER_LENGTH);
  if (message[0] === HandshakeType.client_hello) {
    assert.deepEqual(encode(clientHello, decode(clientHello, 'ClientHello', body)), body);
  } else {
    const { kind, hello } = decodeServerHello(body);
    assert.deepEqual(encode(SERVER_HELLOS[kind] as Codec<unknown>, hello), body);
  }
  assert(messageFields(message) !== undefined);
}

vectorTest('every hello of RFC 8448', TRACES_FILE, {}, (path) => {
  let count = 0;
  for (const { hellos } of readTraces(path).values()) {
    for (const hello of hellos) {
      assertSameBytes(hello);
      count++;
    }
  }
  assert(count >= 14, `${count} hellos`);
});

/** The types do not know of `requestOCSP` here. */
type ClientOptions = ConnectionOptions & { readonly requestOCSP?: boolean };

/** The first ClientHello of this Node's own client. */
async function capture(options: ClientOptions): Promise<Uint8Array> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ ...options, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  client.on('error', () => {});
  try {
    const [socket] = await once(server, 'connection');
    let bytes = Buffer.alloc(0);
    while (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) {
      const [chunk] = await once(socket, 'data');
      bytes = Buffer.concat([bytes, chunk]);
    }
    socket.destroy();
    return new Uint8Array(bytes.subarray(5, 5 + bytes.readUInt16BE(3)));
  } finally {
    client.destroy();
    server.close();
  }
}

const CLIENTS: readonly (readonly [string, ClientOptions])[] = [
  ['by default', {}],
  ['with a name and protocols', { servername: 'www.example.com', ALPNProtocols: ['h2', 'http/1.1'] }],
  ['with an OCSP request', { servername: 'a.example', requestOCSP: true }],
  ['for TLS 1.2 only', { maxVersion: 'TLSv1.2' }],
  ['for TLS 1.3 only, with two groups', { minVersion: 'TLSv1.3', ecdhCurve: 'P-256:X25519' }],
];
for (const [what, options] of CLIENTS) {
  test(`the ClientHello of node:tls ${what}`, { timeout: 10_000 }, async () => {
    const message = await capture(options);
    assert.equal(message[0], HandshakeType.client_hello);
    assertSameBytes(message);
    const { extensions } = decode(clientHello, 'ClientHello', message.slice(HANDSHAKE_HEADER_LENGTH));
    assert.equal(extensions.serverName, options.servername);
    const protocols = options.ALPNProtocols as readonly string[] | undefined;
    assert.deepEqual(
      extensions.applicationLayerProtocolNegotiation?.map((name) => String.fromCharCode(...name)),
      protocols,
    );
    assert.equal(extensions.statusRequest?.statusType, options.requestOCSP === true ? 1 : undefined);
    assert.equal(extensions.supportedVersions?.includes(0x0304) ?? false, options.maxVersion !== 'TLSv1.2');
  });
}
