/** What neither side of TLS 1.2 may say in its hello, whatever it is asked for; and what it may leave out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLICIES } from '../../src/policy/policies.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import type { ServerHello12 } from '../../src/wire/messages/server-hello.ts';
import { CipherSuite, ExtensionType, NamedGroup } from '../../src/wire/registry.ts';
import {
  assertRefuses,
  type Cheats,
  cheatsAgainst,
  DECODE,
  ILLEGAL,
  UNSUPPORTED,
  withExtensions,
  withRaw,
} from '../support/cheats.ts';
import { customized, FLOWS_12, withMore } from '../support/flows12.ts';
import { assertRefusedBy, meet } from '../support/hellos12.ts';
import { CLASSICAL_GROUPS, connectedPair, type PairOptions } from '../support/pair.ts';

const ECDHE = FLOWS_12['ECDHE, AEAD'] as PairOptions;

const WRONG_HELLOS: Cheats<'ServerHello12'> = {
  'another suite': [
    (m) => ({ ...m, cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 }),
    ILLEGAL,
    /which the client did not offer for TLSv1\.2/,
  ],
  'the signal of RFC 5746 as its suite': [
    (m) => ({ ...m, cipherSuite: CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV }),
    ILLEGAL,
  ],
  'a suite of TLS 1.3': [(m) => ({ ...m, cipherSuite: CipherSuite.TLS_AES_128_GCM_SHA256 }), ILLEGAL],
  'no suite': [(m) => ({ ...m, cipherSuite: 0 }), ILLEGAL],
  compression: [
    (m) => ({ ...m, legacyCompressionMethod: 1 }),
    ILLEGAL,
    /expected no compression, found method 1/,
  ],
  'an unknown extension': [withRaw(0xfabc, 1), UNSUPPORTED, /extension\(0xfabc\), which was not sent/],
  session_ticket: [withExtensions((extensions) => ({ ...extensions, sessionTicket: true })), UNSUPPORTED],
  encrypt_then_mac: [withExtensions((extensions) => ({ ...extensions, encryptThenMac: true })), UNSUPPORTED],
  'an application protocol': [
    withRaw(ExtensionType.application_layer_protocol_negotiation, 0, 3, 2, 104, 50),
    UNSUPPORTED,
  ],
  key_share: [withRaw(ExtensionType.key_share, 0, 0x1d, 0, 1, 9), UNSUPPORTED],
  pre_shared_key: [withRaw(ExtensionType.pre_shared_key, 0, 0), UNSUPPORTED],
  early_data: [withRaw(ExtensionType.early_data), UNSUPPORTED],
  cookie: [withRaw(ExtensionType.cookie, 0, 1, 9), UNSUPPORTED],
  signature_algorithms: [
    withRaw(ExtensionType.signature_algorithms, 0, 2, 4, 3),
    ILLEGAL,
    /may not appear in the hello of a TLSv1\.2 server/,
  ],
  signature_algorithms_cert: [withRaw(ExtensionType.signature_algorithms_cert, 0, 2, 4, 3), ILLEGAL],
  'server_name with a name in it': [withRaw(ExtensionType.server_name, 0), DECODE],
  'extended_master_secret with something in it': [withRaw(ExtensionType.extended_master_secret, 0), DECODE],
  'ec_point_formats without any': [withRaw(ExtensionType.ec_point_formats, 0), DECODE],
  'status_request with a response in it': [withRaw(ExtensionType.status_request, 1, 0, 0, 0), DECODE],
  'an empty list of timestamps': [withRaw(ExtensionType.signed_certificate_timestamp, 0, 0), DECODE],
};
cheatsAgainst('client', 'ServerHello12', WRONG_HELLOS, ECDHE);

const PROTOCOLS: PairOptions = withMore(ECDHE, {
  client: { applicationProtocols: ['h2', 'http/1.1'] },
  server: { applicationProtocols: ['h2'] },
});
cheatsAgainst(
  'client',
  'ServerHello12',
  {
    'a protocol that was not offered': [
      withRaw(ExtensionType.application_layer_protocol_negotiation, 0, 3, 2, 104, 51),
      ILLEGAL,
      /chose the application protocol 'h3', which the client did not offer/,
    ],
    'two protocols': [
      withRaw(ExtensionType.application_layer_protocol_negotiation, 0, 6, 2, 104, 50, 2, 104, 50),
      ILLEGAL,
    ],
    'an empty protocol': [withRaw(ExtensionType.application_layer_protocol_negotiation, 0, 1, 0), DECODE],
  },
  PROTOCOLS,
);

test('an answer to what a client asks not to be told is refused', () => {
  for (const [request, name] of [
    ['requestOcspResponse', ExtensionType.status_request],
    ['requestSignedCertificateTimestamps', ExtensionType.signed_certificate_timestamp],
  ] as const) {
    const flow = withMore(ECDHE, { client: { [request]: false } });
    const data = name === ExtensionType.status_request ? [] : [0, 3, 0, 1, 9];
    assertRefuses(
      'client',
      customized(flow, 'server', { ServerHello12: withRaw(name, ...data) }),
      UNSUPPORTED,
    );
  }
  const silent = { ...ECDHE, target: { name: 'localhost', sendServerName: false } };
  const named = customized(silent, 'server', { ServerHello12: withRaw(ExtensionType.server_name) });
  assertRefuses('client', named, UNSUPPORTED);
});

// A client that speaks both versions, at a server that speaks TLS 1.2 alone

const policy = { ...POLICIES['intermediate-2026'], groups: CLASSICAL_GROUPS, keyShares: [NamedGroup.x25519] };
const BOTH: PairOptions = { client: { policy }, server: { policy, versions: ['TLSv1.2'] } };

cheatsAgainst(
  'client',
  'ServerHello12',
  {
    'a key share of TLS 1.3, which was offered': [
      withRaw(ExtensionType.key_share, 0, 0x1d, 0, 1, 9),
      ILLEGAL,
      /key_share may not appear in the hello of a TLSv1\.2 server/,
    ],
    'a version of TLS 1.2 in supported_versions': [withRaw(ExtensionType.supported_versions, 3, 3), ILLEGAL],
  },
  BOTH,
);

test('a client that disguises TLS 1.3 as a resumption resumes nothing', () => {
  let sent = new Uint8Array();
  const note = (hello: ClientHello): ClientHello => {
    sent = hello.legacySessionId.slice();
    return hello;
  };
  for (const [id, isFine] of [
    [() => new Uint8Array(), true],
    [() => new Uint8Array(32).fill(1), true], // a session that could be resumed later
    [() => sent.slice(1), true],
    [() => sent, false],
  ] as const) {
    const server = (hello: ServerHello12): ServerHello12 => ({ ...hello, legacySessionIdEcho: id() });
    const { pair } = meet(BOTH, { client: note, server });
    assert.equal(sent.length, 32);
    if (isFine) assert.equal(pair.establishedOn('client').version, 'TLSv1.2');
    else assertRefusedBy(pair, 'client', ILLEGAL, 'the same id');
  }
  // Without the disguise nothing is claimed, and an empty id is no echo.
  const plain = withMore(BOTH, { client: { middleboxCompatibility: false } });
  assert.equal(meet(plain, { client: note }).pair.establishedOn('client').version, 'TLSv1.2');
  assert.equal(sent.length, 0);
});

test('a server keeps no session, whatever id or ticket a client brings', () => {
  for (const length of [0, 1, 32]) {
    for (const ticket of [undefined, new Uint8Array(), new Uint8Array(100).fill(8)]) {
      const client = (hello: ClientHello): ClientHello => ({
        ...hello,
        legacySessionId: new Uint8Array(length).fill(2),
        extensions: { ...hello.extensions, ...(ticket && { sessionTicket: ticket }) },
      });
      const { pair, hellos } = meet(ECDHE, { client });
      pair.establishedOn('server');
      pair.establishedOn('client');
      assert.equal(hellos.server?.legacySessionIdEcho.length, 0);
      assert.equal(hellos.server.extensions.sessionTicket, undefined);
    }
  }
});

test('a client must offer not to compress, and may offer more', () => {
  for (const [methods, isFine] of [
    [[0], true],
    [[1, 0], true],
    [[0, 64, 1], true],
    [[1], false],
    [[64, 1], false],
  ] as const) {
    const client = (hello: ClientHello): ClientHello => ({
      ...hello,
      legacyCompressionMethods: Uint8Array.from(methods),
    });
    const { pair } = meet(ECDHE, { client });
    if (isFine) pair.establishedOn('server');
    else assertRefusedBy(pair, 'server', ILLEGAL, `${methods}`);
  }
});

// What TLS 1.2 knows has no place in the messages of TLS 1.3, even where it was offered.

const BOTH_13: PairOptions = { client: { policy }, server: { policy } };
const OF_12: Readonly<Record<string, readonly [type: number, ...data: number[]]>> = {
  extended_master_secret: [ExtensionType.extended_master_secret],
  renegotiation_info: [ExtensionType.renegotiation_info, 0],
  ec_point_formats: [ExtensionType.ec_point_formats, 1, 0],
};
for (const [name, extension] of Object.entries(OF_12)) {
  for (const message of ['ServerHello', 'EncryptedExtensions'] as const) {
    cheatsAgainst('client', message, { [`${name} in TLS 1.3`]: [withRaw(...extension), ILLEGAL] }, BOTH_13);
  }
}

test('a hello without any extension is enough where nothing is required', () => {
  const policyOf = { requireExtendedMasterSecret: false, requireSecureRenegotiation: false };
  const flow = withMore(FLOWS_12['RSA, AEAD'] as PairOptions, { client: policyOf, server: policyOf });
  const bare = <M extends ClientHello | ServerHello12>(hello: M): M => ({ ...hello, extensions: {} });
  const { pair, hellos } = meet(flow, { client: bare });
  pair.establishedOn('server');
  assert.deepEqual(hellos.server?.extensions, {});
  assert.equal(pair.establishedOn('client').serverName, undefined);
  connectedPair(flow);
});
