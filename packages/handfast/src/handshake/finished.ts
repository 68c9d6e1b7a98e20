/** Phase 3, the part that both sides share: Finished, the proof that both hold the same keys and saw the same handshake. */
import { finishedVerifyData } from '../keys/traffic.ts';
import type { Role } from '../trace/events.ts';
import { constantTimeEqual } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { finished } from '../wire/messages/finished.ts';
import type { HandshakeContext } from './context.ts';
import type { Handshake } from './driver.ts';

/** Sends Finished: a MAC over the transcript, under this side's handshake traffic secret (RFC 9846 section 4.5.3). */
export function sendFinished(h: HandshakeContext, ownSecret: Uint8Array): void {
  const verifyData = finishedVerifyData(h.hkdf, ownSecret, h.transcript.current());
  h.send('Finished', { verifyData });
}

/** Receives the peer's Finished and checks it. */
export function* receiveFinished(h: HandshakeContext, peerSecret: Uint8Array): Handshake<void> {
  const expected = finishedVerifyData(h.hkdf, peerSecret, h.transcript.current());
  const received = yield* h.receive();
  const { verifyData } = h.decode(finished, received);
  if (verifyData.length !== expected.length) {
    throw new TlsError(
      'ERR_DECODE',
      `Finished: expected ${expected.length} bytes, found ${verifyData.length}`,
      { message: 'Finished' },
    );
  }
  if (!constantTimeEqual(verifyData, expected)) {
    throw new TlsError(
      'ERR_BAD_FINISHED',
      'Finished: its MAC is wrong; the two sides did not see the same handshake, or do not hold the same keys',
      { message: 'Finished' },
    );
  }
  h.transcript.add(received.message);
  const by: Role = h.role === 'client' ? 'server' : 'client';
  h.observers.onTrace?.({
    type: 'proof',
    phase: 'key exchange',
    what: 'Finished',
    by,
    detail: `the ${by} holds the handshake keys and saw the same messages, byte for byte`,
  });
}
