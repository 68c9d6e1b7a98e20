/** key_share (RFC 9846 section 4.3.8). */
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
        const seen = new Set<number>();
        for (const { group } of shares) {
          if (seen.has(group)) return `two shares for the group ${groupName(group)}`;
          seen.add(group);
        }
        return undefined;
      },
      (random) => [keyShareEntry.sample(random)],
    ),
    HelloRetryRequest: struct({ selectedGroup: namedGroup }),
    ServerHello: keyShareEntry,
  },
} as const;
