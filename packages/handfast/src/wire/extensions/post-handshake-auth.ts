/** post_handshake_auth (RFC 9846 section 4.3.6). */
import { empty } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

export const postHandshakeAuth = {
  type: ExtensionType.post_handshake_auth,
  in: { ClientHello: empty },
} as const;
