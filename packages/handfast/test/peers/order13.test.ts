/** Messages of TLS 1.3 dropped, repeated, exchanged, or out of their place. */
import type { Role } from '../../src/trace/events.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { type Cases, peersIn } from './case.ts';
import {
  before,
  behind,
  dropped,
  instead,
  late,
  message,
  recordsBefore,
  recordsBehind,
  shortMessage,
  twice,
  withMoreInRecord,
} from './deeds.ts';
import {
  BAD_FINISHED,
  BAD_MAC,
  BAD_SIGNATURE,
  CHANGE_CIPHER_SPEC,
  DATA,
  EXCESS,
  UNEXPECTED,
} from './refusals.ts';

const ORDER = 'RFC 9846 section 4 "A peer which receives a handshake message in an unexpected order"';
const KEY_UPDATE = shortMessage(HandshakeType.key_update, 0);
const TICKET = message(
  HandshakeType.new_session_ticket,
  Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 1, 1, 1, 0, 1, 7, 0, 0),
);
const CERTIFICATE_REQUEST = message(
  HandshakeType.certificate_request,
  Uint8Array.of(0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3),
);
const NO_CERTIFICATE = message(HandshakeType.certificate, new Uint8Array(4));

/** Every message that has no place in front of this one. */
function strangersBefore(name: string, more: Readonly<Record<string, Uint8Array>> = {}): Cases {
  const strangers: Readonly<Record<string, Uint8Array>> = {
    'a message that nobody knows': shortMessage(99, 1, 2),
    HelloRequest: shortMessage(HandshakeType.hello_request),
    ServerHelloDone: shortMessage(HandshakeType.server_hello_done),
    EndOfEarlyData: shortMessage(HandshakeType.end_of_early_data),
    'an empty ClientHello': shortMessage(HandshakeType.client_hello),
    CertificateStatus: shortMessage(HandshakeType.certificate_status, 1),
    message_hash: message(HandshakeType.message_hash, new Uint8Array(32)),
    ...more,
  };
  const cases = Object.entries(strangers).map(
    ([stranger, bytes]) => [`${stranger} before ${name}`, [before(name, bytes), UNEXPECTED]] as const,
  );
  return { [ORDER]: Object.fromEntries(cases) };
}

const BEFORE_FINISHED =
  'RFC 9846 section 4.7.3 "receive a KeyUpdate message prior to receiving a Finished message"';
const MUST_FOLLOW =
  'RFC 9846 section 4.4.1 "the server MUST send the EncryptedExtensions message immediately after the ServerHello"';
const VERIFY_PLACE =
  'RFC 9846 section 4.5.2 "MUST appear immediately after the Certificate message and immediately prior to the Finished message"';

peersIn(
  'TLS 1.3',
  'server',
  {
    [MUST_FOLLOW]: {
      'it is left out': [dropped('EncryptedExtensions'), UNEXPECTED],
      'it comes after Certificate': [late('EncryptedExtensions'), UNEXPECTED],
    },
    [ORDER]: {
      'EncryptedExtensions twice': [twice('EncryptedExtensions'), UNEXPECTED],
      'Certificate twice': [twice('Certificate'), UNEXPECTED],
      'CertificateVerify twice': [twice('CertificateVerify'), UNEXPECTED],
      'Certificate after CertificateVerify': [late('Certificate'), UNEXPECTED],
      'no ServerHello': [dropped('ServerHello'), DATA],
      'ServerHello twice': [twice('ServerHello'), BAD_MAC],
    },
    [VERIFY_PLACE]: {
      'after Finished': [late('CertificateVerify'), UNEXPECTED],
    },
    'RFC 9846 section 4.5.3 "Finished"': {
      'it never comes, and data does': [dropped('Finished'), 'waits'],
    },
  },
  strangersBefore('EncryptedExtensions', {
    KeyUpdate: KEY_UPDATE,
    NewSessionTicket: TICKET,
    CertificateRequest: CERTIFICATE_REQUEST,
  }),
  strangersBefore('Certificate', { NewSessionTicket: TICKET }),
  strangersBefore('CertificateVerify', {
    NewSessionTicket: TICKET,
    CertificateRequest: CERTIFICATE_REQUEST,
  }),
  strangersBefore('Finished', { NewSessionTicket: TICKET, CertificateRequest: CERTIFICATE_REQUEST }),
  {
    [BEFORE_FINISHED]: {
      'before Certificate': [before('Certificate', KEY_UPDATE), UNEXPECTED],
      'before CertificateVerify': [before('CertificateVerify', KEY_UPDATE), UNEXPECTED],
      'before Finished': [before('Finished', KEY_UPDATE), UNEXPECTED],
    },
    'RFC 9846 section 4.6 "Servers MUST NOT send this message, and clients receiving it MUST terminate the connection with an unexpected_message alert"':
      {
        'EndOfEarlyData in place of EncryptedExtensions': [
          instead('EncryptedExtensions', shortMessage(HandshakeType.end_of_early_data)),
          UNEXPECTED,
        ],
      },
    'RFC 9846 section 4.4.2 "This message, if sent, MUST follow EncryptedExtensions"': {
      'it follows Certificate': [behind('Certificate', CERTIFICATE_REQUEST), UNEXPECTED],
    },
    'RFC 9846 section 5.1 "Handshake messages MUST NOT span key changes"': {
      'EncryptedExtensions begin in the record of the ServerHello': [
        withMoreInRecord('ServerHello', Uint8Array.of(8)),
        EXCESS,
      ],
    },
    'RFC 9846 section 5.1 "Implementations MUST verify that all messages immediately preceding a key change align with a record boundary"':
      {
        'a ticket begins in the record of Finished': [
          withMoreInRecord('Finished', Uint8Array.of(4, 0)),
          EXCESS,
        ],
        'a whole ticket in the record of Finished': [withMoreInRecord('Finished', TICKET), EXCESS],
      },
    'RFC 9846 section 4 "in an unexpected order"': {
      'application data before Certificate': [
        recordsBefore('Certificate', { type: ContentType.application_data, content: Uint8Array.of(1) }),
        DATA,
      ],
      'application data before Finished': [
        recordsBefore('Finished', { type: ContentType.application_data, content: Uint8Array.of(1) }),
        DATA,
      ],
    },
    'RFC 9846 section 5 "receives a protected change_cipher_spec record"': {
      'before Certificate': [
        recordsBefore('Certificate', { type: ContentType.change_cipher_spec, content: Uint8Array.of(1) }),
        CHANGE_CIPHER_SPEC,
      ],
    },
    'RFC 9846 section 5 "receives any other change_cipher_spec value"': {
      'two of them in one': [
        recordsBehind('ServerHello', { type: ContentType.change_cipher_spec, content: Uint8Array.of(1, 1) }),
        CHANGE_CIPHER_SPEC,
      ],
    },
    'RFC 9846 section 5 "and MUST simply drop it without further processing"': {
      'three more before Certificate': [
        recordsBefore(
          'Certificate',
          ...Array.from({ length: 3 }, () => ({
            type: ContentType.change_cipher_spec,
            content: Uint8Array.of(1),
            key: undefined,
          })),
        ),
        'goes on',
      ],
    },
  },
);

const CLIENT_MUST = 'RFC 9846 section 4.5.1 "if and only if the server has requested"';

peersIn(
  'TLS 1.3',
  'client',
  {
    'RFC 9846 section 4.5.3 "Finished"': {
      'it never comes, and data does': [dropped('Finished'), BAD_MAC],
    },
    [CLIENT_MUST]: {
      'a Certificate that nobody asked for': [before('Finished', NO_CERTIFICATE), UNEXPECTED],
      'a CertificateVerify that nobody asked for': [
        before('Finished', message(HandshakeType.certificate_verify, Uint8Array.of(4, 3, 0, 0))),
        UNEXPECTED,
      ],
    },
    [BEFORE_FINISHED]: {
      'a KeyUpdate first': [before('Finished', KEY_UPDATE), UNEXPECTED],
    },
  },
  strangersBefore('Finished', { NewSessionTicket: TICKET, CertificateRequest: CERTIFICATE_REQUEST }),
  {
    'RFC 9846 section 4.6 "then the client MUST NOT send an EndOfEarlyData message"': {
      'it does, in place of Finished': [
        instead('Finished', shortMessage(HandshakeType.end_of_early_data)),
        UNEXPECTED,
      ],
    },
    'RFC 9846 section 5.1 "Implementations MUST verify that all messages immediately preceding a key change align with a record boundary"':
      {
        'a KeyUpdate in the record of Finished': [withMoreInRecord('Finished', KEY_UPDATE), EXCESS],
        'a message begins in the record of Finished': [
          withMoreInRecord('Finished', Uint8Array.of(24)),
          EXCESS,
        ],
      },
    'RFC 9846 section 5 "receives a protected change_cipher_spec record"': {
      'before Finished': [
        recordsBefore('Finished', { type: ContentType.change_cipher_spec, content: Uint8Array.of(1) }),
        CHANGE_CIPHER_SPEC,
      ],
    },
    'RFC 9846 section 4 "in an unexpected order"': {
      'application data before Finished': [
        recordsBefore('Finished', { type: ContentType.application_data, content: Uint8Array.of(1) }),
        DATA,
      ],
    },
    [ORDER]: {
      'Finished twice': [twice('Finished'), BAD_MAC, { before: ['established'] }],
    },
  },
);

/** A client's flight with its certificate. */
peersIn(
  'TLS 1.3 with a client certificate',
  'client',
  {
    [CLIENT_MUST]: {
      'it sends none, and no CertificateVerify': [{ sending: withoutProof }, UNEXPECTED],
    },
    [ORDER]: {
      'Certificate twice': [twice('Certificate'), UNEXPECTED],
      'CertificateVerify twice': [twice('CertificateVerify'), UNEXPECTED],
      'Certificate after CertificateVerify': [late('Certificate'), UNEXPECTED],
      'Finished before Certificate': [
        before('Certificate', message(HandshakeType.finished, new Uint8Array(32))),
        UNEXPECTED,
      ],
      'Finished before CertificateVerify': [
        before('CertificateVerify', message(HandshakeType.finished, new Uint8Array(32))),
        UNEXPECTED,
      ],
    },
    [VERIFY_PLACE]: {
      'after Finished': [late('CertificateVerify'), UNEXPECTED],
    },
  },
  strangersBefore('Certificate', { KeyUpdate: KEY_UPDATE }),
  strangersBefore('CertificateVerify', { KeyUpdate: KEY_UPDATE }),
);

/** Drops the client's certificate and what proves it. */
function withoutProof<T extends { readonly name: string }>(item: T): readonly T[] {
  return item.name === 'Certificate' || item.name === 'CertificateVerify' ? [] : [item];
}

peersIn('TLS 1.3 with a client certificate', 'server', {
  'RFC 9846 section 4.4.2 "This message, if sent, MUST follow EncryptedExtensions"': {
    'it comes before them': [late('EncryptedExtensions'), UNEXPECTED],
  },
  [ORDER]: {
    'CertificateRequest twice': [twice('CertificateRequest'), UNEXPECTED],
    'CertificateRequest after Certificate': [late('CertificateRequest'), UNEXPECTED],
  },
  'RFC 9846 section 4.1 "The Transcript Hash"': {
    'CertificateRequest was never sent, and counts in the transcript': [
      dropped('CertificateRequest'),
      BAD_SIGNATURE,
    ],
  },
});

const RESUMING: readonly [
  'TLS 1.3 resumed',
  'TLS 1.3 with an external key',
  'TLS 1.3 with an external key alone',
] = ['TLS 1.3 resumed', 'TLS 1.3 with an external key', 'TLS 1.3 with an external key alone'];
for (const flow of RESUMING) {
  const role: Role = 'server';
  peersIn(flow, role, {
    [flow === 'TLS 1.3 resumed'
      ? 'RFC 9846 section 4.4.2 "which are authenticating with a resumption PSK MUST NOT send the CertificateRequest"'
      : 'RFC 9846 section 4.4.2 "which are authenticating with an external PSK MUST NOT send the CertificateRequest"']:
      {
        'it does': [behind('EncryptedExtensions', CERTIFICATE_REQUEST), UNEXPECTED],
      },
    'RFC 9846 section 2.2 "does not send a Certificate"': {
      'a Certificate beside the pre-shared key': [before('Finished', NO_CERTIFICATE), UNEXPECTED],
    },
    [ORDER]: {
      'CertificateVerify beside the pre-shared key': [
        before('Finished', message(HandshakeType.certificate_verify, Uint8Array.of(4, 3, 0, 0))),
        UNEXPECTED,
      ],
    },
    [MUST_FOLLOW]: {
      'it is left out': [dropped('EncryptedExtensions'), UNEXPECTED],
    },
    'RFC 9846 section 4.5.3 "Recipients of Finished messages MUST verify that the contents are correct", "if incorrect MUST terminate the connection with a decrypt_error alert"':
      {
        zeros: [instead('Finished', message(HandshakeType.finished, new Uint8Array(32))), BAD_FINISHED],
      },
  });
  peersIn(flow, 'client', {
    [CLIENT_MUST]: {
      'a Certificate beside the pre-shared key': [before('Finished', NO_CERTIFICATE), UNEXPECTED],
    },
    'RFC 9846 section 4.5.3 "Recipients of Finished messages MUST verify that the contents are correct", "if incorrect MUST terminate the connection with a decrypt_error alert"':
      {
        zeros: [instead('Finished', message(HandshakeType.finished, new Uint8Array(32))), BAD_FINISHED],
      },
  });
}
