/** Wycheproof files of signature verification. */
import {
  type EcCurve,
  HASH_LENGTH,
  type HashName,
  type PublicKey,
  type SignatureAlgorithm,
} from '../../src/crypto/provider.ts';
import {
  bytes,
  type Fields,
  type Outcome,
  type Subject,
  type Vector,
  type VectorFile,
  type VectorGroup,
} from './wycheproof.ts';

async function verdict(
  subject: Subject,
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  vector: Vector,
): Promise<Outcome> {
  const isGood = await subject.provider.verify(algorithm, key, bytes(vector, 'msg'), bytes(vector, 'sig'));
  return isGood ? 'accepted' : 'refused';
}

function isOffered(hash: unknown): hash is HashName {
  return typeof hash === 'string' && hash in HASH_LENGTH;
}

function unsigned(fields: Fields, name: string): Uint8Array {
  const value = bytes(fields, name);
  return value.subarray(value.findIndex((byte) => byte !== 0));
}

const parsedKeys = new WeakMap<VectorGroup, PublicKey>();

/** The key of a group, made once, as a connection does it with a certificate. */
function keyOf(group: VectorGroup, make: (publicKey: Fields) => PublicKey): PublicKey {
  const key = parsedKeys.get(group) ?? make(group['publicKey'] as Fields);
  parsedKeys.set(group, key);
  return key;
}

function ecdsaFile(subject: Subject, name: string, run: number, curve: EcCurve): VectorFile {
  return {
    name,
    run,
    check(group, vector) {
      const hash = group['sha'];
      if (!isOffered(hash)) return `not offered: ${hash}`;
      const key = keyOf(group, (fields) => ({ kind: 'ec', curve, point: bytes(fields, 'uncompressed') }));
      return verdict(subject, { kind: 'ecdsa', hash }, key, vector);
    },
  };
}

function eddsaFile(subject: Subject, name: string, run: number, kind: 'ed25519' | 'ed448'): VectorFile {
  return {
    name,
    run,
    check: (group, vector) =>
      verdict(
        subject,
        { kind },
        keyOf(group, (fields) => ({ kind, key: bytes(fields, 'pk') })),
        vector,
      ),
  };
}

function rsaNumbers(fields: Fields): { modulus: Uint8Array; exponent: Uint8Array } {
  return { modulus: unsigned(fields, 'modulus'), exponent: unsigned(fields, 'publicExponent') };
}

function pkcs1File(subject: Subject, name: string, run: number): VectorFile {
  return {
    name,
    run,
    check(group, vector) {
      const hash = group['sha'];
      if (!isOffered(hash)) return `not offered: ${hash}`;
      const key = keyOf(group, (fields) => ({ kind: 'rsa', ...rsaNumbers(fields) }));
      return verdict(subject, { kind: 'rsa-pkcs1', hash }, key, vector);
    },
    // A DigestInfo without the NULL of its AlgorithmIdentifier: RFC 8017 section 9.2 lets a verifier choose, and
    // CA/Browser Forum certificates must have it.
    acceptable(vector) {
      if (!vector.flags?.includes('MissingNull')) throw new Error(`unexpected flags ${vector.flags}`);
      return 'refused';
    },
  };
}

function pssFile(subject: Subject, name: string, run: number, isRestrictedKey = false): VectorFile {
  return {
    name,
    run,
    check(group, vector) {
      const { sha: hash, mgfSha: mgfHash, mgf } = group;
      if (mgf !== 'MGF1') return `not offered: ${mgf}`;
      if (!isOffered(hash)) return `not offered: ${hash}`;
      if (!isOffered(mgfHash)) return `not offered: ${mgfHash}`;
      const saltLength = Number(group['sLen']);
      const key = keyOf(group, (fields) =>
        isRestrictedKey
          ? {
              kind: 'rsa-pss',
              ...rsaNumbers(fields),
              restriction: { hash, mgfHash, minSaltLength: saltLength },
            }
          : { kind: 'rsa', ...rsaNumbers(fields) },
      );
      return verdict(subject, { kind: 'rsa-pss', hash, mgfHash, saltLength }, key, vector);
    },
  };
}

export function signatureFiles(subject: Subject): readonly VectorFile[] {
  return [
    ecdsaFile(subject, 'ecdsa_secp256r1_sha256_test.json', 484, 'P-256'),
    ecdsaFile(subject, 'ecdsa_secp256r1_sha512_test.json', 554, 'P-256'),
    ecdsaFile(subject, 'ecdsa_secp384r1_sha256_test.json', 472, 'P-384'),
    ecdsaFile(subject, 'ecdsa_secp384r1_sha384_test.json', 504, 'P-384'),
    ecdsaFile(subject, 'ecdsa_secp384r1_sha512_test.json', 542, 'P-384'),
    ecdsaFile(subject, 'ecdsa_secp521r1_sha512_test.json', 542, 'P-521'),
    eddsaFile(subject, 'ed25519_test.json', 151, 'ed25519'),
    eddsaFile(subject, 'ed448_test.json', 87, 'ed448'),
    pkcs1File(subject, 'rsa_signature_2048_sha256_test.json', 259),
    pkcs1File(subject, 'rsa_signature_2048_sha384_test.json', 258),
    pkcs1File(subject, 'rsa_signature_2048_sha512_test.json', 259),
    pkcs1File(subject, 'rsa_signature_3072_sha256_test.json', 259),
    pkcs1File(subject, 'rsa_signature_3072_sha384_test.json', 259),
    pkcs1File(subject, 'rsa_signature_4096_sha256_test.json', 258),
    pkcs1File(subject, 'rsa_signature_4096_sha512_test.json', 259),
    pssFile(subject, 'rsa_pss_2048_sha256_mgf1_32_test.json', 108),
    pssFile(subject, 'rsa_pss_2048_sha384_mgf1_48_test.json', 141),
    pssFile(subject, 'rsa_pss_3072_sha256_mgf1_32_test.json', 108),
    pssFile(subject, 'rsa_pss_4096_sha256_mgf1_32_test.json', 108),
    pssFile(subject, 'rsa_pss_4096_sha384_mgf1_48_test.json', 141),
    pssFile(subject, 'rsa_pss_4096_sha512_mgf1_64_test.json', 179),
    // Of 25 pairs of hashes with six salt lengths each, 16 pairs leave SHA-224 out.
    pssFile(subject, 'rsa_pss_misc_test.json', 96),
    pssFile(subject, 'rsa_pss_misc_params_test.json', 96, true),
  ];
}
