/** Certificates that say where more is to be found, and the servers where it is, on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { ascii } from '../../src/wire/bytes.ts';
import * as der from './der.ts';
import type { ExtensionSpec } from './pki.ts';

/** The extension authorityInfoAccess. */
export function accessInfo({
  ocsp = [],
  issuers = [],
}: {
  readonly ocsp?: readonly string[];
  readonly issuers?: readonly string[];
}): ExtensionSpec {
  const access = (method: string) => (url: string) =>
    der.sequence(der.oid(method), der.contextPrimitive(6, ascii(url)));
  const value = der.sequence(
    ...ocsp.map(access('1.3.6.1.5.5.7.48.1')),
    ...issuers.map(access('1.3.6.1.5.5.7.48.2')),
  );
  return { oid: '1.3.6.1.5.5.7.1.1', value };
}

/** Certificates as a certs-only message (RFC 5652). */
export function certsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const signedData = der.sequence(
    der.integer(1),
    der.set(),
    der.sequence(der.oid('1.2.840.113549.1.7.1')),
    der.context(0, ...certificates),
    der.set(),
  );
  return der.sequence(der.oid('1.2.840.113549.1.7.2'), der.context(0, signedData));
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** An HTTP server that counts what it is asked for. */
export interface EvidenceServer {
  /** Such as `http://127.0.0.1:40000`. */
  readonly base: string;
  readonly port: number;
  /** Answers requests whose path begins so: with bytes, or as the handler wants. */
  on(path: string, answer: Uint8Array | Handler): void;
  /** `GET /path` of every request so far, in order; the OCSP request of a GET is left out. */
  readonly asked: readonly string[];
  /** Connections that are open now. */
  readonly open: () => number;
}

export async function evidenceServer(t: TestContext): Promise<EvidenceServer> {
  const routes = new Map<string, Uint8Array | Handler>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { url = '', method } = request;
    const path = [...routes.keys()].find((route) => url === route || url.startsWith(`${route}/`));
    asked.push(`${method} ${path ?? url}`);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = path === undefined ? undefined : routes.get(path);
      if (answer === undefined) response.writeHead(404).end('not here');
      else if (typeof answer === 'function') answer(request, response, Buffer.concat(chunks));
      else response.end(answer);
    });
  });
  let open = 0;
  server.on('connection', (socket) => {
    open++;
    socket.on('error', () => {});
    socket.on('close', () => open--);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    port,
    on: (path, answer) => routes.set(path, answer),
    asked,
    open: () => open,
  };
}

/** The OCSPRequest of a request, whichever way it came. */
export function ocspRequestOf({ url = '', method }: IncomingMessage, body: Buffer): Buffer {
  return method === 'POST'
    ? body
    : Buffer.from(decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)), 'base64');
}
