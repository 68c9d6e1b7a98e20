/** KeyUpdate (RFC 9846 section 4.7.3): asked for by either side or both, and sent by itself before a key is used up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientHandshake } from '../../src/handshake/client/handshake.ts';
import { clientConfig } from '../../src/handshake/config.ts';
import { nextTrafficSecret } from '../../src/keys/traffic.ts';
import { MAX_KEY_UPDATES } from '../../src/policy/limits.ts';
import type { Direction, Role } from '../../src/trace/events.ts';
import { fromHex } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { CipherSuite, ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { shortMessage } from '../support/cheats.ts';
import { clientOptions, connectedPair, other, Pair, type PairOptions, text } from '../support/pair.ts';
import { cheatingClient } from '../support/puppet.ts';

const ROLES: readonly Role[] = ['client', 'server'];

/** A connected pair whose key log lines are kept by side. */
function loggedPair(options: PairOptions = {}): { pair: Pair; lines: Record<Role, string[]> } {
  const lines: Record<Role, string[]> = { client: [], server: [] };
  const handlers = {
    client: { onKeyLog: (line: string) => void lines.client.push(line) },
    server: { onKeyLog: (line: string) => void lines.server.push(line) },
  };
  return { pair: connectedPair({ ...options, handlers, trace: true }), lines };
}

/** How often one direction of one side has got new application keys after the first. */
function generation(pair: Pair, side: Role, direction: Direction): number {
  const generations = pair.trace[side].flatMap((event) =>
    event.type === 'keys' && event.direction === direction && event.epoch === 'application'
      ? [event.generation]
      : [],
  );
  assert.deepEqual(generations, [...generations.keys()]);
  return generations.length - 1;
}

function assertGenerations(pair: Pair, { client, server }: Record<Role, number>): void {
  assert.equal(generation(pair, 'client', 'sent'), client);
  assert.equal(generation(pair, 'server', 'received'), client);
  assert.equal(generation(pair, 'server', 'sent'), server);
  assert.equal(generation(pair, 'client', 'received'), server);
}

/** Data passes both ways. */
function assertAlive(pair: Pair): void {
  for (const side of ROLES) {
    const before = pair.dataOf(other(side)).length;
    pair.side(side).send(text('still here'));
    pair.run();
    assert.equal(pair.dataOf(other(side)).length, before + 10);
  }
  for (const side of ROLES) assert.equal(pair.side(side).error, undefined);
}

for (const suite of [
  CipherSuite.TLS_AES_128_GCM_SHA256,
  CipherSuite.TLS_AES_256_GCM_SHA384,
  CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
]) {
  const options: PairOptions = { client: { cipherSuites: [suite] } };
  for (const side of ROLES) {
    for (const isRequested of [false, true]) {
      test(`suite ${suite}: the ${side} updates its keys and ${isRequested ? 'asks' : 'does not ask'} for the same`, () => {
        const { pair, lines } = loggedPair(options);
        for (let round = 1; round <= 3; round++) {
          pair.side(side).updateKeys(isRequested);
          pair.run();
          const answered = isRequested ? round - 1 : 0;
          assertGenerations(pair, { client: answered, server: answered, [side]: round });
          assertAlive(pair); // the answer comes before the peer's next data
          const peers = isRequested ? round : 0;
          assertGenerations(pair, { client: peers, server: peers, [side]: round });
        }
        assert.deepEqual(lines.client.toSorted(), lines.server.toSorted());
        assert.equal(new Set(lines.client.map((line) => line.split(' ')[2])).size, lines.client.length);
        const label = `${side.toUpperCase()}_TRAFFIC_SECRET_3 `;
        assert.equal(lines.client.filter((line) => line.startsWith(label)).length, 1);
      });
    }
  }

  test(`suite ${suite}: both sides update at the same time, and ask for it or not`, () => {
    for (const client of [false, true]) {
      for (const server of [false, true]) {
        const { pair, lines } = loggedPair(options);
        pair.client.updateKeys(client);
        pair.client.send(text('c'));
        pair.server.updateKeys(server);
        pair.server.send(text('s'));
        pair.run();
        assert.deepEqual([pair.textOf('client'), pair.textOf('server')], ['s', 'c']);
        assertAlive(pair);
        assertGenerations(pair, { client: server ? 2 : 1, server: client ? 2 : 1 });
        assert.deepEqual(lines.client.toSorted(), lines.server.toSorted());
      }
    }
  });
}

test('any number of updates is fine as long as there is data between them', () => {
  const { pair } = loggedPair();
  const rounds = 3 * MAX_KEY_UPDATES;
  for (let i = 0; i < rounds; i++) {
    pair.client.updateKeys(true);
    pair.client.send(text('x'));
    pair.run();
    pair.server.send(text('y'));
    pair.run();
  }
  assertGenerations(pair, { client: rounds, server: rounds });
  assertAlive(pair);
});

/** What the KeyUpdates that one side sent ask for, in their order. */
function requests(pair: Pair, side: Role): string[] {
  return pair.trace[side].flatMap((event) =>
    event.type === 'message' && event.direction === 'sent' && event.name === 'KeyUpdate'
      ? event.fields.map(({ text: asked = '' }) => asked)
      : [],
  );
}

/** A client that asks for a KeyUpdate as often as it likes, and the server that it asks. */
function askingClient() {
  const puppet = cheatingClient();
  const target = { name: 'localhost', serverName: 'localhost' };
  puppet.run(clientHandshake(puppet.h, target));
  const line = puppet.keyLog.find((text) => text.startsWith('CLIENT_TRAFFIC_SECRET_0 '));
  puppet.exchange();
  puppet.victim.takeOutgoing();
  let secret = fromHex(line?.split(' ')[2] ?? '');
  return {
    puppet,
    victim: puppet.victim,
    ask: () => {
      puppet.record(ContentType.handshake, shortMessage(HandshakeType.key_update, 1));
      secret = nextTrafficSecret(puppet.h.hkdf, secret);
      puppet.h.useTrafficSecret('sent', 'application', secret);
    },
    deliver: () => puppet.victim.receive(puppet.takeBack()),
  };
}

test('a side that is silent owes one answer for any number of requests, and none after it has sent a KeyUpdate', () => {
  for (const isAnswered of [false, true]) {
    const { victim, ask, deliver } = askingClient();
    for (let i = 0; i < MAX_KEY_UPDATES; i++) ask();
    deliver();
    assert.deepEqual(victim.takeOutgoing(), []);
    if (isAnswered) {
      victim.updateKeys(false);
      assert.equal(victim.takeOutgoing().length, 1);
    }
    victim.send(new Uint8Array()); // not a record, so no answer is due
    assert.deepEqual(victim.takeOutgoing(), []);
    victim.send(text('y'));
    assert.equal(victim.takeOutgoing().length, isAnswered ? 1 : 2);
    victim.send(text('z'));
    assert.equal(victim.takeOutgoing().length, 1);
    assert.equal(victim.error, undefined);
  }
});

test('requests with data between them do not fill the outgoing bytes of a side that is silent', () => {
  const { puppet, victim, ask, deliver } = askingClient();
  for (let i = 0; i < 3 * MAX_KEY_UPDATES; i++) {
    ask();
    puppet.record(ContentType.application_data, text('x'));
    deliver();
  }
  assert.equal(victim.error, undefined);
  assert.deepEqual(victim.takeOutgoing(), []);
});

test('a request is not repeated before a KeyUpdate of the peer has come (RFC 9846 section 4.7.3)', () => {
  for (const side of ROLES) {
    const { pair } = loggedPair();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3; i++) pair.side(side).updateKeys(true);
      pair.run();
      assertAlive(pair);
    }
    const once = ['update_requested', 'update_not_requested', 'update_not_requested'];
    assert.deepEqual(requests(pair, side), [...once, ...once]);
    assertGenerations(pair, { client: 2, server: 2, [side]: 6 });
  }
});

test('one piece of data is cut into more records than one key may seal: the key is renewed inside it', () => {
  const limits = { recordsPerKey: 4, maxFragmentLength: 64 };
  const { pair } = loggedPair({ client: limits, server: limits });
  const long = new Uint8Array(64 * 10).map((_, i) => i);
  for (const side of ROLES) {
    pair.side(side).send(long);
    pair.run();
    assert.deepEqual(pair.dataOf(other(side)), long);
  }
  assertGenerations(pair, { client: 2, server: 2 });
  assertAlive(pair);
});

test('updates without data between them end with ERR_TOO_MANY_KEY_UPDATES', () => {
  for (const side of ROLES) {
    const pair = connectedPair();
    for (let i = 0; i < MAX_KEY_UPDATES; i++) pair.side(side).updateKeys(false);
    pair.run();
    assert.equal(pair.side(other(side)).error, undefined);
    pair.side(side).updateKeys(false);
    pair.run();
    pair.errorOf(other(side), 'ERR_TOO_MANY_KEY_UPDATES');
    assert.equal(pair.errorOf(side, 'ERR_ALERT_RECEIVED').context.alertReceived, 'unexpected_message');
  }
});

test('answers to requests of this side are no flood, even if the peer has nothing else to say', () => {
  for (const side of ROLES) {
    const { pair } = loggedPair();
    for (let i = 0; i < 3 * MAX_KEY_UPDATES; i++) {
      pair.side(side).updateKeys(true);
      pair.side(side).send(text('x'));
      pair.run();
    }
    assertAlive(pair);
    // What was asked for has come; what comes now counts again.
    for (let i = 0; i <= MAX_KEY_UPDATES; i++) pair.side(other(side)).updateKeys(false);
    pair.run();
    pair.errorOf(side, 'ERR_TOO_MANY_KEY_UPDATES');
  }
});

test('a side updates its keys by itself when one has sealed as many records as it may', () => {
  const { pair } = loggedPair({ client: { recordsPerKey: 5 }, server: { recordsPerKey: 3 } });
  for (let i = 0; i < 20; i++) {
    pair.client.send(text(`${i} `));
    pair.server.send(text(`${i} `));
    pair.run();
  }
  const numbers = Array.from({ length: 20 }, (_, i) => `${i} `).join('');
  assert.deepEqual([pair.textOf('client'), pair.textOf('server')], [numbers, numbers]);
  // The KeyUpdate itself is the last record of its key, sealed when 5 (or 3) others were: 20 = 3 * 5 + 5, 6 * 3 + 2.
  assertGenerations(pair, { client: 3, server: 6 });
  for (const [side, perKey] of [
    ['client', 5],
    ['server', 3],
  ] as const) {
    const sequences = pair.trace[side].flatMap((event) =>
      event.type === 'record' && event.direction === 'sent' && event.epoch === 'application'
        ? [event.sequence]
        : [],
    );
    assert.equal(Math.max(...sequences), perKey);
  }
});

test('recordsPerKey must be a whole number of at least 1', () => {
  for (const recordsPerKey of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => clientConfig(clientOptions({ recordsPerKey })),
      (error) => error instanceof ConfigError && error.option === 'recordsPerKey',
    );
  }
});

test('a request that arrives after this side has closed is obeyed for reading, and not answered', () => {
  const { pair } = loggedPair();
  pair.client.close();
  pair.run();
  pair.server.updateKeys(true);
  pair.server.send(text('with new keys'));
  pair.run();
  assert.equal(pair.textOf('client'), 'with new keys');
  assertGenerations(pair, { client: 0, server: 1 });
});

test('keys can be updated neither before the handshake is complete nor after closing', () => {
  const fresh = new Pair();
  for (const side of ROLES) {
    assert.throws(() => fresh.side(side).updateKeys(false), {
      code: 'ERR_CLOSED',
      message: /before the handshake/,
    });
  }
  const pair = connectedPair();
  pair.client.close();
  assert.throws(() => pair.client.updateKeys(false), { code: 'ERR_CLOSED', message: /closed/ });
});
