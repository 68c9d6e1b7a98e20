/** Phase 1 of a client's TLS 1.3 handshake: ClientHello, HelloRetryRequest, ServerHello, EncryptedExtensions. */
import type { KeyExchangeOffer } from '../../crypto/provider.ts';
import { type CipherSuite13Info, TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { ascii, EMPTY, equalBytes, latin1, printable } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import { type Extensions, extensionTypes } from '../../wire/extensions/block.ts';
import { EMPTY_OCSP_REQUEST, STATUS_TYPE_OCSP } from '../../wire/extensions/status-request.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
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
import type { ClientConfig } from '../config.ts';
import type { HandshakeContext } from '../context.ts';
import { type Handshake, settled } from '../driver.ts';
import { illegal, missing, unsolicited, wrongLegacyVersion } from '../refusals.ts';

/** Whom a client wants to reach. */
export interface Target {
  /** A host name, or an IP address as text: what the server's certificate must carry. */
  readonly name: string;
  /** The name for `server_name`; absent for an IP address (RFC 6066 section 3), or where it shall not be told. */
  readonly serverName?: string | undefined;
}

export type ClientContext = HandshakeContext<ClientConfig>;

/** What the client has offered so far, and what it needs to go on with the answer. */
export interface Offer {
  readonly hello: ClientHello;
  /** Numbers of the extensions in `hello`: the server may answer these only (RFC 9846 section 4.3). */
  readonly extensionTypes: ReadonlySet<number>;
  readonly keyExchanges: ReadonlyMap<NamedGroup, KeyExchangeOffer>;
  /** The HelloRetryRequest that `hello` answers, if it does. */
  readonly retry?: HelloRetryRequest;
}

/** What the server chose in its hello. */
export interface ServerChoice {
  readonly suite: CipherSuite13Info;
  readonly group: NamedGroup;
  readonly keyExchange: KeyExchangeOffer;
  readonly serverShare: Uint8Array;
}

const RANDOM_LENGTH = 32;
const NULL_COMPRESSION = Uint8Array.of(0);

/** Sends the first ClientHello. */
export function* sendClientHello(h: ClientContext, target: Target): Handshake<Offer> {
  const { config, provider } = h;
  const keyExchanges = yield* startKeyExchanges(h, config.keyShares);
  h.clientRandom = provider.random(RANDOM_LENGTH);
  const hello: ClientHello = {
    legacyVersion: ProtocolVersion['TLSv1.2'],
    random: h.clientRandom,
    // A session id that looks like a resumption makes old middleboxes let TLS 1.3 pass (appendix E.4).
    legacySessionId: config.middleboxCompatibility ? provider.random(RANDOM_LENGTH) : EMPTY,
    cipherSuites: config.cipherSuites,
    legacyCompressionMethods: NULL_COMPRESSION,
    extensions: clientExtensions(config, target, keyExchanges),
  };
  return sendHello(h, hello, keyExchanges);
}

function clientExtensions(
  config: ClientConfig,
  target: Target,
  keyExchanges: ReadonlyMap<NamedGroup, KeyExchangeOffer>,
): Extensions<'ClientHello'> {
  return {
    ...(target.serverName === undefined ? {} : { serverName: target.serverName }),
    ...(config.requestOcspResponse
      ? { statusRequest: { statusType: STATUS_TYPE_OCSP, request: EMPTY_OCSP_REQUEST } }
      : {}),
    supportedGroups: config.groups,
    signatureAlgorithms: config.signatureSchemes,
    signatureAlgorithmsCert: config.certificateSignatureSchemes,
    ...(config.applicationProtocols.length === 0
      ? {}
      : { applicationLayerProtocolNegotiation: config.applicationProtocols.map(ascii) }),
    ...(config.requestSignedCertificateTimestamps ? { signedCertificateTimestamp: true } : {}),
    supportedVersions: [ProtocolVersion['TLSv1.3']],
    keyShare: shares(keyExchanges),
  };
}

function* startKeyExchanges(
  h: ClientContext,
  groups: readonly NamedGroup[],
): Handshake<ReadonlyMap<NamedGroup, KeyExchangeOffer>> {
  const started = new Map<NamedGroup, KeyExchangeOffer>();
  for (const group of groups) {
    const keyExchange = h.provider.groups.get(group);
    if (keyExchange !== undefined) started.set(group, yield* settled(keyExchange.start()));
  }
  return started;
}

function shares(keyExchanges: ReadonlyMap<NamedGroup, KeyExchangeOffer>) {
  return Array.from(keyExchanges, ([group, { share }]) => ({ group, keyExchange: share }));
}

function sendHello(
  h: ClientContext,
  hello: ClientHello,
  keyExchanges: ReadonlyMap<NamedGroup, KeyExchangeOffer>,
  retry?: HelloRetryRequest,
): Offer {
  const final = h.send('ClientHello', hello);
  h.clientRandom = final.random;
  h.records.flush();
  return {
    hello: final,
    extensionTypes: new Set(extensionTypes(final.extensions)),
    keyExchanges,
    ...(retry === undefined ? {} : { retry }),
  };
}

/** Receives the ServerHello, answering a HelloRetryRequest on the way. */
export function* receiveServerHello(
  h: ClientContext,
  first: Offer,
): Handshake<{ offer: Offer; choice: ServerChoice }> {
  let offer = first;
  let received = yield* h.receive();
  let answer = decodeServerHello(received.body);
  if (answer.kind === 'HelloRetryRequest') {
    offer = yield* answerRetry(h, first, received, answer.hello);
    received = yield* h.receive();
    answer = decodeServerHello(received.body);
  }
  const hello = requireTls13(answer);
  const choice = checkServerHello(offer, hello);
  h.useCipherSuite(choice.suite);
  h.transcript.add(received.message);
  tellChoices(h, offer, choice);
  return { offer, choice };
}

/** How the random of a server ends that speaks TLS 1.3 and yet chose TLS 1.2, or an older version (RFC 9846 section 4.2.3). */
const DOWNGRADE_SENTINELS: readonly Uint8Array[] = [ascii('DOWNGRD\x01'), ascii('DOWNGRD\x00')];

function requireTls13(answer: AnyServerHello): ServerHello {
  if (answer.kind === 'ServerHello') return answer.hello;
  const message = 'ServerHello';
  const { legacyVersion, random } = answer.hello;
  if (legacyVersion > ProtocolVersion['TLSv1.2']) {
    throw new TlsError(
      'ERR_PROTOCOL_VERSION',
      `${message}: expected TLSv1.3 in supported_versions, found no such extension`,
      { message },
    );
  }
  const chosen = versionName(legacyVersion);
  if (DOWNGRADE_SENTINELS.some((sentinel) => equalBytes(random.subarray(-sentinel.length), sentinel))) {
    throw new TlsError(
      'ERR_DOWNGRADE',
      `${message}: the server speaks TLSv1.3 but was led to choose ${chosen}; somebody on the path has changed the ClientHello`,
      { message, chosen, offered: ['TLSv1.3'] },
    );
  }
  throw new TlsError(
    'ERR_PROTOCOL_VERSION',
    `the server chose ${chosen}, this client speaks TLSv1.3 only; ` +
      'enable TLS 1.3 on the server, or use a client that still speaks the older version',
    { message, chosen, offered: ['TLSv1.3'] },
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
  if (supportedVersions !== ProtocolVersion['TLSv1.3']) {
    throw illegal(message, `expected TLSv1.3 in supported_versions, found ${versionName(supportedVersions)}`);
  }
  if (hello.legacyVersion !== ProtocolVersion['TLSv1.2']) {
    throw wrongLegacyVersion(message, hello.legacyVersion);
  }
  if (!equalBytes(hello.legacySessionIdEcho, offer.hello.legacySessionId)) {
    throw illegal(message, 'the session id is not the one that the client sent');
  }
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
  if (group === undefined && cookie === undefined) {
    throw illegal(message, 'it asks for no change of the ClientHello');
  }
  const isOffered =
    group === undefined ||
    (first.hello.extensions.supportedGroups?.includes(group) && h.provider.groups.has(group));
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
  if (h.config.middleboxCompatibility) h.records.sendChangeCipherSpec();
  const keyExchanges = group === undefined ? first.keyExchanges : yield* startKeyExchanges(h, [group]);
  const extensions: Extensions<'ClientHello'> = {
    ...first.hello.extensions,
    keyShare: shares(keyExchanges),
    ...(cookie === undefined ? {} : { cookie }),
  };
  return sendHello(h, { ...first.hello, extensions }, keyExchanges, retry);
}

function checkServerHello(offer: Offer, hello: ServerHello): ServerChoice {
  const message = 'ServerHello';
  const suite = checkCommon(offer, hello, message);
  const { keyShare, preSharedKey } = hello.extensions;
  if (offer.retry !== undefined && offer.retry.cipherSuite !== hello.cipherSuite) {
    throw illegal(
      message,
      `the server chose ${suite.name} after it had chosen ${cipherSuiteName(offer.retry.cipherSuite)} in HelloRetryRequest`,
    );
  }
  if (preSharedKey !== undefined) throw unsolicited(message, 'pre_shared_key');
  if (keyShare === undefined) throw missing(message, 'key_share');
  const keyExchange = offer.keyExchanges.get(keyShare.group);
  if (keyExchange === undefined) {
    throw illegal(
      message,
      `the key share is for ${groupName(keyShare.group)}, which the client sent no share for`,
    );
  }
  return { suite, group: keyShare.group, keyExchange, serverShare: keyShare.keyExchange };
}

function tellChoices(h: ClientContext, { hello }: Offer, { suite, group }: ServerChoice): void {
  h.choose({
    phase: 'hello',
    what: 'version',
    chosen: 'TLSv1.3',
    offered: (hello.extensions.supportedVersions ?? []).map(versionName),
    reason: 'the server chose it in supported_versions',
  });
  h.choose({
    phase: 'hello',
    what: 'cipher suite',
    chosen: suite.name,
    offered: hello.cipherSuites.map(cipherSuiteName),
    reason: 'the server chose it from the offer',
  });
  h.choose({
    phase: 'key exchange',
    what: 'group',
    chosen: groupName(group),
    offered: (hello.extensions.supportedGroups ?? []).map(groupName),
    reason: 'the server answered the key share for it',
  });
}

/** Receives EncryptedExtensions; answers the application protocol, if one was chosen. */
export function* receiveEncryptedExtensions(h: ClientContext, offer: Offer): Handshake<string | undefined> {
  const received = yield* h.receive();
  const { extensions }: EncryptedExtensions = h.decode(encryptedExtensions, received);
  const message = 'EncryptedExtensions';
  const extra = extensions.order?.find((type) => !offer.extensionTypes.has(type));
  if (extra !== undefined) throw unsolicited(message, extensionName(extra));
  h.transcript.add(received.message);
  const [chosen] = extensions.applicationLayerProtocolNegotiation ?? [];
  if (chosen === undefined) return undefined;
  const offered = offer.hello.extensions.applicationLayerProtocolNegotiation ?? [];
  const protocol = latin1(chosen);
  if (!offered.some((name) => equalBytes(name, chosen))) {
    throw illegal(
      message,
      `the server chose the application protocol '${printable(chosen)}', which the client did not offer`,
    );
  }
  h.choose({
    phase: 'hello',
    what: 'application protocol',
    chosen: protocol,
    offered: offered.map(latin1),
    reason: 'the server chose it from the offer',
  });
  return protocol;
}
