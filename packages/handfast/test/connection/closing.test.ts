/** How a connection ends: close_notify, half-close, truncation, abort; and what can be sent when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServerConnection } from '../../src/connection.ts';
import { serverConfig } from '../../src/handshake/config.ts';
import type { Role } from '../../src/trace/events.ts';
import { concat } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { connectedPair, other, Pair, serverOptions, singleBytes, text } from '../support/pair.ts';

const ROLES: readonly Role[] = ['client', 'server'];

for (const side of ROLES) {
  test(`the ${side} closes its direction; the other stays open until it closes too`, () => {
    const pair = connectedPair();
    const [closing, peer] = [pair.side(side), pair.side(other(side))];
    closing.send(text('the last'));
    closing.close();
    pair.run();
    assert.deepEqual(pair.typesOf(other(side)), ['established', 'data', 'end']);
    assert.equal(peer.hasEnded, true);
    assert.equal(closing.hasEnded, false);

    for (const word of ['one ', 'two ', 'three']) {
      peer.send(text(word));
      pair.run();
    }
    assert.equal(pair.textOf(side), 'one two three');
    peer.close();
    pair.run();
    assert.equal(closing.hasEnded, true);
    for (const connection of [closing, peer]) {
      connection.receiveEnd();
      connection.receive(new Uint8Array(100));
      connection.close();
      assert.equal(connection.error, undefined);
      assert.deepEqual(connection.takeOutgoing(), []);
    }
    assert.deepEqual(pair.typesOf(side), ['established', 'data', 'data', 'data', 'end']);
  });

  test(`nothing that follows the ${side}'s close_notify is read`, () => {
    const pair = connectedPair();
    pair.side(side).close();
    const closed = concat(...pair.side(side).takeOutgoing());
    const receiver = pair.side(other(side));
    receiver.receive(concat(closed, new Uint8Array(50).fill(0xff)));
    receiver.receive(new Uint8Array(50).fill(0xff));
    assert.deepEqual(pair.typesOf(other(side)), ['established', 'end']);
    assert.equal(receiver.error, undefined);
  });

  test(`the network ends for the ${side} without close_notify: ERR_TRUNCATED, once`, () => {
    const pair = connectedPair();
    pair.side(other(side)).send(text('there was more to'));
    pair.run();
    pair.side(side).receiveEnd();
    const error = pair.errorOf(side, 'ERR_TRUNCATED');
    assert.equal(error.alert, null);
    assert.match(error.message, /closed the connection without close_notify/);
    assert.deepEqual(pair.side(side).takeOutgoing(), []);
    pair.side(side).receiveEnd();
    assert.deepEqual(pair.typesOf(side), ['established', 'data', 'error']);
    assert.throws(() => pair.side(side).send(text('x')), error);
  });

  test(`the network ends for the ${side} in the middle of a record, also after its own close`, () => {
    for (const closesFirst of [false, true]) {
      const pair = connectedPair();
      pair.side(other(side)).send(text('cut off'));
      const bytes = concat(...pair.side(other(side)).takeOutgoing());
      if (closesFirst) pair.side(side).close();
      pair.side(side).receive(bytes.subarray(0, -1));
      pair.side(side).receiveEnd();
      pair.errorOf(side, 'ERR_TRUNCATED');
      assert.equal(pair.textOf(side), '');
    }
  });

  test(`the network ends for the ${side} anywhere in the handshake`, () => {
    for (let budget = 0; ; budget += 11) {
      let left = budget;
      const spend = (bytes: Uint8Array): Uint8Array => {
        const piece = bytes.subarray(0, left);
        left -= piece.length;
        return piece;
      };
      const pair = new Pair({ cut: (bytes, sender) => [sender === side ? bytes : spend(bytes)] }).run();
      if (pair.side(side).established !== undefined) {
        assert.ok(budget > 300, `complete after ${budget} bytes`);
        return;
      }
      pair.side(side).receiveEnd();
      const { message } = pair.errorOf(side, 'ERR_TRUNCATED');
      assert.match(message, new RegExp(`^the ${other(side)} closed the connection before the handshake`));
      assert.deepEqual(pair.typesOf(side), ['error']);
    }
  });

  test(`the ${side} may send before the handshake is complete, and what it sends keeps its order`, () => {
    const pair: Pair = new Pair({
      handlers: {
        [side]: {
          onEstablished: () => {
            pair.side(side).send(text('third '));
            pair.side(side).close();
            assert.throws(() => pair.side(side).send(text('too late')), { code: 'ERR_CLOSED' });
          },
        },
      },
    });
    const reused = text('first ');
    pair.side(side).send(reused);
    reused.fill(0x21); // it was copied
    pair.side(side).send(new Uint8Array());
    pair.side(side).send(text('second '));
    pair.run();
    assert.equal(pair.textOf(other(side)), 'first second third ');
    assert.deepEqual(pair.typesOf(other(side)), ['established', 'data', 'data', 'data', 'end']);
  });

  test(`the ${side} may close before the handshake is complete: it completes first`, () => {
    const pair = new Pair();
    pair.side(side).send(text('hello and goodbye'));
    pair.side(side).close();
    assert.throws(() => pair.side(side).send(text('more')), { code: 'ERR_CLOSED' });
    pair.run();
    assert.equal(pair.textOf(other(side)), 'hello and goodbye');
    assert.deepEqual(pair.typesOf(other(side)), ['established', 'data', 'end']);
    pair.side(other(side)).send(text('answer'));
    pair.run();
    assert.equal(pair.textOf(side), 'answer');
  });

  test(`the ${side} aborts: its peer is told, and neither goes on`, () => {
    for (const pair of [connectedPair(), new Pair()]) {
      const error = new TlsError('ERR_ACCESS_DENIED', 'not for you');
      const isEstablished = pair.isSettled;
      pair.side(side).abort(error);
      pair.side(side).abort(new TlsError('ERR_CANCELED', 'too late'));
      pair.side(side).close();
      pair.run();
      assert.equal(pair.errorOf(side, 'ERR_ACCESS_DENIED'), error);
      assert.throws(() => pair.side(side).send(text('x')), error);
      assert.throws(() => pair.side(side).updateKeys(false), error);
      const { context, message } = pair.errorOf(other(side), 'ERR_ALERT_RECEIVED');
      assert.equal(context.alertReceived, 'access_denied');
      assert.equal(/during the handshake/.test(message), !isEstablished);
      assert.equal(pair.events.filter(({ type }) => type === 'error').length, 2);
    }
  });

  test(`the ${side} cancels: user_canceled, and close_notify after it (RFC 9846 section 6.1)`, () => {
    for (const pair of [connectedPair({ trace: true }), new Pair({ trace: true })]) {
      const peer = other(side);
      if (pair.isSettled) pair.side(side).send(text('x'));
      else pair.move('client');
      pair.side(side).abort(new TlsError('ERR_CANCELED', 'enough'));
      pair.run();
      const alerts = pair.trace[peer].flatMap((event) =>
        event.type === 'alert' && event.direction === 'received'
          ? [`${event.level} ${event.description}`]
          : [],
      );
      assert.deepEqual(alerts, ['warning user_canceled', 'warning close_notify']);
      if (pair.side(peer).established === undefined) {
        assert.equal(pair.errorOf(peer, 'ERR_ALERT_RECEIVED').context.alertReceived, 'close_notify');
      } else assert.equal(pair.side(peer).hasEnded, true);
    }
  });

  test(`the ${side} exports nothing after its connection has failed: its secrets are forgotten (section 6)`, () => {
    const pair = connectedPair();
    pair.side(side).exportKeyingMaterial('EXPERIMENTAL x', undefined, 32);
    const error = new TlsError('ERR_ACCESS_DENIED', 'not for you');
    pair.side(side).abort(error);
    assert.throws(() => pair.side(side).exportKeyingMaterial('EXPERIMENTAL x', undefined, 32), error);
    pair.run();
    assert.throws(
      () => pair.side(other(side)).exportKeyingMaterial('EXPERIMENTAL x', undefined, 32),
      pair.side(other(side)).error,
    );
  });

  test(`after its close_notify the ${side} sends no alert any more`, () => {
    const pair = connectedPair();
    pair.side(side).close();
    pair.run();
    pair.side(side).abort(new TlsError('ERR_CANCELED', 'enough'));
    assert.deepEqual(pair.side(side).takeOutgoing(), []);
    pair.errorOf(side, 'ERR_CANCELED');
  });

  test(`the ${side} sends an array that it changes afterwards, and data of every size`, () => {
    const pair = connectedPair();
    for (const length of [0, 1, 16383, 16384, 16385, 100_000]) {
      const before = pair.dataOf(other(side)).length;
      const data = new Uint8Array(length).fill(length & 0xff);
      pair.side(side).send(data);
      data.fill(0);
      pair.run();
      const received = pair.dataOf(other(side)).subarray(before);
      assert.equal(received.length, length);
      assert.ok(received.every((byte) => byte === (length & 0xff)));
    }
  });
}

test('nothing can be exported, and no ticket sent, before the handshake is complete; a client sends none at all', () => {
  const ticket = {
    ticketLifetime: 60,
    ticketAgeAdd: 1,
    ticketNonce: Uint8Array.of(0),
    ticket: Uint8Array.of(1),
    extensions: {},
  };
  const fresh = new Pair();
  for (const side of ROLES) {
    assert.throws(() => fresh.side(side).exportKeyingMaterial('x', undefined, 32), { code: 'ERR_CLOSED' });
  }
  assert.throws(() => fresh.server.sendNewSessionTicket(ticket), { code: 'ERR_CLOSED' });
  assert.throws(() => fresh.client.sendNewSessionTicket(ticket), { code: 'ERR_CONFIG' });
  const unfit = { ...ticket, ticket: new Uint8Array() };
  assert.throws(() => connectedPair().server.sendNewSessionTicket(unfit), { code: 'ERR_CONFIG' });
  const pair = connectedPair({ trace: true });
  pair.server.sendNewSessionTicket(ticket);
  pair.run();
  const names = pair.trace.client.flatMap((event) => (event.type === 'message' ? [event.name] : []));
  assert.equal(names.at(-1), 'NewSessionTicket');
  assert.equal(pair.client.error, undefined);
});

test('the whole life of a connection, one byte at a time, with small records and padding', () => {
  const small = { maxFragmentLength: 64, padding: () => 10 };
  const pair = connectedPair({ client: small, server: small, cut: (bytes) => singleBytes(bytes) });
  const sentence = 'a sentence that is a little longer than one record of sixty-four bytes can hold';
  pair.client.send(text(sentence));
  pair.server.send(text(sentence));
  pair.run();
  pair.client.close();
  pair.server.close();
  pair.run();
  for (const side of ROLES) {
    assert.equal(pair.textOf(side), sentence);
    assert.deepEqual(pair.typesOf(side), ['established', 'data', 'data', 'end']);
  }
});

test('a server that hears nothing but the end fails, and a connection without handlers does no harm', () => {
  const silent = createServerConnection(serverConfig(serverOptions()));
  silent.receiveEnd();
  assert.equal(silent.error?.code, 'ERR_TRUNCATED');
  assert.deepEqual(silent.takeOutgoing(), []);
});
