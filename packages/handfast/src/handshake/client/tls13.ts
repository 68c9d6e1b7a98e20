/** A client's full TLS 1.3 handshake, from top to bottom as in RFC 9846 section 2, figure 1. */
import { type Handshake, settled } from '../driver.ts';
import type { Established } from '../established.ts';
import { receiveFinished, sendFinished } from '../finished.ts';
import { deriveApplicationSecrets, deriveHandshakeSecrets, type Secured } from '../secrets.ts';
import { receiveServerCertificate, sendClientCertificate } from './certificate.ts';
import {
  type ClientContext,
  receiveEncryptedExtensions,
  receiveServerHello,
  sendClientHello,
  type Target,
} from './hello.ts';

/** Runs the handshake; the result is authenticated, and application keys are in place in both directions. */
export function* clientHandshake13(h: ClientContext, target: Target): Handshake<Secured> {
  // Phase 1: hello
  const firstOffer = yield* sendClientHello(h, target);
  const { offer, choice } = yield* receiveServerHello(h, firstOffer);

  // Phase 3 begins here already: in TLS 1.3 the key shares travel inside the hellos
  const sharedSecret = yield* settled(choice.keyExchange.finish(choice.serverShare));
  const handshake = deriveHandshakeSecrets(h, sharedSecret);
  h.useTrafficSecret('received', 'handshake', handshake.server);
  if (h.config.middleboxCompatibility && offer.retry === undefined) h.records.sendChangeCipherSpec();
  h.useTrafficSecret('sent', 'handshake', handshake.client); // an alert from here on is protected
  const applicationProtocol = yield* receiveEncryptedExtensions(h, offer);

  // Phase 2: certificate
  const { peer, request } = yield* receiveServerCertificate(h, offer, target);

  // Phase 3: key exchange, confirmed
  yield* receiveFinished(h, handshake.server);
  const { application, exporter } = deriveApplicationSecrets(h, handshake.secret);
  h.useTrafficSecret('received', 'application', application.server);
  const own = request === undefined ? undefined : yield* sendClientCertificate(h, request);
  sendFinished(h, handshake.client);
  h.useTrafficSecret('sent', 'application', application.client);
  h.records.flush();

  const established: Established = {
    role: 'client',
    version: 'TLSv1.3',
    cipherSuite: choice.suite.suite,
    group: choice.group,
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(offer.hello.extensions.serverName === undefined
      ? {}
      : { serverName: offer.hello.extensions.serverName }),
    helloRetried: offer.retry !== undefined,
    peer,
    ...(own === undefined ? {} : { own }),
    choices: h.choices,
  };
  return { established, application, exporter };
}
