/** supported_groups (RFC 9846 section 4.3.7). */
import { uint, vector } from '../codec.ts';
import { ExtensionType, groupName } from '../registry.ts';

const namedGroupList = vector(uint(2, groupName), 2, 0xffff);

export const supportedGroups = {
  type: ExtensionType.supported_groups,
  in: { ClientHello: namedGroupList, EncryptedExtensions: namedGroupList },
} as const;
