/** ClientKeyExchange of TLS 1.2, one struct for each key exchange (RFC 5246 section 7.4.7, RFC 8422 section 5.7). */
import { type Infer, opaque, struct } from '../codec.ts';

/** An ephemeral public key; that of a certificate, which would leave this struct empty, is not spoken. */
export const ecdheClientKeyExchange = struct({ ecdhYc: opaque(1, 0xff) });
/** A number, big-endian; here too the implicit form is not spoken. */
export const dheClientKeyExchange = struct({ dhYc: opaque(1, 0xffff) });
/** `EncryptedPreMasterSecret`. */
export const rsaClientKeyExchange = struct({ encryptedPreMasterSecret: opaque(0, 0xffff) });

export type EcdheClientKeyExchange = Infer<typeof ecdheClientKeyExchange>;
export type DheClientKeyExchange = Infer<typeof dheClientKeyExchange>;
export type RsaClientKeyExchange = Infer<typeof rsaClientKeyExchange>;
