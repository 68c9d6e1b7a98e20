/** A client's second hello, after a HelloRetryRequest. */
import { ascii } from '../../src/wire/bytes.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import { CipherSuite, ExtensionType, HandshakeType, NamedGroup } from '../../src/wire/registry.ts';
import { peersIn } from './case.ts';
import { changed, instead, message, recordInstead, shortened, withMoreInRecord, without } from './deeds.ts';
import type { Deed } from './peer.ts';
import { BAD_KEY_SHARE, DATA, DECODE, EXCESS, ILLEGAL, MISSING, UNEXPECTED, VERSION } from './refusals.ts';

const { x25519, secp256r1 } = NamedGroup;
const EMPTY = new Uint8Array();
/** Changes the second ClientHello alone. */
function second(change: (hello: ClientHello) => ClientHello): Deed {
  let count = 0;
  return changed('ClientHello', (m) => (++count === 2 ? change(m) : m));
}
const secondExtensions = (change: (e: ClientHello['extensions']) => ClientHello['extensions']): Deed =>
  second((m) => ({ ...m, extensions: change(m.extensions) }));

const SYNTAX = 'RFC 9846 section 6 "a message which cannot be parsed according to the syntax"';

/** Sends the first hello once more in place of the second. */
function firstHelloAgain(): Deed {
  let first: Uint8Array = EMPTY;
  return {
    sending: (item) => {
      if (item.name === 'ClientHello') first = item.content;
      return item.name === 'second ClientHello' ? [{ ...item, content: first }] : [item];
    },
  };
}

const SAME = 'RFC 9846 section 4.2.2 "the client MUST send the same ClientHello without modification"';

peersIn('TLS 1.3 with a HelloRetryRequest', 'client', {
  [SAME]: {
    'another random': [second((m) => ({ ...m, random: new Uint8Array(32).fill(1) })), ILLEGAL],
    'another session id': [second((m) => ({ ...m, legacySessionId: new Uint8Array(32) })), ILLEGAL],
    'no session id': [second((m) => ({ ...m, legacySessionId: EMPTY })), ILLEGAL],
    'a suite less': [second((m) => ({ ...m, cipherSuites: m.cipherSuites.slice(0, -1) })), ILLEGAL],
    'the suites in another order': [
      second((m) => ({ ...m, cipherSuites: m.cipherSuites.toReversed() })),
      ILLEGAL,
    ],
    'another server name': [secondExtensions((e) => ({ ...e, serverName: 'elsewhere' })), ILLEGAL],
    'no server name': [secondExtensions(without('serverName')), ILLEGAL],
    'other protocols': [
      secondExtensions((e) => ({ ...e, applicationLayerProtocolNegotiation: [ascii('theirs')] })),
      ILLEGAL,
    ],
    'other groups': [secondExtensions((e) => ({ ...e, supportedGroups: [secp256r1] })), ILLEGAL],
    'other schemes': [
      secondExtensions((e) => ({ ...e, signatureAlgorithms: e.signatureAlgorithms?.slice(0, 1) ?? [] })),
      ILLEGAL,
    ],
    'a new extension': [
      secondExtensions((e) => ({ ...e, unknown: [{ type: 0xfff0, data: EMPTY }] })),
      ILLEGAL,
    ],
    'padding, which may come': [
      secondExtensions((e) => ({
        ...e,
        unknown: [{ type: ExtensionType.padding, data: new Uint8Array(20) }],
      })),
      'goes on',
    ],
    'TLS 1.3 no longer offered': [secondExtensions((e) => ({ ...e, supportedVersions: [0x0303] })), ILLEGAL],
    'another legacy version': [second((m) => ({ ...m, legacyVersion: 0x0302 })), VERSION],
    compression: [second((m) => ({ ...m, legacyCompressionMethods: Uint8Array.of(0, 1) })), ILLEGAL],
    'a cookie that nobody gave': [secondExtensions((e) => ({ ...e, cookie: Uint8Array.of(1) })), ILLEGAL],
  },
  'RFC 9846 section 4.3.10 "MUST NOT include the early_data extension in its followup ClientHello"': {
    'it does': [secondExtensions((e) => ({ ...e, earlyData: true })), ILLEGAL],
  },
  'RFC 9846 section 4.3.8 "the client MUST replace the original key_share extension with one containing"': {
    'no share': [secondExtensions((e) => ({ ...e, keyShare: [] })), ILLEGAL],
    'the old share': [
      secondExtensions((e) => ({
        ...e,
        keyShare: [{ group: x25519, keyExchange: new Uint8Array(32).fill(9) }],
      })),
      ILLEGAL,
    ],
    'the old share beside the new': [
      secondExtensions((e) => ({
        ...e,
        keyShare: [{ group: x25519, keyExchange: new Uint8Array(32).fill(9) }, ...(e.keyShare ?? [])],
      })),
      ILLEGAL,
    ],
    'no key_share': [secondExtensions(without('keyShare')), MISSING],
  },
  'RFC 9846 section 4.3.8.2 "peers MUST validate each other\'s public value Q by ensuring"': {
    'a point beside the curve in the second share': [
      secondExtensions((e) => ({
        ...e,
        keyShare: [{ group: secp256r1, keyExchange: new Uint8Array(65).fill(1).with(0, 4) }],
      })),
      BAD_KEY_SHARE,
    ],
  },
  'RFC 9846 section 4.2.4 "send a second updated ClientHello"': {
    'the first one again': [firstHelloAgain(), ILLEGAL],
  },
  'RFC 9846 section 4 "in an unexpected order"': {
    'a Finished in place of the second ClientHello': [
      instead('second ClientHello', message(HandshakeType.finished, new Uint8Array(32))),
      UNEXPECTED,
    ],
  },
  'RFC 9846 section 5.1 "a record boundary; if not, then they MUST terminate the connection"': {
    'a message begins behind the second ClientHello': [
      withMoreInRecord('second ClientHello', Uint8Array.of(20)),
      EXCESS,
    ],
  },
  'RFC 9846 section 5.1 "Application Data records MUST NOT be written to the wire unprotected"': {
    'data in place of the second ClientHello': [
      recordInstead('second ClientHello', { type: 23, content: Uint8Array.of(1) }),
      DATA,
    ],
  },
  [SYNTAX]: {
    'the second ClientHello a byte short': [shortened('second ClientHello'), DECODE],
  },
});

peersIn('TLS 1.3 with a cookie', 'client', {
  'RFC 9846 section 4.3.2 "the client MUST copy the contents of the extension"': {
    'no cookie': [secondExtensions(without('cookie')), ILLEGAL],
    'a bit changed in it': [
      secondExtensions((e) => ({ ...e, cookie: (e.cookie ?? EMPTY).with(3, 0xff) })),
      ILLEGAL,
    ],
    'a byte less of it': [secondExtensions((e) => ({ ...e, cookie: (e.cookie ?? EMPTY).slice(1) })), ILLEGAL],
    'a cookie of one byte': [secondExtensions((e) => ({ ...e, cookie: Uint8Array.of(0) })), ILLEGAL],
  },
  [SAME]: {
    'the suite of the HelloRetryRequest is not offered any more': [
      second((m) => ({ ...m, cipherSuites: [CipherSuite.TLS_CHACHA20_POLY1305_SHA256] })),
      ILLEGAL,
    ],
  },
  'RFC 9846 section 4.3.10 "MUST NOT include the early_data extension in its followup ClientHello"': {
    'it does': [secondExtensions((e) => ({ ...e, earlyData: true })), ILLEGAL],
  },
});
