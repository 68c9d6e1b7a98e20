/** `handfast serve`: a TLS server for files, for echo, or in front of another server. */
import type { Server as NetServer } from 'node:net';
import { type Command, Option } from 'commander';
import { createHttpsServer, createServer, type ServerTlsOptions, type TLSSocket } from 'handfast/node';
import { type Address, parseAddress } from '../address.ts';
import { readAuthorities, readIdentities } from '../credentials.ts';
import { explain } from '../explain.ts';
import { readFolder } from '../files.ts';
import { collect, listeningPort, protocols } from '../options.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { type DevelopmentCertificate, developmentCertificate } from '../serve/development.ts';
import { fileListener } from '../serve/files.ts';
import { banner, connectionLine, failureLine } from '../serve/log.ts';
import { echo, proxy } from '../serve/plain.ts';
import { untilStopped } from '../serve/shutdown.ts';
import { statusListener } from '../serve/status.ts';

interface Options {
  readonly port: number;
  readonly host: string;
  readonly cert?: readonly string[];
  readonly key?: readonly string[];
  readonly caOut?: string;
  readonly clientCa?: readonly string[];
  readonly requireClientCert?: true;
  readonly alpn?: readonly string[];
  readonly root?: string;
  readonly echo?: true;
  readonly proxy?: string;
}

const DESCRIPTION = `Serve over TLS: a folder, an echo, another server, or (without any of these) a page
that shows each visitor its own handshake.

Without --cert, a certificate for localhost is made on the spot, and the lines are printed that make
curl and handfast trust it. Its keys exist in memory only and are gone when the server stops.`;

const MORE = `
Examples:
  handfast serve                                     each visitor's handshake, on port 8443
  handfast serve --root public --port 443 --host 0.0.0.0 --cert chain.pem --key key.pem
  handfast serve --cert a.pem --key a.key --cert b.pem --key b.key     two names, or two kinds of keys
  handfast serve --proxy localhost:8080              TLS in front of a plain server
  handfast serve --echo --client-ca ca.pem --require-client-cert

Of several certificates, the one is shown that carries the name which the client asks for and whose key
can sign what the client accepts; the first is the default. Ctrl-C stops: open requests are finished first.

Exit codes: 0 stopped by a signal; 2 wrong usage or an unusable file; 3 cannot listen.`;

/** Adds the command to `program`. */
export function addServe(program: Command, finish: (exitCode: ExitCode) => void): void {
  program
    .command('serve')
    .summary('serve files, an echo, or a proxy over TLS')
    .description(DESCRIPTION)
    .option('--port <port>', 'port to listen on; 0 takes a free one', listeningPort, 8443)
    .option('--host <address>', 'address to listen on; 0.0.0.0 or :: for all', '127.0.0.1')
    .option(
      '--cert <file>',
      'certificate chain, leaf first (PEM); repeatable, the n-th with the n-th --key',
      collect,
    )
    .option('--key <file>', 'its private key (PEM)', collect)
    .option('--ca-out <file>', 'where to write the CA certificate of the certificate made on the spot')
    .option(
      '--client-ca <file>',
      'ask clients for a certificate from these authorities (PEM); repeatable',
      collect,
    )
    .option('--require-client-cert', 'refuse clients without a certificate; needs --client-ca')
    .option('--alpn <names>', 'application protocols to accept, best first', protocols)
    .addOption(new Option('--root <dir>', 'serve the files of a folder').conflicts(['echo', 'proxy']))
    .addOption(new Option('--echo', 'send everything back').conflicts(['root', 'proxy']))
    .addOption(
      new Option('--proxy <host:port>', 'pass everything on to a plain TCP server').conflicts([
        'root',
        'echo',
      ]),
    )
    .addHelpText('after', MORE)
    .action(async (options: Options) => finish(await run(options)));
}

/** Whether HTTP is spoken on top of TLS, and not just any bytes. */
function speaksHttp({ echo, proxy }: Options): boolean {
  return !echo && proxy === undefined;
}

function checkOptions(options: Options): void {
  const { cert, key, caOut, clientCa, requireClientCert, alpn } = options;
  const usage = (message: string): Failure => new Failure(ExitCode.usage, message);
  if (speaksHttp(options) && alpn?.some((name) => name !== 'http/1.1')) {
    throw usage(
      'Files and the status page are served over HTTP/1.1: leave --alpn away, or take --echo or --proxy.',
    );
  }
  if (requireClientCert && clientCa === undefined) {
    throw usage('--require-client-cert needs --client-ca FILE: the authorities whose clients are let in.');
  }
  if (caOut !== undefined && (cert !== undefined || key !== undefined)) {
    throw usage('--ca-out belongs to the certificate made on the spot; with --cert there is none.');
  }
}

function serverOptions(options: Options, development: DevelopmentCertificate | undefined): ServerTlsOptions {
  const { cert = [], key = [], clientCa, requireClientCert, alpn } = options;
  return {
    identities: development === undefined ? readIdentities(cert, key) : [development.identity],
    ...(clientCa === undefined
      ? {}
      : {
          ca: readAuthorities('--client-ca', clientCa),
          clientAuthentication: requireClientCert ? 'require' : 'request',
        }),
    ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
  };
}

type Write = (line: string) => void;

/** The server for what the options ask; not listening yet. */
function makeServer(options: Options, tls: ServerTlsOptions, write: Write): NetServer {
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

async function run(options: Options): Promise<ExitCode> {
  checkOptions(options);
  const write: Write = (line) => process.stdout.write(`${line}\n`);
  const hasCertificate = options.cert !== undefined || options.key !== undefined;
  const development = hasCertificate ? undefined : await developmentCertificate(options.host, options.caOut);
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
