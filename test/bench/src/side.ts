/**
 * One side of a connection, in a process of its own, so that its CPU time is its own: a server that greets, sends
 * and counts, or a client that makes it do so. Commands come as messages from the parent ({@link Command}).
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Setup } from './setup.ts';
import { STACKS, type StackName } from './stacks.ts';

export type Command =
  | { readonly do: 'listen'; readonly stack: StackName; readonly setup: Setup }
  | { readonly do: 'aim'; readonly stack: StackName; readonly setup: Setup; readonly port: number }
  /** Full handshakes, a few at a time. */
  | { readonly do: 'handshakes'; readonly count: number }
  /** One connection, and bytes over it. */
  | { readonly do: 'upload' | 'download'; readonly bytes: number }
  /** The CPU time used so far. */
  | { readonly do: 'cpu' };

/** Microseconds of CPU time of this process, and milliseconds of wall time that the command took. */
export interface Answer {
  readonly cpu: number;
  readonly wall: number;
  readonly port?: number;
  readonly error?: string;
}

/** Connections that a client has open at a time, so that neither side waits for the other. */
const CONCURRENCY = 8;
const CHUNK = Buffer.alloc(64 * 1024, 'handfast');
/** What a server says first: then the client knows that the server's handshake is complete too. */
const GREETING = Buffer.from('!');
const REQUEST_LENGTH = 9;
const LETTERS = { upload: 0x75, download: 0x64 } as const;

/** `bytes` of data with back-pressure. */
async function pour(socket: Duplex, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    if (!socket.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)) await once(socket, 'drain');
  }
}

/** A request is a letter and a number of bytes: `u` for an upload, which follows at once, `d` for a download. */
function serve(socket: Duplex): void {
  let request = Buffer.alloc(0);
  let uploading = false;
  let expected = 0;
  const receive = (length: number): void => {
    expected -= length;
    if (expected <= 0) socket.write(GREETING);
  };
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    if (uploading) {
      receive(chunk.length);
      return;
    }
    request = Buffer.concat([request, chunk]);
    if (request.length < REQUEST_LENGTH) return;
    const bytes = Number(request.readBigUInt64BE(1));
    if (request[0] === LETTERS.download) {
      void pour(socket, bytes);
    } else {
      uploading = true;
      expected = bytes;
      receive(request.length - REQUEST_LENGTH);
    }
  });
  socket.write(GREETING);
}

/** Reads until `bytes` have come. */
async function drain(socket: Duplex, bytes: number): Promise<void> {
  let left = bytes;
  await new Promise<void>((resolve, reject) => {
    const onEnd = (): void => reject(new Error(`the server ended with ${left} bytes to go`));
    const onData = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', onData).off('error', reject).off('end', onEnd);
      socket.pause();
      resolve();
    };
    socket.on('data', onData).on('error', reject).on('end', onEnd);
    socket.resume();
  });
}

async function open(dial: () => Promise<Duplex>): Promise<Duplex> {
  const socket = await dial();
  await drain(socket, GREETING.length);
  return socket;
}

/** Both sides end in good order. */
async function close(socket: Duplex): Promise<void> {
  const closed = once(socket, 'close');
  socket.end();
  socket.resume();
  await closed;
}

async function handshakes(dial: () => Promise<Duplex>, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      await close(await open(dial));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function transfer(
  dial: () => Promise<Duplex>,
  way: 'upload' | 'download',
  bytes: number,
): Promise<void> {
  const socket = await open(dial);
  const request = Buffer.alloc(REQUEST_LENGTH, LETTERS[way]);
  request.writeBigUInt64BE(BigInt(bytes), 1);
  socket.write(request);
  if (way === 'download') {
    await drain(socket, bytes);
  } else {
    const done = drain(socket, GREETING.length);
    await pour(socket, bytes);
    await done;
  }
  await close(socket);
}

let dial: () => Promise<Duplex> = () => Promise.reject(new Error('not aimed yet'));

async function obey(command: Command): Promise<{ port?: number }> {
  switch (command.do) {
    case 'listen':
      return { port: await STACKS[command.stack].listen(command.setup, serve) };
    case 'aim':
      dial = STACKS[command.stack].dialer(command.setup, command.port);
      return {};
    case 'handshakes':
      await handshakes(dial, command.count);
      return {};
    case 'upload':
    case 'download':
      await transfer(dial, command.do, command.bytes);
      return {};
    case 'cpu':
      return {};
  }
}

process.on('message', async (command: Command) => {
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  const outcome = await obey(command).catch((error: Error) => ({ error: `${command.do}: ${error.stack}` }));
  const total = process.cpuUsage(command.do === 'cpu' ? undefined : cpuBefore);
  const answer: Answer = {
    cpu: total.user + total.system,
    wall: performance.now() - wallBefore,
    ...outcome,
  };
  process.send?.(answer);
});
