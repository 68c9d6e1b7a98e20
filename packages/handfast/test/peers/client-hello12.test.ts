/** A client's hello in TLS 1.2. */
import { ascii, concat } from '../../src/wire/bytes.ts';
import { CipherSuite, NamedGroup, SignatureScheme } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import {
  body,
  changed,
  extensions,
  lengthened,
  message,
  onSending,
  shortened,
  without,
  withRawExtension,
} from './deeds.ts';
import type { Deed } from './peer.ts';
import {
  DECODE,
  FALLBACK,
  ILLEGAL,
  INSECURE,
  NO_GROUP,
  NO_MASTER,
  NO_PROTOCOL,
  NO_SCHEME,
  NO_SUITE,
  TWICE,
  VERSION,
} from './refusals.ts';

const POINTS = 'RFC 8422 section 5.1.2 "uncompressed"';

const raw = (name: string, type: number, ...data: readonly number[]): Deed =>
  changed('ClientHello', (m) => ({
    ...m,
    extensions: { ...without<string>(name)(m.extensions), unknown: [{ type, data: Uint8Array.from(data) }] },
  }));

const CHOOSES = 'RFC 5246 section 7.4.1.2 "If the list"';
const EXTENDED = 'RFC 5246 section 7.4.1.2 "the server MUST"';

peersIn('TLS 1.2', 'client', {
  'RFC 5246 section 7.4.1.2 "client_version"': {
    'TLS 1.1': [
      changed('ClientHello', (m) => ({
        ...m,
        legacyVersion: 0x0302,
        extensions: without('supportedVersions')(m.extensions),
      })),
      VERSION,
    ],
    'SSL 3': [
      changed('ClientHello', (m) => ({
        ...m,
        legacyVersion: 0x0300,
        extensions: without('supportedVersions')(m.extensions),
      })),
      VERSION,
    ],
  },
  [CHOOSES]: {
    'suites that nobody knows around the right one': [
      changed('ClientHello', (m) => ({
        ...m,
        cipherSuites: [0x1a1a, 0x00ff, ...m.cipherSuites, 0xfefe] as CipherSuite[],
      })),
      'goes on',
    ],
    'suites that nobody knows': [
      changed('ClientHello', (m) => ({ ...m, cipherSuites: [0x1a1a, 0xfefe] as CipherSuite[] })),
      NO_SUITE,
    ],
    'suites of TLS 1.3 alone': [
      changed('ClientHello', (m) => ({ ...m, cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256] })),
      NO_SUITE,
    ],
    'a suite for RSA certificates alone': [
      changed('ClientHello', (m) => ({
        ...m,
        cipherSuites: [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
      })),
      NO_SUITE,
    ],
  },
  'RFC 5246 section 7.4.1.2 "This vector MUST contain, and all implementations MUST support"': {
    'DEFLATE alone': [
      changed('ClientHello', (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(1) })),
      ILLEGAL,
    ],
    'DEFLATE beside it': [
      changed('ClientHello', (m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(1, 0) })),
      'goes on',
    ],
    none: [body('ClientHello', (bytes) => noCompression(bytes)), DECODE],
  },
  'RFC 5746 section 3.6 "and if it is not, MUST abort the handshake"': {
    'twelve bytes in it': [
      extensions('ClientHello', (e) => ({ ...e, renegotiationInfo: new Uint8Array(12) })),
      INSECURE,
    ],
  },
  'RFC 5746 section 3.6 "If neither the TLS_EMPTY_RENEGOTIATION_INFO_SCSV SCSV nor the"': {
    'and this server requires one': [
      changed('ClientHello', (m) => ({
        ...m,
        cipherSuites: m.cipherSuites.filter(
          (suite) => suite !== CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
        ),
        extensions: without('renegotiationInfo')(m.extensions),
      })),
      INSECURE,
    ],
    'the suite, in place of the extension': [
      changed('ClientHello', (m) => ({
        ...m,
        cipherSuites: [...m.cipherSuites, CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV],
        extensions: without('renegotiationInfo')(m.extensions),
      })),
      'goes on',
    ],
  },
  'RFC 7627 section 5.2 "extended_master_secret"': {
    'it is not there, and this server requires it': [
      extensions('ClientHello', without('extendedMasterSecret')),
      NO_MASTER,
    ],
    'a byte in it': [raw('extendedMasterSecret', 23, 0), DECODE],
  },
  [POINTS]: {
    'compressed points alone': [
      extensions('ClientHello', (e) => ({ ...e, ecPointFormats: [1, 2] })),
      ILLEGAL,
    ],
    'all forms': [extensions('ClientHello', (e) => ({ ...e, ecPointFormats: [2, 1, 0] })), 'goes on'],
    none: [extensions('ClientHello', without('ecPointFormats')), 'goes on'],
  },
  'RFC 8422 section 4 "servers MUST NOT negotiate the use of an ECC cipher"': {
    'none in common': [
      extensions('ClientHello', (e) => ({ ...e, supportedGroups: [NamedGroup.x448] })),
      NO_GROUP,
    ],
    'numbers that nobody knows beside them': [
      extensions('ClientHello', (e) => ({
        ...e,
        supportedGroups: [0x1a1a as NamedGroup, ...(e.supportedGroups ?? [])],
      })),
      'goes on',
    ],
    'without that of the certificate': [
      extensions('ClientHello', (e) => ({ ...e, supportedGroups: [NamedGroup.x25519] })),
      NO_SCHEME,
    ],
  },
  'RFC 5246 section 7.4.1.4.1 "signature_algorithms"': {
    'schemes of RSA alone': [
      extensions('ClientHello', (e) => ({ ...e, signatureAlgorithms: [SignatureScheme.rsa_pkcs1_sha256] })),
      NO_SCHEME,
    ],
    'none, which means SHA-1': [
      extensions('ClientHello', without('signatureAlgorithms', 'signatureAlgorithmsCert')),
      NO_SCHEME,
    ],
    'an empty list': [raw('signatureAlgorithms', 13, 0, 0), DECODE],
    'half a scheme': [raw('signatureAlgorithms', 13, 0, 3, 4, 3, 4), DECODE],
  },
  'RFC 7301 section 3.2 "no_application_protocol"': {
    'protocols that the server does not speak': [
      extensions('ClientHello', (e) => ({ ...e, applicationLayerProtocolNegotiation: [ascii('mine')] })),
      NO_PROTOCOL,
    ],
  },
  'RFC 5246 section 7.4.1.4 "There MUST NOT be more than one extension of the same type"': {
    twice: [
      onSending('ClientHello', (item) => [
        { ...item, content: message(1, inClientHello(item.content.slice(4), Uint8Array.of(0, 23, 0, 0))) },
      ]),
      TWICE,
    ],
  },
  'RFC 5246 section 7.4.1.4 "extension type"': {
    'one that nobody knows': [withRawExtension('ClientHello', 0xfff0, 1, 2), 'goes on'],
    'a GREASE extension': [withRawExtension('ClientHello', 0x3a3a), 'goes on'],
  },
  [EXTENDED]: {
    'a byte behind the compression methods': [
      body('ClientHello', (bytes) => concat(bytes.slice(0, endOfMethods(bytes)), Uint8Array.of(0))),
      DECODE,
    ],
    'a byte behind the extensions': [lengthened('ClientHello'), DECODE],
    'extensions that end too early': [shortened('ClientHello'), DECODE],
  },
});

function endOfMethods(hello: Uint8Array): number {
  const suites = 35 + (hello[34] as number);
  const methods = suites + 2 + ((hello[suites] as number) << 8) + (hello[suites + 1] as number);
  return methods + 1 + (hello[methods] as number);
}

function noCompression(hello: Uint8Array): Uint8Array {
  const end = endOfMethods(hello);
  return concat(hello.slice(0, end - 2), Uint8Array.of(0), hello.slice(end));
}

function inClientHello(hello: Uint8Array, more: Uint8Array): Uint8Array {
  const at = endOfMethods(hello);
  const length = ((hello[at] as number) << 8) + (hello[at + 1] as number) + more.length;
  return concat(hello.slice(0, at), Uint8Array.of(length >> 8, length & 255), more, hello.slice(at + 2));
}

peersIn('TLS 1.2 of a server that speaks both', 'client', {
  'RFC 7507 section 3 "inappropriate_fallback"': {
    'it fell back to TLS 1.2': [
      changed('ClientHello', (m) => ({
        ...m,
        cipherSuites: [...m.cipherSuites, CipherSuite.TLS_FALLBACK_SCSV],
      })),
      FALLBACK,
    ],
  },
  'RFC 9846 section 4.3.1 "even if ClientHello.legacy_version is 0x0304 or later"': {
    'it is 0x0304': [changed('ClientHello', (m) => ({ ...m, legacyVersion: 0x0304 })), 'goes on'],
    'it is 0x03ff': [changed('ClientHello', (m) => ({ ...m, legacyVersion: 0x03ff })), 'goes on'],
  },
});
