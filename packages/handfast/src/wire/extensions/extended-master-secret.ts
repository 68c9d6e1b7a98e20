/** extended_master_secret (RFC 7627 section 5.1). */
import { empty } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

export const extendedMasterSecret = {
  type: ExtensionType.extended_master_secret,
  in: { ClientHello: empty, ServerHello12: empty },
} as const;
