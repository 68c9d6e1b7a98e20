/** How a client's hello is written in TLS 1.3, and what comes around it. */
import { concat } from '../../src/wire/bytes.ts';
import { ExtensionType, HandshakeType } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import {
  before,
  behind,
  body,
  changed,
  cut,
  emptied,
  extensions,
  instead,
  lengthened,
  message,
  onSending,
  recordInstead,
  recordsBefore,
  recordsBehind,
  shortened,
  shortMessage,
  withMoreInRecord,
  without,
  withRawExtension,
} from './deeds.ts';
import type { Deed } from './peer.ts';
import {
  CHANGE_CIPHER_SPEC,
  DATA,
  DECODE,
  EMPTY_FRAGMENT,
  EXCESS,
  ILLEGAL,
  TWICE,
  UNEXPECTED,
} from './refusals.ts';

const EMPTY = new Uint8Array();
const alert = (level: number, description: number) => ({
  type: 21,
  content: Uint8Array.of(level, description),
});

/** A raw extension in place of the one of this name. */
const raw = (name: string, type: number, ...data: readonly number[]): Deed =>
  changed('ClientHello', (m) => ({
    ...m,
    extensions: { ...without<string>(name)(m.extensions), unknown: [{ type, data: Uint8Array.from(data) }] },
  }));

const SYNTAX = 'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"';
const LEFT_OVER =
  'RFC 9846 section 4.3 "receivers MUST abort the handshake with a decode_error alert if there is data left over"';
const RANGE = 'RFC 9846 section 6 "an out-of-range length"';
const ELSEWHERE = 'RFC 9846 section 4.3 "which is not specified for the message in which it appears"';

peersIn('TLS 1.3', 'client', {
  [LEFT_OVER]: {
    'a byte behind the shares': [raw('keyShare', ExtensionType.key_share, 0, 5, 0, 29, 0, 1, 9, 0), DECODE],
    'a byte behind supported_versions': [
      raw('supportedVersions', ExtensionType.supported_versions, 2, 3, 4, 0),
      DECODE,
    ],
    'a byte behind supported_groups': [
      raw('supportedGroups', ExtensionType.supported_groups, 0, 2, 0, 29, 0),
      DECODE,
    ],
    'a byte in extended_master_secret': [
      raw('extendedMasterSecret', ExtensionType.extended_master_secret, 0),
      DECODE,
    ],
    'a byte in post_handshake_auth': [raw('postHandshakeAuth', ExtensionType.post_handshake_auth, 0), DECODE],
    'a byte in signed_certificate_timestamp': [
      raw('signedCertificateTimestamp', ExtensionType.signed_certificate_timestamp, 0),
      DECODE,
    ],
  },
  [RANGE]: {
    'no version': [raw('supportedVersions', ExtensionType.supported_versions, 0), DECODE],
    'half a version': [raw('supportedVersions', ExtensionType.supported_versions, 3, 3, 4, 3), DECODE],
    'no group': [raw('supportedGroups', ExtensionType.supported_groups, 0, 0), DECODE],
    'half a group': [raw('supportedGroups', ExtensionType.supported_groups, 0, 3, 0, 29, 0), DECODE],
    'no signature scheme': [raw('signatureAlgorithms', ExtensionType.signature_algorithms, 0, 0), DECODE],
    'no scheme in signature_algorithms_cert': [
      raw('signatureAlgorithmsCert', ExtensionType.signature_algorithms_cert, 0, 0),
      DECODE,
    ],
    'half a scheme': [raw('signatureAlgorithms', ExtensionType.signature_algorithms, 0, 3, 4, 3, 4), DECODE],
    'no pre-shared key mode': [raw('pskKeyExchangeModes', ExtensionType.psk_key_exchange_modes, 0), DECODE],
    'an empty list of authorities': [
      raw('certificateAuthorities', ExtensionType.certificate_authorities, 0, 0),
      DECODE,
    ],
    'an empty cookie': [raw('cookie', ExtensionType.cookie, 0, 0), DECODE],
    'a session id of 33 bytes': [
      body('ClientHello', (bytes) => concat(bytes.slice(0, 34), Uint8Array.of(33, 0), bytes.slice(35))),
      DECODE,
    ],
    'no cipher suite': [
      body('ClientHello', (bytes) => concat(bytes.slice(0, 67), Uint8Array.of(0, 0, 1, 0, 0, 0))),
      DECODE,
    ],
    'half a cipher suite': [
      body('ClientHello', (bytes) =>
        concat(bytes.slice(0, 67), Uint8Array.of(0, 3, 0x13, 1, 0x13, 1, 0, 0, 0)),
      ),
      DECODE,
    ],
    'no compression method': [
      body('ClientHello', (bytes) => concat(bytes.slice(0, 67), Uint8Array.of(0, 2, 0x13, 1, 0, 0, 0))),
      DECODE,
    ],
  },
  'RFC 6066 section 3 "ServerName server_name_list<1..2^16-1>"': {
    'an empty list of names': [raw('serverName', ExtensionType.server_name, 0, 0), DECODE],
  },
  'RFC 6066 section 3 "opaque HostName<1..2^16-1>"': {
    'an empty name': [raw('serverName', ExtensionType.server_name, 0, 3, 0, 0, 0), DECODE],
  },
  'RFC 6066 section 3 "MUST NOT contain more than one name of the same name_type"': {
    'two names': [raw('serverName', ExtensionType.server_name, 0, 8, 0, 0, 1, 97, 0, 0, 1, 98), DECODE],
  },
  'RFC 6066 section 3 "represented as a byte string using ASCII encoding without a trailing dot"': {
    'a trailing dot': [raw('serverName', ExtensionType.server_name, 0, 5, 0, 0, 2, 97, 46), DECODE],
  },
  'RFC 6066 section 3 "represented as a byte string using ASCII encoding"': {
    'a zero byte': [raw('serverName', ExtensionType.server_name, 0, 6, 0, 0, 3, 97, 0, 98), DECODE],
  },
  'RFC 7301 section 3.1 "Empty strings MUST NOT be included"': {
    'a protocol without a name': [
      raw(
        'applicationLayerProtocolNegotiation',
        ExtensionType.application_layer_protocol_negotiation,
        0,
        1,
        0,
      ),
      DECODE,
    ],
  },
  'RFC 7301 section 3.1 "byte strings MUST NOT be truncated"': {
    'a name that ends before its length': [
      raw(
        'applicationLayerProtocolNegotiation',
        ExtensionType.application_layer_protocol_negotiation,
        0,
        2,
        4,
        111,
      ),
      DECODE,
    ],
  },
  'RFC 7301 section 3.1 "ProtocolName protocol_name_list<2..2^16-1>"': {
    'no protocol': [
      raw('applicationLayerProtocolNegotiation', ExtensionType.application_layer_protocol_negotiation, 0, 0),
      DECODE,
    ],
  },
  'RFC 6066 section 8 "CertificateStatusType status_type"': {
    'no status type': [raw('statusRequest', ExtensionType.status_request), DECODE],
  },
  'RFC 5746 section 3.2 "opaque renegotiated_connection<0..255>"': {
    'no length': [raw('renegotiationInfo', ExtensionType.renegotiation_info), DECODE],
  },
  'RFC 8422 section 5.1.2 "ECPointFormat ec_point_format_list<1..2^8-1>"': {
    'an empty list': [raw('ecPointFormats', ExtensionType.ec_point_formats, 0), DECODE],
  },
  [ELSEWHERE]: {
    oid_filters: [withRawExtension('ClientHello', ExtensionType.oid_filters, 0, 0), ILLEGAL],
  },
  'RFC 9846 section 4.3 "There MUST NOT be more than one extension of the same type"': {
    'an unknown one twice': [
      body('ClientHello', (bytes) => withBlock(bytes, Uint8Array.of(0xff, 0xf0, 0, 0, 0xff, 0xf0, 0, 0))),
      TWICE,
    ],
    'supported_versions twice': [
      body('ClientHello', (bytes) => withBlock(bytes, Uint8Array.of(0, 43, 0, 3, 2, 3, 4))),
      TWICE,
    ],
  },
  'RFC 9846 section 4.3.2 "Clients MUST NOT use cookies in their initial ClientHello"': {
    'a cookie that nobody gave': [
      extensions('ClientHello', (e) => ({ ...e, cookie: Uint8Array.of(1) })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.10 "it MUST supply both the pre_shared_key and early_data extensions"': {
    'early_data alone, and none comes': [
      extensions('ClientHello', (e) => ({ ...e, earlyData: true })),
      'goes on',
    ],
  },
  [SYNTAX]: {
    'a byte less': [shortened('ClientHello'), DECODE],
    'a byte more': [lengthened('ClientHello'), DECODE],
    'nothing in it': [emptied('ClientHello'), DECODE],
    'the version alone': [body('ClientHello', (bytes) => bytes.slice(0, 2)), DECODE],
  },
  'RFC 9846 section 4 "in an unexpected order"': {
    'a Finished first': [
      before('ClientHello', message(HandshakeType.finished, new Uint8Array(32))),
      UNEXPECTED,
    ],
    'a KeyUpdate first': [before('ClientHello', shortMessage(HandshakeType.key_update, 0)), UNEXPECTED],
    'a message that nobody knows': [instead('ClientHello', shortMessage(99, 1)), UNEXPECTED],
  },
  'RFC 9846 section 4.1 "message_hash"': {
    'the synthetic message itself': [
      before('ClientHello', message(HandshakeType.message_hash, new Uint8Array(32))),
      UNEXPECTED,
    ],
  },
  'RFC 9846 section 4.2.2 "receives a ClientHello at any other time"': {
    'a second one, unasked': [
      behind('ClientHello', shortMessage(HandshakeType.client_hello, 0)),
      ['ERR_BAD_RECORD_MAC', 'bad_record_mac'],
    ],
  },
  'RFC 9846 section 5.1 "a record boundary; if not, then they MUST terminate the connection"': {
    'another message begins in the record of the ClientHello': [
      withMoreInRecord('ClientHello', Uint8Array.of(1, 0, 0)),
      EXCESS,
    ],
  },
  'RFC 9846 section 5 "received before the first ClientHello message"': {
    'a ChangeCipherSpec first of all': [
      recordsBefore('ClientHello', { type: 20, content: Uint8Array.of(1) }),
      CHANGE_CIPHER_SPEC,
    ],
  },
  'RFC 9846 section 5.1 "Application Data records MUST NOT be written to the wire unprotected"': {
    'data first of all': [recordsBefore('ClientHello', { type: 23, content: Uint8Array.of(1) }), DATA],
  },
  'RFC 9846 section 5.1 "MUST NOT send zero-length fragments of Handshake types"': {
    'an empty record first': [recordsBefore('ClientHello', { content: EMPTY }), EMPTY_FRAGMENT],
  },
  'RFC 9846 section 5.1 "fragmented across several records"': {
    'the ClientHello in three records': [
      onSending('ClientHello', (item) =>
        [0, 1, 2].map((i) => ({
          ...item,
          content: item.content.slice(i * 40, i === 2 ? undefined : (i + 1) * 40),
        })),
      ),
      'goes on',
    ],
  },
  'RFC 9846 section 5.1 "MUST NOT be interleaved with other record types"': {
    'a warning inside the ClientHello': [
      cut('ClientHello', 9, alert(1, 90)),
      ['ERR_INTERLEAVED_HANDSHAKE', 'unexpected_message'],
    ],
    'a ChangeCipherSpec inside the ClientHello': [
      cut('ClientHello', 9, { type: 20, content: Uint8Array.of(1) }),
      CHANGE_CIPHER_SPEC,
    ],
  },
  'RFC 9846 section 5.1 "a record with an Alert type MUST contain exactly one message", "multiple alert messages MUST NOT be coalesced into a single TLSPlaintext record"':
    {
      'half an alert': [recordInstead('ClientHello', { type: 21, content: Uint8Array.of(2) }), DECODE],
    },
  'RFC 9846 section 5 "a change_cipher_spec record received"': {
    'one of another value, behind the ClientHello': [
      recordsBehind('ClientHello', { type: 20, content: Uint8Array.of(2) }),
      CHANGE_CIPHER_SPEC,
    ],
  },
});

/** The hello with more in its block of extensions, in front. */
function withBlock(hello: Uint8Array, more: Uint8Array): Uint8Array {
  const session = 35 + (hello[34] as number);
  const suites = session + 2 + ((hello[session] as number) << 8) + (hello[session + 1] as number);
  const at = suites + 1 + (hello[suites] as number);
  const length = ((hello[at] as number) << 8) + (hello[at + 1] as number) + more.length;
  return concat(hello.slice(0, at), Uint8Array.of(length >> 8, length & 255), more, hello.slice(at + 2));
}
