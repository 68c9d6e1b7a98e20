/** One connection between an HTTPS client and an HTTPS server on loopback, with an observer between them. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { KeyExchangeKind, NegotiationOptions, TraceEvent } from 'handfast';
import { connect, createHttpsServer, type TLSSocket } from 'handfast/node';
import type { Credential } from '../authority.ts';
import { Relay, type SeenRecord, type Side, type Tampering, type TamperPlan } from './relay.ts';
import type { BothTraces } from './story.ts';

export interface Setup {
  readonly server: Credential;
  readonly client?: Credential | undefined;
  /** Whether the server asks the client for a certificate, and requires one. */
  readonly asksClient: boolean;
  /** What each end may negotiate. */
  readonly negotiation: { readonly [S in Side]: NegotiationOptions };
  /** The root that each side trusts, as PEM. */
  readonly trust: string;
  /** The name that the server must prove to have. */
  readonly serverName: string;
  readonly path: string;
  readonly answer: string;
  /** One byte that the man in the middle changes. */
  readonly tamper?: { readonly when: 'handshake' | 'response'; readonly plan: TamperPlan } | undefined;
}

/** What became of it. */
export interface Outcome {
  readonly traces: BothTraces;
  readonly errors: { readonly [S in Side]?: Error };
  /** How the secret came about; `undefined` where the client refused. */
  readonly keyExchange: KeyExchangeKind | undefined;
  /** Application bytes as the other end read them. */
  readonly received: { readonly [S in Side]: Buffer };
  readonly status: number | undefined;
  readonly body: string | undefined;
  readonly seen: readonly SeenRecord[];
  readonly tamperings: readonly Tampering[];
}

const LOOPBACK = '127.0.0.1';

/** Both ends must be done by then, in milliseconds; loopback needs a few. */
const TIME_LIMIT = 15_000;

class Recorder {
  readonly traces: Record<Side, TraceEvent[]> = { client: [], server: [] };
  readonly errors: Partial<Record<Side, Error>> = {};
  readonly #received: Record<Side, Buffer[]> = { client: [], server: [] };

  failed(side: Side, error: Error): void {
    this.errors[side] ??= error;
  }

  read(side: Side, socket: TLSSocket): void {
    socket.on('data', (bytes: Buffer) => this.#received[side].push(Buffer.from(bytes)));
  }

  get received(): Record<Side, Buffer> {
    return {
      client: Buffer.concat(this.#received.client),
      server: Buffer.concat(this.#received.server),
    };
  }
}

/** Sends one GET request over `socket`; fails when the connection does. */
async function get(
  socket: TLSSocket,
  path: string,
  host: string,
): Promise<{ status?: number; body: string }> {
  const request = httpRequest({
    createConnection: () => socket,
    path,
    headers: { host, connection: 'keep-alive' },
  });
  request.on('error', () => {}); // the socket's listener records why
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = await text(response);
  socket.end();
  return { ...(response.statusCode === undefined ? {} : { status: response.statusCode }), body };
}

function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const expire = (): void => reject(new Error('the two ends did not finish in time'));
    timer = setTimeout(expire, TIME_LIMIT);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** Runs one connection with one request, to its end, however it ends. */
export async function converse(setup: Setup): Promise<Outcome> {
  const {
    server: identity,
    client,
    asksClient,
    negotiation,
    trust,
    serverName,
    path,
    answer,
    tamper,
  } = setup;
  const recorder = new Recorder();
  let armTampering = (): void => {};
  const server = createHttpsServer(
    {
      ...negotiation.server,
      cert: identity.chain,
      key: identity.key,
      ...(asksClient ? { ca: trust, clientAuthentication: 'require' as const } : {}),
    },
    (_request, response) => {
      armTampering();
      response.sendDate = false;
      response.setHeader('content-type', 'text/plain');
      response.end(answer);
    },
  );
  server.keepAliveTimeout = 0; // so that no header tells of it
  // Settles when the server's side is over: the connection closed, or never came to be.
  const serverDone = new Promise<void>((resolve) => {
    server.on('tlsClientError', (error: Error) => {
      recorder.failed('server', error);
      resolve();
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', (error) => recorder.failed('server', error));
      socket.once('close', () => resolve());
      recorder.read('server', socket);
    });
  });
  server.on('trace', (event: TraceEvent) => recorder.traces.server.push(event));
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const relay = await Relay.start((server.address() as AddressInfo).port);
  if (tamper?.when === 'handshake') relay.tamper(tamper.plan);
  else if (tamper !== undefined) armTampering = () => relay.tamper(tamper.plan);
  try {
    const socket = connect({
      ...negotiation.client,
      host: LOOPBACK,
      port: relay.port,
      servername: serverName,
      ca: trust,
      ...(client === undefined ? {} : { cert: client.chain, key: client.key }),
      ALPNProtocols: ['http/1.1'],
      traceSecrets: true,
    });
    socket.on('trace', (event) => recorder.traces.client.push(event));
    socket.on('error', (error) => recorder.failed('client', error));
    recorder.read('client', socket);
    const clientDone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const response = get(socket, path, serverName).catch((error: Error) => {
      recorder.failed('client', error);
      return undefined;
    });
    const [reply] = await within(Promise.all([response, clientDone, serverDone]));
    return {
      traces: recorder.traces,
      errors: recorder.errors,
      keyExchange: socket.established?.keyExchange,
      received: recorder.received,
      status: reply?.status,
      body: reply?.body,
      seen: relay.seen,
      tamperings: relay.tamperings,
    };
  } finally {
    await relay.close();
    server.close();
  }
}
