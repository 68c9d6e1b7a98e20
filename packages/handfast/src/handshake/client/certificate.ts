/** Phase 2 of a client's TLS 1.3 handshake: the server's certificate, and the client's own where it is asked for. */
import { TlsError } from '../../wire/errors.ts';
import type { Extensions } from '../../wire/extensions/block.ts';
import { type CertificateRequest, certificateRequest } from '../../wire/messages/certificate-request.ts';
import { HandshakeType, signatureSchemeName } from '../../wire/registry.ts';
import {
  judge,
  readCertificate,
  receiveCertificateVerify,
  type Staples,
  sendCertificate,
  sendCertificateVerify,
} from '../authentication.ts';
import { guarded, type Handshake } from '../driver.ts';
import type { AuthenticatedPeer, Established } from '../established.ts';
import type { Identity } from '../identity.ts';
import { listed } from '../listed.ts';
import { illegal, missing } from '../refusals.ts';
import { bestSuited, issuedBy } from '../selection.ts';
import type { ClientContext, Offer, Target } from './hello.ts';
import { oidFilter } from './oid-filters.ts';

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
  if (shown.chain.length === 0) {
    throw new TlsError('ERR_EMPTY_CERTIFICATE', 'Certificate: a server must show a certificate, found none', {
      message: 'Certificate',
    });
  }
  h.transcript.add(received.message);
  const judged = yield* judge(h, h.config.verifier, shown, h.config.now(), target.name);
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
): Handshake<Established['own']> {
  const schemes = request.extensions.signatureAlgorithms ?? [];
  const own = bestSuited(yield* ownIdentities(h, request), request.extensions);
  h.choose({
    phase: 'certificate',
    what: 'client authentication',
    chosen: own === undefined ? 'no certificate' : signatureSchemeName(own.signatureScheme),
    offered: listed(schemes, signatureSchemeName),
    reason:
      own === undefined
        ? 'the server asked for a certificate, and the client has none that fits the request'
        : 'the server asked for a certificate, and this one fits the request best',
  });
  sendCertificate(h, own?.identity, staplesAskedFor(request.extensions));
  if (own !== undefined) yield* sendCertificateVerify(h, own.identity, own.signatureScheme);
  return own && { identity: own.identity, signatureScheme: own.signatureScheme };
}

/** Identities that may be shown: what the caller selects, or those that meet what the server asks of a certificate. */
function* ownIdentities(h: ClientContext, request: CertificateRequest): Handshake<readonly Identity[]> {
  const { selectIdentity: select, identities } = h.config;
  if (select !== undefined) {
    const selected = yield* guarded(() => select(request), 'ERR_INTERNAL', 'selectIdentity');
    return selected === undefined ? [] : [selected];
  }
  const [isIssuedByNamed, passes] = [issuedBy(request.extensions), oidFilter(request)];
  return identities.filter((identity) => {
    const [leaf] = identity.chain;
    return leaf !== undefined && isIssuedByNamed(identity) && passes(leaf);
  });
}
