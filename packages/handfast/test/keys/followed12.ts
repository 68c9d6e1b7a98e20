/** Follows a captured TLS 1.2 handshake from the wire alone, given its master secret. */
import assert from 'node:assert/strict';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import { isPromise } from '../../src/crypto/provider.ts';
import { type CipherSuite12Info, TLS12_CIPHER_SUITES } from '../../src/keys/cipher-suites.ts';
import { Prf12 } from '../../src/keys/prf12.ts';
import { finishedVerifyData12, keyBlock } from '../../src/keys/schedule12.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { type RawRecord, recordHeader } from '../../src/record/framing.ts';
import { HandshakeAssembler, type HandshakeMessage } from '../../src/record/handshake-assembler.ts';
import type { RecordProtection } from '../../src/record/protection.ts';
import { keySizes12, protection12 } from '../../src/record/protection12.ts';
import { concat, toHex } from '../../src/wire/bytes.ts';
import { type Codec, decode, encode, type Infer } from '../../src/wire/codec.ts';
import { certificateRequest12 } from '../../src/wire/messages/certificate-request12.ts';
import { certificateStatus } from '../../src/wire/messages/certificate-status.ts';
import { certificateVerify } from '../../src/wire/messages/certificate-verify.ts';
import { certificate12 } from '../../src/wire/messages/certificate12.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import {
  dheClientKeyExchange,
  ecdheClientKeyExchange,
  rsaClientKeyExchange,
} from '../../src/wire/messages/client-key-exchange.ts';
import { finished } from '../../src/wire/messages/finished.ts';
import { messageFields } from '../../src/wire/messages/index.ts';
import { newSessionTicket12 } from '../../src/wire/messages/new-session-ticket12.ts';
import { serverHello12 } from '../../src/wire/messages/server-hello.ts';
import { serverHelloDone } from '../../src/wire/messages/server-hello-done.ts';
import { dheServerKeyExchange, ecdheServerKeyExchange } from '../../src/wire/messages/server-key-exchange.ts';
import { ContentType, HandshakeType, messageName } from '../../src/wire/registry.ts';
import type { Captured, CapturedRecord } from './captured12.ts';

/** The messages that are written the same way whatever the key exchange. */
const CODECS = {
  ClientHello: clientHello,
  ServerHello: serverHello12,
  CertificateStatus: certificateStatus,
  CertificateRequest: certificateRequest12,
  ServerHelloDone: serverHelloDone,
  CertificateVerify: certificateVerify,
  NewSessionTicket: newSessionTicket12,
  Finished: finished,
} as const;

const EXCHANGES = {
  ECDHE: { ServerKeyExchange: ecdheServerKeyExchange, ClientKeyExchange: ecdheClientKeyExchange },
  DHE: { ServerKeyExchange: dheServerKeyExchange, ClientKeyExchange: dheClientKeyExchange },
  RSA: { ServerKeyExchange: undefined, ClientKeyExchange: rsaClientKeyExchange },
} as const;

type Sender = CapturedRecord['sender'];

/** What one side of the wire shows. */
interface Direction {
  readonly assembler: HandshakeAssembler;
  protection: RecordProtection | undefined;
}

const direction = (): Direction => ({ assembler: new HandshakeAssembler(), protection: undefined });

/** A handshake, decoded as it goes by. */
export class Followed {
  /** The names of all messages, in their order. */
  readonly names: string[] = [];
  /** Transcript-Hash up to and with ClientKeyExchange. */
  sessionHash: Uint8Array | undefined;
  /** All messages before the CertificateVerify. */
  signedMessages: Uint8Array | undefined;
  readonly #captured: Captured;
  readonly #transcript = new Transcript(provider);
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #sides: Readonly<Record<Sender, Direction>> = { client: direction(), server: direction() };
  #suite: CipherSuite12Info | undefined;

  constructor(captured: Captured) {
    this.#captured = captured;
    this.#transcript.keepMessages();
    for (const record of captured.records) this.#record(record);
  }

  get suite(): CipherSuite12Info {
    assert(this.#suite !== undefined, 'no ServerHello came');
    return this.#suite;
  }

  get prf(): Prf12 {
    return new Prf12(provider, this.suite.hash);
  }

  /** The message of this name: of two, the last one. */
  message<T>(name: string, codec: Codec<T>): T {
    const body = this.#bodies.get(name);
    assert(body !== undefined, `no ${name} came`);
    return decode(codec, name, body);
  }

  get serverHello(): Infer<typeof serverHello12> {
    return this.message('ServerHello', serverHello12);
  }

  #record({ sender, type, version, fragment }: CapturedRecord): void {
    const side = this.#sides[sender];
    if (type === ContentType.change_cipher_spec) {
      side.protection = this.#protectionOf(sender);
      return;
    }
    assert.equal(type, ContentType.handshake);
    const header = recordHeader(type, version, fragment.length);
    const record = { type, version, header, fragment, raw: concat(header, fragment) };
    const content = side.protection === undefined ? fragment : contentOf(side.protection, record);
    side.assembler.push(content);
    for (let message = side.assembler.next(); message !== undefined; message = side.assembler.next()) {
      this.#handshake(sender, message);
    }
  }

  #handshake(sender: Sender, { type, message, body }: HandshakeMessage): void {
    const name = messageName(type);
    const codec = this.#codecOf(sender, name);
    assert.equal(toHex(encode(codec, decode(codec, name, body))), toHex(body), name);
    const keyExchange = this.#suite?.keyExchange;
    assert(messageFields(message, { version: 'TLSv1.2', keyExchange }) !== undefined, name);
    this.names.push(name);
    this.#bodies.set(name === 'Certificate' ? `${name} of the ${sender}` : name, body);
    if (type === HandshakeType.server_hello) {
      this.#suite = TLS12_CIPHER_SUITES.get(this.serverHello.cipherSuite);
      this.#transcript.chooseHash(this.suite.hash);
    }
    if (type === HandshakeType.certificate_verify) this.signedMessages = this.#transcript.messages();
    if (type === HandshakeType.finished) this.#checkFinished(sender, body);
    this.#transcript.add(message);
    if (type === HandshakeType.client_key_exchange) this.sessionHash = this.#transcript.current();
  }

  #codecOf(sender: Sender, name: string): Codec<unknown> {
    if (name === 'Certificate') return certificate12;
    const exchange = this.#suite && EXCHANGES[this.#suite.keyExchange];
    const codecs = { ...CODECS, ...exchange } as Readonly<Record<string, Codec<unknown> | undefined>>;
    const codec = codecs[name];
    assert(codec !== undefined, `${name} from the ${sender}`);
    return codec;
  }

  #checkFinished(sender: Sender, body: Uint8Array): void {
    assert(this.#sides[sender].protection !== undefined, 'Finished comes under the keys');
    const { masterSecret } = this.#captured;
    const expected = finishedVerifyData12(this.prf, masterSecret, sender, this.#transcript.current());
    assert.equal(
      toHex(decode(finished, 'Finished', body).verifyData),
      toHex(expected),
      `Finished of the ${sender}`,
    );
  }

  #protectionOf(sender: Sender): RecordProtection {
    const { masterSecret, clientRandom } = this.#captured;
    const { cipher } = this.suite;
    const { random, extensions } = this.serverHello;
    const keys = keyBlock(this.prf, masterSecret, clientRandom, random, keySizes12(cipher));
    return protection12(provider, cipher, keys[sender], extensions.encryptThenMac === true);
  }
}

/** What a record holds, which node:crypto answers at once. */
function contentOf(protection: RecordProtection, record: RawRecord): Uint8Array {
  const opened = protection.open(record);
  assert(!isPromise(opened));
  return opened.content;
}
