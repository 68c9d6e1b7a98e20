/** The options of sessions: tickets, pre-shared keys, early data; and how they are checked. */
import { DEFAULT_TICKET_COUNT, DEFAULT_TICKET_LIFETIME } from '../policy/defaults.ts';
import { MAX_TICKETS_SENT } from '../policy/limits.ts';
import { EARLY_DATA_WINDOW, MAX_TICKET_LIFETIME } from '../session/limits.ts';
import type { ReplayGuard } from '../session/replay.ts';
import type { SessionStore } from '../session/store.ts';
import type { TicketKeys } from '../session/tickets.ts';
import { requireGiven, requireKnown, requireWithin } from './config-checks.ts';
import { PSK_KEY_EXCHANGE_MODES, type PskKeyExchangeMode } from './psk13.ts';

/** How a server lets clients resume their sessions. */
export interface TicketOptions {
  /**
   * Seals tickets and opens them: {@link TicketKeyRing}, or keys that many servers share. A session goes on at those that
   * show the same certificate, and judge clients alike.
   */
  readonly keys: TicketKeys;
  /** Keeps sessions here instead; the tickets are then keys of the store, each good for one use. Default: tickets hold the sessions. */
  readonly store?: SessionStore;
  /** Tickets for a new connection, 0 to {@link MAX_TICKETS_SENT}, unless the client asks for a number (RFC 9149). Default: 2. */
  readonly count?: number;
  /** How long a session may be resumed, in seconds, 1 to 604800. Default: a day. */
  readonly lifetime?: number;
}

/**
 * How a server takes early data. Early data can be replayed by whoever recorded it; the guard keeps that to once, in one
 * process or in all that share it, and what happens then must still be harmless (RFC 9846 section 8).
 */
export interface EarlyDataOptions {
  /** Bytes that a ticket allows, 1 to 2^32 - 1. */
  readonly maxSize: number;
  /** Remembers ClientHellos: {@link MemoryReplayGuard} for a single process. */
  readonly guard: ReplayGuard;
  /** Milliseconds by which the age of a ticket may be off for early data to count as fresh. Default: 10 s. */
  readonly window?: number;
}

/** What a server does about sessions. */
interface SessionOptions {
  readonly tickets?: TicketOptions;
  readonly earlyData?: EarlyDataOptions;
}

/** The same, with every default filled in. */
export interface CheckedSessionOptions {
  readonly tickets?: TicketOptions & { readonly count: number; readonly lifetime: number };
  readonly earlyData?: EarlyDataOptions & { readonly window: number };
}

/**
 * Checks what a server does about sessions.
 * @throws {ConfigError} when an option cannot work.
 */
export function sessionOptions(options: SessionOptions): CheckedSessionOptions {
  const tickets = ticketOptions(options);
  const earlyData = earlyDataOptions(options);
  return { ...(tickets && { tickets }), ...(earlyData && { earlyData }) };
}

/** @throws {ConfigError} when there is no such mode. */
export function pskModes(
  modes: readonly PskKeyExchangeMode[] = ['psk_dhe_ke'],
): readonly PskKeyExchangeMode[] {
  requireKnown(
    'pskKeyExchangeModes',
    modes,
    String,
    (mode) => mode in PSK_KEY_EXCHANGE_MODES,
    'psk_dhe_ke and psk_ke',
  );
  return modes;
}

function earlyDataOptions({ earlyData, tickets }: SessionOptions): CheckedSessionOptions['earlyData'] {
  if (earlyData === undefined) return undefined;
  const { window = EARLY_DATA_WINDOW } = earlyData;
  requireGiven('tickets', tickets, 'since early data goes with a ticket');
  requireGiven('earlyData.guard', earlyData.guard, 'such as a MemoryReplayGuard');
  requireWithin('earlyData.maxSize', earlyData.maxSize, 1, 2 ** 32 - 1);
  requireWithin('earlyData.window', window, 1, MAX_TICKET_LIFETIME);
  return { ...earlyData, window };
}

function ticketOptions({ tickets }: SessionOptions): CheckedSessionOptions['tickets'] {
  if (tickets === undefined) return undefined;
  const { count = DEFAULT_TICKET_COUNT, lifetime = DEFAULT_TICKET_LIFETIME } = tickets;
  requireGiven('tickets.keys', tickets.keys, 'such as a TicketKeyRing');
  requireWithin('tickets.count', count, 0, MAX_TICKETS_SENT);
  requireWithin('tickets.lifetime', lifetime, 1, MAX_TICKET_LIFETIME / 1000);
  return { ...tickets, count, lifetime };
}
