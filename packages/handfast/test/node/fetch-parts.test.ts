/** The parts of the fetcher: which addresses are public, what is remembered, and who waits for whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress } from '../../src/node/fetch/addresses.ts';
import { Cache } from '../../src/node/fetch/cache.ts';
import { Exchanges, type Question } from '../../src/node/fetch/exchanges.ts';
import { ContactFailure, type FetchAnswer, fetchableUrl } from '../../src/node/fetch/http.ts';
import type { Certificate } from '../../src/x509/index.ts';

test('addresses of the public Internet, and others', () => {
  const open = [
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '223.255.255.255',
    '2001:200::1',
    '2606:4700::1111',
    '::ffff:1.1.1.1',
    '64:ff9b::1.1.1.1',
  ];
  const closed = [
    '',
    'name.example',
    '0.0.0.0',
    '10.255.255.255',
    '100.64.0.0',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.0',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1.1.1.1',
    '100::1',
    '2001::1',
    '2001:1ff:ffff::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:101:101::',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd00::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
  ];
  for (const address of open) assert.ok(isPublicAddress(address), address);
  for (const address of closed) assert.ok(!isPublicAddress(address), address);
});

test('ports of other services are not talked to', () => {
  for (const port of ['', ':80', ':1024', ':8080', ':65535']) {
    assert.equal(fetchableUrl(`http://x.example${port}/#there`).hash, '');
  }
  for (const port of [1, 21, 22, 25, 53, 443, 1023]) {
    assert.throws(() => fetchableUrl(`http://x.example:${port}/`), ContactFailure);
  }
});

test('a cache forgets the least recently used, and what has run out', () => {
  let now = 0;
  const cache = new Cache<string>(10_000, () => now);
  for (const key of ['a', 'b', 'c']) cache.set(key, key, 2_000, 100);
  assert.equal(cache.get('a'), 'a');
  cache.set('d', 'd', 2_000, 100);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key)),
    ['a', undefined, 'c', 'd'],
  );
  cache.set('huge', 'huge', 10_000, 100);
  assert.equal(cache.get('huge'), undefined, 'larger than the whole');
  assert.equal(cache.get('a'), 'a', 'and nothing has to go for it');
  cache.set('c', 'new', 10, 50);
  now = 50;
  assert.equal(cache.get('c'), undefined);
  assert.equal(cache.get('d'), 'd');
  now = 100;
  assert.equal(cache.get('d'), undefined);
  for (let i = 0; i < 1000; i++) cache.set(`${i}`, '', 0, 200);
  const left = Array.from({ length: 1000 }, (_, i) => cache.get(`${i}`)).filter((value) => value === '');
  assert.equal(left.length, 9, 'what is empty counts too');
});

const QUESTION: Question<readonly Certificate[]> = {
  kind: 'issuer',
  url: 'http://x.example/',
  method: 'GET',
  headers: {},
  maxBytes: 10,
  isUnique: false,
  read: () => [],
  holdsUntil: () => undefined,
};

/** Exchanges whose one server answers when it is told to. */
function exchanges(): {
  readonly exchanges: Exchanges;
  readonly signals: AbortSignal[];
  readonly answer: () => void;
} {
  const signals: AbortSignal[] = [];
  const waiting: ((answer: FetchAnswer) => void)[] = [];
  return {
    exchanges: new Exchanges({
      fetch: ({ signal }) => {
        signals.push(signal);
        return new Promise((resolve) => waiting.push(resolve));
      },
      timeout: 60_000,
      cacheBytes: 10_000,
      now: Date.now,
    }),
    signals,
    answer: () => {
      for (const resolve of waiting.splice(0)) resolve({ status: 200, body: new Uint8Array(1) });
    },
  };
}

test('who leaves does not take the answer from those who wait', async () => {
  const { exchanges: all, signals, answer } = exchanges();
  const leaving = new AbortController();
  let spent = 0;
  const ask = (signal: AbortSignal) => all.ask(QUESTION, signal, () => spent++);
  const first = ask(leaving.signal);
  const second = ask(new AbortController().signal);
  leaving.abort();
  await assert.rejects(first, ContactFailure);
  assert.equal(signals[0]?.aborted, false);
  answer();
  assert.deepEqual([(await second).answer.kind, (await second).fromCache, spent], ['evidence', true, 1]);
  assert.equal((await ask(new AbortController().signal)).fromCache, true);
});

test('a request that nobody waits for is given up, and leaves no trace', async () => {
  const { exchanges: all, signals, answer } = exchanges();
  const askers = [new AbortController(), new AbortController()];
  const asked = askers.map(({ signal }) => all.ask(QUESTION, signal, () => {}));
  await new Promise(setImmediate);
  for (const asker of askers) asker.abort();
  for (const one of asked) await assert.rejects(one, ContactFailure);
  assert.equal(signals[0]?.aborted, true);
  const next = all.ask(QUESTION, new AbortController().signal, () => {});
  await new Promise(setImmediate);
  assert.equal(signals.length, 2, 'the next one asks anew');
  answer();
  assert.equal((await next).fromCache, false);
});

test('who gives up waiting for a turn does not keep it', async () => {
  const { exchanges: all, signals, answer } = exchanges();
  const ask = (number: number, { signal }: AbortController) =>
    all.ask({ ...QUESTION, url: `http://x.example/${number}` }, signal, () => {});
  const asked = Array.from({ length: 32 }, (_, number) => ask(number, new AbortController()));
  const impatient = new AbortController();
  const given = [ask(100, impatient), ask(101, impatient)];
  const last = ask(102, new AbortController());
  await new Promise(setImmediate);
  assert.equal(signals.length, 32);
  impatient.abort();
  for (const one of given) await assert.rejects(one, ContactFailure);
  answer();
  await Promise.all(asked);
  await new Promise(setImmediate);
  assert.equal(signals.length, 33);
  answer();
  assert.equal((await last).answer.kind, 'evidence');
});

test('what a question may not spend is not sent', async () => {
  const { exchanges: all, signals } = exchanges();
  const broke = (): void => {
    throw new RangeError('nothing left');
  };
  await assert.rejects(all.ask(QUESTION, new AbortController().signal, broke), RangeError);
  assert.equal(signals.length, 0);
});

test('those who ask for issuers do not take the turns of those who ask for statuses', async () => {
  const { exchanges: all, signals, answer } = exchanges();
  const ask = (kind: string, number: number) =>
    all.ask({ ...QUESTION, kind, url: `http://x.example/${number}` }, new AbortController().signal, () => {});
  const strangers = Array.from({ length: 40 }, (_, number) => ask('issuer', number));
  await new Promise(setImmediate);
  assert.equal(signals.length, 32);
  const status = ask('list', 0);
  await new Promise(setImmediate);
  assert.equal(signals.length, 33);
  answer();
  assert.equal((await status).answer.kind, 'evidence');
  await Promise.all(strangers.slice(0, 32));
  await new Promise(setImmediate);
  answer();
  await Promise.all(strangers);
});

test('what strangers had us remember does not push out what is known of statuses', async () => {
  const body = new Uint8Array(60_000);
  const all = new Exchanges({
    fetch: async () => ({ status: 200, body }),
    timeout: 60_000,
    cacheBytes: 200_000,
    now: Date.now,
  });
  const ask = async (kind: string, number: number): Promise<boolean> => {
    const question = { ...QUESTION, kind, url: `http://x.example/${number}`, maxBytes: body.length };
    return (await all.ask(question, new AbortController().signal, () => {})).fromCache;
  };
  await ask('list', 0);
  for (let number = 0; number < 20; number++) await ask('issuer', number);
  assert.equal(await ask('list', 0), true);
  assert.deepEqual([await ask('issuer', 19), await ask('issuer', 0)], [true, false]);
});
