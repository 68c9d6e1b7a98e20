/** A handshake coroutine without a record layer: whole messages go in and come out, unprotected, in any order. */
import { clientHandshake13 } from '../../src/handshake/client/tls13.ts';
import {
  type ClientConfig,
  clientConfig,
  type ServerConfig,
  serverConfig,
} from '../../src/handshake/config.ts';
import { HandshakeContext, type RecordPort, receivedName } from '../../src/handshake/context.ts';
import { type Handshake, HandshakeDriver } from '../../src/handshake/driver.ts';
import { PostHandshake } from '../../src/handshake/post-handshake.ts';
import type { Secured } from '../../src/handshake/secrets.ts';
import { serverHandshake13 } from '../../src/handshake/server/tls13.ts';
import type { HandshakeMessage } from '../../src/record/handshake-assembler.ts';
import type { Role } from '../../src/trace/events.ts';
import { HANDSHAKE_HEADER_LENGTH } from '../../src/wire/messages/index.ts';
import { clientOptions, type PairOptions, serverOptions } from './pair.ts';

/** A whole handshake message as the coroutines take it. */
export function asReceived(message: Uint8Array): HandshakeMessage {
  return { type: message[0] ?? 0, message, body: message.subarray(HANDSHAKE_HEADER_LENGTH) };
}

/** The message's name, with HelloRetryRequest told from ServerHello. */
export const nameOf = (message: Uint8Array): string => receivedName(asReceived(message));

/** One side of a handshake. */
export class Bare {
  /** Messages to be delivered to the other side. */
  readonly outbox: Uint8Array[] = [];
  /** Every change of keys, such as `received application`. */
  readonly keyChanges: string[] = [];
  secured: Secured | undefined;
  error: unknown;
  readonly #driver: HandshakeDriver<Secured>;
  #postHandshake: PostHandshake | undefined;

  constructor(role: Role, options: PairOptions) {
    const records: RecordPort = {
      sendHandshake: (message) => void this.outbox.push(message.slice()),
      sendChangeCipherSpec: () => {},
      changeKeys: (direction, epoch) => void this.keyChanges.push(`${direction} ${epoch}`),
      requireRecordBoundary: () => {},
      skipEarlyData: () => {},
      flush: () => {},
    };
    const [context, handshake] =
      role === 'client'
        ? startClient(clientConfig(clientOptions(options.client)), records)
        : startServer(serverConfig(serverOptions(options.server)), records);
    this.#driver = new HandshakeDriver(handshake, {
      onDone: (secured) => {
        this.secured = secured;
        this.#postHandshake = new PostHandshake(context, secured.application);
      },
      onError: (error) => {
        this.error = error;
      },
      onWantsMessage: () => {},
    });
    this.#driver.start();
  }

  /** Gives this side the next message, as a connection would: to the handshake, or to what follows it. */
  deliver(message: Uint8Array): void {
    if (this.error !== undefined) return;
    if (this.#postHandshake === undefined) {
      this.#driver.deliver(asReceived(message));
      return;
    }
    try {
      this.#postHandshake.receive(asReceived(message));
    } catch (error) {
      this.error = error;
    }
  }
}

type Started = readonly [HandshakeContext, Handshake<Secured>];

function startClient(config: ClientConfig, records: RecordPort): Started {
  const context = new HandshakeContext('client', config, records, {});
  return [context, clientHandshake13(context, { name: 'localhost', serverName: 'localhost' })];
}

function startServer(config: ServerConfig, records: RecordPort): Started {
  const context = new HandshakeContext('server', config, records, {});
  return [context, serverHandshake13(context)];
}
