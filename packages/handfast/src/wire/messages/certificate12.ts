/** Certificate of TLS 1.2 (RFC 5246 section 7.4.2). */
import { type Infer, opaque, struct, vector } from '../codec.ts';

export const certificate12 = struct({ certificateList: vector(opaque(1, 0xffffff), 0, 0xffffff) });

export type Certificate12 = Infer<typeof certificate12>;
