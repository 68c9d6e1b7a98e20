/** Handlers that throw: the connection fails with their error, and `receive` and `send` never throw it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionHandlers } from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { Role, TraceEvent } from '../../src/trace/events.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { identityOf } from '../support/identities.ts';
import { Later, lateProvider } from '../support/later.ts';
import { connectedPair, other, Pair, text } from '../support/pair.ts';

const ROLES: readonly Role[] = ['client', 'server'];

/** One side says all it has to say, so that every handler of the other is called. */
function speak(pair: Pair, side: Role): void {
  if (pair.side(side).error !== undefined) return;
  pair.side(side).send(text('data'));
  pair.side(side).close();
  pair.run();
}

const cause = new Error('a mistake in a handler');
const fail = (): never => {
  throw cause;
};

const HANDLERS: Readonly<Record<string, ConnectionHandlers>> = {
  onData: { onData: fail },
  onEstablished: { onEstablished: fail },
  onEnd: { onEnd: fail },
  onKeyLog: { onKeyLog: fail },
};

for (const side of ROLES) {
  for (const [name, handlers] of Object.entries(HANDLERS)) {
    for (const isLate of [false, true]) {
      test(`${name} of the ${side} throws${isLate ? ', called after a promise' : ''}`, async () => {
        const later = new Later();
        const provider = isLate
          ? lateProvider(nodeProvider, later, { aead: true, groups: true })
          : nodeProvider;
        const pair = new Pair({ client: { provider }, server: { provider }, handlers: { [side]: handlers } });
        const idle = (): boolean => later.size === 0;
        const release = (): void => later.release(0);
        await pair.runUntil(() => idle() && pair.isSettled, release);
        speak(pair, other(side));
        await pair.runUntil(idle, release);
        const error = pair.errorOf(side, 'ERR_INTERNAL');
        assert.match(error.message, /a mistake in a handler/);
        assert.equal(error.cause, cause);
        assert.equal(pair.events.filter((event) => event.side === side && event.type === 'error').length, 1);
        const peer = pair.side(other(side)).error;
        // Between ServerHello and the change of keys, an alert cannot be sent in a way that the client can read.
        if (peer?.code !== 'ERR_BAD_RECORD_MAC' || name !== 'onKeyLog' || side !== 'server') {
          assert.equal(peer?.context.alertReceived, 'internal_error');
        }
      });
    }
  }

  test(`onTrace of the ${side} throws at any of its events`, () => {
    const watched = connectedPair({ trace: true });
    speak(watched, other(side));
    speak(watched, side);
    const { length } = watched.trace[side];
    assert.ok(length > 30);
    for (let at = 0; at < length; at++) {
      let count = 0;
      let thrownAt: TraceEvent | undefined;
      const onTrace = (event: TraceEvent): void => {
        if (count++ < at) return;
        thrownAt ??= event;
        throw cause;
      };
      const make = (): Pair =>
        new Pair({ client: { identities: [identityOf('client')] }, handlers: { [side]: { onTrace } } });
      if (at < watched.trace[side].findIndex(({ type }) => type === 'record') + 1 && side === 'client') {
        // The ClientHello is made in the constructor, which answers with the error itself.
        assert.throws(make, (error) => error instanceof TlsError && error.cause === cause);
        continue;
      }
      const pair = make();
      assert.doesNotThrow(() => {
        pair.run();
        speak(pair, other(side));
        speak(pair, side);
      }, `event ${at}: ${thrownAt?.type}`);
      assert.equal(pair.side(side).error?.cause, cause, `event ${at}: ${thrownAt?.type}`);
      assert.equal(pair.events.filter((event) => event.side === side && event.type === 'error').length, 1);
    }
  });

  test(`onOutgoing of the ${side} throws`, () => {
    const pair = new Pair({ handlers: { [side]: { onOutgoing: fail } } }).run();
    speak(pair, side); // a client's first flight was there before there was anyone to call
    pair.errorOf(side, 'ERR_INTERNAL');
  });
}

test('onOutgoing is called whenever there is something to take', () => {
  const calls: Record<Role, number> = { client: 0, server: 0 };
  const handlers = {
    client: { onOutgoing: () => void calls.client++ },
    server: { onOutgoing: () => void calls.server++ },
  };
  const pair = connectedPair({ handlers });
  for (const side of ROLES) {
    const connection = pair.side(side);
    for (const act of [
      () => connection.send(text('x')),
      () => connection.updateKeys(false),
      () => connection.close(),
    ]) {
      const before = calls[side];
      act();
      assert.ok(calls[side] > before);
      assert.ok(pair.move(side));
    }
  }
  const failed = connectedPair({ handlers });
  const before = calls.client;
  failed.client.abort(new TlsError('ERR_CANCELED', 'enough'));
  assert.ok(calls.client > before);
});

test('two connections whose onOutgoing delivers at once complete a handshake and talk', () => {
  const received: string[] = [];
  const deliver = (from: Role) => () => {
    for (const bytes of pair.side(from).takeOutgoing()) pair.side(other(from)).receive(bytes);
  };
  const note = (side: Role) => (data: Uint8Array) => {
    received.push(`${side}: ${new TextDecoder().decode(data)}`);
  };
  const pair: Pair = new Pair({
    client: { identities: [identityOf('client')] },
    server: { clientAuthentication: 'require' },
    handlers: {
      client: { onOutgoing: deliver('client'), onData: note('client') },
      server: { onOutgoing: deliver('server'), onData: note('server') },
    },
  });
  pair.client.send(text('ping'));
  pair.server.send(text('pong'));
  deliver('client')(); // the ClientHello was ready before there was anyone to call
  pair.client.updateKeys(true);
  pair.client.close();
  pair.server.close();
  assert.deepEqual(received.toSorted(), ['client: pong', 'server: ping']);
  for (const side of ROLES) assert.equal(pair.side(side).hasEnded, true);
});
