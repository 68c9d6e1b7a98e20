/** Servers that cheat with their tickets: floods, lifetimes, lengths, nonces; and clients that send some. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientConnection } from '../../src/connection.ts';
import { clientConfig } from '../../src/handshake/config.ts';
import { MAX_SESSION_TICKETS } from '../../src/policy/limits.ts';
import { MAX_PSK_IDENTITY_LENGTH, MAX_TICKET_LIFETIME } from '../../src/session/limits.ts';
import type { ClientSession } from '../../src/session/session.ts';
import { MemoryClientSessions } from '../../src/session/store.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import { encodeHandshake } from '../../src/wire/messages/index.ts';
import { type NewSessionTicket, newSessionTicket } from '../../src/wire/messages/new-session-ticket.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { DECODE, ILLEGAL, type Refusal, shortMessage, UNEXPECTED } from '../support/cheats.ts';
import { clientOptions, connectedPair, Pair, type PairOptions, text } from '../support/pair.ts';
import { type AnyPuppet, cheatingClient, cheatingServer } from '../support/puppet.ts';
import { acquainted, later } from '../support/sessions.ts';

const { application_data, handshake } = ContentType;

const TICKET: NewSessionTicket = {
  ticketLifetime: 3600,
  ticketAgeAdd: 7,
  ticketNonce: Uint8Array.of(1),
  ticket: text('a ticket'),
  extensions: {},
};

const messageOf = (ticket: NewSessionTicket): Uint8Array =>
  encodeHandshake(HandshakeType.new_session_ticket, newSessionTicket, ticket);

/** The sessions that a client makes of these tickets. */
function sessionsOf(...tickets: readonly NewSessionTicket[]): readonly ClientSession[] {
  const sessions: ClientSession[] = [];
  const pair = connectedPair({
    client: { now: () => 1_800_000_000_000 },
    handlers: { client: { onSession: (session) => void sessions.push(session) } },
  });
  for (const ticket of tickets) pair.server.sendNewSessionTicket(ticket);
  pair.run();
  assert.equal(pair.client.error, undefined, pair.client.error?.message);
  return sessions;
}

test('tickets without end are refused; data between them begins the count anew', () => {
  const server = cheatingServer({ client: { sessions: new MemoryClientSessions() } }).complete();
  const some = (count: number): void => {
    for (let i = 0; i < count; i++) server.h.records.sendHandshake(messageOf(TICKET));
  };
  some(MAX_SESSION_TICKETS);
  server.exchange();
  assert.deepEqual(server.events, ['established']);
  server.record(application_data, text('data'));
  some(MAX_SESSION_TICKETS);
  server.exchange();
  assert.deepEqual(server.events, ['established', 'data']);
  some(1);
  server.assertRefused(...UNEXPECTED, 'established', 'data');
});

test('however many tickets come with data between them, a client keeps a few', () => {
  const sessions = new MemoryClientSessions({ maxPerServer: 3 });
  const server = cheatingServer({ client: { sessions } }).complete();
  for (let i = 0; i < 1000; i++) {
    server.h.records.sendHandshake(messageOf({ ...TICKET, ticketNonce: Uint8Array.of(i >> 8, i) }));
    server.record(application_data, text('data'));
  }
  server.exchange();
  assert.equal(server.victim.error, undefined);
  assert.equal(sessions.size, 3);
});

test('a lifetime of more than seven days counts as seven days, and one of 0 as none', () => {
  for (const [ticketLifetime, kept] of [
    [604_799, 604_799_000],
    [604_800, MAX_TICKET_LIFETIME],
    [604_801, MAX_TICKET_LIFETIME],
    [0xffffffff, MAX_TICKET_LIFETIME],
  ] as const) {
    const [session] = sessionsOf({ ...TICKET, ticketLifetime });
    assert.ok(session);
    assert.equal(session.expiresAt - session.createdAt, kept);
  }
  assert.deepEqual(sessionsOf({ ...TICKET, ticketLifetime: 0 }), []);
});

test('the same nonce twice: the same secret twice, each under its own ticket; another nonce, another secret', () => {
  const [one, two, three] = sessionsOf(
    TICKET,
    { ...TICKET, ticket: text('another') },
    { ...TICKET, ticketNonce: new Uint8Array() },
  );
  assert.ok(one && two && three);
  assert.equal(toHex(one.secret), toHex(two.secret));
  assert.notEqual(toHex(one.ticket), toHex(two.ticket));
  assert.notEqual(toHex(one.secret), toHex(three.secret));
});

test('a ticket that would not fit into a ClientHello is not kept, and one that is as long as may be is offered', () => {
  const ticketOf = (length: number) => ({ ...TICKET, ticket: new Uint8Array(length).fill(1) });
  assert.deepEqual(sessionsOf(ticketOf(MAX_PSK_IDENTITY_LENGTH + 1), ticketOf(65_000)), []);
  const [longest] = sessionsOf(ticketOf(MAX_PSK_IDENTITY_LENGTH));
  assert.ok(longest);
  for (const [session, offered] of [
    [longest, true],
    // As a store may have it that was filled by somebody else
    [{ ...longest, ticket: new Uint8Array(65_000) }, false],
  ] as const) {
    const sessions = { put: () => {}, take: () => session };
    const config = clientConfig(clientOptions({ sessions, now: () => 1_800_000_000_001 }));
    const hello = concat(...createClientConnection(config, { name: 'localhost' }).takeOutgoing());
    assert.equal(hello.length > MAX_PSK_IDENTITY_LENGTH, offered);
    assert.ok(hello.length > 200);
  }
});

const MALFORMED: Readonly<Record<string, readonly [Uint8Array, Refusal]>> = {
  'an empty ticket': [
    shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    DECODE,
  ],
  nothing: [shortMessage(HandshakeType.new_session_ticket), DECODE],
  'no extensions field': [
    shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 9),
    DECODE,
  ],
  'early_data without a size': [
    shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 9, 0, 4, 0, 42, 0, 0),
    DECODE,
  ],
  'an extension of other messages': [
    shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 9, 0, 4, 0, 43, 0, 0),
    ILLEGAL,
  ],
};

for (const [what, [message, refusal]] of Object.entries(MALFORMED)) {
  test(`NewSessionTicket: ${what}`, () => {
    for (const client of [{}, { sessions: new MemoryClientSessions() }]) {
      const server = cheatingServer({ client }).complete();
      server.record(handshake, message);
      server.assertRefused(...refusal, 'established');
    }
  });
}

test('NewSessionTicket before the handshake is complete', () => {
  const server = cheatingServer(acquainted());
  server.alter = (message) => (message[0] === HandshakeType.finished ? messageOf(TICKET) : message);
  assert.throws(() => server.complete());
  assert.equal(server.victim.error?.code, 'ERR_UNEXPECTED_MESSAGE');
  assert.equal(server.victim.established, undefined);
});

test('a client sends NewSessionTicket, after a full handshake and after a resumed one', () => {
  const resumed = acquainted();
  for (const options of [{}, resumed] as readonly PairOptions[]) {
    const client: AnyPuppet = cheatingClient(options).complete();
    client.h.records.sendHandshake(messageOf(TICKET));
    client.assertRefused(...UNEXPECTED, 'established');
  }
});

test('a ticket that was changed anywhere, or is somebody else’s, leads to a full handshake', () => {
  const known = acquainted();
  const { ticket } = known.session;
  const wrong = [
    ...[0, 15, 16, 27, 28, ticket.length - 1].map((at) =>
      ticket.map((byte, i) => (i === at ? byte ^ 1 : byte)),
    ),
    ticket.slice(0, -1),
    ticket.slice(0, 16),
    concat(ticket, Uint8Array.of(0)),
    Uint8Array.of(0),
    acquainted().session.ticket,
  ];
  for (const [i, changed] of wrong.entries()) {
    const session = { ...known.session, ticket: changed };
    const pair = new Pair(
      later(known, { client: { sessions: { put: () => {}, take: () => session } } }),
    ).run();
    assert.equal(pair.establishedOn('client').resumed, false, `ticket ${i}`);
    assert.equal(pair.establishedOn('server').resumed, false);
  }
});
