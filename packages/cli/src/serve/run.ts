/** What `handfast serve` does: a TLS server for files, for echo, or in front of another server. */
import type { Server as NetServer } from 'node:net';
import { cipherSuiteName, type Identity, MemoryReplayGuard, type Preference, TicketKeyRing } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { createHttpsServer, createServer, type ServerTlsOptions, type TLSSocket } from 'handfast/node';
import { type Address, parseAddress } from '../address.ts';
import { readAuthorities } from '../authorities.ts';
import type { KeyKind } from '../authority.ts';
import { readIdentities } from '../credentials.ts';
import { explain } from '../explain.ts';
import { readFolder } from '../files.ts';
import { type NegotiationCommandOptions, negotiationOptions } from '../negotiation.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { readPsks } from '../sessions.ts';
import type { DevelopmentCertificate } from './development.ts';
import { fileListener } from './files.ts';
import { banner, connectionLine, failureLine } from './log.ts';
import { echo, proxy } from './plain.ts';
import { untilStopped } from './shutdown.ts';
import { statusListener } from './status.ts';

/** The command's options, as they were parsed. */
export interface ServeCommandOptions extends NegotiationCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly cert?: readonly string[];
  readonly key?: readonly string[];
  readonly caOut?: string;
  readonly clientCa?: readonly string[];
  readonly requireClientCert?: true;
  readonly pskFile?: string;
  readonly tickets?: number;
  readonly earlyData?: true;
  readonly alpn?: readonly string[];
  readonly prefer: Preference;
  readonly root?: string;
  readonly echo?: true;
  readonly proxy?: string;
}

/** Whether HTTP is spoken on top of TLS, and not just any bytes. */
function speaksHttp({ echo, proxy }: ServeCommandOptions): boolean {
  return !echo && proxy === undefined;
}

/** Bytes of early data: a request, as OpenSSL allows. */
const MAX_EARLY_DATA = 16_384;

function checkOptions(options: ServeCommandOptions): void {
  const { host, cert, key, caOut, clientCa, requireClientCert, alpn } = options;
  const usage = (message: string): Failure => new Failure(ExitCode.usage, message);
  // Node takes an empty host for all addresses of the machine.
  if (host === '') throw usage('--host needs an address, such as 127.0.0.1; 0.0.0.0 or :: for all.');
  if (speaksHttp(options) && alpn?.some((name) => name !== 'http/1.1')) {
    throw usage(
      'Files and the status page are served over HTTP/1.1: leave --alpn away, or take --echo or --proxy.',
    );
  }
  if (requireClientCert && clientCa === undefined) {
    throw usage('--require-client-cert needs --client-ca FILE: the authorities whose clients are let in.');
  }
  if (options.earlyData && options.tickets === 0) {
    throw usage('--early-data goes with a ticket: leave --tickets 0 away.');
  }
  if (caOut !== undefined && (cert !== undefined || key !== undefined)) {
    throw usage('--ca-out belongs to the certificate made on the spot; with --cert there is none.');
  }
}

/** @throws {Failure} when what the options ask for goes with none of the certificates. */
function givenIdentities({ cert = [], key = [], allowRsaKeyExchange }: ServeCommandOptions): Identity[] {
  const identities = readIdentities(cert, key);
  if (allowRsaKeyExchange && !identities.some(({ canDecrypt }) => canDecrypt)) {
    throw new Failure(
      ExitCode.usage,
      '--allow-rsa-key-exchange needs a certificate with an RSA key that may decrypt (keyEncipherment in its keyUsage).',
    );
  }
  return identities;
}

function serverOptions(
  options: ServeCommandOptions,
  development: DevelopmentCertificate | undefined,
): ServerTlsOptions {
  const { clientCa, requireClientCert, alpn, prefer, tickets, pskFile } = options;
  const keys = new TicketKeyRing({ provider: nodeProvider });
  return {
    identities: development === undefined ? givenIdentities(options) : development.identities,
    ...negotiationOptions(options),
    preference: prefer,
    tickets: { keys, ...(tickets === undefined ? {} : { count: tickets }) },
    ...(options.earlyData
      ? { earlyData: { maxSize: MAX_EARLY_DATA, guard: new MemoryReplayGuard({ startedAt: Date.now() }) } }
      : {}),
    ...(pskFile === undefined ? {} : { psks: readPsks('--psk-file', pskFile) }),
    ...(clientCa === undefined
      ? {}
      : {
          ca: readAuthorities('--client-ca', clientCa),
          clientAuthentication: requireClientCert ? 'require' : 'request',
        }),
    ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
  };
}

/** Old suites of TLS 1.2 want an RSA key, which is made only where they are asked for: it takes a while. */
function keyKinds({ policy, suites = [], allowRsaKeyExchange }: ServeCommandOptions): readonly KeyKind[] {
  const names = suites.map(cipherSuiteName);
  const isForRsa = (name: string): boolean => /_RSA_WITH_/.test(name);
  const wantsRsa = allowRsaKeyExchange || policy?.allowRsaKeyExchange || names.some(isForRsa);
  const wantsEc = names.length === 0 || !names.every(isForRsa);
  return [...(wantsEc ? (['ECDSA P-256'] as const) : []), ...(wantsRsa ? (['RSA 2048'] as const) : [])];
}

/** Loads what issues certificates only where one is issued. */
async function makeDevelopmentCertificate(options: ServeCommandOptions): Promise<DevelopmentCertificate> {
  const { developmentCertificate } = await import('./development.ts');
  return developmentCertificate({ ...options, kinds: keyKinds(options) });
}

type Write = (line: string) => void;

/** The server for what the options ask; not listening yet. */
function makeServer(options: ServeCommandOptions, tls: ServerTlsOptions, write: Write): NetServer {
  if (speaksHttp(options)) {
    const listener =
      options.root === undefined ? statusListener : fileListener(readFolder('--root', options.root));
    return createHttpsServer(tls, listener);
  }
  const target = options.proxy === undefined ? undefined : parseAddress(options.proxy);
  const handle = (socket: TLSSocket): void => {
    if (target === undefined) echo(socket);
    else
      proxy(socket, target, (error) => write(failureLine(socket, `proxy: ${explain(error, target).text}`)));
  };
  return createServer({ ...tls, allowHalfOpen: true }, handle);
}

async function listen(server: NetServer, { host, port }: Address): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  const bound = server.address();
  return { host, port: typeof bound === 'object' && bound !== null ? bound.port : port };
}

/**
 * Serves until a signal stops it.
 * @throws {Failure} when it cannot serve, in plain words.
 */
export async function runServe(options: ServeCommandOptions): Promise<ExitCode> {
  checkOptions(options);
  const write: Write = (line) => process.stdout.write(`${line}\n`);
  const hasCertificate = options.cert !== undefined || options.key !== undefined;
  const development = hasCertificate ? undefined : await makeDevelopmentCertificate(options);
  try {
    const server = makeServer(options, serverOptions(options, development), write);
    server.on('secureConnection', (socket: TLSSocket) => write(connectionLine(socket)));
    server.on('tlsClientError', (error: Error, socket: TLSSocket) =>
      write(failureLine(socket, explain(error).text)),
    );
    const wanted = { host: options.host, port: options.port };
    const address = await listen(server, wanted).catch((error: unknown) => {
      const { exitCode, text } = explain(error, wanted);
      throw new Failure(exitCode, text, { cause: error });
    });
    server.on('error', (error) => write(`error: ${explain(error).text}`));
    write(banner(options, address, speaksHttp(options), development).join('\n'));
    await untilStopped(server, { endOpen: !speaksHttp(options), write });
    return ExitCode.fine;
  } finally {
    development?.forget();
  }
}
