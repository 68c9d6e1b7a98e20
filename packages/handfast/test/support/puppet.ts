/**
 * A peer that holds all the keys and keeps none of the rules. It is made of the same parts as an honest one, so that
 * what it sends is right in everything but the one thing that a test wants to be wrong.
 */
import assert from 'node:assert/strict';
import {
  type ConnectionHandlers,
  createClientConnection,
  createServerConnection,
  type TlsConnection,
} from '../../src/connection.ts';
import { isPromise } from '../../src/crypto/provider.ts';
import type { ClientContext, Offer } from '../../src/handshake/client/client-hello.ts';
import { clientHandshake } from '../../src/handshake/client/handshake.ts';
import { receiveServerHello as acceptServerHello } from '../../src/handshake/client/hello13.ts';
import {
  type ClientConfig,
  clientConfig,
  type ServerConfig,
  serverConfig,
} from '../../src/handshake/config.ts';
import { HandshakeContext } from '../../src/handshake/context.ts';
import { type Handshake, NEXT_MESSAGE } from '../../src/handshake/driver.ts';
import { deriveHandshakeSecrets } from '../../src/handshake/secrets13.ts';
import type { Secured } from '../../src/handshake/secured.ts';
import type { ServerContext } from '../../src/handshake/server/choose.ts';
import { serverHandshake } from '../../src/handshake/server/handshake.ts';
import { acceptClientHello, type ClientOffer, sendServerHello } from '../../src/handshake/server/hello13.ts';
import { recordHeader } from '../../src/record/framing.ts';
import type { HandshakeMessage } from '../../src/record/handshake-assembler.ts';
import type { RecordProtection } from '../../src/record/protection.ts';
import { type Incoming, RecordReader } from '../../src/record/reader.ts';
import type { Role } from '../../src/trace/events.ts';
import { AlertDescription, AlertLevel, type AlertName, alertName } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import { decodeServerHello } from '../../src/wire/messages/server-hello.ts';
import { ContentType } from '../../src/wire/registry.ts';
import { clientOptions, type PairOptions, serverOptions } from './pair.ts';

/** The value, which must be there at once. */
export function atOnce<T>(value: T | PromiseLike<T>): T {
  assert.ok(!isPromise(value));
  return value as T;
}

/** A peer under the test's control, and the honest connection that it talks to. */
export class Puppet<Config extends ClientConfig | ServerConfig> {
  readonly h: HandshakeContext<Config>;
  /** The honest side. */
  readonly victim: TlsConnection;
  /** Changes each message on its way out; the transcript keeps the right one. */
  alter: (message: Uint8Array) => Uint8Array = (message) => message;
  /** The secrets of the puppet's side, as lines of a key log. */
  readonly keyLog: string[] = [];
  /** What the victim's handlers were told. */
  readonly events: string[] = [];
  readonly #honestly: (h: HandshakeContext<Config>) => Handshake<Secured>;
  readonly #reader: RecordReader;
  #seal: RecordProtection | undefined;
  #out: Uint8Array[] = [];
  #held: Uint8Array[] | undefined;

  constructor(
    role: Role,
    config: Config,
    honestly: (h: HandshakeContext<Config>) => Handshake<Secured>,
    makeVictim: (handlers: ConnectionHandlers) => TlsConnection,
  ) {
    this.#honestly = honestly;
    this.#reader = new RecordReader({ role });
    this.h = new HandshakeContext(
      role,
      config,
      {
        sendHandshake: (message) => {
          const final = this.alter(message);
          if (this.#held === undefined) this.record(ContentType.handshake, final);
          else this.#held.push(final.slice());
        },
        useTls12: () => this.#reader.useTls12(),
        sendChangeCipherSpec: () => this.plaintext(ContentType.change_cipher_spec, Uint8Array.of(1)),
        expectChangeCipherSpec: (protection, onChange) =>
          this.#reader.expectChangeCipherSpec(protection, onChange),
        changeKeys: (direction, epoch, protection) => {
          if (direction === 'sent') this.#seal = protection;
          else this.#reader.changeKeys(epoch, protection);
        },
        requireRecordBoundary: () => {},
        skipEarlyData: () => {},
        hearsEarlyData: true,
        takeEarlyData: () => {},
        sendEarlyData: (data) => this.record(ContentType.application_data, data),
        leaveEarlyData: () => {
          this.#seal = undefined;
        },
        sendWarning: (name) =>
          this.record(ContentType.alert, Uint8Array.of(AlertLevel.warning, AlertDescription[name])),
        flush: () => {},
      },
      { onKeyLog: (line) => void this.keyLog.push(line) },
    );
    const note = (what: string) => (): void => {
      this.events.push(what);
    };
    this.victim = makeVictim({
      onEstablished: note('established'),
      onData: note('data'),
      onEarlyData: note('early data'),
      onEnd: note('end'),
      onError: note('error'),
    });
  }

  /** One record under the current keys, or in plaintext while there are none. @param padding zero bytes. */
  record(type: number, content: Uint8Array, padding = 0): void {
    if (this.#seal === undefined) {
      this.plaintext(type, content);
      return;
    }
    const { header, fragment } = atOnce(this.#seal.seal(type, content, padding));
    this.#out.push(concat(header, fragment));
  }

  plaintext(type: number, content: Uint8Array): void {
    this.raw(concat(recordHeader(type, 0x0303, content.length), content));
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#out.push(bytes);
  }

  /** The handshake messages that `step` sends, which are not sent. */
  hold(step: () => void): Uint8Array {
    const held: Uint8Array[] = [];
    this.#held = held;
    step();
    this.#held = undefined;
    return concat(...held);
  }

  /** Removes what was sent and not delivered yet. */
  takeBack(): Uint8Array {
    const bytes = concat(...this.#out);
    this.#out = [];
    return bytes;
  }

  /** Delivers what is there, both ways. */
  exchange(): void {
    this.victim.receive(this.takeBack());
    this.#reader.push(concat(...this.victim.takeOutgoing()));
  }

  /** What the victim sent next; delivers first where there is nothing yet. */
  next(): Incoming | undefined {
    const incoming = atOnce(this.#reader.next());
    if (incoming !== undefined) return incoming;
    this.exchange();
    return atOnce(this.#reader.next());
  }

  nextMessage(): HandshakeMessage {
    const incoming = this.next();
    assert.ok(incoming?.type === 'handshake', `expected a message of the victim's, found ${incoming?.type}`);
    return incoming.message;
  }

  /** Runs a handshake, or a part of one, with the victim. */
  run<T>(part: Handshake<T>): T {
    let step = part.next();
    while (!step.done) {
      assert.equal(step.value, NEXT_MESSAGE);
      step = part.next(this.nextMessage());
    }
    return step.value;
  }

  /** The whole handshake as it should be, but for what {@link alter} makes of it. */
  complete(): this {
    this.run(this.#honestly(this.h));
    this.exchange();
    return this;
  }

  /** The victim must have refused: with this error, told by this alert, after nothing but `before`. */
  assertRefused(code: TlsErrorCode, alert: AlertName, ...before: readonly string[]): void {
    let received: Incoming | undefined;
    do received = this.next();
    while (received !== undefined && received.type !== 'alert');
    const { error } = this.victim;
    assert.ok(error !== undefined, 'the victim has not refused');
    assert.equal(error.code, code, error.message);
    assert.deepEqual(this.events, [...before, 'error']);
    if (!before.includes('established')) assert.equal(this.victim.established, undefined);
    assert.ok(received?.type === 'alert', 'no alert came');
    assert.equal(alertName(received.description), alert);
    assert.equal(received.level, 2);
  }
}

/** Whom a client wants to reach here. */
export const TARGET = { name: 'localhost', serverName: 'localhost' };

/** A cheating server, and the honest client that it meets. */
export function cheatingServer({ client, server, target }: PairOptions = {}): Puppet<ServerConfig> {
  const config = clientConfig(clientOptions(client));
  return new Puppet('server', serverConfig(serverOptions(server)), serverHandshake, (handlers) =>
    createClientConnection(config, target ?? { name: TARGET.name }, handlers),
  );
}

/** A cheating client, and the honest server that it meets. */
export function cheatingClient({ client, server }: PairOptions = {}): Puppet<ClientConfig> {
  const config = serverConfig(serverOptions(server));
  return new Puppet(
    'client',
    clientConfig(clientOptions(client)),
    (h) => clientHandshake(h, TARGET),
    (handlers) => createServerConnection(config, handlers),
  );
}

export type AnyPuppet = Puppet<ClientConfig> | Puppet<ServerConfig>;

/** A cheating peer for a victim of this role. */
export function cheatingPeerOf(victim: Role, options: PairOptions = {}): AnyPuppet {
  return victim === 'client' ? cheatingServer(options) : cheatingClient(options);
}

/** A TLS 1.3 server's part up to the ClientHello that it goes on with. */
export function* receiveClientHello(h: ServerContext): Handshake<ClientOffer> {
  const received = yield* h.receive();
  const hello = h.decode(clientHello, received);
  h.clientRandom = hello.random;
  h.useVersion('TLSv1.3');
  return yield* acceptClientHello(h, received, hello);
}

/** A TLS 1.3 client's part from the server's first answer on, up to its ServerHello. */
export function* receiveServerHello(h: ClientContext, first: Offer) {
  const received = yield* h.receive();
  const answer = decodeServerHello(received.body);
  assert.ok(answer.kind !== 'ServerHello12');
  return yield* acceptServerHello(h, first, received, answer);
}

/** A server's part up to its handshake keys, as it should be. */
export function exchangeHellos(server: Puppet<ServerConfig>): {
  offer: ClientOffer;
  handshake: ReturnType<typeof deriveHandshakeSecrets>;
} {
  const { h } = server;
  const offer = server.run(receiveClientHello(h));
  const { exchange } = offer;
  const keyExchange = exchange && h.provider.groups.get(exchange.group);
  assert.ok(keyExchange);
  const { share, secret } = atOnce(keyExchange.respond(exchange.clientShare));
  sendServerHello(h, offer, share);
  if (offer.psk !== undefined) {
    h.order.facts.pskChosen = true;
    h.order.prove('pre-shared key');
  }
  const handshake = deriveHandshakeSecrets(h, secret, offer.psk?.secret);
  h.useTrafficSecret('received', 'handshake', handshake.client);
  h.useTrafficSecret('sent', 'handshake', handshake.server);
  return { offer, handshake };
}
