/**
 * Tickets that hold a whole session, sealed with a key that only the servers have (RFC 9846 section 4.7.1, RFC 5077 section
 * 4): `name(16) || nonce(12) || ciphertext || tag(16)`, AES-256-GCM over {@link encodeSession}. The additional data is the
 * format and the name. Nonces are random, so a key may seal 2^32 tickets (NIST SP 800-38D section 8.3).
 */
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type AeadName,
  type Awaitable,
  type CryptoProvider,
  isPromise,
} from '../crypto/provider.ts';
import { requireWithin } from '../policy/option-checks.ts';
import { concat, equalBytes, toHex } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import {
  DEFAULT_TICKET_ROTATION,
  MAX_PSK_IDENTITY_LENGTH,
  MAX_TICKET_KEYS,
  MAX_TICKET_LIFETIME,
  MAX_TICKETS_PER_KEY,
} from './limits.ts';
import { decodeSession, encodeSession, type Session } from './session.ts';

/** The cipher of tickets. */
const CIPHER: AeadName = 'AES-256-GCM';
const TICKET_FORMAT = 1;
/** Bytes of a ticket key's name. */
const KEY_NAME_LENGTH = 16;
const KEY_LENGTH = AEAD_KEY_LENGTH[CIPHER];

/** A key that seals tickets: plain data, for other servers to adopt. All times are whole milliseconds since 1970. */
export interface TicketKey {
  /** Sixteen bytes that every ticket shows in the clear. */
  readonly name: Uint8Array;
  /** Thirty-two secret bytes. Whoever has them can read and make tickets. */
  readonly key: Uint8Array;
  /** From when on it seals. */
  readonly sealsFrom: number;
  /** From when on it seals no more. */
  readonly sealsUntil: number;
  /** From when on it opens no more. It may open before it seals: the clock of another server may be ahead. */
  readonly opensUntil: number;
}

/** The ticket keys of a server. Times are milliseconds since 1970. */
export interface TicketKeys {
  /** The key to seal one ticket with; `undefined`: no tickets now. */
  current(now: number): TicketKey | undefined;
  /** The key of this name, if it may still open tickets. */
  find(name: Uint8Array, now: number): TicketKey | undefined;
}

export interface TicketKeyRingOptions {
  /** Makes the keys. */
  readonly provider: Pick<CryptoProvider, 'random' | 'aeads'>;
  /** How long each key seals in milliseconds. Default: twelve hours; at most seven days. */
  readonly rotateAfter?: number;
  /** How long a sealed ticket may be opened in milliseconds. Default, and at most: seven days. */
  readonly lifetime?: number;
  /** Keys to begin with. */
  readonly keys?: readonly TicketKey[];
  /**
   * Whether the ring makes a key where none can seal. Default: true. Servers that share keys set it to false and
   * {@link TicketKeyRing.adopt} what one of them made.
   */
  readonly generate?: boolean;
  /**
   * Tickets that one key seals, here; then the next key does, or none. Default, and at most: 2^32. Servers that share keys
   * share this number too: each is given its part.
   */
  readonly maxTicketsPerKey?: number;
}

interface HeldKey {
  readonly key: TicketKey;
  sealed: number;
}

/**
 * Ticket keys in memory. A new one is made when the last has sealed for `rotateAfter`; it opens tickets for as long as the
 * last ticket lives. It works when it is asked, and needs no timer.
 */
export class TicketKeyRing implements TicketKeys {
  readonly #provider: Pick<CryptoProvider, 'random'>;
  readonly #rotateAfter: number;
  readonly #lifetime: number;
  readonly #generate: boolean;
  readonly #maxTicketsPerKey: number;
  /** By name, in hexadecimal digits. */
  readonly #held = new Map<string, HeldKey>();

  /** @throws {ConfigError} when an option cannot work. */
  constructor({
    provider,
    rotateAfter = DEFAULT_TICKET_ROTATION,
    lifetime = MAX_TICKET_LIFETIME,
    keys = [],
    generate = true,
    maxTicketsPerKey = MAX_TICKETS_PER_KEY,
  }: TicketKeyRingOptions) {
    if (!provider.aeads.has(CIPHER)) {
      throw new ConfigError(
        'provider',
        'provider: tickets are sealed with AES-256-GCM, which it does not offer',
      );
    }
    requireWithin('rotateAfter', rotateAfter, 1, MAX_TICKET_LIFETIME);
    requireWithin('lifetime', lifetime, 1, MAX_TICKET_LIFETIME);
    requireWithin('maxTicketsPerKey', maxTicketsPerKey, 1, MAX_TICKETS_PER_KEY);
    const needed = Math.ceil(lifetime / rotateAfter) + 1;
    if (needed > MAX_TICKET_KEYS) {
      throw new ConfigError(
        'rotateAfter',
        `rotateAfter: tickets that live ${lifetime} ms need ${needed} keys at a time, and a ring holds ${MAX_TICKET_KEYS}; ` +
          'rotate less often, or let tickets live less long',
      );
    }
    this.#provider = provider;
    this.#rotateAfter = rotateAfter;
    this.#lifetime = lifetime;
    this.#generate = generate;
    this.#maxTicketsPerKey = maxTicketsPerKey;
    for (const key of keys) this.adopt(key);
  }

  /** The newest key that may seal, which counts as used once; among equally new ones the same on every server. */
  current(now: number): TicketKey | undefined {
    let newest: HeldKey | undefined;
    for (const held of this.#held.values()) {
      const { sealsFrom, sealsUntil } = held.key;
      const seals = sealsFrom <= now && now < sealsUntil && held.sealed < this.#maxTicketsPerKey;
      if (seals && (newest === undefined || isNewer(held.key, newest.key))) newest = held;
    }
    if (newest === undefined) {
      if (!this.#generate) return undefined;
      newest = this.#make(now);
    }
    newest.sealed++;
    return newest.key;
  }

  find(name: Uint8Array, now: number): TicketKey | undefined {
    const key = this.#held.get(toHex(name))?.key;
    return key !== undefined && now < key.opensUntil ? key : undefined;
  }

  /**
   * Takes a key in, such as one that another server made. One that is held already gets the times that are given; tickets
   * that it sealed here still count. Beyond `MAX_TICKET_KEYS`, the key goes that opens for the shortest time.
   * @throws {ConfigError} when it is malformed, or shares its name with another key.
   */
  adopt(key: TicketKey): void {
    const copy = checkedCopy(key);
    const name = toHex(copy.name);
    const known = this.#held.get(name);
    if (known !== undefined && !equalBytes(known.key.key, copy.key)) {
      throw new ConfigError('keys', `keys: two ticket keys share the name ${name}`);
    }
    this.#held.set(name, { key: copy, sealed: known?.sealed ?? 0 });
    if (this.#held.size > MAX_TICKET_KEYS) this.#dropShortestLived();
  }

  /** All keys, to be given to other servers: with them, whoever sees them can read tickets. */
  keys(): readonly TicketKey[] {
    return Array.from(this.#held.values(), ({ key }) => key);
  }

  #make(now: number): HeldKey {
    for (const [name, { key }] of this.#held) if (key.opensUntil <= now) this.#held.delete(name);
    const sealsUntil = now + this.#rotateAfter;
    const key: TicketKey = {
      name: this.#provider.random(KEY_NAME_LENGTH),
      key: this.#provider.random(KEY_LENGTH),
      sealsFrom: now,
      sealsUntil,
      opensUntil: sealsUntil + this.#lifetime,
    };
    const made = { key, sealed: 0 };
    if (this.#held.size >= MAX_TICKET_KEYS) this.#dropShortestLived();
    this.#held.set(toHex(key.name), made);
    return made;
  }

  #dropShortestLived(): void {
    let [shortest] = this.#held;
    for (const held of this.#held) {
      if (shortest === undefined || held[1].key.opensUntil < shortest[1].key.opensUntil) shortest = held;
    }
    if (shortest !== undefined) this.#held.delete(shortest[0]);
  }
}

function isNewer(a: TicketKey, b: TicketKey): boolean {
  return a.sealsFrom > b.sealsFrom || (a.sealsFrom === b.sealsFrom && toHex(a.name) > toHex(b.name));
}

function checkedCopy({ name, key, sealsFrom, sealsUntil, opensUntil }: TicketKey): TicketKey {
  requireBytes('name', name, KEY_NAME_LENGTH);
  requireBytes('key', key, KEY_LENGTH);
  if (![sealsFrom, sealsUntil, opensUntil].every(Number.isSafeInteger)) {
    throw new ConfigError(
      'keys',
      `keys: sealsFrom, sealsUntil and opensUntil are whole milliseconds since 1970, found ${sealsFrom}, ${sealsUntil} and ${opensUntil}`,
    );
  }
  if (sealsFrom > sealsUntil || sealsUntil > opensUntil) {
    throw new ConfigError(
      'keys',
      'keys: expected sealsFrom, sealsUntil and opensUntil in this order: a key opens what it sealed',
    );
  }
  return { name: concat(name), key: concat(key), sealsFrom, sealsUntil, opensUntil };
}

function requireBytes(what: string, bytes: Uint8Array, length: number): void {
  if (bytes instanceof Uint8Array && bytes.length === length) return;
  const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : typeof bytes;
  throw new ConfigError('keys', `keys: the ${what} of a ticket key is ${length} bytes, found ${found}`);
}

const HEAD_LENGTH = KEY_NAME_LENGTH + AEAD_NONCE_LENGTH;

function additionalData(name: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(TICKET_FORMAT), name);
}

/**
 * Seals a session into a ticket.
 * @param now milliseconds since 1970.
 * @returns `undefined` when there is no key to seal with, or the ticket would be longer than `MAX_PSK_IDENTITY_LENGTH`:
 * then none is sent, and the client comes back with a full handshake.
 * @throws {RangeError} as {@link encodeSession}.
 */
export function sealTicket(
  provider: CryptoProvider,
  keys: TicketKeys,
  session: Session,
  now: number,
): Awaitable<Uint8Array | undefined> {
  const plaintext = encodeSession(session);
  if (HEAD_LENGTH + plaintext.length + AEAD_TAG_LENGTH[CIPHER] > MAX_PSK_IDENTITY_LENGTH) return undefined;
  const key = keys.current(now);
  if (key === undefined) return undefined;
  const nonce = provider.random(AEAD_NONCE_LENGTH);
  const sealed = provider.aead(CIPHER, key.key).seal(nonce, additionalData(key.name), plaintext);
  const finish = (ciphertext: Uint8Array): Uint8Array => concat(key.name, nonce, ciphertext);
  return isPromise(sealed) ? sealed.then(finish) : finish(sealed);
}

/**
 * Opens a ticket.
 * @param now milliseconds since 1970.
 * @returns `undefined` for everything that is not a good ticket of ours: sealed with a key that is not known or no longer
 * opens, changed anywhere, of another format, or of a session that has expired. It never throws, and never rejects; which
 * of these it was does not show. (Names of keys are public: every ticket shows one.)
 */
export function openTicket(
  provider: CryptoProvider,
  keys: TicketKeys,
  ticket: Uint8Array,
  now: number,
): Awaitable<Session | undefined> {
  try {
    const name = ticket.subarray(0, KEY_NAME_LENGTH);
    const nonce = ticket.subarray(KEY_NAME_LENGTH, HEAD_LENGTH);
    const ciphertext = ticket.subarray(HEAD_LENGTH);
    if (ciphertext.length <= AEAD_TAG_LENGTH[CIPHER]) return undefined;
    const key = keys.find(name, now);
    if (key === undefined) return undefined;
    const opened = provider.aead(CIPHER, key.key).open(nonce, additionalData(name), ciphertext);
    return isPromise(opened)
      ? opened.then(
          (plaintext) => readTicket(plaintext, now),
          () => undefined,
        )
      : readTicket(opened, now);
  } catch {
    return undefined;
  }
}

function readTicket(plaintext: Uint8Array | undefined, now: number): Session | undefined {
  const session = plaintext && decodeSession(plaintext);
  return session !== undefined && now < session.expiresAt ? session : undefined;
}
