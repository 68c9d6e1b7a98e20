/** Early data is taken once by a whole fleet, whatever Redis, the network and the clocks do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from 'handfast';
import type { Clock } from '../src/clock.ts';
import { DEFAULT_CLOCK_SKEW, DEFAULT_REPLAY_WINDOW } from '../src/limits.ts';
import { RedisReplayGuard, type RedisReplayGuardOptions } from '../src/replay-guard.ts';
import { type FakeClient, FakeClock, FakeRedis, kek, LIMIT, listen } from './support.ts';

const HALF = DEFAULT_REPLAY_WINDOW / 2;
/** From a beginning of Redis's memory until early data is taken. */
const WARM_UP = HALF + 2 * DEFAULT_CLOCK_SKEW + 1;

interface Server {
  readonly guard: RedisReplayGuard;
  readonly client: FakeClient;
  readonly clock: Clock;
}

function server(redis: FakeRedis, clock: Clock, options: Partial<RedisReplayGuardOptions> = {}): Server {
  const { link, client } = redis.link(clock);
  return { client, clock, guard: new RedisReplayGuard({ redis: link, ...options }) };
}

/** A fleet that has warmed up. */
async function fleet(size = 3): Promise<{ clock: FakeClock; redis: FakeRedis; servers: Server[] }> {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const servers = Array.from({ length: size }, () => server(redis, clock));
  await clock.advance(WARM_UP);
  return { clock, redis, servers };
}

/** How many of the servers take a ClientHello that was expected at this moment, asked together. */
async function taken(servers: readonly Server[], id: number, expected: number): Promise<number> {
  const answers = servers.map(({ guard, clock }) => guard.isNew(kek(id), expected + HALF, clock.now()));
  return (await Promise.all(answers)).filter(Boolean).length;
}

test('one of many takes a ClientHello, once', LIMIT, async () => {
  const { clock, redis, servers } = await fleet(8);
  const expected = clock.now();
  assert.equal(await taken(servers, 1, expected), 1);
  for (let i = 0; i < 200; i++) {
    assert.equal(await taken(servers, 1, expected), 0);
    await clock.advance(i);
  }
  await clock.advance(1_000);
  assert.equal(
    redis.keys().some((key) => key.startsWith('{handfast}:replay:')),
    false,
    'records expire',
  );
  assert.equal(await taken(servers, 2, clock.now()), 1);
});

test('outside of its window nothing is taken, and Redis not asked', LIMIT, async () => {
  const { clock, servers } = await fleet(1);
  const [{ client, guard } = servers[0] as Server] = servers;
  const { sent } = client;
  for (const expected of [clock.now() - HALF - 1, clock.now() + HALF + 1, Number.NaN]) {
    assert.equal(await taken(servers, 1, expected), 0);
  }
  assert.equal(client.sent, sent);
  assert.throws(
    () => guard.isNew(new Uint8Array(31), clock.now(), clock.now()),
    /expected a key of 32 bytes/,
  );
});

test('nothing is taken until what came before Redis was asked first has expired', LIMIT, async () => {
  const clock = new FakeClock();
  const servers = [server(new FakeRedis(clock), clock)];
  const start = clock.now();
  for (let id = 0; clock.now() < start + WARM_UP; id++) {
    assert.equal(await taken(servers, id, clock.now()), 0, `after ${clock.now() - start} ms`);
    await clock.advance(1_000);
  }
  await clock.advance(1_000);
  assert.equal(await taken(servers, 999, clock.now()), 1);
});

for (const memory of ['nothing', 'what it had saved', 'the beginning alone'] as const) {
  test(`a Redis that starts again with ${memory} lets nothing be taken twice`, LIMIT, async () => {
    const { clock, redis, servers } = await fleet();
    const beginning = redis.save();
    const expected = clock.now();
    assert.equal(await taken(servers, 1, expected), 1);
    const saved = redis.save();
    assert.equal(await taken(servers, 2, expected), 1);
    redis.restart(memory === 'nothing' ? new Map() : memory === 'what it had saved' ? saved : beginning);
    for (let passed = 0; passed <= DEFAULT_REPLAY_WINDOW; passed += 500) {
      for (const id of [1, 2]) assert.equal(await taken(servers, id, expected), 0, `after ${passed} ms`);
      await clock.advance(500);
    }
    await clock.advance(WARM_UP);
    assert.equal(await taken(servers, 3, clock.now()), 1, 'it recovers');
  });
}

test('a restart while nobody sees it is seen by the next that asks', LIMIT, async () => {
  const { clock, redis, servers } = await fleet();
  const expected = clock.now();
  const beginning = redis.save();
  assert.equal(await taken(servers, 1, expected), 1);
  redis.clients.length = 0; // no connection tells of it
  redis.restart(beginning);
  assert.equal(await taken(servers, 1, expected), 0);
  assert.equal(await taken(servers, 1, expected), 0);
});

test('a Redis that evicts keys is told, and nothing is taken twice', LIMIT, async () => {
  const { clock, redis } = await fleet(0);
  const { problems, onProblem } = listen();
  const servers = [server(redis, clock, { onProblem }), server(redis, clock)];
  await clock.advance(WARM_UP);
  const expected = clock.now();
  assert.equal(await taken(servers, 1, expected), 1);
  for (const key of redis.keys()) if (key.startsWith('{handfast}:replay:')) redis.remove(key);
  redis.evicted++;
  assert.equal(await taken(servers, 1, expected), 0);
  assert.equal(await taken(servers, 1, expected), 0);
  assert.deepEqual(
    problems.map(({ part }) => part),
    ['replay guard'],
  );
  assert.match(problems[0]?.message ?? '', /maxmemory-policy noeviction/);
});

test('a replica that takes over has its own memory', LIMIT, async () => {
  const { clock, redis, servers } = await fleet();
  const replica = new FakeRedis(clock);
  replica.runId = 77;
  replica.restart(redis.save());
  const expected = clock.now();
  assert.equal(await taken(servers, 1, expected), 1);
  for (const { client } of servers) client.reconnect(replica);
  await clock.advance(100);
  assert.equal(await taken(servers, 1, expected), 0);
});

test('clocks that differ let nothing be taken twice; one that is wrong takes nothing', LIMIT, async () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const { problems, onProblem } = listen();
  const offsets = [-DEFAULT_CLOCK_SKEW, 0, DEFAULT_CLOCK_SKEW];
  const servers = offsets.map((offset) => server(redis, clock.ahead(offset)));
  const wrong = [-60_000, 60_000].map((offset) => server(redis, clock.ahead(offset), { onProblem }));
  await clock.advance(WARM_UP + DEFAULT_CLOCK_SKEW);
  for (const first of servers) {
    const id = servers.indexOf(first);
    const expected = first.clock.now();
    let count = await taken([first], id, expected);
    assert.equal(count, 1);
    for (let passed = 0; passed < 80_000; passed += 500) {
      count += await taken([...servers, ...wrong], id, expected);
      await clock.advance(500);
    }
    assert.equal(count, 1, `first at a server ${offsets[id]} ms off`);
  }
  for (const { guard, clock: own } of wrong) {
    assert.equal(await guard.isNew(kek(50), own.now() + HALF, own.now()), false);
  }
  assert.equal(problems.length, 2);
  assert.match(problems[0]?.message ?? '', /further apart than maxClockSkew/);
});

for (const fault of ['gone', 'silent', 'failing'] as const) {
  test(`a Redis that is ${fault} takes nothing, and not much time`, LIMIT, async () => {
    const { clock, servers } = await fleet(1);
    const [one] = servers as [Server];
    one.client.fault = fault;
    const start = clock.now();
    const { sent } = one.client;
    let answered = 0;
    for (let id = 0; id < 100; id++) {
      const answer = Promise.resolve(one.guard.isNew(kek(id), clock.now() + HALF, clock.now()));
      answer.then((isNew) => {
        assert.equal(isNew, false);
        answered++;
      });
      await clock.advance(fault === 'silent' && id < 5 ? 50 : 0);
    }
    await clock.advance(50);
    assert.equal(answered, 100);
    assert.ok(clock.now() - start <= 300);
    assert.ok(one.client.sent - sent <= 7, `${one.client.sent - sent} commands`);
    one.client.reconnect();
    await clock.advance(1_000);
    assert.equal(await taken(servers, 200, clock.now()), 1);
  });
}

test('an answer that comes too late is a no, and stays one', LIMIT, async () => {
  const { clock, servers } = await fleet(2);
  const [slow, other] = servers as [Server, Server];
  slow.client.delay = 60;
  const expected = clock.now();
  const answer = slow.guard.isNew(kek(1), expected + HALF, clock.now());
  await clock.advance(50);
  assert.equal(await answer, false);
  assert.equal(await other.guard.isNew(kek(1), expected + HALF, clock.now()), false);
});

test('fleets of other names do not meet', LIMIT, async () => {
  const { clock, redis } = await fleet(0);
  const servers = ['one', 'two'].map((namespace) => server(redis, clock, { namespace }));
  await clock.advance(WARM_UP);
  assert.equal(await taken(servers, 1, clock.now()), 2);
});

test('options that cannot work are refused', LIMIT, () => {
  const clock = new FakeClock();
  const { link } = new FakeRedis(clock).link(clock);
  for (const [options, option] of [
    [{ redis: undefined as never }, 'redis'],
    [{ namespace: '{}' }, 'namespace'],
    [{ window: 0 }, 'window'],
    [{ maxClockSkew: 60_001 }, 'maxClockSkew'],
  ] as const) {
    assert.throws(
      () => new RedisReplayGuard({ redis: link, ...options }),
      (error: unknown) => error instanceof ConfigError && error.option === option,
    );
  }
});
