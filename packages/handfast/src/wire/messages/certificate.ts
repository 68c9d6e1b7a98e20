/** Certificate (RFC 9846 section 4.5.1). */
import { type Infer, opaque, struct, vector } from '../codec.ts';
import { extensionBlock } from '../extensions/block.ts';

const certificateEntry = struct({
  certData: opaque(1, 0xffffff),
  extensions: extensionBlock('Certificate'),
});

export const certificate = struct({
  certificateRequestContext: opaque(0, 0xff),
  certificateList: vector(certificateEntry, 0, 0xffffff),
});

export type Certificate = Infer<typeof certificate>;
