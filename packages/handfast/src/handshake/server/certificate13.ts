/** Phase 2 of a server's TLS 1.3 handshake: its own certificate, and the client's where it asks for one. */
import { TlsError } from '../../wire/errors.ts';
import { STATUS_TYPE_OCSP } from '../../wire/extensions/status-request.ts';
import { judge, type Staples } from '../authentication.ts';
import {
  readCertificate,
  receiveCertificateVerify,
  sendCertificate,
  sendCertificateVerify,
} from '../authentication13.ts';
import type { Handshake } from '../driver.ts';
import type { AuthenticatedPeer } from '../established.ts';
import type { Suited } from '../selection.ts';
import { type ServerContext, tellClientSignature } from './choose.ts';
import type { ClientOffer } from './hello13.ts';

/** What this server asks clients to staple: nothing yet is judged, so nothing is asked for. */
const ASKED_STAPLES: Staples = { ocspResponse: false, signedCertificateTimestamps: false };

/** Sends CertificateRequest (if clients shall show a certificate), Certificate and CertificateVerify. */
export function* sendServerCertificate(
  h: ServerContext,
  { hello }: ClientOffer,
  own: Suited,
): Handshake<void> {
  const { clientAuthentication, signatureSchemes, certificateSignatureSchemes, verifier } = h.config;
  const { facts } = h.order;
  facts.certificateRequested = clientAuthentication !== 'none';
  facts.certificateRequired = clientAuthentication === 'require';
  if (facts.certificateRequested) {
    const { authorities = [] } = verifier ?? {};
    h.send('CertificateRequest', {
      certificateRequestContext: new Uint8Array(0),
      extensions: {
        signatureAlgorithms: signatureSchemes,
        signatureAlgorithmsCert: certificateSignatureSchemes,
        ...(authorities.length === 0 ? {} : { certificateAuthorities: authorities }),
      },
    });
  }
  const asked: Staples = {
    ocspResponse: hello.extensions.statusRequest?.statusType === STATUS_TYPE_OCSP,
    signedCertificateTimestamps: hello.extensions.signedCertificateTimestamp !== undefined,
  };
  sendCertificate(h, own.identity, asked);
  yield* sendCertificateVerify(h, own.identity, own.signatureScheme);
}

/** Receives the client's answer to CertificateRequest; `undefined` when it has nothing to show and need not. */
export function* receiveClientCertificate(h: ServerContext): Handshake<AuthenticatedPeer | undefined> {
  const { clientAuthentication, verifier, signatureSchemes } = h.config;
  if (clientAuthentication === 'none' || verifier === undefined) return undefined;
  const received = yield* h.receive();
  const shown = readCertificate(h, received, ASKED_STAPLES);
  h.transcript.add(received.message);
  h.order.facts.certificateShown = shown.chain.length > 0;
  if (!h.order.facts.certificateShown) {
    if (clientAuthentication === 'request') return undefined;
    throw new TlsError(
      'ERR_CERTIFICATE_REQUIRED',
      'the client showed no certificate, and this server requires one; give the client a certificate and its key',
      { message: 'Certificate' },
    );
  }
  const judged = yield* judge(h, verifier, shown, { at: h.config.now(), use: 'signature' });
  const signatureScheme = yield* receiveCertificateVerify(h, shown, signatureSchemes);
  tellClientSignature(h, signatureScheme);
  return { ...judged, signatureScheme };
}
