/** pre_shared_key and psk_key_exchange_modes (RFC 9846 sections 4.3.9 and 4.3.11). */
import { checked, opaque, struct, uint, uint16, uint32, vector } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

const pskIdentity = struct({ identity: opaque(1, 0xffff), obfuscatedTicketAge: uint32 });
const offeredPsks = checked(
  struct({ identities: vector(pskIdentity, 7, 0xffff), binders: vector(opaque(32, 255), 33, 0xffff) }),
  ({ identities, binders }) =>
    identities.length === binders.length
      ? undefined
      : `expected a binder for each of ${identities.length} identities, found ${binders.length}`,
  (random) => ({ identities: [pskIdentity.sample(random)], binders: [opaque(32, 255).sample(random)] }),
);

export const preSharedKey = {
  type: ExtensionType.pre_shared_key,
  in: { ClientHello: offeredPsks, ServerHello: uint16 },
} as const;

const MODE_NAMES: Readonly<Record<number, string>> = { 0: 'psk_ke', 1: 'psk_dhe_ke' };

export const pskKeyExchangeModes = {
  type: ExtensionType.psk_key_exchange_modes,
  in: {
    ClientHello: vector(
      uint(1, (mode) => MODE_NAMES[mode] ?? `mode(${mode})`),
      1,
      0xff,
    ),
  },
} as const;
