/**
 * The agent of the matrix for runtimes that have `node:tls`: Node, Bun and Deno, each with the TLS library it was
 * built with. Commands and reports as matrix/peers/agent.ts has them.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import tls from 'node:tls';

type Fields = Readonly<Record<string, string | undefined>>;

function say(id: string | undefined, at: string, details: Record<string, unknown> = {}): void {
  const fields = Object.entries({ at, id, ...details }).filter(([, value]) => value !== undefined);
  const line = fields.map(([key, value]) => `${key}=${String(value).replaceAll(/[\t\n\r]/g, ' ')}`);
  process.stdout.write(`${line.join('\t')}\n`);
}

const file = (path: string | undefined): Buffer | undefined => (path ? readFileSync(path) : undefined);

/** Under `node:tls`, what is not known by a runtime is passed over. */
function commonOptions(fields: Fields): tls.SecureContextOptions & { ALPNProtocols?: string[] } {
  const { min, max, ciphers, curves, sigalgs, options } = fields;
  return {
    minVersion: min as tls.SecureVersion,
    maxVersion: max as tls.SecureVersion,
    cert: file(fields['cert']),
    key: file(fields['key']),
    ca: file(fields['ca']),
    ...(ciphers && { ciphers }),
    ...(curves && { ecdhCurve: curves }),
    ...(sigalgs && { sigalgs }),
    ...(options && { secureOptions: Number(options) }),
    ...(fields['alpn'] && { ALPNProtocols: fields['alpn'].split(',') }),
  };
}

function exported(socket: tls.TLSSocket, { length, label }: Fields): string | undefined {
  try {
    // Without a context, which the types do not know.
    const exportKeys = socket.exportKeyingMaterial.bind(socket) as (length: number, label: string) => Buffer;
    return exportKeys(Number(length), String(label)).toString('hex');
  } catch {
    return undefined;
  }
}

/** OpenSSL's own names of groups. */
const GROUPS: Readonly<Record<string, string>> = {
  X25519: 'x25519',
  X448: 'x448',
  prime256v1: 'secp256r1',
  secp384r1: 'secp384r1',
  secp521r1: 'secp521r1',
};

function secured(socket: tls.TLSSocket, fields: Fields): void {
  const cipher = socket.getCipher() as { standardName?: string } | undefined;
  const key = (socket.getEphemeralKeyInfo?.() ?? {}) as { name?: string };
  say(fields['id'], 'secure', {
    version: socket.getProtocol() ?? undefined,
    suite: cipher?.standardName,
    group: GROUPS[key.name ?? ''],
    alpn: socket.alpnProtocol || undefined,
    exported: exported(socket, fields),
  });
}

/** Echoes until the peer has ended, and then ends as well. */
function serve(socket: tls.TLSSocket, { id }: Fields): void {
  let failed = false;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failed = true;
    say(id, 'failed', { message: `${error.code ?? error.name}: ${error.message}` });
  });
  socket.on('data', (chunk: Buffer) => {
    if (!socket.write(chunk)) socket.pause();
  });
  socket.on('drain', () => socket.resume());
  socket.on('end', () => socket.end());
  socket.on('close', () => {
    if (!failed) say(id, 'closed');
  });
}

function listen(fields: Fields): void {
  const { id, ca, dh, preference } = fields;
  const server = tls.createServer(
    {
      ...commonOptions(fields),
      allowHalfOpen: true,
      requestCert: ca !== undefined,
      rejectUnauthorized: ca !== undefined,
      honorCipherOrder: preference === 'server',
      ...(dh && { dhparam: file(dh) }),
    },
    (socket) => {
      server.close();
      secured(socket, fields);
      serve(socket, fields);
    },
  );
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    say(id, 'failed', { message: `${error.code ?? error.name}: ${error.message}` });
    server.close();
  });
  server.listen(0, '127.0.0.1', () => say(id, 'listening', { port: (server.address() as AddressInfo).port }));
}

function dial(fields: Fields): void {
  const socket = tls.connect(
    {
      ...commonOptions(fields),
      host: '127.0.0.1',
      port: Number(fields['port']),
      servername: fields['name'] ?? '',
      allowHalfOpen: true,
    } as tls.ConnectionOptions,
    () => secured(socket, fields),
  );
  serve(socket, fields);
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const fields: Fields = Object.fromEntries(line.split('\t').map((field) => field.split(/=(.*)/s)));
    try {
      (fields['do'] === 'listen' ? listen : dial)(fields);
    } catch (error) {
      say(fields['id'], 'failed', { message: String(error) });
    }
  })
  .on('close', () => process.exit(0));
