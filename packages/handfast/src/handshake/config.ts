/**
 * Configurations. A caller's options are checked once, when the configuration is built; connections share the
 * result and never find a mistake in it.
 */
import type { Awaitable, CryptoProvider } from '../crypto/provider.ts';
import { schemeFitsVersion } from '../crypto/signature-schemes.ts';
import { TLS12_CIPHER_SUITES } from '../keys/cipher-suites.ts';
import { MAX_PLAINTEXT_LENGTH } from '../policy/limits.ts';
import type { PaddingPolicy } from '../record/writer.ts';
import { checkExternalPsks, type ExternalPsk } from '../session/external-psk.ts';
import type { ClientSessionStore } from '../session/store.ts';
import type { Role } from '../trace/events.ts';
import { ascii } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import { EXTENSIONS } from '../wire/extensions/index.ts';
import type { CertificateRequest } from '../wire/messages/certificate-request.ts';
import type { ClientHello } from '../wire/messages/client-hello.ts';
import { cipherSuiteName, groupName, type NamedGroup, type TlsVersion } from '../wire/registry.ts';
import { KeyShareMemory } from './client/key-share-memory.ts';
import {
  requireFitting,
  requireGiven,
  requireKnown,
  requireList,
  requireOneOf,
  requireWithin,
} from './config-checks.ts';
import type { Identity } from './identity.ts';
import type { Customization } from './messages.ts';
import { type Negotiable, type NegotiationOptions, negotiable } from './negotiable.ts';
import type { PskKeyExchangeMode } from './psk13.ts';
import {
  type CheckedSessionOptions,
  type EarlyDataOptions,
  pskModes,
  sessionOptions,
  type TicketOptions,
} from './session-options.ts';
import type { PeerVerifier } from './verifier.ts';

/** What clients and servers have in common. */
export interface EndpointOptions extends NegotiationOptions {
  /** The platform's primitives, such as `nodeProvider` of handfast/crypto/node. */
  readonly provider: CryptoProvider;
  /** The time in milliseconds since 1970; the core reads no clock of its own. */
  readonly now: () => number;
  /** Application protocols (ALPN, RFC 7301), best first, such as `['h2', 'http/1.1']`. Default: none. */
  readonly applicationProtocols?: readonly string[];
  /** Largest number of content bytes in a record, 64 to 16384. Default: 16384. */
  readonly maxFragmentLength?: number;
  /** How many padding bytes to add to a protected record (RFC 9846 section 5.4). Default: none. */
  readonly padding?: PaddingPolicy;
  /**
   * How many records this side seals with one key before it updates it (RFC 9846 section 4.7.3), 1 or more.
   * Default, and never more than: 2^23 with AES-GCM, 2^22 with AES-CCM, no limit of its own with ChaCha20-Poly1305.
   */
  readonly recordsPerKey?: number;
  /** The last word on the messages that this side sends. Default: they go out as they are made. */
  readonly customize?: Customization;
}

/** Options of a client, for {@link clientConfig}. */
export interface ClientOptions extends EndpointOptions {
  /** Judges the server's certificate. */
  readonly verifier: PeerVerifier;
  /**
   * Groups to send a key share for, in the order of `groups` (RFC 9846 section 4.3.8). An X25519 share beside
   * X25519MLKEM768 uses the same key. Default: the policy's that are in `groups`, or the first of `groups`.
   */
  readonly keyShares?: readonly NamedGroup[];
  /**
   * What earlier HelloRetryRequests taught: share it among configurations that reach the same servers. Default: one for
   * all connections of this configuration.
   */
  readonly keyShareMemory?: KeyShareMemory;
  /** Identities for a server that asks for a certificate; the one that suits its request best is sent (the first of equals). */
  readonly identities?: readonly Identity[];
  /** Chooses the identity instead; `undefined` answers with an empty Certificate. */
  readonly selectIdentity?: (request: CertificateRequest) => Awaitable<Identity | undefined>;
  /** Ask for a stapled OCSP response. Default: true. */
  readonly requestOcspResponse?: boolean;
  /** Ask for signed certificate timestamps. Default: true. */
  readonly requestSignedCertificateTimestamps?: boolean;
  /**
   * Where sessions are kept and found, to be resumed: {@link MemoryClientSessions}, or a store of one's own. Every session is
   * bound to the name, to this configuration's way to judge servers, and to its identities. Default: none are kept, and every
   * handshake is a full one.
   */
  readonly sessions?: ClientSessionStore;
  /** Pre-shared keys to offer that both sides hold already (RFC 9846 section 4.3.11, RFC 9258). Default: none. */
  readonly psks?: readonly ExternalPsk[];
  /**
   * How pre-shared keys may be used. `psk_ke` saves the key exchange, and with it forward secrecy. Default: `['psk_dhe_ke']`.
   */
  readonly pskKeyExchangeModes?: readonly PskKeyExchangeMode[];
  /** Judge the stored chain of the server again before its session is offered. Default: false; expiry is always looked at. */
  readonly judgeResumed?: boolean;
  /** Tickets to ask for on new and on resumed connections (RFC 9149). Default: the server decides. */
  readonly ticketRequest?: { readonly newSessionCount: number; readonly resumptionCount: number };
  /** Signal that this is another attempt, with less offered than this client can (RFC 7507). Default: false. */
  readonly sendFallbackSignal?: boolean;
  /** Disguise the handshake as a TLS 1.2 resumption (RFC 9846 appendix E.4). Default: true. */
  readonly middleboxCompatibility?: boolean;
}

/** How a server picks among what the client offers: by its own order, or by the client's. */
export type Preference = 'server' | 'client';

/** Clients are not asked for a certificate; are asked, and may have none; or must have one that is accepted. */
export type ClientAuthentication = 'none' | 'request' | 'require';

/** Options of a server, for {@link serverConfig}. */
export interface ServerOptions extends EndpointOptions {
  /**
   * Identities, chosen by server name, then by what the client can verify (RFC 9846 section 4.5.1.2); of equals, and
   * for unknown names, the first.
   */
  readonly identities?: readonly Identity[];
  /**
   * Chooses the identity instead, at once or later; `undefined` refuses with `unrecognized_name`, or with
   * `missing_extension` where the client named no server. It is asked as well when a client comes back with a session: that goes
   * on only with the certificate that was shown when it was made.
   */
  readonly selectIdentity?: (hello: ClientHello) => Awaitable<Identity | undefined>;
  /** Refuse a server name that no identity carries, with `unrecognized_name`. Default: false. */
  readonly requireKnownServerName?: boolean;
  /** Whose order decides cipher suite, group and application protocol. Default: `server`. */
  readonly preference?: Preference;
  /** Whether clients are asked for a certificate, and whether they must have one. Default: `none`. */
  readonly clientAuthentication?: ClientAuthentication;
  /** Judges the client's certificate; required where clients are asked for one. */
  readonly verifier?: PeerVerifier;
  /**
   * A secret of 32 bytes or more. With it, every HelloRetryRequest carries a cookie, and a second ClientHello
   * is accepted by any connection that holds the same secret, also one that never saw the first (RFC 9846
   * section 4.3.2).
   */
  readonly cookieSecret?: Uint8Array;
  /** Sessions to resume: tickets, and the keys or the store behind them. Default: none, and every handshake is a full one. */
  readonly tickets?: TicketOptions;
  /**
   * Pre-shared keys that both sides hold already, by what the client calls them: a list, or a function that knows them
   * (`undefined`: not known). A client that must show a certificate cannot use one. Default: none.
   */
  readonly psks?: readonly ExternalPsk[] | ((identity: Uint8Array) => Awaitable<ExternalPsk | undefined>);
  /** Whether early data (0-RTT) is taken. Default: it is not. */
  readonly earlyData?: EarlyDataOptions;
  /** How pre-shared keys may be used, as for clients. Default: `['psk_dhe_ke']`. */
  readonly pskKeyExchangeModes?: readonly PskKeyExchangeMode[];
  /** Judge the stored chain of a client again before its session is resumed. Default: false; expiry is always looked at. */
  readonly judgeResumed?: boolean;
  /** Answer every first ClientHello with a HelloRetryRequest, keeping nothing. Needs `cookieSecret`. Default: false. */
  readonly alwaysRetry?: boolean;
}

type Defaulted = keyof Negotiable | 'applicationProtocols' | 'maxFragmentLength';

type WithDefaults<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]-?: Exclude<T[P], undefined> };

/** Checked options of a client. Made by {@link clientConfig}. */
export type ClientConfig = WithDefaults<
  ClientOptions,
  | Defaulted
  | 'keyShares'
  | 'keyShareMemory'
  | 'identities'
  | 'requestOcspResponse'
  | 'requestSignedCertificateTimestamps'
  | 'sendFallbackSignal'
  | 'middleboxCompatibility'
  | 'psks'
  | 'pskKeyExchangeModes'
  | 'judgeResumed'
>;

/** Checked options of a server. Made by {@link serverConfig}. */
export type ServerConfig = Omit<
  WithDefaults<
    ServerOptions,
    | Defaulted
    | 'identities'
    | 'requireKnownServerName'
    | 'preference'
    | 'clientAuthentication'
    | 'alwaysRetry'
    | 'psks'
    | 'pskKeyExchangeModes'
    | 'judgeResumed'
  >,
  'tickets' | 'earlyData'
> &
  CheckedSessionOptions;

const PREFERENCES: readonly Preference[] = ['server', 'client'];
const CLIENT_AUTHENTICATIONS: readonly ClientAuthentication[] = ['none', 'request', 'require'];

/** Shortest cookie secret in bytes: the length of the HMAC's output. */
const MIN_COOKIE_SECRET_LENGTH = 32;
const MIN_FRAGMENT_LENGTH = 64;

function checkApplicationProtocols(protocols: readonly string[]): readonly string[] {
  for (const protocol of protocols) {
    if (!/^[\x21-\x7e]{1,255}$/.test(protocol)) {
      throw new ConfigError(
        'applicationProtocols',
        `applicationProtocols: expected names of 1 to 255 printable ASCII characters, found ${JSON.stringify(protocol)}`,
      );
    }
  }
  if (protocols.length === 0) return protocols;
  requireFitting(
    'applicationProtocols',
    EXTENSIONS.applicationLayerProtocolNegotiation.in.ClientHello,
    protocols.map(ascii),
  );
  return requireList('applicationProtocols', protocols, (name) => name);
}

function endpointConfig(
  options: EndpointOptions,
  role: Role,
): {
  readonly [K in Defaulted | 'now']: Exclude<EndpointOptions[K], undefined>;
} {
  const { provider, now, maxFragmentLength = MAX_PLAINTEXT_LENGTH, recordsPerKey } = options;
  requireGiven('provider', provider, 'such as nodeProvider of handfast/crypto/node');
  requireGiven('now', now, 'such as Date.now');
  requireWithin('maxFragmentLength', maxFragmentLength, MIN_FRAGMENT_LENGTH, MAX_PLAINTEXT_LENGTH);
  if (recordsPerKey !== undefined) {
    requireWithin('recordsPerKey', recordsPerKey, 1, Number.MAX_SAFE_INTEGER);
  }
  return {
    ...negotiable(options, provider, role),
    applicationProtocols: checkApplicationProtocols(options.applicationProtocols ?? []),
    maxFragmentLength,
    // Tickets hold whole milliseconds; some clocks are finer
    now: () => Math.floor(now()),
  };
}

/**
 * Checks a client's options and fills in the defaults.
 * @throws {ConfigError} when an option cannot work; the message names the option and says why.
 */
export function clientConfig(options: ClientOptions): ClientConfig {
  const common = endpointConfig(options, 'client');
  requireGiven('verifier', options.verifier, 'such as chainVerifier makes');
  if (options.ticketRequest !== undefined) {
    requireFitting('ticketRequest', EXTENSIONS.ticketRequest.in.ClientHello, options.ticketRequest);
  }
  const keyShares = options.keyShares ?? defaultKeyShares(common);
  requireKnown('keyShares', keyShares, groupName, (group) => common.groups.includes(group), '`groups`');
  return {
    ...options,
    ...common,
    keyShares: common.groups.filter((group) => keyShares.includes(group)),
    keyShareMemory: options.keyShareMemory ?? new KeyShareMemory(),
    identities: options.identities ?? [],
    requestOcspResponse: options.requestOcspResponse ?? true,
    requestSignedCertificateTimestamps: options.requestSignedCertificateTimestamps ?? true,
    sendFallbackSignal: options.sendFallbackSignal ?? false,
    middleboxCompatibility: options.middleboxCompatibility ?? true,
    psks: checkExternalPsks(options.psks ?? []),
    pskKeyExchangeModes: pskModes(options.pskKeyExchangeModes),
    judgeResumed: options.judgeResumed ?? false,
  };
}

/** The policy's, unless the caller's own first group is not among them. */
function defaultKeyShares({ policy, groups }: Negotiable): readonly NamedGroup[] {
  const first = groups.slice(0, 1);
  return first.every((group) => policy.keyShares.includes(group))
    ? policy.keyShares.filter((group) => groups.includes(group))
    : first;
}

/**
 * Checks a server's options and fills in the defaults.
 * @throws {ConfigError} when an option cannot work; the message names the option and says why.
 */
export function serverConfig(options: ServerOptions): ServerConfig {
  const identities = options.identities ?? [];
  if (identities.length === 0 && options.selectIdentity === undefined) {
    throw new ConfigError(
      'identities',
      'identities: a server needs at least one identity, or selectIdentity',
    );
  }
  const { preference = 'server', clientAuthentication = 'none' } = options;
  requireOneOf('preference', preference, PREFERENCES);
  requireOneOf('clientAuthentication', clientAuthentication, CLIENT_AUTHENTICATIONS);
  if (clientAuthentication !== 'none' && options.verifier === undefined) {
    throw new ConfigError(
      'verifier',
      'verifier: needed to judge the certificates that clients are asked for',
    );
  }
  const authorities = options.verifier?.authorities ?? [];
  if (authorities.length > 0) {
    requireFitting('verifier', EXTENSIONS.certificateAuthorities.in.CertificateRequest, authorities);
  }
  if (options.cookieSecret !== undefined && options.cookieSecret.length < MIN_COOKIE_SECRET_LENGTH) {
    throw new ConfigError(
      'cookieSecret',
      `cookieSecret: expected at least ${MIN_COOKIE_SECRET_LENGTH} random bytes, found ${options.cookieSecret.length}`,
    );
  }
  if (options.alwaysRetry && options.cookieSecret === undefined) {
    throw new ConfigError(
      'alwaysRetry',
      'alwaysRetry: needs a cookieSecret, since it keeps nothing between the hellos',
    );
  }
  const common = endpointConfig(options, 'server');
  const { tickets: _tickets, earlyData: _early, ...given } = options;
  for (const identity of identities) requireUsable(identity, common);
  return {
    ...given,
    ...common,
    identities,
    requireKnownServerName: options.requireKnownServerName ?? false,
    preference,
    clientAuthentication,
    alwaysRetry: options.alwaysRetry ?? false,
    psks: typeof options.psks === 'function' ? options.psks : checkExternalPsks(options.psks ?? []),
    pskKeyExchangeModes: pskModes(options.pskKeyExchangeModes),
    judgeResumed: options.judgeResumed ?? false,
    ...sessionOptions(options),
  };
}

/** A certificate that no version and suite goes with would never be shown. */
function requireUsable(identity: Identity, { versions, cipherSuites }: Negotiable): void {
  const [leaf] = identity.chain;
  const key = leaf?.publicKeyInfo.key;
  if (leaf === undefined || key === undefined) return;
  const signsIn = (version: TlsVersion): boolean =>
    identity.schemes.some((scheme) => schemeFitsVersion(version, scheme, key));
  const isUsable = versions.some((version) =>
    version === 'TLSv1.3'
      ? signsIn(version)
      : cipherSuites.some((suite) => {
          const info = TLS12_CIPHER_SUITES.get(suite);
          if (info === undefined) return false;
          if (info.keyExchange === 'RSA') return identity.canDecrypt;
          return signsIn(version) && key.kind.startsWith('rsa') === (info.authentication === 'RSA');
        }),
  );
  if (isUsable) return;
  throw new ConfigError(
    'identities',
    `identities: no cipher suite of ${versions.join(' and ')} among ${cipherSuites.map(cipherSuiteName).join(', ')} goes with the ` +
      `${key.kind} key of ${leaf.subject.toString()}`,
  );
}
