/** Phase 2 of a client's TLS 1.2 handshake: the server's certificate, and the client's own where it is asked for. */
import { CURVE_GROUPS } from '../../crypto/groups.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { EMPTY } from '../../wire/bytes.ts';
import type { CertificateRequest } from '../../wire/messages/certificate-request.ts';
import { certificateRequest12 } from '../../wire/messages/certificate-request12.ts';
import { certificateStatus } from '../../wire/messages/certificate-status.ts';
import { HandshakeType, SignatureScheme } from '../../wire/registry.ts';
import { judge, type ShownCertificate } from '../authentication.ts';
import { certificateTypeOf, readCertificate12, sendCertificate12 } from '../authentication12.ts';
import type { Handshake } from '../driver.ts';
import type { AuthenticatedPeer } from '../established.ts';
import { emptyCertificate, illegal } from '../refusals.ts';
import type { Suited } from '../selection.ts';
import type { ClientContext, Offer, Target } from './client-hello.ts';
import type { ServerChoice12 } from './hello12.ts';
import { chooseOwnIdentity } from './own-certificate.ts';

/** The server's certificate was accepted; `next` is the message that came after it. */
export interface ServerAuthentication12 {
  readonly peer: Omit<AuthenticatedPeer, 'signatureScheme'>;
  readonly next: HandshakeMessage;
}

/** Receives Certificate and CertificateStatus (if any), and judges them. */
export function* receiveServerCertificate12(
  h: ClientContext,
  offer: Offer,
  choice: ServerChoice12,
  target: Target,
): Handshake<ServerAuthentication12> {
  const received = yield* h.receive();
  const chain = readCertificate12(h, received);
  if (chain.length === 0) throw emptyCertificate();
  h.transcript.add(received.message);
  let next = yield* h.receive();
  let ocspResponse: Uint8Array | undefined;
  if (next.type === HandshakeType.certificate_status) {
    ocspResponse = h.decode(certificateStatus, next).response;
    h.transcript.add(next.message);
    next = yield* h.receive();
  }
  const { signedCertificateTimestamps } = choice;
  const shown: ShownCertificate = {
    chain,
    ...(ocspResponse === undefined ? {} : { ocspResponse }),
    ...(signedCertificateTimestamps === undefined ? {} : { signedCertificateTimestamps }),
  };
  checkFitsSuite(shown, offer, choice);
  const peer = yield* judge(h, h.config.verifier, shown, {
    at: h.config.now(),
    use: choice.suite.keyExchange === 'RSA' ? 'key transport' : 'signature',
    name: target.name,
    statusRequested: offer.hello.extensions.statusRequest !== undefined,
  });
  return { peer, next };
}

/** The suite says what kind of key the certificate must hold (RFC 5246 section 7.4.2, RFC 8422 section 5.3). */
function checkFitsSuite({ chain }: ShownCertificate, { hello }: Offer, { suite }: ServerChoice12): void {
  const key = chain[0]?.publicKeyInfo.key;
  const kind = key?.kind;
  const fits =
    suite.authentication === 'ECDSA'
      ? kind === 'ec' || kind === 'ed25519' || kind === 'ed448'
      : kind === 'rsa' || (kind === 'rsa-pss' && suite.keyExchange !== 'RSA');
  if (!fits) {
    throw illegal('Certificate', `its ${kind ?? 'unknown'} key does not fit the cipher suite ${suite.name}`);
  }
  // In TLS 1.2 supported_groups speaks of the certificate's curve too (RFC 8422 section 5.1.1).
  if (key?.kind === 'ec' && !hello.extensions.supportedGroups?.includes(CURVE_GROUPS[key.curve])) {
    throw illegal('Certificate', `its key is on the curve ${key.curve}, which the client did not offer`);
  }
}

/**
 * Reads a CertificateRequest (RFC 5246 section 7.4.4) as what it would be in TLS 1.3, so that one rule chooses the
 * identity in both: of its signature algorithms those remain that go with its certificate types.
 */
export function acceptCertificateRequest12(h: ClientContext, received: HandshakeMessage): CertificateRequest {
  const request = h.decode(certificateRequest12, received);
  const { certificateTypes, certificateAuthorities } = request;
  h.transcript.add(received.message);
  // EdDSA is newer than the types. `ecdsa_sign` stands for it too (RFC 8422 section 5.5), but some servers that take its
  // schemes leave that type out, so there the schemes alone decide.
  const supportedSignatureAlgorithms = request.supportedSignatureAlgorithms.filter(
    (scheme) => isEdwards(scheme) || certificateTypes.includes(certificateTypeOf(scheme)),
  );
  return {
    certificateRequestContext: EMPTY,
    extensions: {
      signatureAlgorithms: supportedSignatureAlgorithms,
      ...(certificateAuthorities.length === 0 ? {} : { certificateAuthorities }),
    },
  };
}

function isEdwards(scheme: SignatureScheme): boolean {
  return scheme === SignatureScheme.ed25519 || scheme === SignatureScheme.ed448;
}

/** Answers the server's CertificateRequest with Certificate, which may be empty; CertificateVerify comes later. */
export function* sendClientCertificate12(
  h: ClientContext,
  request: CertificateRequest,
): Handshake<Suited | undefined> {
  const own = yield* chooseOwnIdentity(h, request, 'TLSv1.2');
  sendCertificate12(h, own?.identity);
  return own;
}
