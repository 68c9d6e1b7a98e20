/** Alerts of TLS 1.3, and messages after the handshake: KeyUpdate, NewSessionTicket, and what has no place there. */
import { MAX_KEY_UPDATES, MAX_SESSION_TICKETS, MAX_WARNING_ALERTS } from '../../src/policy/limits.ts';
import type { Role } from '../../src/trace/events.ts';
import { AlertDescription, type AlertName, alertLevel } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import { encode } from '../../src/wire/codec.ts';
import { newSessionTicket } from '../../src/wire/messages/new-session-ticket.ts';
import { ContentType, ExtensionType, HandshakeType } from '../../src/wire/registry.ts';
import { type Cases, peersIn } from './case.ts';
import {
  afterwards,
  message,
  messageAfterwards,
  recordAfterwards,
  recordsBefore,
  shortMessage,
} from './deeds.ts';
import type { Deed, Peer } from './peer.ts';
import { DECODE, ENDED, ILLEGAL, INTERLEAVED, KEY_UPDATES, TWICE, UNEXPECTED, WARNINGS } from './refusals.ts';

const { alert } = ContentType;

const UNKNOWN_ALERT = 200;
const ERRORS: readonly AlertName[] = [
  'unexpected_message',
  'bad_record_mac',
  'handshake_failure',
  'internal_error',
  'certificate_unknown',
  'no_renegotiation',
];

/** Alerts that end the connection: `of` sends one where a test wants it. */
function alerts(of: (level: number, description: number) => Deed): Cases {
  return {
    'RFC 9846 section 6 "MUST be sent with AlertLevel=fatal and MUST be treated as error alerts"':
      Object.fromEntries(
        ERRORS.flatMap((name) => [
          [`${name}, fatal`, [of(2, AlertDescription[name]), ENDED]],
          [`${name}, as a warning`, [of(1, AlertDescription[name]), ENDED]],
        ]),
      ),
    'RFC 9846 section 6 "Unknown Alert types MUST be treated as error alerts"': {
      'as a warning': [of(1, UNKNOWN_ALERT), ENDED],
      fatal: [of(2, UNKNOWN_ALERT), ENDED],
    },
    'RFC 9846 section 6 "AlertLevel"': {
      'a level that there is not': [of(7, AlertDescription.internal_error), ENDED],
    },
  };
}

const form: Cases = {
  'RFC 9846 section 5.1 "a record with an Alert type MUST contain exactly one message", "multiple alert messages MUST NOT be coalesced into a single TLSPlaintext record"':
    {
      'half an alert': [recordAfterwards(alert, Uint8Array.of(1)), DECODE],
      'three bytes': [recordAfterwards(alert, Uint8Array.of(1, 90, 0)), DECODE],
      'two alerts': [recordAfterwards(alert, Uint8Array.of(1, 90, 1, 0)), DECODE],
    },
  'RFC 9846 section 6.1 "user_canceled"': {
    once: [afterwards((peer) => peer.alert(1, AlertDescription.user_canceled)), 'goes on'],
    'as often as is taken': [afterwards(times(MAX_WARNING_ALERTS - 1, cancel)), 'goes on'],
    'once more': [afterwards(times(MAX_WARNING_ALERTS + 1, cancel)), WARNINGS],
    'in the middle of a message': [
      afterwards((peer) => {
        peer.send(ContentType.handshake, Uint8Array.of(24, 0));
        cancel(peer);
      }),
      INTERLEAVED,
    ],
  },
  'RFC 9846 section 6.1 "Any data received after a closure alert has been received MUST be ignored"': {
    'data, and nonsense': [afterwards(closeAndGoOn), 'ends'],
  },
};

function closeAndGoOn(peer: Peer): void {
  peer.alert(alertLevel(0), AlertDescription.close_notify);
  peer.send(ContentType.application_data, Uint8Array.of(1, 2, 3));
  peer.raw(new Uint8Array(50).fill(99));
}

function cancel(peer: Peer): void {
  peer.alert(1, AlertDescription.user_canceled);
}

function times(count: number, act: (peer: Peer) => void): (peer: Peer) => void {
  return (peer) => {
    for (let i = 0; i < count; i++) act(peer);
  };
}

const KEY_UPDATE =
  'RFC 9846 section 4.7.3 "If an implementation receives any other value, it MUST terminate the connection"';
const OTHER_TIME = 'RFC 9846 section 4.2.2 "receives a ClientHello at any other time"';
const ORDER = 'RFC 9846 section 4 "in an unexpected order"';

const updates: Cases = {
  [KEY_UPDATE]: {
    '2': [messageAfterwards(shortMessage(HandshakeType.key_update, 2)), ILLEGAL],
    '255': [messageAfterwards(shortMessage(HandshakeType.key_update, 255)), ILLEGAL],
  },
  'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"': {
    'a KeyUpdate without content': [messageAfterwards(shortMessage(HandshakeType.key_update)), DECODE],
    'a KeyUpdate of two bytes': [messageAfterwards(shortMessage(HandshakeType.key_update, 0, 0)), DECODE],
  },
  'RFC 9846 section 4.7.3 "Upon receiving a KeyUpdate, the receiver MUST update its receiving keys"': {
    once: [afterwards((peer) => peer.updateKeys()), 'goes on'],
    'and asked to do so itself': [afterwards((peer) => peer.updateKeys(true)), 'goes on'],
    'as often as is taken': [afterwards(times(MAX_KEY_UPDATES, (peer) => peer.updateKeys())), 'goes on'],
    'once more': [afterwards(times(MAX_KEY_UPDATES + 1, (peer) => peer.updateKeys())), KEY_UPDATES],
  },
  [ORDER]: {
    'a Finished': [messageAfterwards(message(HandshakeType.finished, new Uint8Array(32))), UNEXPECTED],
    EncryptedExtensions: [
      messageAfterwards(shortMessage(HandshakeType.encrypted_extensions, 0, 0)),
      UNEXPECTED,
    ],
    'a Certificate': [messageAfterwards(message(HandshakeType.certificate, new Uint8Array(4))), UNEXPECTED],
    'a CertificateVerify': [
      messageAfterwards(shortMessage(HandshakeType.certificate_verify, 4, 3, 0, 0)),
      UNEXPECTED,
    ],
    EndOfEarlyData: [messageAfterwards(shortMessage(HandshakeType.end_of_early_data)), UNEXPECTED],
    HelloRequest: [messageAfterwards(shortMessage(HandshakeType.hello_request)), UNEXPECTED],
    'a message that nobody knows': [messageAfterwards(shortMessage(77, 1)), UNEXPECTED],
  },
};

for (const role of ['server', 'client'] satisfies Role[]) {
  peersIn(
    'TLS 1.3',
    role,
    alerts((level, description) => afterwards((peer) => peer.alert(level, description))),
    form,
    updates,
  );
}
peersIn(
  'TLS 1.3',
  'server',
  alerts((level, description) =>
    recordsBefore('Certificate', { type: alert, content: Uint8Array.of(level, description) }),
  ),
  {
    'RFC 9846 section 6.1 "close_notify"': {
      'during the handshake': [
        recordsBefore('Certificate', { type: alert, content: Uint8Array.of(1, 0) }),
        ENDED,
      ],
    },
  },
);
peersIn(
  'TLS 1.3',
  'client',
  alerts((level, description) =>
    recordsBefore('Finished', { type: alert, content: Uint8Array.of(level, description) }),
  ),
  {
    'RFC 9846 section 6.1 "close_notify"': {
      'during the handshake': [
        recordsBefore('Finished', { type: alert, content: Uint8Array.of(1, 0) }),
        ENDED,
      ],
    },
    [OTHER_TIME]: {
      'after the handshake': [messageAfterwards(shortMessage(HandshakeType.client_hello)), UNEXPECTED],
    },
    [ORDER]: {
      "a NewSessionTicket, which is the server's to send": [
        messageAfterwards(shortMessage(HandshakeType.new_session_ticket)),
        UNEXPECTED,
      ],
      'a CertificateRequest after the handshake': [
        messageAfterwards(shortMessage(HandshakeType.certificate_request, 0, 0, 0)),
        UNEXPECTED,
      ],
    },
  },
);

type Ticket = Parameters<typeof newSessionTicket.write>[1];
const ticket = (change: Partial<Ticket> = {}): Uint8Array =>
  message(
    HandshakeType.new_session_ticket,
    encode(newSessionTicket, {
      ticketLifetime: 100,
      ticketAgeAdd: 1,
      ticketNonce: Uint8Array.of(1),
      ticket: Uint8Array.of(2),
      extensions: {},
      ...change,
    }),
  );
const unknown = (type: number, ...data: number[]) => ({ unknown: [{ type, data: Uint8Array.from(data) }] });

peersIn('TLS 1.3 with tickets', 'server', {
  'RFC 9846 section 4.7.1 "Clients MUST ignore unrecognized extensions"': {
    'one that nobody knows': [messageAfterwards(ticket({ extensions: unknown(0xfff0, 1) })), 'goes on'],
    'a GREASE extension': [messageAfterwards(ticket({ extensions: unknown(0x7a7a) })), 'goes on'],
  },
  'RFC 9846 section 4.3 "which is not specified for the message in which it appears"': {
    'a key share in a ticket': [
      messageAfterwards(ticket({ extensions: unknown(ExtensionType.key_share, 0, 29) })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3 "There MUST NOT be more than one extension of the same type"': {
    'early_data twice in a ticket': [
      messageAfterwards(
        message(
          HandshakeType.new_session_ticket,
          concat(
            ticket().slice(4, -2),
            Uint8Array.of(0, 16, 0, 42, 0, 4, 0, 0, 0, 1, 0, 42, 0, 4, 0, 0, 0, 1),
          ),
        ),
      ),
      TWICE,
    ],
  },
  'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"': {
    'a ticket without a ticket': [
      messageAfterwards(
        message(HandshakeType.new_session_ticket, Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0)),
      ),
      DECODE,
    ],
    'a ticket a byte short': [
      messageAfterwards(message(HandshakeType.new_session_ticket, ticket().slice(4, -1))),
      DECODE,
    ],
    'a ticket a byte long': [
      messageAfterwards(
        message(HandshakeType.new_session_ticket, concat(ticket().slice(4), Uint8Array.of(0))),
      ),
      DECODE,
    ],
    'a ticket in the form of TLS 1.2': [
      messageAfterwards(shortMessage(HandshakeType.new_session_ticket, 0, 0, 0, 9, 0, 1, 7)),
      DECODE,
    ],
    'early_data of three bytes in a ticket': [
      messageAfterwards(
        message(
          HandshakeType.new_session_ticket,
          concat(ticket().slice(4, -2), Uint8Array.of(0, 7, 0, 42, 0, 3, 0, 0, 1)),
        ),
      ),
      DECODE,
    ],
  },
  'RFC 9846 section 4.7.1 "ticket_lifetime"': {
    'zero, which says that it is to be discarded at once': [
      messageAfterwards(ticket({ ticketLifetime: 0 })),
      'goes on',
    ],
    'more than seven days': [messageAfterwards(ticket({ ticketLifetime: 0xffffffff })), 'goes on'],
  },
  'RFC 9846 section 4.7.1 "Servers MAY send multiple tickets on a"': {
    'one more than is taken': [
      messageAfterwards(...Array.from({ length: MAX_SESSION_TICKETS + 1 }, () => ticket())),
      UNEXPECTED,
    ],
  },
  'RFC 9846 section 4.7.2 "without having sent the post_handshake_auth extension"': {
    'a CertificateRequest': [
      messageAfterwards(
        message(HandshakeType.certificate_request, Uint8Array.of(1, 1, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3)),
      ),
      UNEXPECTED,
    ],
  },
  'RFC 9846 section 4.6 "Servers MUST NOT send this message, and clients receiving it MUST terminate the connection"':
    {
      'EndOfEarlyData after the handshake': [
        messageAfterwards(shortMessage(HandshakeType.end_of_early_data)),
        UNEXPECTED,
      ],
    },
});
