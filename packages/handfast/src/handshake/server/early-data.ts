/** A server's decision on early data: taken once at most, and only while it is fresh (RFC 9846 sections 4.3.10 and 8). */
import { EarlySecret } from '../../keys/schedule13.ts';
import { toHex } from '../../wire/bytes.ts';
import { endOfEarlyData } from '../../wire/messages/end-of-early-data.ts';
import { type Handshake, quietly } from '../driver.ts';
import type { ServerContext } from './choose.ts';
import type { ClientOffer } from './hello13.ts';

/** Decides on early data, if the client sent any. The transcript ends with its ClientHello. */
export function* decideEarlyData(h: ServerContext, offer: ClientOffer): Handshake<boolean> {
  if (offer.hello.extensions.earlyData === undefined) return false;
  const expected = expectedArrival(offer);
  const objection = objectionTo(h, offer, expected) ?? (yield* objectionOfGuard(h, offer, expected));
  h.choose({
    phase: 'hello',
    what: 'early data',
    chosen: objection === undefined ? 'taken' : 'refused',
    offered: ['early data'],
    reason: objection ?? 'it is fresh, and its ClientHello was not seen before',
  });
  return objection === undefined;
}

/** When the ClientHello should have come, by the age of the ticket that the client tells: milliseconds since 1970 (section 8.3). */
function expectedArrival({ hello, psk }: ClientOffer): number {
  const session = psk?.session;
  const [first] = hello.extensions.preSharedKey?.identities ?? [];
  if (session === undefined || first === undefined) return 0;
  return session.createdAt + ((first.obfuscatedTicketAge - session.ticketAgeAdd + 2 ** 32) % 2 ** 32);
}

/** What speaks against it, as far as this connection knows. */
function objectionTo(
  h: ServerContext,
  { suite, psk, helloRetried }: ClientOffer,
  expected: number,
): string | undefined {
  const { earlyData, now } = h.config;
  if (earlyData === undefined) return 'this server takes none';
  if (!h.records.hearsEarlyData) return 'nobody listens to it here';
  if (helloRetried) return 'the client had to send another ClientHello';
  const session = psk?.session;
  if (session === undefined) return 'no session goes on';
  // RFC 9846 section 4.3.10 "the server MUST have selected the first key"
  if (psk?.index !== 0) return 'it was sent under another pre-shared key';
  if (session.maxEarlyData === 0) return 'the ticket does not allow it';
  if (session.cipherSuite !== suite.suite) return 'it was sent with another cipher suite';
  const skew = now() - expected;
  // RFC 9846 section 4.3.10 "a server MUST validate that the ticket age"
  if (Math.abs(skew) > earlyData.window) {
    return `it is not fresh: it came ${Math.abs(Math.round(skew / 1000))} s ${skew > 0 ? 'late' : 'early'}`;
  }
  return undefined;
}

/** What the replay guard says: of one that cannot answer, that it was seen. */
function* objectionOfGuard(
  h: ServerContext,
  { hello }: ClientOffer,
  expected: number,
): Handshake<string | undefined> {
  const { earlyData, now, provider } = h.config;
  const binder = hello.extensions.preSharedKey?.binders[0];
  if (earlyData === undefined || binder === undefined) return 'this server takes none';
  const hash = provider.hash('SHA-256');
  // RFC 9846 section 8.2 "The server MUST derive the storage key only from validated"
  hash.update(binder);
  const key = hash.digest();
  const isNew = yield* quietly(() => earlyData.guard.isNew(key, expected + earlyData.window, now()));
  // RFC 9846 section 8.2 "they MUST respond to apparent replay by rejecting", "rejecting 0-RTT but MUST NOT
  // abort the handshake"
  // RFC 9846 section 8 "The server MUST ensure that any instance of it"
  return isNew === true
    ? undefined
    : `its ClientHello (${toHex(key.subarray(0, 4))}) may have been seen before`;
}

/** The secret of the early data, while the transcript ends with the ClientHello. */
export function earlyTrafficSecret(h: ServerContext, psk: Uint8Array): Uint8Array {
  return EarlySecret.from(h.hkdf, psk).clientEarlyTrafficSecret(h.transcript.current());
}

/** Waits for the end of the early data, which the connection hands out meanwhile. */
export function* receiveEndOfEarlyData(h: ServerContext): Handshake<void> {
  const received = yield* h.receive();
  h.decode(endOfEarlyData, received);
  h.transcript.add(received.message);
}
