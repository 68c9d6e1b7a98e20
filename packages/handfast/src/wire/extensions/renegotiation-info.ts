/** renegotiation_info (RFC 5746 section 3.2). */
import { opaque } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

/** The verify_data of the handshake before: the client's, from a server followed by its own; empty in a first handshake. */
const renegotiatedConnection = opaque(0, 0xff);

export const renegotiationInfo = {
  type: ExtensionType.renegotiation_info,
  in: { ClientHello: renegotiatedConnection, ServerHello12: renegotiatedConnection },
} as const;
