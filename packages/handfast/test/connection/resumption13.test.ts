/** Resumption in TLS 1.3: what it saves, what it carries over, and when a full handshake takes its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import { chainVerifier } from '../../src/handshake/verifier.ts';
import { MAX_SESSION_AGE } from '../../src/policy/limits.ts';
import type { ClientSession } from '../../src/session/session.ts';
import { MemoryClientSessions, MemorySessionStore } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { CipherSuite, NamedGroup } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { identityOf, trusting } from '../support/identities.ts';
import { clientOptions, Pair, type PairOptions, serverOptions } from '../support/pair.ts';
import { testPki } from '../support/pki.ts';

const DAY = 86_400_000;

/** A client and a server that keep sessions, over any number of connections. */
class Endpoints {
  now = Date.UTC(2026, 10, 24);
  readonly client: Partial<ClientOptions>;
  readonly server: Partial<ServerOptions>;
  readonly sessions = new MemoryClientSessions();

  constructor(client: Partial<ClientOptions> = {}, server: Partial<ServerOptions> = {}) {
    const now = (): number => this.now;
    this.client = { now, verifier: trusting(), sessions: this.sessions, ...client };
    const keys = new TicketKeyRing({ provider: nodeProvider });
    this.server = { now, verifier: trusting(), tickets: { keys }, ...server };
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
  assert.equal(client.established.resumed, server.established.resumed);
  return client.established.resumed;
}

function messagesOf(pair: Pair): string[] {
  return pair.trace.client.flatMap((event) => (event.type === 'message' ? [event.name] : []));
}

test('the second connection goes on with the session of the first: no certificates, the same peer', () => {
  const ends = new Endpoints();
  const first = ends.connect();
  assert.equal(resumed(first), false);
  const second = ends.connect();
  assert.equal(resumed(second), true);
  assert.deepEqual(messagesOf(second), [
    'ClientHello',
    'ServerHello',
    'EncryptedExtensions',
    'Finished',
    'Finished',
    'NewSessionTicket',
  ]);
  const [before, after] = [first.client.established?.peer, second.client.established?.peer];
  assert.ok(before && after);
  assert.deepEqual(
    after.chain.map(({ der }) => der),
    before.chain.map(({ der }) => der),
  );
  assert.ok(after.verdict.ok);
  assert.equal(after.verdict.sentence, before.verdict.sentence);
  assert.equal(after.signatureScheme, before.signatureScheme);
  assert.equal(second.client.established?.group, NamedGroup.x25519);
  const [a, b] = [second.client, second.server].map((side) =>
    side.exportKeyingMaterial('EXPORTER-x', undefined, 32),
  );
  assert.deepEqual(a, b);
});

test('a ticket is used once: as many resumed connections as tickets, then those that came with them', () => {
  const ends = new Endpoints();
  ends.connect();
  const offered = [1, 2, 3, 4].map(() => {
    const pair = ends.connect();
    assert.equal(resumed(pair), true);
    const hello = pair.sent.client[0];
    assert.ok(hello);
    return Buffer.from(hello).toString('hex');
  });
  assert.equal(new Set(offered).size, 4);
  const without = new Endpoints(
    {},
    { tickets: { keys: new TicketKeyRing({ provider: nodeProvider }), count: 1 } },
  );
  without.connect();
  const [one, two] = [
    new Pair({ client: without.client, server: without.server }),
    new Pair({ client: without.client, server: without.server }),
  ];
  assert.equal(resumed(one.run()), true);
  assert.equal(resumed(two.run()), false, 'the only ticket is in use already');
});

test('tickets: as many as configured, as the client asks for (RFC 9149), none for a client without a shared mode', () => {
  const count = (pair: Pair): number => messagesOf(pair).filter((name) => name === 'NewSessionTicket').length;
  const keys = new TicketKeyRing({ provider: nodeProvider });
  assert.equal(count(new Endpoints().connect()), 2);
  assert.equal(count(new Endpoints({}, { tickets: { keys, count: 5 } }).connect()), 5);
  assert.equal(count(new Endpoints({}, { tickets: { keys, count: 0 } }).connect()), 0);
  const asking = new Endpoints({ ticketRequest: { newSessionCount: 3, resumptionCount: 2 } });
  assert.equal(count(asking.connect()), 3);
  const again = asking.connect();
  assert.ok(resumed(again));
  assert.equal(count(again), 2);
  assert.equal(
    count(new Endpoints({ ticketRequest: { newSessionCount: 255, resumptionCount: 0 } }).connect()),
    8,
  );
  assert.equal(count(new Endpoints({ pskKeyExchangeModes: ['psk_ke'] }).connect()), 0);
});

test('every ticket has an age of its own to hide behind', () => {
  const kept: ClientSession[] = [];
  const handlers = { client: { onSession: (session: ClientSession) => kept.push(session) } };
  for (let i = 0; i < 4; i++) new Endpoints().connect({ handlers });
  assert.equal(new Set(kept.map(({ ticketAgeAdd }) => ticketAgeAdd)).size, 8);
});

test('psk_ke: without a key exchange where both allow it, and never by default', () => {
  const modes = { pskKeyExchangeModes: ['psk_ke'] } as const;
  const ends = new Endpoints(modes, modes);
  ends.connect();
  const pair = ends.connect();
  assert.ok(resumed(pair));
  assert.equal(pair.client.established?.keyExchange, 'PSK');
  assert.equal(pair.client.established?.group, undefined);
  assert.equal(resumed(ends.connect({ server: { pskKeyExchangeModes: ['psk_dhe_ke'] } })), false);
});

test('after a HelloRetryRequest the session still goes on, with a new binder; also with a cookie', () => {
  for (const server of [{}, { cookieSecret: new Uint8Array(32).fill(7), alwaysRetry: true }]) {
    const ends = new Endpoints(
      { groups: [NamedGroup.x25519, NamedGroup.secp384r1], keyShares: [NamedGroup.x25519] },
      server,
    );
    ends.connect();
    const pair = ends.connect({
      server: 'alwaysRetry' in server ? server : { groups: [NamedGroup.secp384r1] },
    });
    assert.ok(resumed(pair));
    assert.equal(pair.client.established?.helloRetried, true);
  }
});

test('the suite follows the hash function of the session', () => {
  const ends = new Endpoints();
  ends.connect({ client: { cipherSuites: [CipherSuite.TLS_AES_256_GCM_SHA384] } });
  const pair = ends.connect();
  assert.equal(pair.server.established?.cipherSuite, CipherSuite.TLS_AES_256_GCM_SHA384);
  const [wrong] = [ends.connect({ server: { cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256] } })];
  assert.equal(resumed(wrong as Pair), false);
});

test('sessions end: with the ticket, with the certificate, seven days after the peer was authenticated', () => {
  const keys = new TicketKeyRing({ provider: nodeProvider });
  const ends = new Endpoints({}, { tickets: { keys, lifetime: 3600 } });
  ends.connect();
  ends.now += 3_599_000;
  assert.ok(resumed(ends.connect()));
  ends.now += 3_600_000;
  assert.equal(resumed(ends.connect()), false);

  const long = new Endpoints({}, { tickets: { keys, lifetime: 7 * 86_400 } });
  const start = long.now;
  long.connect();
  let count = 0;
  for (; long.now < start + 20 * DAY; long.now += DAY) if (resumed(long.connect())) count++;
  assert.equal(count, 20 - 2, 'each seventh day the chain is shown again');
});

test('a session goes on up to MAX_SESSION_AGE, however often its ticket is renewed', () => {
  const keys = new TicketKeyRing({ provider: nodeProvider });
  const ends = new Endpoints({}, { tickets: { keys, lifetime: 7 * 86_400 } });
  const start = ends.now;
  ends.connect();
  for (const age of [MAX_SESSION_AGE / 2, MAX_SESSION_AGE - 1]) {
    ends.now = start + age;
    assert.ok(resumed(ends.connect()), `after ${age} ms`);
  }
  ends.now = start + MAX_SESSION_AGE;
  assert.equal(resumed(ends.connect()), false);
});

/** Each changes one setting of trust. */
const otherRoot = { certificate: parseCertificate(testPki('rsa2048').root.der) };
const root = { certificate: parseCertificate(testPki('p256').root.der) };
const judging = (rules: Partial<Parameters<typeof chainVerifier>[0]>) =>
  chainVerifier({ provider: nodeProvider, anchors: [root], ...rules });

const CLIENT_CHANGES: Readonly<Record<string, Partial<ClientOptions>>> = {
  'another anchor beside': { verifier: judging({ anchors: [root, otherRoot] }) },
  'a constrained anchor': { verifier: judging({ anchors: [{ ...root, constraints: { pathLength: 5 } }] }) },
  'no partial chains': { verifier: judging({ allowPartialChain: false }) },
  'shorter paths': { verifier: judging({ maxPathLength: 3 }) },
  'longer keys': {
    verifier: judging({ strength: { minRsaBits: 3072, signatureHashes: ['SHA-256', 'SHA-384', 'SHA-512'] } }),
  },
  'another profile': { verifier: judging({ profile: [] }) },
  policies: { verifier: judging({ policies: { initialPolicyMappingInhibit: true } }) },
  names: {
    verifier: judging({ nameConstraints: { excluded: [{ kind: 'dNSName', value: 'example.org' }] } }),
  },
  revocation: { verifier: judging({ revocation: { clockTolerance: 1 } }) },
  'a verifier of its own': { verifier: { verify: (request) => trusting().verify(request) } },
  'an identity': { identities: [identityOf('client')] },
  'no stapled response': { requestOcspResponse: false },
};

test('a session is bound to the way in which the client judges', () => {
  const ends = new Endpoints({ verifier: judging({}) });
  for (const [name, client] of Object.entries(CLIENT_CHANGES)) {
    ends.connect();
    assert.equal(resumed(ends.connect({ client })), false, name);
    assert.equal(resumed(ends.connect({ client: { verifier: judging({}) } })), true, `${name}, back again`);
  }
});

test('where the new settings refuse the server, no session helps', () => {
  const ends = new Endpoints();
  ends.connect();
  const pair = ends.connect({ client: { verifier: trusting('rsa2048') } });
  assert.equal(pair.client.error?.code, 'ERR_UNKNOWN_CA');
});

test('a session is bound to the way in which the server judges', () => {
  const client = { identities: [identityOf('client')] };
  const asking = { clientAuthentication: 'require', verifier: judging({}) } as const;
  const changes: Readonly<Record<string, Partial<ServerOptions>>> = {
    'clients may have none': { ...asking, clientAuthentication: 'request' },
    'clients are not asked': { clientAuthentication: 'none' },
    'another anchor beside': { ...asking, verifier: judging({ anchors: [root, otherRoot] }) },
  };
  const ends = new Endpoints(client, asking);
  for (const [name, server] of Object.entries(changes)) {
    ends.connect();
    assert.equal(resumed(ends.connect({ server })), false, name);
    ends.connect({ server });
    assert.equal(resumed(ends.connect()), false, `${name}, the other way round`);
  }
});

test('the server sees the client of a session again', () => {
  const ends = new Endpoints({ identities: [identityOf('client')] }, { clientAuthentication: 'require' });
  const first = ends.connect();
  const second = ends.connect();
  assert.ok(resumed(second));
  const [before, after] = [first.server.established?.peer, second.server.established?.peer];
  assert.ok(before && after?.verdict.ok);
  assert.deepEqual(
    after.chain.map(({ der }) => der),
    before.chain.map(({ der }) => der),
  );
});

test('what else does not go on: another name, another protocol, another key of the tickets, a name for the server', () => {
  const changes: Readonly<Record<string, Parameters<Endpoints['connect']>[0]>> = {
    'another port': { target: { name: 'localhost', sessionScope: '8443' } },
    'an untold name': { target: { name: 'localhost', sendServerName: false } },
    'another protocol': {
      client: { applicationProtocols: ['h2'] },
      server: { applicationProtocols: ['h2'] },
    },
    'other keys': { server: { tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) } } },
    'no tickets': { server: { tickets: undefined as never } },
  };
  for (const [name, change] of Object.entries(changes)) {
    const ends = new Endpoints(
      { applicationProtocols: ['http/1.1', 'h2'] },
      { applicationProtocols: ['http/1.1'] },
    );
    ends.connect();
    assert.equal(resumed(ends.connect(change)), false, name);
  }
});

test('a store on the server: tickets are its keys, each good for one use', () => {
  const keys = new TicketKeyRing({ provider: nodeProvider });
  const store = new MemorySessionStore({ now: () => Date.UTC(2026, 10, 24) });
  const kept: ClientSession[] = [];
  const ends = new Endpoints({}, { tickets: { keys, store, count: 1 } });
  ends.connect({ handlers: { client: { onSession: (session) => kept.push(session) } } });
  assert.equal(kept[0]?.ticket.length, 32);
  const again = { put: () => {}, take: () => kept[0] };
  assert.equal(resumed(ends.connect({ client: { sessions: again } })), true);
  assert.equal(resumed(ends.connect({ client: { sessions: again } })), false);
});

test('stores that fail cost a full handshake, and nothing else', async () => {
  const fail = (): never => {
    throw new Error('out of order');
  };
  const later = () => Promise.reject(new Error('out of order'));
  for (const broken of [fail, later]) {
    const keys = new TicketKeyRing({ provider: nodeProvider });
    const pair = new Pair({
      client: { ...clientOptions({ verifier: trusting() }), sessions: { put: broken, take: broken } },
      server: { ...serverOptions(), tickets: { keys, store: { get: broken, put: broken, take: broken } } },
    });
    await pair.runUntil(() => pair.isSettled);
    assert.equal(resumed(pair), false);
  }
});

test('a wrong binder ends the handshake with decrypt_error', () => {
  const ends = new Endpoints();
  ends.connect();
  const keep = ends.sessions;
  const pair = ends.connect({
    client: {
      sessions: {
        put: () => {},
        take: (key) => {
          const session = keep.take(key) as ClientSession | undefined;
          return session && { ...session, secret: session.secret.map((byte) => byte ^ 1) };
        },
      },
    },
  });
  assert.equal(pair.server.error?.code, 'ERR_BAD_BINDER');
  assert.equal(pair.client.error?.context.alertReceived, 'decrypt_error');
});

test('judged again where that is asked for: what is refused now is not resumed', () => {
  let isRefusing = false;
  let asked = 0;
  const base = trusting();
  const verifier = {
    settings: new Uint8Array(32),
    verify: (request: Parameters<typeof base.verify>[0]) => {
      asked++;
      return isRefusing ? trusting('rsa2048').verify(request) : base.verify(request);
    },
  };
  const ends = new Endpoints({ verifier, judgeResumed: true });
  ends.connect();
  assert.ok(resumed(ends.connect()));
  assert.equal(asked, 2);
  isRefusing = true;
  assert.equal(ends.connect().client.error?.code, 'ERR_UNKNOWN_CA');
  assert.equal(asked, 4);
});

test('a clock with parts of milliseconds, and one that goes back between two looks, do no harm', () => {
  const ends = new Endpoints();
  ends.now += 0.25;
  assert.equal(resumed(ends.connect()), false);
  ends.now += 1000.5;
  assert.equal(resumed(ends.connect()), true);
  const kept: ClientSession[] = [];
  const sessions = { put: (_key: string, one: ClientSession) => void kept.push(one), take: () => undefined };
  ends.connect({ client: { sessions } });
  const [session] = kept;
  assert.ok(session);
  let looks = 0;
  const now = (): number => session.createdAt - 5 * looks++;
  const take = () => ({ ...session, ticketAgeAdd: 0 });
  const pair = ends.connect({ client: { now, sessions: { put: () => {}, take } } });
  assert.equal(resumed(pair), true);
  assert.ok(looks > 2);
});
