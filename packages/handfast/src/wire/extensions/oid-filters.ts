/** oid_filters (RFC 9846 section 4.3.5). */
import { opaque, struct, vector } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

export const oidFilters = {
  type: ExtensionType.oid_filters,
  in: {
    CertificateRequest: vector(
      struct({ certificateExtensionOid: opaque(1, 0xff), certificateExtensionValues: opaque(0, 0xffff) }),
      0,
      0xffff,
    ),
  },
} as const;
