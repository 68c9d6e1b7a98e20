/** Follows a captured TLS 1.2 handshake from the wire alone, given its master secret. */
import assert from 'node:assert/strict';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import {
  type CipherInfo,
  type CipherSuite12Info,
  TLS12_CIPHER_SUITES,
} from '../../src/keys/cipher-suites.ts';
import { Prf12 } from '../../src/keys/prf12.ts';
import { finishedVerifyData12, keyBlock, keyBlockSizes, type WriteKeys } from '../../src/keys/schedule12.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { HandshakeAssembler, type HandshakeMessage } from '../../src/record/handshake-assembler.ts';
import { concat, equalBytes, toHex } from '../../src/wire/bytes.ts';
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
  keys: WriteKeys | undefined;
  sequence: number;
}

const direction = (): Direction => ({ assembler: new HandshakeAssembler(), keys: undefined, sequence: 0 });

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
      const { masterSecret, clientRandom } = this.#captured;
      const sizes = keyBlockSizes(this.suite.cipher);
      side.keys = keyBlock(this.prf, masterSecret, clientRandom, this.serverHello.random, sizes)[sender];
      return;
    }
    assert.equal(type, ContentType.handshake);
    const content = side.keys === undefined ? fragment : this.#open(side, side.keys, version, fragment);
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
    assert(this.#sides[sender].keys !== undefined, 'Finished comes under the keys');
    const { masterSecret } = this.#captured;
    const expected = finishedVerifyData12(this.prf, masterSecret, sender, this.#transcript.current());
    assert.equal(
      toHex(decode(finished, 'Finished', body).verifyData),
      toHex(expected),
      `Finished of the ${sender}`,
    );
  }

  #open(side: Direction, keys: WriteKeys, version: number, fragment: Uint8Array): Uint8Array {
    const sequence = side.sequence++;
    const { cipher } = this.suite;
    const header = (length: number): Uint8Array =>
      Uint8Array.of(
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        sequence,
        ContentType.handshake,
        version >> 8,
        version & 0xff,
        length >> 8,
        length,
      );
    if (cipher.kind === 'aead') return openAead(cipher.aead, keys, sequence, header, fragment);
    return this.serverHello.extensions.encryptThenMac === true
      ? openEncryptThenMac(cipher, keys, header, fragment)
      : openMacThenEncrypt(cipher, keys, header, fragment);
  }
}

/** The additional data of a record whose content has this length. */
type Header = (length: number) => Uint8Array;
type Cbc = Extract<CipherInfo, { kind: 'cbc' }>;
type AeadOf = Extract<CipherInfo, { kind: 'aead' }>['aead'];

/** RFC 5246 section 6.2.3.3, RFC 5288 section 3, RFC 6655 section 3, RFC 7905 section 2. */
function openAead(
  name: AeadOf,
  keys: WriteKeys,
  sequence: number,
  header: Header,
  fragment: Uint8Array,
): Uint8Array {
  const explicit = name === 'CHACHA20-POLY1305' ? 0 : 8;
  const nonce = concat(keys.iv, fragment.subarray(0, explicit));
  if (explicit === 0) nonce[11] = (nonce[11] as number) ^ sequence;
  const tagLength = name.endsWith('CCM-8') ? 8 : 16;
  const additionalData = header(fragment.length - explicit - tagLength);
  const content = provider.aead(name, keys.key).open(nonce, additionalData, fragment.subarray(explicit));
  assert(content instanceof Uint8Array, 'the record does not decrypt');
  return content;
}

/** RFC 7366 section 3. */
function openEncryptThenMac(
  { cbc, mac }: Cbc,
  keys: WriteKeys,
  header: Header,
  fragment: Uint8Array,
): Uint8Array {
  const end = fragment.length - keys.macKey.length; // the keys of HMAC are as long as its output
  const covered = fragment.subarray(0, end);
  assert(equalBytes(provider.hmac(mac, keys.macKey, header(end), covered), fragment.subarray(end)), 'MAC');
  return unpad(provider.cbc(cbc, keys.key).decrypt(covered.subarray(0, 16), covered.subarray(16)));
}

/** RFC 5246 section 6.2.3.2. */
function openMacThenEncrypt(
  { cbc, mac }: Cbc,
  keys: WriteKeys,
  header: Header,
  fragment: Uint8Array,
): Uint8Array {
  const inner = unpad(provider.cbc(cbc, keys.key).decrypt(fragment.subarray(0, 16), fragment.subarray(16)));
  const end = inner.length - keys.macKey.length;
  const content = inner.subarray(0, end);
  assert(equalBytes(provider.hmac(mac, keys.macKey, header(end), content), inner.subarray(end)), 'MAC');
  return content;
}

function unpad(plaintext: Uint8Array): Uint8Array {
  const padding = plaintext.at(-1) as number;
  const end = plaintext.length - padding - 1;
  assert(
    plaintext.subarray(end).every((byte) => byte === padding),
    'padding',
  );
  return plaintext.subarray(0, end);
}
