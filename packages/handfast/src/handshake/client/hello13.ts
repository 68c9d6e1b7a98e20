/** Phase 1 of a client's TLS 1.3 handshake, after the ClientHello: HelloRetryRequest, ServerHello, EncryptedExtensions. */
import type { KeyExchangeOffer } from '../../crypto/provider.ts';
import { type CipherSuite13Info, TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import type { Extensions } from '../../wire/extensions/block.ts';
import { type EncryptedExtensions, encryptedExtensions } from '../../wire/messages/encrypted-extensions.ts';
import {
  type AnyServerHello,
  decodeServerHello,
  type HelloRetryRequest,
  type ServerHello,
} from '../../wire/messages/server-hello.ts';
import {
  cipherSuiteName,
  extensionName,
  groupName,
  type NamedGroup,
  ProtocolVersion,
  versionName,
} from '../../wire/registry.ts';
import type { Handshake } from '../driver.ts';
import { describePsk, PSK_KEY_EXCHANGE_MODES, type PskKeyExchangeMode } from '../psk13.ts';
import { illegal, missing, unsolicited, wrongLegacyVersion } from '../refusals.ts';
import { chosenProtocol, tellVersion } from './answers.ts';
import { type ClientContext, type Offer, sendHello, shares, startKeyExchanges } from './client-hello.ts';
import { isEarlyDataTaken } from './early-data.ts';
import { chosenPsk, type OfferedPsk, pskExtensions } from './psk13.ts';

/** An answer of a server that chose TLS 1.3. */
export type Answer13 = Exclude<AnyServerHello, { readonly kind: 'ServerHello12' }>;

/** What the server chose in its hello. */
export interface ServerChoice {
  readonly suite: CipherSuite13Info;
  /** The key exchange; absent where a pre-shared key alone makes the secrets (psk_ke). */
  readonly exchange?: ServerExchange;
  /** The pre-shared key that it took, which stands for certificates. */
  readonly psk?: OfferedPsk;
}

/** The server's half of a key exchange, beside the client's. */
export interface ServerExchange {
  readonly group: NamedGroup;
  readonly offer: KeyExchangeOffer;
  readonly serverShare: Uint8Array;
}

/**
 * Takes the ServerHello, answering a HelloRetryRequest on the way.
 * @param first what was offered first, and `answer` what came for it, in the message `received`.
 */
export function* receiveServerHello(
  h: ClientContext,
  first: Offer,
  firstReceived: HandshakeMessage,
  firstAnswer: Answer13,
): Handshake<{ offer: Offer; choice: ServerChoice }> {
  let [offer, received, answer]: [Offer, HandshakeMessage, AnyServerHello] = [
    first,
    firstReceived,
    firstAnswer,
  ];
  if (answer.kind === 'HelloRetryRequest') {
    offer = yield* answerRetry(h, first, received, answer.hello);
    received = yield* h.receive();
    answer = decodeServerHello(received.body);
  }
  if (answer.kind !== 'ServerHello') throw notTls13(answer.hello.legacyVersion);
  const choice = checkServerHello(offer, answer.hello);
  h.useVersion('TLSv1.3');
  h.useCipherSuite(choice.suite);
  h.transcript.add(received.message);
  if (choice.psk !== undefined) {
    h.order.facts.pskChosen = true;
    h.order.prove('pre-shared key');
  }
  tellChoices(h, offer, choice);
  return { offer, choice };
}

/** HelloRetryRequest belongs to TLS 1.3, so the hello after it does too (RFC 9846 section 4.2.4). */
function notTls13(legacyVersion: number): TlsError {
  return new TlsError(
    'ERR_PROTOCOL_VERSION',
    `ServerHello: expected TLSv1.3 after HelloRetryRequest, found ${versionName(legacyVersion)}`,
    { message: 'ServerHello' },
  );
}

/** What ServerHello and HelloRetryRequest must both echo or choose from the offer (RFC 9846 section 4.2.3). */
function checkCommon(
  offer: Offer,
  hello: ServerHello | HelloRetryRequest,
  message: string,
): CipherSuite13Info {
  const { supportedVersions, unknown } = hello.extensions;
  if (supportedVersions === undefined) throw missing(message, 'supported_versions');
  // RFC 9846 section 4.2.4 "and a client MUST abort the handshake with an illegal_parameter alert if"
  if (supportedVersions !== ProtocolVersion['TLSv1.3']) {
    throw illegal(message, `expected TLSv1.3 in supported_versions, found ${versionName(supportedVersions)}`);
  }
  if (hello.legacyVersion !== ProtocolVersion['TLSv1.2']) {
    throw wrongLegacyVersion(message, hello.legacyVersion);
  }
  // RFC 9846 section 4.2.3 "what it sent in the ClientHello MUST abort the handshake"
  if (!equalBytes(hello.legacySessionIdEcho, offer.hello.legacySessionId)) {
    throw illegal(message, 'the session id is not the one that the client sent');
  }
  // RFC 9846 section 4.2.3 "value in this field, the client MUST abort the handshake with an
  // illegal_parameter"
  if (hello.legacyCompressionMethod !== 0) {
    throw illegal(message, `expected no compression, found method ${hello.legacyCompressionMethod}`);
  }
  if (unknown?.[0] !== undefined) throw unsolicited(message, extensionName(unknown[0].type));
  const suite = offer.hello.cipherSuites.includes(hello.cipherSuite)
    ? TLS13_CIPHER_SUITES.get(hello.cipherSuite)
    : undefined;
  if (suite === undefined) {
    throw illegal(
      message,
      `the server chose ${cipherSuiteName(hello.cipherSuite)}, which the client did not offer`,
    );
  }
  return suite;
}

/** Checks a HelloRetryRequest and answers it with the second ClientHello (RFC 9846 sections 4.2.2 and 4.2.4). */
function* answerRetry(
  h: ClientContext,
  first: Offer,
  received: HandshakeMessage,
  retry: HelloRetryRequest,
): Handshake<Offer> {
  const message = 'HelloRetryRequest';
  const suite = checkCommon(first, retry, message);
  const { cookie, keyShare } = retry.extensions;
  const group = keyShare?.selectedGroup;
  // RFC 9846 section 4.2.4 "Clients MUST abort the handshake with an illegal_parameter alert if"
  if (group === undefined && cookie === undefined) {
    throw illegal(message, 'it asks for no change of the ClientHello');
  }
  const isOffered =
    group === undefined ||
    (first.hello.extensions.supportedGroups?.includes(group) && h.provider.groups.has(group));
  // RFC 9846 section 4.3.8 "checks fails, then the client MUST abort the handshake"
  if (!isOffered) {
    throw illegal(message, `it asks for a share of ${groupName(group)}, which the client did not offer`);
  }
  if (group !== undefined && first.keyExchanges.has(group)) {
    throw illegal(message, `it asks for a share of ${groupName(group)}, which the client had sent`);
  }
  h.records.requireRecordBoundary(); // the server must wait for the answer
  h.useCipherSuite(suite);
  h.transcript.replaceWithMessageHash();
  h.transcript.add(received.message);
  h.choose({
    phase: 'hello',
    what: 'hello retry',
    chosen: group === undefined ? 'cookie' : groupName(group),
    offered: [...first.keyExchanges.keys()].map(groupName),
    reason:
      group === undefined
        ? 'the server wants its cookie back before it goes on'
        : 'the server takes no group that the client sent a key share for',
  });
  if (first.early !== undefined) h.records.leaveEarlyData();
  else if (h.config.middleboxCompatibility) h.records.sendChangeCipherSpec();
  const keyExchanges = group === undefined ? first.keyExchanges : yield* startKeyExchanges(h, [group]);
  // Pre-shared keys that do not go with the suite are left out; the others get new binders (RFC 9846 section 4.2.4).
  const psks = first.psks.flatMap((psk) => (psk?.hash === suite.hash ? psk : []));
  const { preSharedKey: _psk, earlyData: _early, ...kept } = first.hello.extensions;
  // RFC 9846 section 4.2.4 "Otherwise, the client MUST process all extensions"
  // RFC 9846 section 4.3.8 "the client MUST replace the original key_share extension"
  const extensions: Extensions<'ClientHello'> = {
    ...kept,
    keyShare: shares(keyExchanges),
    ...(cookie === undefined ? {} : { cookie }),
    ...pskExtensions(h.config, psks),
  };
  return sendHello(h, { ...first.hello, extensions }, psks, { keyExchanges, retry });
}

function checkServerHello(offer: Offer, hello: ServerHello): ServerChoice {
  const message = 'ServerHello';
  const suite = checkCommon(offer, hello, message);
  const { keyShare, preSharedKey } = hello.extensions;
  // RFC 9846 section 4.2.4 "clients MUST check that the cipher suite supplied"
  if (offer.retry !== undefined && offer.retry.cipherSuite !== hello.cipherSuite) {
    throw illegal(
      message,
      `the server chose ${suite.name} after it had chosen ${cipherSuiteName(offer.retry.cipherSuite)} in HelloRetryRequest`,
    );
  }
  if (preSharedKey !== undefined && offer.hello.extensions.preSharedKey === undefined) {
    throw unsolicited(message, 'pre_shared_key');
  }
  const psk = chosenPsk(offer.psks, preSharedKey, suite);
  if (keyShare === undefined) {
    if (psk === undefined) throw missing(message, 'key_share');
    requireMode(offer, 'psk_ke', 'expected key_share beside the pre-shared key');
    return { suite, psk };
  }
  if (psk !== undefined) requireMode(offer, 'psk_dhe_ke', 'expected no key_share beside the pre-shared key');
  const keyExchange = offer.keyExchanges.get(keyShare.group);
  // RFC 9846 section 4.3.8 "If this check fails, the client MUST abort the handshake"
  if (keyExchange === undefined) {
    throw illegal(
      message,
      `the key share is for ${groupName(keyShare.group)}, which the client sent no share for`,
    );
  }
  const exchange = { group: keyShare.group, offer: keyExchange, serverShare: keyShare.keyExchange };
  return { suite, exchange, ...(psk === undefined ? {} : { psk }) };
}

/** The presence of key_share tells which mode the server chose; it must be one that the client named (sections 4.3.9 and 4.3.11). */
function requireMode({ hello }: Offer, mode: PskKeyExchangeMode, expected: string): void {
  const modes = hello.extensions.pskKeyExchangeModes ?? [];
  if (modes.includes(PSK_KEY_EXCHANGE_MODES[mode])) return;
  throw illegal('ServerHello', `${expected}, since the client does not take ${mode}`);
}

function tellChoices(h: ClientContext, { hello, psks }: Offer, { suite, exchange, psk }: ServerChoice): void {
  tellVersion(h, hello, 'TLSv1.3', suite);
  if (psks.length > 0) {
    h.choose({
      phase: 'hello',
      what: 'session',
      chosen: psk === undefined ? 'a new one' : describePsk(psk.origin),
      offered: psks.map((psk) => (psk === undefined ? 'a pre-shared key' : describePsk(psk.origin))),
      reason: psk === undefined ? 'the server took none' : 'the server took it in pre_shared_key',
    });
  }
  if (exchange === undefined) return;
  const { group } = exchange;
  h.choose({
    phase: 'key exchange',
    what: 'group',
    chosen: groupName(group),
    offered: (hello.extensions.supportedGroups ?? []).map(groupName),
    reason: 'the server answered the key share for it',
  });
}

/** What EncryptedExtensions settle. */
export interface Answers {
  readonly applicationProtocol?: string;
  readonly isEarlyDataTaken: boolean;
}

/** Receives EncryptedExtensions. */
export function* receiveEncryptedExtensions(
  h: ClientContext,
  offer: Offer,
  choice: ServerChoice,
): Handshake<Answers> {
  const received = yield* h.receive();
  const { extensions }: EncryptedExtensions = h.decode(encryptedExtensions, received);
  const message = 'EncryptedExtensions';
  const extra = extensions.order?.find((type) => !offer.extensionTypes.has(type));
  if (extra !== undefined) throw unsolicited(message, extensionName(extra));
  h.transcript.add(received.message);
  const applicationProtocol = chosenProtocol(
    h,
    offer,
    message,
    extensions.applicationLayerProtocolNegotiation,
  );
  const saysSo = extensions.earlyData !== undefined;
  const isTaken = isEarlyDataTaken(offer, choice, saysSo, applicationProtocol);
  return { isEarlyDataTaken: isTaken, ...(applicationProtocol === undefined ? {} : { applicationProtocol }) };
}
