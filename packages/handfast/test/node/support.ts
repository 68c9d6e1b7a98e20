/** Servers, clients and streams for the tests of this room. Everything that is opened is closed when the test ends. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { Duplex, Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TestContext } from 'node:test';
import { Server as NodeTlsServer } from 'node:tls';
import {
  type ConnectOptions,
  connect,
  createServer,
  type Server,
  type TLSSocket,
  type TlsServerOptions,
} from '../../src/node/index.ts';
import { testPki } from '../support/pki.ts';

export const PKI = testPki();
export const SERVER: TlsServerOptions = { cert: PKI.serverChainPem, key: PKI.server.keyPem };
export const CLIENT: ConnectOptions = { host: '127.0.0.1', servername: 'localhost', ca: PKI.root.pem };
export const CLIENT_IDENTITY = { cert: PKI.clientChainPem, key: PKI.client.keyPem };

/** Listens on a free port of the loopback interface. */
export async function listen(t: TestContext, server: NetServer): Promise<number> {
  // Node 20 crashes when the transport below one of its TLS sockets is destroyed.
  const event = server instanceof NodeTlsServer ? 'secureConnection' : 'connection';
  server.on(event, (socket: Duplex) => t.after(() => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A handfast client that trusts {@link PKI}. */
export function connectTo(t: TestContext, port: number, options: ConnectOptions = {}): TLSSocket {
  const socket = connect({ ...CLIENT, port, ...options });
  t.after(() => socket.destroy());
  return socket;
}

/** A client and a server of handfast, connected over TCP. */
export interface Connected {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
  readonly tlsServer: Server;
  readonly port: number;
}

export async function connected(
  t: TestContext,
  options: { readonly client?: ConnectOptions; readonly server?: TlsServerOptions } = {},
): Promise<Connected> {
  const tlsServer = createServer({ ...SERVER, ...options.server });
  const port = await listen(t, tlsServer);
  const accepted = once(tlsServer, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connectTo(t, port, options.client);
  await once(client, 'secureConnect');
  const [server] = await accepted;
  return { client, server, tlsServer, port };
}

/** The error that a socket fails with. */
export async function failure(socket: Duplex): Promise<Error & { code?: string }> {
  return new Promise((resolve, reject) => {
    socket.once('error', resolve);
    socket.once('close', () => reject(new Error('the socket closed without an error')));
  });
}

/** Waits until a socket is closed; unlike `once` it takes an error for what it is. */
export async function closed(socket: Duplex): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Gives every chunk of a stream to `take` until its end. Unlike `for await` it leaves the writing side alone. */
async function eachChunk(stream: Readable, take: (chunk: Buffer) => void): Promise<void> {
  stream.on('data', take).resume();
  if (!stream.readableEnded) await once(stream, 'end');
}

/** Everything that a stream gives until its end. */
export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await eachChunk(stream, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks);
}

class PairedStream extends Duplex {
  other: PairedStream | undefined;
  readonly #chunkLength: number;
  #written: (() => void) | undefined;

  constructor(chunkLength: number) {
    super({ allowHalfOpen: true });
    this.#chunkLength = chunkLength;
  }

  override _read(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const { other } = this;
    if (other === undefined || other.destroyed || chunk.length === 0) {
      process.nextTick(callback);
      return;
    }
    other.#written = callback;
    for (let i = 0; i < chunk.length; i += this.#chunkLength)
      other.push(chunk.subarray(i, i + this.#chunkLength));
  }

  override _final(callback: () => void): void {
    this.other?.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { other } = this;
    if (other !== undefined && !other.readableEnded) other.push(null);
    this._read(); // nobody will read what the other side wrote last
    callback(error);
  }
}

/** Two streams, where what is written to one is read from the other, in chunks of `chunkLength` bytes at most. */
export function duplexPair(chunkLength = Number.POSITIVE_INFINITY): [Duplex, Duplex] {
  const pair: [PairedStream, PairedStream] = [new PairedStream(chunkLength), new PairedStream(chunkLength)];
  pair[0].other = pair[1];
  pair[1].other = pair[0];
  return pair;
}

/** `length` bytes in pieces of 64 KiB, none like the other, and their SHA-256. */
export function testData(length: number): { readonly stream: Readable; readonly digest: string } {
  const block = randomBytes(1 << 16);
  const pieces = Math.ceil(length / block.length);
  const piece = (i: number): Buffer => {
    const bytes = Buffer.from(block.subarray(0, Math.min(block.length, length - i * block.length)));
    bytes.writeUInt32BE(i);
    return bytes;
  };
  const hash = createHash('sha256');
  for (let i = 0; i < pieces; i++) hash.update(piece(i));
  const all = function* (): Generator<Buffer> {
    for (let i = 0; i < pieces; i++) yield piece(i);
  };
  return { stream: Readable.from(all(), { objectMode: false }), digest: hash.digest('hex') };
}

/** Reads a stream to its end; the SHA-256 and the number of bytes. */
export async function digestOf(stream: Readable): Promise<{ digest: string; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  await eachChunk(stream, (chunk) => {
    hash.update(chunk);
    length += chunk.length;
  });
  return { digest: hash.digest('hex'), length };
}

/** Sends `length` bytes each way at once, ends both directions, and checks that both arrived whole. */
export async function exchange(a: Duplex, b: Duplex, length: number): Promise<boolean> {
  const [fromA, fromB] = [testData(length), testData(length)];
  const send = (data: Readable, to: Writable): Promise<void> => pipeline(data, to);
  const [atB, atA] = await Promise.all([
    digestOf(b),
    digestOf(a),
    send(fromA.stream, a),
    send(fromB.stream, b),
  ]);
  return atB.digest === fromA.digest && atA.digest === fromB.digest && atA.length === length;
}

/** The kinds of what keeps the process alive now, such as `TCPSocketWrap`; the wait of this very test is not among them. */
export function activeResources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP'));
}

/** How many timers keep the process alive now. */
export function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
