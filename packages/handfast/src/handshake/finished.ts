/** Phase 3, what both versions share of Finished: the proof that both sides hold the same keys and saw the same handshake. */
import { constantTimeEqual } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { peerOf } from './authentication.ts';
import type { HandshakeContext } from './context.ts';

/**
 * Checks the MAC of the peer's Finished.
 * @throws {TlsError} `ERR_DECODE` for a wrong length, `ERR_BAD_FINISHED` for a wrong MAC.
 */
export function checkVerifyData(h: HandshakeContext, verifyData: Uint8Array, expected: Uint8Array): void {
  const message = 'Finished';
  if (verifyData.length !== expected.length) {
    throw new TlsError(
      'ERR_DECODE',
      `Finished: expected ${expected.length} bytes, found ${verifyData.length}`,
      { message },
    );
  }
  if (!constantTimeEqual(verifyData, expected)) {
    throw new TlsError(
      'ERR_BAD_FINISHED',
      'Finished: its MAC is wrong; the two sides did not see the same handshake, or do not hold the same keys',
      { message },
    );
  }
  const by = peerOf(h);
  h.observers.onTrace?.({
    type: 'proof',
    phase: 'key exchange',
    what: 'Finished',
    by,
    detail: `the ${by} holds the handshake keys and saw the same messages, byte for byte`,
  });
}
