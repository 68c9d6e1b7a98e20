/** Records of TLS 1.3: their headers, their keys, their padding and their lengths, in both roles. */
import {
  MAX_CHANGE_CIPHER_SPECS,
  MAX_CIPHERTEXT_LENGTH,
  MAX_EMPTY_RECORDS,
  MAX_HANDSHAKE_MESSAGE_LENGTH,
  MAX_PLAINTEXT_LENGTH,
} from '../../src/policy/limits.ts';
import { recordHeader } from '../../src/record/framing.ts';
import type { Role } from '../../src/trace/events.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { atOnce } from '../support/puppet.ts';
import { type Cases, peersIn } from './case.ts';
import {
  afterwards,
  cut,
  flipped,
  inPlaintext,
  onSending,
  padded,
  record,
  recordAfterwards,
  recordsBefore,
} from './deeds.ts';
import type { Deed, Peer } from './peer.ts';
import {
  BAD_MAC,
  CHANGE_CIPHER_SPEC,
  EMPTY_FRAGMENT,
  EMPTY_RECORDS,
  EXCESS,
  INTERLEAVED,
  NO_TYPE,
  OVERFLOW,
  RECORD_TYPE,
  RECORD_VERSION,
  TOO_LARGE,
} from './refusals.ts';

const { application_data, handshake, alert, change_cipher_spec } = ContentType;
const EMPTY = new Uint8Array();
const DATA = Uint8Array.of(1, 2, 3);
const CCS = { type: change_cipher_spec, content: Uint8Array.of(1), key: undefined };
const FAILS = 'RFC 9846 section 5.2 "If the decryption fails, the receiver MUST terminate the connection"';
const TOO_LONG =
  'RFC 9846 section 5.2 "receives a record that exceeds this length MUST terminate the connection", "The length MUST NOT exceed 2^14 + 256 bytes", "larger than 2^14 + 256 octets MUST terminate the connection"';
const ORDER =
  'RFC 9846 section 5.3 "the first record transmitted under a particular traffic key MUST use sequence number 0"';

/** Seals one record that nobody gets, so that the next one has the wrong number. */
const numberSkipped = (name: string): Deed =>
  onSending(name, (item) => {
    if (item.key !== undefined) atOnce(item.key.seal(application_data, EMPTY, 0));
    return [{ ...item }];
  });

/** The header says so many bytes, and some of them are there. */
const claiming = (name: string, type: number, length: number): Deed =>
  onSending(name, () => [recordHeader(type, 0x0303, length)]);

/** What can be wrong with the record of a protected message; the name is that of one. */
function handshakeRecords(name: string): Cases {
  return {
    [FAILS]: {
      'a bit of the tag is changed': [record(name, flipped(-1)), BAD_MAC],
      'a bit of the ciphertext is changed': [record(name, flipped(5)), BAD_MAC],
      'the record is a byte shorter, and its header says so': [record(name, resized(-1)), BAD_MAC],
      'the record is a byte longer, and its header says so': [record(name, resized(1)), BAD_MAC],
      'the record is shorter than a tag': [
        record(name, (bytes) => concat(recordHeader(23, 0x0303, 15), bytes.slice(5, 20))),
        BAD_MAC,
      ],
      'the record is empty': [record(name, () => recordHeader(23, 0x0303, 0)), BAD_MAC],
      'the same record twice': [
        onSending(name, (item) => [{ ...item, alter: (bytes) => concat(bytes, bytes) }]),
        BAD_MAC,
        repeated(name),
      ],
      'in plaintext': [inPlaintext(name), BAD_MAC],
      'the outer type is that of the inner one': [record(name, (bytes) => bytes.with(0, handshake)), BAD_MAC],
    },
    [ORDER]: { 'a number is left out': [numberSkipped(name), BAD_MAC] },
    'RFC 9846 section 5.2 "legacy_record_version"': {
      'TLS 1.0 in the header of a protected record': [
        record(name, (bytes) => bytes.with(2, 1)),
        RECORD_VERSION,
      ],
      'no version of TLS at all': [record(name, (bytes) => bytes.with(1, 9)), RECORD_VERSION],
    },
    'RFC 9846 section 5 "If a TLS implementation receives an unexpected record type"': {
      'heartbeat outside': [record(name, (bytes) => bytes.with(0, 24)), RECORD_TYPE],
      'a type that nobody knows outside': [record(name, (bytes) => bytes.with(0, 99)), RECORD_TYPE],
      'heartbeat inside': [recordsBefore(name, { type: 24, content: DATA }), RECORD_TYPE],
      'the invalid type 255 inside': [recordsBefore(name, { type: 255, content: DATA }), RECORD_TYPE],
    },
    'RFC 9846 section 5.4 "does not find a non-zero octet in the cleartext"': {
      'padding alone': [recordsBefore(name, { type: 0, content: EMPTY, padding: 20 }), NO_TYPE],
      'one zero': [recordsBefore(name, { type: 0, content: EMPTY }), NO_TYPE],
    },
    'RFC 9846 section 5.4 "Implementations MUST NOT send Handshake and Alert records that have a", "the receiving implementation MUST terminate the connection with an unexpected_message alert"':
      {
        'a handshake record': [recordsBefore(name, { type: handshake, content: EMPTY }), EMPTY_FRAGMENT],
        'a handshake record with padding': [
          recordsBefore(name, { type: handshake, content: EMPTY, padding: 9 }),
          EMPTY_FRAGMENT,
        ],
        'an alert record': [recordsBefore(name, { type: alert, content: EMPTY }), EMPTY_FRAGMENT],
      },
    [TOO_LONG]: {
      'a claim of one byte more': [claiming(name, application_data, MAX_CIPHERTEXT_LENGTH + 1), OVERFLOW],
      'a claim of all that fits the field': [claiming(name, application_data, 0xffff), OVERFLOW],
    },
    'RFC 9846 section 5.4 "the full encoded TLSInnerPlaintext MUST NOT exceed"': {
      'content and padding of one byte more': [padded(name, MAX_PLAINTEXT_LENGTH), OVERFLOW],
    },
    'RFC 9846 section 5.4 "padding"': { 'a thousand bytes': [padded(name, 1000), 'goes on'] },
    'RFC 9846 section 5.1 "there MUST NOT be any other records between them"': {
      'a ChangeCipherSpec in the middle of a message': [cut(name, 5, CCS), INTERLEAVED],
      'user_canceled in the middle of a message': [
        cut(name, 5, { type: alert, content: Uint8Array.of(1, 90) }),
        INTERLEAVED,
      ],
      'data in the middle of a message': [
        cut(name, 5, { type: application_data, content: DATA }),
        INTERLEAVED,
      ],
    },
    'RFC 9846 section 5.1 "fragmented across several records"': {
      'in single bytes': [
        onSending(name, (item) =>
          Array.from(item.content, (byte) => ({ ...item, content: Uint8Array.of(byte) })),
        ),
        'goes on',
      ],
      'its header in two': [cut(name, 2), 'goes on'],
    },
    'RFC 9846 section 4 "uint24 length"': {
      'a message that claims more than is taken': [
        recordsBefore(name, { content: claim(HandshakeType.finished, MAX_HANDSHAKE_MESSAGE_LENGTH + 1) }),
        TOO_LARGE,
      ],
      'a message that claims all that fits the field': [
        recordsBefore(name, { content: claim(HandshakeType.certificate, 0xffffff) }),
        TOO_LARGE,
      ],
    },
    'RFC 9846 section 5 "receives any other change_cipher_spec value"': {
      'a 2': [recordsBefore(name, { ...CCS, content: Uint8Array.of(2) }), CHANGE_CIPHER_SPEC],
      'a 1 and a 1': [recordsBefore(name, { ...CCS, content: Uint8Array.of(1, 1) }), CHANGE_CIPHER_SPEC],
    },
    'RFC 9846 section 5 "and MUST simply drop it without further processing"': {
      'as many as are taken': [
        recordsBefore(name, ...Array.from({ length: MAX_CHANGE_CIPHER_SPECS - 1 }, () => CCS)),
        'goes on',
      ],
      'one more than that': [
        recordsBefore(name, ...Array.from({ length: MAX_CHANGE_CIPHER_SPECS + 1 }, () => CCS)),
        CHANGE_CIPHER_SPEC,
      ],
    },
  };
}

/** A record that came twice was read once: what the victim was told before it noticed. */
function repeated(name: string) {
  return name === 'Finished' ? { before: ['established'] } : {};
}

const claim = (type: number, length: number): Uint8Array =>
  Uint8Array.of(type, length >> 16, (length >> 8) & 255, length & 255);

/** The record is so much longer, in truth and in its header. */
function resized(by: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const length = bytes.length - 5 + by;
    return concat(
      recordHeader(23, 0x0303, length),
      bytes.slice(5, 5 + length),
      new Uint8Array(Math.max(0, by)),
    );
  };
}

peersIn('TLS 1.3', 'server', handshakeRecords('EncryptedExtensions'));
peersIn('TLS 1.3', 'client', handshakeRecords('Finished'));

/** A record under keys that were in use before. */
const underFormerKey = (peer: Peer): void => {
  peer.send(application_data, DATA, { key: peer.keys[0] });
};

const data = (
  content: Uint8Array,
  more: { padding?: number; alter?: (bytes: Uint8Array) => Uint8Array } = {},
): Deed => recordAfterwards(application_data, content, more);

const afterEstablished: Cases = {
  [FAILS]: {
    'a bit of the tag is changed in data': [data(DATA, { alter: flipped(-1) }), BAD_MAC],
    'a bit of the ciphertext is changed in data': [data(DATA, { alter: flipped(5) }), BAD_MAC],
    'data in plaintext': [
      afterwards((peer) => peer.raw(concat(recordHeader(application_data, 0x0303, 3), DATA))),
      BAD_MAC,
    ],
    'data under the keys of the handshake': [afterwards(underFormerKey), BAD_MAC],
    'a record with another length in its header': [
      data(DATA, { alter: (bytes) => bytes.with(4, (bytes[4] as number) - 1) }),
      BAD_MAC,
    ],
    'an alert in plaintext': [
      afterwards((peer) => peer.send(alert, Uint8Array.of(1, 0), { key: undefined })),
      BAD_MAC,
    ],
    'handshake data in plaintext': [
      afterwards((peer) => peer.send(handshake, Uint8Array.of(24, 0, 0, 1, 0), { key: undefined })),
      BAD_MAC,
    ],
    'two records in the wrong order': [afterwards(swapped), BAD_MAC],
  },
  'RFC 9846 section 5 "after the peer\'s Finished message"': {
    'a ChangeCipherSpec': [
      afterwards((peer) => peer.send(change_cipher_spec, Uint8Array.of(1), { key: undefined })),
      CHANGE_CIPHER_SPEC,
    ],
    'a protected ChangeCipherSpec': [
      recordAfterwards(change_cipher_spec, Uint8Array.of(1)),
      CHANGE_CIPHER_SPEC,
    ],
  },
  'RFC 9846 section 5 "If a TLS implementation receives an unexpected record type"': {
    heartbeat: [recordAfterwards(24, DATA), RECORD_TYPE],
    'a type that nobody knows': [recordAfterwards(100, DATA), RECORD_TYPE],
  },
  'RFC 9846 section 5.4 "does not find a non-zero octet in the cleartext"': {
    'padding alone': [recordAfterwards(0, EMPTY, { padding: 100 }), NO_TYPE],
  },
  'RFC 9846 section 5.4 "the full encoded TLSInnerPlaintext MUST NOT exceed"': {
    'data of one byte more': [data(new Uint8Array(MAX_PLAINTEXT_LENGTH + 1)), OVERFLOW],
    'data of as many bytes, with a byte of padding': [
      data(new Uint8Array(MAX_PLAINTEXT_LENGTH), { padding: 1 }),
      OVERFLOW,
    ],
    'data of as many bytes': [data(new Uint8Array(MAX_PLAINTEXT_LENGTH)), 'goes on'],
  },
  'RFC 9846 section 5.1 "Zero-length fragments of Application Data"': {
    'as many as are taken': [
      afterwards(times(MAX_EMPTY_RECORDS, (peer) => peer.send(application_data, EMPTY))),
      'goes on',
    ],
    'one more than that': [
      afterwards(times(MAX_EMPTY_RECORDS + 1, (peer) => peer.send(application_data, EMPTY))),
      EMPTY_RECORDS,
    ],
  },
  'RFC 9846 section 5.4 "Implementations MUST NOT send Handshake and Alert records that have a", "the receiving implementation MUST terminate the connection with an unexpected_message alert"':
    {
      'an empty handshake record': [recordAfterwards(handshake, EMPTY), EMPTY_FRAGMENT],
      'an empty alert': [recordAfterwards(alert, EMPTY), EMPTY_FRAGMENT],
    },
  'RFC 9846 section 5.1 "there MUST NOT be any other records between them"': {
    'data in the middle of a KeyUpdate': [
      afterwards((peer) => {
        peer.send(handshake, Uint8Array.of(24, 0));
        peer.send(application_data, DATA);
      }),
      INTERLEAVED,
    ],
  },
  'RFC 9846 section 4.7.3 "both sides MUST enforce that a KeyUpdate with the old key is received before accepting any messages encrypted with the new key"':
    {
      'the new key without a KeyUpdate': [updatedWithoutTelling(), BAD_MAC],
      'the old key after a KeyUpdate': [
        afterwards((peer) => {
          const key = peer.key;
          peer.updateKeys();
          peer.send(application_data, DATA, { key });
        }),
        BAD_MAC,
      ],
    },
  'RFC 9846 section 5.1 "a record boundary; if not, then they MUST terminate the connection"': {
    'another message behind a KeyUpdate': [
      recordAfterwards(handshake, Uint8Array.of(24, 0, 0, 1, 0, 24, 0, 0, 1, 0)),
      EXCESS,
    ],
    'another message begins behind a KeyUpdate': [
      recordAfterwards(handshake, Uint8Array.of(24, 0, 0, 1, 0, 24)),
      EXCESS,
    ],
  },
};

function times(count: number, act: (peer: Peer) => void): (peer: Peer) => void {
  return (peer) => {
    for (let i = 0; i < count; i++) act(peer);
  };
}

/** The second of two records before the first. */
function swapped(peer: Peer): void {
  const { key } = peer;
  if (key === undefined) throw new Error('there is no key');
  const sealed = [DATA, DATA].map((content) => atOnce(key.seal(application_data, content, 0)));
  for (const { header, fragment } of sealed.toReversed()) peer.raw(concat(header, fragment));
}

function updatedWithoutTelling(): Deed {
  return {
    sending: (item) => (item.name === 'KeyUpdate' ? [] : [item]),
    afterwards: (peer) => peer.updateKeys(),
  };
}

for (const role of ['server', 'client'] satisfies Role[]) peersIn('TLS 1.3', role, afterEstablished);
