/** NewSessionTicket of TLS 1.2 (RFC 5077 section 3.3). */
import { type Infer, opaque, struct, uint32 } from '../codec.ts';

export const newSessionTicket12 = struct({
  /** In seconds; 0 says nothing. */
  ticketLifetimeHint: uint32,
  /** Empty where the server changed its mind. */
  ticket: opaque(0, 0xffff),
});

export type NewSessionTicket12 = Infer<typeof newSessionTicket12>;
