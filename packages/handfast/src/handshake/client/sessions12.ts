/** The sessions of a TLS 1.2 client: by ticket (RFC 5077), or by id (RFC 5246 section 7.4.1.2). */
import { TLS12_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { MAX_SESSION_AGE } from '../../policy/limits.ts';
import { MAX_PSK_IDENTITY_LENGTH, MAX_TICKET_LIFETIME } from '../../session/limits.ts';
import { earliestExpiry } from '../../session/peer.ts';
import type { ClientSession } from '../../session/session.ts';
import { copy, EMPTY, equalBytes } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import type { Extensions } from '../../wire/extensions/block.ts';
import { type NewSessionTicket12, newSessionTicket12 } from '../../wire/messages/new-session-ticket12.ts';
import type { ServerHello12 } from '../../wire/messages/server-hello.ts';
import { cipherSuiteName } from '../../wire/registry.ts';
import type { ClientConfig } from '../config.ts';
import type { Handshake } from '../driver.ts';
import type { Established } from '../established.ts';
import { illegal } from '../refusals.ts';
import { clientTrust } from '../trust-settings.ts';
import type { ClientContext, Offer, Target } from './client-hello.ts';
import { keepSession, wantsSessions } from './tickets13.ts';

/** The extension by which a client shows a ticket, or says that it would like one (RFC 5077 section 3.2). */
export function ticketExtension(
  { sessions }: ClientConfig,
  session: ClientSession | undefined,
): Extensions<'ClientHello'> {
  if (sessions === undefined) return {};
  return { sessionTicket: session?.version === 'TLSv1.2' ? session.ticket : EMPTY };
}

/**
 * The session that the server goes on with: it says so by the echo of the id.
 * @throws {TlsError} `ERR_ILLEGAL_PARAMETER`, `ERR_NO_EXTENDED_MASTER_SECRET` (RFC 7627 section 5.3).
 */
export function resumedSession12(
  { hello, session }: Offer,
  answer: ServerHello12,
): ClientSession | undefined {
  const { legacySessionId } = hello;
  if (legacySessionId.length === 0 || !equalBytes(answer.legacySessionIdEcho, legacySessionId))
    return undefined;
  const message = 'ServerHello';
  // The id that disguises TLS 1.3 as a resumption names no session, so nobody can resume it (RFC 9846 appendix E.4).
  if (session?.version !== 'TLSv1.2')
    throw illegal(message, 'the server resumes a session that does not exist');
  if (answer.cipherSuite !== session.cipherSuite) {
    throw illegal(
      message,
      `the server resumes a session of ${cipherSuiteName(session.cipherSuite)} with ${cipherSuiteName(answer.cipherSuite)}`,
    );
  }
  if (answer.extensions.extendedMasterSecret === undefined) {
    throw new TlsError(
      'ERR_NO_EXTENDED_MASTER_SECRET',
      `${message}: expected extended_master_secret, as in the session that the server resumes, found none`,
      { message },
    );
  }
  return session;
}

/** Receives the ticket that the ServerHello promised, if it did. */
export function* receiveTicket12(h: ClientContext): Handshake<NewSessionTicket12 | undefined> {
  if (!h.order.facts.ticketPromised) return undefined;
  const received = yield* h.receive();
  const ticket = h.decode(newSessionTicket12, received);
  h.transcript.add(received.message);
  return ticket;
}

/**
 * Keeps the session of a complete handshake: under its new ticket, under its id, or as it was.
 * @param sessionId in the ServerHello.
 * @param earlier the session that this connection goes on with.
 */
export function keepSession12(
  h: ClientContext,
  target: Target,
  established: Established,
  {
    master,
    sessionId,
    ticket,
  }: {
    readonly master: Uint8Array;
    readonly sessionId: Uint8Array;
    readonly ticket: NewSessionTicket12 | undefined;
  },
  earlier?: ClientSession,
): void {
  const { peer, cipherSuite, applicationProtocol, serverName, extendedMasterSecret } = established;
  // What is not bound to its handshake could be made to go on as somebody else's (RFC 7627 section 1).
  if (!wantsSessions(h) || !extendedMasterSecret || peer === undefined) return;
  const length = ticket?.ticket.length ?? 0;
  const isNew = ticket !== undefined && length > 0 && length <= MAX_PSK_IDENTITY_LENGTH;
  if (!isNew) {
    // A session of TLS 1.2 may go on more than once.
    if (earlier !== undefined) keepSession(h, target, earlier);
    if (earlier !== undefined || sessionId.length === 0 || !TLS12_CIPHER_SUITES.has(cipherSuite)) return;
  }
  const { config } = h;
  const now = config.now();
  const authenticatedAt = earlier?.authenticatedAt ?? now;
  const lifetime =
    isNew && ticket.ticketLifetimeHint > 0 ? ticket.ticketLifetimeHint * 1000 : MAX_TICKET_LIFETIME;
  keepSession(h, target, {
    version: 'TLSv1.2',
    cipherSuite,
    secret: copy(master),
    createdAt: now,
    authenticatedAt,
    expiresAt: Math.min(now + lifetime, authenticatedAt + MAX_SESSION_AGE, earliestExpiry(peer)),
    ticketAgeAdd: 0,
    maxEarlyData: 0,
    extendedMasterSecret,
    name: target.name,
    ...(serverName === undefined ? {} : { serverName }),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    trust: clientTrust(config),
    peer,
    ticket: isNew ? ticket.ticket : EMPTY,
    ...(isNew ? {} : { sessionId }),
  });
}
