/** What a TLS 1.3 client makes of tickets: sessions, kept for the next connection (RFC 9846 section 4.7.1). */
import { isPromise } from '../../crypto/provider.ts';
import type { MainSecret } from '../../keys/schedule13.ts';
import { resumptionPsk } from '../../keys/traffic.ts';
import { MAX_SESSION_AGE } from '../../policy/limits.ts';
import { MAX_PSK_IDENTITY_LENGTH, MAX_TICKET_LIFETIME } from '../../session/limits.ts';
import { earliestExpiry } from '../../session/peer.ts';
import type { ClientSession } from '../../session/session.ts';
import type { NewSessionTicket } from '../../wire/messages/new-session-ticket.ts';
import type { Established } from '../established.ts';
import { clientTrust } from '../trust-settings.ts';
import type { ClientContext, Target } from './client-hello.ts';
import { sessionKey } from './psk13.ts';

/** Turns the tickets of one connection into sessions. */
export class TicketKeeper {
  readonly #h: ClientContext;
  readonly #target: Target;
  readonly #established: Established;
  readonly #resumptionSecret: Uint8Array;
  readonly #authenticatedAt: number;

  /**
   * @param main while the transcript ends with this side's Finished.
   * @param earlier the session that this connection goes on with.
   */
  constructor(
    h: ClientContext,
    target: Target,
    established: Established,
    main: MainSecret,
    earlier: ClientSession | undefined,
  ) {
    this.#h = h;
    this.#target = target;
    this.#established = established;
    this.#resumptionSecret = main.resumptionSecret(h.transcript.current());
    this.#authenticatedAt = earlier?.authenticatedAt ?? h.config.now();
  }

  /** Keeps the session of a ticket that can be used; without a certificate behind it (an external PSK) nothing is kept. */
  keep(ticket: NewSessionTicket): void {
    const { config, hkdf } = this.#h;
    const { peer, cipherSuite, applicationProtocol } = this.#established;
    // A ticket that is too long would not fit into the ClientHello that it comes back in
    const isUsable = ticket.ticketLifetime > 0 && ticket.ticket.length <= MAX_PSK_IDENTITY_LENGTH;
    if (!isUsable || peer === undefined) return;
    const now = config.now();
    // RFC 9846 section 4.7.1 "Clients MUST NOT use tickets for longer than 7 days"
    const lifetime = Math.min(ticket.ticketLifetime * 1000, MAX_TICKET_LIFETIME);
    const { name, serverName } = this.#target;
    const session: ClientSession = {
      version: 'TLSv1.3',
      cipherSuite,
      secret: resumptionPsk(hkdf, this.#resumptionSecret, ticket.ticketNonce),
      ticket: ticket.ticket,
      createdAt: now,
      authenticatedAt: this.#authenticatedAt,
      expiresAt: Math.min(now + lifetime, this.#authenticatedAt + MAX_SESSION_AGE, earliestExpiry(peer)),
      ticketAgeAdd: ticket.ticketAgeAdd,
      maxEarlyData: ticket.extensions.earlyData?.maxEarlyDataSize ?? 0,
      extendedMasterSecret: true,
      name,
      ...(serverName === undefined ? {} : { serverName }),
      ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
      trust: clientTrust(config),
      peer,
    };
    keepSession(this.#h, this.#target, session);
  }
}

/** Whether anybody wants the sessions of this connection. */
export function wantsSessions({ config, observers }: ClientContext): boolean {
  return config.sessions !== undefined || observers.onSession !== undefined;
}

/** Gives a session to whoever keeps it. A store that fails costs a full handshake later, and nothing now. */
export function keepSession(h: ClientContext, target: Target, session: ClientSession): void {
  h.observers.onSession?.(session);
  try {
    const kept = h.config.sessions?.put(sessionKey(h.config, target), session);
    if (isPromise(kept)) kept.then(undefined, () => {});
  } catch {}
}
