/** CertificateRequest of TLS 1.2 (RFC 5246 section 7.4.4). */
import { type Infer, opaque, struct, uint, vector } from '../codec.ts';
import { clientCertificateTypeName, signatureSchemeName } from '../registry.ts';

export const certificateRequest12 = struct({
  certificateTypes: vector(uint(1, clientCertificateTypeName), 1, 0xff),
  supportedSignatureAlgorithms: vector(uint(2, signatureSchemeName), 2, 0xfffe),
  /** Each entry is a DER-encoded distinguished name. None at all means any authority. */
  certificateAuthorities: vector(opaque(1, 0xffff), 0, 0xffff),
});

export type CertificateRequest12 = Infer<typeof certificateRequest12>;
