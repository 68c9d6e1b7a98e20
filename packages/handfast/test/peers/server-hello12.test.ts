/** A server's hello in TLS 1.2. */
import { ascii, concat } from '../../src/wire/bytes.ts';
import { CipherSuite, ExtensionType, HandshakeType } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import {
  body,
  changed,
  emptied,
  extensions,
  lengthened,
  message,
  onSending,
  shortened,
  without,
  withRawExtension,
} from './deeds.ts';
import type { Deed } from './peer.ts';
import { DECODE, DOWNGRADE, ILLEGAL, INSECURE, NO_MASTER, TWICE, UNSUPPORTED, VERSION } from './refusals.ts';

const SYNTAX = 'RFC 5246 section 7.2.2 "A message could not be decoded because some field was out of"';
const UNOFFERED =
  'RFC 5246 section 7.4.1.4 "An extension type MUST NOT appear in the ServerHello unless the same"';
const RENEGOTIATION = 'RFC 5746 section 3.4 "The client MUST then verify that the length of the"';
const SUITE = 'RFC 5246 section 7.4.1.3 "The single cipher suite selected by the server from the list in"';
const POINTS = 'RFC 8422 section 5.1.2 "uncompressed"';

peersIn('TLS 1.2', 'server', {
  'RFC 5246 section 7.4.1.3 "server_version"': {
    'TLS 1.1': [changed('ServerHello12', (m) => ({ ...m, legacyVersion: 0x0302 })), VERSION],
    'SSL 3': [changed('ServerHello12', (m) => ({ ...m, legacyVersion: 0x0300 })), VERSION],
    'TLS 1.3, by its number alone': [
      changed('ServerHello12', (m) => ({ ...m, legacyVersion: 0x0304 })),
      VERSION,
    ],
    'a version of DTLS': [changed('ServerHello12', (m) => ({ ...m, legacyVersion: 0xfefd })), VERSION],
  },
  [SUITE]: {
    'one that was not offered': [
      changed('ServerHello12', (m) => ({
        ...m,
        cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      })),
      ILLEGAL,
    ],
    'a suite of TLS 1.3': [
      changed('ServerHello12', (m) => ({ ...m, cipherSuite: CipherSuite.TLS_AES_128_GCM_SHA256 })),
      ILLEGAL,
    ],
    TLS_NULL_WITH_NULL_NULL: [
      changed('ServerHello12', (m) => ({ ...m, cipherSuite: 0 as CipherSuite })),
      ILLEGAL,
    ],
    'the signalling suite of RFC 5746': [
      changed('ServerHello12', (m) => ({ ...m, cipherSuite: CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV })),
      ILLEGAL,
    ],
  },
  'RFC 5246 section 7.4.1.3 "The single compression algorithm selected by the server from the"': {
    DEFLATE: [changed('ServerHello12', (m) => ({ ...m, legacyCompressionMethod: 1 })), ILLEGAL],
  },
  'RFC 5246 section 7.4.1.3 "session_id"': {
    'one of 33 bytes': [
      body('ServerHello', (bytes) =>
        concat(
          bytes.slice(0, 34),
          Uint8Array.of(33),
          new Uint8Array(33),
          bytes.slice(35 + (bytes[34] as number)),
        ),
      ),
      DECODE,
    ],
  },
  [UNOFFERED]: {
    'one that nobody knows': [withRawExtension('ServerHello12', 0xfff0), UNSUPPORTED],
    'a GREASE extension': [withRawExtension('ServerHello12', 0x2a2a), UNSUPPORTED],
    heartbeat: [withRawExtension('ServerHello12', 15, 1), UNSUPPORTED],
    'a ticket, which was not asked for': [
      extensions('ServerHello12', (e) => ({ ...e, sessionTicket: true })),
      UNSUPPORTED,
    ],
    max_fragment_length: [withRawExtension('ServerHello12', 1, 1), UNSUPPORTED],
    cookie: [withRawExtension('ServerHello12', ExtensionType.cookie, 0, 1, 1), UNSUPPORTED],
  },
  'RFC 9846 section 4.3.1 "A server which negotiates a version of TLS prior to TLS 1.3 MUST set ServerHello.version and MUST NOT send the supported_versions extension"':
    {
      'it says TLS 1.2 there': [
        withRawExtension('ServerHello12', ExtensionType.supported_versions, 3, 3),
        ILLEGAL,
      ],
    },
  'RFC 7366 section 3 "encrypt_then_mac"': {
    'it was not offered': [extensions('ServerHello12', (e) => ({ ...e, encryptThenMac: true })), UNSUPPORTED],
  },
  'RFC 5246 section 7.4.1.4 "There MUST NOT be more than one extension of the same type"': {
    'extended_master_secret twice': [
      onSending('ServerHello', (item) => [
        { ...item, content: extended(item.content, Uint8Array.of(0, 23, 0, 0)) },
      ]),
      TWICE,
    ],
  },
  [RENEGOTIATION]: {
    'twelve bytes in it': [
      extensions('ServerHello12', (e) => ({ ...e, renegotiationInfo: new Uint8Array(12) })),
      INSECURE,
    ],
    'one byte in it': [
      extensions('ServerHello12', (e) => ({ ...e, renegotiationInfo: Uint8Array.of(0) })),
      INSECURE,
    ],
  },
  'RFC 5746 section 3.4 "If the extension is not present, the server does not support"': {
    'it is not, and this client requires it': [
      extensions('ServerHello12', without('renegotiationInfo')),
      INSECURE,
    ],
  },
  'RFC 7627 section 5.2 "extended_master_secret"': {
    'it is not there, and this client requires it': [
      extensions('ServerHello12', without('extendedMasterSecret')),
      NO_MASTER,
    ],
    'a byte in it': [
      changed('ServerHello12', (m) => ({
        ...m,
        extensions: {
          ...without('extendedMasterSecret')(m.extensions),
          unknown: [{ type: 23, data: Uint8Array.of(0) }],
        },
      })),
      DECODE,
    ],
  },
  [POINTS]: {
    'compressed points alone': [extensions('ServerHello12', (e) => ({ ...e, ecPointFormats: [1] })), ILLEGAL],
    'an empty list': [
      changed('ServerHello12', (m) => ({
        ...m,
        extensions: {
          ...without('ecPointFormats')(m.extensions),
          unknown: [{ type: 11, data: Uint8Array.of(0) }],
        },
      })),
      DECODE,
    ],
  },
  'RFC 7301 section 3.2 "SHALL NOT respond with a selected protocol"': {
    'one that was not offered': [
      extensions('ServerHello12', (e) => ({ ...e, applicationLayerProtocolNegotiation: [ascii('mine')] })),
      ILLEGAL,
    ],
    two: [
      changed('ServerHello12', (m) => ({
        ...m,
        extensions: {
          ...without('applicationLayerProtocolNegotiation')(m.extensions),
          unknown: [
            {
              type: 16,
              data: concat(Uint8Array.of(0, 12, 4), ascii('ours'), Uint8Array.of(6), ascii('theirs')),
            },
          ],
        },
      })),
      ILLEGAL,
    ],
  },
  [SYNTAX]: {
    'a byte less': [shortened('ServerHello'), DECODE],
    'a byte more': [lengthened('ServerHello'), DECODE],
    'nothing in it': [emptied('ServerHello'), DECODE],
    'half a random': [body('ServerHello', (bytes) => bytes.slice(0, 20)), DECODE],
  },
});

/** The hello with one more extension at its end, which a ServerHello ends with; the header tells the new length. */
function extended(hello: Uint8Array, more: Uint8Array): Uint8Array {
  const at = 4 + 35 + (hello[38] as number) + 3;
  const length = ((hello[at] as number) << 8) + (hello[at + 1] as number) + more.length;
  const content = concat(
    hello.slice(4, at),
    Uint8Array.of(length >> 8, length & 255),
    hello.slice(at + 2),
    more,
  );
  return message(HandshakeType.server_hello, content);
}

const SENTINEL =
  'RFC 9846 section 4.2.3 "TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below MUST check"';
const ending = (end: string): Deed =>
  changed('ServerHello12', (m) => ({ ...m, random: concat(m.random.slice(0, 24), ascii(end)) }));
peersIn('TLS 1.2 of a client that speaks both', 'server', {
  [SENTINEL]: {
    'the end that says TLS 1.2': [ending('DOWNGRD\x01'), DOWNGRADE],
    'the end that says TLS 1.1': [ending('DOWNGRD\x00'), DOWNGRADE],
    'another end that is like it': [ending('DOWNGRD\x02'), 'goes on'],
  },
});
