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
/** How long a fetcher waits for one answer in milliseconds, from the name's look-up to the last byte. */
export const DEFAULT_CONTACT_TIMEOUT = 5_000;

/** How long a fetcher may look for evidence for one verdict in milliseconds: a handshake waits that long at most. */
export const DEFAULT_FETCH_TIMEOUT = 15_000;

/**
 * Requests that one verdict causes, redirects included, unless the caller says otherwise. A leaf and two intermediates need
 * three for OCSP, some more where lists replace a responder, and two for issuers.
 */
export const DEFAULT_CONTACTS = 16;

/** Requests that one verdict causes, whatever is asked for: what a peer can multiply one handshake by. */
export const MAX_CONTACTS = 64;

/**
 * How often a chain is judged for one verdict, each time with what was found since: signatures cost more than requests. A
 * missing issuer, its own issuer, OCSP responses, lists and their deltas take five.
 */
export const MAX_JUDGEMENTS = 10;

/** Requests of one fetcher at a time, for statuses, and again for issuers; more wait for their turn, within the time of their verdict. */
export const MAX_CONCURRENT_CONTACTS = 32;

/** URLs that are tried for one purpose of one certificate: it may name thousands. */
export const MAX_URLS = 4;

/** Characters of a URL that is fetched (RFC 9110 section 4.1 recommends support for 8000; real ones have under 200). */
export const MAX_URL_LENGTH = 2_048;

/** Redirects that are followed one after another. */
export const MAX_REDIRECTS = 3;

/** Bytes of the headers of an answer (Node's own default). */
export const MAX_ANSWER_HEADER_BYTES = 16_384;

/** Bytes of an answer with certificates: one has some 2 kB, and a collection of ten fits. */
export const MAX_FETCHED_CERTIFICATE_BYTES = 65_536;

/** Bytes of statuses that a fetcher remembers: as many as the largest revocation list has. Parsed they take five times that. */
export const DEFAULT_CACHE_BYTES = 33_554_432;

/** Bytes of answers with issuers that a fetcher remembers: some two thousand certificates. */
export const MAX_ISSUER_CACHE_BYTES = 4_194_304;

/** How long an answer is remembered in milliseconds, however long it says that it holds: a day. */
export const MAX_CACHE_TIME = 86_400_000;

/** How long a failure is remembered in milliseconds, and an answer that nothing has confirmed. */
export const FAILURE_CACHE_TIME = 60_000;

/** How long early data waits for the parent process's record of ClientHellos, in milliseconds: one second. A parent that is busy for longer refuses it. */
export const DEFAULT_SHARING_TIMEOUT = 1_000;

/** ClientHellos whose early data waits for the parent process at a time; further early data is refused. */
export const MAX_WAITING_REPLAY_CHECKS = 5_000;

/** How long before its first use a ticket key is told to child processes, in milliseconds: one minute. */
export const TICKET_KEY_LEAD = 60_000;
