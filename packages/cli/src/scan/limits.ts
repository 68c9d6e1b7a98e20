/** Every bound of a scan: what it asks of a server, and what a server can make it do. Times are in milliseconds. */

/** Connections of one scan, unless the command line says otherwise. A server that takes every suite of OpenSSL needs 300. */
export const DEFAULT_SCAN_CONNECTIONS = 400;

/** Connections of one scan, whatever is asked for. */
export const MAX_SCAN_CONNECTIONS = 2_000;

/** Connections at a time: few enough not to be taken for an attack. */
export const DEFAULT_SCAN_PARALLEL = 3;

/** Connections at a time, whatever is asked for. */
export const MAX_SCAN_PARALLEL = 10;

/** How long one connection and its answer may take. */
export const DEFAULT_PROBE_TIMEOUT = 5_000;

/** How long a scan may take. */
export const DEFAULT_SCAN_TIME = 300_000;

/** Bytes of an answer: a Certificate message at its limit of 100 KiB, and some. What goes on longer is no handshake. */
export const MAX_ANSWER_BYTES = 262_144;

/** How long to wait for the server to close after our goodbye. */
export const GOODBYE_TIME = 200;

/** How long to wait for tickets, or for an alert, after a whole handshake. */
export const AFTERMATH_TIME = 300;

/** Connections in a row without a word from the server, after which it is left in peace. */
export const MAX_UNANSWERED = 6;

/** How long to wait before a connection that failed, or that the server was silent on, is tried once more. */
export const SECOND_CHANCE_DELAY = 500;

/** Cipher suites in one hello: some old servers stumble over more than 128. */
export const MAX_OFFERED_SUITES = 120;

/** Certificates of a chain that are read; public hierarchies have four at most. */
export const MAX_CHAIN_CERTIFICATES = 20;
