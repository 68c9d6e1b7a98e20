/** key_share (RFC 9846 section 4.2.8). */
import { checked, opaque, struct, uint, vector } from '../codec.ts';
import { ExtensionType, groupName } from '../registry.ts';

const namedGroup = uint(2, groupName);
const keyShareEntry = struct({ group: namedGroup, keyExchange: opaque(1, 0xffff) });

export const keyShare = {
  type: ExtensionType.key_share,
  in: {
    ClientHello: checked(
      vector(keyShareEntry, 0, 0xffff),
      (shares) => {
        const twice = shares.find((share, i) => shares.findIndex(({ group }) => group === share.group) < i);
        return twice && `two shares for the group ${groupName(twice.group)}`;
      },
      (random) => [keyShareEntry.sample(random)],
    ),
    HelloRetryRequest: struct({ selectedGroup: namedGroup }),
    ServerHello: keyShareEntry,
  },
} as const;
