/** Sessions in Redis: for all servers, sealed, each taken once; and none where Redis does not answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_STORED_SESSION_LENGTH } from '../src/limits.ts';
import { RedisSessionStore, type RedisSessionStoreOptions } from '../src/session-store.ts';
import { FakeClock, FakeRedis, HOUR, kek, LIMIT, listen } from './support.ts';

const VALUE = Uint8Array.from({ length: 300 }, (_, i) => i);

function store(redis: FakeRedis, clock: FakeClock, options: Partial<RedisSessionStoreOptions> = {}) {
  const { link, client } = redis.link(clock);
  return { client, store: new RedisSessionStore({ redis: link, keyEncryptionKeys: [kek(1)], ...options }) };
}

function world() {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const [one, two] = [store(redis, clock), store(redis, clock)];
  return { clock, redis, one, two };
}

test('what one server puts another gets, until it expires', LIMIT, async () => {
  const { clock, one, two } = world();
  await one.store.put('id', VALUE, clock.now() + HOUR);
  for (let i = 0; i < 2; i++) assert.deepEqual(await two.store.get('id'), VALUE);
  assert.equal(await two.store.get('di'), undefined);
  await clock.advance(HOUR - 1);
  assert.deepEqual(await two.store.get('id'), VALUE);
  await clock.advance(1);
  assert.equal(await two.store.get('id'), undefined);
});

test('of many who take at a time one gets it', LIMIT, async () => {
  const { clock, one, two } = world();
  await one.store.put('id', VALUE, clock.now() + HOUR);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).store.take('id')),
  );
  assert.equal(answers.filter((answer) => answer !== undefined).length, 1);
  assert.deepEqual(
    answers.find((answer) => answer !== undefined),
    VALUE,
  );
});

test('Redis sees neither ids nor sessions, and cannot swap them', LIMIT, async () => {
  const { clock, redis, one, two } = world();
  await one.store.put('an id', VALUE, clock.now() + HOUR);
  await one.store.put('another', Uint8Array.of(1), clock.now() + HOUR);
  const [first = '', second = ''] = redis.keys();
  assert.match(first, /^\{handfast\}:session:[\w-]{43}$/);
  const stored = redis.text(first) ?? '';
  assert.equal(Buffer.from(stored, 'base64').includes(Buffer.from(VALUE.subarray(0, 8))), false);
  redis.set(second, stored);
  assert.equal(await two.store.get('another'), undefined);
  assert.deepEqual(await two.store.get('an id'), VALUE);
});

test('what is damaged, or sealed under another key, is not there, and told once', LIMIT, async () => {
  const { clock, redis, one } = world();
  await one.store.put('id', VALUE, clock.now() + HOUR);
  const [name = ''] = redis.keys();
  const good = Buffer.from(redis.text(name) ?? '', 'base64');
  const { problems, onProblem } = listen();
  const reader = store(redis, clock, { onProblem });
  const stranger = store(redis, clock, { keyEncryptionKeys: [kek(2)] });
  assert.equal(await stranger.store.get('id'), undefined);
  for (let at = 0; at < good.length; at += 3) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ 1;
    for (const bytes of [changed, good.subarray(0, at)]) {
      redis.set(name, bytes.toString('base64'));
      assert.equal(await reader.store.get('id'), undefined);
    }
  }
  assert.equal(problems.length, 1);
  const both = store(redis, clock, { keyEncryptionKeys: [kek(2), kek(1)] });
  redis.set(name, good.toString('base64'));
  assert.deepEqual(await both.store.get('id'), VALUE);
});

test('what is too long, or has expired, is refused', LIMIT, async () => {
  const { clock, redis, one } = world();
  const long = new Uint8Array(MAX_STORED_SESSION_LENGTH + 1);
  await assert.rejects(one.store.put('id', long, clock.now() + HOUR), /the limit is 65536/);
  for (const expiresAt of [clock.now(), 0, Number.NaN]) {
    await assert.rejects(one.store.put('id', VALUE, expiresAt), /has expired/);
  }
  assert.deepEqual(redis.keys(), []);
  await one.store.put('id', long.subarray(1), clock.now() + HOUR);
  assert.equal((await one.store.take('id'))?.length, MAX_STORED_SESSION_LENGTH);
});

test('where Redis does not answer each call rejects in time, and it recovers by itself', LIMIT, async () => {
  const { clock, redis } = world();
  const { problems, onProblem } = listen();
  const one = store(redis, clock, { onProblem });
  for (const fault of ['gone', 'silent', 'failing'] as const) {
    one.client.fault = fault;
    const calls = [one.store.get('a'), one.store.take('a'), one.store.put('a', VALUE, clock.now() + HOUR)];
    const settled = Promise.allSettled(calls);
    await clock.advance(50);
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    one.client.reconnect();
    await one.store.put('a', VALUE, clock.now() + HOUR);
    assert.deepEqual(await one.store.take('a'), VALUE);
  }
  assert.equal(problems.length, 3);
});
