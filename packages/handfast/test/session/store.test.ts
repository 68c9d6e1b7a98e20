/** Stores in memory: what was put comes back, within their bounds, and without a timer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClientSession } from '../../src/session/session.ts';
import {
  MemoryClientSessions,
  type MemoryClientSessionsOptions,
  MemorySessionStore,
  type MemorySessionStoreOptions,
} from '../../src/session/store.ts';
import { clientSession, judgedPeer, NOW } from './support.ts';

const LIMIT = { timeout: 30_000 };

function store(options: Partial<MemorySessionStoreOptions> = {}): MemorySessionStore {
  return new MemorySessionStore({ now: () => NOW, ...options });
}

const value = (byte: number, length = 10): Uint8Array => new Uint8Array(length).fill(byte);

test('what was put is there until it is taken, and is replaced', LIMIT, () => {
  const sessions = store();
  assert.equal(sessions.get('a'), undefined);
  sessions.put('a', value(1), NOW + 1);
  assert.deepEqual(sessions.get('a'), value(1));
  assert.deepEqual(sessions.get('a'), value(1));
  sessions.put('a', value(2, 20), NOW + 1);
  assert.equal(sessions.size, 1);
  assert.equal(sessions.bytes, 21);
  assert.deepEqual(sessions.take('a'), value(2, 20));
  assert.equal(sessions.take('a'), undefined);
  assert.equal(sessions.size, 0);
  assert.equal(sessions.bytes, 0);
});

test('keys are only keys', LIMIT, () => {
  const sessions = store();
  const clients = new MemoryClientSessions();
  for (const key of ['__proto__', 'constructor', 'toString', '']) {
    assert.equal(sessions.get(key), undefined);
    assert.equal(clients.take(key), undefined);
    sessions.put(key, value(1), NOW + 1);
    assert.deepEqual(sessions.take(key), value(1));
  }
});

test('values are copied, also from a Buffer', LIMIT, () => {
  const sessions = store();
  const bytes = Buffer.alloc(10, 1);
  sessions.put('a', bytes, NOW + 1);
  bytes.fill(2);
  assert.deepEqual(sessions.get('a'), value(1));
});

test(
  'what has expired is gone, to the millisecond, and what expired before it came is not kept',
  LIMIT,
  () => {
    let now = NOW;
    const sessions = store({ now: () => now });
    sessions.put('got', value(1), NOW + 10);
    sessions.put('taken', value(2), NOW + 10);
    now = NOW + 9;
    assert.deepEqual(sessions.get('got'), value(1));
    now = NOW + 10;
    assert.equal(sessions.size, 2);
    assert.equal(sessions.get('got'), undefined);
    assert.equal(sessions.take('taken'), undefined);
    assert.equal(sessions.bytes, 0);
    for (const expiresAt of [now, now - 1, Number.NaN]) {
      sessions.put('late', value(3), expiresAt);
      assert.equal(sessions.size, 0);
    }
  },
);

test('a value that is not kept takes away what was under its key', LIMIT, () => {
  const sessions = store({ maxBytes: 50 });
  sessions.put('a', value(1), NOW + 1);
  sessions.put('a', value(2, 50), NOW + 1);
  assert.equal(sessions.get('a'), undefined);
  sessions.put('a', value(1), NOW + 1);
  sessions.put('a', value(2), NOW);
  assert.equal(sessions.get('a'), undefined);
});

test('of too many entries those go that were not used for the longest time', LIMIT, () => {
  const sessions = store({ maxEntries: 3 });
  for (const key of ['a', 'b', 'c']) sessions.put(key, value(1), NOW + 1);
  sessions.get('a');
  sessions.put('d', value(1), NOW + 1);
  assert.equal(sessions.get('b'), undefined);
  sessions.put('c', value(2), NOW + 1);
  sessions.put('e', value(1), NOW + 1);
  assert.equal(sessions.get('a'), undefined);
  assert.deepEqual(
    ['c', 'd', 'e'].map((key) => sessions.get(key)),
    [value(2), value(1), value(1)],
  );
});

test('of too many bytes as many entries go as are needed', LIMIT, () => {
  const sessions = store({ maxBytes: 100 });
  for (const key of ['a', 'b', 'c', 'd']) sessions.put(key, value(1, 24), NOW + 1);
  assert.equal(sessions.bytes, 100);
  sessions.put('e', value(1, 49), NOW + 1);
  assert.equal(sessions.bytes, 100);
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((key) => sessions.get(key) !== undefined),
    [false, false, true, true, true],
  );
  sessions.put('f', value(1, 99), NOW + 1);
  assert.equal(sessions.size, 1);
  assert.equal(sessions.bytes, 100);
});

/** The same store, as plain as can be: for comparison. */
class PlainStore {
  entries: { key: string; value: Uint8Array; expiresAt: number }[] = [];
  now = NOW;
  maxEntries: number;
  maxBytes: number;

  constructor(maxEntries: number, maxBytes: number) {
    this.maxEntries = maxEntries;
    this.maxBytes = maxBytes;
  }

  take(key: string): Uint8Array | undefined {
    const found = this.entries.find((entry) => entry.key === key);
    this.entries = this.entries.filter((entry) => entry !== found);
    return found !== undefined && this.now < found.expiresAt ? found.value : undefined;
  }

  get(key: string): Uint8Array | undefined {
    const entry = this.entries.find((other) => other.key === key);
    const got = this.take(key);
    if (entry !== undefined && got !== undefined) this.entries.push(entry);
    return got;
  }

  put(key: string, value: Uint8Array, expiresAt: number): void {
    this.take(key);
    if (this.now >= expiresAt || key.length + value.length > this.maxBytes) return;
    this.entries.push({ key, value, expiresAt });
    while (this.entries.length > this.maxEntries || this.bytes > this.maxBytes) this.entries.shift();
  }

  get bytes(): number {
    return this.entries.reduce((sum, entry) => sum + entry.key.length + entry.value.length, 0);
  }
}

test('whatever is done with it, a store behaves like the plainest one', LIMIT, () => {
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('get', 'put', 'put', 'put', 'take', 'wait'),
      key: fc.constantFrom('a', 'b', 'cc', 'd', 'e'),
      length: fc.integer({ min: 0, max: 40 }),
      time: fc.integer({ min: 0, max: 10 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 90 }),
      (list, maxEntries, maxBytes) => {
        const plain = new PlainStore(maxEntries, maxBytes);
        const sessions = store({ now: () => plain.now, maxEntries, maxBytes });
        for (const { what, key, length, time } of list) {
          if (what === 'wait') plain.now += time;
          else if (what === 'put') {
            plain.put(key, value(time, length), plain.now + time);
            sessions.put(key, value(time, length), plain.now + time);
          } else assert.deepEqual(sessions[what](key), plain[what](key));
          assert.equal(sessions.size, plain.entries.length);
          assert.equal(sessions.bytes, plain.bytes);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a million sessions stay within the bound, and keep no process alive', { timeout: 90_000 }, () => {
  const before = process.getActiveResourcesInfo();
  const sessions = store({ maxEntries: 10_000, maxBytes: 10_000 * 100 });
  const bytes = value(1, 150);
  let most = 0;
  for (let i = 0; i < 1_000_000; i++) {
    sessions.put(`session ${i}`, bytes, NOW + 1);
    if (sessions.bytes > most) most = sessions.bytes;
  }
  assert.ok(most <= 1_000_000 && most > 999_000, `${most} bytes`);
  assert.ok(sessions.size < 10_000);
  assert.deepEqual(sessions.get('session 999999'), bytes);
  assert.equal(sessions.get('session 900000'), undefined);
  assert.deepEqual(process.getActiveResourcesInfo(), before);
});

test('limits that cannot work are refused', LIMIT, () => {
  const stores: readonly [Partial<MemorySessionStoreOptions>, string][] = [
    [{ maxEntries: 0 }, 'maxEntries'],
    [{ maxEntries: 1.5 }, 'maxEntries'],
    [{ maxBytes: -1 }, 'maxBytes'],
    [{ maxBytes: Number.NaN }, 'maxBytes'],
  ];
  for (const [options, option] of stores) {
    assert.throws(() => store(options), { name: 'ConfigError', option });
  }
  const clients: readonly MemoryClientSessionsOptions[] = [
    { maxServers: 0 },
    { maxPerServer: Number.POSITIVE_INFINITY },
    { maxBytes: 0.1 },
  ];
  for (const options of clients) {
    const [option] = Object.keys(options);
    assert.throws(() => new MemoryClientSessions(options), { name: 'ConfigError', option });
  }
});

/** A session that is told apart by its time, with a ticket of this many bytes. */
const numbered = (createdAt: number, length = 100): ClientSession =>
  clientSession({ createdAt, ticket: new Uint8Array(length) });

/** The sessions of a server, in the order that they are taken. */
function taken(clients: MemoryClientSessions, key: string): number[] {
  const session = clients.take(key);
  return session === undefined ? [] : [session.createdAt, ...taken(clients, key)];
}

test('a client takes its newest session first, each once, and only of this server', LIMIT, () => {
  const clients = new MemoryClientSessions();
  for (const i of [1, 2, 3]) clients.put('a', numbered(i));
  clients.put('b', numbered(4));
  assert.equal(clients.size, 4);
  assert.deepEqual(taken(clients, 'a'), [3, 2, 1]);
  assert.deepEqual(taken(clients, 'a'), []);
  assert.deepEqual(taken(clients, 'c'), []);
  assert.deepEqual(taken(clients, 'b'), [4]);
  assert.equal(clients.size, 0);
  assert.equal(clients.bytes, 0);
});

test(
  'of one server the oldest sessions go, of many servers the one not used for the longest time',
  LIMIT,
  () => {
    const clients = new MemoryClientSessions({ maxServers: 2, maxPerServer: 2 });
    for (const i of [1, 2, 3]) clients.put('a', numbered(i));
    clients.put('b', numbered(4));
    clients.put('b', numbered(5));
    assert.equal(clients.take('a')?.createdAt, 3);
    clients.put('c', numbered(6));
    assert.deepEqual(taken(clients, 'b'), []);
    assert.deepEqual(taken(clients, 'a'), [2]);
    assert.deepEqual(taken(clients, 'c'), [6]);
    assert.equal(clients.bytes, 0);
  },
);

test('tickets, certificates and staples count, so no server fills the memory', LIMIT, () => {
  const peer = {
    ...judgedPeer(),
    ocspResponse: new Uint8Array(1000),
    signedCertificateTimestamps: [new Uint8Array(200), new Uint8Array(30)],
  };
  const chain = peer.chain.reduce((sum, { der }) => sum + der.length, 0);
  const clients = new MemoryClientSessions({ maxBytes: 10_000 });
  clients.put('a', clientSession({ peer, ticket: new Uint8Array(4) }));
  assert.equal(clients.bytes, chain + 1234);
  clients.put('b', numbered(1, 10_000));
  assert.deepEqual([clients.take('a'), clients.bytes], [undefined, 10_000]);
  clients.put('b', numbered(2, 9_999));
  assert.deepEqual(taken(clients, 'b'), [2]);
  clients.put('b', numbered(3, 1));
  clients.put('b', numbered(4, 10_001));
  assert.deepEqual(taken(clients, 'b'), [3]);
});

test('sessions of any number of servers stay within all bounds', LIMIT, () => {
  const clients = new MemoryClientSessions({ maxBytes: 100_000 });
  const session = numbered(1);
  for (let i = 0; i < 200_000; i++) {
    clients.put(`server ${i % 1000 < 900 ? i : 'again'}`, session);
    if (clients.bytes > 100_000) assert.fail(`${clients.bytes} bytes after ${i}`);
  }
  assert.ok(clients.size <= 1000 && clients.size >= 256, `${clients.size} sessions`);
  assert.equal(clients.bytes, clients.size * 100);
});
