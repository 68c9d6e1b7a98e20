/** Phase 1 of a client's handshake begins: the ClientHello, which offers every version that the client speaks. */
import type { KeyExchangeOffer } from '../../crypto/provider.ts';
import { TLS12_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import type { ClientSession } from '../../session/session.ts';
import { ascii, EMPTY } from '../../wire/bytes.ts';
import { type Extensions, extensionTypes } from '../../wire/extensions/block.ts';
import { UNCOMPRESSED_POINT } from '../../wire/extensions/ec-point-formats.ts';
import { EMPTY_OCSP_REQUEST, STATUS_TYPE_OCSP } from '../../wire/extensions/status-request.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import type { HelloRetryRequest } from '../../wire/messages/server-hello.ts';
import { CipherSuite, type NamedGroup, ProtocolVersion } from '../../wire/registry.ts';
import type { ClientConfig } from '../config.ts';
import type { HandshakeContext } from '../context.ts';
import { type Handshake, settled } from '../driver.ts';
import { earlySession, sendEarlyData } from './early-data.ts';
import { fillBinders, type OfferedPsk, offeredPsks, pskExtensions, psksOf, takeSession } from './psk13.ts';
import { ticketExtension } from './sessions12.ts';

/** Whom a client wants to reach. */
export interface Target {
  /** A host name, or an IP address as text: what the server's certificate must carry. */
  readonly name: string;
  /** The name for `server_name`; absent for an IP address (RFC 6066 section 3), or where it shall not be told. */
  readonly serverName?: string | undefined;
  /** What tells servers of one name apart, such as their port: sessions are kept by it, too. */
  readonly sessionScope?: string | undefined;
  /** What to send before the server answers. */
  readonly earlyData?: Uint8Array | undefined;
  /** Whether that is sent again, as ordinary data, where the server does not take it. */
  readonly resendsEarlyData?: boolean;
}

export type ClientContext = HandshakeContext<ClientConfig>;

/** What the client has offered so far, and what it needs to go on with the answer. */
export interface Offer {
  readonly hello: ClientHello;
  /** Numbers of the extensions in `hello`: the server may answer these only (RFC 9846 section 4.3). */
  readonly extensionTypes: ReadonlySet<number>;
  readonly keyExchanges: ReadonlyMap<NamedGroup, KeyExchangeOffer>;
  /** The pre-shared keys in `hello`, in its order; `undefined` for one that the caller put there. */
  readonly psks: readonly (OfferedPsk | undefined)[];
  /** The session that is offered to go on. */
  readonly session?: ClientSession | undefined;
  /** The session that early data was sent under. */
  readonly early?: ClientSession;
  /** The HelloRetryRequest that `hello` answers, if it does. */
  readonly retry?: HelloRetryRequest;
}

const RANDOM_LENGTH = 32;
const NULL_COMPRESSION = Uint8Array.of(0);

/** Sends the first ClientHello. */
export function* sendClientHello(h: ClientContext, target: Target): Handshake<Offer> {
  const { config, provider } = h;
  const speaks13 = config.versions.includes('TLSv1.3');
  const session = yield* takeSession(h, target);
  const psks = speaks13 ? offeredPsks(config, session) : [];
  const early = earlySession(h, target, psks);
  const keyExchanges = yield* startKeyExchanges(h, speaks13 ? keyShareGroups(config, target) : []);
  h.clientRandom = provider.random(RANDOM_LENGTH);
  const hello: ClientHello = {
    // RFC 9846 section 4.2.2 "legacy_version field MUST be set to 0x0303"
    // RFC 9846 appendix E.5 "Implementations MUST use 0x0303 for the ClientHello.legacy_version"
    legacyVersion: ProtocolVersion['TLSv1.2'],
    random: h.clientRandom,
    legacySessionId: sessionIdFor(h, session),
    cipherSuites: config.sendFallbackSignal
      ? [...config.cipherSuites, CipherSuite.TLS_FALLBACK_SCSV]
      : config.cipherSuites,
    // RFC 5246 section 7.4.1.2 "it MUST include the compression_method from that session"
    legacyCompressionMethods: NULL_COMPRESSION,
    extensions: {
      ...commonExtensions(config, target),
      ...(config.versions.includes('TLSv1.2')
        ? { ...extensions12(config), ...ticketExtension(config, session) }
        : {}),
      ...(speaks13 ? { ...extensions13(config, keyExchanges), ...pskExtensions(config, psks) } : {}),
      ...(early === undefined ? {} : { earlyData: true }),
    },
  };
  const offer = sendHello(h, hello, psks, { keyExchanges, session });
  const isOffered = offer.hello.extensions.earlyData === true && offer.psks[0]?.session === early;
  if (early === undefined || target.earlyData === undefined || !isOffered) return offer;
  sendEarlyData(h, early, target.earlyData);
  return { ...offer, early };
}

/**
 * The id of a TLS 1.2 session to resume. One that is made up tells whether the server takes a ticket (RFC 5077 section 3.4),
 * and lets old middleboxes take TLS 1.3 for a resumption (RFC 9846 appendix E.4).
 */
function sessionIdFor({ config, provider }: ClientContext, session: ClientSession | undefined): Uint8Array {
  if (session?.sessionId !== undefined) return session.sessionId;
  const isDisguised = config.versions.includes('TLSv1.3') && config.middleboxCompatibility;
  // RFC 9846 section 4.2.2 "this field MUST be non-empty", "MUST generate a new 32-byte value", "Otherwise,
  // it MUST be set as a zero-length list"
  return isDisguised || session?.version === 'TLSv1.2' ? provider.random(RANDOM_LENGTH) : EMPTY;
}

/** What the server asked for last time, if this client still takes it; otherwise as configured. */
function keyShareGroups({ keyShareMemory, groups, keyShares }: ClientConfig, { name }: Target) {
  const learned = keyShareMemory.recall(name);
  return learned !== undefined && groups.includes(learned) ? [learned] : keyShares;
}

function commonExtensions(config: ClientConfig, target: Target): Extensions<'ClientHello'> {
  return {
    ...(target.serverName === undefined ? {} : { serverName: target.serverName }),
    ...(config.requestOcspResponse
      ? { statusRequest: { statusType: STATUS_TYPE_OCSP, request: EMPTY_OCSP_REQUEST } }
      : {}),
    // RFC 9846 section 9.2 "it MUST contain both a signature_algorithms extension and a supported_groups",
    // "supported_groups is REQUIRED for ClientHello messages"
    // RFC 9846 section 4.3.3 "via a certificate MUST send the signature_algorithms extension"
    // RFC 5246 section 7.4.1.4.1 "it MUST send the signature_algorithms extension, listing"
    supportedGroups: config.groups,
    signatureAlgorithms: config.signatureSchemes,
    signatureAlgorithmsCert: config.certificateSignatureSchemes,
    ...(config.applicationProtocols.length === 0
      ? {}
      : { applicationLayerProtocolNegotiation: config.applicationProtocols.map(ascii) }),
    ...(config.requestSignedCertificateTimestamps ? { signedCertificateTimestamp: true } : {}),
  };
}

/** What TLS 1.2 needs besides: RFC 8422 section 5.1.2, RFC 7627 section 5.1, RFC 5746 section 3.4, RFC 7366 section 2. */
function extensions12({ cipherSuites }: ClientConfig): Extensions<'ClientHello'> {
  const infos = cipherSuites.map((suite) => TLS12_CIPHER_SUITES.get(suite));
  return {
    ...(infos.some((info) => info?.keyExchange === 'ECDHE') ? { ecPointFormats: [UNCOMPRESSED_POINT] } : {}),
    ...(infos.some((info) => info?.cipher.kind === 'cbc') ? { encryptThenMac: true } : {}),
    extendedMasterSecret: true,
    renegotiationInfo: EMPTY,
  };
}

function extensions13(
  { versions, sessions, ticketRequest }: ClientConfig,
  keyExchanges: ReadonlyMap<NamedGroup, KeyExchangeOffer>,
): Extensions<'ClientHello'> {
  return {
    ...(sessions === undefined || ticketRequest === undefined ? {} : { ticketRequest }),
    // RFC 9846 section 4.3.1 "MUST send this extension in the ClientHello", "allowed to be negotiated, they
    // MUST be present as well"
    // RFC 9846 section 9.2 "key_share is REQUIRED for DHE or ECDHE"
    supportedVersions: versions.map((version) => ProtocolVersion[version]),
    keyShare: shares(keyExchanges),
  };
}

/**
 * Makes the key shares for `groups`. A group that is the classical half of a hybrid among them uses the hybrid's own
 * key, so that the server may take either and the client makes one key pair.
 */
export function* startKeyExchanges(
  h: ClientContext,
  groups: readonly NamedGroup[],
): Handshake<ReadonlyMap<NamedGroup, KeyExchangeOffer>> {
  const started = new Map<NamedGroup, KeyExchangeOffer>();
  const components = new Map<NamedGroup, KeyExchangeOffer>();
  for (const group of groups) {
    const keyExchange = h.provider.groups.get(group);
    if (keyExchange === undefined) continue;
    const offer = components.get(group) ?? (yield* settled(keyExchange.start()));
    started.set(group, offer);
    if (offer.component !== undefined) components.set(offer.component.group, offer.component.offer);
  }
  return started;
}

export function shares(keyExchanges: ReadonlyMap<NamedGroup, KeyExchangeOffer>) {
  return Array.from(keyExchanges, ([group, { share }]) => ({ group, keyExchange: share }));
}

/**
 * Sends a ClientHello, the first or the second.
 * @param ownPsks what `hello` offers.
 */
export function sendHello(
  h: ClientContext,
  hello: ClientHello,
  ownPsks: readonly OfferedPsk[],
  rest: Pick<Offer, 'keyExchanges' | 'session' | 'retry'>,
): Offer {
  const { message, final } = h.encode('ClientHello', hello);
  const psks = psksOf(final, ownPsks);
  fillBinders(h, message, final, psks);
  h.sendEncoded(message);
  h.clientRandom = final.random;
  h.records.flush();
  return { hello: final, extensionTypes: new Set(extensionTypes(final.extensions)), psks, ...rest };
}
