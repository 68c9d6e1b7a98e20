/** Pre-shared keys and early data of TLS 1.3: what either side may offer, choose and send. */
import { MAX_OFFERED_PSKS, MAX_SKIPPED_EARLY_DATA } from '../../src/policy/limits.ts';
import { ascii } from '../../src/wire/bytes.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import {
  CipherSuite,
  ContentType,
  ExtensionType,
  HandshakeType,
  NamedGroup,
} from '../../src/wire/registry.ts';
import { MAX_EARLY_DATA } from '../support/sessions.ts';
import { peersIn } from './case.ts';
import {
  before,
  body,
  changed,
  dropped,
  extensions,
  flipped,
  instead,
  message,
  onSending,
  record,
  recordsBefore,
  recordsBehind,
  shortMessage,
  twice,
  withMoreInRecord,
  without,
} from './deeds.ts';
import type { FlowName } from './flows.ts';
import type { Deed } from './peer.ts';
import {
  BAD_BINDER,
  BAD_FINISHED,
  BAD_MAC,
  DECODE,
  EXCESS,
  ILLEGAL,
  MISSING,
  TOO_EARLY,
  UNEXPECTED,
  UNSUPPORTED,
} from './refusals.ts';

type Offered = NonNullable<ClientHello['extensions']['preSharedKey']>;

const offer = (change: (offered: Offered) => Offered): Deed =>
  extensions('ClientHello', (e) =>
    e.preSharedKey === undefined ? e : { ...e, preSharedKey: change(e.preSharedKey) },
  );
const chosen = (preSharedKey: number): Deed => extensions('ServerHello', (e) => ({ ...e, preSharedKey }));
const raw = (name: string, type: number, ...data: readonly number[]): Deed =>
  changed('ClientHello', (m) => ({
    ...m,
    extensions: { ...without<string>(name)(m.extensions), unknown: [{ type, data: Uint8Array.from(data) }] },
  }));
/** An identity that nobody knows, with a binder. */
const stranger = { identity: ascii('nobody'), obfuscatedTicketAge: 0 };
const BINDER = new Uint8Array(32).fill(1);
/** So many strangers in front of what is offered. */
const behindStrangers = (count: number): Deed =>
  offer(({ identities, binders }) => ({
    identities: [...Array.from({ length: count }, () => stranger), ...identities],
    binders: [...Array.from({ length: count }, () => BINDER), ...binders],
  }));

const VALIDATES =
  'RFC 9846 section 4.3.11 "the server MUST validate the corresponding binder value", "does not validate, the server MUST abort the handshake"';
const WITHIN =
  'RFC 9846 section 4.3.11 "Clients MUST verify that the server\'s selected_identity is within the", "values are not consistent, the client MUST abort the handshake with an illegal_parameter alert"';

const KEYS: readonly FlowName[] = ['TLS 1.3 resumed', 'TLS 1.3 with an external key'];
for (const flow of KEYS) {
  peersIn(flow, 'client', {
    [VALIDATES]: {
      'its last bit is wrong': [body('ClientHello', flipped(-1)), BAD_BINDER],
      'the hello is changed in front of it': [body('ClientHello', flipped(3)), BAD_BINDER],
      zeros: [
        onSending('ClientHello', (item) => [
          { ...item, content: item.content.map((byte, i) => (i >= item.content.length - 32 ? 0 : byte)) },
        ]),
        BAD_BINDER,
      ],
      'the binder of another hash': [offer((o) => ({ ...o, binders: [new Uint8Array(48)] })), BAD_BINDER],
    },
    'RFC 9846 section 4.3.11 "extension MUST be the last extension in the ClientHello", "Servers MUST check that it is the last extension"':
      {
        'another one behind it': [
          onSending('ClientHello', (item) => [{ ...item, content: withExtensionBehind(item.content) }]),
          ILLEGAL,
        ],
      },
    'RFC 9846 section 4.3.9 "If clients offer pre_shared_key without a psk_key_exchange_modes extension"': {
      'they do': [extensions('ClientHello', without('pskKeyExchangeModes')), MISSING],
    },
    'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"': {
      'a binder too many': [offer((o) => ({ ...o, binders: [...o.binders, BINDER] })), ILLEGAL],
      'an identity too many': [offer((o) => ({ ...o, identities: [...o.identities, stranger] })), ILLEGAL],
      'no identity': [raw('preSharedKey', ExtensionType.pre_shared_key, 0, 0, 0, 33, 32, ...BINDER), DECODE],
      'a binder of 31 bytes': [
        raw(
          'preSharedKey',
          ExtensionType.pre_shared_key,
          0,
          7,
          0,
          1,
          1,
          0,
          0,
          0,
          0,
          0,
          32,
          31,
          ...BINDER.slice(1),
        ),
        DECODE,
      ],
      'an identity without bytes': [
        raw('preSharedKey', ExtensionType.pre_shared_key, 0, 6, 0, 0, 0, 0, 0, 0, 0, 33, 32, ...BINDER),
        DECODE,
      ],
    },
    'RFC 9846 section 4.3.9 "Servers MUST NOT select a key exchange mode that is not listed by the client"': {
      'modes that nobody knows beside the right one': [
        extensions('ClientHello', (e) => ({ ...e, pskKeyExchangeModes: [0x0b, 1, 0xff] })),
        'goes on',
      ],
    },
  });
  peersIn(flow, 'server', {
    [WITHIN]: {
      '1, where one was offered': [chosen(1), ILLEGAL],
      'the greatest number': [chosen(0xffff), ILLEGAL],
    },
    'RFC 9846 section 4.3.11 "the server selected a cipher suite indicating a Hash associated with the PSK"':
      {
        'a suite with SHA-384': [
          changed('ServerHello', (m) => ({ ...m, cipherSuite: CipherSuite.TLS_AES_256_GCM_SHA384 })),
          ILLEGAL,
        ],
      },
    'RFC 9846 section 4.3.11 "is present if required by the ClientHello"': {
      'no key_share, and psk_ke was not offered': [extensions('ServerHello', without('keyShare')), ILLEGAL],
    },
    'RFC 9846 section 7.4.2 "check whether the computed Diffie-Hellman shared secret is the all-zero value"':
      {
        'a share of zeros beside the key': [
          extensions('ServerHello', (e) => ({
            ...e,
            keyShare: { group: NamedGroup.x25519, keyExchange: new Uint8Array(32) },
          })),
          ['ERR_BAD_KEY_SHARE', 'illegal_parameter'],
        ],
      },
    'RFC 9846 section 4.1 "Transcript-Hash"': {
      'it chose the key, and says that it did not': [
        extensions('ServerHello', without('preSharedKey')),
        BAD_MAC,
        { alertIsUnreadable: true },
      ],
    },
  });
}

peersIn('TLS 1.3 with an external key', 'client', {
  'RFC 9846 section 4.3.11 "servers MUST ignore the value"': {
    'an age': [
      offer((o) => ({
        ...o,
        identities: o.identities.map((one) => ({ ...one, obfuscatedTicketAge: 0xffffffff })),
      })),
      'goes on',
    ],
  },
  'RFC 9846 section 4.2.1 "PSK"': {
    'behind strangers, as many as are looked at': [behindStrangers(MAX_OFFERED_PSKS - 1), 'goes on'],
  },
});

peersIn('TLS 1.3 with an external key alone', 'client', {
  [VALIDATES]: { 'its last bit is wrong': [body('ClientHello', flipped(-1)), BAD_BINDER] },
});
peersIn('TLS 1.3 with an external key alone', 'server', {
  'RFC 9846 section 4.3.9 "the server MUST NOT supply a key_share value"; RFC 9846 section 4.3.8 "and MUST NOT send a KeyShareEntry when using the psk_ke"':
    {
      'it does': [
        extensions('ServerHello', (e) => ({
          ...e,
          keyShare: { group: NamedGroup.x25519, keyExchange: new Uint8Array(32).fill(9) },
        })),
        ILLEGAL,
      ],
    },
  [WITHIN]: { 'the greatest number': [chosen(0xffff), ILLEGAL] },
});

const ONE_OF =
  'RFC 9846 section 4.6 "the client MUST send an EndOfEarlyData message after receiving the server Finished"';
const heard = { before: ['early data'] };

peersIn('early data', 'client', {
  [ONE_OF]: {
    'it does not': [dropped('EndOfEarlyData'), BAD_MAC, heard],
    twice: [twice('EndOfEarlyData'), BAD_MAC, heard],
    'with something in it': [
      instead('EndOfEarlyData', shortMessage(HandshakeType.end_of_early_data, 0)),
      DECODE,
      heard,
    ],
    'a Finished in its place': [
      instead('EndOfEarlyData', message(HandshakeType.finished, new Uint8Array(32))),
      UNEXPECTED,
      heard,
    ],
    'a KeyUpdate before it': [
      before('EndOfEarlyData', shortMessage(HandshakeType.key_update, 0)),
      UNEXPECTED,
      heard,
    ],
    'a Certificate before it': [
      before('EndOfEarlyData', message(HandshakeType.certificate, new Uint8Array(4))),
      UNEXPECTED,
      heard,
    ],
  },
  'RFC 9846 section 4.3.10 "it MUST comply with the same error-handling requirements", "it MUST terminate the connection with a bad_record_mac alert"':
    {
      'a bit changed': [record('early data', flipped(-1)), BAD_MAC],
      'a record of nonsense behind it': [
        recordsBehind('early data', { key: undefined, content: new Uint8Array(40) }),
        BAD_MAC,
        heard,
      ],
    },
  'RFC 9846 section 4.7.1 "A server receiving more than max_early_data_size bytes of 0-RTT data"': {
    'one byte more': [
      onSending('early data', (item) => [{ ...item, content: new Uint8Array(MAX_EARLY_DATA + 1) }]),
      TOO_EARLY,
    ],
    'as many bytes': [
      onSending('early data', (item) => [{ ...item, content: new Uint8Array(MAX_EARLY_DATA) }]),
      'goes on',
    ],
    'two pieces that make one byte more': [
      onSending('early data', (item) =>
        [60, 41].map((length) => ({ ...item, content: new Uint8Array(length) })),
      ),
      TOO_EARLY,
      heard,
    ],
  },
  'RFC 9846 section 5.1 "a record boundary; if not, then they MUST terminate the connection"': {
    'a message behind EndOfEarlyData': [
      withMoreInRecord('EndOfEarlyData', shortMessage(HandshakeType.key_update, 0)),
      EXCESS,
      heard,
    ],
    'a message begins behind EndOfEarlyData': [
      withMoreInRecord('EndOfEarlyData', Uint8Array.of(20)),
      EXCESS,
      heard,
    ],
  },
  'RFC 9846 section 4 "in an unexpected order"': {
    'a handshake message under the keys of early data': [
      recordsBefore('early data', {
        type: ContentType.handshake,
        content: shortMessage(HandshakeType.finished, 0),
      }),
      UNEXPECTED,
    ],
  },
  [VALIDATES]: { 'its last bit is wrong': [body('ClientHello', flipped(-1)), BAD_BINDER] },
  'RFC 9846 section 4.5.3 "Recipients of Finished messages MUST verify that the contents are correct", "if incorrect MUST terminate the connection with a decrypt_error alert"':
    {
      zeros: [instead('Finished', message(HandshakeType.finished, new Uint8Array(32))), BAD_FINISHED, heard],
    },
});

const SELECTED =
  'RFC 9846 section 4.3.11 "If the server supplies an early_data extension, the client MUST verify that", "any other value is returned, the client MUST abort the handshake"';
peersIn('early data', 'server', {
  [SELECTED]: {
    'the key was not chosen': [
      extensions('ServerHello', without('preSharedKey')),
      BAD_MAC,
      { alertIsUnreadable: true },
    ],
    'another key was chosen': [chosen(1), ILLEGAL],
  },
  'RFC 9846 section 4.3.10 "it MUST verify that the following values are the same as those associated with the selected PSK"':
    {
      'another suite': [
        changed('ServerHello', (m) => ({ ...m, cipherSuite: CipherSuite.TLS_CHACHA20_POLY1305_SHA256 })),
        BAD_MAC,
      ],
      'another protocol': [
        extensions('EncryptedExtensions', (e) => ({
          ...e,
          applicationLayerProtocolNegotiation: [ascii('theirs')],
        })),
        ILLEGAL,
      ],
      'no protocol': [
        extensions('EncryptedExtensions', without('applicationLayerProtocolNegotiation')),
        ILLEGAL,
      ],
    },
  'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"': {
    'something in early_data': [
      instead(
        'EncryptedExtensions',
        message(HandshakeType.encrypted_extensions, Uint8Array.of(0, 5, 0, 42, 0, 1, 0)),
      ),
      DECODE,
    ],
  },
});

peersIn('TLS 1.3 resumed', 'server', {
  'RFC 9846 section 4.3 "Implementations MUST NOT send extension responses", "an endpoint MUST abort the handshake with an unsupported_extension alert"':
    {
      'early_data, where none was sent': [
        extensions('EncryptedExtensions', (e) => ({ ...e, earlyData: true })),
        UNSUPPORTED,
      ],
    },
});

const skipped = (bytes: number): Deed =>
  onSending('early data', (item) => {
    const whole = Math.floor(bytes / 1029);
    const rest = bytes - whole * 1029;
    const plain = (length: number) => ({
      ...item,
      key: undefined,
      content: new Uint8Array(length - 5).fill(7),
    });
    return [...Array.from({ length: whole }, () => plain(1029)), ...(rest > 5 ? [plain(rest)] : [])];
  });

peersIn('early data refused', 'client', {
  'RFC 9846 section 4.3.10 "up to the configured max_early_data_size"': {
    'as many bytes as are skipped': [skipped(MAX_SKIPPED_EARLY_DATA), 'goes on'],
    'one byte more': [skipped(MAX_SKIPPED_EARLY_DATA + 1), TOO_EARLY],
  },
  'RFC 9846 section 4.6 "then the client MUST NOT send an EndOfEarlyData message"': {
    'it does': [before('Finished', shortMessage(HandshakeType.end_of_early_data)), UNEXPECTED],
  },
  'RFC 9846 section 5.2 "If the decryption fails, the receiver MUST terminate the connection"': {
    'a Finished that nobody can read, and nothing else': [record('Finished', flipped(-1)), 'waits'],
  },
});

/** The hello with an empty extension behind all others. */
function withExtensionBehind(hello: Uint8Array): Uint8Array {
  const session = 4 + 35 + (hello[38] as number);
  const suites = session + 2 + ((hello[session] as number) << 8) + (hello[session + 1] as number);
  const at = suites + 1 + (hello[suites] as number);
  const length = ((hello[at] as number) << 8) + (hello[at + 1] as number) + 4;
  const changedHello = hello.with(at, length >> 8).with(at + 1, length & 255);
  return message(HandshakeType.client_hello, Uint8Array.of(...changedHello.slice(4), 0xff, 0xf0, 0, 0));
}
