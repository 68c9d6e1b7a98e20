/** A server's full TLS 1.2 handshake, from top to bottom as in RFC 5246 section 7.3, figure 1. */
import type { HandshakeMessage } from '../../record/handshake-assembler.ts';
import type { ClientHello } from '../../wire/messages/client-hello.ts';
import type { Handshake } from '../driver.ts';
import type { Established } from '../established.ts';
import { receiveFinished12, sendFinished12 } from '../finished12.ts';
import { PostHandshake12 } from '../post-handshake12.ts';
import { deriveSecrets12 } from '../secrets12.ts';
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
  const choice = yield* chooseSuite12(h, hello);
  const { suite, group, identity, signatureScheme } = choice;
  h.useCipherSuite12(suite);
  const applicationProtocol = chooseApplicationProtocol(h, hello);
  const answer = sendServerHello12(h, hello, choice, applicationProtocol);

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
  sendFinished12(h, secrets);
  h.records.changeKeys('sent', 'application', secrets.protection.server);

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
  return { established, exporter: secrets.exporter, postHandshake: new PostHandshake12(h) };
}
