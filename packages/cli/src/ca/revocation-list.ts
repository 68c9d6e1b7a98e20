/**
 * Making revocation lists (RFC 5280 section 5). The library that issues the certificates writes entries without a reason in a
 * way that RFC 5280 forbids (an empty list of extensions), so the few structures are written here.
 */
import { type KeyObject, sign } from 'node:crypto';
import type { Certificate, RevocationReason } from 'handfast/x509';
import type { KeyKind } from '../authority.ts';
import { der, derInteger } from '../der.ts';

/** An entry of a revocation list. */
export interface Revocation {
  /** Hexadecimal digits, as in the certificate. */
  readonly serialNumber: string;
  readonly time: Date;
  readonly reason: Exclude<RevocationReason, 'removeFromCRL'>;
}

/** Who signs. */
export interface Signer {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly kind: KeyKind;
}

const Tag = {
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  ENUMERATED: 0x0a,
  UTCTime: 0x17,
  GeneralizedTime: 0x18,
  SEQUENCE: 0x30,
} as const;

/** CRLReason (RFC 5280 section 5.3.1). */
const REASON_CODES: Readonly<Record<Revocation['reason'], number>> = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
  aACompromise: 10,
};

/** AlgorithmIdentifiers as DER (RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055 section 5), and the hashes inside. */
const ECDSA = '06082a8648ce3d0403';
const RSA_WITH_SHA256 = { algorithm: '06092a864886f70d01010b0500', hash: 'sha256' };
const ALGORITHMS: Readonly<Record<KeyKind, { readonly algorithm: string; readonly hash: string | null }>> = {
  'ECDSA P-256': { algorithm: `${ECDSA}02`, hash: 'sha256' },
  'ECDSA P-384': { algorithm: `${ECDSA}03`, hash: 'sha384' },
  'ECDSA P-521': { algorithm: `${ECDSA}04`, hash: 'sha512' },
  Ed25519: { algorithm: '06032b6570', hash: null },
  'RSA 2048': RSA_WITH_SHA256,
  'RSA 3072': RSA_WITH_SHA256,
  'RSA 4096': RSA_WITH_SHA256,
};

/** Extensions of lists and entries, by the last octet of their identifiers 2.5.29.n. */
const CRL_NUMBER = 20;
const REASON_CODE = 21;
const AUTHORITY_KEY_IDENTIFIER = 35;

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(Tag.SEQUENCE, ...contents);

function extension(id: number, value: Uint8Array): Buffer {
  return sequence(der(Tag.OBJECT_IDENTIFIER, Uint8Array.of(0x55, 0x1d, id)), der(Tag.OCTET_STRING, value));
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 5.1.2.4). */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050
    ? der(Tag.UTCTime, Buffer.from(digits.slice(2)))
    : der(Tag.GeneralizedTime, Buffer.from(digits));
}

function entry({ serialNumber, time: revokedAt, reason }: Revocation): Buffer {
  const code = REASON_CODES[reason];
  return sequence(
    der(0x02, Buffer.from(serialNumber, 'hex')),
    time(revokedAt),
    // No reason says the same as `unspecified`, and is to be preferred (RFC 5280 section 5.3.1).
    ...(code === 0 ? [] : [sequence(extension(REASON_CODE, der(Tag.ENUMERATED, Uint8Array.of(code))))]),
  );
}

/**
 * Makes a signed revocation list, as DER.
 * @param number greater than that of every list before it.
 */
export function revocationList(
  { certificate, key, kind }: Signer,
  number: number,
  thisUpdate: Date,
  nextUpdate: Date,
  revoked: readonly Revocation[],
): Uint8Array {
  const { algorithm, hash } = ALGORITHMS[kind];
  const { subject, subjectKeyIdentifier } = certificate;
  const identifier = sequence(Buffer.from(algorithm, 'hex'));
  const tbs = sequence(
    derInteger(1), // version 2
    identifier,
    subject.der,
    time(thisUpdate),
    time(nextUpdate),
    ...(revoked.length === 0 ? [] : [sequence(...revoked.map(entry))]),
    der(
      0xa0,
      sequence(
        ...(subjectKeyIdentifier === undefined
          ? []
          : [extension(AUTHORITY_KEY_IDENTIFIER, sequence(der(0x80, subjectKeyIdentifier)))]),
        extension(CRL_NUMBER, derInteger(number)),
      ),
    ),
  );
  const signature = sign(hash, tbs, key);
  return new Uint8Array(sequence(tbs, identifier, der(Tag.BIT_STRING, Uint8Array.of(0), signature)));
}
