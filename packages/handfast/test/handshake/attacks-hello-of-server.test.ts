/** Servers that hold all the keys and cheat in their hellos: what an honest client must refuse, and how. */
import { test } from 'node:test';
import type { Customization, Messages } from '../../src/handshake/messages.ts';
import { RECORD_HEADER_LENGTH } from '../../src/record/framing.ts';
import { ascii, concat, fromHex } from '../../src/wire/bytes.ts';
import type { ServerHello } from '../../src/wire/messages/server-hello.ts';
import {
  CipherSuite,
  ContentType,
  ExtensionType,
  HandshakeType,
  NamedGroup,
} from '../../src/wire/registry.ts';
import {
  assertRefuses,
  BAD_KEY_SHARE,
  type Cheat,
  type Cheats,
  cheatsAgainst,
  EXCESS,
  ILLEGAL,
  MISSING,
  type Refusal,
  UNSUPPORTED,
  withExtensions,
  withRaw,
} from '../support/cheats.ts';
import { Pair, type PairOptions } from '../support/pair.ts';
import { cheatingServer, receiveClientHello } from '../support/puppet.ts';

const VERSION: Refusal = ['ERR_PROTOCOL_VERSION', 'protocol_version'];
const NOT_OFFERED = /which the client did not offer/;
const { TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 } = CipherSuite;
/** Numbers that nobody has. */
const UNKNOWN_SUITE = 0x13fe;
const UNKNOWN_GROUP = 0x01fb;
const { x25519, secp256r1, secp384r1, x448 } = NamedGroup;

/** Cheats with what ServerHello and HelloRetryRequest have in common. */
const COMMON: Cheats<'ServerHello'> = {
  'a suite that was not offered': [
    (m) => ({ ...m, cipherSuite: TLS_AES_256_GCM_SHA384 }),
    ILLEGAL,
    NOT_OFFERED,
  ],
  'a suite that nobody speaks': [(m) => ({ ...m, cipherSuite: UNKNOWN_SUITE }), ILLEGAL, NOT_OFFERED],
  'a suite of TLS 1.2': [
    (m) => ({ ...m, cipherSuite: CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 }),
    ILLEGAL,
    NOT_OFFERED,
  ],
  'TLS 1.2 in supported_versions': [
    withExtensions((e) => ({ ...e, supportedVersions: 0x0303 })),
    ILLEGAL,
    /found TLSv1\.2/,
  ],
  'a version of the future': [
    withExtensions((e) => ({ ...e, supportedVersions: 0x0305 })),
    ILLEGAL,
    /0x0305/,
  ],
  'a draft version': [withExtensions((e) => ({ ...e, supportedVersions: 0x7f1c })), ILLEGAL, /0x7f1c/],
  'a legacy version of 1.1': [(m) => ({ ...m, legacyVersion: 0x0302 }), VERSION, /legacy version/],
  'a legacy version of 1.3': [(m) => ({ ...m, legacyVersion: 0x0304 }), VERSION, /legacy version/],
  'another session id': [(m) => ({ ...m, legacySessionIdEcho: new Uint8Array(32) }), ILLEGAL, /session id/],
  'no session id': [(m) => ({ ...m, legacySessionIdEcho: new Uint8Array() }), ILLEGAL, /session id/],
  compression: [(m) => ({ ...m, legacyCompressionMethod: 1 }), ILLEGAL, /compression/],
  'an extension that nobody knows': [withRaw(0xfff0, 1), UNSUPPORTED, /0xfff0/],
  'an extension of EncryptedExtensions': [
    withRaw(ExtensionType.server_name),
    ILLEGAL,
    /server_name may not appear/,
  ],
};

const ONE_SUITE = { cipherSuites: [TLS_AES_128_GCM_SHA256] };

cheatsAgainst('client', 'ServerHello', COMMON, { client: ONE_SUITE });

const share = (group: NamedGroup, keyExchange: Uint8Array) =>
  withExtensions<ServerHello>((e) => ({ ...e, keyShare: { group, keyExchange } }));

cheatsAgainst('client', 'ServerHello', {
  'no key share': [withExtensions(({ keyShare: _share, ...e }) => e), MISSING, /key_share/],
  'a share for a group that the client sent none for': [
    share(secp256r1, concat(Uint8Array.of(4), new Uint8Array(64))),
    ILLEGAL,
    /no share for/,
  ],
  'a share for a group that was never offered': [share(x448, new Uint8Array(56)), ILLEGAL, /no share for/],
  'a chosen PSK, where none was offered': [withExtensions((e) => ({ ...e, preSharedKey: 0 })), UNSUPPORTED],
  'a cookie': [withRaw(ExtensionType.cookie, 0, 1, 1), ILLEGAL, /cookie may not appear/],
  'an X25519 share of zeros': [share(x25519, new Uint8Array(32)), BAD_KEY_SHARE],
  'an X25519 share of order 8': [
    share(x25519, fromHex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')),
    BAD_KEY_SHARE,
  ],
  'an X25519 share a byte short': [share(x25519, new Uint8Array(31).fill(9)), BAD_KEY_SHARE],
  'an X25519 share a byte long': [share(x25519, new Uint8Array(33).fill(9)), BAD_KEY_SHARE],
});

cheatsAgainst(
  'client',
  'ServerHello',
  {
    'a P-256 share off the curve': [share(secp256r1, new Uint8Array(65).fill(4)), BAD_KEY_SHARE],
    'the P-256 point at infinity': [share(secp256r1, Uint8Array.of(0)), BAD_KEY_SHARE],
    'a compressed P-256 share': [share(secp256r1, new Uint8Array(33).fill(2)), BAD_KEY_SHARE],
    'a P-256 share of P-384 length': [share(secp256r1, new Uint8Array(97).fill(4)), BAD_KEY_SHARE],
  },
  { client: { groups: [secp256r1] } },
);

/** A ServerHello of TLS 1.2: no supported_versions, no key share. */
const tls12 =
  (random?: string, legacyVersion = 0x0303): Cheat<'ServerHello'>[0] =>
  (message) => ({
    ...message,
    legacyVersion,
    random: random === undefined ? message.random : concat(message.random.slice(0, 24), ascii(random)),
    extensions: {},
  });
const DOWNGRADE: Refusal = ['ERR_DOWNGRADE', 'illegal_parameter'];

cheatsAgainst('client', 'ServerHello', {
  'of TLS 1.2': [tls12(), VERSION, /the server chose TLSv1\.2, this client speaks TLSv1\.3 only/],
  'of TLS 1.0': [tls12(undefined, 0x0301), VERSION, /TLSv1\.0/],
  'of SSL 3': [tls12(undefined, 0x0300), VERSION, /SSLv3/],
  'of TLS 1.2, with the sentinel of a downgrade': [tls12('DOWNGRD\x01'), DOWNGRADE, /led to choose TLSv1\.2/],
  'of TLS 1.1, with the sentinel of a downgrade': [tls12('DOWNGRD\x00', 0x0302), DOWNGRADE, /TLSv1\.1/],
  'of TLS 1.3 by its legacy version alone': [tls12(undefined, 0x0304), VERSION, /supported_versions/],
});

test('HelloRetryRequest: more in its record, though the server must wait for the answer', () => {
  const server = cheatingServer({ server: { groups: [secp256r1] } });
  const receiving = receiveClientHello(server.h);
  receiving.next();
  receiving.next(server.nextMessage());
  const retry = server.takeBack();
  const length = RECORD_HEADER_LENGTH + ((retry[3] ?? 0) << 8) + (retry[4] ?? 0);
  server.plaintext(
    ContentType.handshake,
    concat(retry.subarray(RECORD_HEADER_LENGTH, length), Uint8Array.of(HandshakeType.server_hello)),
  );
  server.exchange();
  server.assertRefused(...EXCESS);
});

test('HelloRetryRequest: for a group that the caller offers and the provider does not have', () => {
  assertRefuses(
    'client',
    {
      client: {
        customize: {
          ClientHello: withExtensions((e) => ({
            ...e,
            supportedGroups: [UNKNOWN_GROUP, ...(e.supportedGroups ?? [])],
          })),
        },
      },
      server: {
        groups: [secp256r1],
        customize: {
          HelloRetryRequest: withExtensions((e) => ({
            ...e,
            keyShare: { selectedGroup: UNKNOWN_GROUP },
          })),
        },
      },
    },
    ILLEGAL,
    NOT_OFFERED,
  );
});

const RETRYING: PairOptions = { client: ONE_SUITE, server: { groups: [secp256r1] } };
cheatsAgainst('client', 'HelloRetryRequest', COMMON as unknown as Cheats<'HelloRetryRequest'>, RETRYING);
cheatsAgainst(
  'client',
  'HelloRetryRequest',
  {
    'without supported_versions': [
      withExtensions(({ supportedVersions: _v, ...e }) => e),
      MISSING,
      /expected supported_versions, found none/,
    ],
    'that asks for no change': [withExtensions(({ keyShare: _share, ...e }) => e), ILLEGAL, /no change/],
    'for a group that was not offered': [
      withExtensions((e) => ({ ...e, keyShare: { selectedGroup: x448 } })),
      ILLEGAL,
      NOT_OFFERED,
    ],
    'for a group whose share was sent': [
      withExtensions((e) => ({ ...e, keyShare: { selectedGroup: x25519 } })),
      ILLEGAL,
      /which the client had sent/,
    ],
    'with a pre_shared_key': [
      withRaw(ExtensionType.pre_shared_key, 0, 0),
      ILLEGAL,
      /pre_shared_key may not appear/,
    ],
  },
  RETRYING,
);
cheatsAgainst(
  'client',
  'ServerHello',
  {
    'another suite than in HelloRetryRequest': [
      (m) => ({ ...m, cipherSuite: TLS_CHACHA20_POLY1305_SHA256 }),
      ILLEGAL,
      /after it had chosen/,
    ],
    'a suite of another hash than in HelloRetryRequest': [
      (m) => ({ ...m, cipherSuite: TLS_AES_256_GCM_SHA384 }),
      ILLEGAL,
      /after it had chosen/,
    ],
    'the group of the first ClientHello, after HelloRetryRequest': [
      share(x25519, new Uint8Array(32).fill(9)),
      ILLEGAL,
      /no share for/,
    ],
    'a third group, after HelloRetryRequest': [
      share(secp384r1, new Uint8Array(97).fill(4)),
      ILLEGAL,
      /no share for/,
    ],
    'of TLS 1.2, after HelloRetryRequest': [tls12(), VERSION],
  },
  { server: { groups: [secp256r1] } },
);

cheatsAgainst('client', 'EncryptedExtensions', {
  'an extension that nobody knows': [withRaw(0xfff0), UNSUPPORTED, /0xfff0/],
  'a protocol, where none was offered': [
    withExtensions((e) => ({ ...e, applicationLayerProtocolNegotiation: [ascii('h2')] })),
    UNSUPPORTED,
    /application_layer_protocol_negotiation/,
  ],
  'early data, where none was offered': [
    withExtensions((e) => ({ ...e, earlyData: true as const })),
    UNSUPPORTED,
    /early_data/,
  ],
  'a key share': [withRaw(ExtensionType.key_share, 0, 0x1d, 0, 1, 1), ILLEGAL, /key_share may not appear/],
  supported_versions: [withRaw(ExtensionType.supported_versions, 3, 4), ILLEGAL, /may not appear/],
  signature_algorithms: [withRaw(ExtensionType.signature_algorithms, 0, 2, 4, 3), ILLEGAL, /may not appear/],
  'a record size limit that was not offered': [
    withRaw(ExtensionType.record_size_limit, 0x40, 0),
    UNSUPPORTED,
  ],
});
const protocols = (...names: readonly string[]) =>
  withExtensions<Messages['EncryptedExtensions']>((e) => ({
    ...e,
    applicationLayerProtocolNegotiation: names.map(ascii),
  }));
cheatsAgainst(
  'client',
  'EncryptedExtensions',
  {
    'a protocol that was not offered': [protocols('h3'), ILLEGAL, /'h3', which the client did not offer/],
    'a protocol in capitals': [protocols('H2'), ILLEGAL, NOT_OFFERED],
    'two protocols': [protocols('h2', 'http/1.1'), ILLEGAL, /exactly one protocol, found 2/],
  },
  { client: { applicationProtocols: ['h2', 'http/1.1'] } },
);
cheatsAgainst(
  'client',
  'EncryptedExtensions',
  {
    'an answer to a server name that was not sent': [
      withExtensions((e) => ({ ...e, serverName: true as const })),
      UNSUPPORTED,
      /server_name/,
    ],
  },
  { target: { name: '192.0.2.1' } },
);

cheatsAgainst(
  'client',
  'CertificateRequest',
  {
    'with a context': [
      (m) => ({ ...m, certificateRequestContext: Uint8Array.of(1) }),
      ILLEGAL,
      /empty context/,
    ],
    'without signature_algorithms': [
      withExtensions(({ signatureAlgorithms: _s, ...e }) => e),
      MISSING,
      /signature_algorithms/,
    ],
    'with a key share': [withRaw(ExtensionType.key_share, 0, 0x1d, 0, 1, 1), ILLEGAL, /may not appear/],
  },
  { server: { clientAuthentication: 'request' } },
);

test('CertificateRequest: an extension that nobody knows is ignored, as RFC 9846 section 4.3 demands', () => {
  const customize = { CertificateRequest: withRaw(0xfff0, 1) } satisfies Customization;
  new Pair({ server: { clientAuthentication: 'request', customize } }).run().establishedOn('client');
});
