/** certificate_authorities (RFC 9846 section 4.3.4). */
import { opaque, vector } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

/** Each entry is a DER-encoded distinguished name. */
const distinguishedNames = vector(opaque(1, 0xffff), 3, 0xffff);

export const certificateAuthorities = {
  type: ExtensionType.certificate_authorities,
  in: { ClientHello: distinguishedNames, CertificateRequest: distinguishedNames },
} as const;
