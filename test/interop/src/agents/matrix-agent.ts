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

const sessions = new Map<string, Buffer>();

/** For later connections of the same name. */
function keepSessions(socket: tls.TLSSocket, name: string): void {
  socket.on('session', (session) => sessions.set(name, session));
}

/** Node keeps no sessions of a TLS 1.2 server that has no tickets; the application does. */
function storeSessions(server: tls.Server): void {
  const stored = new Map<string, Buffer>();
  server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    stored.set(id.toString('hex'), session);
    done();
  });
  server.on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) =>
    done(null, stored.get(id.toString('hex')) ?? null),
  );
}

/** An external pre-shared key, in hexadecimal. */
function serverPsk({ psk, identity }: Fields): tls.TlsOptions {
  if (psk === undefined) return {};
  return { pskCallback: (_, given) => (given === identity ? Buffer.from(psk, 'hex') : null) };
}

function clientPsk({ psk, identity }: Fields): tls.ConnectionOptions {
  if (psk === undefined || identity === undefined) return {};
  return { pskCallback: () => ({ psk: Buffer.from(psk, 'hex'), identity }) };
}

function secured(socket: tls.TLSSocket, fields: Fields): void {
  const cipher = socket.getCipher() as { standardName?: string } | undefined;
  const key = (socket.getEphemeralKeyInfo?.() ?? {}) as { name?: string };
  say(fields['id'], 'secure', {
    version: socket.getProtocol() ?? undefined,
    suite: cipher?.standardName,
    group: GROUPS[key.name ?? ''],
    alpn: socket.alpnProtocol || undefined,
    exported: exported(socket, fields),
    resumed: socket.isSessionReused?.(),
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
  const { id, ca, dh, preference, also, store } = fields;
  const ids = [id, ...(also === undefined ? [] : [also])];
  const server = tls.createServer(
    {
      ...commonOptions(fields),
      allowHalfOpen: true,
      requestCert: ca !== undefined,
      rejectUnauthorized: ca !== undefined,
      honorCipherOrder: preference === 'server',
      ...(dh && { dhparam: file(dh) }),
      ...serverPsk(fields),
    },
    (socket) => {
      const own = { ...fields, id: ids.shift() };
      if (ids.length === 0) server.close();
      secured(socket, own);
      serve(socket, own);
    },
  );
  if (store !== undefined) storeSessions(server);
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    say(ids.shift(), 'failed', { message: `${error.code ?? error.name}: ${error.message}` });
    if (ids.length === 0) server.close();
  });
  server.listen(0, '127.0.0.1', () => say(id, 'listening', { port: (server.address() as AddressInfo).port }));
}

function dial(fields: Fields): void {
  const { session: name = '' } = fields;
  const session = sessions.get(name);
  const socket = tls.connect(
    {
      ...commonOptions(fields),
      host: '127.0.0.1',
      port: Number(fields['port']),
      servername: fields['name'] ?? '',
      allowHalfOpen: true,
      ...(session && { session }),
      ...clientPsk(fields),
    } as tls.ConnectionOptions,
    () => secured(socket, fields),
  );
  if (name !== '') keepSessions(socket, name);
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
