/**
 * Peers that send without end, or claim without end: each meets a named limit, and what is kept stays below it.
 * (KeyUpdates, which need new keys each time, are with the others of their kind in connection/key-update.)
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAX_CERTIFICATE_MESSAGE_LENGTH,
  MAX_CHANGE_CIPHER_SPECS,
  MAX_EMPTY_RECORDS,
  MAX_HANDSHAKE_MESSAGE_LENGTH,
  MAX_PLAINTEXT_LENGTH,
  MAX_SESSION_TICKETS,
  MAX_WARNING_ALERTS,
} from '../../src/policy/limits.ts';
import { AlertDescription } from '../../src/wire/alerts.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { encodeHandshake } from '../../src/wire/messages/index.ts';
import { newSessionTicket } from '../../src/wire/messages/new-session-ticket.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { FRAGMENT, KEY_UPDATE } from '../support/cheats.ts';
import { text } from '../support/pair.ts';
import { type AnyPuppet, cheatingPeerOf, cheatingServer, exchangeHellos } from '../support/puppet.ts';

const { alert, application_data, change_cipher_spec, handshake } = ContentType;
/** Sends the same again and again: `count` times are fine, once more is not. */
function flood(puppet: AnyPuppet, count: number, send: () => void, code: TlsErrorCode): void {
  for (let i = 0; i < count; i++) {
    send();
    puppet.exchange();
    assert.equal(puppet.victim.error, undefined, `refused after ${i + 1}`);
  }
  send();
  puppet.exchange();
  assert.deepEqual([puppet.victim.error?.code, puppet.victim.error?.alert], [code, 'unexpected_message']);
  // Nothing of what comes now is looked at, or kept.
  for (let i = 0; i < 1000; i++) puppet.victim.receive(new Uint8Array(1000));
}

const TICKET = encodeHandshake(HandshakeType.new_session_ticket, newSessionTicket, {
  ticketLifetime: 1,
  ticketAgeAdd: 2,
  ticketNonce: Uint8Array.of(3),
  ticket: new Uint8Array(200),
  extensions: {},
});

for (const victim of ['client', 'server'] as const) {
  test(`a ${victim}: records without content`, () => {
    const puppet = cheatingPeerOf(victim).complete();
    flood(
      puppet,
      MAX_EMPTY_RECORDS,
      () => puppet.record(application_data, new Uint8Array()),
      'ERR_TOO_MANY_EMPTY_RECORDS',
    );
  });

  test(`a ${victim}: harmless alerts`, () => {
    const puppet = cheatingPeerOf(victim).complete();
    const send = (): void => puppet.record(alert, Uint8Array.of(1, AlertDescription.user_canceled));
    flood(puppet, MAX_WARNING_ALERTS, send, 'ERR_TOO_MANY_WARNING_ALERTS');
  });

  test(`a ${victim}: harmless alerts and records without content in turn`, () => {
    const puppet = cheatingPeerOf(victim).complete();
    for (let i = 0; i < 2 * MAX_WARNING_ALERTS; i++) {
      puppet.record(alert, Uint8Array.of(1, AlertDescription.user_canceled));
      puppet.record(application_data, new Uint8Array());
    }
    puppet.exchange();
    assert.equal(puppet.victim.error?.code, 'ERR_TOO_MANY_WARNING_ALERTS');
  });

  test(`a ${victim}: data resets what was counted`, () => {
    const puppet = cheatingPeerOf(victim).complete();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < MAX_EMPTY_RECORDS; i++) puppet.record(application_data, new Uint8Array());
      puppet.record(application_data, text('x'));
      for (let i = 0; i < MAX_WARNING_ALERTS; i++) puppet.record(alert, Uint8Array.of(1, 90));
      puppet.record(application_data, text('x'));
    }
    puppet.exchange();
    assert.equal(puppet.victim.error, undefined);
  });
}

test('a client: session tickets', () => {
  const puppet = cheatingServer().complete();
  flood(puppet, MAX_SESSION_TICKETS, () => puppet.record(handshake, TICKET), 'ERR_UNEXPECTED_MESSAGE');
});

test('a client: ChangeCipherSpec records before and after ServerHello', () => {
  const before = cheatingServer();
  const send = (puppet: AnyPuppet) => () => puppet.plaintext(change_cipher_spec, Uint8Array.of(1));
  flood(before, MAX_CHANGE_CIPHER_SPECS, send(before), 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC');
  const after = cheatingServer();
  exchangeHellos(after); // with one of its own
  flood(after, MAX_CHANGE_CIPHER_SPECS - 1, send(after), 'ERR_UNEXPECTED_CHANGE_CIPHER_SPEC');
});

/** The header of a handshake message that claims a length. */
const claim = (type: number, length: number): Uint8Array =>
  Uint8Array.of(type, length >> 16, (length >> 8) & 0xff, length & 0xff);

test('claimed lengths are refused as soon as they are read', () => {
  for (const [type, limit] of [
    [HandshakeType.server_hello, MAX_HANDSHAKE_MESSAGE_LENGTH],
    [HandshakeType.finished, MAX_HANDSHAKE_MESSAGE_LENGTH],
    [99, MAX_HANDSHAKE_MESSAGE_LENGTH],
    [HandshakeType.certificate, MAX_CERTIFICATE_MESSAGE_LENGTH],
  ] as const) {
    for (const [length, isFine] of [
      [limit, true],
      [limit + 1, false],
      [0xffffff, false],
    ] as const) {
      const puppet = cheatingServer();
      puppet.plaintext(handshake, claim(type, length));
      puppet.exchange();
      assert.equal(puppet.victim.error?.code, isFine ? undefined : 'ERR_HANDSHAKE_TOO_LARGE');
    }
  }
  for (const length of [MAX_PLAINTEXT_LENGTH + 1, 0xffff]) {
    const puppet = cheatingServer();
    puppet.raw(Uint8Array.of(handshake, 3, 3, length >> 8, length & 0xff));
    puppet.exchange();
    assert.equal(puppet.victim.error?.code, 'ERR_RECORD_OVERFLOW');
  }
});

test('a message of the greatest length in records of one byte is read to its end, and no further', () => {
  const puppet = cheatingServer();
  puppet.plaintext(handshake, claim(HandshakeType.server_hello, MAX_HANDSHAKE_MESSAGE_LENGTH));
  for (let i = 1; i < MAX_HANDSHAKE_MESSAGE_LENGTH; i++) puppet.plaintext(handshake, Uint8Array.of(0));
  puppet.exchange();
  assert.deepEqual(puppet.events, []);
  puppet.plaintext(handshake, Uint8Array.of(0));
  puppet.exchange();
  assert.equal(puppet.victim.error?.code, 'ERR_DECODE');
});

test('what never ends is kept up to its limit only', () => {
  /** Bytes that a connection holds, as far as the runtime tells. */
  const held = (): number => process.memoryUsage().arrayBuffers;
  const puppet = cheatingServer();
  puppet.plaintext(handshake, claim(HandshakeType.certificate, MAX_CERTIFICATE_MESSAGE_LENGTH));
  puppet.exchange();
  const before = held();
  let given = 0;
  while (puppet.victim.error === undefined && given < 50_000_000) {
    puppet.plaintext(handshake, new Uint8Array(10_000));
    given += 10_000;
    puppet.exchange();
  }
  assert.ok(given <= MAX_CERTIFICATE_MESSAGE_LENGTH + 20_000, `${given} bytes were taken`);
  assert.ok(held() - before < 10_000_000);
});

test('a message that is never completed, between others', () => {
  const puppet = cheatingServer().complete();
  puppet.record(handshake, FRAGMENT);
  puppet.record(handshake, KEY_UPDATE.slice(FRAGMENT.length));
  puppet.exchange();
  assert.equal(puppet.victim.error, undefined);
});
