/** What sessions, tickets and records of ClientHellos may take up, each with its source. */

/** Bytes of a ticket that is sent or kept, or of an external PSK's identity: half of the ClientHello that it comes back in (MAX_HANDSHAKE_MESSAGE_LENGTH). */
export const MAX_PSK_IDENTITY_LENGTH = 1 << 15;

/** How long a ticket may be used in milliseconds: seven days (RFC 9846 section 4.7.1). */
export const MAX_TICKET_LIFETIME = 604_800_000;

/** How long a ticket key seals before the next one does, in milliseconds: twelve hours. */
export const DEFAULT_TICKET_ROTATION = 43_200_000;

/** Ticket keys that a ring holds; with rotation every twelve hours fifteen can open at a time. */
export const MAX_TICKET_KEYS = 256;

/** Tickets sealed with one key, whose nonces are random: 2^32 (NIST SP 800-38D section 8.3). All machines that share the key count together. */
export const MAX_TICKETS_PER_KEY = 4_294_967_296;

/** Sessions that a server keeps in memory, unless its caller says otherwise (OpenSSL's cache: 20480). */
export const DEFAULT_STORED_SESSIONS = 20_480;

/** Bytes that those may take: sessions of clients with certificates take some kilobytes each. */
export const DEFAULT_STORED_SESSION_BYTES: number = 32 * 1024 * 1024;

/** Servers that a client keeps sessions of. */
export const DEFAULT_CLIENT_SESSION_SERVERS = 256;

/** Sessions that a client keeps of one server; those of TLS 1.3 serve once each, and browsers open some six connections at a time. */
export const DEFAULT_SESSIONS_PER_SERVER = 8;

/** Bytes of tickets, certificates and staples that a client keeps: a server may make each of them as long as a message. */
export const DEFAULT_CLIENT_SESSION_BYTES: number = 32 * 1024 * 1024;

/** Bytes that an external PSK must have at least: 128 bits (RFC 9257 section 6). */
export const MIN_PSK_LENGTH = 16;

/** By how much a ClientHello with early data may come sooner or later than its ticket's age says, in milliseconds: ten seconds (RFC 9846 section 8.3). */
export const EARLY_DATA_WINDOW = 10_000;

/** ClientHellos with early data that are remembered at a time. With the window above they may come at 5000 a second. */
export const DEFAULT_RECORDED_HELLOS = 100_000;
