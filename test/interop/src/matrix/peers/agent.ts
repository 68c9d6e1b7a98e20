/**
 * Peers that are programs of ours on top of another stack. One process serves many connections: it reads commands
 * from standard input and says what happens on standard output, in lines of `key=value` with tabs between them.
 *
 *   listen id=1 ...            at=listening id=1 port=40000
 *   dial   id=2 port=... ...   at=secure id=2 version=... suite=...   (where it knows them: group, alpn, exported)
 *                              at=closed id=2                         (both directions have ended in good order)
 *                              at=failed id=2 message=...
 *
 * With `also=3` a listener takes a second connection, and tells about it under that id. Connections that are dialled with
 * one `session=NAME` go on with each other's sessions.
 *
 * Either way the agent sends back what it receives, and answers our close_notify with its own.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  type DialJob,
  type Engagement,
  EXPORT_LABEL,
  EXPORT_LENGTH,
  type Job,
  type Report,
  type ServerEngagement,
} from './peer.ts';
import { echo } from './talk.ts';

type Fields = Readonly<Record<string, string>>;

const format = (word: string, fields: Fields): string =>
  `${[`do=${word}`, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join('\t')}\n`;

function parse(line: string): Fields {
  return Object.fromEntries(
    line.split('\t').map((field) => {
      const at = field.indexOf('=');
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
}

/** What every agent is told of a job. */
export function jobFields(job: Job): Fields {
  const { cell, terms, credentials, authority, alpn } = job;
  return {
    min: terms.versions[0] ?? '',
    max: terms.versions.at(-1) ?? '',
    suites: terms.suites.join(','),
    groups: terms.groups.join(','),
    schemes: terms.schemes.join(','),
    label: EXPORT_LABEL,
    length: String(EXPORT_LENGTH),
    preference: job.preference,
    ...(credentials && { cert: credentials.chainFile, key: credentials.keyFile }),
    ...(authority && { ca: authority.file }),
    ...(alpn.length > 0 && { alpn: alpn.join(',') }),
    ...(!cell.encryptThenMac && { etm: 'no' }),
    ...(!cell.extendedMasterSecret && { ems: 'no' }),
  };
}

/** A connection that an agent tells about. */
export interface AgentConnection extends Engagement {
  /** Waits until both directions have ended. */
  closed(): Promise<void>;
}

/** One connection of an agent: what it said so far, and those who wait for more. */
class Connection implements AgentConnection {
  readonly closes = true;
  readonly failure: Promise<never>;
  readonly #said: Fields[] = [];
  readonly #command: string;
  #waiting: { readonly at: string; readonly resolve: (fields: Fields) => void }[] = [];
  #fail: (error: Error) => void = () => {};

  constructor(command: string) {
    this.#command = command;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => undefined);
  }

  get account(): string {
    return [this.#command.trimEnd(), ...this.#said.map((fields) => JSON.stringify(fields))].join('\n');
  }

  converse = echo;

  hear(fields: Fields): void {
    this.#said.push(fields);
    if (fields['at'] === 'failed') this.fail(fields['message'] ?? 'without a message');
    const ready = this.#waiting.filter(({ at }) => at === fields['at']);
    this.#waiting = this.#waiting.filter((entry) => !ready.includes(entry));
    for (const { resolve } of ready) resolve(fields);
  }

  fail(message: string): void {
    this.#fail(new Error(`the peer failed: ${message}`));
  }

  /** Waits for an event. */
  async at(at: string): Promise<Fields> {
    const known = this.#said.find((fields) => fields['at'] === at);
    if (known !== undefined) return known;
    const heard = new Promise<Fields>((resolve) => this.#waiting.push({ at, resolve }));
    return await Promise.race([heard, this.failure]);
  }

  async report(): Promise<Report> {
    const { version, suite, group, alpn, exported, resumed } = await this.at('secure');
    return {
      version,
      suite,
      group,
      alpn,
      exported,
      resumed: resumed === undefined ? undefined : resumed === 'true',
    };
  }

  async closed(): Promise<void> {
    await this.at('closed');
  }

  stop(): void {}
}

async function listeningPort(connection: Connection): Promise<number> {
  return Number((await connection.at('listening'))['port']);
}

/** A process that runs connections on command. It starts with the first of them. */
export class Agent {
  readonly #start: () => ChildProcessWithoutNullStreams;
  readonly #connections = new Map<string, Connection>();
  #child: ChildProcessWithoutNullStreams | undefined;
  #log = '';

  constructor(path: string, args: readonly string[]) {
    this.#start = () => spawn(path, args, { stdio: 'pipe' });
  }

  async serve(fields: Fields): Promise<ServerEngagement> {
    const connection = this.#command('listen', fields);
    return Object.assign(connection, { port: await listeningPort(connection) });
  }

  /** A listener for two connections, in the order in which they come. */
  async serveTwo(fields: Fields): Promise<{
    readonly port: number;
    readonly connections: readonly [AgentConnection, AgentConnection];
  }> {
    const also = String(this.#connections.size + 1);
    const second = new Connection(`the second connection of the listener before ${also}`);
    this.#connections.set(also, second);
    const first = this.#command('listen', { ...fields, also });
    return { port: await listeningPort(first), connections: [first, second] };
  }

  async dial({ port, name }: Pick<DialJob, 'port' | 'name'>, fields: Fields): Promise<AgentConnection> {
    return this.#command('dial', { ...fields, port: String(port), name });
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #command(word: string, fields: Fields): Connection {
    const id = String(this.#connections.size + 1);
    const command = format(word, { ...fields, id });
    const connection = new Connection(command);
    this.#connections.set(id, connection);
    this.#running().stdin.write(command);
    return connection;
  }

  #running(): ChildProcessWithoutNullStreams {
    if (this.#child !== undefined) return this.#child;
    const child = this.#start();
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const fields = parse(line);
      this.#connections.get(fields['id'] ?? '')?.hear(fields);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString('latin1')).slice(-2000);
    });
    const gone = (why: string): void => {
      if (this.#child === child) this.#child = undefined;
      for (const connection of this.#connections.values()) connection.fail(`${why}\n${this.#log}`);
    };
    child.on('error', (error) => gone(error.message));
    child.on('close', (code) => gone(`the agent ended with ${code}`));
    child.stdin.on('error', () => undefined);
    return child;
  }
}
