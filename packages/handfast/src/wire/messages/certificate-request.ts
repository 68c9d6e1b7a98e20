/** CertificateRequest (RFC 9846 section 4.4.2). */
import { type Infer, opaque, struct } from '../codec.ts';
import { extensionBlock } from '../extensions/block.ts';

export const certificateRequest = struct({
  certificateRequestContext: opaque(0, 0xff),
  extensions: extensionBlock('CertificateRequest'),
});

export type CertificateRequest = Infer<typeof certificateRequest>;
