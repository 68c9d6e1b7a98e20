/** `handfast connect`: opens one connection as a client and shows what came of it. */
import { appendFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { TraceEvent } from 'handfast';
import { type ConnectOptions, connect, type TLSSocket } from 'handfast/node';
import { type Address, formatAddress, HTTPS_PORT, parseAddress } from '../address.ts';
import { converseOnStreams, handshake, linger } from '../connect/exchange.ts';
import { get, type HttpReply } from '../connect/http.ts';
import { failureDocument, successDocument } from '../connect/report.ts';
import { summaryLines } from '../connect/summary.ts';
import { readAuthorities, readIdentities } from '../credentials.ts';
import { explain } from '../explain.ts';
import { unusable } from '../files.ts';
import { collect, milliseconds, protocols, requestPath } from '../options.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { styleFor } from '../render/style.ts';
import { traceLines } from '../render/trace.ts';

interface Options {
  readonly ca?: readonly string[];
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly alpn?: readonly string[];
  readonly get?: string;
  readonly trace?: true;
  readonly json?: true;
  readonly keylog?: string;
  readonly timeout: number;
}

const DESCRIPTION = `Open a TLS connection, verify the server, and talk to it.

What you type (or pipe in) goes to the server, what it sends goes to stdout; everything about the
connection goes to stderr. The server must prove that it is HOST, or the name given with --servername.`;

const MORE = `
Examples:
  handfast connect example.com                       who is there, and what was agreed
  handfast connect example.com --get /               a page over HTTPS
  handfast connect localhost:8443 --ca ca.pem        trust a certificate authority of your own
  handfast connect [::1]:8443 --servername localhost --ca ca.pem
  handfast connect example.com --get / --trace       every message, byte by byte
  handfast connect example.com --json | jq .verdict  the same for programs

The port is 443 where none is given. When the input ends, the server is told (close_notify), and what it
still sends is printed until it closes, or is silent for the time of --timeout.

Exit codes: 0 fine; 1 the peer was refused, or refused us; 2 wrong usage or an unusable file;
3 the network failed (nothing listens, unknown name, out of time, connection cut).`;

const HTTP_1_1 = 'http/1.1';

/** Milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

/** Adds the command to `program`. */
export function addConnect(program: Command, finish: (exitCode: ExitCode) => void): void {
  program
    .command('connect')
    .summary('open a connection as a client, and show it')
    .description(DESCRIPTION)
    .argument('<host[:port]>', 'a name, an IPv4 address, or an IPv6 address in brackets')
    .option('--ca <file>', 'trust these authorities (PEM) instead of the public ones; repeatable', collect)
    .option('--servername <name>', 'the name that the server must prove to have (default: HOST)')
    .option('--cert <file>', 'certificate chain (PEM) to show when the server asks, with --key')
    .option('--key <file>', 'its private key (PEM)')
    .option('--alpn <names>', 'application protocols to offer, such as h2,http/1.1', protocols)
    .option('--get <path>', 'send an HTTP GET and print the body', requestPath)
    .option('--trace', 'show every record and message on stderr, decoded, with bytes')
    .option('--json', 'print one JSON document on stdout and nothing else; reads no input')
    .option('--keylog <file>', 'append the secrets for Wireshark (SSLKEYLOGFILE itself is not read)')
    .addOption(
      new Option('--timeout <seconds>', 'limit for connecting, and for silence afterwards')
        .argParser(milliseconds)
        .default(DEFAULT_TIMEOUT, `${DEFAULT_TIMEOUT / 1000}`),
    )
    .addHelpText('after', MORE)
    .action(async (target: string, options: Options) =>
      finish(await run(parseAddress(target, HTTPS_PORT), options)),
    );
}

function checkOptions({ get: path, alpn, servername }: Options): void {
  if (path !== undefined && alpn?.some((name) => name !== HTTP_1_1)) {
    throw new Failure(ExitCode.usage, '--get speaks HTTP/1.1: leave --alpn away, or offer only http/1.1.');
  }
  if (servername === '') throw new Failure(ExitCode.usage, '--servername needs a name.');
}

function socketOptions(address: Address, options: Options): ConnectOptions {
  const { ca, servername, cert, key, get: path } = options;
  const identities = readIdentities(cert === undefined ? [] : [cert], key === undefined ? [] : [key]);
  const alpn = options.alpn ?? (path === undefined ? undefined : [HTTP_1_1]);
  return {
    ...address,
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca: readAuthorities('--ca', ca) }),
    ...(identities.length === 0 ? {} : { identities }),
    ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
    allowHalfOpen: true,
  };
}

/** Appends secrets to a file that only its owner can read. */
function keyLogWriter(path: string): (line: Buffer | string) => void {
  const append = (line: Buffer | string): void => appendFileSync(path, line, { mode: 0o600 });
  try {
    append('');
  } catch (error) {
    throw unusable('--keylog', path, (error as Error).message, error);
  }
  return append;
}

async function run(address: Address, options: Options): Promise<ExitCode> {
  checkOptions(options);
  const settings = socketOptions(address, options);
  const logKeys = options.keylog === undefined ? undefined : keyLogWriter(options.keylog);
  const events: TraceEvent[] = [];
  const style = styleFor(process.stderr, process.env);
  const tell = (lines: readonly string[]): void => {
    if (options.json === undefined && lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
  };
  const socket = connect(settings);
  socket.on('error', () => {}); // whoever waits for something hears of it; nobody else needs to
  if (options.trace) {
    socket.on('trace', (event) => {
      if (options.json) events.push(event);
      else tell(traceLines(style, event));
    });
  }
  if (logKeys !== undefined) socket.on('keylog', logKeys);
  try {
    await handshake(socket, address, options.timeout);
    tell(summaryLines(style, address, socket));
    const reply = await talk(socket, address, options, tell);
    if (options.json) print(successDocument(address, socket, reply, options.trace && events));
    return ExitCode.fine;
  } catch (error) {
    if (options.json) print(failureDocument(address, socket, error, options.trace && events));
    throw error instanceof Failure ? error : asFailure(error, address);
  } finally {
    socket.destroy();
  }
}

function asFailure(error: unknown, address: Address): Failure {
  const { exitCode, text } = explain(error, address);
  return new Failure(exitCode, text, { cause: error });
}

function print(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

async function talk(
  socket: TLSSocket,
  address: Address,
  { get: path, json, servername, timeout }: Options,
  tell: (lines: readonly string[]) => void,
): Promise<HttpReply | undefined> {
  if (path !== undefined) {
    const host = formatAddress({ host: servername ?? address.host, port: address.port }).replace(/:443$/, '');
    return get(socket, { path, host, timeout, keepBody: json === true, tell });
  }
  if (json) await linger(socket);
  else await converseOnStreams(socket, { timeout, tell });
  return undefined;
}
