/** What one side remembers of a connection, so that the next one can resume it (RFC 9846 section 2.2; RFC 5246 appendix F.1.4). */
import { HASH_LENGTH } from '../crypto/provider.ts';
import { CIPHER_SUITES } from '../keys/cipher-suites.ts';
import { MASTER_SECRET_LENGTH } from '../keys/schedule12.ts';
import { ascii, concat, equalBytes } from '../wire/bytes.ts';
import {
  checked,
  decode,
  encode,
  fixed,
  type Infer,
  opaque,
  struct,
  uint8,
  uint16,
  uint32,
} from '../wire/codec.ts';
import { ConfigError } from '../wire/errors.ts';
import { type CipherSuite, cipherSuiteName, ProtocolVersion, type TlsVersion } from '../wire/registry.ts';
import { flag, milliseconds, optional, text } from './codecs.ts';
import type { AuthenticatedPeer } from './peer.ts';
import { peerFromState, peerState, peerToState } from './peer-encoding.ts';

/** What both sides of a session have. */
export interface Session {
  readonly version: TlsVersion;
  readonly cipherSuite: CipherSuite;
  /** TLS 1.3: the PSK of the ticket, as long as the hash of the cipher suite. TLS 1.2: the master secret, 48 bytes. */
  readonly secret: Uint8Array;
  /** When it was made here (ticket sent or received): whole milliseconds since 1970. */
  readonly createdAt: number;
  /** When the peer was authenticated, in this connection or in the one that it goes on with: whole milliseconds since 1970. */
  readonly authenticatedAt: number;
  /** From when on it is of no use: whole milliseconds since 1970. */
  readonly expiresAt: number;
  /** TLS 1.3: `ticket_age_add`. 0 in TLS 1.2. */
  readonly ticketAgeAdd: number;
  /** TLS 1.3: bytes of early data that the ticket allows. 0 in TLS 1.2. */
  readonly maxEarlyData: number;
  /** TLS 1.2: whether the master secret is bound to its handshake (RFC 7627). Always true in TLS 1.3. */
  readonly extendedMasterSecret: boolean;
  /** The server name that the client sent. */
  readonly serverName?: string;
  /** The application protocol (ALPN) that both spoke. */
  readonly applicationProtocol?: string;
  /** Digest of the trust settings under which it was made, 32 bytes. */
  readonly trust: Uint8Array;
  /** Who the other side is. Absent on a server whose client showed no certificate. */
  readonly peer?: AuthenticatedPeer;
}

/** A client's session: what it offers besides. */
export interface ClientSession extends Session {
  /** The name that the server's certificate carries, as it was asked for. */
  readonly name: string;
  /** The ticket of TLS 1.3, or of RFC 5077; empty where a TLS 1.2 session has an id only. */
  readonly ticket: Uint8Array;
  /** TLS 1.2 only. */
  readonly sessionId?: Uint8Array;
}

/** Sessions of another format are not read: they are no longer of use, and a full handshake makes new ones. */
const FORMAT = 1;

const sharedFields = {
  version: uint16,
  cipherSuite: uint16,
  secret: opaque(1, 0xff),
  createdAt: milliseconds,
  authenticatedAt: milliseconds,
  expiresAt: milliseconds,
  ticketAgeAdd: uint32,
  maxEarlyData: uint32,
  extendedMasterSecret: flag,
  serverName: optional(text(1, 0xff)),
  applicationProtocol: optional(text(1, 0xff)),
  trust: fixed(32),
  peer: optional(peerState),
};
const sharedState = checked(struct(sharedFields), contradiction);
const sessionState = struct({ format: uint8, session: sharedState });

const MAGIC: Uint8Array = ascii('handfast session');
const clientSessionState = struct({
  magic: fixed(MAGIC.length),
  format: uint8,
  session: sharedState,
  name: text(0, 0xff),
  ticket: opaque(0, 0xffff),
  sessionId: optional(opaque(1, 32)),
});

type SharedState = Infer<ReturnType<typeof struct<typeof sharedFields>>>;

const VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3'];

function versionOf(state: SharedState): TlsVersion | undefined {
  return VERSIONS.find((version) => ProtocolVersion[version] === state.version);
}

/** What does not fit together in a session. */
function contradiction(state: SharedState): string | undefined {
  const { cipherSuite, secret } = state;
  const suite = CIPHER_SUITES.get(cipherSuite);
  const version = versionOf(state);
  if (version === undefined || suite?.version !== version) {
    return `expected a cipher suite of ${version ?? 'TLS 1.2 or 1.3'}, found ${cipherSuiteName(cipherSuite)}`;
  }
  const length = version === 'TLSv1.3' ? HASH_LENGTH[suite.hash] : MASTER_SECRET_LENGTH;
  return secret.length === length
    ? undefined
    : `expected a secret of ${length} bytes, found ${secret.length}`;
}

/** @throws {RangeError} when the session contradicts itself. */
function toState({ version, peer, ...session }: Session): SharedState {
  const { serverName, applicationProtocol } = session;
  const state: SharedState = {
    ...session,
    serverName,
    applicationProtocol,
    version: ProtocolVersion[version],
    peer: peer && peerToState(peer),
  };
  const wrong = contradiction(state);
  if (wrong !== undefined) throw new RangeError(wrong);
  return state;
}

function fromState(state: SharedState): Session {
  const { serverName, applicationProtocol, peer, ...session } = state;
  return {
    ...session,
    version: versionOf(state) as TlsVersion, // as the state was read
    ...(serverName === undefined ? {} : { serverName }),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(peer === undefined ? {} : { peer: peerFromState(peer) }),
  };
}

/**
 * A session as bytes, its secret among them: they are to be kept as secret as a private key.
 * @throws {RangeError} when a value does not fit its declaration: a secret of the wrong length, a peer that was refused.
 */
export function encodeSession(session: Session): Uint8Array {
  return encode(sessionState, { format: FORMAT, session: toState(session) });
}

/** What {@link encodeSession} wrote; `undefined` for all else: another format, damage, cut short. Never throws. */
export function decodeSession(bytes: Uint8Array): Session | undefined {
  try {
    const { format, session } = decode(sessionState, 'Session', concat(bytes));
    return format === FORMAT ? fromState(session) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A client's session as bytes, for a file. Its secret is among them: whoever has them can pass for the client, and
 * read what it sends early.
 * @throws {RangeError} as {@link encodeSession}.
 */
export function encodeClientSession(session: ClientSession): Uint8Array {
  const { name, ticket, sessionId } = session;
  return encode(clientSessionState, {
    magic: MAGIC,
    format: FORMAT,
    session: toState(session),
    name,
    ticket,
    sessionId,
  });
}

/**
 * Reads what {@link encodeClientSession} wrote.
 * @param option the option that the bytes were given as, for the error.
 * @throws {ConfigError} that says what is wrong: no session, one of another format, or a damaged one.
 */
export function decodeClientSession(bytes: Uint8Array, option = 'session'): ClientSession {
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    throw new ConfigError(
      option,
      `${option}: expected a session that handfast saved, found ${describe(bytes)}`,
    );
  }
  const format = bytes[MAGIC.length];
  if (format !== undefined && format !== FORMAT) {
    throw new ConfigError(
      option,
      `${option}: saved in format ${format} by another version of handfast, which this one does not read; ` +
        'connect without it to get a new session',
    );
  }
  try {
    const state = decode(clientSessionState, 'ClientSession', concat(bytes));
    const { name, ticket, sessionId } = state;
    return { ...fromState(state.session), name, ticket, ...(sessionId === undefined ? {} : { sessionId }) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(option, `${option}: damaged (${reason}); connect without it to get a new session`, {
      cause,
    });
  }
}

/** What may be given by mistake. Its bytes are not told, since they may be secret. */
function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing';
  if (equalBytes(bytes.subarray(0, 10), ascii('-----BEGIN'))) return 'PEM, as OpenSSL saves its own';
  return `${bytes.length} other bytes`;
}
