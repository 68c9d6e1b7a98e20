/** Messages of TLS 1.2 dropped, repeated, exchanged or out of their place, and ChangeCipherSpec among them. */
import { MAX_RENEGOTIATION_ATTEMPTS } from '../../src/policy/limits.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { type Cases, peersIn } from './case.ts';
import {
  before,
  behind,
  dropped,
  instead,
  late,
  message,
  onSending,
  recordsBefore,
  recordsBehind,
  shortMessage,
  twice,
  withMoreInRecord,
} from './deeds.ts';
import { CHANGE_CIPHER_SPEC, DATA, DECODE, EXCESS, RENEGOTIATIONS, UNEXPECTED } from './refusals.ts';

const ORDER = 'RFC 5246 section 7.4 "sending handshake messages in an unexpected order"';
const CHANGE = 'RFC 5246 section 7.1 "change_cipher_spec"';
const FINISHED = 'RFC 5246 section 7.4.9 "It is a fatal error if a Finished message is not preceded by a"';
const ONE = Uint8Array.of(1);
const CCS = { type: ContentType.change_cipher_spec, content: ONE, key: undefined };
const HELLO_REQUEST = shortMessage(HandshakeType.hello_request);
const FAKE_FINISHED = message(HandshakeType.finished, new Uint8Array(12));
const EMPTY_CERTIFICATE = message(HandshakeType.certificate, new Uint8Array(3));
const VERIFY = shortMessage(HandshakeType.certificate_verify, 4, 3, 0, 0);

function strangersBefore(name: string, more: Readonly<Record<string, Uint8Array>> = {}): Cases {
  const strangers: Readonly<Record<string, Uint8Array>> = {
    'a message that nobody knows': shortMessage(99, 1),
    EncryptedExtensions: shortMessage(HandshakeType.encrypted_extensions, 0, 0),
    KeyUpdate: shortMessage(HandshakeType.key_update, 0),
    NewSessionTicket: shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 0, 0, 0),
    message_hash: message(HandshakeType.message_hash, new Uint8Array(32)),
    CertificateURL: shortMessage(HandshakeType.certificate_url, 0),
    ...more,
  };
  const cases = Object.entries(strangers).map(
    ([stranger, bytes]) => [`${stranger} before ${name}`, [before(name, bytes), UNEXPECTED]] as const,
  );
  return { [ORDER]: Object.fromEntries(cases) };
}

peersIn(
  'TLS 1.2',
  'server',
  strangersBefore('Certificate', {
    Finished: FAKE_FINISHED,
    ServerHelloDone: shortMessage(HandshakeType.server_hello_done),
    CertificateStatus: shortMessage(HandshakeType.certificate_status, 1, 0, 0, 1, 1),
  }),
  strangersBefore('ServerKeyExchange', {
    Finished: FAKE_FINISHED,
    CertificateStatus: shortMessage(HandshakeType.certificate_status, 1, 0, 0, 1, 1),
  }),
  strangersBefore('ServerHelloDone', {
    Finished: FAKE_FINISHED,
    ClientKeyExchange: shortMessage(HandshakeType.client_key_exchange, 0),
  }),
  {
    'RFC 5246 section 7.4 "in the order they"': {
      'no Certificate': [dropped('Certificate'), UNEXPECTED],
      'no ServerKeyExchange': [dropped('ServerKeyExchange'), UNEXPECTED],
      'no ServerHelloDone': [dropped('ServerHelloDone'), 'waits'],
      'no ServerHello': [dropped('ServerHello'), UNEXPECTED],
      'ServerHello twice': [twice('ServerHello'), UNEXPECTED],
      'Certificate twice': [twice('Certificate'), UNEXPECTED],
      'ServerKeyExchange twice': [twice('ServerKeyExchange'), UNEXPECTED],
      'ServerKeyExchange before Certificate': [late('Certificate'), UNEXPECTED],
      'ServerHelloDone before ServerKeyExchange': [late('ServerKeyExchange'), UNEXPECTED],
    },
    [FINISHED]: {
      'no ChangeCipherSpec': [dropped('ChangeCipherSpec'), UNEXPECTED],
      'neither, and data comes': [
        { sending: (item) => (item.name === 'ChangeCipherSpec' || item.name === 'Finished' ? [] : [item]) },
        DATA,
      ],
      'Finished in plaintext before it': [
        recordsBefore('ChangeCipherSpec', { type: ContentType.handshake, content: FAKE_FINISHED }),
        UNEXPECTED,
      ],
    },
    [CHANGE]: {
      'first of all': [recordsBefore('ServerHello', CCS), CHANGE_CIPHER_SPEC],
      'before Certificate': [recordsBefore('Certificate', CCS), CHANGE_CIPHER_SPEC],
      'before ServerHelloDone': [recordsBefore('ServerHelloDone', CCS), CHANGE_CIPHER_SPEC],
      'behind ServerHelloDone': [recordsBehind('ServerHelloDone', CCS), CHANGE_CIPHER_SPEC],
      twice: [twice('ChangeCipherSpec'), CHANGE_CIPHER_SPEC],
      'of another value': [
        onSending('ChangeCipherSpec', (item) => [{ ...item, content: Uint8Array.of(2) }]),
        CHANGE_CIPHER_SPEC,
      ],
      'of two bytes': [
        onSending('ChangeCipherSpec', (item) => [{ ...item, content: Uint8Array.of(1, 1) }]),
        CHANGE_CIPHER_SPEC,
      ],
    },
    'RFC 5246 section 7.4.1.1 "This message will be ignored by the client if the client is"': {
      'a HelloRequest before Certificate': [before('Certificate', HELLO_REQUEST), 'goes on'],
      'as many as are taken': [
        before('Certificate', ...Array.from({ length: MAX_RENEGOTIATION_ATTEMPTS }, () => HELLO_REQUEST)),
        'goes on',
      ],
      'one more': [
        before('Certificate', ...Array.from({ length: MAX_RENEGOTIATION_ATTEMPTS + 1 }, () => HELLO_REQUEST)),
        RENEGOTIATIONS,
      ],
      'one with a byte in it': [before('Certificate', shortMessage(HandshakeType.hello_request, 0)), DECODE],
    },
    'RFC 5246 section 6.2.1 "Client message boundaries are not preserved"': {
      'another message behind ServerHelloDone': [withMoreInRecord('ServerHelloDone', HELLO_REQUEST), EXCESS],
      'a message begins behind ServerHelloDone': [withMoreInRecord('ServerHelloDone', ONE), EXCESS],
      'a message begins behind Finished': [withMoreInRecord('Finished', ONE), EXCESS],
    },
    'RFC 5246 section 7.4.9 "application data"': {
      'data before Certificate': [
        recordsBefore('Certificate', { type: ContentType.application_data, content: ONE }),
        DATA,
      ],
      'data before Finished': [
        recordsBefore('Finished', { type: ContentType.application_data, content: ONE }),
        DATA,
      ],
    },
  },
);

peersIn(
  'TLS 1.2',
  'client',
  strangersBefore('ClientKeyExchange', {
    Finished: FAKE_FINISHED,
    Certificate: EMPTY_CERTIFICATE,
    CertificateVerify: VERIFY,
    HelloRequest: HELLO_REQUEST,
  }),
  {
    'RFC 5246 section 7.4 "in the order they"': {
      'no ClientKeyExchange': [dropped('ClientKeyExchange'), CHANGE_CIPHER_SPEC],
      'ClientKeyExchange twice': [twice('ClientKeyExchange'), UNEXPECTED],
      'a CertificateVerify that nobody asked for': [behind('ClientKeyExchange', VERIFY), UNEXPECTED],
      'ClientHello twice': [twice('ClientHello'), UNEXPECTED],
    },
    [FINISHED]: {
      'no ChangeCipherSpec': [dropped('ChangeCipherSpec'), UNEXPECTED],
      'Finished in plaintext before it': [
        recordsBefore('ChangeCipherSpec', { type: ContentType.handshake, content: FAKE_FINISHED }),
        UNEXPECTED,
      ],
      'Finished never comes, and data does': [dropped('Finished'), 'waits'],
    },
    [CHANGE]: {
      'first of all': [recordsBefore('ClientHello', CCS), CHANGE_CIPHER_SPEC],
      'behind ClientHello': [recordsBehind('ClientHello', CCS), CHANGE_CIPHER_SPEC],
      'before ClientKeyExchange': [recordsBefore('ClientKeyExchange', CCS), CHANGE_CIPHER_SPEC],
      twice: [twice('ChangeCipherSpec'), CHANGE_CIPHER_SPEC],
      'of another value': [
        onSending('ChangeCipherSpec', (item) => [{ ...item, content: Uint8Array.of(0) }]),
        CHANGE_CIPHER_SPEC,
      ],
    },
    'RFC 5246 section 7.4.9 "application data"': {
      'data before ClientKeyExchange': [
        recordsBefore('ClientKeyExchange', { type: ContentType.application_data, content: ONE }),
        DATA,
      ],
      'data before Finished': [
        recordsBefore('Finished', { type: ContentType.application_data, content: ONE }),
        DATA,
      ],
    },
    'RFC 5246 section 6.2.1 "Client message boundaries are not preserved"': {
      'a message behind ClientKeyExchange': [withMoreInRecord('ClientKeyExchange', FAKE_FINISHED), EXCESS],
      'a message begins behind ClientHello': [withMoreInRecord('ClientHello', ONE), EXCESS],
    },
  },
);

peersIn('TLS 1.2 with a client certificate', 'client', {
  'RFC 5246 section 7.4.6 "This is the first message the client can send after receiving a"': {
    'no Certificate': [dropped('Certificate'), UNEXPECTED],
    'Certificate twice': [twice('Certificate'), UNEXPECTED],
    'Certificate after ClientKeyExchange': [late('Certificate'), UNEXPECTED],
  },
  'RFC 5246 section 7.4.8 "it MUST immediately follow"': {
    'no CertificateVerify': [dropped('CertificateVerify'), CHANGE_CIPHER_SPEC],
    'CertificateVerify twice': [twice('CertificateVerify'), UNEXPECTED],
    'CertificateVerify before ClientKeyExchange': [late('ClientKeyExchange'), UNEXPECTED],
  },
});
peersIn('TLS 1.2 with a client certificate', 'server', {
  'RFC 5246 section 7.4.4 "CertificateRequest"': {
    twice: [twice('CertificateRequest'), UNEXPECTED],
    'after ServerHelloDone': [late('CertificateRequest'), UNEXPECTED, { alertIsUnreadable: true }],
    'before ServerKeyExchange': [late('ServerKeyExchange'), UNEXPECTED],
    'without types': [
      instead('CertificateRequest', shortMessage(HandshakeType.certificate_request, 0, 0, 2, 4, 3, 0, 0)),
      DECODE,
    ],
    'without schemes': [
      instead('CertificateRequest', shortMessage(HandshakeType.certificate_request, 1, 64, 0, 0, 0, 0)),
      DECODE,
    ],
    'in the form of TLS 1.1': [
      instead('CertificateRequest', shortMessage(HandshakeType.certificate_request, 1, 64, 0, 0)),
      DECODE,
    ],
    'with a byte more': [
      instead(
        'CertificateRequest',
        shortMessage(HandshakeType.certificate_request, 1, 64, 0, 2, 4, 3, 0, 0, 0),
      ),
      DECODE,
    ],
  },
});
peersIn('TLS 1.2 with RSA key transport', 'server', {
  'RFC 5246 section 7.4.3 "It is not legal to send the ServerKeyExchange message"': {
    'it does': [
      before('ServerHelloDone', shortMessage(HandshakeType.server_key_exchange, 3, 0, 29, 1, 1, 4, 1, 0, 0)),
      UNEXPECTED,
    ],
  },
});
peersIn('TLS 1.2 with staples', 'server', {
  'RFC 6066 section 8 "CertificateStatus"': {
    twice: [twice('CertificateStatus'), UNEXPECTED],
    'after ServerKeyExchange': [late('CertificateStatus'), UNEXPECTED],
    'before Certificate': [late('Certificate'), UNEXPECTED],
    'of another type': [
      instead('CertificateStatus', shortMessage(HandshakeType.certificate_status, 2, 0, 0, 1, 1)),
      ['ERR_ILLEGAL_PARAMETER', 'illegal_parameter'],
    ],
    empty: [instead('CertificateStatus', shortMessage(HandshakeType.certificate_status, 1, 0, 0, 0)), DECODE],
  },
});
