/** Phase 3 of TLS 1.3, the part that both sides share: Finished (RFC 9846 section 4.5.3). */
import { finishedVerifyData } from '../keys/traffic.ts';
import { finished } from '../wire/messages/finished.ts';
import type { HandshakeContext } from './context.ts';
import type { Handshake } from './driver.ts';
import { checkVerifyData } from './finished.ts';

/** Sends Finished: a MAC over the transcript, under this side's handshake traffic secret. */
export function sendFinished(h: HandshakeContext, ownSecret: Uint8Array): void {
  const verifyData = finishedVerifyData(h.hkdf, ownSecret, h.transcript.current());
  h.send('Finished', { verifyData });
}

/** Receives the peer's Finished and checks it. */
export function* receiveFinished(h: HandshakeContext, peerSecret: Uint8Array): Handshake<void> {
  const expected = finishedVerifyData(h.hkdf, peerSecret, h.transcript.current());
  const received = yield* h.receive();
  checkVerifyData(h, h.decode(finished, received).verifyData, expected);
  h.transcript.add(received.message);
}
