/** Clients that cheat in their ClientHello: what an honest server must refuse, and how. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_LISTED_NAMES } from '../../src/policy/limits.ts';
import { ascii, concat } from '../../src/wire/bytes.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { ExtensionType, NamedGroup } from '../../src/wire/registry.ts';
import {
  BAD_KEY_SHARE,
  type Cheats,
  cheatsAgainst,
  DECODE,
  ILLEGAL,
  MISSING,
  type Refusal,
  withExtensions,
  withRaw,
} from '../support/cheats.ts';
import { Pair } from '../support/pair.ts';

const VERSION: Refusal = ['ERR_PROTOCOL_VERSION', 'protocol_version'];
const { x25519, secp256r1, x448 } = NamedGroup;

const share = (group: number, keyExchange: Uint8Array) =>
  withExtensions<ClientHello>((e) => ({ ...e, keyShare: [{ group, keyExchange }] }));

const VERSIONS: Cheats<'ClientHello'> = {
  'without supported_versions': [
    withExtensions(({ supportedVersions: _v, ...e }) => e),
    VERSION,
    /the client offers TLSv1\.2, this server speaks TLSv1\.3 only/,
  ],
  'of TLS 1.0, without any extension': [
    (m) => ({ ...m, legacyVersion: 0x0301, extensions: {} }),
    VERSION,
    /TLSv1\.0/,
  ],
  'that offers other versions only': [
    withExtensions((e) => ({ ...e, supportedVersions: [0x0303, 0x0302] })),
    VERSION,
    /TLSv1\.2, TLSv1\.1/,
  ],
  'of a legacy version 1.1': [(m) => ({ ...m, legacyVersion: 0x0302 }), VERSION, /legacy version TLSv1\.2/],
  'of a legacy version 1.3': [(m) => ({ ...m, legacyVersion: 0x0304 }), VERSION, /legacy version TLSv1\.2/],
  'that offers GREASE and TLS 1.2': [
    withExtensions((e) => ({ ...e, supportedVersions: [0x3a3a, 0x0303] })),
    VERSION,
    /offers TLSv1\.2,/,
  ],
};
cheatsAgainst('server', 'ClientHello', VERSIONS);

cheatsAgainst('server', 'ClientHello', {
  'with compression': [
    (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(1, 0) }),
    ILLEGAL,
    /compression/,
  ],
  'without null compression': [
    (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(1) }),
    ILLEGAL,
    /compression/,
  ],
  'without supported_groups': [
    withExtensions(({ supportedGroups: _g, ...e }) => e),
    MISSING,
    /supported_groups/,
  ],
  'without key_share': [withExtensions(({ keyShare: _s, ...e }) => e), MISSING, /key_share/],
  'without signature_algorithms': [
    withExtensions(({ signatureAlgorithms: _s, ...e }) => e),
    MISSING,
    /signature_algorithms/,
  ],
  'with a pre_shared_key and without psk_key_exchange_modes': [
    withExtensions((e) => ({
      ...e,
      preSharedKey: {
        identities: [{ identity: Uint8Array.of(1), obfuscatedTicketAge: 0 }],
        binders: [new Uint8Array(32)],
      },
    })),
    MISSING,
    /psk_key_exchange_modes/,
  ],
  'with a share for a group that it does not support': [
    share(x448, new Uint8Array(56).fill(9)),
    ILLEGAL,
    /x448, which is not among its supported_groups/,
  ],
  'with two shares for one group': [
    withExtensions((e) => ({ ...e, keyShare: [...(e.keyShare ?? []), ...(e.keyShare ?? [])] })),
    ILLEGAL,
    /two shares for the group x25519/,
  ],
  'with a name that is none': [withUnnamed(0, 0, 4, 0, 0, 1, 0x20), DECODE, /host name/],
  'with a share of zeros': [share(x25519, new Uint8Array(32)), BAD_KEY_SHARE],
  'with a share a byte short': [share(x25519, new Uint8Array(31).fill(9)), BAD_KEY_SHARE],
  'with a share a byte long': [share(x25519, new Uint8Array(33).fill(9)), BAD_KEY_SHARE],
  'with a P-256 share off the curve': [
    share(secp256r1, concat(Uint8Array.of(4), new Uint8Array(64).fill(1))),
    BAD_KEY_SHARE,
  ],
  'with a compressed P-256 share': [share(secp256r1, new Uint8Array(33).fill(2)), BAD_KEY_SHARE],
  'with the extension of an answer': [
    withRaw(ExtensionType.oid_filters, 0, 0),
    ILLEGAL,
    /oid_filters may not appear/,
  ],
});

/** A server_name that the declaration would not write. */
function withUnnamed(...data: readonly number[]) {
  return (message: ClientHello): ClientHello => {
    const { serverName: _name, ...extensions } = message.extensions;
    return withRaw(ExtensionType.server_name, ...data.slice(1))({ ...message, extensions });
  };
}

test('ClientHello: what a server does not know, it ignores', () => {
  const pair = new Pair({
    client: {
      customize: {
        ClientHello: (m) => ({
          ...m,
          cipherSuites: [0x0a0a, 0x1399, ...m.cipherSuites],
          extensions: {
            ...m.extensions,
            supportedVersions: [0x0a0a, 0x0399, 0x0304, 0x0303],
            supportedGroups: [0x0a0a, 0x7777, ...(m.extensions.supportedGroups ?? [])],
            signatureAlgorithms: [0x0a0a, 0x7777, ...(m.extensions.signatureAlgorithms ?? [])],
            keyShare: [{ group: 0x0a0a, keyExchange: Uint8Array.of(0) }, ...(m.extensions.keyShare ?? [])],
            unknown: [
              { type: 0x0a0a, data: new Uint8Array() },
              { type: 0xfff0, data: new Uint8Array(100) },
            ],
          },
        }),
      },
    },
  }).run();
  pair.establishedOn('server');
  pair.establishedOn('client');
});

test('ClientHello: lists as long as they can be are chosen from, and only their beginning is told and kept', () => {
  const many = Array.from({ length: 14_000 }, (_, i) => 0x4000 + i);
  const long =
    (own: boolean) =>
    (m: ClientHello): ClientHello => ({
      ...m,
      cipherSuites: [...many, ...(own ? m.cipherSuites : [])],
      extensions: {
        ...m.extensions,
        signatureAlgorithms: [...many, ...(m.extensions.signatureAlgorithms ?? [])],
      },
    });
  const pair = new Pair({ client: { customize: { ClientHello: long(true) } } }).run();
  for (const { what, offered } of pair.establishedOn('server').choices) {
    assert.ok(offered.length <= MAX_LISTED_NAMES + 1, what);
    if (what === 'cipher suite') assert.equal(offered.at(-1), `and ${14_003 - MAX_LISTED_NAMES} more`);
  }
  const refused = new Pair({ client: { customize: { ClientHello: long(false) } } }).run();
  assert.ok(refused.errorOf('server', 'ERR_NO_SHARED_CIPHER_SUITE').message.length < 5000);
});

test('ClientHello: protocols whose names would steer a terminal are told in escapes', () => {
  const names = [ascii('\x1b[2J'), ascii('x\n')];
  const pair = new Pair({
    client: {
      customize: {
        ClientHello: withExtensions((e) => ({ ...e, applicationLayerProtocolNegotiation: names })),
      },
    },
    server: { applicationProtocols: ['h2'] },
  }).run();
  const { message } = pair.errorOf('server', 'ERR_NO_APPLICATION_PROTOCOL');
  assert.ok(message.includes('the client offers \\x1b[2J, x\\x0a;'), message);
});
