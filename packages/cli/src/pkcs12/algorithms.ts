/** What the algorithm identifiers of PKCS #5 and PKCS #12 say (RFC 8018 appendix A, RFC 7292 appendix C, RFC 7914, RFC 9579). */
import { DerError, type DerReader, describeOid, Tag } from 'handfast/x509';
import { HASHES, type Hash, type ScryptParameters } from './kdf.ts';

/** How a key is made from a password. */
export type KeyDerivation =
  | {
      readonly kind: 'pbkdf2';
      readonly prf: Hash;
      readonly salt: Uint8Array;
      readonly iterations: number;
      /** In bytes, where it is written. */
      readonly keyLength?: number;
    }
  | ({ readonly kind: 'scrypt'; readonly keyLength?: number } & ScryptParameters)
  | { readonly kind: 'pkcs12'; readonly hash: Hash; readonly salt: Uint8Array; readonly iterations: number };

/** A cipher, as node:crypto calls it. */
export interface Cipher {
  readonly name: string;
  /** `undefined` where Node's OpenSSL has none without its legacy provider. */
  readonly openssl: string | undefined;
  readonly keyLength: number;
  readonly ivLength: number;
}

/** How something is encrypted; `undefined` members are not known, and `name` says what stands there. */
export interface Encryption {
  readonly name: string;
  readonly derivation: KeyDerivation | undefined;
  readonly cipher: Cipher | undefined;
  /** Where the derivation does not make it. */
  readonly iv?: Uint8Array;
}

const cipher = (name: string, openssl: string | undefined, keyLength: number, ivLength: number): Cipher => ({
  name,
  openssl,
  keyLength,
  ivLength,
});

const TRIPLE_DES = cipher('3DES', 'des-ede3-cbc', 24, 8);

/** RFC 7292 appendix C: what follows 1.2.840.113549.1.12.1. */
const PKCS12_CIPHERS: Readonly<Record<string, Cipher>> = {
  '1': cipher('128-bit RC4', undefined, 16, 0),
  '2': cipher('40-bit RC4', undefined, 5, 0),
  '3': TRIPLE_DES,
  '4': cipher('2-key 3DES', 'des-ede-cbc', 16, 8),
  '5': cipher('128-bit RC2', undefined, 16, 8),
  '6': cipher('40-bit RC2', undefined, 5, 8),
};
const PKCS12_PREFIX = '1.2.840.113549.1.12.1.';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

const PBES2_CIPHERS: Readonly<Record<string, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': cipher('AES-128-CBC', 'aes-128-cbc', 16, 16),
  '2.16.840.1.101.3.4.1.22': cipher('AES-192-CBC', 'aes-192-cbc', 24, 16),
  '2.16.840.1.101.3.4.1.42': cipher('AES-256-CBC', 'aes-256-cbc', 32, 16),
  '1.2.840.113549.3.7': TRIPLE_DES,
};

/** Algorithms that are not opened, but worth a name. */
const OTHERS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.5.1': 'PBES1 with MD2 and DES',
  '1.2.840.113549.1.5.3': 'PBES1 with MD5 and DES',
  '1.2.840.113549.1.5.6': 'PBES1 with MD5 and RC2',
  '1.2.840.113549.1.5.10': 'PBES1 with SHA-1 and DES',
  '1.2.840.113549.1.5.11': 'PBES1 with SHA-1 and RC2',
  '1.2.840.113549.3.2': 'RC2',
  '1.3.14.3.2.7': 'DES',
};

const HASH_OIDS: Readonly<Record<string, Hash>> = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** HMAC with a hash (RFC 8018 appendix B.1). */
const HMAC_OIDS: Readonly<Record<string, Hash>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** An AlgorithmIdentifier: its object identifier, and a reader of its parameters. */
export interface Algorithm {
  readonly oid: string;
  readonly parameters: DerReader;
}

/** Reads an AlgorithmIdentifier; its parameters are still to be read. */
export function readAlgorithm(reader: DerReader, what: string): Algorithm {
  const parameters = reader.sequence(what);
  return { oid: parameters.oid(what), parameters };
}

/** The name of an algorithm that is not known here. */
function otherName(oid: string): string {
  return OTHERS[oid] ?? describeOid(oid);
}

/** A hash by its object identifier; `undefined` where it is not known. */
export function hashOf({ oid }: Algorithm): Hash | undefined {
  return HASH_OIDS[oid];
}

/** The hash of an HMAC; `undefined` where it is not known. */
export function hmacOf({ oid }: Algorithm): Hash | undefined {
  return HMAC_OIDS[oid];
}

/** An iteration count, which must be one at least. */
export function readIterations(reader: DerReader, what = 'iterations'): number {
  const start = reader.position;
  const count = reader.smallInteger(what);
  if (count < 1) throw new DerError('extension-value', start, `${what}: expected 1 or more, found ${count}`);
  return count;
}

function readKeyLength(reader: DerReader): { readonly keyLength?: number } {
  if (reader.peek() !== Tag.INTEGER) return {};
  return { keyLength: readIterations(reader, 'keyLength') };
}

/** PBKDF2 or scrypt with their parameters; `undefined` for others. */
export function readDerivation({ oid, parameters: outer }: Algorithm): KeyDerivation | undefined {
  if (oid !== PBKDF2 && oid !== SCRYPT) return undefined;
  const what = 'key derivation';
  const parameters = outer.sequence(what);
  outer.finish(what);
  if (oid === SCRYPT) {
    const salt = parameters.octetString('salt');
    const cost = readIterations(parameters, 'costParameter');
    const blockSize = readIterations(parameters, 'blockSize');
    const parallelization = readIterations(parameters, 'parallelizationParameter');
    const length = readKeyLength(parameters);
    parameters.finish(what);
    return { kind: 'scrypt', salt, cost, blockSize, parallelization, ...length };
  }
  const salt = parameters.octetString('salt');
  const iterations = readIterations(parameters);
  const length = readKeyLength(parameters);
  const prf = parameters.done ? 'sha1' : hmacOf(readAlgorithm(parameters, 'prf'));
  parameters.finish(what);
  return prf && { kind: 'pbkdf2', prf, salt, iterations, ...length };
}

function readPbes2(outer: DerReader): Encryption {
  const parameters = outer.sequence('PBES2');
  outer.finish('PBES2');
  const derivation = readDerivation(readAlgorithm(parameters, 'keyDerivationFunc'));
  const scheme = readAlgorithm(parameters, 'encryptionScheme');
  parameters.finish('PBES2');
  const known = PBES2_CIPHERS[scheme.oid];
  if (known === undefined) {
    return { name: `PBES2 with ${otherName(scheme.oid)}`, derivation, cipher: undefined };
  }
  const start = scheme.parameters.position;
  const iv = scheme.parameters.octetString('IV');
  scheme.parameters.finish('encryptionScheme');
  if (iv.length !== known.ivLength) {
    const message = `IV: expected ${known.ivLength} bytes, found ${iv.length}`;
    throw new DerError('algorithm-parameters', start, message);
  }
  const wanted = derivation?.kind === 'pkcs12' ? undefined : derivation?.keyLength;
  if (wanted !== undefined && wanted !== known.keyLength) {
    const message = `keyLength: ${known.name} has keys of ${known.keyLength} bytes, found ${wanted}`;
    throw new DerError('algorithm-parameters', start, message);
  }
  return { name: 'PBES2', derivation, cipher: known, iv };
}

/** Reads how something is encrypted, whether or not it can be decrypted here. */
export function readEncryption(reader: DerReader): Encryption {
  const algorithm = readAlgorithm(reader, 'encryption');
  const { oid, parameters: outer } = algorithm;
  if (oid === PBES2) return readPbes2(outer);
  const known = oid.startsWith(PKCS12_PREFIX) ? PKCS12_CIPHERS[oid.slice(PKCS12_PREFIX.length)] : undefined;
  if (known === undefined) return { name: otherName(oid), derivation: undefined, cipher: undefined };
  const parameters = outer.sequence('pkcs-12PbeParams');
  outer.finish('pkcs-12PbeParams');
  const salt = parameters.octetString('salt');
  const iterations = readIterations(parameters);
  parameters.finish('pkcs-12PbeParams');
  const derivation = { kind: 'pkcs12', hash: 'sha1', salt, iterations } as const;
  return { name: 'PKCS #12 encryption', derivation, cipher: known };
}

/** Such as `PBKDF2 with HMAC-SHA-256, 2048 iterations`. */
export function derivationText(derivation: KeyDerivation): string {
  if (derivation.kind === 'scrypt') {
    const { cost, blockSize, parallelization } = derivation;
    return `scrypt, N ${cost}, r ${blockSize}, p ${parallelization}`;
  }
  const { iterations } = derivation;
  const count = `${iterations} ${iterations === 1 ? 'iteration' : 'iterations'}`;
  return derivation.kind === 'pbkdf2'
    ? `PBKDF2 with HMAC-${HASHES[derivation.prf].name}, ${count}`
    : `PKCS #12 derivation with ${HASHES[derivation.hash].name}, ${count}`;
}

/** Such as `AES-256-CBC (PBES2; PBKDF2 with HMAC-SHA-256, 2048 iterations)`. */
export function encryptionText({ name, derivation, cipher: known }: Encryption): string {
  const how = derivation === undefined ? 'key derivation not known' : derivationText(derivation);
  if (known !== undefined) return `${known.name} (${name === 'PBES2' ? `${name}; ` : ''}${how})`;
  return derivation === undefined ? name : `${name} (${how})`;
}

/** The same for JSON. */
export function encryptionData({ name, derivation, cipher: known }: Encryption): object {
  return {
    scheme: name,
    cipher: known?.name ?? null,
    keyDerivation: derivation === undefined ? null : derivationData(derivation),
  };
}

/** A key derivation for JSON. */
export function derivationData(derivation: KeyDerivation): object {
  const { kind, salt } = derivation;
  const saltLength = salt.length;
  if (kind === 'scrypt') {
    const { cost, blockSize, parallelization } = derivation;
    return { kind, cost, blockSize, parallelization, saltLength };
  }
  const hash = HASHES[kind === 'pbkdf2' ? derivation.prf : derivation.hash].name;
  return { kind, hash, iterations: derivation.iterations, saltLength };
}
