/**
 * Configurations. A caller's options are checked once, when the configuration is built; connections share the
 * result and never find a mistake in it.
 */
import type { Awaitable, CryptoProvider } from '../crypto/provider.ts';
import { certificateVerifyAlgorithm } from '../crypto/signature-schemes.ts';
import { TLS13_CIPHER_SUITES } from '../keys/cipher-suites.ts';
import {
  CERTIFICATE_ONLY_SIGNATURE_SCHEMES,
  DEFAULT_CIPHER_SUITES,
  DEFAULT_GROUPS,
  DEFAULT_SIGNATURE_SCHEMES,
} from '../policy/defaults.ts';
import { MAX_PLAINTEXT_LENGTH } from '../policy/limits.ts';
import type { PaddingPolicy } from '../record/writer.ts';
import { ascii } from '../wire/bytes.ts';
import { type Codec, encode } from '../wire/codec.ts';
import { ConfigError } from '../wire/errors.ts';
import { EXTENSIONS } from '../wire/extensions/index.ts';
import type { CertificateRequest } from '../wire/messages/certificate-request.ts';
import type { ClientHello } from '../wire/messages/client-hello.ts';
import {
  type CipherSuite,
  cipherSuiteName,
  groupName,
  type NamedGroup,
  type SignatureScheme,
  signatureSchemeName,
} from '../wire/registry.ts';
import type { Identity } from './identity.ts';
import type { Customization } from './messages.ts';
import type { PeerVerifier } from './verifier.ts';

/** What clients and servers have in common. */
export interface EndpointOptions {
  /** The platform's primitives, such as `nodeProvider` of handfast/crypto/node. */
  readonly provider: CryptoProvider;
  /** The time in milliseconds since 1970; the core reads no clock of its own. */
  readonly now: () => number;
  /** Cipher suites, best first. Default: all that the provider has of `DEFAULT_CIPHER_SUITES`. */
  readonly cipherSuites?: readonly CipherSuite[];
  /** Key-exchange groups, best first. Default: all that the provider has of `DEFAULT_GROUPS`. */
  readonly groups?: readonly NamedGroup[];
  /** Schemes that the peer may sign with, best first. Default: `DEFAULT_SIGNATURE_SCHEMES`. */
  readonly signatureSchemes?: readonly SignatureScheme[];
  /**
   * Schemes that certificates in the peer's chain may be signed with.
   * Default: `signatureSchemes` and RSA PKCS#1 with SHA-2.
   */
  readonly certificateSignatureSchemes?: readonly SignatureScheme[];
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
  /** Groups to send a key share for, in the order of `groups` (RFC 9846 section 4.3.8). Default: the first of `groups`. */
  readonly keyShares?: readonly NamedGroup[];
  /** Identities for a server that asks for a certificate; the one that suits its request best is sent (the first of equals). */
  readonly identities?: readonly Identity[];
  /** Chooses the identity instead; `undefined` answers with an empty Certificate. */
  readonly selectIdentity?: (request: CertificateRequest) => Awaitable<Identity | undefined>;
  /** Ask for a stapled OCSP response. Default: true. */
  readonly requestOcspResponse?: boolean;
  /** Ask for signed certificate timestamps. Default: true. */
  readonly requestSignedCertificateTimestamps?: boolean;
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
   * `missing_extension` where the client named no server.
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
  /** Answer every first ClientHello with a HelloRetryRequest, keeping nothing. Needs `cookieSecret`. Default: false. */
  readonly alwaysRetry?: boolean;
}

type Defaulted =
  | 'cipherSuites'
  | 'groups'
  | 'signatureSchemes'
  | 'certificateSignatureSchemes'
  | 'applicationProtocols'
  | 'maxFragmentLength';

type WithDefaults<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]-?: Exclude<T[P], undefined> };

/** Checked options of a client. Made by {@link clientConfig}. */
export type ClientConfig = WithDefaults<
  ClientOptions,
  | Defaulted
  | 'keyShares'
  | 'identities'
  | 'requestOcspResponse'
  | 'requestSignedCertificateTimestamps'
  | 'middleboxCompatibility'
>;

/** Checked options of a server. Made by {@link serverConfig}. */
export type ServerConfig = WithDefaults<
  ServerOptions,
  Defaulted | 'identities' | 'requireKnownServerName' | 'preference' | 'clientAuthentication' | 'alwaysRetry'
>;

/** Shortest cookie secret in bytes: the length of the HMAC's output. */
const MIN_COOKIE_SECRET_LENGTH = 32;
const MIN_FRAGMENT_LENGTH = 64;

function requireList<T>(option: string, list: readonly T[], name: (value: T) => string): readonly T[] {
  if (!Array.isArray(list)) throw new ConfigError(option, `${option}: expected a list, found ${typeof list}`);
  if (list.length === 0)
    throw new ConfigError(option, `${option}: expected at least one, found an empty list`);
  const twice = list.find((value, i) => list.indexOf(value) < i);
  if (twice !== undefined) throw new ConfigError(option, `${option}: ${name(twice)} is listed twice`);
  return list;
}

/** Callers in JavaScript have no compiler that tells them. */
function requireGiven(option: string, value: unknown, advice: string): void {
  if (value === undefined || value === null) {
    throw new ConfigError(option, `${option}: needed, ${advice}`);
  }
}

function requireKnown<T>(
  option: string,
  list: readonly T[],
  name: (value: T) => string,
  known: (value: T) => boolean,
  by: string,
): readonly T[] {
  requireList(option, list, name);
  const unknown = list.find((value) => !known(value));
  if (unknown !== undefined)
    throw new ConfigError(option, `${option}: ${name(unknown)} is not offered by ${by}`);
  return list;
}

/** A list that does not fit its extension is found here, and not in each handshake. */
function requireFitting<T>(option: string, codec: Codec<T>, value: T): void {
  try {
    encode(codec, value);
  } catch (cause) {
    throw new ConfigError(option, `${option}: it does not fit its extension: ${String(cause)}`, { cause });
  }
}

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

function endpointConfig(options: EndpointOptions): {
  readonly [K in Defaulted]: Exclude<EndpointOptions[K], undefined>;
} {
  const { provider } = options;
  requireGiven('provider', provider, 'such as nodeProvider of handfast/crypto/node');
  requireGiven('now', options.now, 'such as Date.now');
  const hasSuite = (suite: CipherSuite): boolean => {
    const info = TLS13_CIPHER_SUITES.get(suite);
    return info !== undefined && provider.aeads.has(info.aead);
  };
  const hasGroup = (group: NamedGroup): boolean => provider.groups.has(group);
  const hasScheme = (scheme: SignatureScheme): boolean => certificateVerifyAlgorithm(scheme) !== undefined;
  const by = `the crypto provider '${provider.name}'`;
  const cipherSuites = options.cipherSuites ?? DEFAULT_CIPHER_SUITES.filter(hasSuite);
  const groups = options.groups ?? DEFAULT_GROUPS.filter(hasGroup);
  const signatureSchemes = options.signatureSchemes ?? DEFAULT_SIGNATURE_SCHEMES;
  const maxFragmentLength = options.maxFragmentLength ?? MAX_PLAINTEXT_LENGTH;
  if (
    !Number.isInteger(maxFragmentLength) ||
    maxFragmentLength < MIN_FRAGMENT_LENGTH ||
    maxFragmentLength > MAX_PLAINTEXT_LENGTH
  ) {
    throw new ConfigError(
      'maxFragmentLength',
      `maxFragmentLength: expected a whole number from ${MIN_FRAGMENT_LENGTH} to ${MAX_PLAINTEXT_LENGTH}, found ${maxFragmentLength}`,
    );
  }
  const { recordsPerKey } = options;
  if (recordsPerKey !== undefined && !(Number.isInteger(recordsPerKey) && recordsPerKey >= 1)) {
    throw new ConfigError(
      'recordsPerKey',
      `recordsPerKey: expected a whole number of at least 1, found ${recordsPerKey}`,
    );
  }
  return {
    cipherSuites: requireKnown('cipherSuites', cipherSuites, cipherSuiteName, hasSuite, by),
    groups: requireKnown('groups', groups, groupName, hasGroup, by),
    signatureSchemes: requireKnown(
      'signatureSchemes',
      signatureSchemes,
      signatureSchemeName,
      hasScheme,
      'TLS 1.3',
    ),
    certificateSignatureSchemes: requireList(
      'certificateSignatureSchemes',
      options.certificateSignatureSchemes ?? [...signatureSchemes, ...CERTIFICATE_ONLY_SIGNATURE_SCHEMES],
      signatureSchemeName,
    ),
    applicationProtocols: checkApplicationProtocols(options.applicationProtocols ?? []),
    maxFragmentLength,
  };
}

/**
 * Checks a client's options and fills in the defaults.
 * @throws {ConfigError} when an option cannot work; the message names the option and says why.
 */
export function clientConfig(options: ClientOptions): ClientConfig {
  const common = endpointConfig(options);
  requireGiven('verifier', options.verifier, 'such as chainVerifier makes');
  const keyShares = options.keyShares ?? common.groups.slice(0, 1);
  requireKnown('keyShares', keyShares, groupName, (group) => common.groups.includes(group), '`groups`');
  return {
    ...options,
    ...common,
    keyShares: common.groups.filter((group) => keyShares.includes(group)),
    identities: options.identities ?? [],
    requestOcspResponse: options.requestOcspResponse ?? true,
    requestSignedCertificateTimestamps: options.requestSignedCertificateTimestamps ?? true,
    middleboxCompatibility: options.middleboxCompatibility ?? true,
  };
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
  const clientAuthentication = options.clientAuthentication ?? 'none';
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
  return {
    ...options,
    ...endpointConfig(options),
    identities,
    requireKnownServerName: options.requireKnownServerName ?? false,
    preference: options.preference ?? 'server',
    clientAuthentication,
    alwaysRetry: options.alwaysRetry ?? false,
  };
}
