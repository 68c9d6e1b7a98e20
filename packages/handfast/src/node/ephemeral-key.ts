/** What `getEphemeralKeyInfo()` of `node:tls` tells of a key exchange. */
import type { Established } from '../handshake/established.ts';
import { NamedGroup } from '../wire/registry.ts';

/** An ephemeral key, as `node:tls` describes it. */
export interface EphemeralKeyInfo {
  readonly type: 'ECDH' | 'DH';
  /** The curve, as OpenSSL names it; a finite field has none. */
  readonly name?: string;
  /** In bits; absent for a finite field that has no name. */
  readonly size?: number;
}

const KEYS: ReadonlyMap<NamedGroup, EphemeralKeyInfo> = new Map<NamedGroup, EphemeralKeyInfo>([
  [NamedGroup.secp256r1, { type: 'ECDH', name: 'prime256v1', size: 256 }],
  [NamedGroup.secp384r1, { type: 'ECDH', name: 'secp384r1', size: 384 }],
  [NamedGroup.secp521r1, { type: 'ECDH', name: 'secp521r1', size: 521 }],
  [NamedGroup.x25519, { type: 'ECDH', name: 'X25519', size: 253 }],
  [NamedGroup.x448, { type: 'ECDH', name: 'X448', size: 448 }],
  [NamedGroup.ffdhe2048, { type: 'DH', size: 2048 }],
  [NamedGroup.ffdhe3072, { type: 'DH', size: 3072 }],
  [NamedGroup.ffdhe4096, { type: 'DH', size: 4096 }],
  [NamedGroup.ffdhe6144, { type: 'DH', size: 6144 }],
  [NamedGroup.ffdhe8192, { type: 'DH', size: 8192 }],
]);

/** As `node:tls` answers: `null` on a server, `{}` where there is nothing of its kinds to tell. */
export function ephemeralKeyInfo(
  established: Established | undefined,
): EphemeralKeyInfo | Record<string, never> | null {
  if (established?.role === 'server') return null;
  const key = established?.group === undefined ? undefined : KEYS.get(established.group);
  if (key !== undefined) return { ...key };
  return established?.keyExchange === 'DHE' ? { type: 'DH' } : {};
}
