/** Phase 2 of TLS 1.3, the part that both sides share: the Certificate and CertificateVerify messages. */
import { certificateVerifyAlgorithm, schemeFitsKey } from '../crypto/signature-schemes.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import type { Role } from '../trace/events.ts';
import { ascii, concat, EMPTY } from '../wire/bytes.ts';
import { STATUS_TYPE_OCSP } from '../wire/extensions/status-request.ts';
import { type Certificate, certificate } from '../wire/messages/certificate.ts';
import { certificateVerify } from '../wire/messages/certificate-verify.ts';
import { extensionName, type SignatureScheme } from '../wire/registry.ts';
import { parseCertificate } from '../x509/certificate.ts';
import {
  checkSignature,
  peerOf,
  type ShownCertificate,
  type Staples,
  sign,
  tellSignature,
} from './authentication.ts';
import type { HandshakeContext } from './context.ts';
import type { Handshake } from './driver.ts';
import type { Identity } from './identity.ts';
import { illegal, unsolicited } from './refusals.ts';

/** Sends the Certificate message (RFC 9846 section 4.5.1). Without an identity it is empty, which only a client may send. */
export function sendCertificate(h: HandshakeContext, identity: Identity | undefined, wanted: Staples): void {
  const { chain = [], ocspResponse, signedCertificateTimestamps } = identity ?? {};
  const leafExtensions = {
    ...(wanted.ocspResponse && ocspResponse !== undefined
      ? { statusRequest: { statusType: STATUS_TYPE_OCSP, response: ocspResponse } }
      : {}),
    ...(wanted.signedCertificateTimestamps && signedCertificateTimestamps !== undefined
      ? { signedCertificateTimestamp: signedCertificateTimestamps }
      : {}),
  };
  h.send('Certificate', {
    certificateRequestContext: EMPTY,
    certificateList: chain.map(({ der }, i) => ({
      certData: der,
      extensions: i === 0 ? leafExtensions : {},
    })),
  });
}

const CONTEXT_STRINGS: Readonly<Record<Role, Uint8Array>> = {
  server: ascii('TLS 1.3, server CertificateVerify'),
  client: ascii('TLS 1.3, client CertificateVerify'),
};
const SPACES = new Uint8Array(64).fill(0x20);
const SEPARATOR = Uint8Array.of(0);

/** What a CertificateVerify signs (RFC 9846 section 4.5.2). */
export function signedContent(signer: Role, transcriptHash: Uint8Array): Uint8Array {
  return concat(SPACES, CONTEXT_STRINGS[signer], SEPARATOR, transcriptHash);
}

/** Signs the handshake so far. */
export function* sendCertificateVerify(
  h: HandshakeContext,
  identity: Identity,
  scheme: SignatureScheme,
): Handshake<void> {
  const signature = yield* sign(h, identity, scheme, signedContent(h.role, h.transcript.current()));
  h.send('CertificateVerify', { algorithm: scheme, signature });
}

/**
 * Takes a Certificate message apart.
 * @throws {TlsError} when it echoes a context, carries what was not asked for, or holds a malformed certificate.
 */
export function readCertificate(
  h: HandshakeContext,
  received: HandshakeMessage,
  wanted: Staples,
): ShownCertificate {
  const message: Certificate = h.decode(certificate, received);
  if (message.certificateRequestContext.length > 0) {
    throw illegal('Certificate', 'expected an empty request context during the handshake, found one');
  }
  for (const { extensions } of message.certificateList) {
    if (extensions.statusRequest !== undefined && !wanted.ocspResponse)
      throw unsolicited('Certificate', 'status_request');
    if (extensions.signedCertificateTimestamp !== undefined && !wanted.signedCertificateTimestamps) {
      throw unsolicited('Certificate', 'signed_certificate_timestamp');
    }
    if (extensions.unknown?.[0] !== undefined)
      throw unsolicited('Certificate', extensionName(extensions.unknown[0].type));
  }
  const leaf = message.certificateList[0]?.extensions;
  return {
    chain: message.certificateList.map(({ certData }) => parseCertificate(certData)),
    ...(leaf?.statusRequest === undefined ? {} : { ocspResponse: leaf.statusRequest.response }),
    ...(leaf?.signedCertificateTimestamp === undefined
      ? {}
      : { signedCertificateTimestamps: leaf.signedCertificateTimestamp }),
  };
}

/**
 * Receives CertificateVerify: the proof that the peer holds the private key of the certificate that it showed,
 * bound to this handshake.
 * @param offered the schemes that this side said it accepts.
 */
export function* receiveCertificateVerify(
  h: HandshakeContext,
  shown: ShownCertificate,
  offered: readonly SignatureScheme[],
): Handshake<SignatureScheme> {
  const content = signedContent(peerOf(h), h.transcript.current());
  const received = yield* h.receive();
  const message = 'CertificateVerify';
  const { algorithm: scheme, signature } = h.decode(certificateVerify, received);
  yield* checkSignature(h, shown, {
    message,
    scheme,
    signature,
    offered,
    algorithm: certificateVerifyAlgorithm(scheme),
    fits: (key) => schemeFitsKey(scheme, key),
    content,
  });
  h.order.prove('CertificateVerify');
  h.transcript.add(received.message);
  tellSignature(h, message, scheme);
  return scheme;
}
