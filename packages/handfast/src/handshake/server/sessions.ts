/** Where a server keeps its sessions: in the tickets themselves, sealed, or in a store, whose key is the ticket. */
import { isPromise } from '../../crypto/provider.ts';
import { decodeSession, encodeSession, type Session } from '../../session/session.ts';
import { openTicket, sealTicket } from '../../session/tickets.ts';
import { toHex } from '../../wire/bytes.ts';
import { type Handshake, quietly } from '../driver.ts';
import type { ServerContext } from './choose.ts';

/** Length of the ticket of a stored session: too long to be guessed. */
const STORE_KEY_LENGTH = 32;

/** Keeps a session, and answers its ticket; `undefined` when it cannot be kept now. */
export function* storeSession(h: ServerContext, session: Session): Handshake<Uint8Array | undefined> {
  const { tickets, provider, now } = h.config;
  if (tickets === undefined) return undefined;
  const { store, keys } = tickets;
  if (store === undefined) return yield* quietly(() => sealTicket(provider, keys, session, now()));
  const ticket = provider.random(STORE_KEY_LENGTH);
  const isKept = yield* quietly(() => {
    const done = store.put(toHex(ticket), encodeSession(session), session.expiresAt);
    return isPromise(done) ? done.then(() => true) : true;
  });
  return isKept ? ticket : undefined;
}

/** The session of a ticket; `undefined` for what is not one of this server's, or has expired. A stored one is used once. */
export function* findSession(h: ServerContext, ticket: Uint8Array): Handshake<Session | undefined> {
  const { tickets, provider, now } = h.config;
  if (tickets === undefined) return undefined;
  const { store, keys } = tickets;
  let session: Session | undefined;
  if (store === undefined) session = yield* quietly(() => openTicket(provider, keys, ticket, now()));
  else {
    const stored = yield* quietly(() => store.take(toHex(ticket)));
    session = stored && decodeSession(stored);
  }
  return session !== undefined && now() < session.expiresAt ? session : undefined;
}
