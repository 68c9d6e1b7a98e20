/** encrypt_then_mac (RFC 7366 section 2). */
import { empty } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

export const encryptThenMac = {
  type: ExtensionType.encrypt_then_mac,
  in: { ClientHello: empty, ServerHello12: empty },
} as const;
