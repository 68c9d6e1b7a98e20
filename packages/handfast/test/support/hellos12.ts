/** Handshakes of TLS 1.2 whose hellos are changed by their senders, and seen. */
import assert from 'node:assert/strict';
import type { Role } from '../../src/trace/events.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import type { ServerHello12 } from '../../src/wire/messages/server-hello.ts';
import type { Refusal } from './cheats.ts';
import { customized } from './flows12.ts';
import { other, Pair, type PairOptions } from './pair.ts';

/** The hellos as they went over the wire. */
export interface Hellos {
  client?: ClientHello;
  server?: ServerHello12;
}

/** Runs a flow with hellos that were changed; answers them, and the pair. */
export function meet(
  flow: PairOptions,
  changes: {
    readonly client?: (hello: ClientHello) => ClientHello;
    readonly server?: (hello: ServerHello12) => ServerHello12;
  } = {},
): { readonly pair: Pair; readonly hellos: Hellos } {
  const hellos: Hellos = {};
  const ClientHello = (hello: ClientHello): ClientHello => {
    hellos.client = changes.client?.(hello) ?? hello;
    return hellos.client;
  };
  const ServerHello12 = (hello: ServerHello12): ServerHello12 => {
    hellos.server = changes.server?.(hello) ?? hello;
    return hellos.server;
  };
  const options = customized(customized(flow, 'client', { ClientHello }), 'server', { ServerHello12 });
  return { pair: new Pair(options).run(), hellos };
}

export function assertRefusedBy(pair: Pair, side: Role, [code, alert]: Refusal, where: string): void {
  const { error } = pair.side(side);
  assert.deepEqual([error?.code, error?.alert], [code, alert], `${where}: ${error?.message}`);
  assert.equal(pair.side(side).established, undefined, where);
  assert.equal(pair.errorOf(other(side), 'ERR_ALERT_RECEIVED').context.alertReceived, alert, where);
}
