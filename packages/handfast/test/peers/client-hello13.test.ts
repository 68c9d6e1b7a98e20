/** What a client's hello offers in TLS 1.3. */
import { ascii } from '../../src/wire/bytes.ts';
import { CipherSuite, ExtensionType, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import { changed, extensions, without, withRawExtension } from './deeds.ts';
import type { Deed } from './peer.ts';
import {
  BAD_KEY_SHARE,
  DECODE,
  ILLEGAL,
  MISSING,
  NO_GROUP,
  NO_PROTOCOL,
  NO_SCHEME,
  NO_SUITE,
  VERSION,
} from './refusals.ts';

const { x25519, secp256r1, secp384r1, x448 } = NamedGroup;
/** A raw extension in place of the one of this name. */
const raw = (name: string, type: number, ...data: readonly number[]): Deed =>
  changed('ClientHello', (m) => ({
    ...m,
    extensions: { ...without<string>(name)(m.extensions), unknown: [{ type, data: Uint8Array.from(data) }] },
  }));

const MUST_BE_0303 =
  'RFC 9846 section 4.2.2 "A server which receives a legacy_version value not equal to 0x0303"';
const COMPRESSION =
  'RFC 9846 section 4.2.2 "this list MUST contain exactly one byte, set to zero", "other value in this field, the server MUST abort the handshake"';
const MUST_IGNORE = 'RFC 9846 section 4.2.2 "Servers MUST ignore unrecognized extensions"';

peersIn('TLS 1.3', 'client', {
  [MUST_BE_0303]: {
    'TLS 1.1': [changed('ClientHello', (m) => ({ ...m, legacyVersion: 0x0302 })), VERSION],
    'TLS 1.3': [changed('ClientHello', (m) => ({ ...m, legacyVersion: 0x0304 })), VERSION],
    'SSL 2': [changed('ClientHello', (m) => ({ ...m, legacyVersion: 0x0002 })), VERSION],
  },
  [COMPRESSION]: {
    'DEFLATE beside it': [
      changed('ClientHello', (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(1, 0) })),
      ILLEGAL,
    ],
    'DEFLATE behind it': [
      changed('ClientHello', (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(0, 1) })),
      ILLEGAL,
    ],
    'DEFLATE alone': [
      changed('ClientHello', (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(1) })),
      ILLEGAL,
    ],
    'null twice': [
      changed('ClientHello', (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(0, 0) })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.2.2 "MUST ignore those cipher suites and process the remaining ones"': {
    'suites that nobody knows around the right one': [
      changed('ClientHello', (m) => ({ ...m, cipherSuites: [0x1a1a, 0x0003, ...m.cipherSuites, 0xffff] })),
      'goes on',
    ],
  },
  'RFC 9846 section 4.2.1 "between the client and server parameters), it MUST abort the handshake"': {
    'suites that nobody knows': [
      changed('ClientHello', (m) => ({ ...m, cipherSuites: [0x1a1a, 0xffff] as CipherSuite[] })),
      NO_SUITE,
    ],
    'suites of TLS 1.2': [
      changed('ClientHello', (m) => ({
        ...m,
        cipherSuites: [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
      })),
      NO_SUITE,
    ],
    'schemes of RSA alone': [
      extensions('ClientHello', (e) => ({
        ...e,
        signatureAlgorithms: [SignatureScheme.rsa_pss_rsae_sha256],
      })),
      NO_SCHEME,
    ],
  },
  'RFC 9846 section 4.2.1 "If there is no overlap between the received supported_groups and the groups supported by the server"':
    {
      X448: [extensions('ClientHello', (e) => ({ ...e, supportedGroups: [x448], keyShare: [] })), NO_GROUP],
    },
  'RFC 7301 section 3.2 "no_application_protocol"': {
    'protocols that the server does not speak': [
      extensions('ClientHello', (e) => ({ ...e, applicationLayerProtocolNegotiation: [ascii('mine')] })),
      NO_PROTOCOL,
    ],
  },
  [MUST_IGNORE]: {
    'one that nobody knows': [withRawExtension('ClientHello', 0xfff0, 1, 2, 3), 'goes on'],
    'a GREASE extension with a byte in it': [withRawExtension('ClientHello', 0x1a1a, 0), 'goes on'],
    'an empty one of the private range': [withRawExtension('ClientHello', 0xffee), 'goes on'],
  },
  'RFC 9846 section 4.5.1.1 "MUST be able to process ClientHello messages that include it"': {
    status_request_v2: [withRawExtension('ClientHello', 17, 0, 7, 2, 0, 4, 0, 0, 0, 0), 'goes on'],
  },
  'RFC 9846 section 4.3.1 "MUST ignore any unknown versions"': {
    'versions to come, and GREASE': [
      extensions('ClientHello', (e) => ({ ...e, supportedVersions: [0x2a2a, 0x0305, 0x0304, 0x7f1c] })),
      'goes on',
    ],
  },
  'RFC 9846 section 4.3.1 "MUST only select a version of TLS present in that extension"': {
    'unknown versions alone': [
      extensions('ClientHello', (e) => ({ ...e, supportedVersions: [0x0305, 0x7f1c] })),
      VERSION,
    ],
  },
  'RFC 9846 section 4.3.1 "MUST be prepared to receive ClientHellos that include this extension but do not include 0x0304"':
    {
      'TLS 1.2, which this server does not speak': [
        extensions('ClientHello', (e) => ({ ...e, supportedVersions: [0x0303] })),
        VERSION,
      ],
    },
  'RFC 9846 section 4.3.1 "MUST negotiate TLS 1.2 or prior as specified in"': {
    'TLS 1.2 is meant': [extensions('ClientHello', without('supportedVersions')), VERSION],
  },
  'RFC 9846 section 4.3.3 "and the client has not sent a signature_algorithms extension"': {
    'it is left out': [extensions('ClientHello', without('signatureAlgorithms')), MISSING],
  },
  'RFC 9846 section 9.2 "If containing a supported_groups extension, it MUST also contain a key_share extension"':
    {
      'no key_share': [extensions('ClientHello', without('keyShare')), MISSING],
    },
  'RFC 9846 section 9.2 "If containing a supported_groups extension, it MUST also contain a key_share extension, and vice versa"':
    {
      'no supported_groups': [extensions('ClientHello', without('supportedGroups')), MISSING],
    },
  'RFC 9846 section 9.2 "missing_extension"': {
    neither: [extensions('ClientHello', without('supportedGroups', 'keyShare')), MISSING],
  },
  'RFC 9846 section 4.3.8 "Clients MUST NOT offer any KeyShareEntry values for groups not listed"': {
    'a share for P-384, which is not listed': [
      extensions('ClientHello', (e) => ({
        ...e,
        supportedGroups: [x25519],
        keyShare: [...(e.keyShare ?? []), { group: secp384r1, keyExchange: new Uint8Array(97).fill(4) }],
      })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.8 "Clients MUST NOT offer multiple KeyShareEntry values for the same group"': {
    'two for X25519': [
      extensions('ClientHello', (e) => ({ ...e, keyShare: [...(e.keyShare ?? []), ...(e.keyShare ?? [])] })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.8 "This list MAY be empty if the client is requesting a HelloRetryRequest"': {
    'no share at all, and the server asks for one': [
      extensions('ClientHello', (e) => ({ ...e, keyShare: [] })),
      'waits',
    ],
  },
  'RFC 9846 section 7.4.2 "check whether the computed Diffie-Hellman shared secret is the all-zero value"': {
    'a share of zeros': [
      extensions('ClientHello', (e) => ({
        ...e,
        keyShare: [{ group: x25519, keyExchange: new Uint8Array(32) }],
      })),
      BAD_KEY_SHARE,
    ],
    'a share of the prime itself, which is zero': [
      extensions('ClientHello', (e) => ({
        ...e,
        keyShare: [
          { group: x25519, keyExchange: new Uint8Array(32).fill(0xff).with(0, 0xed).with(31, 0x7f) },
        ],
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 7.4.2 "For X25519 and X448"': {
    'a share a byte short': [
      extensions('ClientHello', (e) => ({
        ...e,
        keyShare: [{ group: x25519, keyExchange: new Uint8Array(31).fill(9) }],
      })),
      BAD_KEY_SHARE,
    ],
    'a share of two bytes': [
      extensions('ClientHello', (e) => ({
        ...e,
        keyShare: [{ group: x25519, keyExchange: new Uint8Array(2) }],
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 4.3.8.2 "peers MUST validate each other\'s public value Q by ensuring"': {
    'a point beside P-256': [
      extensions('ClientHello', (e) => ({
        ...e,
        keyShare: [{ group: secp256r1, keyExchange: new Uint8Array(65).fill(1).with(0, 4) }],
      })),
      BAD_KEY_SHARE,
    ],
    'coordinates beyond the prime': [
      extensions('ClientHello', (e) => ({
        ...e,
        keyShare: [{ group: secp256r1, keyExchange: new Uint8Array(65).fill(0xff).with(0, 4) }],
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 4.3.8.2 "legacy_form"': {
    'a compressed point': [
      extensions('ClientHello', (e) => ({
        ...e,
        keyShare: [{ group: secp256r1, keyExchange: new Uint8Array(33).fill(2) }],
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 4.3.8 "opaque key_exchange<1..2^16-1>"': {
    'an empty share': [raw('keyShare', ExtensionType.key_share, 0, 4, 0, 29, 0, 0), DECODE],
  },
});
peersIn('TLS 1.3 of sides that speak both', 'client', {
  'RFC 9846 section 4.3.1 "MUST NOT use the ClientHello.legacy_version value for version negotiation and MUST use only the supported_versions extension to determine client"':
    {
      'an old legacy_version': [changed('ClientHello', (m) => ({ ...m, legacyVersion: 0x0301 })), VERSION],
    },
  'RFC 7507 section 3 "inappropriate_fallback"': {
    'it fell back, and TLS 1.3 is what it offers': [
      changed('ClientHello', (m) => ({
        ...m,
        cipherSuites: [...m.cipherSuites, CipherSuite.TLS_FALLBACK_SCSV],
      })),
      'goes on',
    ],
  },
});
