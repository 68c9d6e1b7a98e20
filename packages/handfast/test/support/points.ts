/** Public keys of elliptic curves: right ones, and wrong ones of every kind. */
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { KeyExchange } from '../../src/crypto/provider.ts';
import { concat } from '../../src/wire/bytes.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { flipped, numberBytes } from './cheats12.ts';

/** A right public key. */
export const share = (group: NamedGroup): Uint8Array => {
  const { share: bytes } = (nodeProvider.groups.get(group) as KeyExchange).start() as { share: Uint8Array };
  return bytes;
};
const P256 = share(NamedGroup.secp256r1);

/** Public keys that are none, each with the group that it is sent for. */
export const BAD_POINTS: readonly (readonly [string, NamedGroup, Uint8Array])[] = [
  ['off the curve', NamedGroup.secp256r1, flipped(P256, 64)],
  ['with coordinates of zero', NamedGroup.secp256r1, concat(Uint8Array.of(4), new Uint8Array(64))],
  [
    'with coordinates out of the field',
    NamedGroup.secp256r1,
    concat(Uint8Array.of(4), new Uint8Array(64).fill(0xff)),
  ],
  ['at infinity', NamedGroup.secp256r1, Uint8Array.of(0)],
  [
    'compressed',
    NamedGroup.secp256r1,
    concat(Uint8Array.of(2 + ((P256[64] as number) & 1)), P256.slice(1, 33)),
  ],
  [
    'in hybrid form',
    NamedGroup.secp256r1,
    concat(Uint8Array.of(6 + ((P256[64] as number) & 1)), P256.slice(1)),
  ],
  ['without its form', NamedGroup.secp256r1, P256.slice(1)],
  ['a byte short', NamedGroup.secp256r1, P256.slice(0, -1)],
  ['a byte long', NamedGroup.secp256r1, concat(P256, Uint8Array.of(0))],
  ['of another curve', NamedGroup.secp256r1, share(NamedGroup.secp384r1)],
  ['of X25519', NamedGroup.secp256r1, share(NamedGroup.x25519)],
  ['for secp384r1 and of P-256', NamedGroup.secp384r1, P256],
  ['for secp521r1 and off the curve', NamedGroup.secp521r1, flipped(share(NamedGroup.secp521r1), 132)],
  ['for x25519 and of P-256', NamedGroup.x25519, P256],
  ['zero on x25519', NamedGroup.x25519, new Uint8Array(32)],
  ['one on x25519', NamedGroup.x25519, Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))],
  ['the prime less one on x25519', NamedGroup.x25519, numberBytes((1n << 255n) - 20n, 32).reverse()],
  ['the prime on x25519', NamedGroup.x25519, numberBytes((1n << 255n) - 19n, 32).reverse()],
  ['a byte short on x25519', NamedGroup.x25519, share(NamedGroup.x25519).slice(1)],
  ['a byte long on x25519', NamedGroup.x25519, concat(share(NamedGroup.x25519), Uint8Array.of(0))],
  ['a single byte on x25519', NamedGroup.x25519, Uint8Array.of(9)],
];
