/** Subject public keys as node:crypto's KeyObjects. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { concat, fromHex } from '../../wire/bytes.ts';
import type { EcCurve, PublicKey } from '../provider.ts';
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
  }
}

const imported = new WeakMap<PublicKey, KeyObject>();

/**
 * The key as a KeyObject, imported once for each object. An `rsa-pss` key comes back as a plain RSA key: its
 * restriction is the caller's to check.
 * @throws when the key is malformed.
 */
export function keyObject(key: PublicKey): KeyObject {
  let object = imported.get(key);
  if (object === undefined) {
    object = importKey(key);
    imported.set(key, object);
  }
  return object;
}
