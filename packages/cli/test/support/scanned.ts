/** Servers to scan: puppets that answer a ClientHello with whatever a test wants, and the scan of them. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { chainVerifier } from 'handfast';
import { nodeProvider } from 'handfast/crypto/node';
import { HandshakeAssembler, RecordFramer, recordHeader } from 'handfast/record';
import {
  AlertDescription,
  type AlertName,
  type ClientHello,
  ContentType,
  certificate12,
  certificateStatus,
  clientHello,
  decode,
  type Extensions,
  encode,
  encodeHandshake,
  HandshakeType,
  ProtocolVersion,
  rest,
  STATUS_TYPE_OCSP,
  serverDhParams,
  serverEcdhParams,
  serverHello,
  serverHello12,
} from 'handfast/wire';
import type { ScanFacts } from '../../src/scan/facts.ts';
import { type Finding, findingsOf } from '../../src/scan/findings.ts';
import type { Version } from '../../src/scan/hello.ts';
import { type ScanSettings, scan } from '../../src/scan/scan.ts';
import { plainServer } from './peers.ts';

const EMPTY = new Uint8Array(0);

function record(type: number, version: number, content: Uint8Array): Buffer {
  return Buffer.concat([recordHeader(type, version, content.length), content]);
}

/** A fatal alert, or a warning. */
export function alert(
  name: AlertName,
  level: 1 | 2 = 2,
  version: number = ProtocolVersion['TLSv1.2'],
): Buffer {
  return record(ContentType.alert, version, Uint8Array.of(level, AlertDescription[name]));
}

export interface FlightOptions {
  readonly version: Exclude<Version, 'TLSv1.3'>;
  readonly suite: number;
  readonly extensions?: Extensions<'ServerHello12'>;
  /** The last bytes of the server's random. */
  readonly sentinel?: Uint8Array;
  readonly compression?: number;
  readonly sessionId?: Uint8Array;
  /** DER-encoded, leaf first. */
  readonly chain?: readonly Uint8Array[];
  readonly ocspResponse?: Uint8Array;
  readonly asksForCertificate?: boolean;
  /** The body of ServerKeyExchange. */
  readonly keyExchange?: Uint8Array;
}

/** ServerHello to ServerHelloDone, each message in a record of its own. */
export function flight(options: FlightOptions): Buffer {
  const { version, suite, extensions = {}, sentinel = EMPTY, compression = 0, sessionId = EMPTY } = options;
  const number = ProtocolVersion[version];
  const hello = {
    legacyVersion: number,
    random: Buffer.concat([randomBytes(32 - sentinel.length), sentinel]),
    legacySessionIdEcho: sessionId,
    cipherSuite: suite,
    legacyCompressionMethod: compression,
    extensions,
  };
  const messages = [
    encodeHandshake(HandshakeType.server_hello, serverHello12, hello),
    ...(options.chain === undefined
      ? []
      : [encodeHandshake(HandshakeType.certificate, certificate12, { certificateList: options.chain })]),
    ...(options.ocspResponse === undefined
      ? []
      : [
          encodeHandshake(HandshakeType.certificate_status, certificateStatus, {
            statusType: STATUS_TYPE_OCSP,
            response: options.ocspResponse,
          }),
        ]),
    ...(options.keyExchange === undefined
      ? []
      : [encodeHandshake(HandshakeType.server_key_exchange, rest, options.keyExchange)]),
    ...(options.asksForCertificate
      ? [encodeHandshake(HandshakeType.certificate_request, rest, Uint8Array.of(1, 1, 0, 0))]
      : []),
    encodeHandshake(HandshakeType.server_hello_done, rest, EMPTY),
  ];
  return Buffer.concat(messages.map((message) => record(ContentType.handshake, number, message)));
}

/** A TLS 1.3 ServerHello; what would follow it is encrypted. */
export function hello13({ legacySessionId }: ClientHello, cipherSuite: number, group: number): Buffer {
  const legacyVersion = ProtocolVersion['TLSv1.2'];
  const message = encodeHandshake(HandshakeType.server_hello, serverHello, {
    legacyVersion,
    random: randomBytes(32),
    legacySessionIdEcho: legacySessionId,
    cipherSuite,
    legacyCompressionMethod: 0,
    extensions: {
      supportedVersions: ProtocolVersion['TLSv1.3'],
      keyShare: { group, keyExchange: randomBytes(32) },
    },
  });
  return record(ContentType.handshake, legacyVersion, message);
}

const SIGNATURE = Uint8Array.of(0, 2, 0xab, 0xcd);

/** ServerKeyExchange with a curve; `scheme` since TLS 1.2. */
export function ecdheKeyExchange(namedCurve: number, scheme?: number, publicKey = randomBytes(32)): Buffer {
  const params = encode(serverEcdhParams, { curveType: 3, namedCurve, publicKey });
  const algorithm = scheme === undefined ? EMPTY : Uint8Array.of(scheme >> 8, scheme & 0xff);
  return Buffer.concat([params, algorithm, SIGNATURE]);
}

/** ServerKeyExchange with a finite field of `bits` bits, a multiple of 8. */
export function dheKeyExchange(bits: number): Buffer {
  const dhP = Buffer.alloc(bits / 8, 0xff);
  const params = encode(serverDhParams, { dhP, dhG: Uint8Array.of(2), dhYs: randomBytes(bits / 8) });
  return Buffer.concat([params, SIGNATURE]);
}

/**
 * A server that reads one ClientHello and sends what `answer` gives for it, and counts its connections.
 * What is no ClientHello is closed without a word.
 */
export async function puppet(
  t: TestContext,
  answer: (hello: ClientHello, socket: Socket) => Uint8Array | undefined,
): Promise<{ readonly port: number; readonly connections: () => number }> {
  let connections = 0;
  const port = await plainServer(t, (socket) => {
    connections++;
    const framer = new RecordFramer();
    const assembler = new HandshakeAssembler();
    socket.on('end', () => socket.end());
    socket.on('data', (bytes) => {
      try {
        framer.push(bytes);
        for (let found = framer.next(); found !== undefined; found = framer.next()) {
          if (found.type === ContentType.handshake) assembler.push(found.fragment);
        }
        const message = assembler.next();
        if (message === undefined) return;
        const bytesBack = answer(decode(clientHello, 'ClientHello', message.body), socket);
        if (bytesBack !== undefined) socket.write(bytesBack);
      } catch {
        socket.destroy();
      }
    });
  });
  return { port, connections: () => connections };
}

/** What an old server does with a hello: takes the first suite that it knows. */
export function pickSuite(hello: ClientHello, known: readonly number[]): number | undefined {
  return known.find((suite) => hello.cipherSuites.includes(suite));
}

/** Scans a server on this machine, with limits that fit a test. */
export function scanned(port: number, settings: Partial<ScanSettings> = {}): Promise<ScanFacts> {
  return scan({
    host: '127.0.0.1',
    port,
    name: 'localhost',
    serverName: 'localhost',
    timeout: 5_000,
    maxTime: 60_000,
    maxConnections: 500,
    parallel: 3,
    delay: 0,
    at: Date.now(),
    verifier: chainVerifier({ provider: nodeProvider, anchors: [] }),
    ...settings,
  });
}

/** The identifiers of the findings. */
export function ids(facts: ScanFacts): string[] {
  return findingsOf(facts).map(({ id }: Finding) => id);
}

/** The versions that were accepted. */
export function accepted(facts: ScanFacts): string[] {
  return facts.versions.flatMap(({ version, accepted: isAccepted }) => (isAccepted ? [version] : []));
}

/** The suites that a version accepts, by name. */
export function suites(facts: ScanFacts, version: string): string[] {
  const found = facts.versions.find((each) => each.version === version);
  return (found?.suites.accepted ?? []).map(({ name }) => name);
}
