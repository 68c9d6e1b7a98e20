/** The way to Redis: an answer or a refusal in time, and nothing asked of a Redis that is gone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES_BEFORE_PAUSE, FIRST_PAUSE, LONGEST_PAUSE, MAX_WAITING_COMMANDS } from '../src/limits.ts';
import { RedisLink, redisScript } from '../src/link.ts';
import { READ_KEYS } from '../src/scripts.ts';
import { FakeClock, FakeRedis, LIMIT, settle } from './support.ts';

/** What became of a promise so far. */
function watch(promise: Promise<unknown>): { state: string } {
  const seen = { state: 'waiting' };
  promise.then(
    (value) => {
      seen.state = `answer ${String(value)}`;
    },
    (error: Error) => {
      seen.state = error.message;
    },
  );
  return seen;
}

test('a command is answered, and refused at once while there is no connection', LIMIT, async () => {
  const clock = new FakeClock();
  const { link, client } = new FakeRedis(clock).link(clock);
  assert.equal(await link.call(['SET', 'a', '1']), 'OK');
  assert.equal(await link.call(['GET', 'a']), '1');
  client.fault = 'gone';
  const sent = client.sent;
  await assert.rejects(link.call(['GET', 'a']), /no connection to Redis/);
  assert.equal(client.sent, sent);
  client.reconnect();
  assert.equal(await link.call(['GET', 'a']), '1');
  link.close();
  await assert.rejects(link.call(['GET', 'a']), /closed/);
  assert.equal(clock.timers, 0);
});

test('an answer that is late is none', LIMIT, async () => {
  const clock = new FakeClock();
  const { link, client } = new FakeRedis(clock).link(clock, { timeout: 50 });
  client.delay = 50;
  const inTime = watch(link.call(['GET', 'a'], 51));
  const late = watch(link.call(['GET', 'a']));
  await clock.advance(49);
  await settle();
  assert.equal(late.state, 'waiting');
  await clock.advance(2);
  await settle();
  assert.match(late.state, /no answer within 50 ms|answer/);
  assert.equal(inTime.state, 'answer null');
  client.delay = 51;
  const later = watch(link.call(['GET', 'a']));
  await clock.advance(50);
  await settle();
  assert.equal(later.state, 'no answer within 50 ms');
  assert.equal(link.waiting, 1);
  await clock.advance(1);
  await settle();
  assert.equal(link.waiting, 0);
});

test('after failures in a row nothing is asked; then one command goes first', LIMIT, async () => {
  const clock = new FakeClock();
  const { link, client } = new FakeRedis(clock).link(clock);
  client.fault = 'failing';
  for (let i = 0; i < FAILURES_BEFORE_PAUSE; i++) await assert.rejects(link.call(['GET', 'a']), /LOADING/);
  const { sent } = client;
  for (let i = 0; i < 100; i++) await assert.rejects(link.call(['GET', 'a']), /failed a moment ago/);
  assert.equal(client.sent, sent);
  assert.equal(link.isAvailable, false);
  await clock.advance(FIRST_PAUSE);
  const tries = Array.from({ length: 10 }, () => watch(link.call(['GET', 'a'])));
  await settle();
  assert.equal(client.sent, sent + 1, 'one goes first');
  assert.equal(tries.filter(({ state }) => /LOADING/.test(state)).length, 1);
  await clock.advance(FIRST_PAUSE);
  await assert.rejects(link.call(['GET', 'a']), /failed a moment ago/, 'the pause has doubled');
  client.fault = 'none';
  await clock.advance(FIRST_PAUSE);
  assert.equal(await link.call(['GET', 'a']), null);
  assert.equal(await link.call(['GET', 'a']), null);
});

test('a pause is never longer than the longest, and ends with a new connection', LIMIT, async () => {
  const clock = new FakeClock();
  const { link, client } = new FakeRedis(clock).link(clock);
  client.fault = 'failing';
  for (let i = 0; i < 50; i++) {
    await link.call(['GET', 'a']).catch(() => undefined);
    await clock.advance(LONGEST_PAUSE);
    assert.equal(link.isAvailable, true, `try ${i}`);
  }
  await link.call(['GET', 'a']).catch(() => undefined);
  assert.equal(link.isAvailable, false);
  client.reconnect();
  assert.equal(await link.call(['GET', 'a']), null);
});

test('a Redis that says nothing does not pile up commands', LIMIT, async () => {
  const clock = new FakeClock();
  const { link, client } = new FakeRedis(clock).link(clock);
  client.fault = 'silent';
  const calls = Array.from({ length: MAX_WAITING_COMMANDS + 10 }, () => watch(link.call(['GET', 'a'])));
  await settle();
  assert.equal(link.waiting, MAX_WAITING_COMMANDS);
  assert.equal(client.sent, MAX_WAITING_COMMANDS);
  assert.match(calls.at(-1)?.state ?? '', /commands wait for Redis/);
  await clock.advance(50);
  assert.equal(calls.filter(({ state }) => state === 'waiting').length, 0);
});

test('a script is sent by name, and whole where Redis does not know it', LIMIT, async () => {
  const clock = new FakeClock();
  const redis = new FakeRedis(clock);
  const { link } = redis.link(clock);
  for (let i = 0; i < 2; i++)
    assert.deepEqual(await link.run(READ_KEYS, ['k'], ['1']), [String(clock.now()), []]);
  assert.deepEqual(redis.log, ['EVALSHA', 'EVAL', 'EVALSHA']);
  redis.restart();
  await link.run(READ_KEYS, ['k'], ['1']);
  assert.deepEqual(redis.log.slice(3), ['EVALSHA', 'EVAL']);
  await assert.rejects(link.run(redisScript('return 1'), [], []), /does not know/);
});

test('options that cannot work are refused', LIMIT, () => {
  const client = new FakeRedis(new FakeClock()).client();
  assert.throws(
    () => new RedisLink({ client, timeout: 0 }),
    /timeout: expected a whole number from 1 to 10000/,
  );
  assert.throws(() => new RedisLink({ client: {} as never }), /client: expected a client of node-redis/);
});
