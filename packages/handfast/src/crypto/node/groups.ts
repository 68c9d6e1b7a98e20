/** Key exchange over elliptic curves on node:crypto, in the shape of a KEM (RFC 9846 sections 4.2.8.2 and 7.4.2). */
import { createECDH, type ECDH, getCurves } from 'node:crypto';
import { TlsError } from '../../wire/errors.ts';
import { groupName, NamedGroup } from '../../wire/registry.ts';
import type { KeyExchange } from '../provider.ts';
import { plain } from './buffers.ts';
import { montgomery } from './montgomery.ts';

/** First byte of an uncompressed point, the only form that TLS 1.3 has (RFC 9846 section 4.2.8.2). */
const UNCOMPRESSED = 0x04;

/** ECDH on a NIST curve, whose coordinates are `size` bytes. */
function nist(group: NamedGroup, curve: string, size: number): KeyExchange {
  const pointLength = 1 + 2 * size;

  function agree(ecdh: ECDH, peerShare: Uint8Array): Uint8Array {
    if (peerShare.length !== pointLength || peerShare[0] !== UNCOMPRESSED) {
      throw new TlsError(
        'ERR_BAD_KEY_SHARE',
        `expected an uncompressed point of ${pointLength} bytes (04...) as the ${groupName(group)} key share, ` +
          `found ${peerShare.length} bytes${peerShare.length > 0 ? ` that start with ${peerShare[0]?.toString(16).padStart(2, '0')}` : ''}`,
        { group: groupName(group), length: peerShare.length },
      );
    }
    try {
      return plain(ecdh.computeSecret(peerShare));
    } catch (cause) {
      throw new TlsError(
        'ERR_BAD_KEY_SHARE',
        `the ${groupName(group)} key share is not a point on the curve`,
        { group: groupName(group) },
        { cause },
      );
    }
  }

  // The ECDH class rather than KeyObjects: on P-256 a generated KeyObject costs more to export and the peer's
  // more to import than the exchange itself.
  return {
    group,
    start() {
      const ecdh = createECDH(curve);
      const share = plain(ecdh.generateKeys());
      return { share, finish: (peerShare) => agree(ecdh, peerShare) };
    },
    respond(peerShare) {
      const ecdh = createECDH(curve);
      const share = plain(ecdh.generateKeys());
      return { share, secret: agree(ecdh, peerShare) };
    },
  };
}

function offered(): ReadonlyMap<NamedGroup, KeyExchange> {
  const curves = new Set(getCurves());
  const exchanges: KeyExchange[] = [];
  exchanges.push(...montgomery('x25519'));
  if (curves.has('prime256v1')) exchanges.push(nist(NamedGroup.secp256r1, 'prime256v1', 32));
  if (curves.has('secp384r1')) exchanges.push(nist(NamedGroup.secp384r1, 'secp384r1', 48));
  if (curves.has('secp521r1')) exchanges.push(nist(NamedGroup.secp521r1, 'secp521r1', 66));
  exchanges.push(...montgomery('x448'));
  return new Map(exchanges.map((exchange) => [exchange.group, exchange]));
}

/** The groups that this runtime has, in the order X25519, P-256, P-384, P-521, X448. */
export const groups: ReadonlyMap<NamedGroup, KeyExchange> = offered();
