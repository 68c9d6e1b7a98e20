/** Phase 2 of a server's TLS 1.2 handshake: its own certificate, and the client's where it asks for one. */
import { TlsError } from '../../wire/errors.ts';
import { STATUS_TYPE_OCSP } from '../../wire/extensions/status-request.ts';
import { judge, type ShownCertificate } from '../authentication.ts';
import {
  certificateTypeOf,
  readCertificate12,
  receiveCertificateVerify12,
  sendCertificate12,
} from '../authentication12.ts';
import type { Handshake } from '../driver.ts';
import type { AuthenticatedPeer } from '../established.ts';
import { type ServerContext, tellClientSignature } from './choose.ts';
import type { Choice12 } from './choose12.ts';
import type { Answer12 } from './hello12.ts';

/** Sends Certificate, and CertificateStatus where the hello promised it (RFC 6066 section 8). */
export function sendServerCertificate12(h: ServerContext, { identity }: Choice12, answer: Answer12): void {
  sendCertificate12(h, identity);
  const { ocspResponse } = identity;
  if (answer.staplesOcspResponse && ocspResponse !== undefined) {
    h.send('CertificateStatus', { statusType: STATUS_TYPE_OCSP, response: ocspResponse });
  }
}

/** Asks the client for its certificate, if this server wants one. */
export function sendCertificateRequest12(h: ServerContext): void {
  const { clientAuthentication, signatureSchemes, verifier } = h.config;
  const { facts } = h.order;
  facts.certificateRequested = clientAuthentication !== 'none';
  facts.certificateRequired = clientAuthentication === 'require';
  if (!facts.certificateRequested) return;
  h.send('CertificateRequest12', {
    certificateTypes: [...new Set(signatureSchemes.map(certificateTypeOf))],
    supportedSignatureAlgorithms: signatureSchemes,
    certificateAuthorities: verifier?.authorities ?? [],
  });
}

/** A client's certificate that was accepted; its CertificateVerify is still to come. */
export type JudgedClient = Omit<AuthenticatedPeer, 'signatureScheme'> & ShownCertificate;

/** Receives the client's answer to CertificateRequest; `undefined` when it has nothing to show and need not. */
export function* receiveClientCertificate12(h: ServerContext): Handshake<JudgedClient | undefined> {
  const { clientAuthentication, verifier } = h.config;
  if (clientAuthentication === 'none' || verifier === undefined) return undefined;
  const received = yield* h.receive();
  const chain = readCertificate12(h, received);
  h.transcript.add(received.message);
  h.order.facts.certificateShown = chain.length > 0;
  if (!h.order.facts.certificateShown) {
    if (clientAuthentication === 'request') return undefined;
    throw new TlsError(
      'ERR_NO_CERTIFICATE', // in TLS 1.2 it is told by handshake_failure (RFC 5246 section 7.4.6)
      'the client showed no certificate, and this server requires one; give the client a certificate and its key',
      { message: 'Certificate' },
    );
  }
  return yield* judge(h, verifier, { chain }, { at: h.config.now(), use: 'signature' });
}

/** Receives the proof that the client holds the key of the certificate that it showed. */
export function* receiveClientProof12(
  h: ServerContext,
  judged: JudgedClient | undefined,
): Handshake<AuthenticatedPeer | undefined> {
  if (judged === undefined) return undefined;
  const { signatureSchemes } = h.config;
  const signatureScheme = yield* receiveCertificateVerify12(h, judged, signatureSchemes);
  tellClientSignature(h, signatureScheme);
  return { ...judged, signatureScheme };
}
