/** CertificateStatus: in TLS 1.2 the stapled OCSP response is a message of its own (RFC 6066 section 8). */
import type { Infer } from '../codec.ts';
import { certificateStatus } from '../extensions/status-request.ts';

export { certificateStatus };

export type CertificateStatus = Infer<typeof certificateStatus>;
