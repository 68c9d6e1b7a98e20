/** cookie (RFC 9846 section 4.3.2). */
import { opaque } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

const cookieBytes = opaque(1, 0xffff);

export const cookie = {
  type: ExtensionType.cookie,
  in: { ClientHello: cookieBytes, HelloRetryRequest: cookieBytes },
} as const;
