/** HTTPS through Node's own HTTP: an agent for `https.request`, and a server. */
import { createHash } from 'node:crypto';
import {
  type ClientRequest,
  Agent as HttpAgent,
  type AgentOptions as HttpAgentOptions,
  type RequestOptions as HttpRequestOptions,
  Server as HttpServer,
  type ServerOptions as HttpServerOptions,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import { Agent as HttpsAgent, request } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ClientConfig } from '../handshake/config.ts';
import { TlsAcceptor } from './acceptor.ts';
import { type ConnectOptions, connect } from './connect.ts';
import type { IdentityInput, OneOrMany } from './credentials.ts';
import { MAX_AGENT_CONFIGS } from './limits.ts';
import {
  CLIENT_TLS_OPTIONS,
  type ClientTlsOptions,
  clientTlsConfig,
  refuseForeignOptions,
  type ServerTlsOptions,
} from './options.ts';
import type { TLSSocket } from './socket.ts';

/** The protocol that Node's HTTP speaks, unless the caller says otherwise. */
const HTTP_1_1: readonly string[] = ['http/1.1'];

/** Options of {@link Agent}: those of `http.Agent`, and TLS. */
export interface AgentOptions extends HttpAgentOptions, ClientTlsOptions {
  /** The name that servers must prove to have. Default: the host of the request. */
  readonly servername?: string | undefined;
}

/**
 * An agent for `https.request` whose connections are made by handfast. Like every agent it keeps connections for
 * later requests (with `keepAlive`), but shares none between requests whose TLS options differ. Texts and bytes are
 * compared by content, objects and functions by identity.
 */
export class Agent extends HttpsAgent {
  readonly #configs = new Map<string, ClientConfig>();

  constructor(options: AgentOptions = {}) {
    super(options as HttpAgentOptions);
  }

  /**
   * The name under which Node keeps connections apart, asked for at every request.
   * @throws {ConfigError} when an option is not offered, which a connection made before could not honour either.
   */
  override getName(options: HttpsRequestOptions = {}): string {
    refuseForeignOptions(options);
    const name = HttpAgent.prototype.getName.call(this, options);
    return `${name}:${options.servername ?? ''}:${fingerprint(options)}`;
  }

  /** Called by Node for a new connection. */
  override createConnection(options: HttpsRequestOptions): TLSSocket {
    const config = this.#config({ ALPNProtocols: HTTP_1_1, ...options });
    return connect({ ...(options as ConnectOptions), config });
  }

  #config(options: ClientTlsOptions): ClientConfig {
    const name = fingerprint(options);
    let config = this.#configs.get(name);
    if (config === undefined) {
      config = clientTlsConfig(options);
      const [oldest] = this.#configs.keys();
      if (oldest !== undefined && this.#configs.size >= MAX_AGENT_CONFIGS) this.#configs.delete(oldest);
      this.#configs.set(name, config);
    }
    return config;
  }
}

/** A digest of the TLS options: private keys do not become names of pools. */
function fingerprint(options: ClientTlsOptions): string {
  const parts = CLIENT_TLS_OPTIONS.map((option) => `${option}=${describe(options[option])}`);
  return createHash('sha256').update(parts.join(';')).digest('base64');
}

const objectNumbers = new WeakMap<object, number>();
let objects = 0;

function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describe).join(',')}]`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  }
  let number = objectNumbers.get(value);
  if (number === undefined) {
    number = ++objects;
    objectNumbers.set(value, number);
  }
  return `#${number}`;
}

/** Options of {@link httpsRequest}: those of `http.request`, and TLS. */
export interface HttpsRequestOptions extends HttpRequestOptions, ClientTlsOptions {
  /** The name that the server must prove to have. Default: the host of the request. */
  readonly servername?: string | undefined;
}

let sharedAgent: Agent | undefined;

/**
 * `https.request` over handfast. Without an `agent` of its own, a shared one that keeps connections alive is used.
 * @throws {ConfigError} when a TLS option cannot work.
 */
export function httpsRequest(
  url: string | URL | HttpsRequestOptions,
  onResponse?: (response: IncomingMessage) => void,
): ClientRequest;
export function httpsRequest(
  url: string | URL,
  options: HttpsRequestOptions,
  onResponse?: (response: IncomingMessage) => void,
): ClientRequest;
export function httpsRequest(
  url: string | URL | HttpsRequestOptions,
  ...rest: readonly unknown[]
): ClientRequest {
  const isTarget = typeof url === 'string' || url instanceof URL;
  const given = isTarget ? rest.find((value) => typeof value === 'object' && value !== null) : url;
  const onResponse = rest.find((value) => typeof value === 'function') as
    | ((response: IncomingMessage) => void)
    | undefined;
  sharedAgent ??= new Agent({ keepAlive: true });
  const options = { agent: sharedAgent, ...(given as HttpsRequestOptions | undefined) } as HttpRequestOptions;
  return isTarget ? request(url, options, onResponse) : request(options, onResponse);
}

/** Options of {@link createHttpsServer}: those of `http.createServer`, and TLS. */
export interface HttpsServerOptions extends HttpServerOptions, ServerTlsOptions {}

/**
 * An `http.Server` whose connections are secured by handfast. It emits `secureConnection`, `tlsClientError`, `keylog`
 * and `trace` as `Server` of handfast/node does; `request.socket` is a {@link TLSSocket}.
 */
export class HttpsServer extends HttpServer {
  readonly #acceptor: TlsAcceptor;

  /** @throws {ConfigError} when an option cannot work. */
  constructor(options: HttpsServerOptions, onRequest?: RequestListener) {
    super(options, onRequest);
    this.#acceptor = new TlsAcceptor(this, { ALPNProtocols: HTTP_1_1, ...options, allowHalfOpen: true });
    const serveHttp = this.listeners('connection');
    this.removeAllListeners('connection');
    this.on('connection', (transport: Duplex) => this.#acceptor.accept(transport));
    this.on('secureConnection', (socket: TLSSocket) => {
      for (const serve of serveHttp) serve.call(this, socket);
    });
  }

  /**
   * Replaces the certificates and keys for connections to come; open ones are not disturbed.
   * @throws {ConfigError} when they cannot work; the old ones then stay.
   */
  setIdentities(identities: OneOrMany<IdentityInput>): void {
    this.#acceptor.setIdentities(identities);
  }
}

/**
 * Makes an HTTPS server.
 * @throws {ConfigError} when an option cannot work.
 */
export function createHttpsServer(options: HttpsServerOptions, onRequest?: RequestListener): HttpsServer {
  return new HttpsServer(options, onRequest);
}
