/** oid_filters (RFC 9846 section 4.3.5). */
import { latin1 } from '../bytes.ts';
import { checked, opaque, struct, vector } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

const oidFilter = struct({
  certificateExtensionOid: opaque(1, 0xff),
  certificateExtensionValues: opaque(0, 0xffff),
});

export const oidFilters = {
  type: ExtensionType.oid_filters,
  in: {
    CertificateRequest: checked(
      vector(oidFilter, 0, 0xffff),
      (filters) => {
        const oids = new Set(filters.map(({ certificateExtensionOid }) => latin1(certificateExtensionOid)));
        return oids.size === filters.length ? undefined : 'two filters for the same extension';
      },
      (random) => [oidFilter.sample(random)],
    ),
  },
} as const;
