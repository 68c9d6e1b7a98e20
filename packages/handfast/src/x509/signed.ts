/**
 * The frame of all that X.509 signs: SEQUENCE { what is signed, signatureAlgorithm, signature } (RFC 5280 sections 4.1 and 5.1,
 * RFC 2986 section 4.2, RFC 6960 section 4.2.1).
 */
import type { SignatureAlgorithm } from '../crypto/provider.ts';
import { equalBytes } from '../wire/bytes.ts';
import { TlsError, type TlsErrorCode } from '../wire/errors.ts';
import { type AlgorithmIdentifier, readAlgorithm, signatureAlgorithm } from './algorithms.ts';
import { DerError, DerReader } from './der.ts';

/** What is signed, and by what means. */
export interface SignedStructure {
  /** The signed part as DER: what the signature covers. */
  readonly tbs: Uint8Array;
  readonly signatureIdentifier: AlgorithmIdentifier;
  /** The algorithm of the signature; `undefined` when it is not supported. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
}

/** A frame whose signed part is still to be read. */
export interface SignedFrame {
  readonly part: DerReader;
  /** The algorithm outside of the signed part. */
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** Reads the frame out of its SEQUENCE; `partName` and `signatureName` are the RFC's names for two of its fields. */
export function readFrame(outer: DerReader, partName: string, signatureName = 'signature'): SignedFrame {
  const part = outer.sequence(partName);
  const algorithm = readAlgorithm(outer, 'signatureAlgorithm');
  const signature = outer.wholeBytes(signatureName);
  return { part, algorithm, signature };
}

/** Reads the algorithm that the signed part names too: the two MUST be the same (RFC 5280 sections 4.1.1.2 and 5.1.1.2). */
export function readSameAlgorithm({ part, algorithm }: SignedFrame): AlgorithmIdentifier {
  const inner = readAlgorithm(part, 'signature');
  // Parameters included: what is not signed must not change what the signature means.
  if (!equalBytes(inner.der, algorithm.der)) {
    throw new DerError(
      'algorithm-mismatch',
      inner.offset,
      'signature: the algorithm inside the signed part differs from the one outside of it',
    );
  }
  return inner;
}

/**
 * What a frame says of its signature.
 * @param identifier the algorithm's, from inside the signed part where that has one.
 * @throws {DerError} when the parameters of a known algorithm are not what its RFC says.
 */
export function signedBy({ part, signature }: SignedFrame, identifier: AlgorithmIdentifier): SignedStructure {
  return {
    tbs: part.encoding(),
    signatureIdentifier: identifier,
    signatureAlgorithm: signatureAlgorithm(identifier),
    signature,
  };
}

/** Reads the one SEQUENCE that is the whole input. */
export function wholeSequence(der: Uint8Array, what: string): DerReader {
  const input = new DerReader(der);
  const outer = input.sequence(what);
  input.finish(what);
  return outer;
}

/** Runs a reader, and tells what it refuses as a connection's error. */
export function parsed<T>(
  what: string,
  code: Extract<TlsErrorCode, 'ERR_BAD_CERTIFICATE' | 'ERR_BAD_CERTIFICATE_STATUS'>,
  read: () => T,
): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const { reason, offset } = error;
    throw new TlsError(
      code,
      `${what} is malformed at byte ${offset}: ${error.message}`,
      { reason, offset },
      { cause: error },
    );
  }
}
