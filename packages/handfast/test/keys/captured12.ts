/** A TLS 1.2 handshake of node:tls with itself, recorded on its way through a relay. */
import { once } from 'node:events';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
} from 'node:net';
import type { TestContext } from 'node:test';
import tls from 'node:tls';
import { fromHex } from '../../src/wire/bytes.ts';
import type { Issued } from '../support/pki.ts';

/** One record, in the order in which the relay saw them: flights alternate, so that is the handshake's order. */
export interface CapturedRecord {
  readonly sender: 'client' | 'server';
  readonly type: number;
  readonly version: number;
  readonly fragment: Uint8Array;
}

/** What is asked of node:tls. */
export interface Wanted {
  /** The only cipher suite, as OpenSSL calls it. */
  readonly cipher: string;
  readonly identity: Issued;
  /** `SSL_OP_...` of the server. */
  readonly secureOptions?: number;
  /** A certificate for a server that asks for one. */
  readonly clientIdentity?: Issued;
  /** A stapled OCSP response, which the client asks for. */
  readonly ocspResponse?: Uint8Array;
}

export interface Captured {
  readonly records: readonly CapturedRecord[];
  /** From the key log, which names it by the random of the client. */
  readonly masterSecret: Uint8Array;
  readonly clientRandom: Uint8Array;
  /** Keying material as node:tls exports it. */
  readonly exported: (length: number, label: string, context?: Uint8Array) => Uint8Array;
}

const HEADER_LENGTH = 5;

/** Cuts one direction into records. */
function recorder(sender: CapturedRecord['sender'], records: CapturedRecord[]): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_LENGTH && rest.length >= HEADER_LENGTH + rest.readUInt16BE(3)) {
      const end = HEADER_LENGTH + rest.readUInt16BE(3);
      const fragment = new Uint8Array(rest.subarray(HEADER_LENGTH, end));
      records.push({ sender, type: rest.readUInt8(0), version: rest.readUInt16BE(1), fragment });
      rest = rest.subarray(end);
    }
  };
}

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Runs one handshake. */
export async function capture(t: TestContext, wanted: Wanted): Promise<Captured> {
  const { identity, clientIdentity, ocspResponse } = wanted;
  // Short tags and SHA-1 in HMAC lie below OpenSSL's default level.
  const common = { ciphers: `${wanted.cipher}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' } as const;
  const server = tls.createServer({
    ...common,
    key: identity.keyPem,
    cert: identity.pem,
    dhparam: 'auto',
    ALPNProtocols: ['first', 'second'],
    ...(wanted.secureOptions === undefined ? {} : { secureOptions: wanted.secureOptions }),
    ...(clientIdentity === undefined ? {} : { requestCert: true, ca: clientIdentity.pem }),
  });
  if (ocspResponse !== undefined) {
    server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, Buffer.from(ocspResponse)));
  }
  const target = await listen(t, server);

  const records: CapturedRecord[] = [];
  const relay = createTcpServer((near) => {
    const far = connectTcp(target, '127.0.0.1');
    t.after(() => {
      near.destroy();
      far.destroy();
    });
    for (const socket of [near, far]) socket.on('error', () => {}); // whoever ends first resets the other
    near.on('data', recorder('client', records));
    far.on('data', recorder('server', records));
    near.pipe(far).pipe(near);
  });
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const client = tls.connect({
    ...common,
    host: '127.0.0.1',
    port: await listen(t, relay),
    servername: 'localhost',
    ca: identity.pem,
    ALPNProtocols: ['second'],
    ...(clientIdentity === undefined ? {} : { key: clientIdentity.keyPem, cert: clientIdentity.pem }),
    ...(ocspResponse === undefined ? {} : { requestOCSP: true }),
  });
  let keyLog = '';
  client.on('keylog', (line) => {
    keyLog += line;
  });
  await once(client, 'secureConnect');
  const [peer] = await accepted;
  t.after(() => {
    client.destroy();
    peer.destroy();
  });
  const [, clientRandom = '', masterSecret = ''] = /^CLIENT_RANDOM (\w{64}) (\w{96})$/m.exec(keyLog) ?? [];
  return {
    records,
    masterSecret: fromHex(masterSecret),
    clientRandom: fromHex(clientRandom),
    exported: (length, label, context) =>
      context === undefined
        ? (client as unknown as WithoutContext).exportKeyingMaterial(length, label)
        : client.exportKeyingMaterial(length, label, Buffer.from(context)),
  };
}

/** The types demand a context, which node:tls does not. */
interface WithoutContext {
  exportKeyingMaterial(length: number, label: string): Buffer;
}
