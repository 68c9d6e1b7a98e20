/** A server's HelloRetryRequest, and the hello after it. */

import { concat } from '../../src/wire/bytes.ts';
import { HELLO_RETRY_REQUEST_RANDOM } from '../../src/wire/messages/server-hello.ts';
import { CipherSuite, ExtensionType, NamedGroup } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import { body, changed, extensions, shortened, without, withRawExtension } from './deeds.ts';
import { BAD_KEY_SHARE, DECODE, ILLEGAL, MISSING, UNEXPECTED, UNSUPPORTED, VERSION } from './refusals.ts';

const { x25519, secp256r1, x448 } = NamedGroup;
const EMPTY = new Uint8Array();
/** supported_versions twice, in a ServerHello's extensions. */

/** Replaces the block of extensions, which ends a ServerHello: a fixed part, a session id of 32 bytes, and this. */
const block =
  (...bytes: readonly number[]) =>
  (hello: Uint8Array): Uint8Array =>
    concat(
      hello.subarray(0, 2 + 32 + 33 + 3),
      Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...bytes),
    );

const NOTHING_SAID = 'RFC 9846 section 4.2.4 "would not result in any change in the ClientHello"';

peersIn('TLS 1.3 with a HelloRetryRequest', 'server', {
  'RFC 9846 section 4.2.3 "legacy_version value not equal to 0x0303"': {
    'TLS 1.0 in the HelloRetryRequest': [
      changed('HelloRetryRequest', (m) => ({ ...m, legacyVersion: 0x0301 })),
      VERSION,
    ],
  },
  'RFC 9846 section 4.2.3 "match what it sent in the ClientHello MUST abort the handshake with an illegal_parameter alert"':
    {
      'another id in the HelloRetryRequest': [
        changed('HelloRetryRequest', (m) => ({ ...m, legacySessionIdEcho: new Uint8Array(32) })),
        ILLEGAL,
      ],
    },
  'RFC 9846 section 4.2.4 "A client which receives a cipher suite that was not offered"': {
    'a suite of TLS 1.2': [
      changed('HelloRetryRequest', (m) => ({
        ...m,
        cipherSuite: CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.2.3 "A single byte which MUST have the value 0", "other value in this field, the client MUST abort the handshake"':
    {
      'compression in the HelloRetryRequest': [
        changed('HelloRetryRequest', (m) => ({ ...m, legacyCompressionMethod: 1 })),
        ILLEGAL,
      ],
    },
  'RFC 9846 section 4.2.4 "MUST contain supported_versions"': {
    none: [extensions('HelloRetryRequest', without('supportedVersions')), MISSING],
  },
  'RFC 9846 section 4.3.1 "a version not offered by the client or contains a version prior to TLS 1.3", "If this extension is present, clients MUST ignore the ServerHello.legacy_version value and MUST use only"':
    {
      'TLS 1.2 in the HelloRetryRequest': [
        extensions('HelloRetryRequest', (e) => ({ ...e, supportedVersions: 0x0303 })),
        ILLEGAL,
      ],
    },
  [NOTHING_SAID]: {
    'no extension asks for anything': [extensions('HelloRetryRequest', without('keyShare')), ILLEGAL],
  },
  'RFC 9846 section 4.3.8 "selected_group field corresponds to a group which was provided"': {
    'X448, which was not': [
      extensions('HelloRetryRequest', (e) => ({ ...e, keyShare: { selectedGroup: x448 } })),
      ILLEGAL,
    ],
    'a GREASE value': [
      extensions('HelloRetryRequest', (e) => ({ ...e, keyShare: { selectedGroup: 0x3a3a as NamedGroup } })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.8 "the selected_group field does not correspond"': {
    'the group that the client sent a share for': [
      extensions('HelloRetryRequest', (e) => ({ ...e, keyShare: { selectedGroup: x25519 } })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.2.4 "MUST NOT contain any extensions that were not first offered"': {
    'an extension that nobody knows': [withRawExtension('HelloRetryRequest', 0xfff0), UNSUPPORTED],
  },
  'RFC 9846 section 4.3 "not specified for the message in which it appears"': {
    'server_name in the HelloRetryRequest': [
      withRawExtension('HelloRetryRequest', ExtensionType.server_name),
      ILLEGAL,
    ],
    'pre_shared_key in the HelloRetryRequest': [
      withRawExtension('HelloRetryRequest', ExtensionType.pre_shared_key, 0, 0),
      ILLEGAL,
    ],
    'early_data in the HelloRetryRequest': [
      withRawExtension('HelloRetryRequest', ExtensionType.early_data),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.2 "opaque cookie<1..2^16-1>"': {
    'an empty cookie': [withRawExtension('HelloRetryRequest', ExtensionType.cookie, 0, 0), DECODE],
  },
  'RFC 9846 section 4.3 "receivers MUST abort the handshake with a decode_error alert if there is data left over"':
    {
      'a whole share in the HelloRetryRequest': [
        body('HelloRetryRequest', block(0, 43, 0, 2, 3, 4, 0, 51, 0, 5, 0, 23, 0, 1, 1)),
        DECODE,
      ],
    },
  'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"': {
    'a HelloRetryRequest a byte short': [shortened('HelloRetryRequest'), DECODE],
  },
  'RFC 9846 section 4.2.4 "a second HelloRetryRequest in the same connection"': {
    'in place of the ServerHello': [
      changed('ServerHello', (m) => ({ ...m, random: HELLO_RETRY_REQUEST_RANDOM })),
      UNEXPECTED,
    ],
  },
  'RFC 9846 section 4.2.4 "is the same as that in the HelloRetryRequest"': {
    'another suite in the ServerHello': [
      changed('ServerHello', (m) => ({ ...m, cipherSuite: CipherSuite.TLS_CHACHA20_POLY1305_SHA256 })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.2.4 "MUST be retained in the ServerHello"': {
    'no version in the ServerHello': [extensions('ServerHello', without('supportedVersions')), VERSION],
    'TLS 1.2 in the ServerHello': [
      extensions('ServerHello', (e) => ({ ...e, supportedVersions: 0x0303 })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.8 "the selected NamedGroup in the ServerHello is the same as that in the HelloRetryRequest"':
    {
      'the group of the first share': [
        extensions('ServerHello', (e) => ({
          ...e,
          keyShare: { group: x25519, keyExchange: new Uint8Array(32).fill(9) },
        })),
        ILLEGAL,
      ],
    },
  'RFC 9846 section 4.3.8.2 "peers MUST validate each other\'s public value Q by ensuring"': {
    'a point beside the curve': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: secp256r1, keyExchange: new Uint8Array(65).fill(1).with(0, 4) },
      })),
      BAD_KEY_SHARE,
    ],
    'the point at infinity': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: secp256r1, keyExchange: Uint8Array.of(0) },
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 4.3.8.2 "legacy_form = 4"': {
    'a compressed point': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: secp256r1, keyExchange: new Uint8Array(33).fill(2) },
      })),
      BAD_KEY_SHARE,
    ],
    'the hybrid form': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: secp256r1, keyExchange: (e.keyShare?.keyExchange ?? EMPTY).with(0, 6) },
      })),
      BAD_KEY_SHARE,
    ],
  },
});
