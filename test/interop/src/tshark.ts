/**
 * tshark as an observer: two handfasts speak HTTP with each other, what goes over the wire is recorded, and tshark
 * decrypts it with the key log of one side. It must see the request.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { promisify } from 'node:util';
import { Capture, SERVER_PORT } from './capture.ts';
import { dial, GROUPS, type Group, type Link, listen, SUITES, type Suite } from './ours.ts';
import { programVersion } from './peers/find.ts';
import type { Role } from './peers/peer.ts';
import { type Pki, SERVER_NAME } from './pki.ts';
import { startRelay } from './relay.ts';
import type { Attempt, Trial } from './run.ts';

export const TSHARK = 'tshark';

export function tsharkVersion(): string | undefined {
  return programVersion(TSHARK, ['--version'], /(\d+\.\d+\.\d+)/);
}

/** Starting tshark alone takes seconds on a busy machine. */
const LIMIT = 30_000;

interface Variation {
  readonly column: string;
  readonly name: string;
  readonly clientGroups?: readonly Group[];
  readonly serverGroups?: readonly Group[];
  readonly suites?: readonly Suite[];
  readonly mutual?: boolean;
  /** The side whose key log is used renews its keys after the first request, and asks the other to do the same. */
  readonly update?: boolean;
}

const VARIATIONS: readonly Variation[] = [
  ...GROUPS.map((group) => ({ column: 'groups', name: group, clientGroups: [group] })),
  ...SUITES.map((suite) => ({ column: 'suites', name: suite, suites: [suite] })),
  { column: 'mutual', name: 'p256', mutual: true },
  {
    column: 'retry',
    name: 'stateful',
    clientGroups: ['x25519', 'secp384r1'],
    serverGroups: ['secp384r1'],
  },
  { column: 'update', name: 'requested', update: true },
];

/** Sends a request and reads the whole answer. */
async function get(link: Link, path: string): Promise<string> {
  const sent = request({
    path,
    host: SERVER_NAME,
    headers: { Connection: 'keep-alive' },
    createConnection: () => link.socket,
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return body;
}

class Observation {
  step = 'starting';
  account = '';
  readonly #pki: Pki;
  readonly #cleanup: (() => void)[] = [];

  constructor(pki: Pki) {
    this.#pki = pki;
  }

  cleanUp(): void {
    for (const clean of this.#cleanup.reverse()) clean();
  }

  async run(variation: Variation, role: Role): Promise<void> {
    const pki = this.#pki;
    const keyLog: string[] = [];
    const capture = new Capture();
    const { suites, clientGroups, serverGroups, mutual } = variation;
    const common = {
      ...(suites && { suites }),
      authority: pki.authority('p256'),
    };
    const onKeyLog = (line: string): void => {
      keyLog.push(`${line}\n`);
    };

    this.step = 'connecting';
    const listener = await listen({
      ...common,
      ...(serverGroups && { groups: serverGroups }),
      ...(role === 'server' && { onKeyLog }),
      credentials: pki.server('p256'),
      demandClientCertificate: mutual === true,
    });
    this.#cleanup.push(() => listener.close());
    const relay = await startRelay(listener.port, (chunk, way, forward) => {
      capture.add(chunk, way);
      forward(chunk);
    });
    this.#cleanup.push(() => relay.close());
    const [client, server] = await Promise.all([
      dial({
        ...common,
        ...(clientGroups && { groups: clientGroups }),
        ...(role === 'client' && { onKeyLog }),
        ...(mutual && { credentials: pki.client('p256') }),
        port: relay.port,
        name: SERVER_NAME,
      }),
      listener.first,
    ]);
    this.#cleanup.push(
      () => client.socket.destroy(),
      () => server.socket.destroy(),
    );

    this.step = 'speaking HTTP';
    const http = createServer((incoming, response) => response.end(`answer to ${incoming.url}`));
    http.emit('connection', server.socket);
    // Whoever asks for new keys, the last request comes when both directions have them.
    const paths = ['/first', '/second', '/third'];
    for (const path of paths) {
      if (path === '/second' && variation.update === true) {
        (role === 'client' ? client : server).updateKeys(true);
      }
      assert.equal(await get(client, path), `answer to ${path}`);
    }

    this.step = 'waiting for tshark';
    assert.deepEqual(await this.#seenBy(capture, keyLog), paths);
    assert.deepEqual(await this.#seenBy(capture, []), [], 'tshark reads it without the key log');
  }

  /** The paths of the HTTP requests that tshark sees. */
  async #seenBy(capture: Capture, keyLog: readonly string[]): Promise<string[]> {
    const pki = this.#pki;
    const scratch = pki.scratch();
    const captureFile = `${scratch}.pcap`;
    const keyLogFile = `${scratch}.keys`;
    pki.write(captureFile, capture.file());
    pki.write(keyLogFile, keyLog.join(''));
    const { stdout, stderr } = await promisify(execFile)(
      TSHARK,
      [
        ...['-n', '-r', captureFile, '-o', `tls.keylog_file:${keyLogFile}`],
        ...['-d', `tcp.port==${SERVER_PORT},tls`, '-d', `tls.port==${SERVER_PORT},http`],
        ...['-Y', 'http.request', '-T', 'fields', '-e', 'http.request.uri'],
      ],
      { timeout: LIMIT },
    );
    this.account += `${stdout}${stderr}`;
    return stdout.split('\n').filter((line) => line !== '');
  }
}

/** Every variation, with the key log of the client and with that of the server. */
export function tsharkTrials(pki: Pki): Trial[] {
  return (['client', 'server'] as const).flatMap((role) =>
    VARIATIONS.map((variation) => ({
      peer: TSHARK,
      role,
      column: variation.column,
      name: variation.name,
      limit: LIMIT,
      notApplicable: undefined,
      start(): Attempt {
        const cell = new Observation(pki);
        return { cell, done: cell.run(variation, role) };
      },
    })),
  );
}
