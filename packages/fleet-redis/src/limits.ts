/** What a fleet asks of Redis at most, and how long it waits, each with its reason. Times are milliseconds. */

/** How long a handshake waits for Redis: well above the round trip inside one data centre, far below what a person notices. */
export const DEFAULT_REDIS_TIMEOUT = 50;

/** How long work in the background waits for Redis. No handshake waits for that. */
export const BACKGROUND_TIMEOUT = 2_000;

/** Commands that wait for an answer at a time; further ones are refused at once. At 10,000 answers a second that is half a second's worth. */
export const MAX_WAITING_COMMANDS = 5_000;

/** Failures in a row after which nothing is asked for a while. */
export const FAILURES_BEFORE_PAUSE = 5;

/** The first pause, which doubles while Redis keeps failing. */
export const FIRST_PAUSE = 200;

/** The longest pause. */
export const LONGEST_PAUSE = 10_000;

/** Key-encryption keys at a time: a rotation needs two. */
export const MAX_KEY_ENCRYPTION_KEYS = 8;

/** How far the clocks of servers and Redis may be apart. Machines that keep their time by NTP are some milliseconds apart. */
export const DEFAULT_CLOCK_SKEW = 5_000;

/** How long before it expires a ClientHello with early data may come at the earliest: twice the ten seconds by which its age may be off (RFC 9846 section 8.3). */
export const DEFAULT_REPLAY_WINDOW = 20_000;

/** Entries that are read of what Redis keeps as ticket keys: as many as a ring holds. */
export const MAX_KEY_ENTRIES = 256;

/** How often a server looks for new ticket keys. */
export const DEFAULT_POLL_INTERVAL = 30_000;

/** How long before its first use a ticket key is published: ten looks. */
export const DEFAULT_PUBLISH_AHEAD = 300_000;

/** How long one server may take to publish ticket keys before another may: longer than the commands that it takes. */
export const LEASE_TIME = 10_000;

/** How soon a server that has no shared ticket key looks again. */
export const FIRST_KEY_RETRY = 250;

/** Servers among which the 2^32 tickets of a key are divided, unless the caller says otherwise. */
export const DEFAULT_SERVERS = 64;

/** Bytes of a stored session: far more than one with a client's certificates takes. */
export const MAX_STORED_SESSION_LENGTH: number = 64 * 1024;

/** Different problems that are remembered as told, so that each is told once. */
export const MAX_TOLD_PROBLEMS = 1_000;
