/** The messages after a TLS 1.3 handshake: KeyUpdate and NewSessionTicket (RFC 9846 section 4.7). */
import { nextTrafficSecret } from '../keys/traffic.ts';
import { MAX_KEY_UPDATES, MAX_SESSION_TICKETS } from '../policy/limits.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import type { Direction } from '../trace/events.ts';
import { ConfigError, TlsError } from '../wire/errors.ts';
import { encodeHandshake } from '../wire/messages/index.ts';
import { KeyUpdateRequest, keyUpdate } from '../wire/messages/key-update.ts';
import { type NewSessionTicket, newSessionTicket } from '../wire/messages/new-session-ticket.ts';
import { HandshakeType } from '../wire/registry.ts';
import { type HandshakeContext, receivedName } from './context.ts';
import type { TrafficSecrets } from './secrets13.ts';
import type { PostHandshake } from './secured.ts';

/**
 * A NewSessionTicket as a message.
 * @throws {ConfigError} when a field does not fit its declaration.
 */
export function encodeTicket(ticket: NewSessionTicket): Uint8Array {
  try {
    return encodeHandshake(HandshakeType.new_session_ticket, newSessionTicket, ticket);
  } catch (cause) {
    throw new ConfigError('ticket', `ticket: it cannot be encoded: ${String(cause)}`, { cause });
  }
}

/** What a client makes of a ticket. */
export interface TicketReceiver {
  keep(ticket: NewSessionTicket): void;
}

/** Keeps the keys of an established connection fresh. */
export class PostHandshake13 implements PostHandshake {
  readonly #h: HandshakeContext;
  readonly #ticketReceiver: TicketReceiver | undefined;
  readonly #traffic: Record<Direction, { secret: Uint8Array; generation: number }>;
  /** Messages since the last application data that nobody asked for, which a peer could otherwise send without end. */
  #keyUpdates = 0;
  #tickets = 0;
  /** The peer asked for a KeyUpdate; it is sent before the next application data, once for any number of requests. */
  #owesUpdate = false;
  /** This side asked for one, and none has come since: it may not ask again before (RFC 9846 section 4.7.3). */
  #awaitsUpdate = false;

  /** @param tickets what becomes of tickets; without it they are checked for their form and dropped. */
  constructor(h: HandshakeContext, { client, server }: TrafficSecrets, tickets?: TicketReceiver) {
    const [own, peers] = h.role === 'client' ? [client, server] : [server, client];
    this.#h = h;
    this.#ticketReceiver = tickets;
    this.#traffic = { sent: { secret: own, generation: 0 }, received: { secret: peers, generation: 0 } };
  }

  noteApplicationData(): void {
    this.#keyUpdates = 0;
    this.#tickets = 0;
  }

  receive(received: HandshakeMessage): void {
    const { role } = this.#h;
    this.#h.traceMessage('received', received.message);
    if (received.type === HandshakeType.key_update) this.#receiveKeyUpdate(received);
    else if (received.type === HandshakeType.new_session_ticket && role === 'client')
      this.#receiveTicket(received);
    else {
      const expected = role === 'client' ? 'KeyUpdate or NewSessionTicket' : 'KeyUpdate';
      throw new TlsError(
        'ERR_UNEXPECTED_MESSAGE',
        `expected application data, ${expected} after the handshake, received ${receivedName(received)}`,
        { message: receivedName(received) },
      );
    }
  }

  #receiveKeyUpdate(received: HandshakeMessage): void {
    const { requestUpdate } = this.#h.decode(keyUpdate, received);
    if (this.#awaitsUpdate) this.#awaitsUpdate = false;
    else if (++this.#keyUpdates > MAX_KEY_UPDATES) {
      throw new TlsError(
        'ERR_TOO_MANY_KEY_UPDATES',
        `more than ${MAX_KEY_UPDATES} KeyUpdates without data between them`,
      );
    }
    this.#advance('received');
    if (requestUpdate === KeyUpdateRequest.update_requested) this.#owesUpdate = true;
  }

  #receiveTicket(received: HandshakeMessage): void {
    const ticket = this.#h.decode(newSessionTicket, received);
    if (++this.#tickets > MAX_SESSION_TICKETS) {
      throw new TlsError(
        'ERR_UNEXPECTED_MESSAGE',
        `more than ${MAX_SESSION_TICKETS} NewSessionTickets without data between them`,
      );
    }
    this.#ticketReceiver?.keep(ticket);
  }

  /** A KeyUpdate that the peer asked for comes before the next application data. */
  beforeApplicationData(): void {
    if (this.#owesUpdate) this.updateKeys(false);
  }

  updateKeys(requestPeerUpdate: boolean): void {
    const { update_requested, update_not_requested } = KeyUpdateRequest;
    const asks = requestPeerUpdate && !this.#awaitsUpdate;
    if (asks) this.#awaitsUpdate = true;
    else this.#owesUpdate = false;
    const requestUpdate = asks ? update_requested : update_not_requested;
    this.send(encodeHandshake(HandshakeType.key_update, keyUpdate, { requestUpdate }));
    this.#advance('sent');
  }

  send(message: Uint8Array): void {
    const { records } = this.#h;
    records.sendHandshake(message);
    this.#h.traceMessage('sent', message);
  }

  #advance(direction: Direction): void {
    const h = this.#h;
    const traffic = this.#traffic[direction];
    traffic.secret = nextTrafficSecret(h.hkdf, traffic.secret);
    traffic.generation++;
    const sender = (direction === 'sent') === (h.role === 'client') ? 'CLIENT' : 'SERVER';
    h.tellSecret(`${sender}_TRAFFIC_SECRET_${traffic.generation}`, traffic.secret);
    h.useTrafficSecret(direction, 'application', traffic.secret, traffic.generation);
  }
}
