/** A server's handshake up to the version, which it chooses; from there it goes on as TLS 1.3 or 1.2. */
import { clientHello } from '../../wire/messages/client-hello.ts';
import type { Handshake } from '../driver.ts';
import type { Secured } from '../secured.ts';
import { chooseVersion, type ServerContext } from './choose.ts';
import { serverHandshake12 } from './tls12.ts';
import { serverHandshake13 } from './tls13.ts';

/** Runs the handshake; the result is authenticated, and application keys are in place in both directions. */
export function* serverHandshake(h: ServerContext): Handshake<Secured> {
  const received = yield* h.receive();
  const hello = h.decode(clientHello, received);
  h.clientRandom = hello.random;
  const version = chooseVersion(h, hello);
  h.useVersion(version);
  return version === 'TLSv1.3'
    ? yield* serverHandshake13(h, received, hello)
    : yield* serverHandshake12(h, received, hello);
}
