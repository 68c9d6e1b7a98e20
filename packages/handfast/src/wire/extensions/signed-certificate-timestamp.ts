/** signed_certificate_timestamp (RFC 6962 section 3.3.1). */
import { empty, opaque, vector } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

/** SignedCertificateTimestampList; each element is a SerializedSCT (RFC 6962 section 3.3). */
export const signedCertificateTimestampList = vector(opaque(1, 0xffff), 1, 0xffff);

export const signedCertificateTimestamp = {
  type: ExtensionType.signed_certificate_timestamp,
  in: {
    ClientHello: empty,
    ServerHello12: signedCertificateTimestampList,
    CertificateRequest: empty,
    Certificate: signedCertificateTimestampList,
  },
} as const;
