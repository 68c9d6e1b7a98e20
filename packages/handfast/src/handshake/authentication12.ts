/** Phase 2 of TLS 1.2, the part that both sides share: the Certificate and CertificateVerify messages. */
import { SIGNATURE_SCHEMES, schemeFitsVersion } from '../crypto/signature-schemes.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import { certificateVerify } from '../wire/messages/certificate-verify.ts';
import { certificate12 } from '../wire/messages/certificate12.ts';
import { ClientCertificateType, type SignatureScheme } from '../wire/registry.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import {
  checkSignature,
  type PeerSignature,
  type ShownCertificate,
  sign,
  tellSignature,
} from './authentication.ts';
import type { HandshakeContext } from './context.ts';
import type { Handshake } from './driver.ts';
import type { Identity } from './identity.ts';

/** Sends the Certificate message (RFC 5246 section 7.4.2). Without an identity it is empty, which only a client may send. */
export function sendCertificate12(h: HandshakeContext, identity: Identity | undefined): void {
  h.send('Certificate12', { certificateList: (identity?.chain ?? []).map(({ der }) => der) });
}

/**
 * Takes a Certificate message apart.
 * @throws {TlsError} when it holds a malformed certificate.
 */
export function readCertificate12(h: HandshakeContext, received: HandshakeMessage): readonly Certificate[] {
  return h.decode(certificate12, received).certificateList.map(parseCertificate);
}

/** Checks a signature as TLS 1.2 understands its scheme. */
export function checkSignature12(
  h: HandshakeContext,
  shown: ShownCertificate,
  signature: Omit<PeerSignature, 'algorithm' | 'fits'>,
): Handshake<void> {
  const { scheme } = signature;
  return checkSignature(h, shown, {
    ...signature,
    algorithm: SIGNATURE_SCHEMES.get(scheme)?.algorithm,
    fits: (key) => schemeFitsVersion('TLSv1.2', scheme, key),
  });
}

/** The `ClientCertificateType` of keys that sign with a scheme; `ecdsa_sign` includes EdDSA (RFC 8422 section 5.5). */
export function certificateTypeOf(scheme: SignatureScheme): number {
  const isRsa = SIGNATURE_SCHEMES.get(scheme)?.keyKind.startsWith('rsa');
  return isRsa ? ClientCertificateType.rsa_sign : ClientCertificateType.ecdsa_sign;
}

/** Signs all handshake messages so far (RFC 5246 section 7.4.8). */
export function* sendCertificateVerify12(
  h: HandshakeContext,
  identity: Identity,
  scheme: SignatureScheme,
): Handshake<void> {
  const signature = yield* sign(h, identity, scheme, h.transcript.messages());
  h.send('CertificateVerify', { algorithm: scheme, signature });
}

/**
 * Receives CertificateVerify: the proof that the client holds the private key of the certificate that it showed.
 * @param offered the schemes that this side said it accepts.
 */
export function* receiveCertificateVerify12(
  h: HandshakeContext,
  shown: ShownCertificate,
  offered: readonly SignatureScheme[],
): Handshake<SignatureScheme> {
  const content = h.transcript.messages();
  const received = yield* h.receive();
  const message = 'CertificateVerify';
  const { algorithm: scheme, signature } = h.decode(certificateVerify, received);
  yield* checkSignature12(h, shown, { message, scheme, signature, offered, content });
  h.order.prove('CertificateVerify');
  h.transcript.add(received.message);
  tellSignature(h, message, scheme);
  return scheme;
}
