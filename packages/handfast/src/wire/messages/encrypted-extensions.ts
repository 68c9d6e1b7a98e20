/** EncryptedExtensions (RFC 9846 section 4.4.1). */
import { type Infer, struct } from '../codec.ts';
import { extensionBlock } from '../extensions/block.ts';

export const encryptedExtensions = struct({ extensions: extensionBlock('EncryptedExtensions') });

export type EncryptedExtensions = Infer<typeof encryptedExtensions>;
