/** Phase 3 of TLS 1.2, the part that both sides share: ChangeCipherSpec and Finished (RFC 5246 sections 7.1 and 7.4.9). */
import { finishedVerifyData12 } from '../keys/schedule12.ts';
import { finished } from '../wire/messages/finished.ts';
import { peerOf } from './authentication.ts';
import type { HandshakeContext } from './context.ts';
import type { Handshake } from './driver.ts';
import { checkVerifyData } from './finished.ts';
import type { Secrets12 } from './secrets12.ts';

/** Sends ChangeCipherSpec, and Finished as the first message under the new key. */
export function sendFinished12(h: HandshakeContext, { master, protection }: Secrets12): void {
  h.sendChangeCipherSpec(protection[h.role]);
  const verifyData = finishedVerifyData12(h.prf, master, h.role, h.transcript.current());
  h.send('Finished', { verifyData });
  h.records.flush();
}

/** Receives the peer's ChangeCipherSpec and Finished, and checks that both sides saw the same handshake. */
export function* receiveFinished12(h: HandshakeContext, { master, protection }: Secrets12): Handshake<void> {
  const peer = peerOf(h);
  const expected = finishedVerifyData12(h.prf, master, peer, h.transcript.current());
  h.expectChangeCipherSpec(protection[peer]);
  const received = yield* h.receive();
  checkVerifyData(h, h.decode(finished, received).verifyData, expected);
  h.transcript.add(received.message);
}
