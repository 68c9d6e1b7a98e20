/** Subject public keys as node:crypto's KeyObjects. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { concat, fromHex } from '../../wire/bytes.ts';
import { type EcCurve, ML_DSA_KEY_LENGTH, type MlDsaParameterSet, type PublicKey } from '../provider.ts';
import { asBuffer, toBase64url } from './buffers.ts';

/** Coordinate length in bytes, and SubjectPublicKeyInfo up to the point (RFC 5480 section 2). */
const EC_CURVES: Readonly<Record<EcCurve, { readonly size: number; readonly spki: Uint8Array }>> = {
  'P-256': { size: 32, spki: fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') },
  'P-384': { size: 48, spki: fromHex('3076301006072a8648ce3d020106052b81040022036200') },
  'P-521': { size: 66, spki: fromHex('30819b301006072a8648ce3d020106052b8104002303818600') },
};

function ecKey(curve: EcCurve, point: Uint8Array): KeyObject {
  const { size, spki } = EC_CURVES[curve];
  if (point.length !== 1 + 2 * size || point[0] !== 0x04) throw new RangeError('not an uncompressed point');
  // Node 20 decodes DER in 110 microseconds, whatever the key; it takes a JWK at once but then multiplies the
  // point by the curve's order, which is cheap on P-256 only. Both refuse a point that is not on the curve.
  if (curve !== 'P-256')
    return createPublicKey({ key: asBuffer(concat(spki, point)), format: 'der', type: 'spki' });
  const x = toBase64url(point.subarray(1, 1 + size));
  const y = toBase64url(point.subarray(1 + size));
  return createPublicKey({ key: { kty: 'EC', crv: curve, x, y }, format: 'jwk' });
}

/** SubjectPublicKeyInfo up to the key (RFC 9881 section 4). */
const ML_DSA_SPKI: Readonly<Record<MlDsaParameterSet, Uint8Array>> = {
  'ML-DSA-44': fromHex('30820532300b06096086480165030403110382052100'),
  'ML-DSA-65': fromHex('308207b2300b0609608648016503040312038207a100'),
  'ML-DSA-87': fromHex('30820a32300b060960864801650304031303820a2100'),
};

function mlDsaKey(parameterSet: MlDsaParameterSet, key: Uint8Array): KeyObject {
  if (key.length !== ML_DSA_KEY_LENGTH[parameterSet]) throw new RangeError('not a key of that parameter set');
  const der = asBuffer(concat(ML_DSA_SPKI[parameterSet], key));
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function importKey(key: PublicKey): KeyObject {
  switch (key.kind) {
    case 'rsa':
    case 'rsa-pss': {
      const jwk = { kty: 'RSA', n: toBase64url(key.modulus), e: toBase64url(key.exponent) };
      return createPublicKey({ key: jwk, format: 'jwk' });
    }
    case 'ec':
      return ecKey(key.curve, key.point);
    case 'ed25519':
    case 'ed448': {
      const crv = key.kind === 'ed25519' ? 'Ed25519' : 'Ed448';
      return createPublicKey({ key: { kty: 'OKP', crv, x: toBase64url(key.key) }, format: 'jwk' });
    }
    case 'ml-dsa':
      return mlDsaKey(key.parameterSet, key.key);
  }
}

/** How many imported keys are kept: what the intermediates and leaves of a busy endpoint's peers need, some 2 KiB each. */
export const MAX_IMPORTED_KEYS = 256;

/** Imported keys by their content, the one that was not used for longest first. */
const imported = new Map<string, KeyObject>();

/** Names a key by all that {@link importKey} makes of it. */
function contentName(key: PublicKey): string {
  switch (key.kind) {
    case 'rsa':
    case 'rsa-pss':
      return `RSA ${toBase64url(key.modulus)} ${toBase64url(key.exponent)}`;
    case 'ec':
      return `${key.curve} ${toBase64url(key.point)}`;
    case 'ed25519':
    case 'ed448':
      return `${key.kind} ${toBase64url(key.key)}`;
    case 'ml-dsa':
      return `${key.parameterSet} ${toBase64url(key.key)}`;
  }
}

/**
 * The key as a KeyObject. To import a P-256 key and use it for the first time takes longer than a verification, and the
 * certificates of a chain come anew with each handshake; so keys are known by their content. An `rsa-pss` key comes back
 * as a plain RSA key: its restriction is the caller's to check.
 * @throws when the key is malformed.
 */
export function keyObject(key: PublicKey): KeyObject {
  const name = contentName(key);
  const known = imported.get(name);
  const object = known ?? importKey(key);
  if (known !== undefined) imported.delete(name);
  imported.set(name, object);
  if (imported.size > MAX_IMPORTED_KEYS) {
    const [oldest = name] = imported.keys();
    imported.delete(oldest);
  }
  return object;
}
