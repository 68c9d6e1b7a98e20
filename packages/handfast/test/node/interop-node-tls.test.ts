/** Against the running Node's own node:tls, in both roles: every group, suite and key type, with client certificates and without. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { connect, createServer, TLSSocket } from '../../src/node/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { CipherSuite, cipherSuiteName, groupName, NamedGroup } from '../../src/wire/registry.ts';
import { KEY_KINDS, type KeyKind, testPki } from '../support/pki.ts';
import {
  closed,
  connectTo,
  digestOf,
  duplexPair,
  exchange,
  listen,
  PKI,
  readAll,
  SERVER,
  testData,
} from './support.ts';

const LIMIT = { timeout: 60_000 };

const GROUPS: readonly (readonly [NamedGroup, string])[] = [
  [NamedGroup.x25519, 'X25519'],
  [NamedGroup.secp256r1, 'P-256'],
  [NamedGroup.secp384r1, 'P-384'],
  [NamedGroup.secp521r1, 'P-521'],
];
const SUITES: readonly CipherSuite[] = [
  CipherSuite.TLS_AES_128_GCM_SHA256,
  CipherSuite.TLS_AES_256_GCM_SHA384,
  CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
];

/** One way to run a handshake, and its name for messages. */
interface Combination {
  readonly kind: KeyKind;
  readonly group: NamedGroup;
  /** The group as OpenSSL calls it; the only one that node:tls offers. */
  readonly curve: string;
  readonly suite: CipherSuite;
  readonly clientCertificate: boolean;
  readonly name: string;
}

function* combinations(kind: KeyKind): Generator<Combination> {
  for (const [group, curve] of GROUPS) {
    for (const suite of SUITES) {
      for (const clientCertificate of [false, true]) {
        const name = `${kind}, ${groupName(group)}, ${cipherSuiteName(suite)}${clientCertificate ? ', client certificate' : ''}`;
        yield { kind, group, curve, suite, clientCertificate, name };
      }
    }
  }
}

/** What node:tls is told, in either role. */
function nodeOptions({ kind, curve, suite }: Combination): tls.SecureContextOptions {
  return {
    ca: testPki(kind).root.pem,
    ecdhCurve: curve,
    ciphers: cipherSuiteName(suite),
    minVersion: 'TLSv1.3',
  };
}

/** What node:tls says of a client's ephemeral key. */
const KEY_INFO: Readonly<Record<string, object>> = {
  X25519: { type: 'ECDH', name: 'X25519', size: 253 },
  'P-256': { type: 'ECDH', name: 'prime256v1', size: 256 },
  'P-384': { type: 'ECDH', name: 'secp384r1', size: 384 },
  'P-521': { type: 'ECDH', name: 'secp521r1', size: 521 },
};

function checkOutcome(socket: TLSSocket, { group, curve, suite, name }: Combination): void {
  const isServer = socket.established?.role === 'server';
  assert.deepEqual(socket.getEphemeralKeyInfo(), isServer ? null : KEY_INFO[curve], name);
  assert.equal(socket.established?.group, group, name);
  assert.equal(socket.established?.cipherSuite, suite, name);
  assert.equal(socket.established?.helloRetried, false, name);
}

const CHECK_TEXT = 'to the peer and back';

async function asClient(t: TestContext, combination: Combination): Promise<void> {
  const { kind, group, suite, clientCertificate, name } = combination;
  const pki = testPki(kind);
  const server = tls.createServer({
    ...nodeOptions(combination),
    cert: pki.serverChainPem,
    key: pki.server.keyPem,
    requestCert: clientCertificate,
    rejectUnauthorized: true,
  });
  const port = await listen(t, server);
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const client = connectTo(t, port, {
    ca: pki.root.pem,
    keyShares: [group],
    cipherSuites: [suite],
    ...(clientCertificate && { cert: pki.clientChainPem, key: pki.client.keyPem }),
  });
  const [peer] = await Promise.race([accepted, once(client, 'close').then(() => assert.fail(name))]);
  assert.equal(peer.getCipher().standardName, cipherSuiteName(suite), name);
  assert.equal(peer.authorized, clientCertificate, name);
  peer.pipe(peer);
  client.end(CHECK_TEXT);
  assert.equal((await readAll(client)).toString(), CHECK_TEXT, name);
  checkOutcome(client, combination);
  server.close();
}

async function asServer(t: TestContext, combination: Combination): Promise<void> {
  const { kind, suite, clientCertificate, name } = combination;
  const pki = testPki(kind);
  const server = createServer(
    {
      cert: pki.serverChainPem,
      key: pki.server.keyPem,
      ca: pki.root.pem,
      requestCert: clientCertificate,
    },
    (socket) => {
      checkOutcome(socket, combination);
      assert.equal(socket.authorized, clientCertificate, name);
      socket.pipe(socket);
    },
  );
  const client = tls.connect({
    ...nodeOptions(combination),
    port: await listen(t, server),
    host: '127.0.0.1',
    servername: 'localhost',
    ...(clientCertificate && { cert: pki.clientChainPem, key: pki.client.keyPem }),
  });
  t.after(() => client.destroy());
  await once(client, 'secureConnect');
  assert.equal(client.authorized, true, name);
  assert.equal(client.getCipher().standardName, cipherSuiteName(suite), name);
  // What our own clients say of the same key.
  assert.deepEqual(client.getEphemeralKeyInfo(), KEY_INFO[combination.curve], name);
  client.end(CHECK_TEXT);
  assert.equal((await readAll(client)).toString(), CHECK_TEXT, name);
  server.close();
}

for (const kind of KEY_KINDS) {
  test(
    `client of node:tls with ${kind} keys: every group and suite, client certificate or not`,
    LIMIT,
    async (t) => {
      for (const combination of combinations(kind)) await asClient(t, combination);
    },
  );
  test(
    `server of node:tls with ${kind} keys: every group and suite, client certificate or not`,
    LIMIT,
    async (t) => {
      for (const combination of combinations(kind)) await asServer(t, combination);
    },
  );
}

/** A connection with node:tls. */
interface Interop {
  readonly ours: TLSSocket;
  readonly theirs: tls.TLSSocket;
}

interface InteropOptions {
  readonly ours?: { readonly [option: string]: unknown };
  readonly theirs?: tls.SecureContextOptions & { ALPNProtocols?: string[] };
  /** Over a pair of streams that deliver so many bytes at a time. Default: over TCP. */
  readonly chunkLength?: number;
}

async function connectInterop(
  t: TestContext,
  role: 'client' | 'server',
  options: InteropOptions = {},
  onOurs: (socket: TLSSocket) => void = () => {},
): Promise<Interop> {
  const ourOptions = { ca: PKI.root.pem, ...options.ours, allowHalfOpen: true };
  const theirOptions = { ca: PKI.root.pem, ...options.theirs, allowHalfOpen: true };
  const server =
    role === 'client'
      ? tls.createServer({ ...SERVER, ...theirOptions } as tls.TlsOptions)
      : createServer({ ...SERVER, ...ourOptions });
  const accepted = once(server, 'secureConnection');
  const target: { port?: number; socket?: Duplex } = {};
  if (options.chunkLength === undefined) {
    target.port = await listen(t, server);
  } else {
    const [near, far] = duplexPair(options.chunkLength);
    server.emit('connection', far);
    target.socket = near;
  }
  const where = { host: '127.0.0.1', servername: 'localhost', ...target };
  const client =
    role === 'client' ? connect({ ...ourOptions, ...where }) : tls.connect({ ...theirOptions, ...where });
  if (client instanceof TLSSocket) onOurs(client);
  t.after(() => client.destroy());
  const [[peer]] = await Promise.all([accepted, once(client, 'secureConnect')]);
  t.after(() => peer.destroy());
  return (role === 'client' ? { ours: client, theirs: peer } : { ours: peer, theirs: client }) as Interop;
}

for (const role of ['client', 'server'] as const) {
  test(`HelloRetryRequest, as ${role}`, LIMIT, async (t) => {
    const { ours, theirs } = await connectInterop(
      t,
      role,
      role === 'client'
        ? { theirs: { ecdhCurve: 'P-521' } }
        : { ours: { groups: [NamedGroup.secp384r1] }, theirs: { ecdhCurve: 'X25519:P-384' } },
    );
    assert.equal(ours.established?.helloRetried, true);
    assert.equal(ours.established?.group, role === 'client' ? NamedGroup.secp521r1 : NamedGroup.secp384r1);
    assert.ok(await exchange(ours, theirs, 10_000));
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const alone = { ours: { versions: [version] }, theirs: { minVersion: version, maxVersion: version } };

    test(`application protocols, as ${role}, ${version}`, LIMIT, async (t) => {
      const { ours, theirs } = await connectInterop(t, role, {
        ours: { ...alone.ours, ALPNProtocols: ['h2', 'http/1.1'] },
        theirs: { ...alone.theirs, ALPNProtocols: ['http/1.1'] },
      });
      assert.equal(ours.alpnProtocol, 'http/1.1');
      assert.equal(theirs.alpnProtocol, 'http/1.1');
      assert.equal(ours.getProtocol(), version);
      assert.equal(theirs.getProtocol(), version);
      assert.equal(ours.getCipher()?.standardName, theirs.getCipher().standardName);
    });

    test(`exported keying material is the same, as ${role}, ${version}`, LIMIT, async (t) => {
      const { ours, theirs } = await connectInterop(t, role, alone);
      for (const context of [undefined, Buffer.alloc(0), Buffer.from('some context')]) {
        assert.deepEqual(
          ours.exportKeyingMaterial(48, 'EXPERIMENTAL handfast', context),
          // Its types want a context, although it can do without.
          theirs.exportKeyingMaterial(48, 'EXPERIMENTAL handfast', context as Buffer),
        );
      }
    });

    test(`64 MiB each way, as ${role}, ${version}`, LIMIT, async (t) => {
      const { ours, theirs } = await connectInterop(t, role, alone);
      assert.ok(await exchange(ours, theirs, 64 << 20));
    });

    test(`single bytes at a time, as ${role}, ${version}`, LIMIT, async (t) => {
      const { ours, theirs } = await connectInterop(t, role, { ...alone, chunkLength: 1 });
      assert.ok(await exchange(ours, theirs, 40_000));
    });

    test(`either side may end first, as ${role}, ${version}`, LIMIT, async (t) => {
      for (const first of ['ours', 'theirs'] as const) {
        const sides = await connectInterop(t, role, alone);
        // An OpenSSL server that ends while its session tickets are still to be sent says no close_notify.
        sides.ours.write('x');
        await once(sides.theirs, 'data');
        const [ending, other] = first === 'ours' ? [sides.ours, sides.theirs] : [sides.theirs, sides.ours];
        ending.end('first');
        assert.equal((await readAll(other)).toString(), 'first');
        other.end('second');
        assert.equal((await readAll(ending)).toString(), 'second');
        await Promise.all([closed(sides.ours), closed(sides.theirs)]);
      }
    });
  }

  test(`KeyUpdate in the middle of a transfer, as ${role}`, LIMIT, async (t) => {
    const { ours, theirs } = await connectInterop(t, role);
    theirs.pipe(theirs);
    const data = testData(4 << 20);
    const echoed = digestOf(ours);
    let updates = 0;
    for await (const piece of data.stream) {
      if (ours.bytesWritten >= updates << 19) ours.updateKeys(updates++ % 2 === 0);
      if (!ours.write(piece)) await once(ours, 'drain');
    }
    ours.end();
    assert.equal((await echoed).digest, data.digest);
    assert.equal(updates, 8);
  });
}

test('a KeyUpdate that was asked for is answered by node:tls', LIMIT, async (t) => {
  const received: number[] = [];
  const { ours, theirs } = await connectInterop(t, 'client', {}, (socket) => {
    socket.on('trace', (event: TraceEvent) => {
      if (event.type === 'keys' && event.direction === 'received') received.push(event.generation);
    });
  });
  theirs.pipe(theirs);
  ours.updateKeys(true);
  ours.end('x');
  await readAll(ours);
  assert.equal(received.at(-1), 1);
});
