/** Records, alerts and renegotiation of TLS 1.2, in both roles. */
import {
  MAX_CIPHERTEXT_LENGTH_12,
  MAX_EMPTY_RECORDS,
  MAX_PLAINTEXT_LENGTH,
  MAX_RENEGOTIATION_ATTEMPTS,
  MAX_WARNING_ALERTS,
} from '../../src/policy/limits.ts';
import { recordHeader } from '../../src/record/framing.ts';
import type { Role } from '../../src/trace/events.ts';
import { AlertDescription, type AlertName } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { atOnce } from '../support/puppet.ts';
import { type Cases, peersIn } from './case.ts';
import {
  afterwards,
  cut,
  flipped,
  inPlaintext,
  messageAfterwards,
  onSending,
  record,
  recordAfterwards,
  recordsBefore,
  shortMessage,
} from './deeds.ts';
import type { FlowName } from './flows.ts';
import type { Deed, Peer } from './peer.ts';
import {
  BAD_MAC,
  CHANGE_CIPHER_SPEC,
  DECODE,
  EMPTY_FRAGMENT,
  EMPTY_RECORDS,
  ENDED,
  ILLEGAL,
  INTERLEAVED,
  OVERFLOW,
  RECORD_TYPE,
  RECORD_VERSION,
  RENEGOTIATIONS,
  type Refusal,
  UNEXPECTED,
  WARNINGS,
} from './refusals.ts';

const { application_data, handshake, alert, change_cipher_spec } = ContentType;
const EMPTY = new Uint8Array();
const WORDS = Uint8Array.of(1, 2, 3);
const MAC = 'RFC 5246 section 7.2.2 "This alert is returned if a record is received with an incorrect"';
const TOO_LONG = 'RFC 5246 section 6.2.3 "The length MUST NOT exceed 2^14 + 2048"';
const times =
  (count: number, act: (peer: Peer) => void) =>
  (peer: Peer): void => {
    for (let i = 0; i < count; i++) act(peer);
  };

/** What can happen to a protected record, whatever the cipher. */
const protectedRecords: Cases = {
  [MAC]: {
    'a bit of the last byte is changed': [record('Finished', flipped(-1)), BAD_MAC],
    'a bit of the first byte is changed': [record('Finished', flipped(5)), BAD_MAC],
    'shorter than what protects it': [
      record('Finished', (bytes) => concat(recordHeader(handshake, 0x0303, 7), bytes.slice(5, 12))),
      BAD_MAC,
    ],
    'in plaintext': [inPlaintext('Finished'), BAD_MAC],
    'another number': [
      onSending('Finished', (item) => {
        if (item.key !== undefined) atOnce(item.key.seal(application_data, EMPTY, 0));
        return [{ ...item }];
      }),
      BAD_MAC,
    ],
    'as application data': [record('Finished', (bytes) => bytes.with(0, application_data)), BAD_MAC],
  },
  'RFC 5246 section 6.2.3 "version"': {
    'TLS 1.1 in its header': [record('Finished', (bytes) => bytes.with(2, 2)), RECORD_VERSION],
    'no version of TLS': [record('Finished', (bytes) => bytes.with(1, 4)), RECORD_VERSION],
  },
  [TOO_LONG]: {
    'a claim of one byte more': [
      onSending('Finished', () => [recordHeader(handshake, 0x0303, MAX_CIPHERTEXT_LENGTH_12 + 1)]),
      OVERFLOW,
    ],
  },
  'RFC 5246 section 6 "If a TLS implementation receives an unexpected record type, it MUST"': {
    heartbeat: [record('Finished', (bytes) => bytes.with(0, 24)), RECORD_TYPE],
  },
};

const CIPHERS: readonly FlowName[] = [
  'TLS 1.2',
  'TLS 1.2 with ChaCha20',
  'TLS 1.2 with CBC',
  'TLS 1.2 with CBC, encrypt-then-MAC',
];
const afterEstablished: Cases = {
  [MAC]: {
    'a bit of data is changed': [recordAfterwards(application_data, WORDS, { alter: flipped(8) }), BAD_MAC],
    'the same record twice': [
      recordAfterwards(application_data, WORDS, { alter: (bytes) => concat(bytes, bytes) }),
      BAD_MAC,
      { before: ['established', 'data'] },
    ],
    'data in plaintext': [
      afterwards((peer) => peer.raw(concat(recordHeader(application_data, 0x0303, 32), new Uint8Array(32)))),
      BAD_MAC,
    ],
    'a record of one byte': [
      afterwards((peer) => peer.raw(concat(recordHeader(application_data, 0x0303, 1), Uint8Array.of(9)))),
      BAD_MAC,
    ],
  },
  'RFC 5246 section 6.2.1 "The length MUST NOT exceed 2^14"': {
    'data of one byte more': [
      recordAfterwards(application_data, new Uint8Array(MAX_PLAINTEXT_LENGTH + 1)),
      OVERFLOW,
    ],
    'data of as many bytes': [
      recordAfterwards(application_data, new Uint8Array(MAX_PLAINTEXT_LENGTH)),
      'goes on',
    ],
  },
  'RFC 5246 section 6.2.1 "Zero-length fragments of Application data MAY"': {
    'as many as are taken': [
      afterwards(times(MAX_EMPTY_RECORDS, (peer) => peer.send(application_data, EMPTY))),
      'goes on',
    ],
    'one more': [
      afterwards(times(MAX_EMPTY_RECORDS + 1, (peer) => peer.send(application_data, EMPTY))),
      EMPTY_RECORDS,
    ],
  },
};
for (const flow of CIPHERS) {
  for (const role of ['server', 'client'] satisfies Role[])
    peersIn(flow, role, protectedRecords, afterEstablished);
}

/** The byte before the last block stands over the length of the padding (RFC 5246 section 6.2.3.2). */
for (const role of ['server', 'client'] satisfies Role[]) {
  peersIn('TLS 1.2 with CBC', role, {
    'RFC 5246 section 6.2.3.2 "Each uint8 in the padding data"': {
      'another length of the padding': [
        recordAfterwards(application_data, WORDS, { alter: flipped(-17) }),
        BAD_MAC,
      ],
      'another byte of the padding': [
        recordAfterwards(application_data, WORDS, { alter: flipped(-18) }),
        BAD_MAC,
      ],
      'a block less': [
        recordAfterwards(application_data, new Uint8Array(40), {
          alter: (bytes) =>
            concat(recordHeader(application_data, 0x0303, bytes.length - 21), bytes.slice(5, -16)),
        }),
        BAD_MAC,
      ],
      'half a block less': [
        recordAfterwards(application_data, new Uint8Array(40), {
          alter: (bytes) =>
            concat(recordHeader(application_data, 0x0303, bytes.length - 13), bytes.slice(5, -8)),
        }),
        BAD_MAC,
      ],
    },
  });
}

/** What is wrong with records in plaintext: `name` is a message of the first flight. */
function plaintextRecords(name: string): Cases {
  return {
    'RFC 5246 section 6.2.1 "The length MUST NOT exceed 2^14"': {
      'a claim of one byte more': [
        onSending(name, () => [recordHeader(handshake, 0x0303, MAX_PLAINTEXT_LENGTH + 1)]),
        OVERFLOW,
      ],
    },
    'RFC 5246 section 6.2.1 "MUST NOT send zero-length fragments of Handshake"': {
      'a handshake record': [recordsBefore(name, { content: EMPTY }), EMPTY_FRAGMENT],
      'an alert': [recordsBefore(name, { type: alert, content: EMPTY }), EMPTY_FRAGMENT],
    },
    'RFC 5246 section 6 "If a TLS implementation receives an unexpected record type, it MUST"': {
      heartbeat: [recordsBefore(name, { type: 24, content: WORDS }), RECORD_TYPE],
      'a type that nobody knows': [recordsBefore(name, { type: 80, content: WORDS }), RECORD_TYPE],
    },
    'RFC 5246 section 6.2.1 "fragmented across several records"': {
      'in single bytes': [
        onSending(name, (item) =>
          Array.from(item.content, (byte) => ({ ...item, content: Uint8Array.of(byte) })),
        ),
        'goes on',
      ],
      'with data in the middle': [cut(name, 7, { type: application_data, content: WORDS }), INTERLEAVED],
      'with a warning in the middle': [
        cut(name, 7, { type: alert, content: Uint8Array.of(1, 90) }),
        INTERLEAVED,
      ],
      'with a ChangeCipherSpec in the middle': [
        cut(name, 7, { type: change_cipher_spec, content: Uint8Array.of(1) }),
        CHANGE_CIPHER_SPEC,
      ],
    },
    ...alerts((level, description) =>
      recordsBefore(name, { type: alert, content: Uint8Array.of(level, description) }),
    ),
  };
}

const FATAL: readonly AlertName[] = [
  'unexpected_message',
  'bad_record_mac',
  'handshake_failure',
  'internal_error',
  'unknown_ca',
];
function alerts(of: (level: number, description: number) => Deed): Cases {
  const ended = (name: AlertName): readonly [Deed, Refusal] => [of(2, AlertDescription[name]), ENDED];
  return {
    'RFC 5246 section 7.2.2 "immediately close the connection"': Object.fromEntries(
      FATAL.map((name) => [name, ended(name)]),
    ),
    'RFC 5246 section 7.2.2 "If an alert with a level of warning is sent and received"': {
      no_renegotiation: [of(1, AlertDescription.no_renegotiation), 'goes on'],
      unrecognized_name: [of(1, AlertDescription.unrecognized_name), 'goes on'],
      'one that nobody knows': [of(1, 200), 'goes on'],
    },
    'RFC 5246 section 7.2 "AlertLevel"': {
      'a level of 0': [of(0, AlertDescription.internal_error), ILLEGAL],
      'a level of 3': [of(3, AlertDescription.internal_error), ILLEGAL],
    },
  };
}
peersIn('TLS 1.2', 'server', plaintextRecords('Certificate'));
peersIn('TLS 1.2', 'client', plaintextRecords('ClientKeyExchange'));

const RENEGOTIATION = 'RFC 5246 section 7.2.2 "no_renegotiation"';
for (const role of ['server', 'client'] satisfies Role[]) {
  const wish = shortMessage(role === 'server' ? HandshakeType.hello_request : HandshakeType.client_hello);
  peersIn(
    'TLS 1.2',
    role,
    alerts((level, description) => afterwards((peer) => peer.alert(level, description))),
    {
      'RFC 5246 section 7.2 "warning"': {
        'as many as are taken': [
          afterwards(times(MAX_WARNING_ALERTS - 1, (peer) => peer.alert(1, 90))),
          'goes on',
        ],
        more: [afterwards(times(MAX_WARNING_ALERTS + 1, (peer) => peer.alert(1, 90))), WARNINGS],
      },
      'RFC 5246 section 7.2 "Alert"': {
        'half of one': [recordAfterwards(alert, Uint8Array.of(1)), DECODE],
        'one and a half': [recordAfterwards(alert, Uint8Array.of(1, 90, 1)), DECODE],
      },
      'RFC 5246 section 7.2.1 "Any data received after a"': {
        'data, and nonsense': [
          afterwards((peer) => {
            peer.alert(1, 0);
            peer.send(application_data, WORDS);
            peer.raw(new Uint8Array(50).fill(99));
          }),
          'ends',
        ],
      },
      [RENEGOTIATION]: {
        'a wish for another handshake is declined': [messageAfterwards(wish), 'goes on'],
        'as many as are declined': [
          messageAfterwards(...Array.from({ length: MAX_RENEGOTIATION_ATTEMPTS }, () => wish)),
          'goes on',
        ],
        'one more': [
          messageAfterwards(...Array.from({ length: MAX_RENEGOTIATION_ATTEMPTS + 1 }, () => wish)),
          RENEGOTIATIONS,
          { alertIsUnreadable: true },
        ],
      },
      'RFC 5246 section 7.4 "sending handshake messages in an unexpected order"': {
        'a Finished': [
          messageAfterwards(shortMessage(HandshakeType.finished, ...new Uint8Array(12))),
          UNEXPECTED,
        ],
        'a Certificate': [messageAfterwards(shortMessage(HandshakeType.certificate, 0, 0, 0)), UNEXPECTED],
        'a KeyUpdate': [messageAfterwards(shortMessage(HandshakeType.key_update, 0)), UNEXPECTED],
        'a ServerHelloDone': [messageAfterwards(shortMessage(HandshakeType.server_hello_done)), UNEXPECTED],
        'a NewSessionTicket': [
          messageAfterwards(shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 0, 0, 0)),
          UNEXPECTED,
        ],
      },
      'RFC 5246 section 7.1 "change_cipher_spec"': {
        'under the keys': [recordAfterwards(change_cipher_spec, Uint8Array.of(1)), CHANGE_CIPHER_SPEC],
        'in plaintext': [
          afterwards((peer) => peer.send(change_cipher_spec, Uint8Array.of(1), { key: undefined })),
          CHANGE_CIPHER_SPEC,
        ],
      },
    },
  );
}
