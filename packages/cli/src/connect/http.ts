/** The HTTP request of `handfast connect --get`. */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { TLSSocket } from 'handfast/node';
import { ExitCode, Failure } from '../outcome.ts';
import { printable } from '../render/layout.ts';
import type { Tell } from './exchange.ts';

/** Largest body that is kept for the JSON document, in bytes. */
const MAX_KEPT_BODY = 16 * 1024 * 1024;

export interface HttpReply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingMessage['headers'];
  /** The body as text, or in Base64 where it is not UTF-8; only when it was to be kept. */
  readonly body?: string;
  readonly bodyEncoding?: 'utf8' | 'base64';
}

export interface GetOptions {
  readonly path: string;
  /** The value of the Host header. */
  readonly host: string;
  /** The longest silence in milliseconds. */
  readonly timeout: number;
  /** Keep the body for the answer, instead of printing it. */
  readonly keepBody: boolean;
  readonly tell: Tell;
}

/** Sends one GET and reads the response; its body goes to stdout, or into the answer. */
export async function get(socket: TLSSocket, options: GetOptions): Promise<HttpReply> {
  const { path, host, timeout, keepBody, tell } = options;
  const sent = request({
    createConnection: () => socket,
    path,
    headers: { host, connection: 'close', 'user-agent': 'handfast', accept: '*/*' },
  });
  socket.setTimeout(timeout, () => {
    const reason = `the server said nothing for ${timeout / 1000} s. --timeout SECONDS waits longer.`;
    socket.destroy(new Failure(ExitCode.network, reason));
  });
  let failure: Error | undefined;
  sent.on('error', (error) => {
    failure ??= error;
  });
  sent.end();
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return await readResponse(response, keepBody, tell);
  } catch (error) {
    // What the body's reader sees ("aborted") is only the consequence.
    throw httpFailure(failure ?? error);
  }
}

/** Errors of Node's HTTP client that would say nothing to people. */
function httpFailure(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith('HPE_')) {
    return new Failure(ExitCode.refused, 'The server did not answer with HTTP/1.1. Is it a web server?', {
      cause: error,
    });
  }
  if (message === 'socket hang up') {
    return new Failure(
      ExitCode.network,
      'The server closed the connection without an answer to the request.',
      {
        cause: error,
      },
    );
  }
  return error;
}

async function readResponse(response: IncomingMessage, keepBody: boolean, tell: Tell): Promise<HttpReply> {
  const { statusCode: status = 0, statusMessage: statusText = '', headers } = response;
  tell(['', printable(`HTTP/${response.httpVersion} ${status} ${statusText}`), '']);
  const reply = { status, statusText, headers };
  if (keepBody) return { ...reply, ...(await keep(response)) };
  for await (const chunk of response) {
    if (!process.stdout.write(chunk as Buffer)) await once(process.stdout, 'drain');
  }
  return reply;
}

async function keep(response: IncomingMessage): Promise<Pick<HttpReply, 'body' | 'bodyEncoding'>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length > MAX_KEPT_BODY) {
      throw new Failure(
        ExitCode.refused,
        `The body is larger than ${MAX_KEPT_BODY} bytes, too large for a JSON document: leave --json away.`,
      );
    }
    chunks.push(chunk as Buffer);
  }
  const body = Buffer.concat(chunks);
  const bodyEncoding = isUtf8(body) ? 'utf8' : 'base64';
  return { body: body.toString(bodyEncoding), bodyEncoding };
}
