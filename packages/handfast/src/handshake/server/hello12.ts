/** Phase 1 of a server's TLS 1.2 handshake, from the ClientHello on: the ServerHello. */
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { ascii, EMPTY } from '../../wire/bytes.ts';
import { UNCOMPRESSED_POINT } from '../../wire/extensions/ec-point-formats.ts';
import { STATUS_TYPE_OCSP } from '../../wire/extensions/status-request.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import { CipherSuite, ProtocolVersion } from '../../wire/registry.ts';
import { checkExtensions12, DOWNGRADE_SENTINEL } from '../hello12.ts';
import { illegal } from '../refusals.ts';
import type { ServerContext } from './choose.ts';
import type { Choice12 } from './choose12.ts';
import type { SessionOffer12 } from './sessions12.ts';

/** What the ServerHello said, for what follows. */
export interface Answer12 {
  readonly serverRandom: Uint8Array;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  readonly staplesOcspResponse: boolean;
}

const message = 'ClientHello';

/** Checks what TLS 1.2 demands of a ClientHello (RFC 5246 section 7.4.1.2, RFC 5746 section 3.6, RFC 7627 section 5.2). */
export function acceptClientHello12(h: ServerContext, received: HandshakeMessage, hello: ClientHello): void {
  if (!hello.legacyCompressionMethods.includes(0)) {
    throw illegal(message, 'expected the null compression method among those offered, found others only');
  }
  checkExtensions12(message, hello.extensions, h.config, signalsRenegotiation(hello));
  h.transcript.keepMessages();
  h.transcript.add(received.message);
}

/** The extension, or the suite that stands for it (RFC 5746 section 3.6). */
function signalsRenegotiation({ cipherSuites, extensions }: ClientHello): boolean {
  return (
    extensions.renegotiationInfo !== undefined ||
    cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
  );
}

const RANDOM_LENGTH = 32;

/**
 * Sends ServerHello, which answers those extensions only that the client sent.
 * @param choice without an identity where an earlier session goes on.
 */
export function sendServerHello12(
  h: ServerContext,
  hello: ClientHello,
  { suite, identity }: Pick<Choice12, 'suite'> & Partial<Choice12>,
  applicationProtocol: string | undefined,
  { sessionId, promisesTicket }: SessionOffer12,
): Answer12 {
  const { extensions: offered } = hello;
  const random = h.provider.random(RANDOM_LENGTH);
  if (h.config.versions.includes('TLSv1.3')) {
    const sentinel = DOWNGRADE_SENTINEL['TLSv1.2'];
    random.set(sentinel, RANDOM_LENGTH - sentinel.length);
  }
  const isResumed = identity === undefined;
  const wantsOcsp = offered.statusRequest?.statusType === STATUS_TYPE_OCSP;
  const { signedCertificateTimestamps, ocspResponse } = identity ?? {};
  const final = h.send('ServerHello12', {
    legacyVersion: ProtocolVersion['TLSv1.2'],
    random,
    legacySessionIdEcho: sessionId,
    cipherSuite: suite.suite,
    legacyCompressionMethod: 0,
    extensions: {
      ...(signalsRenegotiation(hello) ? { renegotiationInfo: EMPTY } : {}),
      // Both were settled when the session was made (RFC 6066 section 3, RFC 8422 section 4)
      ...(isResumed || offered.serverName === undefined ? {} : { serverName: true as const }),
      ...(offered.extendedMasterSecret === undefined ? {} : { extendedMasterSecret: true as const }),
      ...(offered.encryptThenMac !== undefined && suite.cipher.kind === 'cbc'
        ? { encryptThenMac: true as const }
        : {}),
      ...(!isResumed && offered.ecPointFormats !== undefined && suite.keyExchange === 'ECDHE'
        ? { ecPointFormats: [UNCOMPRESSED_POINT] }
        : {}),
      ...(promisesTicket ? { sessionTicket: true as const } : {}),
      ...(wantsOcsp && ocspResponse !== undefined ? { statusRequest: true as const } : {}),
      ...(offered.signedCertificateTimestamp !== undefined && signedCertificateTimestamps !== undefined
        ? { signedCertificateTimestamp: signedCertificateTimestamps }
        : {}),
      ...(applicationProtocol === undefined
        ? {}
        : { applicationLayerProtocolNegotiation: [ascii(applicationProtocol)] }),
    },
  });
  return {
    serverRandom: final.random,
    extendedMasterSecret: final.extensions.extendedMasterSecret !== undefined,
    encryptThenMac: final.extensions.encryptThenMac !== undefined,
    staplesOcspResponse: final.extensions.statusRequest !== undefined,
  };
}
