/** Sessions of TLS 1.2 that go on, and tickets: what either side may say. */
import { CipherSuite, HandshakeType } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import {
  before,
  behind,
  changed,
  dropped,
  extensions,
  flipped,
  instead,
  message,
  onSending,
  record,
  shortMessage,
  twice,
  without,
} from './deeds.ts';
import type { FlowName } from './flows.ts';
import {
  BAD_FINISHED,
  BAD_MAC,
  CHANGE_CIPHER_SPEC,
  DECODE,
  ILLEGAL,
  INSECURE,
  NO_MASTER,
  UNEXPECTED,
} from './refusals.ts';

const FINISHED = message(HandshakeType.finished, new Uint8Array(12));
const TICKET = shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 0, 0, 0);
const WAYS: readonly FlowName[] = ['TLS 1.2 resumed by a ticket', 'TLS 1.2 resumed by its id'];

for (const flow of WAYS) {
  peersIn(flow, 'server', {
    'RFC 5246 section 7.4.1.3 "For resumed sessions"': {
      'another suite that was offered': [
        changed('ServerHello12', (m) => ({
          ...m,
          cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        })),
        ILLEGAL,
      ],
      compression: [changed('ServerHello12', (m) => ({ ...m, legacyCompressionMethod: 1 })), ILLEGAL],
    },
    'RFC 7627 section 5.3 "the client MUST abort the handshake"': {
      'the extension is left out': [extensions('ServerHello12', without('extendedMasterSecret')), NO_MASTER],
    },
    'RFC 5746 section 3.4 "The client MUST then verify that the length of the"': {
      'twelve bytes, though it is a new connection': [
        extensions('ServerHello12', (e) => ({ ...e, renegotiationInfo: new Uint8Array(12) })),
        INSECURE,
      ],
    },
    'RFC 5246 section 7.4 "sending handshake messages in an unexpected order"': {
      'a Certificate': [behind('ServerHello', shortMessage(HandshakeType.certificate, 0, 0, 0)), UNEXPECTED],
      ServerHelloDone: [behind('ServerHello', shortMessage(HandshakeType.server_hello_done)), UNEXPECTED],
      ServerKeyExchange: [
        behind('ServerHello', shortMessage(HandshakeType.server_key_exchange, 3)),
        UNEXPECTED,
      ],
      'Finished in plaintext': [behind('ServerHello', FINISHED), UNEXPECTED],
      'no ChangeCipherSpec': [dropped('ChangeCipherSpec'), UNEXPECTED],
    },
    'RFC 5246 section 7.1 "change_cipher_spec"': { twice: [twice('ChangeCipherSpec'), CHANGE_CIPHER_SPEC] },
    'RFC 5246 section 7.4.9 "Recipients of Finished messages MUST verify that the contents"': {
      zeros: [instead('Finished', FINISHED), BAD_FINISHED],
      'a byte more': [instead('Finished', message(HandshakeType.finished, new Uint8Array(13))), DECODE],
    },
    'RFC 5246 section 7.2.2 "This alert is returned if a record is received with an incorrect"': {
      'a bit of Finished is changed': [record('Finished', flipped(-1)), BAD_MAC],
    },
  });
  peersIn(flow, 'client', {
    'RFC 5246 section 7.4 "sending handshake messages in an unexpected order"': {
      'a ClientKeyExchange': [
        onSending('ChangeCipherSpec', (item) => [
          { ...item, type: 22, content: shortMessage(HandshakeType.client_key_exchange, 1, 9) },
          item,
        ]),
        UNEXPECTED,
      ],
      'a Certificate': [
        onSending('ChangeCipherSpec', (item) => [
          { ...item, type: 22, content: shortMessage(HandshakeType.certificate, 0, 0, 0) },
          item,
        ]),
        UNEXPECTED,
      ],
      'no ChangeCipherSpec': [dropped('ChangeCipherSpec'), UNEXPECTED],
    },
    'RFC 5246 section 7.1 "change_cipher_spec"': { twice: [twice('ChangeCipherSpec'), CHANGE_CIPHER_SPEC] },
    'RFC 5246 section 7.4.9 "Recipients of Finished messages MUST verify that the contents"': {
      zeros: [instead('Finished', FINISHED), BAD_FINISHED],
      nothing: [instead('Finished', message(HandshakeType.finished, new Uint8Array())), DECODE],
    },
    'RFC 7627 section 5.3 "the server MUST abort the"': {
      'the extension is left out': [extensions('ClientHello', without('extendedMasterSecret')), NO_MASTER],
    },
    'RFC 5246 section 7.2.2 "This alert is returned if a record is received with an incorrect"': {
      'a bit of Finished is changed': [record('Finished', flipped(-1)), BAD_MAC],
    },
  });
}

peersIn('TLS 1.2 with tickets', 'server', {
  'RFC 5077 section 3.3 "NewSessionTicket"': {
    'it was promised, and does not come': [dropped('NewSessionTicket'), CHANGE_CIPHER_SPEC],
    twice: [twice('NewSessionTicket'), UNEXPECTED],
    "it comes before the client's Finished": [before('ServerHelloDone', TICKET), UNEXPECTED],
  },
  'RFC 5077 section 3.3 "opaque ticket<0..2^16-1>"': {
    'a byte short': [
      instead('NewSessionTicket', shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 0, 0, 1)),
      DECODE,
    ],
    'a byte long': [
      instead('NewSessionTicket', shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 0, 0, 0, 0)),
      DECODE,
    ],
    'without content': [instead('NewSessionTicket', shortMessage(HandshakeType.new_session_ticket)), DECODE],
    'no ticket after all': [
      changed('NewSessionTicket12', (m) => ({ ...m, ticket: new Uint8Array() })),
      'goes on',
    ],
  },
  'RFC 5077 section 3.2 "MUST NOT send this extension"': {
    'it was not promised, and comes': [extensions('ServerHello12', without('sessionTicket')), UNEXPECTED],
  },
});
peersIn('TLS 1.2 resumed by a ticket', 'client', {
  'RFC 5077 section 3.2 "SessionTicket"': {
    'a ticket that nobody made, and the handshake is a full one': [
      extensions('ClientHello', (e) => ({ ...e, sessionTicket: new Uint8Array(100).fill(5) })),
      'goes on',
    ],
  },
});
