/** The two stacks that are compared, behind one small interface, set up as alike as they can be. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type AddressInfo,
  createServer as createNetServer,
  connect as netConnect,
  type Server,
} from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { CipherSuite, NamedGroup } from 'handfast';
import { clientTlsConfig, connect, createServer } from 'handfast/node';
import type { Setup } from './setup.ts';

/** `tcp` is no TLS at all: what the sockets and the event loop cost. */
export const STACK_NAMES = ['node:tls', 'handfast', 'tcp'] as const;
export type StackName = (typeof STACK_NAMES)[number];

export interface Stack {
  /** Answers the port on loopback; `onConnection` gets established connections. */
  listen(setup: Setup, onConnection: (socket: Duplex) => void): Promise<number>;
  /** Prepares once what all connections share; the function then makes one each time. */
  dialer(setup: Setup, port: number): () => Promise<Duplex>;
}

const HOST = '127.0.0.1';

async function start(server: Server): Promise<number> {
  server.listen(0, HOST);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const handfast: Stack = {
  listen({ chainPem, keyPem }, onConnection) {
    const server = createServer({
      cert: chainPem,
      key: keyPem,
      groups: [NamedGroup.x25519],
      cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256],
      noDelay: true,
    });
    server.on('secureConnection', onConnection);
    return start(server);
  },
  dialer({ name, rootPem }, port) {
    const config = clientTlsConfig({
      ca: rootPem,
      groups: [NamedGroup.x25519],
      cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256],
    });
    return async () => {
      const socket = connect({ config, host: HOST, port, servername: name, noDelay: true });
      await once(socket, 'secureConnect');
      return socket;
    };
  },
};

const PARAMETERS = {
  minVersion: 'TLSv1.3',
  ecdhCurve: 'X25519',
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const;

/**
 * A server of `node:tls` sends two tickets in every handshake, and there is no option against it; the client uses
 * none of them.
 */
const nodeTls: Stack = {
  listen({ chainPem, keyPem }, onConnection) {
    const server = tls.createServer({ ...PARAMETERS, cert: chainPem, key: keyPem, noDelay: true });
    server.on('secureConnection', onConnection);
    return start(server);
  },
  dialer({ name, rootPem }, port) {
    const secureContext = tls.createSecureContext({ ...PARAMETERS, ca: rootPem });
    return async () => {
      const socket = tls.connect({ secureContext, host: HOST, port, servername: name });
      socket.setNoDelay(true);
      await once(socket, 'secureConnect');
      assert.equal(socket.isSessionReused(), false);
      assert.equal(socket.getCipher().name, PARAMETERS.ciphers);
      return socket;
    };
  },
};

const tcp: Stack = {
  listen(_setup, onConnection) {
    return start(createNetServer({ noDelay: true }, onConnection));
  },
  dialer(_setup, port) {
    return async () => {
      const socket = netConnect({ host: HOST, port, noDelay: true });
      await once(socket, 'connect');
      return socket;
    };
  },
};

export const STACKS: Readonly<Record<StackName, Stack>> = { 'node:tls': nodeTls, handfast, tcp };
