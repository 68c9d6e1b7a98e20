/** The ClientHellos of a scan: each offers exactly what is asked about. */
import { randomBytes } from 'node:crypto';
import { recordHeader } from 'handfast/record';
import {
  AlertDescription,
  CipherSuite,
  type ClientHello,
  ContentType,
  clientHello,
  EMPTY_OCSP_REQUEST,
  ExtensionType,
  encodeHandshake,
  HandshakeType,
  ProtocolVersion,
  STATUS_TYPE_OCSP,
} from 'handfast/wire';
import { CURVES_12, GROUPS_13, SCHEMES_12, SCHEMES_13 } from './registries.ts';

/** The versions whose hello is a ClientHello, best first. */
export const VERSIONS = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1.0', 'SSLv3'] as const;
export type Version = (typeof VERSIONS)[number];

/** A question, put as a ClientHello. */
export interface Offer {
  /** The only version that it offers; servers may still answer with an older one. */
  readonly version: Version;
  readonly suites: readonly number[];
  /** Default: all that the version knows. */
  readonly groups?: readonly number[];
  /** Default: all that the version knows. */
  readonly schemes?: readonly number[];
  /** Application protocols. Default: none, and no such extension. */
  readonly protocols?: readonly string[];
  /** Key shares. Default: none, so that a TLS 1.3 server names the group it wants (RFC 9846 section 4.3.8). */
  readonly shares?: readonly { readonly group: number; readonly keyExchange: Uint8Array }[];
  /** Say that this is a second attempt with a lower version (RFC 7507). */
  readonly isFallback?: boolean;
  /** Offer compression and heartbeats, which nobody should take up. */
  readonly relics?: boolean;
}

const COMPRESSION_NULL = 0;
const COMPRESSION_DEFLATE = 1;
const POINT_FORMAT_UNCOMPRESSED = 0;
const EMPTY = new Uint8Array(0);

type Block = ClientHello['extensions'];

function extensions(offer: Offer, serverName: string | undefined): Block {
  const { version, groups, schemes, protocols, shares = [], relics } = offer;
  const is13 = version === 'TLSv1.3';
  return {
    ...(serverName !== undefined && { serverName }),
    supportedGroups: groups ?? (is13 ? GROUPS_13 : CURVES_12),
    statusRequest: { statusType: STATUS_TYPE_OCSP, request: EMPTY_OCSP_REQUEST },
    ...((is13 || version === 'TLSv1.2') && {
      signatureAlgorithms: schemes ?? (is13 ? SCHEMES_13 : SCHEMES_12),
      // The chain may be signed with anything, whatever the question about the handshake is.
      signatureAlgorithmsCert: is13 ? SCHEMES_13 : SCHEMES_12,
    }),
    ...(protocols !== undefined && {
      applicationLayerProtocolNegotiation: protocols.map((name) => Buffer.from(name)),
    }),
    signedCertificateTimestamp: true,
    ...(is13
      ? { supportedVersions: [ProtocolVersion['TLSv1.3']], keyShare: shares }
      : {
          ecPointFormats: [POINT_FORMAT_UNCOMPRESSED],
          extendedMasterSecret: true,
          encryptThenMac: true,
          sessionTicket: EMPTY,
        }),
    ...(relics && { unknown: [{ type: ExtensionType.heartbeat, data: Uint8Array.of(1) }] }),
  };
}

/** Some old load balancers take hellos of these lengths for something else and hang (RFC 7685 section 3). */
const BAD_LENGTHS = { from: 256, to: 511 };

function padded(hello: ClientHello, length: number): ClientHello {
  if (length < BAD_LENGTHS.from || length > BAD_LENGTHS.to) return hello;
  const data = new Uint8Array(Math.max(1, BAD_LENGTHS.to + 1 - length - 4));
  const unknown = [...(hello.extensions.unknown ?? []), { type: ExtensionType.padding, data }];
  return { ...hello, extensions: { ...hello.extensions, unknown } };
}

/**
 * The hello as one record.
 * @param serverName for SNI; `undefined` sends none.
 */
export function helloRecord(offer: Offer, serverName: string | undefined): Uint8Array {
  const { version, suites, isFallback, relics } = offer;
  const is13 = version === 'TLSv1.3';
  const signals = [
    ...(is13 ? [] : [CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV]),
    ...(isFallback ? [CipherSuite.TLS_FALLBACK_SCSV] : []),
  ];
  const hello: ClientHello = {
    legacyVersion: is13 ? ProtocolVersion['TLSv1.2'] : ProtocolVersion[version],
    random: randomBytes(32),
    // In TLS 1.3 some middleboxes want one (RFC 9846 appendix E.4); before, it would ask for a resumption.
    legacySessionId: is13 ? randomBytes(32) : EMPTY,
    cipherSuites: [...suites, ...signals],
    legacyCompressionMethods: relics
      ? Uint8Array.of(COMPRESSION_DEFLATE, COMPRESSION_NULL)
      : Uint8Array.of(COMPRESSION_NULL),
    // SSL 3.0 has none (RFC 6101 section 5.6.1.2).
    extensions: version === 'SSLv3' ? {} : extensions(offer, serverName),
  };
  const encode = (value: ClientHello): Uint8Array =>
    encodeHandshake(HandshakeType.client_hello, clientHello, value);
  const message = encode(version === 'SSLv3' ? hello : padded(hello, encode(hello).length));
  const recordVersion = version === 'SSLv3' ? ProtocolVersion.SSLv3 : ProtocolVersion['TLSv1.0'];
  return Buffer.concat([recordHeader(ContentType.handshake, recordVersion, message.length), message]);
}

/** A goodbye that every version understands: the alert close_notify. */
export function closeNotify(version: Version): Uint8Array {
  const number = ProtocolVersion[version === 'TLSv1.3' ? 'TLSv1.2' : version];
  return Uint8Array.of(...recordHeader(ContentType.alert, number, 2), 1, AlertDescription.close_notify);
}
