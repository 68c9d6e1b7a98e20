/** The options of sockets and servers, with the names of `node:tls` where it has one, and what the core makes of them. */
import { nodeProvider } from '../crypto/node/index.ts';
import { type Awaitable, isPromise } from '../crypto/provider.ts';
import {
  type ClientConfig,
  type ClientOptions,
  clientConfig,
  type EndpointOptions,
  type ServerConfig,
  type ServerOptions,
  serverConfig,
} from '../handshake/config.ts';
import type { Identity } from '../handshake/identity.ts';
import type { TicketOptions } from '../handshake/session-options.ts';
import { MemoryClientSessions } from '../session/store.ts';
import { TicketKeyRing } from '../session/tickets.ts';
import { ConfigError } from '../wire/errors.ts';
import type { CertificateRequest } from '../wire/messages/certificate-request.ts';
import type { ClientHello } from '../wire/messages/client-hello.ts';
import type { TlsVersion } from '../wire/registry.ts';
import {
  type CertificateInput,
  type IdentityInput,
  type KeyInput,
  loadIdentities,
  loadIdentity,
  type OneOrMany,
} from './credentials.ts';
import { DEFAULT_HANDSHAKE_TIMEOUT, MAX_MILLISECONDS } from './limits.ts';
import { namesTrust, type TrustOptions, verifierOf } from './trust-options.ts';

type SharedOptions = Omit<Partial<EndpointOptions>, 'provider' | 'applicationProtocols'>;
type OwnClientOptions = Omit<
  ClientOptions,
  keyof EndpointOptions | 'verifier' | 'identities' | 'selectIdentity'
>;
type OwnServerOptions = Omit<
  ServerOptions,
  keyof EndpointOptions | 'verifier' | 'identities' | 'selectIdentity'
>;

/** A version as `node:tls` names it; the first two are never negotiated. */
type NodeVersion = 'TLSv1' | 'TLSv1.1' | TlsVersion;

/** What clients and servers have in common. */
export interface TlsOptions extends SharedOptions, TrustOptions {
  /** Certificate chains, leaf first: PEM, DER, or parsed. Several chains may follow each other. */
  readonly cert?: OneOrMany<CertificateInput> | undefined;
  /** The private keys of the leaves in `cert`, in any order. */
  readonly key?: OneOrMany<KeyInput> | undefined;
  /** For encrypted keys that bring no passphrase of their own. */
  readonly passphrase?: string | undefined;
  /** Identities besides those of `cert` and `key`, such as with keys that are held elsewhere. */
  readonly identities?: OneOrMany<IdentityInput> | undefined;
  /** Application protocols, best first, such as `['h2', 'http/1.1']`. Default: none. */
  readonly ALPNProtocols?: readonly string[] | undefined;
  /** How long a handshake may take in milliseconds, 0 for no limit. Default: `DEFAULT_HANDSHAKE_TIMEOUT`. */
  readonly handshakeTimeout?: number | undefined;
  /** Whether `trace` events tell secrets too. Default: false. */
  readonly traceSecrets?: boolean | undefined;
  /** The oldest version, as `node:tls` names it; instead of `versions`. */
  readonly minVersion?: NodeVersion | undefined;
  /** The newest version; instead of `versions`. */
  readonly maxVersion?: NodeVersion | undefined;
  /** There for callers of `node:tls`: peers are always verified, and `false` is refused. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** The TLS options of `connect()`. */
export interface ClientTlsOptions extends TlsOptions, OwnClientOptions {
  /** Chooses how to answer a server that asks for a certificate; `undefined` shows none. */
  readonly selectIdentity?:
    | ((request: CertificateRequest) => Awaitable<IdentityInput | undefined>)
    | undefined;
}

/** The TLS options of `createServer()`. */
export interface ServerTlsOptions extends TlsOptions, OwnServerOptions {
  /** Chooses the certificate for a ClientHello; `undefined` refuses with `unrecognized_name`. */
  readonly selectIdentity?: ((hello: ClientHello) => Awaitable<IdentityInput | undefined>) | undefined;
  /** Ask clients for a certificate that `ca` vouches for, and refuse those that have none. Default: false. */
  readonly requestCert?: boolean | undefined;
}

/** Options of `node:tls` that would be dangerous to overlook, and what to use instead. */
const NOT_OFFERED: Readonly<Record<string, string>> = {
  ciphers: 'list suites in cipherSuites',
  ecdhCurve: 'list groups in groups',
  sigalgs: 'list schemes in signatureSchemes',
  honorCipherOrder: 'use preference',
  dhparam: 'list ffdhe2048 or larger in groups',
  pfx: 'convert it to PEM, for cert and key',
  secureContext: 'use config, or the options themselves',
  secureProtocol: 'use versions, or minVersion and maxVersion',
  secureOptions: 'there are no OpenSSL flags here',
  checkServerIdentity: 'use verifier',
  allowPartialTrustChain: 'use allowPartialChain, which is true by default',
  SNICallback: 'use selectIdentity',
  ALPNCallback: 'use ALPNProtocols and preference',
  pskCallback: 'give the keys themselves, or a function that knows them, in psks',
  ticketKeys: 'give a TicketKeyRing in tickets.keys',
  sessionTimeout: 'use tickets.lifetime',
};

/**
 * Refuses options of `node:tls` that would otherwise be overlooked, and every attempt to switch verification off.
 * @throws {ConfigError} whose `option` is the one at fault.
 */
export function refuseForeignOptions(options: object): void {
  const given = options as Readonly<Record<string, unknown>>;
  for (const [option, advice] of Object.entries(NOT_OFFERED)) {
    if (given[option] !== undefined && given[option] !== null) {
      throw new ConfigError(option, `${option}: handfast does not have this option of node:tls; ${advice}`);
    }
  }
  const { rejectUnauthorized, versions, minVersion, maxVersion } = given;
  if (rejectUnauthorized !== undefined && rejectUnauthorized !== true) {
    throw new ConfigError(
      'rejectUnauthorized',
      'rejectUnauthorized: peers are always verified; to trust a private authority, give its certificate as ca',
    );
  }
  if (versions !== undefined && (minVersion !== undefined || maxVersion !== undefined)) {
    throw new ConfigError('versions', 'versions: give either versions, or minVersion and maxVersion');
  }
}

/** Oldest first. */
const NODE_VERSIONS: readonly NodeVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/**
 * `minVersion` and `maxVersion` of `node:tls` as a list of versions.
 * @throws {ConfigError} when one is unknown, or nothing that handfast speaks lies between them.
 */
function versionsBetween(
  minVersion: string | undefined,
  maxVersion: string | undefined,
): readonly TlsVersion[] | undefined {
  if (minVersion === undefined && maxVersion === undefined) return undefined;
  const indexOf = (option: string, version: string): number => {
    const index = (NODE_VERSIONS as readonly string[]).indexOf(version);
    if (index >= 0) return index;
    throw new ConfigError(option, `${option}: expected one of ${NODE_VERSIONS.join(', ')}, found ${version}`);
  };
  const first = indexOf('minVersion', minVersion ?? 'TLSv1.2');
  const last = indexOf('maxVersion', maxVersion ?? 'TLSv1.3');
  const versions = (['TLSv1.3', 'TLSv1.2'] as const).filter((version) => {
    const index = NODE_VERSIONS.indexOf(version);
    return index >= first && index <= last;
  });
  if (versions.length > 0) return versions;
  throw new ConfigError(
    'maxVersion',
    `maxVersion: handfast speaks TLSv1.2 and TLSv1.3, and none of them lies between ${NODE_VERSIONS[first]} and ${NODE_VERSIONS[last]}`,
  );
}

/** The options that the core has under the same name, by whom they are for. Types keep the lists complete. */
const ENDPOINT_OPTIONS = keysOf<keyof SharedOptions>({
  now: true,
  policy: true,
  versions: true,
  cipherSuites: true,
  groups: true,
  signatureSchemes: true,
  certificateSignatureSchemes: true,
  allowRsaKeyExchange: true,
  requireExtendedMasterSecret: true,
  requireSecureRenegotiation: true,
  maxFragmentLength: true,
  padding: true,
  customize: true,
  recordsPerKey: true,
});
const CLIENT_OPTIONS = keysOf<keyof OwnClientOptions>({
  keyShares: true,
  keyShareMemory: true,
  requestOcspResponse: true,
  requestSignedCertificateTimestamps: true,
  sessions: true,
  psks: true,
  pskKeyExchangeModes: true,
  judgeResumed: true,
  ticketRequest: true,
  sendFallbackSignal: true,
  middleboxCompatibility: true,
});
const SERVER_OPTIONS = keysOf<keyof OwnServerOptions>({
  requireKnownServerName: true,
  preference: true,
  clientAuthentication: true,
  cookieSecret: true,
  tickets: true,
  earlyData: true,
  psks: true,
  pskKeyExchangeModes: true,
  judgeResumed: true,
  alwaysRetry: true,
});

/** Every option that makes one client's connections differ from another's. */
export const CLIENT_TLS_OPTIONS: readonly (keyof ClientTlsOptions)[] = [
  ...ENDPOINT_OPTIONS,
  ...CLIENT_OPTIONS,
  ...keysOf<Exclude<keyof ClientTlsOptions, keyof SharedOptions | keyof OwnClientOptions>>({
    cert: true,
    key: true,
    passphrase: true,
    identities: true,
    selectIdentity: true,
    ca: true,
    anchors: true,
    allowPartialChain: true,
    strength: true,
    nameConstraints: true,
    policies: true,
    crl: true,
    revocation: true,
    transparency: true,
    fetch: true,
    verifier: true,
    ALPNProtocols: true,
    handshakeTimeout: true,
    traceSecrets: true,
    minVersion: true,
    maxVersion: true,
    rejectUnauthorized: true,
  }),
];

function keysOf<K extends string>(keys: Readonly<Record<K, true>>): readonly K[] {
  return Object.keys(keys) as K[];
}

/** The named options, without those that are `undefined`: these are left to their defaults. */
function pick<T, K extends keyof T>(options: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.map((key) => [key, options[key]] as const).filter(([, value]) => value !== undefined),
  ) as Pick<T, K>;
}

function endpointOptions(options: TlsOptions): EndpointOptions {
  const applicationProtocols = options.ALPNProtocols ?? [];
  if (!Array.isArray(applicationProtocols) || applicationProtocols.some((name) => typeof name !== 'string')) {
    throw new ConfigError(
      'ALPNProtocols',
      "ALPNProtocols: expected a list of texts, such as ['h2', 'http/1.1']",
    );
  }
  const versions = versionsBetween(options.minVersion, options.maxVersion);
  return {
    now: Date.now,
    ...(versions === undefined ? {} : { versions }),
    ...pick(options, ENDPOINT_OPTIONS),
    provider: nodeProvider,
    applicationProtocols,
  };
}

/** A caller's `selectIdentity` for the core: what it answers, now or later, is read as `identities` are. */
function selector<T>(select: ((question: T) => Awaitable<IdentityInput | undefined>) | undefined): {
  selectIdentity?: (question: T) => Awaitable<Identity | undefined>;
} {
  if (select === undefined) return {};
  const load = (input: IdentityInput | undefined): Identity | undefined => input && loadIdentity(input);
  return {
    selectIdentity: (question) => {
      const answer = select(question);
      return isPromise(answer) ? answer.then(load) : load(answer);
    },
  };
}

/** Tickets under keys that are made here, and forgotten with the server. */
export function defaultTickets(): TicketOptions {
  return { keys: new TicketKeyRing({ provider: nodeProvider }) };
}

/**
 * Makes the configuration of a client, for `connect({ config })`: worth it where many connections share one.
 * @throws {ConfigError} when an option cannot work; its `option` is the one at fault.
 */
export function clientTlsConfig(options: ClientTlsOptions): ClientConfig {
  refuseForeignOptions(options);
  return clientConfig({
    ...endpointOptions(options),
    sessions: new MemoryClientSessions(),
    ...pick(options, CLIENT_OPTIONS),
    ...selector(options.selectIdentity),
    identities: loadIdentities(options),
    verifier: verifierOf(options),
  });
}

/**
 * Makes the configuration of a server.
 * @throws {ConfigError} when an option cannot work; its `option` is the one at fault.
 */
export function serverTlsConfig(options: ServerTlsOptions): ServerConfig {
  refuseForeignOptions(options);
  if (options.requestCert !== undefined && options.clientAuthentication !== undefined) {
    throw new ConfigError('requestCert', 'requestCert: give either this or clientAuthentication, not both');
  }
  const clientAuthentication = options.clientAuthentication ?? (options.requestCert ? 'require' : 'none');
  if (clientAuthentication !== 'none' && !namesTrust(options)) {
    // The root store vouches for web sites: anyone can get a certificate from one of its authorities.
    throw new ConfigError(
      'ca',
      'ca: clients are asked for a certificate, so say which authorities may vouch for them (ca, anchors, or a verifier)',
    );
  }
  return serverConfig({
    ...endpointOptions(options),
    tickets: defaultTickets(),
    ...pick(options, SERVER_OPTIONS),
    ...selector(options.selectIdentity),
    identities: loadIdentities(options),
    clientAuthentication,
    ...(clientAuthentication !== 'none' && { verifier: verifierOf(options) }),
  });
}

/**
 * The handshake timeout, or its default.
 * @throws {ConfigError} when it is not a number of milliseconds.
 */
export function handshakeTimeoutOf({ handshakeTimeout = DEFAULT_HANDSHAKE_TIMEOUT }: TlsOptions): number {
  return requireMilliseconds('handshakeTimeout', handshakeTimeout);
}

/** @throws {ConfigError} when `value` is not a number of milliseconds that Node's timers know. */
export function requireMilliseconds(option: string, value: number): number {
  if (!(value >= 0 && value <= MAX_MILLISECONDS)) {
    throw new ConfigError(
      option,
      `${option}: expected a number of milliseconds from 0 to ${MAX_MILLISECONDS}, found ${String(value)}`,
    );
  }
  return value;
}
