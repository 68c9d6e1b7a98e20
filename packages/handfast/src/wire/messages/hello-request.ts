/** HelloRequest of TLS 1.2: the server asks for a renegotiation (RFC 5246 section 7.4.1.1). */
import { type Infer, struct } from '../codec.ts';

export const helloRequest = struct({});

export type HelloRequest = Infer<typeof helloRequest>;
