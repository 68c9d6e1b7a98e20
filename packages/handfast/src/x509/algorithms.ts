/**
 * AlgorithmIdentifiers, and the keys and signature algorithms they stand for (RFC 3279, 4055, 5480, 5758, 8410, 9881).
 * What is not known here survives as its object identifier, to be refused by name when it matters.
 */
import {
  type EcCurve,
  HASH_LENGTH,
  type HashName,
  ML_DSA_KEY_LENGTH,
  type MlDsaParameterSet,
  type PublicKey,
  type SignatureAlgorithm,
} from '../crypto/provider.ts';
import { EMPTY } from '../wire/bytes.ts';
import { DerError, DerReader, Tag } from './der.ts';
import { encodeElement, encodeOid } from './der-writer.ts';
import { AlgorithmOid } from './oids.ts';

/** An AlgorithmIdentifier as it stands in a certificate. */
export interface AlgorithmIdentifier {
  /** The whole structure as DER. */
  readonly der: Uint8Array;
  /** Where it stands in the input, for messages. */
  readonly offset: number;
  readonly oid: string;
  /** The parameters; absent when there are none, which is not the same as NULL. */
  readonly parameters?: DerReader;
}

/** A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
export interface SubjectPublicKeyInfo {
  /** The whole structure as DER. */
  readonly der: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  /** The key; `undefined` when its algorithm or curve is not supported. */
  readonly key: PublicKey | undefined;
  /** The named curve's object identifier, for EC keys. */
  readonly curveOid?: string;
  /** The content of the subjectPublicKey BIT STRING. */
  readonly bits: Uint8Array;
}

/** Reads an AlgorithmIdentifier out of `reader`. */
export function readAlgorithm(reader: DerReader, what: string): AlgorithmIdentifier {
  const element = reader.sequence(what);
  const der = element.encoding();
  const offset = element.start;
  const oid = element.oid(what);
  if (element.done) return { der, offset, oid };
  const parameters = element.readAny(what);
  element.finish(what);
  return { der, offset, oid, parameters };
}

const RSA_PKCS1_HASH: ReadonlyMap<string, HashName> = new Map([
  [AlgorithmOid.sha1WithRSAEncryption, 'SHA-1'],
  [AlgorithmOid.sha256WithRSAEncryption, 'SHA-256'],
  [AlgorithmOid.sha384WithRSAEncryption, 'SHA-384'],
  [AlgorithmOid.sha512WithRSAEncryption, 'SHA-512'],
]);

const ECDSA_HASH: ReadonlyMap<string, HashName> = new Map([
  [AlgorithmOid.ecdsaWithSHA1, 'SHA-1'],
  [AlgorithmOid.ecdsaWithSHA256, 'SHA-256'],
  [AlgorithmOid.ecdsaWithSHA384, 'SHA-384'],
  [AlgorithmOid.ecdsaWithSHA512, 'SHA-512'],
]);

const HASH: ReadonlyMap<string, HashName> = new Map([
  [AlgorithmOid.sha1, 'SHA-1'],
  [AlgorithmOid.sha256, 'SHA-256'],
  [AlgorithmOid.sha384, 'SHA-384'],
  [AlgorithmOid.sha512, 'SHA-512'],
]);

const CURVE: ReadonlyMap<string, EcCurve> = new Map([
  [AlgorithmOid.secp256r1, 'P-256'],
  [AlgorithmOid.secp384r1, 'P-384'],
  [AlgorithmOid.secp521r1, 'P-521'],
]);

const ML_DSA: ReadonlyMap<string, MlDsaParameterSet> = new Map(
  (['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const).map((name) => [AlgorithmOid[name], name]),
);

/** Bytes of one coordinate. */
const COORDINATE_LENGTH: Readonly<Record<EcCurve, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };

/**
 * The signature algorithm that an identifier stands for, or `undefined` when it is not supported.
 * @throws {DerError} when the parameters of a known algorithm are not what its RFC says.
 */
export function signatureAlgorithm(algorithm: AlgorithmIdentifier): SignatureAlgorithm | undefined {
  const { oid } = algorithm;
  const pkcs1 = RSA_PKCS1_HASH.get(oid);
  if (pkcs1 !== undefined) {
    requireNullOrAbsent(algorithm);
    return { kind: 'rsa-pkcs1', hash: pkcs1 };
  }
  const ecdsa = ECDSA_HASH.get(oid);
  if (ecdsa !== undefined) {
    requireAbsent(algorithm);
    return { kind: 'ecdsa', hash: ecdsa };
  }
  const parameterSet = ML_DSA.get(oid);
  if (parameterSet !== undefined) {
    requireAbsent(algorithm);
    return { kind: 'ml-dsa', parameterSet };
  }
  switch (oid) {
    case AlgorithmOid.rsassaPss: {
      const parameters = readPssParameters(algorithm);
      return parameters && { kind: 'rsa-pss', ...parameters };
    }
    case AlgorithmOid.ed25519:
      requireAbsent(algorithm);
      return { kind: 'ed25519' };
    case AlgorithmOid.ed448:
      requireAbsent(algorithm);
      return { kind: 'ed448' };
    default:
      return undefined;
  }
}

/** Reads a SubjectPublicKeyInfo out of `reader`. */
export function readPublicKeyInfo(reader: DerReader): SubjectPublicKeyInfo {
  const what = 'subjectPublicKeyInfo';
  const element = reader.sequence(what);
  const der = element.encoding();
  const algorithm = readAlgorithm(element, what);
  const bits = element.wholeBytes(what);
  element.finish(what);
  const keyReader = new DerReader(element.input, element.end - bits.length, undefined, element.end);
  const bare = (name: string, length: number): Uint8Array =>
    readBareKey(algorithm, name, length, bits, keyReader);
  switch (algorithm.oid) {
    case AlgorithmOid.rsaEncryption:
      requireNull(algorithm);
      return { der, algorithm, bits, key: { kind: 'rsa', ...readRsaKey(keyReader) } };
    case AlgorithmOid.rsassaPss:
      return { der, algorithm, bits, key: readPssKey(algorithm, keyReader) };
    case AlgorithmOid.ecPublicKey: {
      const { parameters } = algorithm;
      // Curves spelled out in full are not supported (RFC 5480 section 2.1.1 forbids them).
      if (parameters?.tag !== Tag.OBJECT_IDENTIFIER) return { der, algorithm, bits, key: undefined };
      const curveOid = enclosing(parameters).oid(what);
      const curve = CURVE.get(curveOid);
      return { der, algorithm, bits, curveOid, key: curve && readEcKey(curve, bits, keyReader) };
    }
    case AlgorithmOid.ed25519:
      return { der, algorithm, bits, key: { kind: 'ed25519', key: bare('ed25519', 32) } };
    case AlgorithmOid.ed448:
      return { der, algorithm, bits, key: { kind: 'ed448', key: bare('ed448', 57) } };
    default: {
      const parameterSet = ML_DSA.get(algorithm.oid);
      if (parameterSet === undefined) return { der, algorithm, bits, key: undefined };
      const key = bare(parameterSet, ML_DSA_KEY_LENGTH[parameterSet]);
      return { der, algorithm, bits, key: { kind: 'ml-dsa', parameterSet, key } };
    }
  }
}

/** RSAPublicKey (RFC 3279 section 2.3.1). */
function readRsaKey(reader: DerReader): { modulus: Uint8Array; exponent: Uint8Array } {
  const what = 'RSA public key';
  const element = reader.sequence(what);
  reader.finish(what);
  const modulus = element.unsignedInteger(what);
  const exponent = element.unsignedInteger(what);
  element.finish(what);
  return { modulus, exponent };
}

/** The bytes of a key's subjectPublicKey BIT STRING, which OCSP names keys by. */
export function publicKeyBits(key: PublicKey): Uint8Array {
  switch (key.kind) {
    case 'ec':
      return key.point;
    case 'ed25519':
    case 'ed448':
    case 'ml-dsa':
      return key.key;
    default: {
      // A zero in front keeps an INTEGER with its top bit set from being negative.
      const integer = (value: Uint8Array): Uint8Array =>
        encodeElement(
          Tag.INTEGER,
          (value[0] ?? 0) < 0x80 && value.length > 0 ? EMPTY : Uint8Array.of(0),
          value,
        );
      return encodeElement(Tag.SEQUENCE, integer(key.modulus), integer(key.exponent));
    }
  }
}

/** AlgorithmIdentifiers of keys that leave no choice (RFC 3279 section 2.3.1, RFC 4055, RFC 5480, RFC 8410, RFC 9881). */
const identifier = (oid: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  encodeElement(Tag.SEQUENCE, encodeOid(oid), ...parameters);
const KEY_ALGORITHM = {
  rsa: identifier(AlgorithmOid.rsaEncryption, encodeElement(Tag.NULL)),
  'rsa-pss': identifier(AlgorithmOid.rsassaPss),
  'P-256': identifier(AlgorithmOid.ecPublicKey, encodeOid(AlgorithmOid.secp256r1)),
  'P-384': identifier(AlgorithmOid.ecPublicKey, encodeOid(AlgorithmOid.secp384r1)),
  'P-521': identifier(AlgorithmOid.ecPublicKey, encodeOid(AlgorithmOid.secp521r1)),
  ed25519: identifier(AlgorithmOid.ed25519),
  ed448: identifier(AlgorithmOid.ed448),
  'ML-DSA-44': identifier(AlgorithmOid['ML-DSA-44']),
  'ML-DSA-65': identifier(AlgorithmOid['ML-DSA-65']),
  'ML-DSA-87': identifier(AlgorithmOid['ML-DSA-87']),
} as const;

/** What sets a kind of key apart: its curve or parameter set, or the kind itself. */
export function keyName(key: PublicKey): keyof typeof KEY_ALGORITHM {
  if (key.kind === 'ec') return key.curve;
  return key.kind === 'ml-dsa' ? key.parameterSet : key.kind;
}

/** A key as DER of its SubjectPublicKeyInfo; `undefined` for a key with a restriction, which can be written in several ways. */
export function encodePublicKeyInfo(key: PublicKey): Uint8Array | undefined {
  if (key.kind === 'rsa-pss' && key.restriction !== undefined) return undefined;
  const algorithm = KEY_ALGORITHM[keyName(key)];
  return encodeElement(
    Tag.SEQUENCE,
    algorithm,
    encodeElement(Tag.BIT_STRING, Uint8Array.of(0), publicKeyBits(key)),
  );
}

/** A key for PSS only; without parameters it may be used with any (RFC 4055 section 3.1). */
function readPssKey(algorithm: AlgorithmIdentifier, reader: DerReader): PublicKey | undefined {
  const key = { kind: 'rsa-pss', ...readRsaKey(reader) } as const;
  if (algorithm.parameters === undefined) return key;
  const parameters = readPssParameters(algorithm);
  if (parameters === undefined) return undefined;
  const { hash, mgfHash, saltLength } = parameters;
  return { ...key, restriction: { hash, mgfHash, minSaltLength: saltLength } };
}

/** Only uncompressed points: others, which RFC 5480 section 2.2 leaves optional, are not supported. */
function readEcKey(curve: EcCurve, bits: Uint8Array, reader: DerReader): PublicKey | undefined {
  const length = COORDINATE_LENGTH[curve];
  const form = bits[0];
  if ((form === 2 || form === 3) && bits.length === 1 + length) return undefined;
  if (form !== 4 || bits.length !== 1 + 2 * length) {
    throw new DerError(
      'public-key',
      reader.start,
      `EC public key: a point on ${curve} is 04 and ${2 * length} bytes, found ${bits.length} bytes`,
    );
  }
  return { kind: 'ec', curve, point: bits };
}

/** A key that is its bytes as they are, without parameters (RFC 8410 section 4, RFC 9881 section 4). */
function readBareKey(
  algorithm: AlgorithmIdentifier,
  name: string,
  length: number,
  bits: Uint8Array,
  reader: DerReader,
): Uint8Array {
  requireAbsent(algorithm);
  if (bits.length !== length) {
    throw new DerError(
      'public-key',
      reader.start,
      `${name} public key: expected ${length} bytes, found ${bits.length}`,
    );
  }
  return bits;
}

interface PssParameters {
  readonly hash: HashName;
  readonly mgfHash: HashName;
  readonly saltLength: number;
}

/**
 * RSASSA-PSS-params (RFC 4055 section 3.1): every field has a default, built on SHA-1. `undefined` when a hash or
 * mask function is not supported.
 */
function readPssParameters(algorithm: AlgorithmIdentifier): PssParameters | undefined {
  const what = 'RSASSA-PSS parameters';
  const element = requireParameters(algorithm, what).sequence(what);
  let hash: HashName | undefined = 'SHA-1';
  let mgfHash: HashName | undefined = 'SHA-1';
  let saltLength = HASH_LENGTH['SHA-1'];

  const hashField = element.optional(0xa0, what);
  if (hashField !== undefined) {
    hash = readHash(hashField, what);
    hashField.finish(what);
  }
  const maskField = element.optional(0xa1, what);
  if (maskField !== undefined) {
    const mask = readAlgorithm(maskField, what);
    maskField.finish(what);
    mgfHash = mask.oid === AlgorithmOid.mgf1 ? readMaskHash(mask, what) : undefined;
  }
  const saltField = element.optional(0xa2, what);
  if (saltField !== undefined) {
    saltLength = saltField.smallInteger(what);
    saltField.finish(what);
  }
  // trailerField has one allowed value, its default, which DER does not write.
  if (element.peek() === 0xa3) {
    throw new DerError(
      'default-encoded',
      element.position,
      `${what}: trailerField is written although it is 1`,
    );
  }
  element.finish(what);
  return hash && mgfHash && { hash, mgfHash, saltLength };
}

function readMaskHash(mask: AlgorithmIdentifier, what: string): HashName | undefined {
  return readHash(requireParameters(mask, what), what);
}

function readHash(reader: DerReader, what: string): HashName | undefined {
  return hashAlgorithm(readAlgorithm(reader, what));
}

/**
 * The hash that an identifier stands for, or `undefined` when it is not supported.
 * @throws {DerError} when it has parameters other than NULL.
 */
export function hashAlgorithm(algorithm: AlgorithmIdentifier): HashName | undefined {
  const hash = HASH.get(algorithm.oid);
  if (hash !== undefined) requireNullOrAbsent(algorithm);
  return hash;
}

/** A reader that stands in front of an element already read. */
function enclosing(element: DerReader): DerReader {
  return new DerReader(element.input, element.start, undefined, element.end);
}

function requireParameters(algorithm: AlgorithmIdentifier, what: string): DerReader {
  const { parameters } = algorithm;
  if (parameters === undefined) {
    throw new DerError('algorithm-parameters', algorithm.offset, `${what}: they are missing`);
  }
  return enclosing(parameters);
}

/** RFC 3279 section 2.3.1: RSA keys have the parameters NULL. */
function requireNull(algorithm: AlgorithmIdentifier): void {
  requireParameters(algorithm, 'RSA parameters').null('RSA parameters');
}

/** RFC 4055 section 5: NULL, but absent parameters are accepted too. */
function requireNullOrAbsent(algorithm: AlgorithmIdentifier): void {
  const { parameters } = algorithm;
  if (parameters !== undefined) enclosing(parameters).null('algorithm parameters');
}

/** RFC 5758 section 3.2, RFC 8410 section 3 and RFC 9881 section 2: no parameters, not even NULL. */
function requireAbsent(algorithm: AlgorithmIdentifier): void {
  const { parameters } = algorithm;
  if (parameters === undefined) return;
  throw new DerError(
    'algorithm-parameters',
    parameters.start,
    `the algorithm ${algorithm.oid} has no parameters, found some`,
  );
}
