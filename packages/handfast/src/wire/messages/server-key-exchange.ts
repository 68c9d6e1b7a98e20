/** ServerKeyExchange of TLS 1.2: ephemeral parameters, signed (RFC 5246 section 7.4.3, RFC 8422 section 5.4). */
import { type Codec, checked, type Infer, opaque, struct, uint } from '../codec.ts';
import { groupName, signatureSchemeName } from '../registry.ts';

/** `ECCurveType` named_curve: the only way left to say which curve (RFC 8422 section 5.4). */
export const NAMED_CURVE = 3;

const curveType = checked(
  uint(1, (type) => (type === NAMED_CURVE ? 'named_curve' : `curve type(${type})`)),
  (type) => (type === NAMED_CURVE ? undefined : `expected named_curve(${NAMED_CURVE}), found ${type}`),
  () => NAMED_CURVE,
);

/** `ServerECDHParams`. */
export const serverEcdhParams = struct({
  curveType,
  namedCurve: uint(2, groupName),
  publicKey: opaque(1, 0xff),
});

/** `ServerDHParams`: numbers, big-endian. */
export const serverDhParams = struct({
  dhP: opaque(1, 0xffff),
  dhG: opaque(1, 0xffff),
  dhYs: opaque(1, 0xffff),
});

/** The signature covers both randoms and the bytes of `params`. */
function signed<T>(params: Codec<T>) {
  return struct({ params, algorithm: uint(2, signatureSchemeName), signature: opaque(0, 0xffff) });
}

export const ecdheServerKeyExchange = signed(serverEcdhParams);
export const dheServerKeyExchange = signed(serverDhParams);

export type ServerEcdhParams = Infer<typeof serverEcdhParams>;
export type ServerDhParams = Infer<typeof serverDhParams>;
export type EcdheServerKeyExchange = Infer<typeof ecdheServerKeyExchange>;
export type DheServerKeyExchange = Infer<typeof dheServerKeyExchange>;
