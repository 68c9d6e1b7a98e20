/** EndOfEarlyData (RFC 9846 section 4.6). */
import { type Infer, struct } from '../codec.ts';

export const endOfEarlyData = struct({});

export type EndOfEarlyData = Infer<typeof endOfEarlyData>;
