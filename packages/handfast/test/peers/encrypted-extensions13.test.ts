/** A server's EncryptedExtensions. */

import { ascii } from '../../src/wire/bytes.ts';
import { ExtensionType, HandshakeType, NamedGroup } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import { emptied, extensions, instead, lengthened, message, shortened, withRawExtension } from './deeds.ts';
import { DECODE, ILLEGAL, TWICE, UNEXPECTED, UNSUPPORTED } from './refusals.ts';

const { x448 } = NamedGroup;
const CERTIFICATE_LIST = [0, 0, 0];

peersIn('TLS 1.3', 'server', {
  'RFC 9846 section 4.3 "Implementations MUST NOT send extension responses", "an endpoint MUST abort the handshake with an unsupported_extension alert"':
    {
      'early_data in EncryptedExtensions': [
        extensions('EncryptedExtensions', (e) => ({ ...e, earlyData: true })),
        UNSUPPORTED,
      ],
      'an extension that nobody knows in EncryptedExtensions': [
        withRawExtension('EncryptedExtensions', 0xfff0),
        UNSUPPORTED,
      ],
      'a number of tickets': [
        extensions('EncryptedExtensions', (e) => ({ ...e, ticketRequest: { expectedCount: 2 } })),
        UNSUPPORTED,
      ],
    },
  'RFC 8449 section 4 "record_size_limit"': {
    'it was not offered': [
      withRawExtension('EncryptedExtensions', ExtensionType.record_size_limit, 0x40, 1),
      UNSUPPORTED,
    ],
  },
  'RFC 9846 section 4.4.1 "the presence of any forbidden extensions", "forbidden extensions and if any are found MUST abort the handshake"':
    {
      key_share: [withRawExtension('EncryptedExtensions', ExtensionType.key_share, 0, 29, 0, 1, 1), ILLEGAL],
      supported_versions: [
        withRawExtension('EncryptedExtensions', ExtensionType.supported_versions, 3, 4),
        ILLEGAL,
      ],
      pre_shared_key: [withRawExtension('EncryptedExtensions', ExtensionType.pre_shared_key, 0, 0), ILLEGAL],
      signature_algorithms: [
        withRawExtension('EncryptedExtensions', ExtensionType.signature_algorithms, 0, 2, 4, 3),
        ILLEGAL,
      ],
      status_request: [withRawExtension('EncryptedExtensions', ExtensionType.status_request), ILLEGAL],
      signed_certificate_timestamp: [
        withRawExtension('EncryptedExtensions', ExtensionType.signed_certificate_timestamp),
        ILLEGAL,
      ],
      'a cookie': [withRawExtension('EncryptedExtensions', ExtensionType.cookie, 0, 1, 1), ILLEGAL],
    },
  'RFC 9846 section 4.3.5 "MUST only be sent in the CertificateRequest message"': {
    oid_filters: [withRawExtension('EncryptedExtensions', ExtensionType.oid_filters, 0, 0), ILLEGAL],
  },
  'RFC 9846 section 4.3.6 "Servers MUST NOT send this extension"': {
    'post_handshake_auth in EncryptedExtensions': [
      withRawExtension('EncryptedExtensions', ExtensionType.post_handshake_auth),
      ILLEGAL,
    ],
  },
  'RFC 7301 section 3.1 "MUST contain exactly one ProtocolName"': {
    'two protocols': [
      withRawExtension(
        'EncryptedExtensions',
        ExtensionType.application_layer_protocol_negotiation,
        0,
        12,
        4,
        ...ascii('ours'),
        6,
        ...ascii('theirs'),
      ),
      ILLEGAL,
    ],
    none: [
      withRawExtension('EncryptedExtensions', ExtensionType.application_layer_protocol_negotiation, 0, 0),
      DECODE,
    ],
  },
  'RFC 7301 section 3.1 "Empty strings MUST NOT be included"': {
    'a protocol without a name': [
      withRawExtension('EncryptedExtensions', ExtensionType.application_layer_protocol_negotiation, 0, 1, 0),
      DECODE,
    ],
  },
  'RFC 7301 section 3.2 "SHALL NOT respond with a selected protocol"': {
    'a protocol that was not offered': [
      extensions('EncryptedExtensions', (e) => ({
        ...e,
        applicationLayerProtocolNegotiation: [ascii('mine')],
      })),
      ILLEGAL,
    ],
  },
  'RFC 6066 section 3 "extension_data field of this extension SHALL be empty"': {
    'a name in server_name': [withRawExtension('EncryptedExtensions', ExtensionType.server_name, 0), DECODE],
  },
  'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"': {
    'EncryptedExtensions without a block': [emptied('EncryptedExtensions'), DECODE],
    'EncryptedExtensions a byte long': [lengthened('EncryptedExtensions'), DECODE],
    'EncryptedExtensions a byte short': [shortened('EncryptedExtensions'), DECODE],
  },
  'RFC 9846 section 4.3 "more than one extension of the same type"': {
    'server_name twice': [
      instead(
        'EncryptedExtensions',
        message(HandshakeType.encrypted_extensions, Uint8Array.of(0, 8, 0, 0, 0, 0, 0, 0, 0, 0)),
      ),
      TWICE,
    ],
  },
  'RFC 9846 section 4.3.7 "Clients MUST NOT act upon any information found in supported_groups"': {
    'groups that the client has none of': [
      extensions('EncryptedExtensions', (e) => ({ ...e, supportedGroups: [x448] })),
      'goes on',
    ],
  },
  'RFC 9846 section 4.5.1.3 "an empty Certificate message"': {
    'in place of EncryptedExtensions': [
      instead(
        'EncryptedExtensions',
        message(HandshakeType.certificate, Uint8Array.of(0, ...CERTIFICATE_LIST)),
      ),
      UNEXPECTED,
    ],
  },
});
