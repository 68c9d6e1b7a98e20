/** Sides that have met before: what both remember, for the connection that a test is about. */
import assert from 'node:assert/strict';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { ClientOptions, ServerOptions } from '../../src/handshake/config.ts';
import type { ClientSession } from '../../src/session/session.ts';
import type { ClientSessionStore } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { connectedPair, type PairOptions } from './pair.ts';

/** A guard that takes every ClientHello for new: for tests that are about something else. */
export const FORGETFUL_GUARD = { isNew: () => true };

/** Bytes of early data that tickets allow here. */
export const MAX_EARLY_DATA = 100;

/** A client's memory that holds this session, whoever asks, and however often. */
export function alwaysOffering(session: ClientSession): ClientSessionStore {
  return { put: () => {}, take: () => session };
}

/** The options of a client and a server, each with its part of the session. */
export interface Acquainted extends PairOptions {
  readonly client: Partial<ClientOptions>;
  readonly server: Partial<ServerOptions>;
  readonly session: ClientSession;
}

/** Options of a client and a server that have a session from an earlier connection with these options. */
export function acquainted(options: PairOptions = {}): Acquainted {
  const server: Partial<ServerOptions> = {
    tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) },
    earlyData: { maxSize: MAX_EARLY_DATA, guard: FORGETFUL_GUARD },
    ...options.server,
  };
  const sessions: ClientSession[] = [];
  const store = {
    put: (_key: string, session: ClientSession): void => void sessions.push(session),
    take: () => undefined,
  };
  const pair = connectedPair({ ...options, client: { ...options.client, sessions: store }, server });
  assert.equal(pair.client.established?.resumed, false);
  const [session] = sessions;
  assert.ok(session !== undefined, 'the server gave no session');
  return { ...options, client: { ...options.client, sessions: alwaysOffering(session) }, server, session };
}

/** The same with more options on either side. */
export function later(known: Acquainted, more: PairOptions): Acquainted {
  return {
    ...known,
    ...more,
    client: { ...known.client, ...more.client },
    server: { ...known.server, ...more.server },
  };
}

/** The options of a connection whose client sends early data. */
export function withEarlyData(known: Acquainted, data: Uint8Array): Acquainted {
  return { ...known, target: { name: 'localhost', earlyData: { data } } };
}
