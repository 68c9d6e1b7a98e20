/** The sessions of a TLS 1.2 server: by ticket (RFC 5077), or by id where it has a store (RFC 5246 section 7.4.1.3). */
import { TLS12_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { MAX_SESSION_AGE } from '../../policy/limits.ts';
import { earliestExpiry } from '../../session/peer.ts';
import type { Session } from '../../session/session.ts';
import { copy, EMPTY } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import type { Handshake } from '../driver.ts';
import type { Established } from '../established.ts';
import { serverTrust } from '../trust-settings.ts';
import type { ServerContext } from './choose.ts';
import { findSession, objectionToSession, recallSession, rememberSession, sealSession } from './sessions.ts';

/** How a full handshake lets its session be resumed, as the ServerHello says. */
export interface SessionOffer12 {
  /** The id of the session; empty where it has none. */
  readonly sessionId: Uint8Array;
  /** Whether a NewSessionTicket will come before the server's Finished. */
  readonly promisesTicket: boolean;
}

const SESSION_ID_LENGTH = 32;

/** No session is kept that is not bound to its handshake: it could be made to go on as somebody else's (RFC 7627 section 1). */
export function offerSession12(h: ServerContext, { extensions }: ClientHello): SessionOffer12 {
  const { tickets, provider } = h.config;
  const isKept = tickets !== undefined && extensions.extendedMasterSecret !== undefined;
  const hasStore = isKept && tickets.store !== undefined;
  return {
    sessionId: hasStore ? provider.random(SESSION_ID_LENGTH) : EMPTY,
    promisesTicket: isKept && !hasStore && extensions.sessionTicket !== undefined,
  };
}

/** The session that a client wants to go on with, if this server may. */
export function* chooseSession12(h: ServerContext, hello: ClientHello): Handshake<Session | undefined> {
  const { legacySessionId, extensions } = hello;
  // The echo of the id is what says that a session goes on; clients make one up for a ticket (RFC 5077 section 3.4).
  if (h.config.tickets === undefined || legacySessionId.length === 0) return undefined;
  const ticket = extensions.sessionTicket;
  const session =
    h.config.tickets.store === undefined
      ? ticket && ticket.length > 0
        ? yield* findSession(h, ticket)
        : undefined
      : yield* recallSession(h, legacySessionId);
  if (session === undefined) return undefined;
  const objection = objectionTo(h, hello, session) ?? (yield* objectionToSession(h, hello, session));
  h.choose({
    phase: 'hello',
    what: 'session',
    chosen: objection === undefined ? 'an earlier session' : 'a new one',
    offered: ['an earlier session'],
    reason: objection ?? 'this server knows it, and may go on with it',
  });
  return objection === undefined ? session : undefined;
}

/** @throws {TlsError} `ERR_NO_EXTENDED_MASTER_SECRET` (RFC 7627 section 5.3). */
function objectionTo(h: ServerContext, hello: ClientHello, session: Session): string | undefined {
  if (session.version !== 'TLSv1.2' || !session.extendedMasterSecret) return 'it is of another version';
  if (hello.extensions.extendedMasterSecret === undefined) {
    throw new TlsError(
      'ERR_NO_EXTENDED_MASTER_SECRET',
      'ClientHello: expected extended_master_secret, as in the session that it wants to go on with, found none',
      { message: 'ClientHello' },
    );
  }
  const { cipherSuite } = session;
  const isOffered = hello.cipherSuites.includes(cipherSuite) && h.config.cipherSuites.includes(cipherSuite);
  return isOffered && TLS12_CIPHER_SUITES.has(cipherSuite) ? undefined : 'its cipher suite is not offered';
}

/**
 * The ticket, or the id in the store, of a handshake that is about to be complete.
 * @param earlier the session that goes on.
 */
export function* keepSession12(
  h: ServerContext,
  offer: SessionOffer12,
  established: Established,
  master: Uint8Array,
  earlier?: Session,
): Handshake<void> {
  const { tickets, now } = h.config;
  if (tickets === undefined || !(offer.promisesTicket || offer.sessionId.length > 0)) return;
  const { peer, cipherSuite, serverName, applicationProtocol, own } = established;
  const trust = earlier?.trust ?? (own && serverTrust(h.config, own.identity));
  if (trust === undefined) throw new TlsError('ERR_INTERNAL', 'a session without a certificate');
  const createdAt = now();
  const authenticatedAt = earlier?.authenticatedAt ?? createdAt;
  const expiresAt = Math.min(
    createdAt + tickets.lifetime * 1000,
    authenticatedAt + MAX_SESSION_AGE,
    peer === undefined ? Number.POSITIVE_INFINITY : earliestExpiry(peer),
  );
  const session: Session = {
    version: 'TLSv1.2',
    cipherSuite,
    secret: copy(master),
    createdAt,
    authenticatedAt,
    expiresAt,
    ticketAgeAdd: 0,
    maxEarlyData: 0,
    extendedMasterSecret: true,
    ...(serverName === undefined ? {} : { serverName }),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    trust,
    ...(peer === undefined ? {} : { peer }),
  };
  if (!offer.promisesTicket) {
    yield* rememberSession(h, offer.sessionId, session);
    return;
  }
  const lifetime = Math.max(0, Math.floor((expiresAt - createdAt) / 1000));
  const ticket = lifetime === 0 ? undefined : yield* sealSession(h, session);
  h.send('NewSessionTicket12', { ticketLifetimeHint: lifetime, ticket: ticket ?? EMPTY });
}
