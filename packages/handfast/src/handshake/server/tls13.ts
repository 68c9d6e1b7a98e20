/** A server's full TLS 1.3 handshake, from top to bottom as in RFC 9846 section 2, figure 1. */
import { TlsError } from '../../wire/errors.ts';
import { type Handshake, settled } from '../driver.ts';
import type { Established } from '../established.ts';
import { receiveFinished, sendFinished } from '../finished.ts';
import { deriveApplicationSecrets, deriveHandshakeSecrets, type Secured } from '../secrets.ts';
import { receiveClientCertificate, sendServerCertificate } from './certificate.ts';
import { chooseApplicationProtocol, chooseIdentity, type ServerContext } from './choose.ts';
import { receiveClientHello, sendEncryptedExtensions, sendServerHello } from './hello.ts';

/** Runs the handshake; the result is authenticated, and application keys are in place in both directions. */
export function* serverHandshake13(h: ServerContext): Handshake<Secured> {
  // Phase 1: hello
  const offer = yield* receiveClientHello(h);
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
    group,
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(hello.extensions.serverName === undefined ? {} : { serverName: hello.extensions.serverName }),
    helloRetried: offer.helloRetried,
    ...(peer === undefined ? {} : { peer }),
    own,
    choices: h.choices,
  };
  return { established, application, exporter };
}
