/** NewSessionTicket (RFC 9846 section 4.7.1). */
import { type Infer, opaque, struct, uint32 } from '../codec.ts';
import { extensionBlock } from '../extensions/block.ts';

export const newSessionTicket = struct({
  ticketLifetime: uint32,
  ticketAgeAdd: uint32,
  ticketNonce: opaque(0, 0xff),
  ticket: opaque(1, 0xffff),
  extensions: extensionBlock('NewSessionTicket'),
});

export type NewSessionTicket = Infer<typeof newSessionTicket>;
