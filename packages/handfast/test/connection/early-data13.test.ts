/** Early data (0-RTT): taken once, fresh, for what it was sent for; else refused, skipped, and sent again where that is wanted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServerConnection, type ServerTarget } from '../../src/connection.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  type ClientOptions,
  clientConfig,
  type ServerOptions,
  serverConfig,
} from '../../src/handshake/config.ts';
import { MemoryReplayGuard } from '../../src/session/replay.ts';
import { MemoryClientSessions } from '../../src/session/store.ts';
import { TicketKeyRing } from '../../src/session/tickets.ts';
import { ascii, concat, latin1 } from '../../src/wire/bytes.ts';
import { CipherSuite, NamedGroup } from '../../src/wire/registry.ts';
import { trusting } from '../support/identities.ts';
import { Pair, serverOptions } from '../support/pair.ts';

const DATA = ascii('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');

/** A client and a server that take early data; the server's guard has been up for an hour. */
class Endpoints {
  now = Date.UTC(2026, 10, 24);
  readonly early: string[] = [];
  readonly guard = new MemoryReplayGuard({ startedAt: this.now - 3_600_000 });
  readonly client: Partial<ClientOptions>;
  readonly server: Partial<ServerOptions>;

  constructor(maxSize = 16_384) {
    const now = (): number => this.now;
    this.client = { now, verifier: trusting(), sessions: new MemoryClientSessions() };
    const keys = new TicketKeyRing({ provider: nodeProvider });
    this.server = { now, tickets: { keys }, earlyData: { maxSize, guard: this.guard } };
  }

  connect(
    changes: {
      client?: Partial<ClientOptions>;
      server?: Partial<ServerOptions>;
      target?: Partial<ServerTarget>;
    } = {},
  ): Pair {
    const pair = new Pair({
      trace: true,
      client: { ...this.client, ...changes.client },
      server: { ...this.server, ...changes.server },
      target: { name: 'localhost', ...changes.target },
      handlers: { server: { onEarlyData: (data) => this.early.push(latin1(data)) } },
    });
    return pair.run();
  }

  /** A second connection that sends early data. */
  send(changes: Parameters<Endpoints['connect']>[0] & { readonly resend?: boolean } = {}, data = DATA): Pair {
    this.connect();
    this.now += 1000;
    return this.connect({
      ...changes,
      target: { earlyData: { data, resend: changes.resend ?? false }, ...changes.target },
    });
  }
}

const outcome = (pair: Pair): readonly unknown[] => {
  assert.equal(pair.client.error, undefined, pair.client.error?.message);
  assert.equal(pair.server.error, undefined, pair.server.error?.message);
  return [pair.client.established?.earlyData, pair.server.established?.earlyData];
};

const received = (pair: Pair): string =>
  latin1(
    concat(
      ...pair.events.flatMap((event) =>
        event.type === 'data' && event.side === 'server' ? [event.data] : [],
      ),
    ),
  );

test('early data arrives before the handshake is complete, and is told apart from all other data', () => {
  const ends = new Endpoints();
  const pair = ends.send();
  assert.deepEqual(outcome(pair), ['accepted', 'accepted']);
  assert.deepEqual(ends.early, [latin1(DATA)]);
  assert.equal(received(pair), '');
  const order = pair.trace.server.flatMap((event) =>
    event.type === 'message'
      ? [event.name]
      : event.type === 'data' || event.type === 'established'
        ? [event.type]
        : [],
  );
  assert.deepEqual(order, [
    'ClientHello',
    'ServerHello',
    'EncryptedExtensions',
    'Finished',
    'data',
    'EndOfEarlyData',
    'Finished',
    'NewSessionTicket',
    'established',
  ]);
  pair.client.send(ascii('more'));
  pair.run();
  assert.equal(received(pair), 'more');
});

test('early data as large as the ticket allows, in any pieces; more of it is not sent early', () => {
  const large = new Uint8Array(40_000).fill(65);
  const ends = new Endpoints(40_000);
  assert.deepEqual(outcome(ends.send({}, large)), ['accepted', 'accepted']);
  assert.equal(ends.early.join('').length, 40_000);
  const pair = ends.send({ resend: true }, new Uint8Array(40_001).fill(66));
  assert.deepEqual(outcome(pair), [undefined, undefined]);
  assert.equal(received(pair).length, 40_001);
});

const REFUSALS: Readonly<Record<string, Parameters<Endpoints['connect']>[0]>> = {
  'a server that takes none': { server: { earlyData: undefined as never } },
  'a server that wants another group': { server: { groups: [NamedGroup.secp384r1] } },
  'another key of the tickets': {
    server: { tickets: { keys: new TicketKeyRing({ provider: nodeProvider }) } },
  },
  'another cipher suite with the same hash': {
    server: { cipherSuites: [CipherSuite.TLS_CHACHA20_POLY1305_SHA256] },
  },
  'a guard that fails': {
    server: {
      earlyData: {
        maxSize: 16_384,
        guard: {
          isNew: () => {
            throw new Error('gone');
          },
        },
      },
    },
  },
  'a guard that answers anything but true': {
    server: { earlyData: { maxSize: 16_384, guard: { isNew: () => 1 as never } } },
  },
  'a guard without a memory yet': {
    server: {
      earlyData: { maxSize: 16_384, guard: new MemoryReplayGuard({ startedAt: Date.UTC(2026, 10, 24) }) },
    },
  },
};

test('refused early data is skipped, and sent again only where the caller says so', () => {
  for (const [name, changes] of Object.entries(REFUSALS)) {
    for (const resend of [false, true]) {
      const ends = new Endpoints();
      if (name.startsWith('another cipher suite')) {
        (ends.client as { cipherSuites: unknown }).cipherSuites = [
          CipherSuite.TLS_AES_128_GCM_SHA256,
          CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        ];
      }
      const pair = ends.send({ ...changes, resend });
      assert.deepEqual(outcome(pair), ['rejected', 'rejected'], name);
      assert.deepEqual(ends.early, [], name);
      assert.equal(received(pair), resend ? latin1(DATA) : '', name);
      pair.client.send(ascii('!'));
      pair.run();
      assert.ok(received(pair).endsWith('!'), name);
    }
  }
});

test('as much early data as tickets allow is skipped, in records of any size', () => {
  for (const maxFragmentLength of [64, 16_384]) {
    const ends = new Endpoints(100_000);
    const data = new Uint8Array(100_000).fill(65);
    const client = { maxFragmentLength };
    assert.deepEqual(outcome(ends.send({ client }, data)), ['accepted', 'accepted']);
    const guard = { isNew: () => false };
    const pair = ends.send(
      { client, server: { earlyData: { maxSize: 100_000, guard } }, resend: true },
      data,
    );
    assert.deepEqual(outcome(pair), ['rejected', 'rejected']);
    assert.equal(received(pair).length, 100_000);
  }
});

test('data that went early for one application protocol is not sent again for another', () => {
  const client = { applicationProtocols: ['one', 'two'] };
  for (const resend of [false, true]) {
    const ends = new Endpoints();
    ends.connect({ client, server: { applicationProtocols: ['one'] } });
    ends.now += 1000;
    const pair = ends.connect({
      client,
      server: { applicationProtocols: ['two'] },
      target: { earlyData: { data: DATA, resend } },
    });
    assert.equal(received(pair), '');
    assert.deepEqual(ends.early, []);
    if (resend) {
      assert.equal(pair.client.error?.code, 'ERR_NO_APPLICATION_PROTOCOL');
      assert.match(pair.client.error?.message ?? '', /sent early for one.*chose two/);
      assert.equal(pair.client.established, undefined);
    } else assert.deepEqual(outcome(pair), ['rejected', 'rejected']);
  }
});

test('early data that nobody would hear of is refused', () => {
  const ends = new Endpoints();
  ends.connect();
  const pair = new Pair({
    client: ends.client,
    server: ends.server,
    target: { name: 'localhost', earlyData: { data: DATA, resend: true } },
  }).run();
  assert.deepEqual(outcome(pair), ['rejected', 'rejected']);
  assert.equal(received(pair), latin1(DATA));
});

test('a captured flight is taken once at most, however often it is played', () => {
  const ends = new Endpoints();
  const pair = ends.send();
  assert.deepEqual(outcome(pair), ['accepted', 'accepted']);
  const flight = concat(...pair.sent.client.slice(0, 1));
  const config = serverConfig(serverOptions(ends.server));
  for (let i = 0; i < 2000; i++) {
    ends.now += i % 20;
    const victim = createServerConnection(config, { onEarlyData: (data) => ends.early.push(latin1(data)) });
    victim.receive(flight);
  }
  assert.equal(ends.early.length, 1);
});

test('early data that is not fresh is refused: replayed late, or by a clock that is off', () => {
  for (const skew of [-10_001, 10_001, 3_600_000]) {
    const ends = new Endpoints();
    ends.connect();
    ends.now += 1000;
    const clock = ends.now;
    const pair = ends.connect({
      server: { now: () => clock + Math.max(skew, -900) },
      client: { now: () => clock + Math.max(0, -skew) },
      target: { earlyData: { data: DATA } },
    });
    assert.deepEqual(outcome(pair), ['rejected', 'rejected'], String(skew));
  }
});

test('early data needs tickets, a guard, and sizes that make sense', () => {
  const guard = new MemoryReplayGuard({ startedAt: 0 });
  const keys = new TicketKeyRing({ provider: nodeProvider });
  const build = (options: Partial<ServerOptions>) => () => serverConfig(serverOptions(options));
  assert.throws(build({ earlyData: { maxSize: 1, guard } }), { option: 'tickets' });
  assert.throws(build({ tickets: { keys }, earlyData: { maxSize: 0, guard } }), {
    option: 'earlyData.maxSize',
  });
  assert.throws(build({ tickets: { keys }, earlyData: { maxSize: 1, guard: undefined as never } }), {
    option: 'earlyData.guard',
  });
  assert.throws(build({ tickets: { keys }, earlyData: { maxSize: 1, guard, window: -1 } }), {
    option: 'earlyData.window',
  });
  assert.ok(clientConfig);
});
