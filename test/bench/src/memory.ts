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

/** Microseconds of CPU time per handshake, on each side. */
export interface MemorySample {
  readonly client: number;
  readonly server: number;
}

const PARAMETERS = {
  groups: [NamedGroup.x25519],
  cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256],
} as const;

/** Microseconds. Unlike the time on the clock they do not grow when the machine has other work. */
function cpuSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return user + system;
}

/** Full handshakes, one after the other. node:crypto answers at once, so each is complete when the loop ends. */
export function memoryHandshakes(setup: Setup, count: number): MemorySample {
  const clientConfig = clientTlsConfig({ ...PARAMETERS, ca: setup.rootPem });
  const serverConfig = serverTlsConfig({ ...PARAMETERS, cert: setup.chainPem, key: setup.keyPem });
  const spent = { client: 0, server: 0 };
  for (let i = 0; i < count; i++) {
    const started = process.cpuUsage();
    const client = createClientConnection(clientConfig, { name: setup.name });
    spent.client += cpuSince(started);
    const server = createServerConnection(serverConfig);
    while (client.established === undefined || server.established === undefined) {
      spent.server += pass(client, server);
      spent.client += pass(server, client);
    }
  }
  return { client: spent.client / count, server: spent.server / count };
}

/** Gives what one side has to say to the other. Answers the CPU time that the other took. */
function pass(from: TlsConnection, to: TlsConnection): number {
  const bytes = from.takeOutgoing();
  const started = process.cpuUsage();
  for (const piece of bytes) to.receive(piece);
  const took = cpuSince(started);
  const error = from.error ?? to.error;
  if (error !== undefined) throw error;
  if (bytes.length === 0 && to.established === undefined && from.established === undefined) {
    throw new Error('the handshake stands still');
  }
  return took;
}
