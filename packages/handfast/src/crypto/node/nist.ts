/** ECDH on P-256, P-384 and P-521 on node:crypto, as groups of TLS (RFC 9846 sections 4.3.8.2 and 7.4.2). */
import { createECDH, type ECDH } from 'node:crypto';
import { toHex } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import { groupName, NamedGroup } from '../../wire/registry.ts';
import type { EcCurve, KeyExchange } from '../provider.ts';
import { plain } from './buffers.ts';

/** First byte of an uncompressed point, the only form that TLS 1.3 has. */
const UNCOMPRESSED = 0x04;

interface NistCurve {
  readonly group: NamedGroup;
  /** As OpenSSL spells it. */
  readonly openssl: string;
  /** Of an uncompressed point, in bytes. */
  readonly pointLength: number;
}

/** The curves by their names in FIPS 186. */
export const NIST_CURVES: Readonly<Record<EcCurve, NistCurve>> = {
  'P-256': { group: NamedGroup.secp256r1, openssl: 'prime256v1', pointLength: 65 },
  'P-384': { group: NamedGroup.secp384r1, openssl: 'secp384r1', pointLength: 97 },
  'P-521': { group: NamedGroup.secp521r1, openssl: 'secp521r1', pointLength: 133 },
};

/** The shared secret of our key pair and the peer's share; see `KeyExchangeOffer.finish`. */
export function nistSecret({ group, pointLength }: NistCurve, ours: ECDH, peerShare: Uint8Array): Uint8Array {
  const context = { group: groupName(group), length: peerShare.length };
  if (peerShare.length !== pointLength || peerShare[0] !== UNCOMPRESSED) {
    throw new TlsError(
      'ERR_BAD_KEY_SHARE',
      `expected an uncompressed point of ${pointLength} bytes (04...) as the ${groupName(group)} key share, ` +
        `found ${peerShare.length} bytes (${toHex(peerShare.subarray(0, 1))}...)`,
      context,
    );
  }
  try {
    return plain(ours.computeSecret(peerShare));
  } catch (cause) {
    const message = `the ${groupName(group)} key share is not a point on the curve`;
    throw new TlsError('ERR_BAD_KEY_SHARE', message, context, { cause });
  }
}

/**
 * The exchange over one of the curves. It uses the ECDH class rather than KeyObjects: on P-256 exporting our
 * half and importing the peer's would cost more than the exchange.
 */
export function nist(curve: NistCurve): KeyExchange {
  const generate = (): { ours: ECDH; share: Uint8Array } => {
    const ours = createECDH(curve.openssl);
    return { ours, share: plain(ours.generateKeys()) };
  };
  return {
    group: curve.group,
    start() {
      const { ours, share } = generate();
      return { share, finish: (peerShare) => nistSecret(curve, ours, peerShare) };
    },
    respond(peerShare) {
      const { ours, share } = generate();
      return { share, secret: nistSecret(curve, ours, peerShare) };
    },
  };
}
