/** application_layer_protocol_negotiation (RFC 7301 section 3.1). */
import { printable } from '../bytes.ts';
import { checked, opaque, shown, vector } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

const protocolName = shown(opaque(1, 0xff), printable);
const protocolNameList = vector(protocolName, 2, 0xffff);
const selectedProtocol = checked(
  protocolNameList,
  (list) => (list.length === 1 ? undefined : `expected exactly one protocol, found ${list.length}`),
  (random) => [protocolName.sample(random)],
);

export const applicationLayerProtocolNegotiation = {
  type: ExtensionType.application_layer_protocol_negotiation,
  in: {
    ClientHello: protocolNameList,
    EncryptedExtensions: selectedProtocol,
    ServerHello12: selectedProtocol,
  },
} as const;
