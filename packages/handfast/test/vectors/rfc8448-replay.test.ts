/**
 * The handshakes of RFC 8448, and one with an external pre-shared key, byte for byte, by a client connection and by a server
 * connection. What the endpoints drew at random or signed is given, and so is what they remembered: the session of the
 * ticket, the key. Extensions that handfast does not send of its own are added by `customize`. All else must come out as
 * recorded: every record, binders and early data among them, every secret.
 */
import assert from 'node:assert/strict';
import {
  type ConnectionHandlers,
  createClientConnection,
  createServerConnection,
  type TlsConnection,
} from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider, KeyExchange, SigningKey } from '../../src/crypto/provider.ts';
import {
  type ClientConfig,
  clientConfig,
  type ServerConfig,
  serverConfig,
} from '../../src/handshake/config.ts';
import { createIdentity, type Identity } from '../../src/handshake/identity.ts';
import type { Customization } from '../../src/handshake/messages.ts';
import { clientTrust, serverTrust } from '../../src/handshake/trust-settings.ts';
import type { PeerVerifier } from '../../src/handshake/verifier.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { decode } from '../../src/wire/codec.ts';
import { certificate } from '../../src/wire/messages/certificate.ts';
import { certificateRequest } from '../../src/wire/messages/certificate-request.ts';
import { type ClientHello, clientHello } from '../../src/wire/messages/client-hello.ts';
import { encryptedExtensions } from '../../src/wire/messages/encrypted-extensions.ts';
import { HANDSHAKE_HEADER_LENGTH } from '../../src/wire/messages/index.ts';
import { decodeServerHello } from '../../src/wire/messages/server-hello.ts';
import { HandshakeType, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { accepting, identityOf } from '../support/identities.ts';
import { singleBytes } from '../support/pair.ts';
import {
  fixedKeyExchange,
  type RecordedSignature,
  readTraces,
  type Side,
  TRACES_FILE,
  type Trace,
  type TraceName,
} from '../support/rfc8448.ts';
import {
  EARLY_DATA,
  MAX_EARLY_DATA,
  recordedSessions,
  recordedStore,
  SERVER,
  TICKET_LIFETIME,
} from '../support/rfc8448-session.ts';
import { RFC8448_VALUES } from '../support/rfc8448-values.ts';
import { vectorTest } from '../support/vectors.ts';

const TRACES: readonly TraceName[] = [
  'Simple_1RTT_Handshake',
  'HelloRetryRequest_Handshake',
  'Client_Authentication_Handshake',
  'Middlebox_Compatibility_Mode',
  'Resumed_0RTT_Handshake',
  'Externally_Provided_PSK_with_Ephemeral_Key',
];

const body = (message: Uint8Array): Uint8Array => message.subarray(HANDSHAKE_HEADER_LENGTH);

/** The node provider, with what was drawn at random given, in its order, and signatures checked as ever. */
function recordedProvider(
  randoms: readonly Uint8Array[],
  exchanges: readonly KeyExchange[],
  verified: SignatureCount,
): CryptoProvider {
  const left = [...randoms];
  return {
    ...nodeProvider,
    groups: new Map(exchanges.map((exchange) => [exchange.group, exchange])),
    random: (length) => {
      const next = left.shift();
      assert.equal(next?.length, length);
      return next;
    },
    verify: (...question) => {
      const answer = nodeProvider.verify(...question);
      verified.count++;
      return answer;
    },
  };
}

interface SignatureCount {
  count: number;
}

/** A group that is offered, and that no share is sent for. */
function unused(group: NamedGroup): KeyExchange {
  const fail = (): never => assert.fail(`a share for ${group} was not expected`);
  return { group, start: fail, respond: fail };
}

/** A key that knows one signature: it must be asked for exactly that. */
function recordedKey(scheme: SignatureScheme, { message, signature }: RecordedSignature): SigningKey {
  return {
    schemes: [scheme],
    sign: (asked, content) => {
      assert.equal(asked, scheme);
      assert.equal(toHex(content), toHex(message));
      return signature;
    },
  };
}

function recordedMessage(trace: Trace, type: number): Uint8Array | undefined {
  return trace.serverMessages.find((message) => message[0] === type);
}

function recordedHellos(trace: Trace): readonly ClientHello[] {
  return trace.hellos
    .filter(([type]) => type === HandshakeType.client_hello)
    .map((message) => decode(clientHello, 'ClientHello', body(message)));
}

function serverIdentity(trace: Trace, signature: RecordedSignature): Identity {
  const message = recordedMessage(trace, HandshakeType.certificate);
  assert.ok(message);
  const { certificateList } = decode(certificate, 'Certificate', body(message));
  const chain = certificateList.map(({ certData }) => parseCertificate(certData));
  const isEcdsa = chain[0]?.publicKeyInfo.key?.kind === 'ec';
  const scheme = isEcdsa ? SignatureScheme.ecdsa_secp256r1_sha256 : SignatureScheme.rsa_pss_rsae_sha256;
  return createIdentity({ chain, key: recordedKey(scheme, signature) });
}

/** Adds what the RFC's client sends besides, and its order. Values that handfast makes stay handfast's. */
function customizeClient(trace: Trace): Customization {
  const recorded = recordedHellos(trace).values();
  return {
    ClientHello: ({ extensions: made, ...hello }) => {
      const next = recorded.next().value;
      assert.ok(next);
      const { order = [], unknown = [], signatureAlgorithms = [], pskKeyExchangeModes } = next.extensions;
      const { renegotiationInfo, sessionTicket } = next.extensions;
      const { signatureAlgorithmsCert: _cert, order: _order, unknown: _unknown, ...kept } = made;
      return {
        ...hello,
        extensions: {
          ...kept,
          signatureAlgorithms,
          ...(pskKeyExchangeModes && { pskKeyExchangeModes }),
          unknown,
          ...(renegotiationInfo === undefined ? {} : { renegotiationInfo }),
          ...(sessionTicket === undefined ? {} : { sessionTicket }),
          order,
        },
      };
    },
  };
}

/** Adds what the RFC's server sends besides, and its order. */
function customizeServer(trace: Trace): Customization {
  const hellos = trace.hellos.filter(([type]) => type === HandshakeType.server_hello);
  const recorded = hellos.map((message) => decodeServerHello(body(message)));
  const answers = recordedMessage(trace, HandshakeType.encrypted_extensions);
  const request = recordedMessage(trace, HandshakeType.certificate_request);
  assert.ok(answers);
  const { extensions } = decode(encryptedExtensions, 'EncryptedExtensions', body(answers));
  return {
    HelloRetryRequest: (retry) => {
      const [asked] = recorded;
      assert.ok(asked?.kind === 'HelloRetryRequest');
      const { cookie, order = [] } = asked.hello.extensions;
      return { ...retry, extensions: { ...retry.extensions, ...(cookie && { cookie }), order } };
    },
    ServerHello: (hello) => {
      const order = recorded.at(-1)?.hello.extensions.order ?? [];
      return { ...hello, extensions: { ...hello.extensions, order } };
    },
    EncryptedExtensions: ({ extensions: made }) => {
      const { supportedGroups = [], unknown = [], order = [] } = extensions;
      return { extensions: { ...made, supportedGroups, unknown, order } };
    },
    ...(request && {
      CertificateRequest: ({ extensions: { signatureAlgorithmsCert: _cert, ...made }, ...rest }) => {
        const { signatureAlgorithms = [] } = decode(
          certificateRequest,
          'CertificateRequest',
          body(request),
        ).extensions;
        return { ...rest, extensions: { ...made, signatureAlgorithms } };
      },
    }),
  };
}

/** Two verifiers are the same where their settings are: nothing needs to be drawn at random to tell. */
const verifier: PeerVerifier = { ...accepting, settings: new Uint8Array(32) };
/** The age of the ticket, as the ClientHello tells it. */
function ageOf(trace: Trace): number {
  return recordedHellos(trace)[0]?.extensions.preSharedKey?.identities[0]?.obfuscatedTicketAge ?? 0;
}

interface Replay {
  readonly connection: TlsConnection;
  readonly keyLog: string[];
  readonly received: Uint8Array[];
  readonly verified: SignatureCount;
}

type Begin = (handlers: ConnectionHandlers) => TlsConnection;

function begin(verified: SignatureCount, make: Begin): Replay {
  const keyLog: string[] = [];
  const received: Uint8Array[] = [];
  const connection = make({
    onKeyLog: (line) => void keyLog.push(line),
    onData: (data) => void received.push(data),
    onEarlyData: (data) => {
      assert.equal(connection.established, undefined);
      received.push(data);
    },
  });
  return { connection, keyLog, received, verified };
}

function beginClient(trace: Trace, identities: readonly Identity[]): Replay {
  const verified: SignatureCount = { count: 0 };
  const [first] = recordedHellos(trace);
  const { random, sessionId, privateKeys } = trace.client;
  const groups = first?.extensions.supportedGroups ?? [];
  const shares = first?.extensions.keyShare?.map(({ group }) => group) ?? [];
  const [privateKey, retriedKey] = privateKeys;
  assert.ok(privateKey);
  const exchanges = groups.map((group) => {
    if (shares.includes(group)) return fixedKeyExchange(group, privateKey);
    return group === NamedGroup.secp256r1 && retriedKey ? fixedKeyExchange(group, retriedKey) : unused(group);
  });
  const randoms = sessionId.length > 0 ? [random, sessionId] : [random];
  const config: ClientConfig = clientConfig({
    provider: recordedProvider(randoms, exchanges, verified),
    now: () => trace.now,
    verifier,
    identities,
    groups,
    keyShares: shares,
    cipherSuites: first?.cipherSuites ?? [],
    middleboxCompatibility: sessionId.length > 0,
    requestOcspResponse: false,
    requestSignedCertificateTimestamps: false,
    ...(trace.psk?.origin === 'resumption' && {
      sessions: recordedSessions(trace, ageOf(trace), () => clientTrust(config)),
    }),
    ...(trace.psk?.origin === 'external' && {
      psks: [{ identity: trace.psk.identity, key: trace.psk.secret }],
    }),
    customize: customizeClient(trace),
  });
  const early = trace.data.get(EARLY_DATA);
  const target = { name: SERVER, ...(early && { earlyData: { data: early } }) };
  return begin(verified, (handlers) => createClientConnection(config, target, handlers));
}

function beginServer(trace: Trace): Replay {
  const verified: SignatureCount = { count: 0 };
  const answer = decodeServerHello(body(trace.hellos.at(-1) ?? new Uint8Array()));
  assert.ok(answer.kind === 'ServerHello');
  const group = answer.hello.extensions.keyShare?.group ?? 0;
  const [privateKey] = trace.server.privateKeys;
  assert.ok(privateKey);
  const isAsking = recordedMessage(trace, HandshakeType.certificate_request) !== undefined;
  const { psk, signatures } = trace;
  const identity = signatures.server ? serverIdentity(trace, signatures.server) : identityOf('server');
  const store = recordedStore(trace, ageOf(trace), () => serverTrust(config, identity));
  const config: ServerConfig = serverConfig({
    provider: recordedProvider([trace.server.random], [fixedKeyExchange(group, privateKey)], verified),
    now: () => trace.now,
    verifier,
    identities: [identity],
    clientAuthentication: isAsking ? 'require' : 'none',
    ...(psk?.origin === 'resumption' && {
      tickets: { keys: new TicketKeyRing({ provider: nodeProvider }), store, count: 0 },
      earlyData: { maxSize: MAX_EARLY_DATA, guard: { isNew: () => true } },
    }),
    ...(psk?.origin === 'external' && { psks: [{ identity: psk.identity, key: psk.secret }] }),
    customize: customizeServer(trace),
  });
  return begin(verified, (handlers) => createServerConnection(config, handlers));
}

/** The ticket of a trace: RFC 8448 section 3 prints its other fields. */
function sendTicket(trace: Trace, connection: TlsConnection): void {
  const { rest } = trace.server;
  connection.sendNewSessionTicket({
    ticketLifetime: TICKET_LIFETIME,
    ticketAgeAdd: new DataView(rest.buffer, rest.byteOffset).getUint32(0),
    ticketNonce: new Uint8Array(2),
    ticket: fromHex(trace.entries.get('SessionTicket') ?? ''),
    extensions: { earlyData: { maxEarlyDataSize: MAX_EARLY_DATA } },
  });
}

/** Lets one side live through the trace: what it sends must be what was recorded. */
function replay(
  trace: Trace,
  side: Side,
  { connection, received }: Replay,
  cut: (bytes: Uint8Array) => Uint8Array[],
): void {
  let sent: Uint8Array = new Uint8Array();
  for (const { name, sender, records } of trace.flights) {
    const bytes = concat(...records);
    if (sender !== side) {
      for (const piece of cut(bytes)) connection.receive(piece);
      assert.equal(connection.error, undefined, connection.error?.message);
      continue;
    }
    const data = trace.data.get(name);
    if (data !== undefined && name !== EARLY_DATA) connection.send(data);
    if (name.endsWith('CloseNotify')) connection.close();
    if (name === 'NewSessionTicket') sendTicket(trace, connection);
    sent = concat(sent, ...connection.takeOutgoing());
    assert.equal(toHex(sent.subarray(0, bytes.length)), toHex(bytes), `${trace.name}: ${name}`);
    sent = sent.slice(bytes.length);
  }
  assert.equal(sent.length, 0);
  assert.equal(connection.hasEnded, true);
  assert.ok(connection.established);
  const others = [...trace.data].filter(([name]) => !name.toLowerCase().startsWith(side));
  assert.equal(toHex(concat(...received)), others.map(([, data]) => toHex(data)).join(''));
}

/** The labels of the key log, by the RFC's names of the values. */
const SECRETS: Readonly<Record<string, string>> = {
  CLIENT_EARLY_TRAFFIC_SECRET: 'c e traffic',
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: 'c hs traffic',
  SERVER_HANDSHAKE_TRAFFIC_SECRET: 's hs traffic',
  CLIENT_TRAFFIC_SECRET_0: 'c ap traffic',
  SERVER_TRAFFIC_SECRET_0: 's ap traffic',
  EXPORTER_SECRET: 'exp master',
};

function checkSecrets(trace: Trace, keyLog: readonly string[]): void {
  const values = RFC8448_VALUES[trace.name];
  if (values === undefined) {
    assert.equal(trace.name, 'Externally_Provided_PSK_with_Ephemeral_Key'); // whose values no RFC prints
    return;
  }
  const expected = Object.entries(SECRETS)
    .filter(([, name]) => values[name] !== undefined)
    .map(([label, name]) => `${label} ${toHex(trace.client.random)} ${values[name]}`);
  assert.deepEqual([...keyLog].sort(), expected.sort());
}

function checkPsk({ psk, data }: Trace, { connection: { established } }: Replay): void {
  assert.equal(established?.resumed, psk?.origin === 'resumption');
  assert.equal(established?.earlyData, data.has(EARLY_DATA) ? 'accepted' : undefined);
  assert.deepEqual(established?.pskIdentity, psk?.origin === 'external' ? psk.identity : undefined);
}

/** The trace holds the client's certificate in protected form only: a server reads it. */
function clientIdentities(trace: Trace): readonly Identity[] {
  if (trace.signatures.client === undefined) return [];
  const server = beginServer(trace);
  replay(trace, 'server', server, (bytes) => [bytes]);
  const chain = server.connection.established?.peer?.chain;
  assert.ok(chain);
  return [
    createIdentity({ chain, key: recordedKey(SignatureScheme.rsa_pss_rsae_sha256, trace.signatures.client) }),
  ];
}

for (const name of TRACES) {
  for (const [how, cut] of [
    ['flight by flight', (bytes: Uint8Array) => [bytes]],
    ['byte by byte', singleBytes],
  ] as const) {
    vectorTest(`${name} by a client, ${how}`, TRACES_FILE, {}, (path) => {
      const trace = readTraces(path).get(name);
      assert.ok(trace);
      const client = beginClient(trace, clientIdentities(trace));
      replay(trace, 'client', client, cut);
      checkSecrets(trace, client.keyLog);
      assert.equal(client.verified.count, trace.psk === undefined ? 1 : 0);
      checkPsk(trace, client);
      assert.equal(client.connection.established?.helloRetried, name === 'HelloRetryRequest_Handshake');
    });

    vectorTest(`${name} by a server, ${how}`, TRACES_FILE, {}, (path) => {
      const trace = readTraces(path).get(name);
      assert.ok(trace);
      const server = beginServer(trace);
      replay(trace, 'server', server, cut);
      checkSecrets(trace, server.keyLog);
      assert.equal(server.verified.count, trace.signatures.client === undefined ? 0 : 1);
      checkPsk(trace, server);
    });
  }
}

vectorTest('a client that drew another random cannot read the recorded answers', TRACES_FILE, {}, (path) => {
  for (const name of TRACES) {
    const trace = readTraces(path).get(name);
    assert.ok(trace);
    const other = { ...trace, client: { ...trace.client, random: new Uint8Array(32) } };
    const { connection } = beginClient(other, []);
    for (const { sender, records } of trace.flights) {
      if (sender === 'server') connection.receive(concat(...records));
    }
    assert.equal(connection.error?.code, 'ERR_BAD_RECORD_MAC');
    assert.equal(connection.established, undefined);
  }
});
