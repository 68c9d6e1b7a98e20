/** ClientHello (RFC 9846 section 4.2.2; RFC 5246 section 7.4.1.2). */
import { fixed, type Infer, opaque, struct, uint, vector } from '../codec.ts';
import { optionalExtensionBlock } from '../extensions/block.ts';
import { cipherSuiteName, versionName } from '../registry.ts';

export const clientHello = struct({
  legacyVersion: uint(2, versionName),
  random: fixed(32),
  legacySessionId: opaque(0, 32),
  cipherSuites: vector(uint(2, cipherSuiteName), 2, 0xfffe),
  legacyCompressionMethods: opaque(1, 0xff),
  extensions: optionalExtensionBlock('ClientHello'),
});

export type ClientHello = Infer<typeof clientHello>;
