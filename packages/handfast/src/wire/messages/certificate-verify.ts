/** CertificateVerify (RFC 9846 section 4.5.2). */
import { type Infer, opaque, struct, uint } from '../codec.ts';
import { signatureSchemeName } from '../registry.ts';

export const certificateVerify = struct({
  algorithm: uint(2, signatureSchemeName),
  signature: opaque(0, 0xffff),
});

export type CertificateVerify = Infer<typeof certificateVerify>;
