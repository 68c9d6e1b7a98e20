/** What a server wants to find in a client's certificate (RFC 9846 section 4.3.5). */
import { TlsError } from '../../wire/errors.ts';
import type { CertificateRequest } from '../../wire/messages/certificate-request.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { DerError, DerReader } from '../../x509/der.ts';
import { type KnownExtensions, readExtensionValue } from '../../x509/extensions.ts';
import { ExtensionOid } from '../../x509/oids.ts';

/** The extensions for which matching is defined; all others are to be ignored. */
const MATCHED: readonly string[] = [ExtensionOid.keyUsage, ExtensionOid.extKeyUsage];

/**
 * Whether a certificate has all that the filters ask for and that has a rule.
 * @throws {TlsError} `ERR_DECODE` when a filter is not the DER that it should be.
 */
export function oidFilter({ extensions }: CertificateRequest): (leaf: Certificate) => boolean {
  const filters = (extensions.oidFilters ?? []).flatMap(
    ({ certificateExtensionOid, certificateExtensionValues }) => {
      try {
        const reader = new DerReader(certificateExtensionOid);
        const oid = reader.oid('oid_filters');
        reader.finish('oid_filters');
        if (!MATCHED.includes(oid)) return [];
        const isAny = certificateExtensionValues.length === 0;
        return [{ oid, wanted: isAny ? {} : readExtensionValue(oid, certificateExtensionValues) }];
      } catch (error) {
        if (!(error instanceof DerError)) throw error;
        const message = 'CertificateRequest';
        throw new TlsError('ERR_DECODE', `${message}: oid_filters: ${error.message}`, { message });
      }
    },
  );
  return (leaf) => filters.every(({ oid, wanted }) => leaf.extensions.has(oid) && hasAll(leaf, wanted));
}

function hasAll(leaf: KnownExtensions, { keyUsage = [], extKeyUsage = [] }: KnownExtensions): boolean {
  return (
    keyUsage.every((usage) => leaf.keyUsage?.includes(usage)) &&
    extKeyUsage.every((purpose) => leaf.extKeyUsage?.includes(purpose))
  );
}
