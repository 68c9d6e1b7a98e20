/** handfast with itself in one process and without sockets: what the handshake itself costs each side. */
import {
  CipherSuite,
  createClientConnection,
  createServerConnection,
  NamedGroup,
  type TlsConnection,
} from 'handfast';
import { clientTlsConfig, serverTlsConfig } from 'handfast/node';
import type { Setup } from './setup.ts';

/** Microseconds per handshake, with each side's share. */
export interface MemorySample {
  readonly client: number;
  readonly server: number;
}

const PARAMETERS = {
  groups: [NamedGroup.x25519],
  cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256],
} as const;

/** Full handshakes, one after the other. node:crypto answers at once, so each is complete when the loop ends. */
export function memoryHandshakes(setup: Setup, count: number): MemorySample {
  const clientConfig = clientTlsConfig({ ...PARAMETERS, ca: setup.rootPem });
  const serverConfig = serverTlsConfig({ ...PARAMETERS, cert: setup.chainPem, key: setup.keyPem });
  const spent = { client: 0, server: 0 };
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    const client = createClientConnection(clientConfig, { name: setup.name });
    spent.client += performance.now() - started;
    const server = createServerConnection(serverConfig);
    while (client.established === undefined || server.established === undefined) {
      spent.server += pass(client, server);
      spent.client += pass(server, client);
    }
  }
  return { client: (spent.client * 1000) / count, server: (spent.server * 1000) / count };
}

/** Gives what one side has to say to the other. Answers the milliseconds that the other took. */
function pass(from: TlsConnection, to: TlsConnection): number {
  const bytes = from.takeOutgoing();
  const started = performance.now();
  for (const piece of bytes) to.receive(piece);
  const took = performance.now() - started;
  const error = from.error ?? to.error;
  if (error !== undefined) throw error;
  if (bytes.length === 0 && to.established === undefined && from.established === undefined) {
    throw new Error('the handshake stands still');
  }
  return took;
}
