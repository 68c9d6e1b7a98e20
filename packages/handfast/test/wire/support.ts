/** What the tests of the wire room share. */
import fc from 'fast-check';
import type { Codec, SampleSource } from '../../src/wire/codec.ts';
import { certificate } from '../../src/wire/messages/certificate.ts';
import { certificateRequest } from '../../src/wire/messages/certificate-request.ts';
import { certificateVerify } from '../../src/wire/messages/certificate-verify.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import { encryptedExtensions } from '../../src/wire/messages/encrypted-extensions.ts';
import { endOfEarlyData } from '../../src/wire/messages/end-of-early-data.ts';
import { finished } from '../../src/wire/messages/finished.ts';
import { keyUpdate } from '../../src/wire/messages/key-update.ts';
import { newSessionTicket } from '../../src/wire/messages/new-session-ticket.ts';
import { helloRetryRequest, serverHello, serverHello12 } from '../../src/wire/messages/server-hello.ts';

/** Every message, by name. */
export const MESSAGES: ReadonlyMap<string, Codec<unknown>> = new Map<string, unknown>([
  ['ClientHello', clientHello],
  ['ServerHello', serverHello],
  ['HelloRetryRequest', helloRetryRequest],
  ['ServerHello12', serverHello12],
  ['EncryptedExtensions', encryptedExtensions],
  ['CertificateRequest', certificateRequest],
  ['Certificate', certificate],
  ['CertificateVerify', certificateVerify],
  ['Finished', finished],
  ['NewSessionTicket', newSessionTicket],
  ['EndOfEarlyData', endOfEarlyData],
  ['KeyUpdate', keyUpdate],
]) as ReadonlyMap<string, Codec<unknown>>;

/** Random choices that follow from a seed alone (splitmix32), so that a failure can be replayed. */
export function sampleSource(seed: number): SampleSource {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return { below: (limit) => next() % limit };
}

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0x7fffffff });
