/** One HTTP request of a fetcher, on `node:http`: what it may reach, and how much it reads. */
import { lookup as systemLookup } from 'node:dns';
import { type IncomingMessage, request } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import { MAX_ANSWER_HEADER_BYTES, MAX_URL_LENGTH } from '../limits.ts';
import { isPublicAddress } from './addresses.ts';

/** What a fetcher asks for. */
export interface FetchRequest {
  /** An http URL without user and password. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** For POST. */
  readonly body?: Uint8Array;
  /** Bytes that the answer's body may have; reading must stop beyond. */
  readonly maxBytes: number;
  /** Aborted when nobody waits for the answer any more, or its time is over. */
  readonly signal: AbortSignal;
}

/** What came back. */
export interface FetchAnswer {
  readonly status: number;
  /** The field Location, for redirects: a fetcher follows them itself. */
  readonly location?: string | undefined;
  /** Whatever the body was encoded with; a fetcher takes none but `identity`. */
  readonly contentEncoding?: string | undefined;
  /** Empty unless the status is 200. */
  readonly body: Uint8Array;
}

/** Why there is no answer, as what the sender did: "answered 404 (Not Found)". */
export class ContactFailure extends Error {
  /** Whether it was us who did not want it. */
  readonly refused: boolean;

  constructor(what: string, refused = false) {
    super(what);
    this.refused = refused;
  }
}

export interface HttpOptions {
  readonly allowPrivateAddresses: boolean;
  /** Finds the addresses of names; they are checked in any case. */
  readonly lookup?: LookupFunction | undefined;
}

/** Below the ports that any program may listen on, only HTTP's own: mail servers and others would read a request as theirs. */
const FIRST_OPEN_PORT = 1024;

/**
 * Reads a URL, and says where nothing will be fetched from.
 * @throws {ContactFailure} that is a refusal.
 */
export function fetchableUrl(text: string): URL {
  if (text.length > MAX_URL_LENGTH) {
    throw new ContactFailure(`was not asked: its URL has ${text.length} characters`, true);
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new ContactFailure('was not asked: that is no URL', true);
  if (url.protocol !== 'http:') {
    const why = url.protocol === 'https:' ? ', and https would need a verdict of its own' : '';
    throw new ContactFailure(`was not asked: only http URLs are fetched${why}`, true);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ContactFailure('was not asked: its URL has a user name or a password', true);
  }
  if (url.port !== '' && Number(url.port) < FIRST_OPEN_PORT) {
    throw new ContactFailure(`was not asked: port ${url.port} is for other services`, true);
  }
  url.hash = '';
  return url;
}

class PrivateAddress extends Error {}

/** The system's answers, without those that must not be connected to; what is left is what the connection uses. */
function checkedLookup(lookup: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, found, family) => {
      if (error) {
        callback(error, found, family);
        return;
      }
      const all = typeof found === 'string' ? [{ address: found, family: family ?? isIP(found) }] : found;
      const open = all.filter(({ address }) => isPublicAddress(address));
      const [first] = open;
      if (first === undefined) callback(new PrivateAddress(), [], 0);
      else if (typeof found === 'string') callback(null, first.address, first.family);
      else callback(null, open);
    });
  };
}

/**
 * Sends one request on a connection of its own, and reads the answer. Proxies of the environment are not used.
 * @throws {ContactFailure} when there is no answer.
 */
export function fetchOverHttp(
  { url, method, headers, body, maxBytes, signal }: FetchRequest,
  { allowPrivateAddresses, lookup = systemLookup as LookupFunction }: HttpOptions,
): Promise<FetchAnswer> {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    // Addresses are never looked up, so they are checked here.
    const literal = target.hostname.replace(/^\[|\]$/g, '');
    if (!allowPrivateAddresses && isIP(literal) !== 0 && !isPublicAddress(literal)) {
      reject(notPublic());
      return;
    }
    const outgoing = request(target, {
      method,
      headers: { ...headers, ...(body && { 'Content-Length': String(body.length) }) },
      agent: false,
      lookup: allowPrivateAddresses ? lookup : checkedLookup(lookup),
      maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
      signal,
    });
    outgoing.on('error', (error) => reject(explain(error)));
    outgoing.on('response', (incoming) => {
      readAnswer(incoming, maxBytes)
        .then(resolve, reject)
        .finally(() => outgoing.destroy());
    });
    outgoing.end(body);
  });
}

async function readAnswer(incoming: IncomingMessage, maxBytes: number): Promise<FetchAnswer> {
  const { statusCode: status = 0, headers } = incoming;
  const answer = { status, location: headers.location, contentEncoding: headers['content-encoding'] };
  if (status !== 200) return { ...answer, body: new Uint8Array(0) };
  const tooLong = new ContactFailure(`sent more than ${maxBytes} bytes`);
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLong;
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ContactFailure
      ? error
      : new ContactFailure('broke off in the middle of its answer');
  }
  return { ...answer, body: Buffer.concat(chunks) };
}

function notPublic(): ContactFailure {
  return new ContactFailure('was not asked: its address is not one of the public Internet', true);
}

function explain(error: NodeJS.ErrnoException): ContactFailure {
  if (error instanceof PrivateAddress) return notPublic();
  if (error.code?.startsWith('HPE_')) return new ContactFailure('gave no answer in HTTP');
  return new ContactFailure(`could not be reached (${error.code ?? error.message})`);
}
