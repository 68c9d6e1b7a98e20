/** ticket_request (RFC 9149 section 3). */
import { struct, uint8 } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

export const ticketRequest = {
  type: ExtensionType.ticket_request,
  in: {
    ClientHello: struct({ newSessionCount: uint8, resumptionCount: uint8 }),
    EncryptedExtensions: struct({ expectedCount: uint8 }),
  },
} as const;
