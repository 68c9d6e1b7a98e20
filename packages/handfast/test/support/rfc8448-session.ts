/** What both sides of RFC 8448's resumed connection remember of the one before (section 3 prints its ticket). */
import assert from 'node:assert/strict';
import { encodeSession, type Session } from '../../src/session/session.ts';
import type { ClientSessionStore, SessionStore } from '../../src/session/store.ts';
import { toHex } from '../../src/wire/bytes.ts';
import { CipherSuite } from '../../src/wire/registry.ts';
import type { Verdict } from '../../src/x509/verdict.ts';
import { identityOf } from './identities.ts';
import type { Trace } from './rfc8448.ts';

export const SERVER = 'server';
/** The flight that goes out with the ClientHello. */
export const EARLY_DATA = 'Client_EarlyAppData';
export const MAX_EARLY_DATA = 1024;
const TICKET_AGE_ADD = 0xfad6aac5;
/** In seconds. */
export const TICKET_LIFETIME = 30;

/** What both sides remember of the connection that the trace goes on with. */
function recordedSession(trace: Trace, obfuscatedAge: number, trust: Uint8Array): Session {
  assert.ok(trace.psk);
  // RFC 9846 section 4.3.11.1
  const createdAt = trace.now - ((obfuscatedAge - TICKET_AGE_ADD + 2 ** 32) % 2 ** 32);
  return {
    version: 'TLSv1.3',
    cipherSuite: CipherSuite.TLS_AES_128_GCM_SHA256,
    secret: trace.psk.secret,
    createdAt,
    authenticatedAt: createdAt,
    expiresAt: createdAt + TICKET_LIFETIME * 1000,
    ticketAgeAdd: TICKET_AGE_ADD,
    maxEarlyData: MAX_EARLY_DATA,
    extendedMasterSecret: true,
    serverName: SERVER,
    trust,
  };
}

/** A client's memory of the server, whoever that was. */
export function recordedSessions(
  trace: Trace,
  obfuscatedAge: number,
  trust: () => Uint8Array,
): ClientSessionStore {
  return {
    put: () => assert.fail('no ticket was expected'),
    take: () => {
      const { chain } = identityOf('server');
      const verdict: Verdict = { ok: true, path: [], sentence: 'Accepted.' };
      return {
        ...recordedSession(trace, obfuscatedAge, trust()),
        name: SERVER,
        ticket: trace.psk?.identity ?? new Uint8Array(),
        peer: { chain, verdict },
      };
    },
  };
}

/** A server's store, in which the session waits under its ticket. */
export function recordedStore(trace: Trace, obfuscatedAge: number, trust: () => Uint8Array): SessionStore {
  return {
    get: () => assert.fail('no id of TLS 1.2 was expected'),
    put: () => assert.fail('no ticket was expected'),
    take: (key) => {
      assert.ok(key.endsWith(toHex(trace.psk?.identity ?? new Uint8Array())));
      return encodeSession(recordedSession(trace, obfuscatedAge, trust()));
    },
  };
}
