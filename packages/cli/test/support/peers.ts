/** Certificates, and servers of other make, for the tests of the command. */
import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { Authority, type Credential, type KeyKind, validFor } from '../../src/authority.ts';

export interface Pki {
  readonly ca: Authority;
  readonly server: Credential;
  readonly client: Credential;
}

const VALIDITY = validFor(2);

export function serverCredential(
  ca: Authority,
  hosts: readonly string[] = ['localhost', '127.0.0.1', '::1'],
  kind: KeyKind = 'ECDSA P-256',
): Promise<Credential> {
  return ca.leaf({ name: hosts[0] as string, hosts, usage: 'server', kind, validity: VALIDITY });
}

export async function makePki(rootName = 'Test Root'): Promise<Pki> {
  const ca = await Authority.root(rootName, 'ECDSA P-256', VALIDITY);
  return {
    ca,
    server: await serverCredential(ca),
    client: await ca.leaf({ name: 'Ada', usage: 'client', kind: 'ECDSA P-256', validity: VALIDITY }),
  };
}

/** The private key as PEM, for files that a test writes. */
export function keyPem({ key }: Credential): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

async function listen(t: TestContext, server: Server, sockets: Set<Socket>): Promise<number> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server on node:tls; answers its port. */
export function tlsServer(
  t: TestContext,
  options: TlsOptions,
  onConnection: (socket: TLSSocket) => void,
): Promise<number> {
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.on('tlsClientError', () => {});
  return listen(t, server, new Set());
}

/** A TCP server without TLS; answers its port. */
export function plainServer(t: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  return listen(t, createPlainServer({ allowHalfOpen: true }, onConnection), new Set());
}
