/** A handshake coroutine without a record layer: whole messages go in and come out, unprotected, in any order. */
import { clientHandshake } from '../../src/handshake/client/handshake.ts';
import {
  type ClientConfig,
  clientConfig,
  type ServerConfig,
  serverConfig,
} from '../../src/handshake/config.ts';
import { HandshakeContext, type RecordPort, receivedName } from '../../src/handshake/context.ts';
import { type Handshake, HandshakeDriver } from '../../src/handshake/driver.ts';
import type { Secured } from '../../src/handshake/secured.ts';
import { serverHandshake } from '../../src/handshake/server/handshake.ts';
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
  /** Alerts of the level warning that this side sent. */
  readonly warnings: string[] = [];
  secured: Secured | undefined;
  error: unknown;
  readonly #driver: HandshakeDriver<Secured>;

  constructor(role: Role, options: PairOptions) {
    const records: RecordPort = {
      sendHandshake: (message) => void this.outbox.push(message.slice()),
      useTls12: () => {},
      sendChangeCipherSpec: () => {},
      expectChangeCipherSpec: (_protection, onChange) => {
        this.keyChanges.push('received handshake');
        onChange();
      },
      changeKeys: (direction, epoch) => void this.keyChanges.push(`${direction} ${epoch}`),
      requireRecordBoundary: () => {},
      skipEarlyData: () => {},
      hearsEarlyData: true,
      takeEarlyData: () => {},
      sendEarlyData: () => {},
      leaveEarlyData: () => {},
      sendWarning: (name) => void this.warnings.push(name),
      flush: () => {},
    };
    const handshake =
      role === 'client'
        ? startClient(clientConfig(clientOptions(options.client)), records, options.target?.earlyData?.data)
        : startServer(serverConfig(serverOptions(options.server)), records);
    this.#driver = new HandshakeDriver(handshake, {
      onDone: (secured) => {
        this.secured = secured;
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
    if (this.secured === undefined) {
      this.#driver.deliver(asReceived(message));
      return;
    }
    try {
      this.secured.postHandshake.receive(asReceived(message));
    } catch (error) {
      this.error = error;
    }
  }
}

function startClient(
  config: ClientConfig,
  records: RecordPort,
  earlyData: Uint8Array | undefined,
): Handshake<Secured> {
  const context = new HandshakeContext('client', config, records, {});
  return clientHandshake(context, { name: 'localhost', serverName: 'localhost', earlyData });
}

function startServer(config: ServerConfig, records: RecordPort): Handshake<Secured> {
  const context = new HandshakeContext('server', config, records, {});
  return serverHandshake(context);
}
