/** A server's full TLS 1.3 handshake, from top to bottom as in RFC 9846 section 2, figure 1. */
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
import { acceptClientHello, sendEncryptedExtensions, sendServerHello } from './hello13.ts';

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
  const { hello, suite, group } = offer;
  const applicationProtocol = chooseApplicationProtocol(h, hello);
  const own = yield* chooseIdentity(h, hello);

  // Phase 3 begins here already: in TLS 1.3 the key shares travel inside the hellos
  const keyExchange = h.provider.groups.get(group);
  if (keyExchange === undefined) throw new TlsError('ERR_INTERNAL', `the provider lost the group ${group}`);
  const { share, secret } = yield* settled(keyExchange.respond(offer.clientShare));
  sendServerHello(h, offer, share);
  const handshake = deriveHandshakeSecrets(h, secret);
  h.useTrafficSecret('received', 'handshake', handshake.client);
  h.useTrafficSecret('sent', 'handshake', handshake.server);
  sendEncryptedExtensions(h, offer, applicationProtocol);

  // Phase 2: certificate
  yield* sendServerCertificate(h, offer, own);

  // Phase 3: key exchange, confirmed
  sendFinished(h, handshake.server);
  const { application, exporter } = deriveApplicationSecrets(h, handshake.secret);
  h.useTrafficSecret('sent', 'application', application.server);
  h.records.flush();
  const peer = yield* receiveClientCertificate(h);
  yield* receiveFinished(h, handshake.client);
  h.useTrafficSecret('received', 'application', application.client);

  const established: Established = {
    role: 'server',
    version: 'TLSv1.3',
    cipherSuite: suite.suite,
    keyExchange: keyExchangeOf(group),
    group,
    extendedMasterSecret: true,
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(hello.extensions.serverName === undefined ? {} : { serverName: hello.extensions.serverName }),
    helloRetried: offer.helloRetried,
    ...(peer === undefined ? {} : { peer }),
    own: { identity: own.identity, signatureScheme: own.signatureScheme },
    choices: h.choices,
  };
  return { established, exporter, postHandshake: new PostHandshake13(h, application) };
}
