/** A server's TLS 1.2 handshake, from top to bottom as in RFC 5246 section 7.3, figures 1 and 2. */
import { TLS12_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import type { Session } from '../../session/session.ts';
import { TlsError } from '../../wire/errors.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import type { Handshake } from '../driver.ts';
import type { Established } from '../established.ts';
import { receiveFinished12, sendFinished12 } from '../finished12.ts';
import { PostHandshake12 } from '../post-handshake12.ts';
import { deriveSecrets12, secretsOf } from '../secrets12.ts';
import type { Secured } from '../secured.ts';
import {
  receiveClientCertificate12,
  receiveClientProof12,
  sendCertificateRequest12,
  sendServerCertificate12,
} from './certificate12.ts';
import { chooseApplicationProtocol, type ServerContext } from './choose.ts';
import { chooseSuite12 } from './choose12.ts';
import { acceptClientHello12, sendServerHello12 } from './hello12.ts';
import { receiveClientKeyExchange, sendServerKeyExchange } from './key-exchange12.ts';
import { chooseSession12, keepSession12, offerSession12 } from './sessions12.ts';

/**
 * Goes on after the version.
 * @param hello what the client offers, in the message `received`.
 */
export function* serverHandshake12(
  h: ServerContext,
  received: HandshakeMessage,
  hello: ClientHello,
): Handshake<Secured> {
  // Phase 1: hello
  acceptClientHello12(h, received, hello);
  h.records.requireRecordBoundary(); // the client must wait for the answer
  const session = yield* chooseSession12(h, hello);
  if (session !== undefined) return yield* resume(h, hello, session);
  const choice = yield* chooseSuite12(h, hello);
  const { suite, group, identity, signatureScheme } = choice;
  h.useCipherSuite12(suite);
  const applicationProtocol = chooseApplicationProtocol(h, hello);
  const sessionOffer = offerSession12(h, hello);
  const answer = sendServerHello12(h, hello, choice, applicationProtocol, sessionOffer);

  // Phase 2: certificate
  sendServerCertificate12(h, choice, answer);

  // Phase 3: key exchange. An ephemeral key is signed, which is this server's proof
  const ours = yield* sendServerKeyExchange(h, hello, choice, answer);
  sendCertificateRequest12(h);
  h.send('ServerHelloDone', {});
  h.records.flush();

  const client = yield* receiveClientCertificate12(h);
  const premaster = yield* receiveClientKeyExchange(h, hello, choice, ours);
  const secrets = deriveSecrets12(h, { suite, ...answer }, premaster);
  premaster.fill(0);
  const peer = yield* receiveClientProof12(h, client);
  h.transcript.forgetMessages();

  // Confirmed: each side's first message under the new keys
  yield* receiveFinished12(h, secrets);
  h.records.changeKeys('received', 'application', secrets.protection.client);
  const { serverName } = hello.extensions;
  const established: Established = {
    role: 'server',
    version: 'TLSv1.2',
    cipherSuite: suite.suite,
    keyExchange: suite.keyExchange,
    ...(group === undefined ? {} : { group }),
    extendedMasterSecret: answer.extendedMasterSecret,
    ...(suite.cipher.kind === 'cbc' ? { encryptThenMac: answer.encryptThenMac } : {}),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(serverName === undefined ? {} : { serverName }),
    helloRetried: false,
    resumed: false,
    ...(peer === undefined ? {} : { peer }),
    own: { identity, ...(signatureScheme === undefined ? {} : { signatureScheme }) },
    choices: h.choices,
  };
  yield* keepSession12(h, sessionOffer, established, secrets.master);
  sendFinished12(h, secrets);
  h.records.changeKeys('sent', 'application', secrets.protection.server);
  return { established, exporter: secrets.exporter, postHandshake: new PostHandshake12(h) };
}

/** Goes on with an earlier session: hellos, and Finished on both sides, the server's first (figure 2). */
function* resume(h: ServerContext, hello: ClientHello, session: Session): Handshake<Secured> {
  // Phase 1: hello
  const suite = TLS12_CIPHER_SUITES.get(session.cipherSuite);
  if (suite === undefined) throw new TlsError('ERR_INTERNAL', 'a session of an unknown cipher suite');
  h.useCipherSuite12(suite);
  const applicationProtocol = chooseApplicationProtocol(h, hello);
  const offer = { ...offerSession12(h, hello), sessionId: hello.legacySessionId };
  const answer = sendServerHello12(h, hello, { suite }, applicationProtocol, offer);
  h.transcript.forgetMessages();

  // Phase 2 and most of phase 3 were done when the session was made
  h.order.facts.sessionResumed = true;
  h.order.prove('earlier session');
  const secrets = secretsOf(h, { suite, ...answer }, session.secret);
  const { serverName } = hello.extensions;
  const established: Established = {
    role: 'server',
    version: 'TLSv1.2',
    cipherSuite: suite.suite,
    keyExchange: suite.keyExchange,
    extendedMasterSecret: true,
    ...(suite.cipher.kind === 'cbc' ? { encryptThenMac: answer.encryptThenMac } : {}),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(serverName === undefined ? {} : { serverName }),
    helloRetried: false,
    resumed: true,
    ...(session.peer === undefined ? {} : { peer: session.peer }),
    choices: h.choices,
  };
  if (offer.promisesTicket) yield* keepSession12(h, offer, established, secrets.master, session);

  // Confirmed
  sendFinished12(h, secrets);
  h.records.changeKeys('sent', 'application', secrets.protection.server);
  yield* receiveFinished12(h, secrets);
  h.records.changeKeys('received', 'application', secrets.protection.client);
  return { established, exporter: secrets.exporter, postHandshake: new PostHandshake12(h) };
}
