/** What is derived from the secrets on the right side of the key schedule (RFC 9846 sections 4.5.3, 4.7.1, 7.2, 7.3). */
import { AEAD_KEY_LENGTH, AEAD_NONCE_LENGTH, type AeadName } from '../crypto/provider.ts';
import { EMPTY } from '../wire/bytes.ts';
import type { Hkdf } from './hkdf.ts';

/** One sender's key and initial vector. */
export interface TrafficKeys {
  readonly key: Uint8Array;
  /** Combined with the record's sequence number to its nonce (section 5.3). */
  readonly iv: Uint8Array;
}

/** The traffic keys of a traffic secret (section 7.3). */
export function trafficKeys(hkdf: Hkdf, secret: Uint8Array, aead: AeadName): TrafficKeys {
  return {
    key: hkdf.expandLabel(secret, 'key', EMPTY, AEAD_KEY_LENGTH[aead]),
    iv: hkdf.expandLabel(secret, 'iv', EMPTY, AEAD_NONCE_LENGTH),
  };
}

/** `application_traffic_secret_N+1` of `application_traffic_secret_N`, after a KeyUpdate (section 7.2). */
export function nextTrafficSecret(hkdf: Hkdf, secret: Uint8Array): Uint8Array {
  return hkdf.expandLabel(secret, 'traffic upd', EMPTY, hkdf.hashLength);
}

/**
 * `verify_data` of a Finished message (section 4.5.3): `baseKey` is the sender's handshake traffic secret. With a
 * binder key and the hash of the truncated ClientHello it is a PSK binder (section 4.3.11.2).
 */
export function finishedVerifyData(hkdf: Hkdf, baseKey: Uint8Array, transcriptHash: Uint8Array): Uint8Array {
  const finishedKey = hkdf.expandLabel(baseKey, 'finished', EMPTY, hkdf.hashLength);
  return hkdf.hmac(finishedKey, transcriptHash);
}

/** The PSK of a session ticket (section 4.7.1). */
export function resumptionPsk(hkdf: Hkdf, resumptionSecret: Uint8Array, ticketNonce: Uint8Array): Uint8Array {
  return hkdf.expandLabel(resumptionSecret, 'resumption', ticketNonce, hkdf.hashLength);
}
