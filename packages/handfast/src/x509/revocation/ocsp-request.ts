/** OCSP requests (RFC 6960 section 4.1): the question that a responder answers, about one certificate. */
import type { CryptoProvider, HashName, PublicKey } from '../../crypto/provider.ts';
import { ConfigError } from '../../wire/errors.ts';
import { publicKeyBits } from '../algorithms.ts';
import type { Certificate } from '../certificate.ts';
import { Tag } from '../der.ts';
import { encodeElement, encodeOid } from '../der-writer.ts';
import { AlgorithmOid, ExtensionOid } from '../oids.ts';

/** The lengths in bytes that a nonce may have (RFC 9654 section 2.1). */
const NONCE_LENGTH = { least: 1, most: 128 } as const;

/** Options of {@link encodeOcspRequest}. */
export interface OcspRequestOptions {
  /** Hashes the issuer's name and key. */
  readonly provider: Pick<CryptoProvider, 'hash'>;
  /**
   * The hash by which the certificate is named. Default: `SHA-1`, since RFC 5019 section 2.1.1 demands it and responders
   * look answers up by it; it protects nothing, so that its weakness does no harm.
   */
  readonly hash?: 'SHA-1' | 'SHA-256';
  /**
   * Random bytes that the responder must repeat, 32 of them (RFC 9654); give the same as `revocation.nonce` when the response
   * is judged. Default: none, since most public responders answer with responses that they made in advance.
   */
  readonly nonce?: Uint8Array;
}

/**
 * Asks about one certificate: an unsigned OCSPRequest as DER.
 * @param issuer who issued the certificate: its certificate, or its key alone.
 * @throws {ConfigError} when the nonce is not 1 to 128 bytes long, as RFC 9654 wants it.
 */
export function encodeOcspRequest(
  certificate: Pick<Certificate, 'issuer' | 'serialNumber'>,
  issuer: Pick<Certificate, 'publicKeyInfo'> | PublicKey,
  { provider, hash = 'SHA-1', nonce }: OcspRequestOptions,
): Uint8Array {
  const digest = (bytes: Uint8Array): Uint8Array => {
    const running = provider.hash(hash);
    running.update(bytes);
    return octetString(running.digest());
  };
  const keyBits = 'publicKeyInfo' in issuer ? issuer.publicKeyInfo.bits : publicKeyBits(issuer);
  const certificateId = sequence(
    sequence(encodeOid(HASH_OID[hash]), encodeElement(Tag.NULL)),
    // RFC 6960 section 4.1.1: the name as it stands in the certificate, the key without tag, length and unused bits.
    digest(certificate.issuer.der),
    digest(keyBits),
    encodeElement(Tag.INTEGER, certificate.serialNumber),
  );
  const requestList = sequence(sequence(certificateId));
  return sequence(sequence(requestList, ...(nonce === undefined ? [] : [requestExtensions(nonce)])));
}

const HASH_OID = {
  'SHA-1': AlgorithmOid.sha1,
  'SHA-256': AlgorithmOid.sha256,
} as const satisfies Partial<Record<HashName, string>>;

function requestExtensions(nonce: Uint8Array): Uint8Array {
  const { least, most } = NONCE_LENGTH;
  if (nonce.length < least || nonce.length > most) {
    throw new ConfigError(
      'nonce',
      `nonce: expected ${least} to ${most} bytes (RFC 9654), found ${nonce.length}`,
    );
  }
  // The extension's value is an OCTET STRING of its own, inside the one that every extension has.
  const extension = sequence(encodeOid(ExtensionOid.ocspNonce), octetString(octetString(nonce)));
  return encodeElement(0xa2, sequence(extension));
}

const sequence = (...items: readonly Uint8Array[]): Uint8Array => encodeElement(Tag.SEQUENCE, ...items);
const octetString = (bytes: Uint8Array): Uint8Array => encodeElement(Tag.OCTET_STRING, bytes);
