/** Phase 1 of a client's TLS 1.2 handshake, after the ClientHello: the ServerHello. */
import { type CipherSuite12Info, TLS12_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import type { ClientSession } from '../../session/session.ts';
import type { ServerHello12 } from '../../wire/messages/server-hello.ts';
import { CipherSuite, cipherSuiteName, ExtensionType, extensionName } from '../../wire/registry.ts';
import { checkExtensions12 } from '../hello12.ts';
import { illegal, unsolicited } from '../refusals.ts';
import { chosenProtocol, tellVersion } from './answers.ts';
import type { ClientContext, Offer } from './client-hello.ts';
import { resumedSession12 } from './sessions12.ts';

/** What a TLS 1.2 server chose in its hello. */
export interface ServerChoice12 {
  readonly suite: CipherSuite12Info;
  readonly serverRandom: Uint8Array;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  /** Whether CertificateStatus may follow Certificate (RFC 6066 section 8). */
  readonly certificateStatusPossible: boolean;
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
  readonly applicationProtocol?: string;
  /** What the session will be called, or is: empty where it has no id. */
  readonly sessionId: Uint8Array;
  /** The session that goes on. */
  readonly session?: ClientSession;
}

const message = 'ServerHello';

/** Takes the ServerHello of a server that chose TLS 1.2 (RFC 5246 section 7.4.1.3). */
export function acceptServerHello12(
  h: ClientContext,
  offer: Offer,
  received: HandshakeMessage,
  hello: ServerHello12,
): ServerChoice12 {
  const suite = checkSuite(offer, hello);
  checkExtensions(h, offer, hello, suite);
  const session = resumedSession12(offer, hello);
  h.useVersion('TLSv1.2');
  h.transcript.keepMessages();
  h.useCipherSuite12(suite);
  h.transcript.add(received.message);
  const { facts } = h.order;
  facts.sessionResumed = session !== undefined;
  facts.certificateStatusPossible = session === undefined && hello.extensions.statusRequest !== undefined;
  facts.ticketPromised = hello.extensions.sessionTicket !== undefined;
  facts.keyIsEphemeral = session === undefined && suite.keyExchange !== 'RSA';
  if (session !== undefined) h.order.prove('earlier session');
  tellVersion(h, offer.hello, 'TLSv1.2', suite);
  const applicationProtocol = chosenProtocol(
    h,
    offer,
    message,
    hello.extensions.applicationLayerProtocolNegotiation,
  );
  const { signedCertificateTimestamp } = hello.extensions;
  return {
    suite,
    serverRandom: hello.random,
    extendedMasterSecret: hello.extensions.extendedMasterSecret !== undefined,
    encryptThenMac: hello.extensions.encryptThenMac !== undefined,
    certificateStatusPossible: facts.certificateStatusPossible,
    ...(signedCertificateTimestamp === undefined
      ? {}
      : { signedCertificateTimestamps: signedCertificateTimestamp }),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    sessionId: hello.legacySessionIdEcho,
    ...(session === undefined ? {} : { session }),
  };
}

function checkSuite({ hello: offered }: Offer, hello: ServerHello12): CipherSuite12Info {
  const suite = offered.cipherSuites.includes(hello.cipherSuite)
    ? TLS12_CIPHER_SUITES.get(hello.cipherSuite)
    : undefined;
  if (suite === undefined) {
    throw illegal(
      message,
      `the server chose ${cipherSuiteName(hello.cipherSuite)}, which the client did not offer for TLSv1.2`,
    );
  }
  if (hello.legacyCompressionMethod !== 0) {
    throw illegal(message, `expected no compression, found method ${hello.legacyCompressionMethod}`);
  }
  return suite;
}

function checkExtensions(
  h: ClientContext,
  offer: Offer,
  { extensions }: ServerHello12,
  suite: CipherSuite12Info,
): void {
  const extra = extensions.order?.find(
    (type) => !offer.extensionTypes.has(type) && !isSignalled(offer, type),
  );
  if (extra !== undefined) throw unsolicited(message, extensionName(extra));
  // Some old F5 load balancers echo supported_groups, which means nothing there; BoringSSL overlooks it too.
  const foreign = extensions.unknown?.find(({ type }) => type !== ExtensionType.supported_groups);
  if (foreign !== undefined) {
    throw illegal(message, `${extensionName(foreign.type)} may not appear in the hello of a TLSv1.2 server`);
  }
  checkExtensions12(message, extensions, h.config);
  if (extensions.encryptThenMac !== undefined && suite.cipher.kind !== 'cbc') {
    throw illegal(message, `encrypt_then_mac does not go with ${suite.name} (RFC 7366 section 3)`);
  }
}

/** A suite may stand for the extension renegotiation_info (RFC 5746 section 3.4), where the caller has the last word on the hello. */
function isSignalled({ hello }: Offer, type: number): boolean {
  return (
    type === ExtensionType.renegotiation_info &&
    hello.cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
  );
}
