/** The defaults of the protocol that no policy holds. */

/** How long a HelloRetryRequest cookie is honoured, in milliseconds. */
export const COOKIE_LIFETIME = 60_000;

/** Tickets that a server sends on a new connection: two, as OpenSSL does, since a browser opens more than one connection. */
export const DEFAULT_TICKET_COUNT = 2;

/** How long a ticket may be used, in seconds: a day. */
export const DEFAULT_TICKET_LIFETIME = 86_400;
