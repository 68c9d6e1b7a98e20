/** The defaults of the protocol that no policy holds. */

/** How long a HelloRetryRequest cookie is honoured, in milliseconds. */
export const COOKIE_LIFETIME = 60_000;
