/** Pre-shared keys of TLS 1.3, the part that both sides share: binders (RFC 9846 section 4.3.11.2) and early secrets. */
import type { CryptoProvider, HashName } from '../crypto/provider.ts';
import { Hkdf } from '../keys/hkdf.ts';
import { EarlySecret, type PskOrigin } from '../keys/schedule13.ts';
import { finishedVerifyData } from '../keys/traffic.ts';
import type { Transcript } from '../keys/transcript.ts';

/** A key that both sides may hold, and whose it is. */
export interface Psk {
  readonly secret: Uint8Array;
  /** The hash function that it goes with, and so the cipher suites (RFC 9846 section 4.3.11). */
  readonly hash: HashName;
  readonly origin: PskOrigin;
}

/** A PSK in the words of a report. */
export function describePsk(origin: PskOrigin): string {
  return origin === 'resumption' ? 'an earlier session' : `a pre-shared key (${origin})`;
}

/** The key exchange modes (RFC 9846 section 4.3.9): with a fresh Diffie-Hellman or KEM exchange, or without. */
export type PskKeyExchangeMode = 'psk_dhe_ke' | 'psk_ke';

/** Their numbers on the wire. */
export const PSK_KEY_EXCHANGE_MODES: Readonly<Record<PskKeyExchangeMode, number>> = {
  psk_ke: 0,
  psk_dhe_ke: 1,
};

/** Length of the binders at the end of a ClientHello, with their length fields. */
export function bindersLength(binders: readonly Uint8Array[]): number {
  return 2 + binders.reduce((sum, binder) => sum + 1 + binder.length, 0);
}

/**
 * The binder of a PSK: it shows that the sender of this ClientHello holds it.
 * @param transcript what came before this ClientHello: nothing, or the first one and a HelloRetryRequest.
 * @param truncated the ClientHello, header included, up to its binders.
 */
export function pskBinder(
  provider: CryptoProvider,
  { secret, hash, origin }: Psk,
  transcript: Transcript,
  truncated: Uint8Array,
): Uint8Array {
  const hkdf = new Hkdf(provider, hash);
  const binderKey = EarlySecret.from(hkdf, secret).binderKey(origin);
  return finishedVerifyData(hkdf, binderKey, transcript.hashWith(hash, truncated));
}
