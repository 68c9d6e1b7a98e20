/** Values of X.509 structures as texts, and as plain data for JSON. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from 'handfast';
import {
  type AlgorithmIdentifier,
  describeGeneralName,
  describeOid,
  type GeneralName,
  type SubjectPublicKeyInfo,
} from 'handfast/x509';

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A public key as plain data. */
export interface KeyFacts {
  /** Such as `RSA, 2048 bits`. */
  readonly type: string;
  readonly bits: number | null;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  readonly sha256: string;
}

/** Bits of the prime of a named curve. */
const CURVES: Readonly<Record<string, { readonly name: string; readonly bits: number }>> = {
  prime256v1: { name: 'P-256', bits: 256 },
  secp384r1: { name: 'P-384', bits: 384 },
  secp521r1: { name: 'P-521', bits: 521 },
};

const OTHER_TYPES: Readonly<Record<string, { readonly name: string; readonly bits: number }>> = {
  ed25519: { name: 'Ed25519', bits: 256 },
  ed448: { name: 'Ed448', bits: 456 },
  x25519: { name: 'X25519', bits: 255 },
  x448: { name: 'X448', bits: 448 },
};

function typeOf({
  asymmetricKeyType,
  asymmetricKeyDetails: details = {},
}: KeyObject): Omit<KeyFacts, 'sha256'> {
  const type: string = asymmetricKeyType ?? 'unknown';
  const { modulusLength, namedCurve } = details;
  const known = OTHER_TYPES[type];
  if (known !== undefined) return { type: known.name, bits: known.bits };
  if (namedCurve !== undefined) {
    const curve = CURVES[namedCurve];
    return { type: `EC, ${curve?.name ?? namedCurve}`, bits: curve?.bits ?? null };
  }
  const name = type === 'rsa-pss' ? 'RSA for PSS only' : type.toUpperCase();
  return {
    type: modulusLength === undefined ? name : `${name}, ${modulusLength} bits`,
    bits: modulusLength ?? null,
  };
}

/** A key that Node reads. Of a private key only the public half is looked at. */
export function keyFacts(key: KeyObject): KeyFacts {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return { ...typeOf(publicKey), sha256: sha256(publicKey.export({ type: 'spki', format: 'der' })) };
}

/** The key of a SubjectPublicKeyInfo, also of one that Node cannot read. */
export function publicKeyFacts({ der, algorithm }: SubjectPublicKeyInfo): KeyFacts {
  const fingerprint = sha256(der);
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
    return { ...typeOf(key), sha256: fingerprint };
  } catch {
    return { type: describeOid(algorithm.oid), bits: null, sha256: fingerprint };
  }
}

/** `ECDSA with SHA-256`, or the name of an algorithm that is not supported. */
export function signatureText(
  algorithm: SignatureAlgorithm | undefined,
  { oid }: Pick<AlgorithmIdentifier, 'oid'>,
): string {
  switch (algorithm?.kind) {
    case 'rsa-pkcs1':
      return `RSA (PKCS #1 v1.5) with ${algorithm.hash}`;
    case 'rsa-pss':
      return `RSA-PSS with ${algorithm.hash}, ${algorithm.saltLength} bytes of salt`;
    case 'ecdsa':
      return `ECDSA with ${algorithm.hash}`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    case 'ml-dsa':
      return algorithm.parameterSet;
    default:
      return `${describeOid(oid)} (not supported)`;
  }
}

function isGeneralName(value: object): value is GeneralName {
  return 'kind' in value && ['value', 'name', 'octets', 'oid'].some((member) => member in value);
}

/** Plain data for JSON: bytes as hexadecimal, names as texts, whole numbers of any size as digits. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if ('toJSON' in value) return String(value); // a distinguished name
  if (Array.isArray(value)) return value.map(plain);
  if (isGeneralName(value)) return describeGeneralName(value);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** The same on one line, for people. */
export function plainText(value: unknown): string {
  const data = plain(value);
  if (Array.isArray(data)) return data.map(plainText).join(', ');
  if (typeof data !== 'object' || data === null) return String(data);
  return Object.entries(data)
    .filter(([, member]) => member !== undefined && member !== false)
    .map(([name, member]) => (member === true ? name : `${name} ${plainText(member)}`))
    .join(', ');
}
