/** Phase 2, the part that both sides share: showing a certificate, judging one, and the proof of possession. */
import { isPromise, type PublicKey } from '../crypto/provider.ts';
import { certificateVerifyAlgorithm, schemeFitsKey } from '../crypto/signature-schemes.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import type { Role } from '../trace/events.ts';
import { ascii, concat, EMPTY } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { STATUS_TYPE_OCSP } from '../wire/extensions/status-request.ts';
import { type Certificate, certificate } from '../wire/messages/certificate.ts';
import { certificateVerify } from '../wire/messages/certificate-verify.ts';
import { extensionName, type SignatureScheme, signatureSchemeName } from '../wire/registry.ts';
import { parseCertificate, type Certificate as X509Certificate } from '../x509/certificate.ts';
import { verdictError } from '../x509/verdict.ts';
import type { HandshakeContext } from './context.ts';
import { guarded, type Handshake, settled } from './driver.ts';
import type { AuthenticatedPeer } from './established.ts';
import type { Identity } from './identity.ts';
import { illegal, unsolicited } from './refusals.ts';
import type { PeerVerifier } from './verifier.ts';

/** What a peer may staple to its certificates: that which it was asked for. */
export interface Staples {
  readonly ocspResponse: boolean;
  readonly signedCertificateTimestamps: boolean;
}

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

/** Signs the handshake so far, here or wherever the key lives. */
export function* sendCertificateVerify(
  h: HandshakeContext,
  identity: Identity,
  scheme: SignatureScheme,
): Handshake<void> {
  const content = signedContent(h.role, h.transcript.current());
  const sign = () => {
    const signature = identity.key.sign(scheme, content);
    if (isPromise(signature)) h.records.flush(); // what is ready can travel while a remote key signs
    return signature;
  };
  const signature = yield* guarded(sign, 'ERR_SIGNING_FAILED', `signing with ${signatureSchemeName(scheme)}`);
  h.send('CertificateVerify', { algorithm: scheme, signature });
}

/** A peer's Certificate message, parsed but not yet judged. */
export interface ShownCertificate {
  readonly chain: readonly X509Certificate[];
  readonly ocspResponse?: Uint8Array;
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
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
 * Asks the verifier about the peer, and lets the handshake go on only if it accepts.
 * @throws {TlsError} with the verdict's own code and sentence, and the verdict in its context.
 */
export function* judge(
  h: HandshakeContext,
  verifier: PeerVerifier,
  shown: ShownCertificate,
  at: number,
  name?: string,
): Handshake<Omit<AuthenticatedPeer, 'signatureScheme'>> {
  const peer: Role = h.role === 'client' ? 'server' : 'client';
  const verdict = yield* guarded(
    () => verifier.verify({ ...shown, peer, at, ...(name === undefined ? {} : { name }) }),
    'ERR_INTERNAL',
    'the verifier',
  );
  if (typeof verdict?.ok !== 'boolean') {
    throw new TlsError(
      'ERR_INTERNAL',
      'the verifier must answer with a verdict, accepting or refusing; it did not',
    );
  }
  h.observers.onTrace?.({ type: 'verdict', phase: 'certificate', peer, verdict });
  if (!verdict.ok) throw verdictError(verdict);
  h.order.prove('trusted certificate');
  return { ...shown, verdict };
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
  const transcriptHash = h.transcript.current();
  const received = yield* h.receive();
  const message = 'CertificateVerify';
  const { algorithm: scheme, signature } = h.decode(certificateVerify, received);
  const algorithm = offered.includes(scheme) ? certificateVerifyAlgorithm(scheme) : undefined;
  if (algorithm === undefined) {
    throw illegal(message, `signed with ${signatureSchemeName(scheme)}, which was not offered`);
  }
  const key: PublicKey | undefined = shown.chain[0]?.publicKeyInfo.key;
  if (key === undefined || !schemeFitsKey(scheme, key)) {
    const kind = key?.kind ?? 'unknown';
    throw illegal(
      message,
      `signed with ${signatureSchemeName(scheme)}, which does not fit the certificate's ${kind} key`,
    );
  }
  const signer: Role = h.role === 'client' ? 'server' : 'client';
  const valid = yield* settled(
    h.provider.verify(algorithm, key, signedContent(signer, transcriptHash), signature),
  );
  if (valid !== true) {
    throw new TlsError(
      'ERR_BAD_SIGNATURE',
      `${message}: the signature over the handshake is wrong; the ${signer} does not hold the key of its certificate, ` +
        'or the handshake was changed on its way',
      { message },
    );
  }
  h.order.prove('CertificateVerify');
  h.transcript.add(received.message);
  h.observers.onTrace?.({
    type: 'proof',
    phase: 'certificate',
    what: 'CertificateVerify',
    by: signer,
    detail: `the ${signer} signed this handshake with the key of its certificate (${signatureSchemeName(scheme)})`,
  });
  return scheme;
}
