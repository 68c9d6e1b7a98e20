/** A client's TLS 1.2 handshake, from top to bottom as in RFC 5246 section 7.3, figures 1 and 2. */
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import type { ClientSession } from '../../session/session.ts';
import type { CertificateRequest } from '../../wire/messages/certificate-request.ts';
import type { ServerHello12 } from '../../wire/messages/server-hello.ts';
import { serverHelloDone } from '../../wire/messages/server-hello-done.ts';
import { HandshakeType } from '../../wire/registry.ts';
import { sendCertificateVerify12 } from '../authentication12.ts';
import { finiteFieldGroup } from '../dhe12.ts';
import type { Handshake } from '../driver.ts';
import type { Established } from '../established.ts';
import { receiveFinished12, sendFinished12 } from '../finished12.ts';
import { PostHandshake12 } from '../post-handshake12.ts';
import { deriveSecrets12, secretsOf } from '../secrets12.ts';
import type { Secured } from '../secured.ts';
import {
  acceptCertificateRequest12,
  receiveServerCertificate12,
  sendClientCertificate12,
} from './certificate12.ts';
import type { ClientContext, Offer, Target } from './client-hello.ts';
import { acceptServerHello12, type ServerChoice12 } from './hello12.ts';
import { acceptServerKeyExchange, type ServerKey, sendClientKeyExchange } from './key-exchange12.ts';
import { keepSession12, receiveTicket12 } from './sessions12.ts';

/**
 * Goes on after the ServerHello.
 * @param hello what the server chose, in the message `received`.
 */
export function* clientHandshake12(
  h: ClientContext,
  target: Target,
  offer: Offer,
  received: HandshakeMessage,
  hello: ServerHello12,
): Handshake<Secured> {
  // Phase 1: hello
  const choice = acceptServerHello12(h, offer, received, hello);
  const { suite } = choice;
  if (choice.session !== undefined) return yield* resume(h, target, offer, choice, choice.session);

  // Phase 2: certificate
  const { peer, next: afterCertificate } = yield* receiveServerCertificate12(h, offer, choice, target);

  // Phase 3: key exchange. With an ephemeral key the server sends it now, and its signature is its proof
  let next = afterCertificate;
  let serverKey: ServerKey | undefined;
  if (suite.keyExchange !== 'RSA') {
    serverKey = yield* acceptServerKeyExchange(h, offer, choice, peer, next);
    next = yield* h.receive();
  }
  let request: CertificateRequest | undefined;
  if (next.type === HandshakeType.certificate_request) {
    request = acceptCertificateRequest12(h, next);
    next = yield* h.receive();
  }
  h.decode(serverHelloDone, next);
  h.transcript.add(next.message);
  h.records.requireRecordBoundary();

  const own = request === undefined ? undefined : yield* sendClientCertificate12(h, request);
  const premaster = yield* sendClientKeyExchange(h, offer, peer, serverKey);
  const secrets = deriveSecrets12(h, choice, premaster);
  premaster.fill(0);
  if (own !== undefined) yield* sendCertificateVerify12(h, own.identity, own.signatureScheme);
  h.transcript.forgetMessages();

  // Confirmed: each side's first message under the new keys
  sendFinished12(h, secrets);
  const ticket = yield* receiveTicket12(h);
  yield* receiveFinished12(h, secrets);
  h.records.changeKeys('sent', 'application', secrets.protection.client);
  h.records.changeKeys('received', 'application', secrets.protection.server);

  const group = groupOf(serverKey);
  const { applicationProtocol } = choice;
  const { serverName } = offer.hello.extensions;
  const established: Established = {
    role: 'client',
    version: 'TLSv1.2',
    cipherSuite: suite.suite,
    keyExchange: suite.keyExchange,
    ...(group === undefined ? {} : { group }),
    extendedMasterSecret: choice.extendedMasterSecret,
    ...(suite.cipher.kind === 'cbc' ? { encryptThenMac: choice.encryptThenMac } : {}),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(serverName === undefined ? {} : { serverName }),
    helloRetried: false,
    resumed: false,
    peer: { ...peer, ...(serverKey === undefined ? {} : { signatureScheme: serverKey.signatureScheme }) },
    ...(own === undefined ? {} : { own: { identity: own.identity, signatureScheme: own.signatureScheme } }),
    choices: h.choices,
  };
  keepSession12(h, target, established, { ...secrets, sessionId: choice.sessionId, ticket });
  return { established, exporter: secrets.exporter, postHandshake: new PostHandshake12(h) };
}

/** Goes on with an earlier session: hellos, and Finished on both sides, the server's first (figure 2). */
function* resume(
  h: ClientContext,
  target: Target,
  offer: Offer,
  choice: ServerChoice12,
  session: ClientSession,
): Handshake<Secured> {
  const { suite, sessionId, applicationProtocol } = choice;
  // Phase 2 and most of phase 3 were done when the session was made
  const secrets = secretsOf(h, choice, session.secret);
  h.transcript.forgetMessages();
  const ticket = yield* receiveTicket12(h);

  // Confirmed
  yield* receiveFinished12(h, secrets);
  h.records.changeKeys('received', 'application', secrets.protection.server);
  sendFinished12(h, secrets);
  h.records.changeKeys('sent', 'application', secrets.protection.client);

  const { serverName } = offer.hello.extensions;
  const established: Established = {
    role: 'client',
    version: 'TLSv1.2',
    cipherSuite: suite.suite,
    keyExchange: suite.keyExchange,
    extendedMasterSecret: true,
    ...(suite.cipher.kind === 'cbc' ? { encryptThenMac: choice.encryptThenMac } : {}),
    ...(applicationProtocol === undefined ? {} : { applicationProtocol }),
    ...(serverName === undefined ? {} : { serverName }),
    helloRetried: false,
    resumed: true,
    ...(session.peer === undefined ? {} : { peer: session.peer }),
    choices: h.choices,
  };
  keepSession12(h, target, established, { ...secrets, sessionId, ticket }, session);
  return { established, exporter: secrets.exporter, postHandshake: new PostHandshake12(h) };
}

function groupOf(serverKey: ServerKey | undefined) {
  if (serverKey?.kind === 'ECDHE') return serverKey.group;
  return serverKey && finiteFieldGroup(serverKey.params.dhP, serverKey.params.dhG);
}
