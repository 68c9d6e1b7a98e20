/** A server's hello in TLS 1.3. */

import { ascii, concat } from '../../src/wire/bytes.ts';
import { HELLO_RETRY_REQUEST_RANDOM } from '../../src/wire/messages/server-hello.ts';
import { CipherSuite, ExtensionType, NamedGroup } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import {
  body,
  byteSet,
  changed,
  emptied,
  extensions,
  lengthened,
  shortened,
  without,
  withRawExtension,
} from './deeds.ts';
import {
  BAD_KEY_SHARE,
  DECODE,
  DOWNGRADE,
  ILLEGAL,
  MISSING,
  TWICE,
  UNSUPPORTED,
  VERSION,
} from './refusals.ts';

const { x25519, secp256r1, x448 } = NamedGroup;
const EMPTY = new Uint8Array();
/** supported_versions twice, in a ServerHello's extensions. */
const VERSIONS_TWICE = [0, 43, 0, 2, 3, 4, 0, 43, 0, 2, 3, 4];

/** Replaces the block of extensions, which ends a ServerHello: a fixed part, a session id of 32 bytes, and this. */
const block =
  (...bytes: readonly number[]) =>
  (hello: Uint8Array): Uint8Array =>
    concat(
      hello.subarray(0, 2 + 32 + 33 + 3),
      Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...bytes),
    );

peersIn('TLS 1.3', 'server', {
  'RFC 9846 section 4.2.3 "legacy_version value not equal to 0x0303"': {
    'TLS 1.1': [changed('ServerHello', (m) => ({ ...m, legacyVersion: 0x0302 })), VERSION],
    'TLS 1.3': [changed('ServerHello', (m) => ({ ...m, legacyVersion: 0x0304 })), VERSION],
    'a DTLS version': [changed('ServerHello', (m) => ({ ...m, legacyVersion: 0xfefd })), VERSION],
  },
  'RFC 9846 section 4.2.3 "match what it sent in the ClientHello MUST abort the handshake with an illegal_parameter alert"':
    {
      'another id': [
        changed('ServerHello', (m) => ({ ...m, legacySessionIdEcho: new Uint8Array(32) })),
        ILLEGAL,
      ],
      'no id': [changed('ServerHello', (m) => ({ ...m, legacySessionIdEcho: EMPTY })), ILLEGAL],
      'a part of it': [
        changed('ServerHello', (m) => ({ ...m, legacySessionIdEcho: m.legacySessionIdEcho.slice(1) })),
        ILLEGAL,
      ],
    },
  'RFC 9846 section 4.2.3 "a cipher suite that was not offered"': {
    'a suite of CCM': [
      changed('ServerHello', (m) => ({ ...m, cipherSuite: CipherSuite.TLS_AES_128_CCM_SHA256 })),
      ILLEGAL,
    ],
    'a suite of TLS 1.2': [
      changed('ServerHello', (m) => ({
        ...m,
        cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      })),
      ILLEGAL,
    ],
    'a number that nobody knows': [changed('ServerHello', (m) => ({ ...m, cipherSuite: 0x1306 })), ILLEGAL],
    'a GREASE value': [changed('ServerHello', (m) => ({ ...m, cipherSuite: 0x0a0a })), ILLEGAL],
  },
  'RFC 9846 section 4.2.3 "A single byte which MUST have the value 0", "other value in this field, the client MUST abort the handshake"':
    {
      DEFLATE: [changed('ServerHello', (m) => ({ ...m, legacyCompressionMethod: 1 })), ILLEGAL],
    },
  'RFC 9846 section 4.2.3 "MUST contain the supported_versions extension"': {
    'none, so that it speaks TLS 1.2': [extensions('ServerHello', without('supportedVersions')), VERSION],
  },
  'RFC 9846 section 4.3.1 "a version not offered by the client or contains a version prior to TLS 1.3", "If this extension is present, clients MUST ignore the ServerHello.legacy_version value and MUST use only"':
    {
      'TLS 1.2': [extensions('ServerHello', (e) => ({ ...e, supportedVersions: 0x0303 })), ILLEGAL],
      'SSL 3': [extensions('ServerHello', (e) => ({ ...e, supportedVersions: 0x0300 })), ILLEGAL],
      'a version to come': [extensions('ServerHello', (e) => ({ ...e, supportedVersions: 0x0305 })), ILLEGAL],
      'a GREASE value': [extensions('ServerHello', (e) => ({ ...e, supportedVersions: 0x2a2a })), ILLEGAL],
      'the version of draft 28': [
        extensions('ServerHello', (e) => ({ ...e, supportedVersions: 0x7f1c })),
        ILLEGAL,
      ],
    },
  'RFC 9846 section 4.3 "Implementations MUST NOT send extension responses", "an endpoint MUST abort the handshake with an unsupported_extension alert"':
    {
      'an extension that nobody knows': [withRawExtension('ServerHello', 0xfff0, 1), UNSUPPORTED],
      'a pre-shared key': [extensions('ServerHello', (e) => ({ ...e, preSharedKey: 0 })), UNSUPPORTED],
      'a GREASE extension': [withRawExtension('ServerHello', 0x5a5a), UNSUPPORTED],
    },
  'RFC 9846 section 4.3 "not specified for the message in which it appears"': {
    server_name: [withRawExtension('ServerHello', ExtensionType.server_name), ILLEGAL],
    ALPN: [
      withRawExtension(
        'ServerHello',
        ExtensionType.application_layer_protocol_negotiation,
        0,
        5,
        4,
        ...ascii('ours'),
      ),
      ILLEGAL,
    ],
    'a cookie': [withRawExtension('ServerHello', ExtensionType.cookie, 0, 1, 1), ILLEGAL],
    early_data: [withRawExtension('ServerHello', ExtensionType.early_data), ILLEGAL],
    signature_algorithms: [
      withRawExtension('ServerHello', ExtensionType.signature_algorithms, 0, 2, 4, 3),
      ILLEGAL,
    ],
    supported_groups: [withRawExtension('ServerHello', ExtensionType.supported_groups, 0, 2, 0, 29), ILLEGAL],
  },
  'RFC 9846 section 4.3.9 "The server MUST NOT send a psk_key_exchange_modes extension"': {
    'it does': [withRawExtension('ServerHello', ExtensionType.psk_key_exchange_modes, 1, 1), ILLEGAL],
  },
  'RFC 9846 section 4.3.6 "Servers MUST NOT send this extension"': {
    post_handshake_auth: [withRawExtension('ServerHello', ExtensionType.post_handshake_auth), ILLEGAL],
  },
  'RFC 7627 section 5.1 "extended_master_secret"': {
    'an extension of TLS 1.2': [
      withRawExtension('ServerHello', ExtensionType.extended_master_secret),
      ILLEGAL,
    ],
  },
  'RFC 5746 section 3.4 "renegotiation_info"': {
    'an extension of TLS 1.2': [
      withRawExtension('ServerHello', ExtensionType.renegotiation_info, 0),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3 "more than one extension of the same type"': {
    'supported_versions twice': [body('ServerHello', block(...VERSIONS_TWICE)), TWICE],
  },
  'RFC 9846 section 9.2 "missing_extension"': {
    'no key_share, where nothing else makes a secret': [
      extensions('ServerHello', without('keyShare')),
      MISSING,
    ],
  },
  'RFC 9846 section 4.3.8 "MUST be in the same group as the KeyShareEntry value offered"': {
    'a group that was offered without a share': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: secp256r1, keyExchange: new Uint8Array(65).fill(4) },
      })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.8 "Servers MUST NOT send a KeyShareEntry for any group not indicated"': {
    X448: [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: x448, keyExchange: new Uint8Array(56).fill(5) },
      })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 7.4.2 "check whether the computed Diffie-Hellman shared secret is the all-zero value"': {
    'a share of zeros': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: x25519, keyExchange: new Uint8Array(32) },
      })),
      BAD_KEY_SHARE,
    ],
    'a share of order 4': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: x25519, keyExchange: new Uint8Array(32).with(0, 1) },
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 7.4.2 "For X25519 and X448"': {
    'a share a byte short': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: x25519, keyExchange: new Uint8Array(31).fill(9) },
      })),
      BAD_KEY_SHARE,
    ],
    'a share a byte long': [
      extensions('ServerHello', (e) => ({
        ...e,
        keyShare: { group: x25519, keyExchange: new Uint8Array(33).fill(9) },
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 4.3.8 "opaque key_exchange<1..2^16-1>"': {
    'an empty share': [body('ServerHello', block(0, 43, 0, 2, 3, 4, 0, 51, 0, 4, 0, 29, 0, 0)), DECODE],
  },
  'RFC 9846 section 4.3 "receivers MUST abort the handshake with a decode_error alert if there is data left over"':
    {
      'a byte behind supported_versions': [body('ServerHello', block(0, 43, 0, 3, 3, 4, 0)), DECODE],
      'a byte behind key_share': [
        body('ServerHello', block(0, 43, 0, 2, 3, 4, 0, 51, 0, 6, 0, 29, 0, 1, 1, 0)),
        DECODE,
      ],
    },
  'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"': {
    'supported_versions of one byte': [body('ServerHello', block(0, 43, 0, 1, 3)), DECODE],
    'a byte less': [shortened('ServerHello'), DECODE],
    'a byte more': [lengthened('ServerHello'), DECODE],
    'nothing in it': [emptied('ServerHello'), DECODE],
    'the version alone': [body('ServerHello', (bytes) => bytes.slice(0, 2)), DECODE],
  },
  'RFC 9846 section 6 "a length extending beyond the message boundary"': {
    'an extension longer than the block': [body('ServerHello', block(0, 43, 0, 9, 3, 4)), DECODE],
    'a block longer than the message': [byteSet('ServerHello', 2 + 32 + 33 + 3, 0xff), DECODE],
  },
  'RFC 9846 section 6 "an out-of-range length"': {
    'a session id of 33 bytes': [byteSet('ServerHello', 34, 33), DECODE],
  },
  'RFC 9846 section 4.2.4 "legacy_version, legacy_session_id_echo, cipher_suite"': {
    'a HelloRetryRequest that asks for nothing, by its random': [
      changed('ServerHello', (m) => ({ ...m, random: HELLO_RETRY_REQUEST_RANDOM })),
      DECODE,
    ],
  },
});

peersIn('TLS 1.3 of sides that speak both', 'server', {
  'RFC 9846 section 4.2.3 "TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below MUST check"': {
    'TLS 1.2 is chosen, with the bytes that say that TLS 1.3 was possible': [
      changed('ServerHello', (m) => ({
        ...m,
        random: concat(m.random.slice(0, 24), ascii('DOWNGRD\x01')),
        extensions: {},
      })),
      DOWNGRADE,
    ],
    'TLS 1.1 is chosen, with those bytes': [
      changed('ServerHello', (m) => ({
        ...m,
        legacyVersion: 0x0302,
        random: concat(m.random.slice(0, 24), ascii('DOWNGRD\x00')),
        extensions: {},
      })),
      DOWNGRADE,
    ],
  },
  'RFC 9846 section 4.3.1 "a version prior to TLS 1.3"': {
    'TLS 1.2 in supported_versions': [
      extensions('ServerHello', (e) => ({ ...e, supportedVersions: 0x0303 })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.2.3 "a cipher suite that was not offered"': {
    'TLS 1.2 with a suite of TLS 1.3': [changed('ServerHello', (m) => ({ ...m, extensions: {} })), ILLEGAL],
    'TLS 1.3 with a suite of TLS 1.2, which was offered': [
      changed('ServerHello', (m) => ({
        ...m,
        cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      })),
      ILLEGAL,
    ],
  },
});
