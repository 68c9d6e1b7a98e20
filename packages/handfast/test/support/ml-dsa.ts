/** ML-DSA keys and certificates for tests on every Node: @noble/post-quantum makes and signs them. */
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import type { MlDsaParameterSet, PublicKey } from '../../src/crypto/provider.ts';
import * as der from './der.ts';
import { type Issued, type IssueOptions, issue, type Signer } from './pki.ts';

const SETS = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 } as const;
export const ML_DSA_OIDS = {
  'ML-DSA-44': '2.16.840.1.101.3.4.3.17',
  'ML-DSA-65': '2.16.840.1.101.3.4.3.18',
  'ML-DSA-87': '2.16.840.1.101.3.4.3.19',
} as const;
export const ML_DSA_SETS = Object.keys(SETS) as MlDsaParameterSet[];

/** The bare algorithm, for signatures that are wrong in their own ways. */
export const mlDsaOf = (set: MlDsaParameterSet): typeof ml_dsa44 => SETS[set];

export interface MlDsaKey extends Signer {
  readonly publicKey: Extract<PublicKey, { kind: 'ml-dsa' }>;
  readonly secretKey: Uint8Array;
  /** The subjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  /** PKCS #8 with the seed alone (RFC 9881 section 6). */
  readonly pkcs8: Uint8Array;
}

/** An AlgorithmIdentifier without parameters. */
export const mlDsaIdentifier = (set: MlDsaParameterSet): Uint8Array =>
  der.sequence(der.oid(ML_DSA_OIDS[set]));

export function makeMlDsaKey(set: MlDsaParameterSet): MlDsaKey {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const { publicKey, secretKey } = SETS[set].keygen(seed);
  const algorithm = mlDsaIdentifier(set);
  return {
    publicKey: { kind: 'ml-dsa', parameterSet: set, key: publicKey },
    secretKey,
    algorithm,
    sign: (message) => SETS[set].sign(message, secretKey),
    publicKeyInfo: der.sequence(algorithm, der.bitString(publicKey)),
    pkcs8: der.sequence(der.integer(0), algorithm, der.octetString(der.contextPrimitive(0, seed))),
  };
}

/** A certificate of somebody who may have an ML-DSA key. */
export interface MlDsaIssued extends Issued {
  readonly mlDsa?: MlDsaKey;
}

/** Issues a certificate; its issuer signs with its ML-DSA key where it has one. */
export function issueWith(
  mlDsa: MlDsaKey | undefined,
  options: IssueOptions & { readonly issuer?: MlDsaIssued },
): MlDsaIssued {
  const signer = options.issuer === undefined ? mlDsa : options.issuer.mlDsa;
  const issued = issue({
    ...(mlDsa && { publicKeyInfo: mlDsa.publicKeyInfo }),
    ...(signer && { signer }),
    ...options,
  });
  return { ...issued, ...(mlDsa && { mlDsa }) };
}
