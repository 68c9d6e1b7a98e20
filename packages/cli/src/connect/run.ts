/** What `handfast connect` does: opens one connection as a client and shows what came of it. */
import { appendFileSync } from 'node:fs';
import type { TraceEvent } from 'handfast';
import { type ConnectOptions, type Contact, connect, type TLSSocket } from 'handfast/node';
import { type Address, formatAddress } from '../address.ts';
import { readTrust } from '../authorities.ts';
import { readIdentities } from '../credentials.ts';
import { explain } from '../explain.ts';
import { contactLines, readFetcher } from '../fetching.ts';
import { readInput, unwritable } from '../files.ts';
import { type NegotiationCommandOptions, negotiationOptions } from '../negotiation.ts';
import type { FetchingCommandOptions, TrustCommandOptions } from '../options.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { styleFor } from '../render/style.ts';
import { TraceText } from '../render/trace.ts';
import { readPsks, readSession, saveSession } from '../sessions.ts';
import { converseOnStreams, handshake, linger } from './exchange.ts';
import { get, type HttpReply } from './http.ts';
import { failureDocument, successDocument } from './report.ts';
import { summaryLines } from './summary.ts';

/** The command's options, as they were parsed. */
export interface ConnectCommandOptions
  extends NegotiationCommandOptions,
    FetchingCommandOptions,
    TrustCommandOptions {
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly alpn?: readonly string[];
  readonly get?: string;
  readonly trace?: true;
  readonly json?: true;
  readonly keylog?: string;
  readonly session?: string;
  readonly earlyData?: string;
  readonly psk?: string;
  readonly timeout: number;
  readonly requireStatus: 'never' | 'leaf' | 'chain';
}

const HTTP_1_1 = 'http/1.1';

function checkOptions({ get: path, alpn, servername, session, earlyData }: ConnectCommandOptions): void {
  if (path !== undefined && alpn?.some((name) => name !== HTTP_1_1)) {
    throw new Failure(ExitCode.usage, '--get speaks HTTP/1.1: leave --alpn away, or offer only http/1.1.');
  }
  if (earlyData !== undefined && session === undefined) {
    throw new Failure(
      ExitCode.usage,
      '--early-data needs --session FILE: it goes with a session that an earlier run left there.',
    );
  }
  if (servername === '') throw new Failure(ExitCode.usage, '--servername needs a name.');
}

function socketOptions(
  address: Address,
  options: ConnectCommandOptions,
  onContact: (contact: Contact) => void,
): ConnectOptions {
  const { servername, cert, key, get: path } = options;
  const session = options.session === undefined ? undefined : readSession(options.session);
  const early = options.earlyData === undefined ? undefined : readInput('--early-data', options.earlyData);
  const identities = readIdentities(cert === undefined ? [] : [cert], key === undefined ? [] : [key]);
  const alpn = options.alpn ?? (path === undefined ? undefined : [HTTP_1_1]);
  // Half of the time is left for the server itself.
  const fetch = readFetcher(options, { totalTimeout: Math.ceil(options.timeout / 2), onContact });
  return {
    ...address,
    ...negotiationOptions(options),
    ...(servername === undefined ? {} : { servername }),
    ca: readTrust(options),
    ...(identities.length === 0 ? {} : { identities }),
    ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
    ...(fetch === undefined ? {} : { fetch }),
    revocation: { require: options.requireStatus },
    ...(session === undefined ? {} : { session }),
    ...(early === undefined ? {} : { earlyData: { data: early, resend: true } }),
    ...(options.psk === undefined ? {} : { psks: readPsks('--psk', options.psk) }),
    allowHalfOpen: true,
  };
}

/**
 * Appends secrets to a file that only its owner can read.
 * @throws {Failure} when it cannot be written.
 */
function appendSecrets(path: string, line: Buffer | string): void {
  try {
    appendFileSync(path, line, { mode: 0o600 });
  } catch (error) {
    throw unwritable('--keylog', path, error);
  }
}

/** A connection whose secrets cannot be logged, as was asked for, ends. */
function logKeys(socket: TLSSocket, path: string): void {
  socket.on('keylog', (line: Buffer) => {
    try {
      appendSecrets(path, line);
    } catch (error) {
      socket.destroy(error as Failure);
    }
  });
}

/** The newest session counts; a connection whose session cannot be kept, as was asked for, ends. */
function keepSessions(socket: TLSSocket, path: string): void {
  socket.on('session', (session: Buffer) => {
    try {
      saveSession(path, session);
    } catch (error) {
      socket.destroy(error as Failure);
    }
  });
}

/**
 * Opens the connection, talks, and tells.
 * @throws {Failure} when anything fails, in plain words.
 */
export async function runConnect(address: Address, options: ConnectCommandOptions): Promise<ExitCode> {
  checkOptions(options);
  const events: TraceEvent[] = [];
  const style = styleFor(process.stderr, process.env);
  const tell = (lines: readonly string[]): void => {
    if (options.json === undefined && lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
  };
  const settings = socketOptions(address, options, (contact) => tell(contactLines(style, contact)));
  if (options.keylog !== undefined) appendSecrets(options.keylog, ''); // found out before anything is sent
  const socket = connect(settings);
  socket.on('error', () => {}); // whoever waits for something hears of it; nobody else needs to
  if (options.trace) {
    const text = new TraceText(style);
    socket.on('trace', (event) => {
      if (options.json) events.push(event);
      else tell(text.lines(event));
    });
  }
  if (options.keylog !== undefined) logKeys(socket, options.keylog);
  if (options.session !== undefined) keepSessions(socket, options.session);
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
  { get: path, json, servername, timeout }: ConnectCommandOptions,
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
