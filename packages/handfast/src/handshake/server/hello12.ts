/** Phase 1 of a server's TLS 1.2 handshake, from the ClientHello on: the ServerHello. */
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { ascii, EMPTY } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import { UNCOMPRESSED_POINT } from '../../wire/extensions/ec-point-formats.ts';
import { STATUS_TYPE_OCSP } from '../../wire/extensions/status-request.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import { CipherSuite, ProtocolVersion } from '../../wire/registry.ts';
import { illegal } from '../refusals.ts';
import type { ServerContext } from './choose.ts';
import type { Choice12 } from './choose12.ts';

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
  const { renegotiationInfo, extendedMasterSecret, ecPointFormats } = hello.extensions;
  if (!hello.legacyCompressionMethods.includes(0)) {
    throw illegal(message, 'expected the null compression method among those offered, found others only');
  }
  if (ecPointFormats !== undefined && !ecPointFormats.includes(UNCOMPRESSED_POINT)) {
    throw illegal(message, 'ec_point_formats lacks the uncompressed form (RFC 8422 section 5.1.2)');
  }
  const isSignalled =
    renegotiationInfo?.length === 0 ||
    hello.cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  if (
    renegotiationInfo !== undefined
      ? renegotiationInfo.length > 0
      : !isSignalled && h.config.requireSecureRenegotiation
  ) {
    const found = renegotiationInfo === undefined ? 'none' : `${renegotiationInfo.length} bytes in it`;
    throw new TlsError(
      'ERR_INSECURE_RENEGOTIATION',
      `${message}: expected an empty renegotiation_info (RFC 5746 section 3.6), found ${found}`,
      { message },
    );
  }
  if (extendedMasterSecret === undefined && h.config.requireExtendedMasterSecret) {
    throw new TlsError(
      'ERR_NO_EXTENDED_MASTER_SECRET',
      `${message}: expected extended_master_secret (RFC 7627), found none; without it, two handshakes can be made to share ` +
        'one master secret: update the client, or set requireExtendedMasterSecret to false',
      { message },
    );
  }
  h.transcript.keepMessages();
  h.transcript.add(received.message);
}

const RANDOM_LENGTH = 32;

/** How the random of a server ends that speaks TLS 1.3 and had to choose TLS 1.2 (RFC 9846 section 4.2.3). */
const DOWNGRADE_SENTINEL: Uint8Array = ascii('DOWNGRD\x01');

/** Sends ServerHello, which answers those extensions only that the client sent. */
export function sendServerHello12(
  h: ServerContext,
  hello: ClientHello,
  { suite, identity }: Choice12,
  applicationProtocol: string | undefined,
): Answer12 {
  const { extensions: offered } = hello;
  const random = h.provider.random(RANDOM_LENGTH);
  if (h.config.versions.includes('TLSv1.3'))
    random.set(DOWNGRADE_SENTINEL, RANDOM_LENGTH - DOWNGRADE_SENTINEL.length);
  const isSignalled =
    offered.renegotiationInfo !== undefined ||
    hello.cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  const wantsOcsp = offered.statusRequest?.statusType === STATUS_TYPE_OCSP;
  const { signedCertificateTimestamps } = identity;
  const final = h.send('ServerHello12', {
    legacyVersion: ProtocolVersion['TLSv1.2'],
    random,
    legacySessionIdEcho: EMPTY, // no session is kept, so none can be resumed (RFC 5246 section 7.4.1.3)
    cipherSuite: suite.suite,
    legacyCompressionMethod: 0,
    extensions: {
      ...(isSignalled ? { renegotiationInfo: EMPTY } : {}),
      ...(offered.serverName === undefined ? {} : { serverName: true as const }),
      ...(offered.extendedMasterSecret === undefined ? {} : { extendedMasterSecret: true as const }),
      ...(offered.encryptThenMac !== undefined && suite.cipher.kind === 'cbc'
        ? { encryptThenMac: true as const }
        : {}),
      ...(offered.ecPointFormats !== undefined && suite.keyExchange === 'ECDHE'
        ? { ecPointFormats: [UNCOMPRESSED_POINT] }
        : {}),
      ...(wantsOcsp && identity.ocspResponse !== undefined ? { statusRequest: true as const } : {}),
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
