/**
 * HelloRetryRequest cookies (RFC 9846 section 4.3.2): what a server must remember of the first ClientHello,
 * authenticated, so that the connection or machine that reads the second need not have seen the first.
 */
import type { CryptoProvider } from '../../crypto/provider.ts';
import { COOKIE_LIFETIME } from '../../policy/defaults.ts';
import { concat, constantTimeEqual } from '../../wire/bytes.ts';
import { decode, encode, type Infer, opaque, struct, uint8, uint16, uint32 } from '../../wire/codec.ts';
import type { TlsError } from '../../wire/errors.ts';
import { illegal } from '../refusals.ts';

const COOKIE_VERSION = 1;
const MAC_LENGTH = 32;

const cookieState = struct({
  version: uint8,
  cipherSuite: uint16,
  group: uint16,
  /** 1 if the HelloRetryRequest asked for a share of the group, 0 if it only wanted the cookie back. */
  shareRequested: uint8,
  /** Seconds since 1970; good until 2106. */
  issuedAt: uint32,
  clientHelloHash: opaque(32, 64),
});

/** What a cookie remembers. */
export type CookieState = Omit<Infer<typeof cookieState>, 'version'>;

export function sealCookie(provider: CryptoProvider, secret: Uint8Array, state: CookieState): Uint8Array {
  const encoded = encode(cookieState, { version: COOKIE_VERSION, ...state });
  return concat(encoded, provider.hmac('SHA-256', secret, encoded));
}

/**
 * Opens a cookie of this server's.
 * @param now milliseconds since 1970.
 * @throws {TlsError} `ERR_ILLEGAL_PARAMETER` when it was not made with this secret, or too long ago.
 */
export function openCookie(
  provider: CryptoProvider,
  secret: Uint8Array,
  cookie: Uint8Array,
  now: number,
): CookieState {
  const refuse = (text: string): TlsError => illegal('ClientHello', `the cookie ${text}`);
  const state = cookie.subarray(0, -MAC_LENGTH);
  const mac = cookie.subarray(-MAC_LENGTH);
  if (!constantTimeEqual(mac, provider.hmac('SHA-256', secret, state))) {
    throw refuse('is not one of this server');
  }
  const opened = decode(cookieState, 'cookie', state);
  const age = now - opened.issuedAt * 1000;
  if (opened.version !== COOKIE_VERSION || age > COOKIE_LIFETIME || age < -COOKIE_LIFETIME) {
    throw refuse('has expired');
  }
  return opened;
}

/** Seconds since 1970, for a cookie. */
export function cookieTime(now: number): number {
  return Math.floor(now / 1000);
}
