/** The steps of a TLS 1.2 handshake, to be taken by a puppet in whatever order a test wants them. */
import assert from 'node:assert/strict';
import { sendCertificate12, sendCertificateVerify12 } from '../../src/handshake/authentication12.ts';
import {
  acceptCertificateRequest12,
  receiveServerCertificate12,
} from '../../src/handshake/client/certificate12.ts';
import { type ClientContext, type Offer, sendClientHello } from '../../src/handshake/client/client-hello.ts';
import { acceptServerHello12, type ServerChoice12 } from '../../src/handshake/client/hello12.ts';
import {
  acceptServerKeyExchange,
  type ServerKey,
  sendClientKeyExchange,
} from '../../src/handshake/client/key-exchange12.ts';
import type { ClientConfig, ServerConfig } from '../../src/handshake/config.ts';
import type { HandshakeContext } from '../../src/handshake/context.ts';
import type { Handshake } from '../../src/handshake/driver.ts';
import { receiveFinished12 } from '../../src/handshake/finished12.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import { deriveSecrets12, type Secrets12 } from '../../src/handshake/secrets12.ts';
import {
  receiveClientCertificate12,
  receiveClientProof12,
  sendCertificateRequest12,
  sendServerCertificate12,
} from '../../src/handshake/server/certificate12.ts';
import { type Choice12, chooseSuite12 } from '../../src/handshake/server/choose12.ts';
import { type Answer12, acceptClientHello12, sendServerHello12 } from '../../src/handshake/server/hello12.ts';
import {
  receiveClientKeyExchange,
  sendServerKeyExchange,
} from '../../src/handshake/server/key-exchange12.ts';
import { finishedVerifyData12 } from '../../src/keys/schedule12.ts';
import { RECORD_HEADER_LENGTH } from '../../src/record/framing.ts';
import { concat, EMPTY } from '../../src/wire/bytes.ts';
import { type ClientHello, clientHello } from '../../src/wire/messages/client-hello.ts';
import { decodeServerHello } from '../../src/wire/messages/server-hello.ts';
import { serverHelloDone } from '../../src/wire/messages/server-hello-done.ts';
import { ContentType, HandshakeType, type SignatureScheme } from '../../src/wire/registry.ts';
import type { Refusal } from './cheats.ts';
import type { PairOptions } from './pair.ts';
import { type AnyPuppet, cheatingClient, cheatingServer, type Puppet, TARGET } from './puppet.ts';

/** What both roles do with the keys, once they are there. */
abstract class Steps<Config extends ClientConfig | ServerConfig> {
  readonly puppet: Puppet<Config>;
  protected known: Secrets12 | undefined;

  constructor(puppet: Puppet<Config>) {
    this.puppet = puppet;
  }

  get h(): HandshakeContext<Config> {
    return this.puppet.h;
  }

  get secrets(): Secrets12 {
    assert.ok(this.known !== undefined, 'there are no keys yet');
    return this.known;
  }

  /** A plaintext ChangeCipherSpec, which changes nothing here. */
  bareChangeCipherSpec(...content: readonly number[]): this {
    this.puppet.plaintext(ContentType.change_cipher_spec, Uint8Array.of(...content));
    return this;
  }

  /** Uses the keys from the next record on, without telling. */
  useKeys(): this {
    const { protection } = this.secrets;
    this.h.records.changeKeys('sent', 'handshake', protection[this.h.role]);
    return this;
  }

  changeCipherSpec(): this {
    return this.bareChangeCipherSpec(1).useKeys();
  }

  /** Sends Finished over what was said so far, under the keys that are in use. */
  sendFinished(): this {
    const { h, secrets } = this;
    h.send('Finished', {
      verifyData: finishedVerifyData12(h.prf, secrets.master, h.role, h.transcript.current()),
    });
    return this;
  }

  /** The bytes of Finished, which is not sent. */
  heldFinished(): Uint8Array {
    return this.puppet.hold(() => this.sendFinished());
  }

  /** ChangeCipherSpec and Finished, as they should be. */
  finish(): this {
    return this.changeCipherSpec().sendFinished();
  }

  /** The peer's ChangeCipherSpec and Finished. */
  receiveFinished(): this {
    this.puppet.run(receiveFinished12(this.h, this.secrets));
    return this;
  }
}

interface Offered {
  readonly offer: Offer;
  readonly choice: ServerChoice12;
  readonly peer: Parameters<typeof acceptServerKeyExchange>[3];
  readonly serverKey: ServerKey | undefined;
}

function* receiveServersFlight(h: ClientContext, offer: Offer): Handshake<Offered> {
  const received = yield* h.receive();
  const answer = decodeServerHello(received.body);
  assert.ok(answer.kind === 'ServerHello12');
  const choice = acceptServerHello12(h, offer, received, answer.hello);
  const { peer, next: first } = yield* receiveServerCertificate12(h, offer, choice, TARGET);
  let next = first;
  let serverKey: ServerKey | undefined;
  if (choice.suite.keyExchange !== 'RSA') {
    serverKey = yield* acceptServerKeyExchange(h, offer, choice, peer, next);
    next = yield* h.receive();
  }
  if (next.type === HandshakeType.certificate_request) {
    acceptCertificateRequest12(h, next);
    next = yield* h.receive();
  }
  h.decode(serverHelloDone, next);
  h.transcript.add(next.message);
  return { offer, choice, peer, serverKey };
}

/** A client that has received ServerHelloDone. */
export class ClientSteps extends Steps<ClientConfig> {
  readonly #offered: Offered;

  constructor(options: PairOptions) {
    super(cheatingClient(options));
    const { puppet, h } = this;
    const offer = puppet.run(sendClientHello(h, TARGET));
    this.#offered = puppet.run(receiveServersFlight(h, offer));
  }

  certificate(identity: Identity | undefined): this {
    sendCertificate12(this.h, identity);
    return this;
  }

  keyExchange(): this {
    const { offer, choice, peer, serverKey } = this.#offered;
    const premaster = this.puppet.run(sendClientKeyExchange(this.h, offer, peer, serverKey));
    this.known = deriveSecrets12(this.h, choice, premaster);
    return this;
  }

  certificateVerify(identity: Identity, scheme: SignatureScheme): this {
    this.puppet.run(sendCertificateVerify12(this.h, identity, scheme));
    return this;
  }
}

interface Heard {
  readonly hello: ClientHello;
  readonly choice: Choice12;
}

function* receiveClientsHello(h: HandshakeContext<ServerConfig>): Handshake<Heard> {
  const received = yield* h.receive();
  const hello = h.decode(clientHello, received);
  h.clientRandom = hello.random;
  h.useVersion('TLSv1.2');
  acceptClientHello12(h, received, hello);
  const choice = yield* chooseSuite12(h, hello);
  h.useCipherSuite12(choice.suite);
  return { hello, choice };
}

/** A server that has received the ClientHello, and not answered it. */
export class ServerSteps extends Steps<ServerConfig> {
  readonly #heard: Heard;
  #answer: Answer12 | undefined;
  #ours: ReturnType<typeof sendServerKeyExchange> extends Handshake<infer T> ? T : never;

  constructor(options: PairOptions) {
    super(cheatingServer(options));
    this.#heard = this.puppet.run(receiveClientsHello(this.h));
  }

  hello(): this {
    const { hello, choice } = this.#heard;
    this.#answer = sendServerHello12(this.h, hello, choice, undefined, {
      sessionId: EMPTY,
      promisesTicket: false,
    });
    return this;
  }

  /** Certificate, and CertificateStatus where it was promised. */
  certificate(): this {
    sendServerCertificate12(this.h, this.#heard.choice, this.answer);
    return this;
  }

  keyExchange(): this {
    const { hello, choice } = this.#heard;
    this.#ours = this.puppet.run(sendServerKeyExchange(this.h, hello, choice, this.answer));
    return this;
  }

  helloDone(): this {
    sendCertificateRequest12(this.h);
    this.h.send('ServerHelloDone', {});
    return this;
  }

  /** Everything up to ServerHelloDone, as it should be. */
  flight(): this {
    return this.hello().certificate().keyExchange().helloDone();
  }

  /** The client's flight up to its keys. */
  receiveKeys(): this {
    const { puppet, h } = this;
    const { hello, choice } = this.#heard;
    const client = puppet.run(receiveClientCertificate12(h));
    const premaster = puppet.run(receiveClientKeyExchange(h, hello, choice, this.#ours));
    this.known = deriveSecrets12(h, { suite: choice.suite, ...this.answer }, premaster);
    puppet.run(receiveClientProof12(h, client));
    return this;
  }

  get answer(): Answer12 {
    assert.ok(this.#answer !== undefined, 'there was no ServerHello yet');
    return this.#answer;
  }
}

/** The content types of records that follow one another. */
export function recordTypes(bytes: Uint8Array): number[] {
  const types: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    types.push(bytes[at] as number);
    at += RECORD_HEADER_LENGTH + ((bytes[at + 3] as number) << 8) + (bytes[at + 4] as number);
  }
  return types;
}

/**
 * Delivers what the puppet has sent: the victim must refuse it with this error, say nothing but the alert that tells it,
 * and its handlers must have been told nothing but `before`.
 */
export function assertRefused12(
  puppet: AnyPuppet,
  [code, alert]: Refusal,
  what: string,
  ...before: readonly string[]
): void {
  const { victim } = puppet;
  victim.receive(puppet.takeBack());
  const { error } = victim;
  assert.ok(error !== undefined, `${what}: the victim has not refused`);
  assert.deepEqual([error.code, error.alert], [code, alert], `${what}: ${error.message}`);
  assert.deepEqual(puppet.events, [...before, 'error'], what);
  if (!before.includes('established')) assert.equal(victim.established, undefined);
  const types = recordTypes(concat(...victim.takeOutgoing()));
  assert.deepEqual(types, [ContentType.alert], what);
  // Nothing is read, told or said afterwards.
  victim.receive(new Uint8Array(100).fill(ContentType.handshake));
  victim.receiveEnd();
  assert.deepEqual(puppet.events, [...before, 'error'], what);
  assert.deepEqual(victim.takeOutgoing(), [], what);
}
