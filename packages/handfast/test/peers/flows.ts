/** The handshakes that peers misbehave in: every way through both versions. Each call makes one anew, so that no case leaves anything to the next. */
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import { POLICIES, type Policy } from '../../src/policy/policies.ts';
import type { ExternalPsk } from '../../src/session/external-psk.ts';
import { MemoryClientSessions, MemorySessionStore } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { ascii } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { flow12, mutual, withMore } from '../support/flows12.ts';
import { identityOf } from '../support/identities.ts';
import { CLASSICAL_GROUPS, type PairOptions, text } from '../support/pair.ts';
import { type Acquainted, acquainted, withEarlyData } from '../support/sessions.ts';

const client: Partial<ClientOptions> = { applicationProtocols: ['ours', 'theirs'] };
const server: Partial<ServerOptions> = { applicationProtocols: ['ours'] };

const psk: ExternalPsk = { identity: ascii('sensor 7'), key: new Uint8Array(32).fill(1) };
const COOKIE_SECRET = new Uint8Array(32).fill(3);

/** Extensions and staples that servers may show when asked. */
const OCSP_RESPONSE = new Uint8Array(20).fill(6);
const TIMESTAMPS = [new Uint8Array(40).fill(7)];
const stapling = {
  ...identityOf('server'),
  ocspResponse: OCSP_RESPONSE,
  signedCertificateTimestamps: TIMESTAMPS,
};

/** What both sides remember of an earlier connection of TLS 1.2. */
function acquainted12(kind: 'ticket' | 'id'): Acquainted {
  const store = kind === 'id' ? { store: new MemorySessionStore({ now: Date.now }) } : {};
  const flow = plain12();
  return acquainted({
    client: { ...flow.client, ...client },
    server: {
      ...flow.server,
      ...server,
      tickets: { keys: new TicketKeyRing({ provider: nodeProvider }), ...store },
      earlyData: undefined as never,
    },
  });
}

function plain12(): PairOptions {
  return withMore(flow12('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'), { client, server });
}

/** Both versions, as most clients and servers have them. */
const BOTH: Policy = {
  ...POLICIES['intermediate-2026'],
  groups: CLASSICAL_GROUPS,
  keyShares: [NamedGroup.x25519],
};
const both = { policy: BOTH };

export const FLOWS = {
  'TLS 1.3': () => ({ client, server }),
  'TLS 1.3 with a HelloRetryRequest': () => ({
    client,
    server: { ...server, groups: [NamedGroup.secp256r1] },
  }),
  'TLS 1.3 with a cookie': () => ({
    client,
    server: { ...server, cookieSecret: COOKIE_SECRET, alwaysRetry: true },
  }),
  'TLS 1.3 with a client certificate': () => ({
    client: { ...client, identities: [identityOf('client')] },
    server: { ...server, clientAuthentication: 'require' },
  }),
  'TLS 1.3 with a client certificate that may be left out': () => ({
    client,
    server: { ...server, clientAuthentication: 'request' },
  }),
  'TLS 1.3 with staples': () => ({ client, server: { ...server, identities: [stapling] } }),
  'TLS 1.3 with tickets': () => ({
    client: { ...client, sessions: new MemoryClientSessions() },
    server: { ...server, tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) } },
  }),
  'TLS 1.3 resumed': () => acquainted({ client, server }),
  'TLS 1.3 with an external key': () => ({
    client: { ...client, psks: [psk] },
    server: { ...server, psks: [psk] },
  }),
  'TLS 1.3 with an external key alone': () => ({
    client: { ...client, psks: [psk], pskKeyExchangeModes: ['psk_ke'] },
    server: { ...server, psks: [psk], pskKeyExchangeModes: ['psk_ke'] },
  }),
  'early data': () => withEarlyData(acquainted({ client, server }), text('early')),
  'early data refused': () => {
    const known = withEarlyData(acquainted({ client, server }), text('early'));
    const { earlyData: _, ...rest } = known.server;
    return { ...known, server: rest };
  },
  'TLS 1.2': plain12,
  'TLS 1.2 with an RSA certificate': () =>
    withMore(flow12('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'), { client, server }),
  'TLS 1.2 with DHE': () => withMore(flow12('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'), { client, server }),
  'TLS 1.2 with RSA key transport': () =>
    withMore(flow12('TLS_RSA_WITH_AES_128_GCM_SHA256'), { client, server }),
  'TLS 1.2 with ChaCha20': () => flow12('TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'),
  'TLS 1.2 with CBC': () => flow12('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', { isMacInside: true }),
  'TLS 1.2 with CBC, encrypt-then-MAC': () => flow12('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'),
  'TLS 1.2 with a client certificate': () => mutual(plain12()),
  'TLS 1.2 with a client certificate that may be left out': () =>
    withMore(plain12(), { client: { identities: [] }, server: { clientAuthentication: 'request' } }),
  'TLS 1.2 with staples': () => withMore(plain12(), { server: { identities: [stapling] } }),
  'TLS 1.2 with tickets': () =>
    withMore(plain12(), {
      client: { sessions: new MemoryClientSessions() },
      server: { tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) } },
    }),
  'TLS 1.2 resumed by a ticket': () => acquainted12('ticket'),
  'TLS 1.2 resumed by its id': () => acquainted12('id'),
  'TLS 1.2 of a client that speaks both': () => ({
    client: { ...client, ...both },
    server: { ...server, ...both, versions: ['TLSv1.2'] },
  }),
  'TLS 1.2 of a server that speaks both': () => ({
    client: { ...client, ...both, versions: ['TLSv1.2'] },
    server: { ...server, ...both },
  }),
  'TLS 1.3 of sides that speak both': () => ({
    client: { ...client, ...both },
    server: { ...server, ...both },
  }),
} as const satisfies Readonly<Record<string, () => PairOptions>>;

export type FlowName = keyof typeof FLOWS;
