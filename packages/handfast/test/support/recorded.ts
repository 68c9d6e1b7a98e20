/** Conversations that can be repeated: with fixed randoms, keys and signatures, all bytes follow from the peer's. */
import {
  type ConnectionHandlers,
  createClientConnection,
  createServerConnection,
  type TlsConnection,
} from '../../src/connection.ts';
import { clientConfig, serverConfig } from '../../src/handshake/config.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';
import type { Role, TraceEvent } from '../../src/trace/events.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import { NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import { sampleSource } from '../wire/support.ts';
import { flow12, mutual, withMore } from './flows12.ts';
import { accepting, identityOf } from './identities.ts';
import { Later, lateSides } from './later.ts';
import { clientOptions, other, Pair, type PairOptions, serverOptions, text } from './pair.ts';
import { seededProvider } from './seeded.ts';
import { type Acquainted, acquainted, later as afterwards, withEarlyData } from './sessions.ts';

/** The conversations of TLS 1.3. */
export const RECORDED_13 = ['plain', 'client certificate', 'HelloRetryRequest', 'cookie'] as const;

/** Those of sides that have met before. */
export const RECORDED_SESSIONS = ['session', 'early data'] as const;

/** Those of TLS 1.2, by its key exchange, and what is different about it. */
export const RECORDED_12 = [
  'ECDHE, AEAD',
  'ECDHE, CBC, client certificate',
  'DHE, AEAD',
  'RSA, CBC, encrypt-then-MAC',
  'RSA, CBC, client certificate',
] as const;

type FlowName13 = (typeof RECORDED_13)[number] | (typeof RECORDED_SESSIONS)[number];
export type FlowName = FlowName13 | (typeof RECORDED_12)[number];

/** One time for all, since it stands in cookies. */
const NOW = Date.now();

/** Both sides with fixed randoms, keys and signatures. */
function seeded(flow: PairOptions): PairOptions {
  return withMore(flow, {
    client: { provider: seededProvider(1), applicationProtocols: ['h2'] },
    server: { provider: seededProvider(2), applicationProtocols: ['h2'] },
  });
}

const SMALL = { client: { maxFragmentLength: 200 }, server: { maxFragmentLength: 200 } };

const FLOWS_12: Readonly<Record<(typeof RECORDED_12)[number], () => PairOptions>> = {
  'ECDHE, AEAD': () => flow12('TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', { kind: 'ed25519' }),
  'ECDHE, CBC, client certificate': () =>
    withMore(
      mutual(
        flow12('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', { kind: 'ed25519', isMacInside: true }),
        'ed25519',
      ),
      SMALL,
    ),
  'DHE, AEAD': () => {
    const signatureSchemes = [SignatureScheme.rsa_pkcs1_sha256];
    const flow = flow12('TLS_DHE_RSA_WITH_AES_256_GCM_SHA384');
    return withMore(flow, { client: { signatureSchemes }, server: { signatureSchemes } });
  },
  'RSA, CBC, encrypt-then-MAC': () => flow12('TLS_RSA_WITH_AES_128_CBC_SHA'),
  'RSA, CBC, client certificate': () =>
    withMore(mutual(flow12('TLS_RSA_WITH_AES_256_CBC_SHA256', { isMacInside: true }), 'ed25519'), SMALL),
};

/** The options of a flow, with providers that start anew. */
function flowOptions(flow: FlowName): PairOptions {
  return isFlow12(flow) ? seeded(FLOWS_12[flow]()) : flowOptions13(flow);
}

function isFlow12(flow: FlowName): flow is (typeof RECORDED_12)[number] {
  return flow in FLOWS_12;
}

/** Equal to itself also where it answers late. */
const verifier: PeerVerifier = { ...accepting, settings: new Uint8Array(32) };
const ED25519: PairOptions = {
  client: { verifier, now: () => NOW, applicationProtocols: ['h2'] },
  server: { now: () => NOW, identities: [identityOf('server', 'ed25519')], applicationProtocols: ['h2'] },
};
let met: Acquainted | undefined;

/** Sides that have met before, once for all. */
function resumedFlow(flow: (typeof RECORDED_SESSIONS)[number]): PairOptions {
  met ??= acquainted(ED25519);
  const seeds = { client: { provider: seededProvider(1) }, server: { provider: seededProvider(2) } };
  const options = afterwards(met, seeds);
  return flow === 'session' ? options : withEarlyData(options, text('early'));
}

function flowOptions13(flow: FlowName13): PairOptions {
  if (flow === 'session' || flow === 'early data') return resumedFlow(flow);
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

/**
 * A connection of this flow, which will do the same again.
 * @param change what else is done to its options.
 */
export function freshConnection(
  flow: FlowName,
  role: Role,
  handlers: ConnectionHandlers,
  change: (options: PairOptions) => PairOptions = (options) => options,
): TlsConnection {
  const { client, server, target = { name: 'localhost' } } = change(flowOptions(flow));
  return role === 'client'
    ? createClientConnection(clientConfig(clientOptions(client)), target, handlers)
    : createServerConnection(serverConfig(serverOptions(server)), handlers);
}

/** All that the peer of `role` has to say in one connection, to its end; `role` only answers. */
export function recordedStream(flow: FlowName, role: Role): Uint8Array {
  const pair = new Pair({ ...flowOptions(flow), handlers: { server: { onEarlyData: () => {} } } }).run();
  const peer = pair.side(other(role));
  const is13 = !isFlow12(flow);
  peer.send(text('hello'));
  if (is13) peer.updateKeys(true);
  peer.send(new Uint8Array(1000).fill(7));
  if (is13 && role === 'client') {
    const [ticketNonce, ticket] = [new Uint8Array(2), new Uint8Array(100).fill(1)];
    peer.sendNewSessionTicket({ ticketLifetime: 60, ticketAgeAdd: 1, ticketNonce, ticket, extensions: {} });
  }
  if (is13) peer.updateKeys(false);
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

/** What a connection's handlers note. */
function noting(events: string[], trace: string[] | undefined): ConnectionHandlers {
  return {
    onData: (data) => void events.push(`data ${toHex(data)}`),
    onEarlyData: (data) => void events.push(`early ${toHex(data)}`),
    onEstablished: ({ cipherSuite, group, applicationProtocol, resumed, earlyData }) =>
      void events.push(`established ${cipherSuite} ${group} ${applicationProtocol} ${resumed} ${earlyData}`),
    onEnd: () => void events.push('end'),
    onError: ({ code, message }) => void events.push(`error ${code} ${message}`),
    ...(trace && { onTrace: (event) => void trace.push(printed(event)) }),
  };
}

/** Feeds a fresh connection, piece by piece. */
export function observe(
  flow: FlowName,
  role: Role,
  pieces: Iterable<Uint8Array>,
  watch: { readonly trace: boolean } = { trace: false },
): Observation {
  const [events, trace]: [string[], string[]] = [[], []];
  const connection = freshConnection(flow, role, noting(events, watch.trace ? trace : undefined));
  const outgoing: Uint8Array[] = [];
  for (const piece of pieces) {
    connection.receive(piece);
    outgoing.push(...connection.takeOutgoing());
  }
  outgoing.push(...connection.takeOutgoing());
  return { events, trace, outgoing: toHex(concat(...outgoing)), error: connection.error, connection };
}

/** The same with everything answering late, in an order that follows from `seed`, while pieces still arrive. */
export async function observeLate(
  flow: FlowName,
  role: Role,
  pieces: Iterable<Uint8Array>,
  seed: number,
): Promise<Omit<Observation, 'trace'>> {
  const later = new Later();
  const { below } = sampleSource(seed);
  const events: string[] = [];
  const connection = freshConnection(flow, role, noting(events, undefined), (options) =>
    lateSides(options, later),
  );
  const outgoing: Uint8Array[] = [];
  const settle = async (): Promise<void> => {
    later.release(below(later.size));
    await new Promise((resolve) => setImmediate(resolve));
    outgoing.push(...connection.takeOutgoing());
  };
  for (const piece of pieces) {
    connection.receive(piece);
    while (later.size > 0 && below(2) === 0) await settle();
  }
  while (later.size > 0) await settle();
  outgoing.push(...connection.takeOutgoing());
  return { events, outgoing: toHex(concat(...outgoing)), error: connection.error, connection };
}
