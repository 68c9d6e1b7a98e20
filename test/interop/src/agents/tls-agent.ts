/**
 * A peer made of `node:tls`, run by another runtime: Node, Bun or Deno, each with the TLS library it was built
 * with. `tls-agent.js client|server OPTIONS`: one connection between standard input and output, and one JSON
 * object per line on standard error for what happens.
 */
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';

const [role, json = '{}'] = process.argv.slice(2);
const options: tls.ConnectionOptions & tls.TlsOptions = {
  minVersion: 'TLSv1.3',
  allowHalfOpen: true,
  ...JSON.parse(json),
};

function say(event: string, details: object = {}): void {
  process.stderr.write(`${JSON.stringify({ event, ...details })}\n`);
}

function sayError(error: NodeJS.ErrnoException): void {
  say('error', { message: `${error.code ?? error.name}: ${error.message}` });
}

function established(socket: tls.TLSSocket): void {
  say('secure', {
    cipher: socket.getCipher().name,
    alpn: socket.alpnProtocol === false ? null : socket.alpnProtocol,
    peer: socket.getPeerCertificate()?.subject?.CN ?? null,
  });
}

function join(socket: tls.TLSSocket): void {
  socket.on('error', sayError);
  socket.on('end', () => say('end'));
  socket.on('close', () => {
    say('close');
    process.exit(0);
  });
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
}

if (role === 'client') {
  const socket = tls.connect(options, () => established(socket));
  join(socket);
} else {
  const server = tls.createServer(options, (socket) => {
    established(socket);
    join(socket);
  });
  server.on('tlsClientError', sayError);
  server.listen(0, '127.0.0.1', () => say('listening', { port: (server.address() as AddressInfo).port }));
}
