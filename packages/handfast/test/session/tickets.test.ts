/** Tickets: sealed and opened with the keys of a ring, and nothing else opens. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { type Awaitable, type CryptoProvider, isPromise } from '../../src/crypto/provider.ts';
import {
  MAX_PSK_IDENTITY_LENGTH,
  MAX_TICKET_KEYS,
  MAX_TICKET_LIFETIME,
  MAX_TICKETS_PER_KEY,
} from '../../src/session/limits.ts';
import { encodeSession, type Session } from '../../src/session/session.ts';
import {
  openTicket,
  sealTicket,
  type TicketKey,
  TicketKeyRing,
  type TicketKeyRingOptions,
  type TicketKeys,
} from '../../src/session/tickets.ts';
import { concat, equalBytes, toHex } from '../../src/wire/bytes.ts';
import { Later, lateProvider } from '../support/later.ts';
import { asKept, DAY, HOUR, judgedPeer, NOW, session13, sessions } from './support.ts';

const LIMIT = { timeout: 30_000 };
const provider = nodeProvider;

function ring(options: Partial<TicketKeyRingOptions> = {}): TicketKeyRing {
  return new TicketKeyRing({ provider, ...options });
}

function atOnce<T>(answer: Awaitable<T>): T {
  assert.ok(!isPromise(answer), 'expected an answer at once');
  return answer as T;
}

function seal(keys: TicketKeys, session: Session = session13(), now = NOW): Uint8Array | undefined {
  return atOnce(sealTicket(provider, keys, session, now));
}

function sealed(keys: TicketKeys, session?: Session, now?: number): Uint8Array {
  const ticket = seal(keys, session, now);
  assert.ok(ticket !== undefined);
  return ticket;
}

function open(keys: TicketKeys, ticket: Uint8Array, now = NOW): Session | undefined {
  return atOnce(openTicket(provider, keys, ticket, now));
}

function ticketKey(changes: Partial<TicketKey> = {}): TicketKey {
  return {
    name: provider.random(16),
    key: provider.random(32),
    sealsFrom: NOW,
    sealsUntil: NOW + HOUR,
    opensUntil: NOW + DAY,
    ...changes,
  };
}

test('a ticket is name, nonce, ciphertext and tag, under format and name', LIMIT, () => {
  const key = ticketKey();
  const ticket = sealed(ring({ keys: [key] }));
  assert.deepEqual(ticket.subarray(0, 16), key.name);
  const cipher = createCipheriv('aes-256-gcm', key.key, ticket.subarray(16, 28));
  cipher.setAAD(concat(Uint8Array.of(1), key.name));
  const body = concat(cipher.update(encodeSession(session13())), cipher.final(), cipher.getAuthTag());
  assert.ok(equalBytes(ticket.subarray(28), body));
});

test('every session comes back from its ticket', LIMIT, () => {
  const keys = ring();
  fc.assert(
    fc.property(sessions, (session) => {
      const lasting = { ...session, expiresAt: NOW + 1 };
      assert.deepEqual(open(keys, sealed(keys, lasting)), lasting);
    }),
    { numRuns: 200 },
  );
});

test('the peer comes back with its certificates and the verdict', LIMIT, () => {
  const keys = ring();
  const peer = judgedPeer();
  const opened = open(keys, sealed(keys, session13({ peer })));
  assert.deepEqual(opened?.peer, { ...peer, verdict: asKept(peer.verdict) });
});

test('no two tickets share their nonce, and nothing of the session shows', LIMIT, () => {
  const keys = ring();
  const session = session13({ secret: Buffer.from('the secret of this session, and of no other one!') });
  const tickets = Array.from({ length: 1000 }, () => sealed(keys, session));
  assert.equal(new Set(tickets.map((ticket) => toHex(ticket.subarray(16, 28)))).size, 1000);
  for (const text of ['secret', 'localhost', 'h2']) {
    if (text.length > 2) assert.equal(Buffer.from(tickets[0] as Uint8Array).indexOf(text), -1);
  }
});

test('any change of any byte, and any length but its own, opens nothing', LIMIT, () => {
  const keys = ring();
  const ticket = sealed(keys, session13({ peer: judgedPeer() }));
  for (const at of ticket.keys()) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = ticket.slice();
      changed[at] = (changed[at] as number) ^ flip;
      assert.equal(open(keys, changed), undefined, `byte ${at}`);
    }
    assert.equal(open(keys, ticket.subarray(0, at)), undefined);
    assert.equal(open(keys, ticket.subarray(ticket.length - at)), undefined);
  }
  assert.equal(open(keys, concat(ticket, Uint8Array.of(0))), undefined);
  assert.equal(open(keys, concat(ticket, ticket)), undefined);
  assert.notEqual(open(keys, ticket), undefined);
});

test('bytes of anybody open nothing, with a known name before them too', LIMIT, () => {
  const keys = ring();
  const name = sealed(keys).subarray(0, 16);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.equal(open(keys, bytes), undefined);
      assert.equal(open(keys, concat(name, bytes)), undefined);
    }),
  );
});

test('another key of the same name opens nothing', LIMIT, () => {
  const key = ticketKey();
  const ticket = sealed(ring({ keys: [key] }));
  assert.equal(open(ring({ keys: [{ ...key, key: provider.random(32) }] }), ticket), undefined);
  assert.equal(open(ring({ keys: [{ ...key, name: provider.random(16) }] }), ticket), undefined);
  assert.notEqual(open(ring({ keys: [key] }), ticket), undefined);
});

test('a ticket sealed under another name, format or without any opens nothing', LIMIT, () => {
  const key = ticketKey();
  const keys = ring({ keys: [key] });
  const plaintext = encodeSession(session13());
  const make = (additionalData: Uint8Array, content = plaintext): Uint8Array => {
    const nonce = provider.random(12);
    const cipher = createCipheriv('aes-256-gcm', key.key, nonce).setAAD(additionalData);
    return concat(key.name, nonce, cipher.update(content), cipher.final(), cipher.getAuthTag());
  };
  assert.notEqual(open(keys, make(concat(Uint8Array.of(1), key.name))), undefined);
  assert.equal(open(keys, make(concat(Uint8Array.of(2), key.name))), undefined);
  assert.equal(open(keys, make(key.name)), undefined);
  assert.equal(open(keys, make(concat(Uint8Array.of(1), provider.random(16)))), undefined);
  const damaged = plaintext.slice();
  damaged[0] = 2;
  assert.equal(open(keys, make(concat(Uint8Array.of(1), key.name), damaged)), undefined);
  assert.equal(open(keys, make(concat(Uint8Array.of(1), key.name), new Uint8Array(0))), undefined);
});

test('an expired session has no good ticket', LIMIT, () => {
  const keys = ring();
  const ticket = sealed(keys, session13({ expiresAt: NOW + 1000 }));
  assert.notEqual(open(keys, ticket, NOW + 999), undefined);
  assert.equal(open(keys, ticket, NOW + 1000), undefined);
});

test('what is too long for a ClientHello gets no ticket', LIMIT, () => {
  const keys = ring();
  const verdict = { ok: true, path: [], sentence: '' } as const;
  const withStaple = (length: number): Session =>
    session13({ peer: { chain: [], verdict, ocspResponse: new Uint8Array(length) } });
  const overhead = sealed(keys, withStaple(0)).length;
  const longest = MAX_PSK_IDENTITY_LENGTH - overhead;
  assert.equal(sealed(keys, withStaple(longest)).length, MAX_PSK_IDENTITY_LENGTH);
  assert.equal(seal(keys, withStaple(longest + 1)), undefined);
  assert.equal(seal(keys, withStaple(100_000)), undefined);
});

test(
  'a ring makes its next key when the last has sealed long enough, and the last still opens',
  LIMIT,
  () => {
    const keys = ring({ rotateAfter: HOUR, lifetime: DAY });
    const long = session13({ expiresAt: NOW + 10 * DAY });
    const first = sealed(keys, long, NOW);
    const last = sealed(keys, long, NOW + HOUR - 1);
    const next = sealed(keys, long, NOW + HOUR);
    assert.deepEqual(last.subarray(0, 16), first.subarray(0, 16));
    assert.notDeepEqual(next.subarray(0, 16), first.subarray(0, 16));
    assert.notEqual(open(keys, first, NOW + HOUR + DAY - 1), undefined);
    assert.equal(open(keys, first, NOW + HOUR + DAY), undefined);
    assert.notEqual(open(keys, next, NOW + HOUR + DAY), undefined);
  },
);

test('keys that open no more are forgotten, so a ring stays small for years', LIMIT, () => {
  const keys = ring();
  let most = 0;
  for (let now = NOW; now < NOW + 3 * 365 * DAY; now += 4 * HOUR) {
    keys.current(now);
    most = Math.max(most, keys.keys().length);
  }
  assert.equal(most, 15);
});

test('after as many tickets as a key may seal, the next one does', LIMIT, () => {
  const keys = ring({ maxTicketsPerKey: 3 });
  const names = Array.from({ length: 7 }, () => toHex(sealed(keys).subarray(0, 16)));
  assert.deepEqual(
    names.map((name) => names.indexOf(name)),
    [0, 0, 0, 3, 3, 3, 6],
  );
  assert.equal(MAX_TICKETS_PER_KEY, 2 ** 32);
});

test('a ring that makes no keys seals until its own are used up, then has no tickets', LIMIT, () => {
  const keys = ring({ generate: false, maxTicketsPerKey: 2, keys: [ticketKey()] });
  const [first, second] = [sealed(keys), sealed(keys)];
  assert.equal(seal(keys), undefined);
  assert.deepEqual(
    [first, second].map((ticket) => open(keys, ticket)),
    [session13(), session13()],
  );
  assert.equal(keys.keys().length, 1);
  keys.adopt(ticketKey({ sealsFrom: NOW - 1 }));
  assert.notEqual(seal(keys), undefined);
  assert.equal(ring({ generate: false }).current(NOW), undefined);
});

test('adopting a key again changes its times, and does not let it seal more tickets', LIMIT, () => {
  const key = ticketKey();
  const keys = ring({ generate: false, maxTicketsPerKey: 2, keys: [key] });
  sealed(keys);
  keys.adopt({ ...key, opensUntil: NOW + 2 * DAY });
  assert.deepEqual(keys.keys(), [{ ...key, opensUntil: NOW + 2 * DAY }]);
  sealed(keys);
  keys.adopt(key);
  assert.equal(seal(keys), undefined);
});

test('a key seals from and until its times, and opens before and after', LIMIT, () => {
  const key = ticketKey();
  const keys = ring({ generate: false, keys: [key] });
  const asked: readonly [number, boolean, boolean][] = [
    [NOW - DAY, false, true],
    [NOW - 1, false, true],
    [NOW, true, true],
    [NOW + HOUR - 1, true, true],
    [NOW + HOUR, false, true],
    [NOW + DAY - 1, false, true],
    [NOW + DAY, false, false],
  ];
  for (const [now, seals, opens] of asked) {
    assert.equal(keys.current(now) !== undefined, seals, `seals at ${now - NOW}`);
    assert.equal(keys.find(key.name, now) !== undefined, opens, `opens at ${now - NOW}`);
  }
  assert.equal(keys.find(key.name.subarray(0, 15), NOW), undefined);
});

test(
  'of several keys the newest that may seal does, the same one whatever the order they came in',
  LIMIT,
  () => {
    const old = ticketKey({ sealsFrom: NOW - HOUR });
    const twins = [ticketKey(), ticketKey()];
    const coming = ticketKey({ sealsFrom: NOW + 1 });
    const all = [old, ...twins, coming];
    const orders = [all, [...all].reverse(), [coming, ...twins, old]];
    const names = orders.map((order) => toHex(ring({ keys: order }).current(NOW)?.name as Uint8Array));
    assert.equal(new Set(names).size, 1);
    assert.ok(twins.some(({ name }) => toHex(name) === names[0]));
    assert.deepEqual(ring({ keys: all }).current(NOW + 1)?.name, coming.name);
  },
);

test('what one server sealed, another opens that adopted its keys', LIMIT, () => {
  const one = ring();
  const ticket = sealed(one);
  const other = ring({ generate: false });
  assert.equal(open(other, ticket), undefined);
  for (const key of one.keys()) other.adopt(key);
  assert.deepEqual(open(other, ticket), session13());
  assert.notEqual(open(one, sealed(other)), undefined);
});

test('a ring keeps copies of the keys that it is given, also of Buffers', LIMIT, () => {
  const key = ticketKey({ name: Buffer.alloc(16, 1), key: Buffer.alloc(32, 2) });
  const keys = ring({ keys: [key] });
  const ticket = sealed(keys);
  key.name.fill(0);
  key.key.fill(0);
  assert.notEqual(open(keys, ticket), undefined);
});

test('a clock that goes back costs a key, and no ticket', LIMIT, () => {
  const keys = ring();
  const long = session13({ expiresAt: NOW + 10 * DAY });
  const ticket = sealed(keys, long, NOW);
  const earlier = sealed(keys, long, NOW - DAY);
  assert.notEqual(open(keys, ticket, NOW - DAY), undefined);
  assert.notEqual(open(keys, earlier, NOW), undefined);
  for (let back = 0; back < 2 * MAX_TICKET_KEYS; back++) keys.current(NOW - DAY - back);
  assert.equal(keys.keys().length, MAX_TICKET_KEYS);
  assert.notEqual(open(keys, sealed(keys, long), NOW), undefined);
});

test('beyond its limit a ring drops the keys that open for the shortest time', LIMIT, () => {
  const keys = ring({ generate: false });
  const given = Array.from({ length: MAX_TICKET_KEYS + 5 }, (_, i) =>
    ticketKey({ opensUntil: NOW + DAY + i }),
  );
  for (const key of given) keys.adopt(key);
  assert.deepEqual(keys.keys(), given.slice(5));
});

test('options and keys that cannot work are refused', LIMIT, () => {
  const aeads = new Set(['AES-128-GCM'] as const);
  const same = ticketKey();
  const wrong: readonly [Partial<TicketKeyRingOptions>, string, RegExp][] = [
    [{ provider: { ...provider, aeads } }, 'provider', /AES-256-GCM, which it does not offer/],
    [{ rotateAfter: 0 }, 'rotateAfter', /from 1 to 604800000, found 0/],
    [{ rotateAfter: Number.NaN }, 'rotateAfter', /found NaN/],
    [{ rotateAfter: 60_000 }, 'rotateAfter', /need 10081 keys at a time, and a ring holds 256/],
    [{ lifetime: MAX_TICKET_LIFETIME + 1 }, 'lifetime', /from 1 to 604800000/],
    [{ lifetime: 0.5 }, 'lifetime', /whole number/],
    [{ maxTicketsPerKey: 0 }, 'maxTicketsPerKey', /from 1 to 4294967296/],
    [{ maxTicketsPerKey: 2 ** 32 + 1 }, 'maxTicketsPerKey', /from 1 to 4294967296/],
    [{ keys: [ticketKey({ name: new Uint8Array(15) })] }, 'keys', /the name .* is 16 bytes, found 15 bytes/],
    [{ keys: [ticketKey({ key: new Uint8Array(16) })] }, 'keys', /the key .* is 32 bytes, found 16 bytes/],
    [{ keys: [ticketKey({ key: 'k'.repeat(32) as never })] }, 'keys', /32 bytes, found string/],
    [{ keys: [ticketKey({ sealsFrom: Number.NaN })] }, 'keys', /whole milliseconds since 1970, found NaN/],
    [{ keys: [ticketKey({ sealsUntil: NOW - 1 })] }, 'keys', /in this order/],
    [{ keys: [ticketKey({ opensUntil: NOW })] }, 'keys', /in this order/],
    [{ keys: [same, { ...same, key: provider.random(32) }] }, 'keys', /two ticket keys share the name/],
  ];
  for (const [options, option, message] of wrong) {
    assert.throws(() => ring(options), { name: 'ConfigError', option, message });
  }
});

test('an asynchronous provider seals and opens the same tickets', LIMIT, async () => {
  const later = new Later();
  const late = lateProvider(provider, later, { aead: true });
  const keys = ring();
  const settle = <T>(answer: Awaitable<T>): Awaitable<T> => {
    assert.ok(isPromise(answer));
    later.release(0);
    return answer;
  };
  const ticket = await settle(sealTicket(late, keys, session13(), NOW));
  assert.ok(ticket !== undefined);
  assert.deepEqual(open(keys, ticket), session13());
  assert.deepEqual(await settle(openTicket(late, keys, ticket, NOW)), session13());
  ticket[40] = (ticket[40] as number) ^ 1;
  assert.equal(await settle(openTicket(late, keys, ticket, NOW)), undefined);
});

test('opening never throws and never rejects, whatever fails', LIMIT, async () => {
  const keys = ring();
  const ticket = sealed(keys);
  const fail = (): never => {
    throw new Error('out of order');
  };
  const failing = (open: () => Promise<undefined>): CryptoProvider => ({
    ...provider,
    aead: () => ({ seal: fail, open }),
  });
  assert.equal(await openTicket(failing(fail), keys, ticket, NOW), undefined);
  assert.equal(
    await openTicket(
      failing(async () => fail()),
      keys,
      ticket,
      NOW,
    ),
    undefined,
  );
  assert.equal(await openTicket({ ...provider, aead: fail }, keys, ticket, NOW), undefined);
  assert.equal(await openTicket(provider, { current: fail, find: fail }, ticket, NOW), undefined);
  assert.equal(await openTicket(provider, keys, undefined as never, NOW), undefined);
});

test('a ring starts no timer', LIMIT, () => {
  const before = process.getActiveResourcesInfo();
  const keys = ring({ rotateAfter: HOUR });
  for (let hour = 0; hour < 100; hour++) open(keys, sealed(keys, session13(), NOW + hour * HOUR));
  assert.deepEqual(process.getActiveResourcesInfo(), before);
});
