/** What may still come after a TLS 1.2 handshake: attempts to renegotiate, which are declined (RFC 5246 section 7.4.1). */
import { MAX_RENEGOTIATION_ATTEMPTS } from '../policy/limits.ts';
import type { HandshakeMessage } from '../record/handshake-assembler.ts';
import { TlsError } from '../wire/errors.ts';
import { helloRequest } from '../wire/messages/hello-request.ts';
import { HandshakeType } from '../wire/registry.ts';
import { type HandshakeContext, receivedName } from './context.ts';
import type { PostHandshake } from './secured.ts';

/** Keeps an established connection as it is: TLS 1.2 can change its keys by a new handshake only. */
export class PostHandshake12 implements PostHandshake {
  readonly #h: HandshakeContext;
  #attempts = 0;

  constructor(h: HandshakeContext) {
    this.#h = h;
  }

  noteApplicationData(): void {}

  /** A wish for another handshake is declined with the warning no_renegotiation, a few times. */
  receive(received: HandshakeMessage): void {
    const h = this.#h;
    h.traceMessage('received', received.message);
    const wish = h.role === 'client' ? HandshakeType.hello_request : HandshakeType.client_hello;
    const message = receivedName(received);
    if (received.type !== wish) {
      throw new TlsError(
        'ERR_UNEXPECTED_MESSAGE',
        `expected application data after the handshake, received ${message}`,
        { message },
      );
    }
    if (wish === HandshakeType.hello_request) h.decode(helloRequest, received);
    if (++this.#attempts > MAX_RENEGOTIATION_ATTEMPTS) {
      throw new TlsError(
        'ERR_TOO_MANY_RENEGOTIATIONS',
        `the peer asked for another handshake more than ${MAX_RENEGOTIATION_ATTEMPTS} times, and was declined each time`,
        { message },
      );
    }
    h.records.sendWarning('no_renegotiation');
  }

  beforeApplicationData(): void {}

  updateKeys(): void {
    throw new TlsError('ERR_INTERNAL', 'TLSv1.2 has no KeyUpdate');
  }

  send(): void {
    throw new TlsError('ERR_INTERNAL', 'TLSv1.2 sends no messages after the handshake');
  }
}
