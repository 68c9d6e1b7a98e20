/** Finished (RFC 9846 section 4.5.3). Its length is that of the hash, which the key schedule knows. */
import { type Infer, rest, struct } from '../codec.ts';

export const finished = struct({ verifyData: rest });

export type Finished = Infer<typeof finished>;
