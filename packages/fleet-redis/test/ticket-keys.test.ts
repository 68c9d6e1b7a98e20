/** Ticket keys of a fleet: made by one, adopted by all, through whatever Redis does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from 'handfast';
import type { Clock } from '../src/clock.ts';
import { nameOf, readHead } from '../src/key-entries.ts';
import { LEASE_TIME, MAX_KEY_ENTRIES } from '../src/limits.ts';
import { RedisTicketKeys, type RedisTicketKeysOptions } from '../src/ticket-keys.ts';
import { type FakeClient, FakeClock, FakeRedis, HOUR, kek, LIMIT, listen, NOW, settle } from './support.ts';

const HASH = '{handfast}:ticket-keys';
const LEASE = '{handfast}:ticket-keys:lease';
const WEEK = 168 * HOUR;

interface Server {
  readonly keys: RedisTicketKeys;
  readonly client: FakeClient;
}

function server(redis: FakeRedis, clock: Clock, options: Partial<RedisTicketKeysOptions> = {}): Server {
  const { link, client } = redis.link(clock);
  return { client, keys: new RedisTicketKeys({ redis: link, keyEncryptionKeys: [kek(1)], ...options }) };
}

function fleet(
  size: number,
  options: Partial<RedisTicketKeysOptions> = {},
): { clock: FakeClock; redis: FakeRedis; servers: Server[] } {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  return { clock, redis, servers: Array.from({ length: size }, () => server(redis, clock, options)) };
}

function names(servers: readonly Server[], now: number): string[] {
  return servers.map(({ keys }) => {
    const key = keys.current(now);
    return key === undefined ? 'none' : nameOf(key);
  });
}

/** Every server can open what any of them seals. */
function assertOpen(servers: readonly Server[], now: number): void {
  for (const { keys } of servers) {
    const key = keys.current(now);
    assert.ok(key !== undefined);
    for (const other of servers) assert.deepEqual(other.keys.find(key.name, now)?.key, key.key);
  }
}

test('one makes the first key, all adopt it', LIMIT, async () => {
  const { clock, redis, servers } = fleet(20);
  const ready = Promise.all(servers.map(({ keys }) => keys.ready()));
  await clock.advance(1_000);
  assert.deepEqual(
    await ready,
    servers.map(() => true),
  );
  assert.equal(new Set(names(servers, clock.now())).size, 1);
  assert.equal(redis.hash(HASH).size, 1);
  assert.equal(redis.text(LEASE), undefined);
});

test('keys rotate on schedule, and nobody seals with one that others do not have', LIMIT, async () => {
  const { clock, redis, servers } = fleet(3, { pollInterval: 150_000 });
  await clock.advance(1_000);
  const seen = new Set<string>();
  for (let passed = 0; passed < 3 * 24 * HOUR; passed += HOUR / 4) {
    assertOpen(servers, clock.now());
    for (const name of names(servers, clock.now())) seen.add(name);
    await clock.advance(HOUR / 4);
  }
  assert.equal(seen.size, 6, 'two a day');
  assert.ok(redis.hash(HASH).size <= 7, 'one is published ahead at most');
});

test('keys leave Redis when the last ticket has expired', LIMIT, async () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const options = { rotateAfter: HOUR, lifetime: HOUR };
  const servers = [server(redis, clock, options), server(redis, clock, options)];
  await clock.advance(1_000);
  const first = servers[0]?.keys.current(clock.now());
  assert.ok(first !== undefined);
  assert.equal(first.opensUntil, NOW + 3 * HOUR);
  await clock.advance(24 * HOUR);
  assert.ok(redis.hash(HASH).size <= 5);
  assert.equal(servers[1]?.keys.find(first.name, clock.now()), undefined);
});

test(
  'clocks that differ a little change nothing; a server whose clock is wrong makes no keys',
  LIMIT,
  async () => {
    const clock = new FakeClock();
    const redis = new FakeRedis(clock);
    const { problems, onProblem } = listen();
    const wrong = server(redis, clock.ahead(HOUR), { onProblem });
    await clock.advance(5_000);
    assert.equal(redis.hash(HASH).size, 0);
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? '', /its clock and that of Redis are 3600000 ms apart/);
    const servers = [-4_000, 0, 4_000].map((offset) =>
      server(redis, clock.ahead(offset), { pollInterval: 150_000 }),
    );
    await clock.advance(1_000);
    for (let passed = 0; passed < 2 * 24 * HOUR; passed += HOUR / 8) {
      assertOpen(servers, clock.now());
      await clock.advance(HOUR / 8);
    }
    assert.ok(wrong.keys.isShared, 'it adopts those of others');
    assert.equal(redis.hash(HASH).size, 5);
  },
);

test('a Redis that lost its memory gets the keys back, and all go on', LIMIT, async () => {
  const { clock, redis, servers } = fleet(3);
  await clock.advance(1_000);
  const before = names(servers, clock.now());
  redis.restart();
  await clock.advance(60_000);
  assert.deepEqual(names(servers, clock.now()), before);
  assert.deepEqual([...redis.hash(HASH).keys()], [before[0]]);
  const late = server(redis, clock);
  await clock.advance(1_000);
  assert.deepEqual(names([late], clock.now()), [before[0]]);
});

test(
  'without Redis the known keys go on, then keys of its own, and it recovers by itself',
  LIMIT,
  async () => {
    const { clock, redis, servers } = fleet(2);
    await clock.advance(1_000);
    const [shared] = names(servers, clock.now());
    for (const { client } of servers) client.fault = 'gone';
    await clock.advance(23 * HOUR);
    assert.deepEqual(names(servers, clock.now()), [shared, shared], 'for as long again as it was to seal');
    await clock.advance(2 * HOUR);
    const local = names(servers, clock.now());
    assert.equal(new Set([shared, ...local]).size, 3, 'each has its own');
    assert.equal(servers[0]?.keys.isShared, false);
    const own = servers[0]?.keys.current(clock.now());
    assert.ok(own !== undefined);
    for (const { client } of servers) client.reconnect();
    await clock.advance(1_000);
    assertOpen(servers, clock.now());
    assert.equal(new Set(names(servers, clock.now())).size, 1);
    assert.deepEqual(
      servers[0]?.keys.find(own.name, clock.now()),
      own,
      'tickets of that time are still good',
    );
    assert.equal(redis.hash(HASH).has(nameOf(own)), false, 'keys of its own never come to Redis');
  },
);

test('a server that starts without Redis has tickets of its own, or none', LIMIT, async () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  for (const fallback of ['local', 'none'] as const) {
    const client = redis.client();
    client.fault = 'gone';
    const { link } = redis.link(clock);
    link.close();
    const keys = new RedisTicketKeys({ redis: link, keyEncryptionKeys: [kek(1)], fallback });
    const ready = keys.ready(500);
    await clock.advance(500);
    assert.equal(await ready, false);
    assert.equal(keys.current(clock.now()) !== undefined, fallback === 'local');
  }
});

for (const fault of ['silent', 'failing'] as const) {
  test(`a Redis that is ${fault} is told once and not waited for`, LIMIT, async () => {
    const clock = new FakeClock();
    const redis = new FakeRedis(clock);
    const { problems, onProblem } = listen();
    const one = server(redis, clock, { onProblem });
    one.client.fault = fault;
    await clock.advance(120_000);
    assert.ok(one.keys.current(clock.now()) !== undefined);
    assert.equal(one.keys.isShared, false);
    assert.deepEqual(
      problems.map(({ part }) => part),
      ['ticket keys'],
    );
    one.client.fault = 'none';
    await clock.advance(20_000);
    assert.equal(one.keys.isShared, true);
  });
}

test('no two make keys at once: who lost the lease changes nothing', LIMIT, async () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  redis.set(LEASE, 'of another', clock.now() + LEASE_TIME);
  const one = server(redis, clock);
  await clock.advance(LEASE_TIME - 1);
  assert.equal(redis.hash(HASH).size, 0);
  await clock.advance(1_000);
  assert.equal(redis.hash(HASH).size, 1);
  // Its answers stop for longer than the lease lasts; another makes the next key meanwhile.
  const other = server(redis, clock);
  await clock.advance(12 * HOUR - 400_000);
  assert.equal(redis.hash(HASH).size, 1);
  const original = redis.run.bind(redis);
  let stolen = 0;
  redis.run = (command) => {
    const isCommit = command[0]?.startsWith('EVAL') && command[2] === '2';
    if (isCommit && stolen++ === 0) redis.set(LEASE, 'of another', clock.now() + LEASE_TIME);
    return original(command);
  };
  await clock.advance(600_000);
  assert.ok(stolen >= 2, 'the first attempt was in vain, and another followed');
  assert.equal(redis.hash(HASH).size, 2);
  assertOpen([one, other], clock.now());
});

test('two halves of a split fleet go on, and are one again', LIMIT, async () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const isolated = new FakeRedis(clock);
  const servers = [server(redis, clock), server(redis, clock)];
  await clock.advance(1_000);
  servers[1]?.client.reconnect(isolated);
  await clock.advance(13 * HOUR);
  assert.notEqual(...(names(servers, clock.now()) as [string, string]));
  servers[1]?.client.reconnect(redis);
  await clock.advance(60_000);
  assertOpen(servers, clock.now());
  assert.equal(new Set(names(servers, clock.now())).size, 1);
});

test('what is damaged, foreign or from elsewhere is ignored, and told once', LIMIT, async () => {
  const { clock, redis, servers } = fleet(1);
  await clock.advance(1_000);
  const [name = ''] = names(servers, clock.now());
  const hash = redis.hash(HASH);
  const good = Buffer.from(hash.get(name) ?? '', 'base64');
  const strangers = new FakeRedis(clock);
  server(strangers, clock, { keyEncryptionKeys: [kek(2)] });
  server(strangers, clock, { namespace: 'other' });
  await clock.advance(1_000);
  const foreign = [...strangers.hash(HASH).values(), ...strangers.hash('{other}:ticket-keys').values()];
  assert.equal(foreign.length, 2);
  const bad: string[] = ['', 'x', 'A'.repeat(5_000), '\u0000', ...foreign];
  for (let at = 0; at < good.length; at++) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    bad.push(changed.toString('base64'), good.subarray(0, at).toString('base64'));
  }
  let told = 0;
  for (const entry of bad) {
    redis.set(HASH, new Map([...hash, ['bad', entry]]));
    const { problems, onProblem } = listen();
    const one = server(redis, clock, { onProblem });
    await clock.advance(1_000);
    const known = readHead(entry);
    if (known === undefined || known.opensUntil > clock.now()) {
      assert.equal(problems.length, 1, entry);
      assert.match(problems[0]?.message ?? '', /is ignored: it is damaged, or sealed under/);
      told++;
    }
    assert.deepEqual(names([one], clock.now()), [name], 'the good one counts');
    one.keys.close();
  }
  assert.ok(told > good.length);
});

test('more entries than a fleet has are not even read', LIMIT, async () => {
  const { clock, redis, servers } = fleet(1);
  await clock.advance(1_000);
  const before = names(servers, clock.now());
  redis.set(HASH, new Map(Array.from({ length: MAX_KEY_ENTRIES + 1 }, (_, i) => [String(i), 'x'])));
  const { problems, onProblem } = listen();
  const one = server(redis, clock, { onProblem });
  await clock.advance(60_000);
  assert.equal(one.keys.isShared, false);
  assert.equal(problems.length, 1);
  assert.match(problems[0]?.message ?? '', /expected at most 256 entries, found 257/);
  assert.deepEqual(names(servers, clock.now()), before);
});

test('a key-encryption key is replaced in three steps, and no ticket is lost', LIMIT, async () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const step = async (keyEncryptionKeys: readonly Uint8Array[], before: readonly Server[]) => {
    const { problems, onProblem } = listen();
    const servers = [1, 2].map(() => server(redis, clock, { keyEncryptionKeys, onProblem }));
    await clock.advance(60_000);
    assert.deepEqual(problems, []);
    assertOpen([...before, ...servers], clock.now());
    for (const { keys } of before) keys.close();
    return servers;
  };
  const first = await step([kek(1)], []);
  const [name] = names(first, clock.now());
  const second = await step([kek(1), kek(2)], first);
  const third = await step([kek(2), kek(1)], second);
  const fourth = await step([kek(2)], third);
  assert.deepEqual(new Set(names(fourth, clock.now())), new Set([name]));
});

test('nothing that Redis sees has a ticket key in it', LIMIT, async () => {
  const { clock, redis, servers } = fleet(1);
  await clock.advance(1_000);
  const key = servers[0]?.keys.current(clock.now());
  assert.ok(key !== undefined);
  const seen = Buffer.concat([...redis.hash(HASH).values()].map((entry) => Buffer.from(entry, 'base64')));
  assert.ok(seen.includes(Buffer.from(key.name)));
  assert.equal(seen.includes(Buffer.from(key.key.subarray(0, 8))), false);
});

test('closed keys ask nothing, keep no timer, and go on', LIMIT, async () => {
  const { clock, redis, servers } = fleet(1);
  await clock.advance(1_000);
  const before = names(servers, clock.now());
  servers[0]?.keys.close();
  const { length } = redis.log;
  await clock.advance(HOUR);
  assert.equal(redis.log.length, length);
  assert.equal(clock.timers, 0);
  assert.deepEqual(names(servers, clock.now()), before);
  await settle();
});

test('options that cannot work are refused', LIMIT, () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const { link } = redis.link(clock);
  const good = { redis: link, keyEncryptionKeys: [kek(1)] };
  const refused: readonly [Partial<RedisTicketKeysOptions>, string][] = [
    [{ redis: {} as never }, 'redis'],
    [{ namespace: 'a}b' }, 'namespace'],
    [{ namespace: '' }, 'namespace'],
    [{ keyEncryptionKeys: [] }, 'keyEncryptionKeys'],
    [{ keyEncryptionKeys: [kek(1).subarray(1)] }, 'keyEncryptionKeys'],
    [{ keyEncryptionKeys: ['x'.repeat(32) as never] }, 'keyEncryptionKeys'],
    [{ keyEncryptionKeys: [kek(1), kek(1)] }, 'keyEncryptionKeys'],
    [{ keyEncryptionKeys: Array.from({ length: 9 }, (_, i) => kek(i)) }, 'keyEncryptionKeys'],
    [{ rotateAfter: 0 }, 'rotateAfter'],
    [{ lifetime: WEEK + 1 }, 'lifetime'],
    [{ rotateAfter: HOUR / 4, lifetime: WEEK }, 'rotateAfter'],
    [{ publishAhead: 7 * HOUR }, 'publishAhead'],
    [{ pollInterval: 200_000 }, 'pollInterval'],
    [{ maxClockSkew: 200_000 }, 'maxClockSkew'],
    [{ servers: 0 }, 'servers'],
    [{ fallback: 'maybe' as never }, 'fallback'],
  ];
  for (const [options, option] of refused) {
    assert.throws(
      () => new RedisTicketKeys({ ...good, ...options }),
      (error: unknown) => error instanceof ConfigError && error.option === option,
      JSON.stringify(options),
    );
  }
});
