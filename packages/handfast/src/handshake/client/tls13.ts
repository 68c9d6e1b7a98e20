/** A client's full TLS 1.3 handshake, from top to bottom as in RFC 9846 section 2, figure 1. */
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { type Handshake, settled } from '../driver.ts';
import type { Established } from '../established.ts';
import { receiveFinished, sendFinished } from '../finished13.ts';
import { PostHandshake13 } from '../post-handshake13.ts';
import { deriveApplicationSecrets, deriveHandshakeSecrets } from '../secrets13.ts';
import type { Secured } from '../secured.ts';
import { keyExchangeOf } from '../selection.ts';
import { receiveServerCertificate, sendClientCertificate } from './certificate13.ts';
import type { ClientContext, Offer, Target } from './client-hello.ts';
import { type Answer13, receiveEncryptedExtensions, receiveServerHello } from './hello13.ts';

/**
 * Goes on after the ClientHello.
 * @param firstOffer what was offered; `received` and `answer` are what came for it.
 */
export function* clientHandshake13(
  h: ClientContext,
  target: Target,
  firstOffer: Offer,
  received: HandshakeMessage,
  answer: Answer13,
): Handshake<Secured> {
  // Phase 1: hello
  const { offer, choice } = yield* receiveServerHello(h, firstOffer, received, answer);

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
  const retriedGroup = offer.retry?.extensions.keyShare?.selectedGroup;
  if (retriedGroup !== undefined) h.config.keyShareMemory.learn(target.name, retriedGroup);

  const established: Established = {
    role: 'client',
    version: 'TLSv1.3',
    cipherSuite: choice.suite.suite,
    keyExchange: keyExchangeOf(choice.group),
    group: choice.group,
    extendedMasterSecret: true,
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(offer.hello.extensions.serverName === undefined
      ? {}
      : { serverName: offer.hello.extensions.serverName }),
    helloRetried: offer.retry !== undefined,
    peer,
    ...(own === undefined ? {} : { own }),
    choices: h.choices,
  };
  return { established, exporter, postHandshake: new PostHandshake13(h, application) };
}
