/** Phase 2, the part that both sides and both versions share: judging a certificate, signing, and checking a signature. */
import { isPromise, type PublicKey, type SignatureAlgorithm } from '../crypto/provider.ts';
import type { Role } from '../trace/events.ts';
import { TlsError } from '../wire/errors.ts';
import { type SignatureScheme, signatureSchemeName } from '../wire/registry.ts';
import type { Certificate as X509Certificate } from '../x509/certificate.ts';
import { verdictError } from '../x509/verdict.ts';
import type { HandshakeContext } from './context.ts';
import { guarded, type Handshake, settled } from './driver.ts';
import type { AuthenticatedPeer } from './established.ts';
import type { Identity } from './identity.ts';
import { illegal } from './refusals.ts';
import type { PeerVerifier, VerificationRequest } from './verifier.ts';

/** What a peer may staple to its certificates: that which it was asked for. */
export interface Staples {
  readonly ocspResponse: boolean;
  readonly signedCertificateTimestamps: boolean;
}

/** A peer's Certificate message, parsed but not yet judged. */
export interface ShownCertificate {
  readonly chain: readonly X509Certificate[];
  readonly ocspResponse?: Uint8Array;
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/** The other side. */
export function peerOf(h: HandshakeContext): Role {
  return h.role === 'client' ? 'server' : 'client';
}

/**
 * Asks the verifier about the peer, and lets the handshake go on only if it accepts.
 * @param question.use what the peer's key will do in this handshake.
 * @throws {TlsError} with the verdict's own code and sentence, and the verdict in its context.
 */
export function* judge(
  h: HandshakeContext,
  verifier: PeerVerifier,
  shown: ShownCertificate,
  question: Pick<VerificationRequest, 'at' | 'use' | 'name' | 'statusRequested'>,
): Handshake<Omit<AuthenticatedPeer, 'signatureScheme'>> {
  const peer = peerOf(h);
  const verdict = yield* guarded(
    () => verifier.verify({ ...shown, peer, ...question }),
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

/** Signs, here or wherever the key lives. */
export function* sign(
  h: HandshakeContext,
  identity: Identity,
  scheme: SignatureScheme,
  content: Uint8Array,
): Handshake<Uint8Array> {
  const operation = () => {
    const signature = identity.key.sign(scheme, content);
    if (isPromise(signature)) h.records.flush(); // what is ready can travel while a remote key signs
    return signature;
  };
  return yield* guarded(operation, 'ERR_SIGNING_FAILED', `signing with ${signatureSchemeName(scheme)}`);
}

/** A signature of the peer's, and what it is held against. */
export interface PeerSignature {
  /** The message that it came in. */
  readonly message: 'CertificateVerify' | 'ServerKeyExchange';
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
  /** The schemes that this side said it accepts. */
  readonly offered: readonly SignatureScheme[];
  /** How the version understands the scheme, and whether it fits the key; `undefined` where it has no such scheme. */
  readonly algorithm: SignatureAlgorithm | undefined;
  readonly fits: (key: PublicKey) => boolean;
  /** What must have been signed. */
  readonly content: Uint8Array;
}

/**
 * Checks that the peer holds the private key of the certificate that it showed, and used it in this handshake.
 * @throws {TlsError} `ERR_ILLEGAL_PARAMETER` for a scheme that was not offered or does not fit, `ERR_BAD_SIGNATURE`.
 */
export function* checkSignature(
  h: HandshakeContext,
  shown: ShownCertificate,
  { message, scheme, signature, offered, algorithm, fits, content }: PeerSignature,
): Handshake<void> {
  if (algorithm === undefined || !offered.includes(scheme)) {
    throw illegal(message, `signed with ${signatureSchemeName(scheme)}, which was not offered`);
  }
  const key: PublicKey | undefined = shown.chain[0]?.publicKeyInfo.key;
  if (key === undefined || !fits(key)) {
    const kind = key?.kind ?? 'unknown';
    throw illegal(
      message,
      `signed with ${signatureSchemeName(scheme)}, which does not fit the certificate's ${kind} key`,
    );
  }
  const signer = peerOf(h);
  const valid = yield* settled(h.provider.verify(algorithm, key, content, signature));
  if (valid !== true) {
    throw new TlsError(
      'ERR_BAD_SIGNATURE',
      `${message}: the signature over the handshake is wrong; the ${signer} does not hold the key of its certificate, ` +
        'or the handshake was changed on its way',
      { message },
    );
  }
}

/** Tells listeners that the peer's signature held. */
export function tellSignature(
  h: HandshakeContext,
  what: PeerSignature['message'],
  scheme: SignatureScheme,
): void {
  const by = peerOf(h);
  const signed = what === 'CertificateVerify' ? 'this handshake' : 'its key share and both randoms';
  h.observers.onTrace?.({
    type: 'proof',
    phase: 'certificate',
    what,
    by,
    detail: `the ${by} signed ${signed} with the key of its certificate (${signatureSchemeName(scheme)})`,
  });
}
