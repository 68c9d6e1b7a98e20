/** Resumption in TLS 1.2: by ticket and by id, and when a full handshake takes its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import type { Messages } from '../../src/handshake/messages.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import type { ClientSession } from '../../src/session/session.ts';
import { MemoryClientSessions, MemorySessionStore } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { CipherSuite } from '../../src/wire/registry.ts';
import { rsaServer } from '../support/flows12.ts';
import { identityOf, trusting } from '../support/identities.ts';
import { CLASSICAL_GROUPS, Pair, type PairOptions } from '../support/pair.ts';

const policy = {
  ...POLICIES['legacy-2026'],
  groups: CLASSICAL_GROUPS,
  keyShares: CLASSICAL_GROUPS.slice(0, 1),
};

/** A client and a server of TLS 1.2 that keep sessions: in tickets, or in a store. */
class Endpoints {
  now = Date.UTC(2026, 10, 24);
  readonly client: Partial<ClientOptions>;
  readonly server: Partial<ServerOptions>;

  constructor(kind: 'tickets' | 'ids' = 'tickets', server: Partial<ServerOptions> = {}) {
    const now = (): number => this.now;
    const shared = { now, policy, verifier: trusting() };
    this.client = { ...shared, sessions: new MemoryClientSessions(), versions: ['TLSv1.2'] };
    const keys = new TicketKeyRing({ provider: nodeProvider });
    const store = kind === 'ids' ? { store: new MemorySessionStore({ now }) } : {};
    this.server = { ...shared, tickets: { keys, ...store }, ...server };
  }

  connect(
    changes: { client?: Partial<ClientOptions>; server?: Partial<ServerOptions> } & Omit<
      PairOptions,
      'client' | 'server'
    > = {},
  ): Pair {
    const { client, server, ...options } = changes;
    const pair = new Pair({
      trace: true,
      ...options,
      client: { ...this.client, ...client },
      server: { ...this.server, ...server },
    });
    return pair.run();
  }
}

function resumed(pair: Pair): boolean {
  const { client, server } = pair;
  assert.equal(client.error, undefined, client.error?.message);
  assert.equal(server.error, undefined, server.error?.message);
  assert.ok(client.established && server.established);
  assert.equal(client.established.version, 'TLSv1.2');
  assert.equal(client.established.resumed, server.established.resumed);
  const [a, b] = [client, server].map((side) => side.exportKeyingMaterial('EXPORTER-x', undefined, 32));
  assert.deepEqual(a, b);
  client.send(Uint8Array.of(1));
  server.send(Uint8Array.of(2));
  pair.run();
  assert.equal(pair.events.filter(({ type }) => type === 'data').length, 2);
  return client.established.resumed;
}

const messagesOf = (pair: Pair): string[] =>
  pair.trace.client.flatMap((event) => (event.type === 'message' ? [event.name] : []));

for (const kind of ['tickets', 'ids'] as const) {
  test(`${kind}: an abbreviated handshake, as often as it is wanted`, () => {
    const ends = new Endpoints(kind);
    const first = ends.connect();
    assert.equal(resumed(first), false);
    for (let i = 0; i < 4; i++) {
      const pair = ends.connect();
      assert.equal(resumed(pair), true, `connection ${i}`);
      const ticket = kind === 'tickets' ? ['NewSessionTicket'] : [];
      assert.deepEqual(messagesOf(pair), ['ClientHello', 'ServerHello', ...ticket, 'Finished', 'Finished']);
      assert.deepEqual(
        pair.client.established?.peer?.chain.map(({ der }) => der),
        first.client.established?.peer?.chain.map(({ der }) => der),
      );
    }
  });

  test(`${kind}: every kind of suite`, () => {
    for (const cipherSuite of [
      CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
      CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
      CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
    ]) {
      const isRsa = cipherSuite === CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256;
      const server = {
        cipherSuites: [cipherSuite],
        identities: [isRsa ? rsaServer() : identityOf('server')],
      };
      const client = { cipherSuites: [cipherSuite], verifier: trusting(isRsa ? 'rsa2048' : 'p256') };
      const ends = new Endpoints(kind);
      assert.equal(resumed(ends.connect({ client, server })), false);
      assert.equal(resumed(ends.connect({ client, server })), true, String(cipherSuite));
    }
  });

  test(`${kind}: clients with certificates stay who they were`, () => {
    const ends = new Endpoints(kind, { clientAuthentication: 'require' });
    const client = { identities: [identityOf('client')] };
    ends.connect({ client });
    const pair = ends.connect({ client });
    assert.equal(resumed(pair), true);
    assert.ok(pair.server.established?.peer?.verdict.ok);
  });

  test(`${kind}: what changes between the connections makes a full handshake`, () => {
    const changes: Readonly<Record<string, Parameters<Endpoints['connect']>[0]>> = {
      'other trust on the client': {
        client: { verifier: { verify: (request) => trusting().verify(request) } },
      },
      'other trust on the server': { server: { clientAuthentication: 'request' } },
      'another suite': { server: { cipherSuites: [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256] } },
      'another protocol': {
        server: { applicationProtocols: ['h2'] },
        client: { applicationProtocols: ['h2'] },
      },
      'no name': { target: { name: 'localhost', sendServerName: false } },
      'no tickets': { server: { tickets: undefined as never } },
    };
    for (const [name, change] of Object.entries(changes)) {
      const ends = new Endpoints(kind);
      ends.connect({
        client: {
          cipherSuites: [
            CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
          ],
        },
        server: { preference: 'client' },
      });
      assert.equal(resumed(ends.connect(change)), false, name);
    }
  });

  test(`${kind}: a client of both versions goes on with a server of one`, () => {
    const ends = new Endpoints(kind, { versions: ['TLSv1.2'] });
    const client = { versions: ['TLSv1.3', 'TLSv1.2'] } as const;
    assert.equal(resumed(ends.connect({ client })), false);
    assert.equal(resumed(ends.connect({ client })), true);
  });

  test(`${kind}: a session ends with its lifetime, and seven days after the peer was judged`, () => {
    const ends = new Endpoints(kind);
    ends.connect();
    ends.now += 86_399_000;
    assert.equal(resumed(ends.connect()), true);
    ends.now += 8 * 86_400_000;
    assert.equal(resumed(ends.connect()), false);
  });
}

test('no session is kept without extended master secret, and none goes on without it', () => {
  const loose = { requireExtendedMasterSecret: false } as const;
  const without: Partial<ClientOptions> = {
    ...loose,
    customize: {
      ClientHello: (hello) => {
        const { extendedMasterSecret: _, ...extensions } = hello.extensions;
        return { ...hello, extensions };
      },
    },
  };
  for (const kind of ['tickets', 'ids'] as const) {
    const kept: ClientSession[] = [];
    const ends = new Endpoints(kind, loose);
    ends.connect({ client: without, handlers: { client: { onSession: (session) => kept.push(session) } } });
    assert.equal(kept.length, 0);
    ends.connect();
    const pair = ends.connect({ client: without });
    assert.equal(pair.server.error?.code, 'ERR_NO_EXTENDED_MASTER_SECRET');
  }
});

test('a resumed connection does not answer what was settled before: name, point formats (RFC 6066 section 3, RFC 8422 section 4)', () => {
  for (const kind of ['tickets', 'ids'] as const) {
    const ends = new Endpoints(kind);
    const answered: (readonly string[])[] = [];
    const ServerHello12 = (hello: Messages['ServerHello12']): Messages['ServerHello12'] => {
      answered.push(
        Object.keys(hello.extensions).filter((name) => /^(serverName|ecPointFormats)$/.test(name)),
      );
      return hello;
    };
    for (const isResumed of [false, true]) {
      assert.equal(resumed(ends.connect({ server: { customize: { ServerHello12 } } })), isResumed);
    }
    assert.deepEqual(answered, [['serverName', 'ecPointFormats'], []]);
  }
});
