/** supported_versions (RFC 9846 section 4.3.1). */
import { uint, vector } from '../codec.ts';
import { ExtensionType, versionName } from '../registry.ts';

const protocolVersion = uint(2, versionName);

export const supportedVersions = {
  type: ExtensionType.supported_versions,
  in: {
    ClientHello: vector(protocolVersion, 2, 254),
    ServerHello: protocolVersion,
    HelloRetryRequest: protocolVersion,
  },
} as const;
