/** Times and sizes of sockets, each with its reason. The limits of the protocol itself are in `policy/limits.ts`. */

/** How long a handshake may take in milliseconds, on both sides (`node:tls`: 120 s on servers, no limit on clients). */
export const DEFAULT_HANDSHAKE_TIMEOUT = 120_000;

/**
 * How long a transport stays open in milliseconds after a fatal alert was written, so that the peer reads the alert:
 * closing with unread bytes makes TCP send a reset, which discards what the peer has not read (RFC 9293
 * section 3.10.7.1; nginx calls this a lingering close).
 */
export const LINGER_TIMEOUT = 2_000;

/**
 * Bytes of application data that are sealed at a time, four full records: one huge `write` neither blocks the event
 * loop for long nor needs a second huge buffer for its ciphertext.
 */
export const WRITE_SLICE_LENGTH = 1 << 16;

/** The longest time that Node's timers know, in milliseconds. */
export const MAX_MILLISECONDS = 2 ** 31 - 1;

/** How many configurations an `Agent` keeps for requests that bring TLS options of their own. */
export const MAX_AGENT_CONFIGS = 100;

/** How long an undici connection may take to be ready in milliseconds (undici's own default). */
export const DEFAULT_CONNECT_TIMEOUT = 10_000;

/** Silence in milliseconds before TCP probes an undici connection (undici's own default). */
export const KEEP_ALIVE_DELAY = 60_000;

/**
 * Bytes that are read from the transport before the handshake is complete; then reading pauses. More than any
 * handshake needs, and a bound on what a peer can make us keep while a signature or a decision is awaited.
 */
export const MAX_HANDSHAKE_BYTES = 1 << 20;

/**
 * Bytes of a file that a trust store reads: 16 MiB, a hundred times the list of all public authorities. `/dev/zero` has no
 * end, and the wrong file may be huge.
 */
export const MAX_TRUST_FILE_LENGTH = 1 << 24;

/** Entries of a folder that a trust store reads; Debian's /etc/ssl/certs has some 450. */
export const MAX_TRUST_FOLDER_ENTRIES = 10_000;
