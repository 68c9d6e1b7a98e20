/** Phase 1 of a server's TLS 1.3 handshake, from the ClientHello on: HelloRetryRequest, ServerHello, EncryptedExtensions. */
import { HASH_LENGTH, type HashName } from '../../crypto/provider.ts';
import { type CipherSuite13Info, TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { Transcript } from '../../keys/transcript.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { ascii, equalBytes, toHex } from '../../wire/bytes.ts';
import { encode } from '../../wire/codec.ts';
import type { TlsError } from '../../wire/errors.ts';
import { extensionBlock } from '../../wire/extensions/block.ts';
import { type ClientHello, clientHello } from '../../wire/messages/client-hello.ts';
import { HELLO_RETRY_REQUEST_RANDOM, type HelloRetryRequest } from '../../wire/messages/server-hello.ts';
import {
  cipherSuiteName,
  ExtensionType,
  groupName,
  type NamedGroup,
  ProtocolVersion,
} from '../../wire/registry.ts';
import type { Handshake } from '../driver.ts';
import { listed } from '../listed.ts';
import { illegal, missing, wrongLegacyVersion } from '../refusals.ts';
import type { ServerContext } from './choose.ts';
import { chooseCipherSuite, chooseGroup, sharedCipherSuites } from './choose13.ts';
import { type CookieState, cookieTime, openCookie, sealCookie } from './cookie.ts';
import { choosePsk, type KnownPsk, sharedPskModes } from './psk13.ts';
import { ticketCount } from './tickets13.ts';

/** The client's offer, and what the server took from it. */
export interface ClientOffer {
  readonly hello: ClientHello;
  readonly suite: CipherSuite13Info;
  /** Absent where a pre-shared key alone makes the secrets (psk_ke). */
  readonly exchange?: { readonly group: NamedGroup; readonly clientShare: Uint8Array };
  /** The pre-shared key that stands for certificates. */
  readonly psk?: KnownPsk;
  readonly helloRetried: boolean;
}

const message = 'ClientHello';

/** Takes the ClientHello, and receives the second one where the first must be retried. */
export function* acceptClientHello(
  h: ServerContext,
  received: HandshakeMessage,
  hello: ClientHello,
): Handshake<ClientOffer> {
  h.records.requireRecordBoundary(); // keys change next, or the client must wait (RFC 9846 section 5.1)
  checkHello(hello);
  if (hello.extensions.earlyData !== undefined) h.records.skipEarlyData(h.config.earlyData?.maxSize ?? 0);
  if (hello.extensions.cookie !== undefined)
    return yield* continueFromCookie(h, received, hello, hello.extensions.cookie);
  const modes = sharedPskModes(h, hello);
  if (modes.length > 0 && !modes.includes('psk_dhe_ke')) {
    const psk = yield* chooseFittingPsk(h, received, hello);
    if (psk !== undefined) return withoutExchange(h, received, hello, psk);
  }
  requireKeyShare(hello);
  const { group, share } = chooseGroup(h, hello);
  if (share !== undefined && !h.config.alwaysRetry) {
    const psk = modes.includes('psk_dhe_ke') ? yield* chooseFittingPsk(h, received, hello) : undefined;
    if (psk === undefined) requireSignatureAlgorithms(hello);
    const suite = chooseCipherSuite(h, hello, psk?.hash);
    h.useCipherSuite(suite);
    h.transcript.add(received.message);
    const exchange = { group, clientShare: share };
    return { hello, suite, exchange, helloRetried: false, ...(psk === undefined ? {} : { psk }) };
  }
  const suite = chooseCipherSuite(h, hello, hashOfFirstPsk(h, hello));
  h.useCipherSuite(suite);
  h.transcript.add(received.message);
  const retry = sendRetry(h, hello, suite, group, share === undefined);
  h.order.facts.secondClientHelloExpected = true;
  const second = yield* h.receive();
  h.records.requireRecordBoundary();
  const secondHello = h.decode(clientHello, second);
  checkHello(secondHello);
  checkUnchanged(hello, secondHello);
  if (!sameCookie(secondHello.extensions.cookie, retry.extensions.cookie)) {
    throw illegal(message, 'the second ClientHello does not carry the cookie of the HelloRetryRequest');
  }
  return yield* acceptSecondHello(h, second, secondHello, suite, group, share === undefined);
}

/** Takes the ClientHello after a HelloRetryRequest, which settled suite and group. */
function* acceptSecondHello(
  h: ServerContext,
  received: HandshakeMessage,
  hello: ClientHello,
  suite: CipherSuite13Info,
  group: NamedGroup,
  shareRequested: boolean,
): Handshake<ClientOffer> {
  const psk = sharedPskModes(h, hello).includes('psk_dhe_ke')
    ? yield* choosePsk(h, received, hello, (hash) => hash === suite.hash)
    : undefined;
  if (psk === undefined) requireSignatureAlgorithms(hello);
  h.transcript.add(received.message);
  const exchange = { group, clientShare: retriedShare(hello, group, shareRequested) };
  return { hello, suite, exchange, helloRetried: true, ...(psk === undefined ? {} : { psk }) };
}

/** The PSK to go on with, for which there is a cipher suite. */
function* chooseFittingPsk(
  h: ServerContext,
  received: HandshakeMessage,
  hello: ClientHello,
): Handshake<KnownPsk | undefined> {
  const hashes = new Set(sharedCipherSuites(h, hello).map(({ hash }) => hash));
  return yield* choosePsk(h, received, hello, (hash) => hashes.has(hash));
}

/** The hash function of the client's first PSK, as its binder's length tells it, where there is a suite for it. */
function hashOfFirstPsk(h: ServerContext, hello: ClientHello): HashName | undefined {
  const length = hello.extensions.preSharedKey?.binders[0]?.length;
  return sharedCipherSuites(h, hello).find(({ hash }) => HASH_LENGTH[hash] === length)?.hash;
}

/** Goes on with a pre-shared key alone (psk_ke). */
function withoutExchange(
  h: ServerContext,
  received: HandshakeMessage,
  hello: ClientHello,
  psk: KnownPsk,
): ClientOffer {
  const suite = chooseCipherSuite(h, hello, psk.hash);
  h.useCipherSuite(suite);
  h.transcript.add(received.message);
  return { hello, suite, psk, helloRetried: false };
}

function sameCookie(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

/** Checks what TLS 1.3 demands of every ClientHello (RFC 9846 sections 4.2.2 and 9.2). */
function checkHello(hello: ClientHello): void {
  const { supportedGroups, keyShare, supportedVersions, preSharedKey, pskKeyExchangeModes } =
    hello.extensions;
  if (!supportedVersions?.includes(ProtocolVersion['TLSv1.3'])) {
    throw illegal(message, 'expected TLSv1.3 among the versions of every ClientHello, found none');
  }
  if (hello.legacyVersion !== ProtocolVersion['TLSv1.2']) {
    throw wrongLegacyVersion(message, hello.legacyVersion);
  }
  if (!equalBytes(hello.legacyCompressionMethods, Uint8Array.of(0))) {
    throw illegal(message, 'expected no compression method but null, as TLS 1.3 demands');
  }
  if (preSharedKey === undefined) {
    requireKeyShare(hello);
    requireSignatureAlgorithms(hello);
  } else if (pskKeyExchangeModes === undefined) {
    throw missing(message, 'psk_key_exchange_modes'); // even of one whose PSKs this server does not take (section 4.3.9)
  }
  if (supportedGroups !== undefined || keyShare !== undefined) requireKeyShare(hello);
  const supported = new Set(supportedGroups); // both lists are as long as the client likes
  const strange = keyShare?.find(({ group }) => !supported.has(group));
  if (strange !== undefined) {
    throw illegal(
      message,
      `a key share for ${groupName(strange.group)}, which is not among its supported_groups`,
    );
  }
}

function requireKeyShare({ extensions: { supportedGroups, keyShare } }: ClientHello): void {
  if (supportedGroups === undefined) throw missing(message, 'supported_groups');
  if (keyShare === undefined) throw missing(message, 'key_share');
}

function requireSignatureAlgorithms({ extensions: { signatureAlgorithms } }: ClientHello): void {
  if (signatureAlgorithms === undefined) throw missing(message, 'signature_algorithms');
}

/** Asks the client for another ClientHello (RFC 9846 section 4.2.4). */
function sendRetry(
  h: ServerContext,
  hello: ClientHello,
  suite: CipherSuite13Info,
  group: NamedGroup,
  shareRequested: boolean,
): HelloRetryRequest {
  const { config, provider, transcript } = h;
  const clientHelloHash = transcript.current();
  transcript.replaceWithMessageHash();
  const cookie =
    config.cookieSecret &&
    sealCookie(provider, config.cookieSecret, {
      cipherSuite: suite.suite,
      group,
      shareRequested: shareRequested ? 1 : 0,
      issuedAt: cookieTime(config.now()),
      clientHelloHash,
    });
  const retry = h.send(
    'HelloRetryRequest',
    makeRetry(hello, suite.suite, shareRequested ? group : undefined, cookie),
  );
  sendCompatibilityRecord(h, hello);
  h.records.flush();
  h.choose({
    phase: 'hello',
    what: 'hello retry',
    chosen: shareRequested ? groupName(group) : 'cookie',
    offered: listed(hello.extensions.keyShare ?? [], (share) => groupName(share.group)),
    reason: shareRequested
      ? 'the client sent no key share for a group that the server takes'
      : 'the server wants its cookie back before it goes on',
  });
  return retry;
}

function makeRetry(
  hello: ClientHello,
  cipherSuite: number,
  selectedGroup: NamedGroup | undefined,
  cookie: Uint8Array | undefined,
): HelloRetryRequest {
  return {
    legacyVersion: ProtocolVersion['TLSv1.2'],
    random: HELLO_RETRY_REQUEST_RANDOM,
    legacySessionIdEcho: hello.legacySessionId,
    cipherSuite,
    legacyCompressionMethod: 0,
    extensions: {
      supportedVersions: ProtocolVersion['TLSv1.3'],
      ...(selectedGroup === undefined ? {} : { keyShare: { selectedGroup } }),
      ...(cookie === undefined ? {} : { cookie }),
    },
  };
}

/** Goes on from a second ClientHello whose first this connection never saw: the cookie holds what is needed. */
function* continueFromCookie(
  h: ServerContext,
  received: HandshakeMessage,
  hello: ClientHello,
  cookie: Uint8Array,
): Handshake<ClientOffer> {
  const { config, provider } = h;
  if (config.cookieSecret === undefined) throw illegal(message, 'a cookie, but this server gave none');
  const state: CookieState = openCookie(provider, config.cookieSecret, cookie, config.now());
  const suite = config.cipherSuites.includes(state.cipherSuite)
    ? TLS13_CIPHER_SUITES.get(state.cipherSuite)
    : undefined;
  if (suite === undefined || !config.groups.includes(state.group)) {
    throw illegal(
      message,
      'the cookie names a cipher suite or group that this server does not take any more',
    );
  }
  if (hello.extensions.earlyData !== undefined) throw earlyDataAgain();
  if (!hello.cipherSuites.includes(suite.suite)) {
    throw illegal(
      message,
      `it no longer offers ${cipherSuiteName(suite.suite)}, which the HelloRetryRequest chose`,
    );
  }
  const shareRequested = state.shareRequested === 1;
  const retry = makeRetry(hello, suite.suite, shareRequested ? state.group : undefined, cookie);
  h.transcript = Transcript.afterHelloRetryRequest(provider, suite.hash, state.clientHelloHash);
  h.useCipherSuite(suite);
  h.transcript.add(h.encode('HelloRetryRequest', retry).message);
  h.choose({
    phase: 'hello',
    what: 'hello retry',
    chosen: 'cookie',
    offered: [],
    reason: 'the client brought back a cookie of this server, so the first ClientHello is known by its hash',
  });
  return yield* acceptSecondHello(h, received, hello, suite, state.group, shareRequested);
}

/** The share for `group` in a second ClientHello; if it was asked for, there must be no other (section 4.3.8). */
function retriedShare(hello: ClientHello, group: NamedGroup, asked: boolean): Uint8Array {
  const shares = hello.extensions.keyShare ?? [];
  const share = shares.find((entry) => entry.group === group);
  if (share === undefined || (asked && shares.length !== 1)) {
    throw illegal(
      message,
      `expected exactly one key share after HelloRetryRequest, for ${groupName(group)}; ` +
        `found ${listed(shares, (entry) => groupName(entry.group)).join(', ') || 'none'}`,
    );
  }
  return share.keyExchange;
}

const block = extensionBlock('ClientHello');

/** Extensions that handfast does not decode and that a second ClientHello may change too (RFC 9849 section 6.1.5). */
const CHANGEABLE: ReadonlySet<number> = new Set([
  ExtensionType.padding,
  ExtensionType.encrypted_client_hello,
]);

/** The extensions that a second ClientHello may change, add or leave out (RFC 9846 section 4.2.2), taken out. */
function unchangeable({ extensions }: ClientHello): Uint8Array {
  const {
    keyShare: _share,
    cookie: _cookie,
    earlyData: _early,
    preSharedKey: _psk,
    unknown,
    ...rest
  } = extensions;
  return encode(block, {
    ...rest,
    unknown: (unknown ?? []).filter(({ type }) => !CHANGEABLE.has(type)),
  });
}

function checkUnchanged(first: ClientHello, second: ClientHello): void {
  const changed =
    !equalBytes(first.random, second.random) ||
    !equalBytes(first.legacySessionId, second.legacySessionId) ||
    first.cipherSuites.join() !== second.cipherSuites.join() ||
    !equalBytes(unchangeable(first), unchangeable(second)) ||
    offersMore(first, second);
  if (changed) throw illegal(message, 'the second ClientHello changes more than a HelloRetryRequest allows');
  if (second.extensions.earlyData !== undefined) throw earlyDataAgain();
}

/** Pre-shared keys may be left out, but none may come in (section 4.2.2). */
function offersMore(first: ClientHello, second: ClientHello): boolean {
  const identities = ({ extensions }: ClientHello) => extensions.preSharedKey?.identities ?? [];
  const known = new Set(identities(first).map(({ identity }) => toHex(identity)));
  return identities(second).some(({ identity }) => !known.has(toHex(identity)));
}

function earlyDataAgain(): TlsError {
  return illegal(
    message,
    'expected no early_data after HelloRetryRequest (RFC 9846 section 4.2.2), found it',
  );
}

/** Sends ServerHello with the server's key share, and the number of the pre-shared key that it took. */
export function sendServerHello(
  h: ServerContext,
  offer: ClientOffer,
  serverShare: Uint8Array | undefined,
): void {
  const { hello, suite, exchange, psk, helloRetried } = offer;
  h.send('ServerHello', {
    legacyVersion: ProtocolVersion['TLSv1.2'],
    random: h.provider.random(32),
    legacySessionIdEcho: hello.legacySessionId,
    cipherSuite: suite.suite,
    legacyCompressionMethod: 0,
    extensions: {
      ...(exchange === undefined || serverShare === undefined
        ? {}
        : { keyShare: { group: exchange.group, keyExchange: serverShare } }),
      supportedVersions: ProtocolVersion['TLSv1.3'],
      ...(psk === undefined ? {} : { preSharedKey: psk.index }),
    },
  });
  if (!helloRetried) sendCompatibilityRecord(h, hello);
}

/** A client that sends a session id wants the disguise of appendix E.4. */
function sendCompatibilityRecord(h: ServerContext, hello: ClientHello): void {
  if (hello.legacySessionId.length > 0) h.records.sendChangeCipherSpec();
}

/** Sends EncryptedExtensions: the answers that need not be in the clear. */
export function sendEncryptedExtensions(
  h: ServerContext,
  { hello, psk }: ClientOffer,
  applicationProtocol: string | undefined,
  isEarlyDataTaken: boolean,
): void {
  const expectedCount = ticketCount(h, hello, psk !== undefined);
  h.send('EncryptedExtensions', {
    extensions: {
      ...(hello.extensions.serverName === undefined ? {} : { serverName: true as const }),
      ...(applicationProtocol === undefined
        ? {}
        : { applicationLayerProtocolNegotiation: [ascii(applicationProtocol)] }),
      ...(hello.extensions.ticketRequest === undefined || expectedCount === 0
        ? {}
        : { ticketRequest: { expectedCount } }),
      ...(isEarlyDataTaken ? { earlyData: true as const } : {}),
    },
  });
}
