/** Sides that cheat when a session of TLS 1.2 goes on: what the other must refuse, and how. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { clientHandshake } from '../../src/handshake/client/handshake.ts';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import type { Customization, Messages } from '../../src/handshake/messages.ts';
import { serverHandshake } from '../../src/handshake/server/handshake.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import type { ClientSession } from '../../src/session/session.ts';
import { MemorySessionStore } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { ascii, concat, EMPTY } from '../../src/wire/bytes.ts';
import { CipherSuite, ContentType, HandshakeType } from '../../src/wire/registry.ts';
import {
  BAD_FINISHED,
  CHANGE_CIPHER_SPEC,
  DECODE,
  EARLY_DATA,
  EXCESS,
  ILLEGAL,
  type Refusal,
  shortMessage,
  UNEXPECTED,
} from '../support/cheats.ts';
import { trusting } from '../support/identities.ts';
import { CLASSICAL_GROUPS, Pair, type PairOptions, text } from '../support/pair.ts';
import { type AnyPuppet, cheatingClient, cheatingServer, TARGET } from '../support/puppet.ts';
import { assertRefused12 } from '../support/puppet12.ts';
import { type Acquainted, acquainted, alwaysOffering, later } from '../support/sessions.ts';

const { change_cipher_spec, handshake } = ContentType;
const NO_MASTER: Refusal = ['ERR_NO_EXTENDED_MASTER_SECRET', 'handshake_failure'];
const INSECURE: Refusal = ['ERR_INSECURE_RENEGOTIATION', 'handshake_failure'];

const policy = {
  ...POLICIES['intermediate-2026'],
  groups: CLASSICAL_GROUPS,
  keyShares: CLASSICAL_GROUPS.slice(0, 1),
};

function of(
  kind: 'tickets' | 'ids',
  client: Partial<ClientOptions> = {},
  server: Partial<ServerOptions> = {},
): Acquainted {
  const keys = new TicketKeyRing({ provider: nodeProvider });
  const store = kind === 'ids' ? { store: new MemorySessionStore({ now: Date.now }) } : {};
  const shared = { policy, verifier: trusting() };
  return acquainted({
    client: { ...shared, versions: ['TLSv1.2'], ...client },
    server: { ...shared, tickets: { keys, ...store }, earlyData: undefined as never, ...server },
  });
}

type Hello12 = Messages['ServerHello12'];
const hello = (change: (message: Hello12) => Hello12): Customization => ({ ServerHello12: change });
const helloExtensions = (
  change: (extensions: Hello12['extensions']) => Hello12['extensions'],
): Customization => hello((message) => ({ ...message, extensions: change(message.extensions) }));

/** The client refuses the server's first flight, and says and takes nothing more. */
function clientRefuses(options: PairOptions, [code, alert]: Refusal, reason?: RegExp): void {
  const pair = new Pair(options);
  pair.client.send(text('a secret'));
  pair.server.send(text('not to be believed'));
  pair.run();
  const error = pair.errorOf('client', code);
  assert.equal(error.alert, alert);
  if (reason !== undefined) assert.match(error.message, reason);
  assert.deepEqual(pair.typesOf('client'), ['error']);
  assert.equal(pair.client.established, undefined);
  assert.equal(pair.server.established, undefined);
  assert.equal(pair.dataOf('server').length, 0);
}

for (const kind of ['tickets', 'ids'] as const) {
  const known = of(kind);

  test(`${kind}: untouched, the session goes on`, () => {
    const pair = new Pair(known).run();
    assert.equal(pair.establishedOn('client').resumed, true);
    assert.equal(pair.establishedOn('server').resumed, true);
  });

  const CHEATS: Readonly<Record<string, readonly [Customization, Refusal, RegExp?]>> = {
    'another suite than the session has': [
      hello((m) => ({ ...m, cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 })),
      ILLEGAL,
      /resumes a session of/,
    ],
    'a suite that was not offered': [
      hello((m) => ({ ...m, cipherSuite: CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA })),
      ILLEGAL,
      /did not offer/,
    ],
    'no extended_master_secret': [helloExtensions(({ extendedMasterSecret: _ems, ...e }) => e), NO_MASTER],
    'no renegotiation_info': [helloExtensions(({ renegotiationInfo: _info, ...e }) => e), INSECURE],
    'a renegotiation_info of another handshake': [
      helloExtensions((e) => ({ ...e, renegotiationInfo: new Uint8Array(24) })),
      ['ERR_INSECURE_RENEGOTIATION', 'handshake_failure'],
    ],
    'an application protocol that was not offered': [
      helloExtensions((e) => ({ ...e, applicationLayerProtocolNegotiation: [ascii('theirs')] })),
      ['ERR_UNSUPPORTED_EXTENSION', 'unsupported_extension'],
    ],
    compression: [hello((m) => ({ ...m, legacyCompressionMethod: 1 })), ILLEGAL, /compression/],
    'another random than its Finished knows': [
      {
        Finished: ({ verifyData }) => ({
          verifyData: verifyData.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
        }),
      },
      BAD_FINISHED,
    ],
  };

  for (const [what, [customize, refusal, reason]] of Object.entries(CHEATS)) {
    test(`${kind}: the server resumes with ${what}`, () => {
      clientRefuses(later(known, { server: { customize } }), refusal, reason);
    });
  }

  test(`${kind}: the server resumes with a secret that is not the session's`, () => {
    const session: ClientSession = { ...known.session, secret: new Uint8Array(48).fill(1) };
    const pair = new Pair(later(known, { client: { sessions: alwaysOffering(session) } })).run();
    assert.equal(pair.client.error?.code, 'ERR_BAD_RECORD_MAC');
    assert.equal(pair.client.established, undefined);
    assert.equal(pair.server.established, undefined);
  });

  test(`${kind}: the server answers with another id: no session, and so a full handshake must follow`, () => {
    for (const id of [
      EMPTY,
      new Uint8Array(32).fill(1),
      known.session.sessionId?.slice(1) ?? new Uint8Array(31),
    ]) {
      const customize = hello((m) => ({ ...m, legacySessionIdEcho: id }));
      // The server goes on as if the session did, and sends its ChangeCipherSpec, or its ticket
      const refusal: Refusal = kind === 'ids' ? CHANGE_CIPHER_SPEC : UNEXPECTED;
      clientRefuses(later(known, { server: { customize } }), refusal);
    }
  });

  test(`${kind}: another application protocol than the session's is what the new connection speaks (RFC 7301 section 3.1)`, () => {
    const protocols = of(
      kind,
      { applicationProtocols: ['ours', 'theirs'] },
      { applicationProtocols: ['ours'] },
    );
    const customize = helloExtensions((e) => ({
      ...e,
      applicationLayerProtocolNegotiation: [ascii('theirs')],
    }));
    const pair = new Pair(later(protocols, { server: { customize } })).run();
    const { resumed, applicationProtocol } = pair.establishedOn('client');
    assert.deepEqual([resumed, applicationProtocol], [true, 'theirs']);
  });

  test(`${kind}: certificates, keys and requests in an abbreviated handshake`, () => {
    for (const type of [
      HandshakeType.certificate,
      HandshakeType.certificate_status,
      HandshakeType.server_key_exchange,
      HandshakeType.certificate_request,
      HandshakeType.server_hello_done,
      HandshakeType.server_hello,
      HandshakeType.encrypted_extensions,
    ]) {
      const server = firstFlight(known, ({ hello: sent }) => [
        sent,
        { type: handshake, content: shortMessage(type) },
      ]);
      assertRefused12(server, UNEXPECTED, `${type}`);
    }
  });

  test(`${kind}: Finished before ChangeCipherSpec, and ChangeCipherSpec before its time, twice, or malformed`, () => {
    const bare: Part = { type: change_cipher_spec, content: Uint8Array.of(1) };
    const finished: Part = {
      type: handshake,
      content: shortMessage(HandshakeType.finished, ...new Uint8Array(12)),
    };
    const orders: readonly (readonly [(flight: Flight) => readonly Part[], Refusal])[] = [
      [({ hello: sent, rest }) => [sent, finished, ...rest], UNEXPECTED],
      [({ hello: sent, rest }) => [sent, ...rest.filter(({ type }) => type === handshake)], UNEXPECTED],
      [({ hello: sent, rest }) => [sent, bare, ...rest], CHANGE_CIPHER_SPEC],
      [({ hello: sent, rest }) => [sent, ...rest.slice(0, -1), bare], CHANGE_CIPHER_SPEC],
      [({ hello: sent, rest }) => [bare, sent, ...rest], CHANGE_CIPHER_SPEC],
      [
        ({ hello: sent, rest }) => [sent, ...rest.slice(0, -2), { ...bare, content: Uint8Array.of(2) }],
        CHANGE_CIPHER_SPEC,
      ],
    ];
    for (const [i, [change, refusal]] of orders.entries()) {
      assertRefused12(firstFlight(known, change), refusal, `order ${i}`);
    }
  });

  test(`${kind}: a client without extended_master_secret, or without renegotiation_info, may not resume`, () => {
    for (const [name, refusal] of [
      ['extendedMasterSecret', NO_MASTER],
      ['renegotiationInfo', INSECURE],
    ] as const) {
      const ClientHello = (m: Messages['ClientHello']) => ({
        ...m,
        extensions: { ...m.extensions, [name]: undefined },
      });
      const pair = new Pair(later(known, { client: { customize: { ClientHello } } })).run();
      assert.deepEqual([pair.server.error?.code, pair.server.error?.alert], refusal);
      assert.equal(pair.server.established, undefined);
    }
  });

  test(`${kind}: a client that does not offer the suite of its session gets a full handshake`, () => {
    const ClientHello = (m: Messages['ClientHello']) => ({
      ...m,
      cipherSuites: m.cipherSuites.filter((suite) => suite !== known.session.cipherSuite),
    });
    const pair = new Pair(later(known, { client: { customize: { ClientHello } } })).run();
    assert.equal(pair.establishedOn('server').resumed, false);
  });

  test(`${kind}: a client that knows the ${kind === 'ids' ? 'id' : 'ticket'}, and not the secret`, () => {
    const stranger = cheatingClient({
      ...known,
      client: { ...known.client, sessions: alwaysOffering(known.session) },
    });
    const sending = clientHandshake(stranger.h, TARGET);
    sending.next();
    stranger.exchange();
    assert.equal(stranger.victim.established, undefined);
    stranger.plaintext(change_cipher_spec, Uint8Array.of(1));
    stranger.plaintext(handshake, new Uint8Array(40));
    stranger.exchange();
    assert.equal(stranger.victim.error?.code, 'ERR_BAD_RECORD_MAC');
    assert.deepEqual(stranger.events, ['error']);
  });

  test(`${kind}: a client that sends something else than ChangeCipherSpec and Finished when its session goes on`, () => {
    for (const [type, content, refusal] of [
      [handshake, shortMessage(HandshakeType.finished, ...new Uint8Array(12)), UNEXPECTED],
      [handshake, shortMessage(HandshakeType.client_key_exchange, 1, 1), UNEXPECTED],
      [handshake, shortMessage(HandshakeType.certificate, 0, 0, 0), UNEXPECTED],
      [change_cipher_spec, Uint8Array.of(1, 1), CHANGE_CIPHER_SPEC],
      [ContentType.application_data, text('data'), EARLY_DATA],
    ] as const) {
      const stranger = cheatingClient(known);
      clientHandshake(stranger.h, TARGET).next();
      stranger.exchange();
      stranger.plaintext(type, content);
      stranger.exchange();
      const { error, established } = stranger.victim;
      assert.deepEqual([error?.code, error?.alert], refusal, error?.message);
      assert.deepEqual(stranger.events, ['error']);
      assert.equal(established, undefined);
    }
  });
}

test('a session that this client never had: the id that disguises TLS 1.3 comes back from a TLS 1.2 server', () => {
  for (const versions of [['TLSv1.3', 'TLSv1.2']] as const) {
    let id: Uint8Array = EMPTY;
    const noted = (m: Messages['ClientHello']): Messages['ClientHello'] => {
      id = m.legacySessionId;
      return m;
    };
    const customize = hello((m) => ({ ...m, legacySessionIdEcho: id }));
    const client = { policy, versions, customize: { ClientHello: noted } };
    clientRefuses(
      { client, server: { policy, versions: ['TLSv1.2'], customize } },
      ILLEGAL,
      /does not exist/,
    );
    assert.equal(id.length, 32);
  }
});

const promising = of('tickets');
const fresh = later(promising, { client: { sessions: { put: () => {}, take: () => undefined } } });

test('a ticket is promised and does not come', () => {
  const { tickets: _tickets, ...server } = fresh.server;
  const customize = helloExtensions((e) => ({ ...e, sessionTicket: true }));
  const pair = new Pair({ ...fresh, server: { ...server, customize } }).run();
  const { error, established } = pair.client;
  assert.deepEqual([error?.code, error?.alert], CHANGE_CIPHER_SPEC);
  assert.equal(established, undefined);
});

test('a ticket comes that was not promised', () => {
  const customize = helloExtensions(({ sessionTicket: _ticket, ...e }) => e);
  // In an abbreviated handshake it shares a record with the ServerHello, behind which keys change.
  for (const [options, refusal] of [
    [fresh, UNEXPECTED],
    [promising, EXCESS],
  ] as const) {
    const { client } = new Pair(later(options, { server: { customize } })).run();
    assert.deepEqual([client.error?.code, client.error?.alert], refusal);
    assert.equal(client.established, undefined);
  }
});

test('a ticket is promised that no client asked for', () => {
  const { tickets: _tickets, ...server } = fresh.server;
  const { sessions: _sessions, ...client } = fresh.client;
  const customize = helloExtensions((e) => ({ ...e, sessionTicket: true }));
  clientRefuses({ client, server: { ...server, customize } }, [
    'ERR_UNSUPPORTED_EXTENSION',
    'unsupported_extension',
  ]);
});

test('a ticket comes twice: in one record, and in two', () => {
  for (const [options, isInOne] of [
    [fresh, true],
    [promising, true],
    [fresh, false],
    [promising, false],
  ] as const) {
    const server = cheatingServer(options);
    server.alter = (message) => {
      if (message[0] !== HandshakeType.new_session_ticket) return message;
      if (isInOne) return concat(message, message);
      server.plaintext(handshake, message);
      return message;
    };
    completeIfLet(server);
    const { error, established } = server.victim;
    assert.deepEqual([error?.code, error?.alert], isInOne ? EXCESS : UNEXPECTED, error?.message);
    assert.equal(established, undefined);
    assert.deepEqual(server.events, ['error']);
  }
});

test('a malformed ticket', () => {
  for (const body of [[], [0, 0, 0, 1], [0, 0, 0, 1, 0, 2, 9], [0, 0, 0, 1, 0, 0, 9]]) {
    const server = cheatingServer(fresh);
    server.alter = (message) =>
      message[0] === HandshakeType.new_session_ticket
        ? shortMessage(HandshakeType.new_session_ticket, ...body)
        : message;
    completeIfLet(server);
    assert.deepEqual([server.victim.error?.code, server.victim.error?.alert], DECODE);
    assert.equal(server.victim.established, undefined);
  }
});

test('a ticket that is too long for a ClientHello is not kept, and does no harm', () => {
  const kept: ClientSession[] = [];
  const customize: Customization = {
    NewSessionTicket12: (m) => ({ ...m, ticket: new Uint8Array(65_000) }),
  };
  const sessions = {
    put: (_key: string, session: ClientSession) => void kept.push(session),
    take: () => undefined,
  };
  const pair = new Pair(later(fresh, { client: { sessions }, server: { customize } })).run();
  assert.equal(pair.establishedOn('client').resumed, false);
  assert.deepEqual(kept, []);
});

test('NewSessionTicket after the handshake of TLS 1.2, to either side', () => {
  const message = shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 1, 0, 1, 9);
  const peers: readonly AnyPuppet[] = [
    cheatingServer(promising).complete(),
    cheatingClient(promising).complete(),
  ];
  for (const peer of peers) {
    peer.h.records.sendHandshake(message);
    peer.assertRefused(...UNEXPECTED, 'established');
  }
});

/** Its handshake as far as the victim takes part in it. */
function completeIfLet(puppet: AnyPuppet): void {
  try {
    puppet.complete();
  } catch (error) {
    assert.ok(error instanceof assert.AssertionError); // no message of the victim's came
  }
}

/** A record's content; sealed ones have their header already. */
interface Part {
  readonly type: number;
  readonly content: Uint8Array;
  readonly raw?: Uint8Array;
}

interface Flight {
  readonly hello: Part;
  readonly rest: readonly Part[];
}

function partsOf(bytes: Uint8Array): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + ((bytes[at + 3] ?? 0) << 8) + (bytes[at + 4] ?? 0);
    parts.push({ type: bytes[at] as number, content: bytes.slice(at + 5, end), raw: bytes.slice(at, end) });
    at = end;
  }
  return parts;
}

/** A server whose first flight, each message in a record of its own, is what `change` makes of it. */
function firstFlight(options: PairOptions, change: (flight: Flight) => readonly Part[]): AnyPuppet {
  const server = cheatingServer(options);
  const honest = serverHandshake(server.h);
  honest.next();
  honest.next(server.nextMessage());
  const [first, ...rest] = partsOf(server.takeBack());
  assert.ok(first);
  for (const { type, content, raw } of change({ hello: first, rest })) {
    if (raw === undefined) server.plaintext(type, content);
    else server.raw(raw);
  }
  return server;
}
