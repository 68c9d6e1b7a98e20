/** Phase 2 of a client's TLS 1.3 handshake: the server's certificate, and the client's own where it is asked for. */
import type { Extensions } from '../../wire/extensions/block.ts';
import { type CertificateRequest, certificateRequest } from '../../wire/messages/certificate-request.ts';
import { HandshakeType, signatureSchemeName } from '../../wire/registry.ts';
import { judge, type Staples } from '../authentication.ts';
import {
  readCertificate,
  receiveCertificateVerify,
  sendCertificate,
  sendCertificateVerify,
} from '../authentication13.ts';
import type { Handshake } from '../driver.ts';
import type { AuthenticatedPeer, OwnProof } from '../established.ts';
import { emptyCertificate, illegal, missing } from '../refusals.ts';
import type { ClientContext, Offer, Target } from './client-hello.ts';
import { chooseOwnIdentity } from './own-certificate.ts';

/** The server's certificate was accepted, and it may have asked for the client's. */
export interface ServerAuthentication {
  readonly peer: AuthenticatedPeer;
  readonly request?: CertificateRequest;
}

/** Receives CertificateRequest (if any), Certificate and CertificateVerify. */
export function* receiveServerCertificate(
  h: ClientContext,
  offer: Offer,
  target: Target,
): Handshake<ServerAuthentication> {
  let received = yield* h.receive();
  let request: CertificateRequest | undefined;
  if (received.type === HandshakeType.certificate_request) {
    request = checkRequest(h.decode(certificateRequest, received));
    h.transcript.add(received.message);
    received = yield* h.receive();
  }
  const { extensions } = offer.hello;
  const shown = readCertificate(h, received, staplesAskedFor(extensions));
  if (shown.chain.length === 0) throw emptyCertificate();
  h.transcript.add(received.message);
  const judged = yield* judge(h, h.config.verifier, shown, {
    at: h.config.now(),
    use: 'signature',
    name: target.name,
    statusRequested: extensions.statusRequest !== undefined,
  });
  const signatureScheme = yield* receiveCertificateVerify(h, shown, extensions.signatureAlgorithms ?? []);
  h.choose({
    phase: 'certificate',
    what: 'signature scheme',
    chosen: signatureSchemeName(signatureScheme),
    offered: (extensions.signatureAlgorithms ?? []).map(signatureSchemeName),
    reason: 'the server signed with it',
  });
  return { peer: { ...judged, signatureScheme }, ...(request === undefined ? {} : { request }) };
}

/** The staples that a ClientHello or a CertificateRequest asks for: in both, the extension's presence says it. */
function staplesAskedFor({
  statusRequest,
  signedCertificateTimestamp,
}: Extensions<'ClientHello'> | Extensions<'CertificateRequest'>): Staples {
  return {
    ocspResponse: statusRequest !== undefined,
    signedCertificateTimestamps: signedCertificateTimestamp !== undefined,
  };
}

function checkRequest(request: CertificateRequest): CertificateRequest {
  const message = 'CertificateRequest';
  if (request.certificateRequestContext.length > 0) {
    throw illegal(message, 'expected an empty context during the handshake, found one');
  }
  if (request.extensions.signatureAlgorithms === undefined) {
    throw missing(message, 'signature_algorithms');
  }
  return request;
}

/** Answers the server's CertificateRequest: Certificate, and CertificateVerify if there is something to prove. */
export function* sendClientCertificate(
  h: ClientContext,
  request: CertificateRequest,
): Handshake<OwnProof | undefined> {
  const own = yield* chooseOwnIdentity(h, request, 'TLSv1.3');
  sendCertificate(h, own?.identity, staplesAskedFor(request.extensions));
  if (own === undefined) return undefined;
  yield* sendCertificateVerify(h, own.identity, own.signatureScheme);
  return { identity: own.identity, signatureScheme: own.signatureScheme };
}
