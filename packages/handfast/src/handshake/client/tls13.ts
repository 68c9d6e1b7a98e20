/** A client's TLS 1.3 handshake, from top to bottom as in RFC 9846 section 2, figures 1 and 3. */
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
import { requireSameProtocol } from './early-data.ts';
import { type Answer13, receiveEncryptedExtensions, receiveServerHello } from './hello13.ts';
import { TicketKeeper, wantsSessions } from './tickets13.ts';

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
  const { suite, exchange, psk } = choice;
  const sharedSecret = exchange && (yield* settled(exchange.offer.finish(exchange.serverShare)));
  const handshake = deriveHandshakeSecrets(h, sharedSecret, psk?.secret);
  h.useTrafficSecret('received', 'handshake', handshake.server);
  const { early: sentEarly } = firstOffer;
  if (h.config.middleboxCompatibility && offer.retry === undefined && sentEarly === undefined) {
    h.records.sendChangeCipherSpec();
  }
  // An alert from here on is protected; while early data may be taken, by its keys
  const mayBeTaken = offer.early !== undefined && psk !== undefined;
  if (!mayBeTaken) h.useTrafficSecret('sent', 'handshake', handshake.client);
  const { applicationProtocol, isEarlyDataTaken } = yield* receiveEncryptedExtensions(h, offer, choice);
  if (sentEarly !== undefined && target.resendsEarlyData && !isEarlyDataTaken) {
    requireSameProtocol(sentEarly, applicationProtocol);
  }
  if (mayBeTaken && !isEarlyDataTaken) h.useTrafficSecret('sent', 'handshake', handshake.client);

  // Phase 2: certificate. A pre-shared key stands for it: the server that it came from was judged then
  const authentication = psk === undefined ? yield* receiveServerCertificate(h, offer, target) : undefined;
  const peer = authentication?.peer ?? psk?.session?.peer;
  const request = authentication?.request;

  // Phase 3: key exchange, confirmed
  yield* receiveFinished(h, handshake.server);
  const { application, exporter, main } = deriveApplicationSecrets(h, handshake.secret);
  h.useTrafficSecret('received', 'application', application.server);
  if (isEarlyDataTaken) {
    h.send('EndOfEarlyData', {});
    h.useTrafficSecret('sent', 'handshake', handshake.client);
  }
  const own = request === undefined ? undefined : yield* sendClientCertificate(h, request);
  sendFinished(h, handshake.client);
  h.useTrafficSecret('sent', 'application', application.client);
  h.records.flush();
  const retriedGroup = offer.retry?.extensions.keyShare?.selectedGroup;
  if (retriedGroup !== undefined) h.config.keyShareMemory.learn(target.name, retriedGroup);

  const established: Established = {
    role: 'client',
    version: 'TLSv1.3',
    cipherSuite: suite.suite,
    keyExchange: exchange === undefined ? 'PSK' : keyExchangeOf(exchange.group),
    ...(exchange === undefined ? {} : { group: exchange.group }),
    extendedMasterSecret: true,
    resumed: psk?.session !== undefined,
    ...(sentEarly === undefined ? {} : { earlyData: isEarlyDataTaken ? 'accepted' : 'rejected' }),
    ...(psk === undefined || psk.session !== undefined ? {} : { pskIdentity: psk.identity }),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(offer.hello.extensions.serverName === undefined
      ? {}
      : { serverName: offer.hello.extensions.serverName }),
    helloRetried: offer.retry !== undefined,
    ...(peer === undefined ? {} : { peer }),
    ...(own === undefined ? {} : { own }),
    choices: h.choices,
  };
  const tickets = wantsSessions(h) ? new TicketKeeper(h, target, established, main, psk?.session) : undefined;
  return { established, exporter, postHandshake: new PostHandshake13(h, application, tickets) };
}
