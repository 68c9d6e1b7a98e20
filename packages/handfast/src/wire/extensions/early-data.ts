/** early_data (RFC 9846 section 4.3.10). */
import { empty, struct, uint32 } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

export const earlyData = {
  type: ExtensionType.early_data,
  in: {
    ClientHello: empty,
    EncryptedExtensions: empty,
    NewSessionTicket: struct({ maxEarlyDataSize: uint32 }),
  },
} as const;
