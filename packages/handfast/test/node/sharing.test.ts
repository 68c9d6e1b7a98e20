/** Sessions shared with worker threads and processes: each resumes what another began, and early data counts once. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { SessionSharing, SharedSessions, type SharingChannel } from '../../src/node/index.ts';
import { EARLY_DATA_WINDOW } from '../../src/session/limits.ts';

const CHILD = fileURLToPath(new URL('./sharing-child.js', import.meta.url));
const LIMIT = { timeout: 30_000 };

/** Two ends of a line between processes: messages are JSON, as there. */
function line(): [SharingChannel & EventEmitter, SharingChannel & EventEmitter] {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  const end = (own: EventEmitter, other: EventEmitter): SharingChannel & EventEmitter =>
    Object.assign(own, {
      send: (message: object) => {
        const text = JSON.stringify(message);
        setImmediate(() => other.emit('message', JSON.parse(text)));
      },
    });
  return [end(ends[0], ends[1]), end(ends[1], ends[0])];
}

/** Holds the event loop, as the sockets of a server do: what is tested here does not. */
function awake(t: TestContext): void {
  const timer = setInterval(() => undefined, 1_000);
  t.after(() => clearInterval(timer));
}

function keyOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number);
}

/** When a ClientHello expires that comes now, a window after the start of the record. */
function expiry(): number {
  return Date.now() + EARLY_DATA_WINDOW;
}

test('children adopt the keys of their parent, and those of later', LIMIT, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_000_000 });
  const parent = new SessionSharing({ rotateAfter: 3_600_000, lifetime: 3_600_000 });
  const children = [line(), line()].map(([above, below]) => {
    parent.attach(above);
    parent.attach(above);
    return new SharedSessions(below);
  });
  assert.deepEqual(await Promise.all(children.map((child) => child.ready())), [true, true]);
  const seen = new Set<string>();
  for (let passed = 0; passed < 6 * 60; passed++) {
    const now = Date.now();
    const sealing = [parent, ...children].map(({ keys }) => keys.current(now));
    const [first] = sealing;
    assert.ok(first !== undefined);
    for (const key of sealing) assert.deepEqual(key, first, `after ${passed} minutes`);
    seen.add(Buffer.from(first.name).toString('hex'));
    t.mock.timers.tick(60_000);
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(seen.size, 6);
  parent.close();
  for (const child of children) child.close();
});

test('among all children early data is taken once', LIMIT, async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000_000_000 });
  const parent = new SessionSharing();
  t.mock.timers.setTime(1_000_000_060_000);
  const channels = Array.from({ length: 8 }, line);
  const children = channels.map(([above, below]) => {
    parent.attach(above);
    return new SharedSessions(below);
  });
  for (let flight = 0; flight < 20; flight++) {
    const asked = Array.from({ length: 80 }, (_, i) =>
      children[i % children.length]?.guard.isNew(keyOf(flight), expiry(), Date.now()),
    );
    assert.equal((await Promise.all(asked)).filter(Boolean).length, 1);
  }
  assert.equal(await parent.guard.isNew(keyOf(0), expiry(), Date.now()), false);
  assert.equal(await children[0]?.guard.isNew(new Uint8Array(3), expiry(), Date.now()), false);
  for (const child of children) child.close();
  assert.equal(children[0]?.guard.isNew(keyOf(99), expiry(), Date.now()), false);
  assert.equal(channels[0]?.[1].listenerCount('message'), 0);
  parent.close();
  assert.equal(channels[0]?.[0].listenerCount('message'), 0);
});

test('a parent that does not answer refuses; other messages do no harm', LIMIT, async (t) => {
  awake(t);
  const [above, below] = line();
  const child = new SharedSessions(below, { timeout: 1 });
  assert.equal(await child.ready(1), false);
  assert.equal(child.keys.current(Date.now()), undefined);
  assert.equal(await child.guard.isNew(keyOf(1), expiry(), Date.now()), false);
  const parent = new SessionSharing();
  parent.attach(above);
  for (const message of [null, undefined, 1, 'text', {}, { mark: 'another' }]) {
    above.emit('message', message);
    below.emit('message', message);
  }
  child.close();
  parent.close();
});

test('worker threads and processes join', LIMIT, async (t) => {
  awake(t);
  const parent = new SessionSharing();
  t.after(() => parent.close());
  const name = Buffer.from(parent.keys.current(Date.now())?.name ?? []).toString('hex');
  const worker = new Worker(CHILD);
  const child = fork(CHILD, { stdio: 'inherit' });
  const exited = once(child, 'exit');
  t.after(() => worker.terminate());
  t.after(() => child.kill());
  const told = [worker, child].map(
    (emitter: EventEmitter) =>
      new Promise((resolve) => emitter.on('message', (m: { found?: string }) => m.found && resolve(m.found))),
  );
  parent.attach(worker);
  parent.attach(child);
  assert.deepEqual(await Promise.all(told), [name, name]);
  await exited; // by itself, as nothing holds it any more
  assert.equal(child.listenerCount('message'), 1, 'only the one of this test is left');
});

test('a port of worker threads will do, and a process without a parent is told', LIMIT, async (t) => {
  awake(t);
  const { port1, port2 } = new MessageChannel();
  const parent = new SessionSharing();
  parent.attach(port1);
  const child = new SharedSessions(port2);
  assert.equal(await child.ready(), true);
  child.close();
  parent.close();
  port1.close();
  assert.throws(() => new SharedSessions(null), { option: 'parent' });
  assert.throws(() => new SharedSessions(new EventEmitter() as never), { option: 'parent' });
  assert.throws(() => new SharedSessions(port2, { timeout: 0 }), { option: 'timeout' });
  assert.throws(() => new SessionSharing({ rotateAfter: 0 }), { option: 'rotateAfter' });
});
