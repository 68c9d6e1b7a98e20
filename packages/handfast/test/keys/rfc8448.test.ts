/** The key schedule against every trace of RFC 8448: secrets, keys, Finished values, binders, and each recorded record. */
import assert from 'node:assert/strict';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import type { Aead } from '../../src/crypto/provider.ts';
import { TLS13_CIPHER_SUITES } from '../../src/keys/cipher-suites.ts';
import { Hkdf } from '../../src/keys/hkdf.ts';
import { EarlySecret } from '../../src/keys/schedule13.ts';
import { finishedVerifyData, resumptionPsk, type TrafficKeys, trafficKeys } from '../../src/keys/traffic.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { concat, EMPTY, toHex } from '../../src/wire/bytes.ts';
import { decode } from '../../src/wire/codec.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import { newSessionTicket } from '../../src/wire/messages/new-session-ticket.ts';
import { decodeServerHello } from '../../src/wire/messages/server-hello.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import {
  fixedKeyExchange,
  readTraces,
  type Side,
  TRACES_FILE,
  type Trace,
  type TraceName,
} from '../support/rfc8448.ts';
import { RFC8448_VALUES } from '../support/rfc8448-values.ts';
import { vectorTest } from '../support/vectors.ts';

const TRACES: readonly TraceName[] = [
  'Simple_1RTT_Handshake',
  'Resumed_0RTT_Handshake',
  'HelloRetryRequest_Handshake',
  'Client_Authentication_Handshake',
  'Middlebox_Compatibility_Mode',
  'Externally_Provided_PSK_with_Ephemeral_Key',
  'RawPublicKey_With_Client_Authentication',
];

/** Opens recorded records with derived keys, without the record layer. */
class Opener {
  readonly #aead: Aead;
  readonly #iv: Uint8Array;
  #sequence = 0;

  constructor({ key, iv }: TrafficKeys) {
    this.#aead = provider.aead('AES-128-GCM', key);
    this.#iv = iv;
  }

  async open(record: Uint8Array): Promise<{ type: number; content: Uint8Array }> {
    const nonce = this.#iv.slice();
    nonce[11] = (nonce[11] ?? 0) ^ this.#sequence++;
    const inner = await this.#aead.open(nonce, record.slice(0, 5), record.slice(5));
    assert.ok(inner, 'the record opens with the derived keys');
    const end = inner.findLastIndex((byte) => byte !== 0);
    return { type: inner[end] ?? 0, content: inner.slice(0, end) };
  }
}

function splitMessages(bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
    messages.push(bytes.slice(at, end));
    at = end;
  }
  return messages;
}

/** The shared secret, which both sides must compute alike, and send the recorded shares for. */
async function sharedSecret(trace: Trace): Promise<Uint8Array> {
  const [lastClientHello, serverHello] = trace.hellos.slice(-2).map((hello) => hello.slice(4));
  assert.ok(lastClientHello && serverHello);
  const client = decode(clientHello, 'ClientHello', lastClientHello).extensions.keyShare?.[0];
  const server = decodeServerHello(serverHello);
  const choice = server.kind === 'ServerHello' ? server.hello.extensions.keyShare : undefined;
  const [clientKey, serverKey] = [trace.client.privateKeys.at(-1), trace.server.privateKeys[0]];
  assert.ok(client && choice && clientKey && serverKey);

  const offer = await fixedKeyExchange(choice.group, clientKey).start();
  const response = await fixedKeyExchange(choice.group, serverKey).respond(client.keyExchange);
  assert.equal(toHex(offer.share), toHex(client.keyExchange));
  assert.equal(toHex(response.share), toHex(choice.keyExchange));
  const secret = await offer.finish(choice.keyExchange);
  assert.equal(toHex(secret), toHex(response.secret));
  return secret;
}

/** Follows one trace to its end; returns the PSK of the ticket that it ends with, if any. */
async function follow(trace: Trace): Promise<Uint8Array | undefined> {
  const expected = RFC8448_VALUES[trace.name];
  const seen = new Set<string>();
  const check = (name: string, value: Uint8Array): Uint8Array => {
    seen.add(name);
    if (expected !== undefined) assert.equal(toHex(value), expected[name], name);
    return value;
  };
  const checkKeys = (name: string, keys: TrafficKeys): Opener => {
    check(`${name} key`, keys.key);
    check(`${name} iv`, keys.iv);
    return new Opener(keys);
  };
  const recordsOf = (name: string): readonly Uint8Array[] =>
    trace.flights.find((flight) => flight.name === name)?.records ?? [];

  const transcript = new Transcript(provider);
  const suite = TLS13_CIPHER_SUITES.get(0x1301);
  assert.ok(suite);
  const hkdf = new Hkdf(provider, suite.hash);
  const keysOf = (secret: Uint8Array): TrafficKeys => trafficKeys(hkdf, secret, suite.aead);

  // Early Secret, binder and early data, before the hash function of the transcript is settled.
  const early = EarlySecret.from(hkdf, trace.psk?.secret);
  const [firstHello = EMPTY] = trace.hellos;
  if (trace.psk !== undefined) {
    check('psk', trace.psk.secret);
    const hello = decode(clientHello, 'ClientHello', firstHello.slice(4));
    const offered = hello.extensions.preSharedKey;
    assert.equal(offered?.binders.length, 1);
    assert.equal(toHex(offered?.identities[0]?.identity ?? EMPTY), toHex(trace.psk.identity));
    const truncated = firstHello.slice(0, firstHello.length - 2 - 1 - hkdf.hashLength);
    const binderHash = check('binder hash', transcript.hashWith(hkdf.hash, truncated));
    const binder = finishedVerifyData(hkdf, early.binderKey(trace.psk.origin), binderHash);
    assert.equal(toHex(binder), toHex(offered?.binders[0] ?? EMPTY));
    check('binder', binder);
  }
  let earlyOpener: Opener | undefined;
  const earlyData = trace.data.get('Client_EarlyAppData');
  if (earlyData !== undefined) {
    const helloHash = transcript.hashWith(hkdf.hash, firstHello);
    const secret = check('c e traffic', early.clientEarlyTrafficSecret(helloHash));
    check('e exp master', early.earlyExporterSecret(helloHash));
    earlyOpener = checkKeys('client early application', keysOf(secret));
    const [record = EMPTY] = recordsOf('Client_EarlyAppData');
    assert.equal(toHex((await earlyOpener.open(record)).content), toHex(earlyData));
  }

  // The hellos, and the Handshake Secret.
  const isRetried = trace.hellos.length === 4;
  for (const [i, hello] of trace.hellos.entries()) {
    transcript.add(hello);
    if (i === 0) transcript.chooseHash(hkdf.hash);
    if (i === 0 && isRetried) transcript.replaceWithMessageHash();
  }
  const handshake = early.handshakeSecret(check('shared secret', await sharedSecret(trace)));
  const clientHandshakeSecret = check('c hs traffic', handshake.clientTrafficSecret(transcript.current()));
  const serverHandshakeSecret = check('s hs traffic', handshake.serverTrafficSecret(transcript.current()));
  const clientHandshake = checkKeys('client handshake', keysOf(clientHandshakeSecret));
  const serverHandshake = checkKeys('server handshake', keysOf(serverHandshakeSecret));

  // The server's flight.
  const protectedRecords = (name: string): readonly Uint8Array[] =>
    recordsOf(name).filter((record) => record[0] === ContentType.application_data);
  const serverMessages: Uint8Array[] = [];
  for (const record of protectedRecords('ServerHandshakeMessages')) {
    const { type, content } = await serverHandshake.open(record);
    assert.equal(type, ContentType.handshake);
    serverMessages.push(...splitMessages(content));
  }
  assert.deepEqual(serverMessages.map(toHex), trace.serverMessages.map(toHex));
  for (const message of serverMessages) {
    if (message[0] === HandshakeType.finished) {
      const verifyData = finishedVerifyData(hkdf, serverHandshakeSecret, transcript.current());
      assert.equal(toHex(check('server finished', verifyData)), toHex(message.slice(4)));
    }
    transcript.add(message);
  }

  // The Main Secret, from ClientHello...server Finished.
  const main = handshake.mainSecret();
  const clientTraffic = check('c ap traffic', main.clientTrafficSecret(transcript.current()));
  const serverTraffic = check('s ap traffic', main.serverTrafficSecret(transcript.current()));
  check('exp master', main.exporterSecret(transcript.current()));
  const openers: Readonly<Record<Side, Opener>> = {
    client: checkKeys('client application', keysOf(clientTraffic)),
    server: checkKeys('server application', keysOf(serverTraffic)),
  };

  // The client's second flight, which starts with EndOfEarlyData after early data.
  const clientMessages: Uint8Array[] = [];
  for (const [i, record] of protectedRecords('ClientFinished').entries()) {
    const opener = i === 0 && earlyOpener !== undefined ? earlyOpener : clientHandshake;
    const { type, content } = await opener.open(record);
    assert.equal(type, ContentType.handshake);
    clientMessages.push(...splitMessages(content));
  }
  const types = clientMessages.map((message) => message[0]);
  assert.deepEqual(types, [
    ...(earlyData === undefined ? [] : [HandshakeType.end_of_early_data]),
    ...(trace.signatures.client === undefined
      ? []
      : [HandshakeType.certificate, HandshakeType.certificate_verify]),
    HandshakeType.finished,
  ]);
  for (const message of clientMessages) {
    if (message[0] === HandshakeType.finished) {
      const verifyData = finishedVerifyData(hkdf, clientHandshakeSecret, transcript.current());
      assert.equal(toHex(check('client finished', verifyData)), toHex(message.slice(4)));
    }
    transcript.add(message);
  }
  const resumptionSecret = check('res master', main.resumptionSecret(transcript.current()));

  // What follows the handshake: a ticket, data both ways, the alerts that close the connection.
  let ticketPsk: Uint8Array | undefined;
  const after = trace.flights.findIndex(({ name }) => name === 'ClientFinished') + 1;
  for (const { name, sender, records } of trace.flights.slice(after)) {
    for (const record of records) {
      const { type, content } = await openers[sender].open(record);
      if (type === ContentType.alert) {
        assert.deepEqual([...content], [1, 0]);
      } else if (type === ContentType.application_data) {
        assert.equal(toHex(content), toHex(trace.data.get(name) ?? EMPTY));
      } else {
        assert.equal(content[0], HandshakeType.new_session_ticket);
        const ticket = decode(newSessionTicket, 'NewSessionTicket', content.slice(4));
        ticketPsk = check('resumption', resumptionPsk(hkdf, resumptionSecret, ticket.ticketNonce));
      }
    }
  }

  const intermediate = ['early', 'handshake', 'master'];
  const unseen = Object.keys(expected ?? {}).filter(
    (name) => !seen.has(name) && !intermediate.includes(name),
  );
  assert.deepEqual(unseen, [], 'every value that the RFC prints was compared');
  return ticketPsk;
}

for (const name of TRACES) {
  vectorTest(`RFC 8448: ${name}`, TRACES_FILE, { timeout: 10_000 }, async (path) => {
    const trace = readTraces(path).get(name);
    assert.ok(trace, `${name} is in the file`);
    await follow(trace);
  });
}

vectorTest('RFC 8448: every trace of the file is tested', TRACES_FILE, { timeout: 10_000 }, (path) => {
  assert.deepEqual([...readTraces(path).keys()], TRACES);
});

vectorTest(
  'RFC 8448: the ticket of the first trace is the PSK of the second',
  TRACES_FILE,
  { timeout: 10_000 },
  async (path) => {
    const traces = readTraces(path);
    const [simple, resumed] = [traces.get('Simple_1RTT_Handshake'), traces.get('Resumed_0RTT_Handshake')];
    assert.ok(simple && resumed?.psk);
    assert.equal(toHex((await follow(simple)) ?? EMPTY), toHex(resumed.psk.secret));
  },
);

vectorTest(
  'RFC 8448: a server that kept only the hash of ClientHello1 comes to the same transcript',
  TRACES_FILE,
  { timeout: 10_000 },
  (path) => {
    const [hello1 = EMPTY, retry = EMPTY, hello2 = EMPTY] =
      readTraces(path).get('HelloRetryRequest_Handshake')?.hellos ?? [];
    const stateful = new Transcript(provider);
    stateful.add(hello1);
    stateful.chooseHash('SHA-256');
    const hello1Hash = stateful.current();
    stateful.replaceWithMessageHash();
    const stateless = Transcript.afterHelloRetryRequest(provider, 'SHA-256', hello1Hash);
    for (const transcript of [stateful, stateless])
      for (const message of [retry, hello2]) transcript.add(message);
    assert.equal(toHex(stateless.current()), toHex(stateful.current()));
    const synthetic = concat(Uint8Array.of(254, 0, 0, 32), hello1Hash, retry, hello2);
    assert.equal(toHex(stateful.current()), toHex(new Hkdf(provider, 'SHA-256').digest(synthetic)));
  },
);
