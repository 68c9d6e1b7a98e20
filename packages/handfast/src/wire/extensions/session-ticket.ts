/** session_ticket (RFC 5077 section 3.2). */
import { empty, rest } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

export const sessionTicket = {
  type: ExtensionType.session_ticket,
  // The ticket fills the extension, without a length of its own; a client without one sends nothing in it.
  in: { ClientHello: rest, ServerHello12: empty },
} as const;
