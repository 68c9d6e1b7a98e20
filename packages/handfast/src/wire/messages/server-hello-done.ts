/** ServerHelloDone of TLS 1.2 (RFC 5246 section 7.4.5). */
import { type Infer, struct } from '../codec.ts';

export const serverHelloDone = struct({});

export type ServerHelloDone = Infer<typeof serverHelloDone>;
