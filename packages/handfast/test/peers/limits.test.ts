/** Limits of the protocol that a peer drives and that no table of peers has: each at the limit and one beyond. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  MAX_DH_PRIME_BITS,
  MAX_OFFERED_PSKS,
  MAX_TICKETS_SENT,
  MIN_DH_PRIME_BITS,
} from '../../src/policy/limits.ts';
import type { ClientSession } from '../../src/session/session.ts';
import { MemoryClientSessions } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { ascii } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { connectedPair } from '../support/pair.ts';
import { extensions } from './deeds.ts';
import { FLOWS } from './flows.ts';
import { Peer } from './peer.ts';

test('a server sends as many tickets as it is asked for, up to MAX_TICKETS_SENT', () => {
  for (const [wanted, sent] of [
    [1, 1],
    [MAX_TICKETS_SENT, MAX_TICKETS_SENT],
    [MAX_TICKETS_SENT + 1, MAX_TICKETS_SENT],
    [255, MAX_TICKETS_SENT],
  ] as const) {
    const sessions: ClientSession[] = [];
    connectedPair({
      client: {
        sessions: new MemoryClientSessions(),
        ticketRequest: { newSessionCount: wanted, resumptionCount: 0 },
      },
      server: { tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) } },
      handlers: { client: { onSession: (session) => void sessions.push(session) } },
    });
    assert.equal(sessions.length, sent, `${wanted} wanted`);
  }
});

test('a server looks at MAX_OFFERED_PSKS pre-shared keys, and at none behind them', () => {
  const stranger = { identity: ascii('nobody'), obfuscatedTicketAge: 0 };
  const behind = (count: number) =>
    extensions('ClientHello', (e) => {
      if (e.preSharedKey === undefined) return e;
      const { identities, binders } = e.preSharedKey;
      const strangers = Array.from({ length: count }, () => stranger);
      return {
        ...e,
        preSharedKey: {
          identities: [...strangers, ...identities],
          binders: [...strangers.map(() => new Uint8Array(32)), ...binders],
        },
      };
    });
  const flow = FLOWS['TLS 1.3 with an external key'];
  const at = new Peer('client', flow(), behind(MAX_OFFERED_PSKS - 1)).run();
  assert.ok(at.victim.established?.pskIdentity !== undefined);
  const beyond = new Peer('client', flow(), behind(MAX_OFFERED_PSKS)).run();
  assert.equal(beyond.victim.error, undefined, beyond.victim.error?.message);
  assert.ok(beyond.victim.established !== undefined);
  assert.equal(beyond.victim.established.pskIdentity, undefined);
});

test('a Diffie-Hellman prime has MIN_DH_PRIME_BITS to MAX_DH_PRIME_BITS bits', () => {
  const odd = (bits: number): Uint8Array => {
    const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
    return bytes.with(0, 0xff >> (8 * bytes.length - bits));
  };
  const two = Uint8Array.of(2);
  for (const bits of [MIN_DH_PRIME_BITS, MAX_DH_PRIME_BITS]) {
    const exchange = nodeProvider.finiteField(odd(bits), two);
    assert.ok(exchange !== undefined);
  }
  for (const bits of [MIN_DH_PRIME_BITS - 1, MAX_DH_PRIME_BITS + 1]) {
    assert.throws(
      () => nodeProvider.finiteField(odd(bits), two).respond(Uint8Array.of(3)),
      (error) => error instanceof TlsError && error.message.includes(`found ${bits}`),
    );
  }
});
