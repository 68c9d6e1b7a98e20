/**
 * Which version is negotiated, in every combination of what both sides speak, what the client says of it, and what the
 * server answers. The rules, apart from the code (RFC 9846 sections 4.2.2, 4.2.3 and 4.3.1 and appendix E, RFC 7507):
 *
 * A server
 * 1. goes by supported_versions alone where it is there, and otherwise by legacy_version, as TLS 1.2 at most;
 * 2. takes the newest version that both have, refuses with protocol_version where there is none, and names what was
 *    offered;
 * 3. refuses with inappropriate_fallback where TLS_FALLBACK_SCSV is there and it speaks something newer than that;
 * 4. takes no TLS 1.3 whose legacy_version is not that of TLS 1.2;
 * 5. ends its random with the sentinel if, and only if, it chose TLS 1.2 and speaks TLS 1.3.
 *
 * A client
 * 6. goes by supported_versions alone where it is there, which must be TLS 1.3, and legacy_version that of TLS 1.2;
 * 7. refuses a sentinel if it speaks TLS 1.3;
 * 8. refuses every version that it did not offer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientConnection, createServerConnection } from '../../src/connection.ts';
import { type ClientOptions, clientConfig, serverConfig } from '../../src/handshake/config.ts';
import { POLICIES } from '../../src/policy/policies.ts';
import type { AlertName } from '../../src/wire/alerts.ts';
import { ascii, concat, equalBytes } from '../../src/wire/bytes.ts';
import { decode } from '../../src/wire/codec.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { type ClientHello, clientHello } from '../../src/wire/messages/client-hello.ts';
import { encodeHandshake } from '../../src/wire/messages/index.ts';
import { serverHello, serverHello12 } from '../../src/wire/messages/server-hello.ts';
import {
  CipherSuite,
  ContentType,
  HandshakeType,
  NamedGroup,
  type TlsVersion,
} from '../../src/wire/registry.ts';
import { rsaServer } from '../support/flows12.ts';
import { arrangements } from '../support/orders.ts';
import {
  CLASSICAL_GROUPS,
  clientOptions,
  Pair,
  type PairOptions,
  serverOptions,
  TLS13_SUITES,
  text,
} from '../support/pair.ts';
import { relay, wireRecord } from '../support/relay.ts';

const NUMBERS: Readonly<Record<string, number>> = {
  SSLv3: 0x0300,
  'TLSv1.0': 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
};
const nameOf = (number: number): string =>
  Object.keys(NUMBERS).find((name) => NUMBERS[name] === number) ?? `version(0x${number.toString(16)})`;

const GREASE = 0x3a3a;
const VERSION_SETS: readonly (readonly TlsVersion[])[] = [['TLSv1.2'], ['TLSv1.3'], ['TLSv1.3', 'TLSv1.2']];
const numbersOf = (versions: readonly TlsVersion[]): number[] =>
  versions.map((version) => NUMBERS[version] as number);

/** The default policy, with groups that cost little. */
const policy = { ...POLICIES['intermediate-2026'], groups: CLASSICAL_GROUPS, keyShares: [NamedGroup.x25519] };

/** The suites of a version only go with it. */
const speaking = (versions: readonly TlsVersion[]) => ({ policy, versions });

const SENTINEL_12 = ascii('DOWNGRD\x01');
const SENTINEL_OLDER = ascii('DOWNGRD\x00');
const endsWith = (random: Uint8Array | undefined, end: Uint8Array): boolean =>
  random !== undefined && equalBytes(random.subarray(-end.length), end);

/** The random of the server's hello: the 32 bytes behind record header, message header and version. */
const serverRandom = (pair: Pair): Uint8Array | undefined =>
  pair.sent.server.length === 0 ? undefined : concat(...pair.sent.server).subarray(11, 43);

test('both as configured: the newest that both speak, in every combination', () => {
  for (const client of VERSION_SETS) {
    for (const server of VERSION_SETS) {
      const where = `${client} and ${server}`;
      const pair = new Pair({ client: speaking(client), server: speaking(server) }).run();
      const expected = (['TLSv1.3', 'TLSv1.2'] as const).find(
        (version) => client.includes(version) && server.includes(version),
      );
      if (expected === undefined) {
        const { message, context } = pair.errorOf('server', 'ERR_PROTOCOL_VERSION');
        assert.match(message, new RegExp(`the client offers ${client}, this server speaks ${server} only`));
        assert.deepEqual(context['offered'], client);
        assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, 'protocol_version');
        continue;
      }
      for (const side of ['client', 'server'] as const) {
        assert.equal(pair.establishedOn(side).version, expected, where);
      }
      assert.equal(
        endsWith(serverRandom(pair), SENTINEL_12),
        expected === 'TLSv1.2' && server.length > 1,
        where,
      );
      pair.client.send(text('hello'));
      pair.run();
      assert.equal(pair.textOf('server'), 'hello');
    }
  }
});

// The server

interface Said {
  readonly legacyVersion: number;
  readonly supportedVersions: readonly number[] | undefined;
  readonly isFallback: boolean;
}

type Answer = TlsVersion | TlsErrorCode;

/** Rules 1 to 4. */
function expectedAnswer(
  { legacyVersion, supportedVersions, isFallback }: Said,
  own: readonly TlsVersion[],
): Answer {
  const offered = supportedVersions ?? [Math.min(legacyVersion, 0x0303)];
  const newest = Math.max(...numbersOf(own));
  const chosen = Math.max(-1, ...numbersOf(own).filter((version) => offered.includes(version)));
  if (chosen < 0) return 'ERR_PROTOCOL_VERSION';
  if (isFallback && chosen < newest) return 'ERR_INAPPROPRIATE_FALLBACK';
  if (chosen === 0x0304) return legacyVersion === 0x0303 ? 'TLSv1.3' : 'ERR_PROTOCOL_VERSION';
  return 'TLSv1.2';
}

const ALERTS: Readonly<Partial<Record<TlsErrorCode, AlertName>>> = {
  ERR_PROTOCOL_VERSION: 'protocol_version',
  ERR_INAPPROPRIATE_FALLBACK: 'inappropriate_fallback',
  ERR_DOWNGRADE: 'illegal_parameter',
  ERR_ILLEGAL_PARAMETER: 'illegal_parameter',
};

/** A client that speaks both versions, and says this. */
function saying({ legacyVersion, supportedVersions, isFallback }: Said): Partial<ClientOptions> {
  const ClientHello = (hello: ClientHello): ClientHello => {
    const { supportedVersions: _, ...extensions } = hello.extensions;
    return {
      ...hello,
      legacyVersion,
      cipherSuites: isFallback ? [...hello.cipherSuites, CipherSuite.TLS_FALLBACK_SCSV] : hello.cipherSuites,
      extensions: { ...extensions, ...(supportedVersions === undefined ? {} : { supportedVersions }) },
    };
  };
  return { policy, customize: { ClientHello } };
}

const LISTS: readonly (readonly number[] | undefined)[] = [
  undefined,
  ...arrangements([0x0304, 0x0303, 0x0302]),
  [0x0300],
  [0x0301, 0x0300],
  [0x0302, 0x0301, 0x0300],
  [GREASE],
  [GREASE, 0x0302],
  [GREASE, 0x0304, 0x0303],
  [0x0305, 0x0304],
  [0x0305],
];

for (const own of VERSION_SETS) {
  test(`a server that speaks ${own.join(' and ')}: every list of versions, legacy version and fallback signal`, () => {
    for (const supportedVersions of LISTS) {
      for (const legacyVersion of [0x0200, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305]) {
        for (const isFallback of [false, true]) {
          const said = { legacyVersion, supportedVersions, isFallback };
          const where = `${supportedVersions?.map(nameOf)}, ${nameOf(legacyVersion)}, ${isFallback}`;
          const expected = expectedAnswer(said, own);
          const pair = new Pair({ client: saying(said), server: speaking(own) }).run();
          if (expected.startsWith('ERR_')) {
            const error = pair.errorOf('server', expected as TlsErrorCode);
            const alert = ALERTS[expected as TlsErrorCode];
            assert.equal(error.alert, alert, where);
            assert.equal(pair.errorOf('client', 'ERR_ALERT_RECEIVED').context.alertReceived, alert, where);
            continue;
          }
          // The client speaks TLS 1.3, whatever it said: it knows that it was led to TLS 1.2.
          const isLedAstray = expected === 'TLSv1.2' && own.includes('TLSv1.3');
          assert.equal(endsWith(serverRandom(pair), SENTINEL_12), isLedAstray, where);
          assert.ok(!endsWith(serverRandom(pair), SENTINEL_OLDER), where);
          if (isLedAstray) {
            assert.equal(pair.errorOf('client', 'ERR_DOWNGRADE').alert, 'illegal_parameter', where);
            pair.errorOf('server', 'ERR_ALERT_RECEIVED');
            continue;
          }
          for (const side of ['client', 'server'] as const) {
            assert.equal(pair.establishedOn(side).version, expected, where);
          }
        }
      }
    }
  });
}

test('what the client offered stands in the error, by name', () => {
  for (const [supportedVersions, legacyVersion, names] of [
    [undefined, 0x0300, ['SSLv3']],
    [undefined, 0x0301, ['TLSv1.0']],
    [undefined, 0x0302, ['TLSv1.1']],
    [undefined, 0x0200, ['version(0x0200)']],
    [[0x0302, 0x0301], 0x0303, ['TLSv1.1', 'TLSv1.0']],
    [[GREASE, 0x0302], 0x0303, ['TLSv1.1']],
    [[GREASE], 0x0303, []],
    [[0x0305], 0x0303, ['version(0x0305)']],
  ] as const) {
    const said = { legacyVersion, supportedVersions, isFallback: false };
    const pair = new Pair({ client: saying(said), server: { policy } }).run();
    const { message, context } = pair.errorOf('server', 'ERR_PROTOCOL_VERSION');
    const offered = names.join(', ') || 'no version that there is';
    assert.equal(message, `the client offers ${offered}, this server speaks TLSv1.3 and TLSv1.2 only`);
    assert.deepEqual(context['offered'], names);
  }
});

test('hellos as old clients write them are refused with protocol_version, in every dress', () => {
  const suites = concat(Uint8Array.of(0, 6, 0, 0x0a, 0, 0x2f, 0, 0xff), Uint8Array.of(1, 0)); // 3DES, AES-CBC, SCSV
  for (const [legacyVersion, name] of [
    [0x0300, 'SSLv3'],
    [0x0301, 'TLSv1.0'],
    [0x0302, 'TLSv1.1'],
  ] as const) {
    const sessionId = Uint8Array.of(0);
    const body = concat(
      Uint8Array.of(3, legacyVersion & 0xff),
      new Uint8Array(32).fill(7),
      sessionId,
      suites,
    );
    for (const extensions of [new Uint8Array(), Uint8Array.of(0, 0), Uint8Array.of(0, 4, 0, 0x17, 0, 0)]) {
      for (const recordVersion of [0x0300, 0x0301, 0x0302, 0x0303]) {
        const server = createServerConnection(serverConfig(serverOptions({ policy })));
        const { length } = concat(body, extensions);
        const message = concat(Uint8Array.of(HandshakeType.client_hello, 0, 0, length), body, extensions);
        server.receive(wireRecord(ContentType.handshake, message, recordVersion));
        assert.equal(server.error?.code, 'ERR_PROTOCOL_VERSION');
        assert.match(
          server.error.message,
          new RegExp(`the client offers ${name.replace('.', '\\.')}, this server`),
        );
        const alert = concat(...server.takeOutgoing());
        assert.deepEqual([...alert.subarray(0, 1), ...alert.subarray(3)], [21, 0, 2, 2, 70]);
      }
    }
  }
});

// TLS_FALLBACK_SCSV

test('a client that signals a fallback completes only with a server that speaks nothing newer', () => {
  for (const client of VERSION_SETS) {
    for (const server of VERSION_SETS) {
      const pair = new Pair({
        client: { ...speaking(client), sendFallbackSignal: true },
        server: speaking(server),
      }).run();
      const expected = expectedAnswer(
        { legacyVersion: 0x0303, supportedVersions: numbersOf(client), isFallback: true },
        server,
      );
      if (expected.startsWith('ERR_')) {
        const { message } = pair.errorOf('server', expected as TlsErrorCode);
        if (expected === 'ERR_INAPPROPRIATE_FALLBACK') {
          assert.match(message, /fell back to TLSv1\.2 after a failure, and this server speaks TLSv1\.3/);
        }
        const { context } = pair.errorOf('client', 'ERR_ALERT_RECEIVED');
        assert.equal(context.alertReceived, ALERTS[expected as TlsErrorCode]);
      } else assert.equal(pair.establishedOn('client').version, expected);
    }
  }
});

// The client

interface ServerSays {
  readonly legacyVersion: number;
  readonly selected: number | undefined;
  readonly end: Uint8Array | undefined;
}

/** Rules 6 to 8. */
function expectedReaction({ legacyVersion, selected, end }: ServerSays, own: readonly TlsVersion[]): Answer {
  if (selected !== undefined) {
    if (!own.includes('TLSv1.3')) return 'ERR_PROTOCOL_VERSION';
    if (selected !== 0x0304) return 'ERR_ILLEGAL_PARAMETER';
    return legacyVersion === 0x0303 ? 'TLSv1.3' : 'ERR_PROTOCOL_VERSION';
  }
  if (legacyVersion > 0x0303) return 'ERR_PROTOCOL_VERSION';
  if (end !== undefined && own.includes('TLSv1.3')) return 'ERR_DOWNGRADE';
  return legacyVersion === 0x0303 && own.includes('TLSv1.2') ? 'TLSv1.2' : 'ERR_PROTOCOL_VERSION';
}

/** The ServerHello of a server that says this to a client, whose session id it echoes in TLS 1.3. */
function answering({ legacyVersion, selected, end }: ServerSays, sessionId: Uint8Array): Uint8Array {
  const random = new Uint8Array(32).fill(9);
  if (end !== undefined) random.set(end, 24);
  const common = { legacyVersion, random, legacyCompressionMethod: 0 };
  if (selected === undefined) {
    return encodeHandshake(HandshakeType.server_hello, serverHello12, {
      ...common,
      legacySessionIdEcho: new Uint8Array(),
      cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      extensions: { extendedMasterSecret: true, renegotiationInfo: new Uint8Array() },
    });
  }
  const keyExchange = new Uint8Array(32).fill(9);
  return encodeHandshake(HandshakeType.server_hello, serverHello, {
    ...common,
    legacySessionIdEcho: sessionId,
    cipherSuite: CipherSuite.TLS_AES_128_GCM_SHA256,
    extensions: { supportedVersions: selected, keyShare: { group: NamedGroup.x25519, keyExchange } },
  });
}

for (const own of VERSION_SETS) {
  test(`a client that speaks ${own.join(' and ')}: every version in either place, with and without a sentinel`, () => {
    for (const selected of [undefined, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305, GREASE]) {
      for (const legacyVersion of [0x0200, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305]) {
        for (const end of [undefined, SENTINEL_12, SENTINEL_OLDER]) {
          const says = { legacyVersion, selected, end };
          const where = `${selected === undefined ? 'none' : nameOf(selected)}, ${nameOf(legacyVersion)}, ${end?.at(-1)}`;
          let sessionId = new Uint8Array();
          const ClientHello = (hello: ClientHello): ClientHello => {
            sessionId = hello.legacySessionId.slice();
            return hello;
          };
          const config = clientConfig(clientOptions({ ...speaking(own), customize: { ClientHello } }));
          const client = createClientConnection(config, { name: 'localhost' });
          client.takeOutgoing();
          client.receive(wireRecord(ContentType.handshake, answering(says, sessionId)));
          const expected = expectedReaction(says, own);
          if (!expected.startsWith('ERR_')) {
            assert.equal(client.error, undefined, where);
            continue;
          }
          assert.deepEqual(
            [client.error?.code, client.error?.alert],
            [expected, ALERTS[expected as TlsErrorCode]],
            `${where}: ${client.error?.message}`,
          );
          assert.equal(client.established, undefined);
        }
      }
    }
  });
}

test('a client names the version that a server chose, and says what to do', () => {
  for (const [own, legacyVersion, pattern] of [
    [['TLSv1.2'], 0x0301, /chose TLSv1\.0, this client speaks TLSv1\.2 only; enable TLSv1\.2 on the server/],
    [
      ['TLSv1.3', 'TLSv1.2'],
      0x0300,
      /chose SSLv3, this client speaks TLSv1\.3 and TLSv1\.2 only; .* is broken/,
    ],
    [['TLSv1.3'], 0x0303, /chose TLSv1\.2, this client speaks TLSv1\.3 only; .* or allow TLSv1\.2 here/],
  ] as const) {
    const client = createClientConnection(clientConfig(clientOptions(speaking(own))), { name: 'localhost' });
    const says = { legacyVersion, selected: undefined, end: undefined };
    client.receive(wireRecord(ContentType.handshake, answering(says, new Uint8Array())));
    assert.equal(client.error?.code, 'ERR_PROTOCOL_VERSION');
    assert.match(client.error.message, pattern);
  }
});

/** Somebody on the path who takes TLS 1.3 out of the offer, and makes what he likes of the ServerHello. */
function leadingTo12(change: (serverHello: Uint8Array) => Uint8Array): NonNullable<PairOptions['cut']> {
  const toServer = relay('server', ({ name, type, fragment }) => {
    if (name !== 'ClientHello') return [wireRecord(type, fragment)];
    const hello = decode(clientHello, name, fragment.subarray(4));
    const { supportedVersions: _, ...extensions } = hello.extensions;
    const changed = encodeHandshake(HandshakeType.client_hello, clientHello, { ...hello, extensions });
    return [wireRecord(type, changed)];
  });
  const toClient = relay('client', ({ name, type, fragment }) => [
    wireRecord(type, name === 'ServerHello' ? change(fragment) : fragment),
  ]);
  return (bytes, sender) => (sender === 'client' ? toServer : toClient)(bytes, sender);
}

test('somebody on the path who takes TLS 1.3 out of the offer is found out, whatever else he changes', () => {
  const led = new Pair({ client: { policy }, server: { policy }, cut: leadingTo12((hello) => hello) }).run();
  assert.match(
    led.errorOf('client', 'ERR_DOWNGRADE').message,
    /the server speaks TLSv1\.3 but was led to choose TLSv1\.2; somebody on the path/,
  );

  // Without the sentinel the random is another than the server signed. With key transport nothing is signed: there the
  // client's Finished shows the server that it read another hello.
  const cut = leadingTo12((hello) => hello.map((byte, i) => (i >= 30 && i < 38 ? byte ^ 0x80 : byte)));
  const signed = new Pair({ client: { policy }, server: { policy }, cut }).run();
  signed.errorOf('client', 'ERR_BAD_SIGNATURE');
  const legacy = { ...policy, cipherSuites: [...TLS13_SUITES, CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256] };
  const both = { policy: { ...legacy, allowRsaKeyExchange: true } };
  const transported = new Pair({ client: both, server: { ...both, identities: [rsaServer()] }, cut }).run();
  assert.equal(transported.client.established, undefined);
  transported.errorOf('server', 'ERR_BAD_RECORD_MAC'); // both randoms go into the keys, too
});
