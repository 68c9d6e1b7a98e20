/** Conversations that can be repeated: with fixed randoms, keys and signatures, all bytes follow from the peer's. */
import {
  type ConnectionHandlers,
  createClientConnection,
  createServerConnection,
  type TlsConnection,
} from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { clientConfig, serverConfig } from '../../src/handshake/config.ts';
import type { Role, TraceEvent } from '../../src/trace/events.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { sampleSource } from '../wire/support.ts';
import { identityOf } from './identities.ts';
import { clientOptions, other, Pair, type PairOptions, serverOptions, text } from './pair.ts';
import { fixedKeyExchange } from './rfc8448.ts';

/** A provider whose choices follow from a seed. Ed25519 keys sign without any. */
function seededProvider(seed: number): CryptoProvider {
  const { below } = sampleSource(seed);
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256));
  const exchanges = [NamedGroup.x25519, NamedGroup.secp256r1].map((group) =>
    fixedKeyExchange(group, random(32)),
  );
  return {
    ...nodeProvider,
    random,
    groups: new Map(exchanges.map((exchange) => [exchange.group, exchange])),
  };
}

export type FlowName = 'plain' | 'client certificate' | 'HelloRetryRequest' | 'cookie';

/** One time for all, since it stands in cookies. */
const NOW = Date.now();

/** The options of a flow, with providers that start anew. */
function flowOptions(flow: FlowName): PairOptions {
  const small = { maxFragmentLength: 200, padding: (length: number) => length % 7 };
  return {
    client: {
      provider: seededProvider(1),
      identities: [identityOf('client', 'ed25519')],
      applicationProtocols: ['h2'],
      ...(flow === 'client certificate' ? small : {}),
    },
    server: {
      provider: seededProvider(2),
      now: () => NOW,
      identities: [identityOf('server', 'ed25519')],
      applicationProtocols: ['h2'],
      clientAuthentication: flow === 'client certificate' ? 'require' : 'none',
      ...(flow === 'client certificate' ? small : {}),
      ...(flow === 'HelloRetryRequest' ? { groups: [NamedGroup.secp256r1] } : {}),
      ...(flow === 'cookie' ? { cookieSecret: new Uint8Array(32), alwaysRetry: true } : {}),
    },
  };
}

/** A connection of this flow, which will do the same again. */
export function freshConnection(flow: FlowName, role: Role, handlers: ConnectionHandlers): TlsConnection {
  const { client, server } = flowOptions(flow);
  return role === 'client'
    ? createClientConnection(clientConfig(clientOptions(client)), { name: 'localhost' }, handlers)
    : createServerConnection(serverConfig(serverOptions(server)), handlers);
}

/** All that the peer of `role` has to say in one connection, to its end; `role` only answers. */
export function recordedStream(flow: FlowName, role: Role): Uint8Array {
  const pair = new Pair(flowOptions(flow)).run();
  const peer = pair.side(other(role));
  peer.send(text('hello'));
  peer.updateKeys(true);
  peer.send(new Uint8Array(1000).fill(7));
  if (role === 'client') {
    const [ticketNonce, ticket] = [new Uint8Array(2), new Uint8Array(100).fill(1)];
    peer.sendNewSessionTicket({ ticketLifetime: 60, ticketAgeAdd: 1, ticketNonce, ticket, extensions: {} });
  }
  peer.updateKeys(false);
  peer.send(text('goodbye'));
  peer.close();
  pair.run();
  return concat(...pair.sent[other(role)]);
}

/** Everything that can be seen of a connection from outside, in a form that can be compared. */
export interface Observation {
  /** Calls of handlers, with what they were given. */
  readonly events: string[];
  readonly trace: string[];
  readonly outgoing: string;
  readonly error: TlsConnection['error'];
  readonly connection: TlsConnection;
}

function printable(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Error) return `${value.name} ${value.message}`;
  return typeof value === 'bigint' ? String(value) : value;
}

export const printed = (event: TraceEvent): string => JSON.stringify(event, printable);

/** Feeds a fresh connection, piece by piece. */
export function observe(
  flow: FlowName,
  role: Role,
  pieces: Iterable<Uint8Array>,
  watch: { readonly trace: boolean } = { trace: false },
): Observation {
  const events: string[] = [];
  const trace: string[] = [];
  const connection = freshConnection(flow, role, {
    onData: (data) => void events.push(`data ${toHex(data)}`),
    onEstablished: ({ cipherSuite, group, applicationProtocol }) =>
      void events.push(`established ${cipherSuite} ${group} ${applicationProtocol}`),
    onEnd: () => void events.push('end'),
    onError: ({ code, message }) => void events.push(`error ${code} ${message}`),
    ...(watch.trace && { onTrace: (event) => void trace.push(printed(event)) }),
  });
  const outgoing: Uint8Array[] = [];
  for (const piece of pieces) {
    connection.receive(piece);
    outgoing.push(...connection.takeOutgoing());
  }
  outgoing.push(...connection.takeOutgoing());
  return { events, trace, outgoing: toHex(concat(...outgoing)), error: connection.error, connection };
}
