/** Where a server keeps its sessions: in the tickets themselves, sealed, or in a store; and which may go on. */
import { isPromise } from '../../crypto/provider.ts';
import { decodeSession, encodeSession, type Session } from '../../session/session.ts';
import { openTicket, sealTicket } from '../../session/tickets.ts';
import { equalBytes, latin1, toHex } from '../../wire/bytes.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import type { TlsVersion } from '../../wire/registry.ts';
import { type Handshake, quietly } from '../driver.ts';
import { serverTrust } from '../trust-settings.ts';
import { identityCandidates, type ServerContext, shared } from './choose.ts';

/** Length of the ticket of a stored session: too long to be guessed. */
const STORE_KEY_LENGTH = 32;

/**
 * Under which key a store keeps a session. Ids of TLS 1.2 are sent in the clear and serve more than once, tickets of TLS 1.3
 * are used up: who has seen an id must not be able to use it up as a ticket.
 */
function storeKey(version: TlsVersion, id: Uint8Array): string {
  return `${version} ${toHex(id)}`;
}

/** Keeps a TLS 1.3 session, and answers its ticket; `undefined` when it cannot be kept now. */
export function* storeSession(h: ServerContext, session: Session): Handshake<Uint8Array | undefined> {
  if (h.config.tickets?.store === undefined) return yield* sealSession(h, session);
  const ticket = h.provider.random(STORE_KEY_LENGTH);
  return (yield* rememberSession(h, ticket, session)) ? ticket : undefined;
}

/** The session of a ticket; `undefined` for what is not one of this server's, or has expired. A stored one is used once. */
export function* findSession(h: ServerContext, ticket: Uint8Array): Handshake<Session | undefined> {
  const { tickets, provider, now } = h.config;
  if (tickets === undefined) return undefined;
  const { store, keys } = tickets;
  if (store === undefined)
    return unexpired(h, yield* quietly(() => openTicket(provider, keys, ticket, now())));
  return read(h, yield* quietly(() => store.take(storeKey('TLSv1.3', ticket))));
}

/** The session of an id of TLS 1.2, which may go on more than once. */
export function* recallSession(h: ServerContext, id: Uint8Array): Handshake<Session | undefined> {
  const store = h.config.tickets?.store;
  return store && read(h, yield* quietly(() => store.get(storeKey('TLSv1.2', id))));
}

/** Seals a session into a ticket; `undefined` when that cannot be done now. */
export function* sealSession(h: ServerContext, session: Session): Handshake<Uint8Array | undefined> {
  const { tickets, provider, now } = h.config;
  return tickets && (yield* quietly(() => sealTicket(provider, tickets.keys, session, now())));
}

/** Puts a session into the store; answers whether it is there. */
export function* rememberSession(h: ServerContext, id: Uint8Array, session: Session): Handshake<boolean> {
  const store = h.config.tickets?.store;
  if (store === undefined) return false;
  const isKept = yield* quietly(() => {
    const done = store.put(storeKey(session.version, id), encodeSession(session), session.expiresAt);
    return isPromise(done) ? done.then(() => true) : true;
  });
  return isKept === true;
}

function read(h: ServerContext, stored: Uint8Array | undefined): Session | undefined {
  return unexpired(h, stored && decodeSession(stored));
}

function unexpired(h: ServerContext, session: Session | undefined): Session | undefined {
  return session !== undefined && h.config.now() < session.expiresAt ? session : undefined;
}

/** Why a session may not go on with this ClientHello, on this server as it is configured now. */
export function* objectionToSession(
  h: ServerContext,
  hello: ClientHello,
  session: Session,
): Handshake<string | undefined> {
  return (
    changeSince(h, hello, session) ??
    (yield* objectionToTrust(h, hello, session)) ??
    (yield* judgeAgain(h, session))
  );
}

/** Trust must be as it was; and the certificate that was shown must be one that this server would show for the name. */
function* objectionToTrust(
  h: ServerContext,
  hello: ClientHello,
  { trust }: Session,
): Handshake<string | undefined> {
  const { named, others } = yield* identityCandidates(h, hello);
  const isSame = [...named, ...others].some((identity) => equalBytes(trust, serverTrust(h.config, identity)));
  return isSame
    ? undefined
    : 'it was made under other trust settings, or with a certificate that is not of this server';
}

/** What is not as it was when the session was made. */
function changeSince(h: ServerContext, { extensions }: ClientHello, session: Session): string | undefined {
  const { applicationProtocols, preference, clientAuthentication, now } = h.config;
  if (clientAuthentication === 'require' && session.peer === undefined) {
    return 'its client was not authenticated';
  }
  if (session.serverName !== extensions.serverName) return 'it was made for another server name';
  const offered = (extensions.applicationLayerProtocolNegotiation ?? []).map(latin1);
  const [protocol] = shared(preference, applicationProtocols, offered);
  if (protocol !== session.applicationProtocol) return 'it was made for another application protocol';
  return session.createdAt > now() ? 'it comes from the future' : undefined;
}

/** Judges the client of a session again, where that is asked for. */
function* judgeAgain(h: ServerContext, { peer }: Session): Handshake<string | undefined> {
  const { judgeResumed, verifier } = h.config;
  if (!judgeResumed || peer === undefined || verifier === undefined) return undefined;
  const verdict = yield* quietly(() =>
    verifier.verify({ peer: 'client', chain: peer.chain, at: h.config.now(), use: 'signature' }),
  );
  return verdict?.ok === true ? undefined : 'its client is not acceptable any more';
}
