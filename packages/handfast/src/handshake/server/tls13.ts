/** A server's TLS 1.3 handshake, from top to bottom as in RFC 9846 section 2, figures 1 and 3. */
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import { type Handshake, settled } from '../driver.ts';
import type { Established } from '../established.ts';
import { receiveFinished, sendFinished } from '../finished13.ts';
import { PostHandshake13 } from '../post-handshake13.ts';
import { deriveApplicationSecrets, deriveHandshakeSecrets } from '../secrets13.ts';
import type { Secured } from '../secured.ts';
import { keyExchangeOf } from '../selection.ts';
import { receiveClientCertificate, sendServerCertificate } from './certificate13.ts';
import { chooseApplicationProtocol, type ServerContext } from './choose.ts';
import { chooseIdentity } from './choose13.ts';
import { decideEarlyData, earlyTrafficSecret, receiveEndOfEarlyData } from './early-data.ts';
import { acceptClientHello, type ClientOffer, sendEncryptedExtensions, sendServerHello } from './hello13.ts';
import { sendTickets, ticketCount } from './tickets13.ts';

/**
 * Goes on after the version.
 * @param firstHello what the client offers, in the message `received`.
 */
export function* serverHandshake13(
  h: ServerContext,
  received: HandshakeMessage,
  firstHello: ClientHello,
): Handshake<Secured> {
  // Phase 1: hello
  const offer = yield* acceptClientHello(h, received, firstHello);
  const { hello, suite, exchange, psk } = offer;
  const applicationProtocol = chooseApplicationProtocol(h, hello);
  const own = psk === undefined ? yield* chooseIdentity(h, hello) : undefined;

  // Phase 3 begins here already: in TLS 1.3 the key shares travel inside the hellos
  const responded = exchange && (yield* respond(h, exchange));
  const isEarlyDataTaken = yield* decideEarlyData(h, offer);
  const earlySecret = isEarlyDataTaken && psk ? earlyTrafficSecret(h, psk.secret) : undefined;
  sendServerHello(h, offer, responded?.share);
  if (psk !== undefined) {
    h.order.facts.pskChosen = true;
    h.order.prove('pre-shared key');
  }
  const handshake = deriveHandshakeSecrets(h, responded?.secret, psk?.secret);
  if (earlySecret === undefined) h.useTrafficSecret('received', 'handshake', handshake.client);
  else {
    h.order.facts.earlyDataTaken = true;
    h.records.takeEarlyData(psk?.session?.maxEarlyData ?? 0);
    h.useEarlyTrafficSecret('received', suite, earlySecret);
  }
  h.useTrafficSecret('sent', 'handshake', handshake.server);
  sendEncryptedExtensions(h, offer, applicationProtocol, isEarlyDataTaken);

  // Phase 2: certificate. A pre-shared key stands for those of both sides
  if (own !== undefined) yield* sendServerCertificate(h, offer, own);

  // Phase 3: key exchange, confirmed
  sendFinished(h, handshake.server);
  const { application, exporter, main } = deriveApplicationSecrets(h, handshake.secret);
  h.useTrafficSecret('sent', 'application', application.server);
  h.records.flush();
  if (earlySecret !== undefined) {
    yield* receiveEndOfEarlyData(h);
    h.useTrafficSecret('received', 'handshake', handshake.client);
  }
  const peer = psk === undefined ? yield* receiveClientCertificate(h) : psk.session?.peer;
  yield* receiveFinished(h, handshake.client);
  h.useTrafficSecret('received', 'application', application.client);

  const established: Established = {
    role: 'server',
    version: 'TLSv1.3',
    cipherSuite: suite.suite,
    keyExchange: exchange === undefined ? 'PSK' : keyExchangeOf(exchange.group),
    ...(exchange === undefined ? {} : { group: exchange.group }),
    extendedMasterSecret: true,
    resumed: psk?.session !== undefined,
    ...(firstHello.extensions.earlyData === undefined
      ? {}
      : { earlyData: isEarlyDataTaken ? 'accepted' : 'rejected' }),
    ...(psk === undefined || psk.session !== undefined ? {} : { pskIdentity: psk.identity }),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(hello.extensions.serverName === undefined ? {} : { serverName: hello.extensions.serverName }),
    helloRetried: offer.helloRetried,
    ...(peer === undefined ? {} : { peer }),
    ...(own === undefined ? {} : { own: { identity: own.identity, signatureScheme: own.signatureScheme } }),
    choices: h.choices,
  };
  const count = ticketCount(h, hello, psk !== undefined);
  yield* sendTickets(h, count, established, main, psk?.session);
  return { established, exporter, postHandshake: new PostHandshake13(h, application) };
}

/** Answers the client's key share. */
function* respond(
  h: ServerContext,
  { group, clientShare }: NonNullable<ClientOffer['exchange']>,
): Handshake<{ readonly share: Uint8Array; readonly secret: Uint8Array }> {
  const keyExchange = h.provider.groups.get(group);
  if (keyExchange === undefined) throw new TlsError('ERR_INTERNAL', `the provider lost the group ${group}`);
  return yield* settled(keyExchange.respond(clientShare));
}
